//! Writes a package as large as asked for: `generate DIR [--files 2000] [--lines 1000000]`.

use std::path::PathBuf;
use std::process::ExitCode;

use ordain_benches::{Shape, write_package};

fn main() -> ExitCode {
    let Some((folder, shape)) = arguments() else {
        eprintln!("usage: generate DIR [--files N] [--lines N]");
        return ExitCode::from(2);
    };
    match write_package(&folder, shape) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Option<(PathBuf, Shape)> {
    let (mut folder, mut shape) = (None, Shape::LARGE);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--files" => shape.files = arguments.next()?.parse().ok().filter(|files| *files > 0)?,
            "--lines" => shape.lines = arguments.next()?.parse().ok()?,
            _ if folder.is_none() && !argument.starts_with('-') => folder = Some(PathBuf::from(argument)),
            _ => return None,
        }
    }
    Some((folder?, shape))
}
