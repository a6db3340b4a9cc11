//! `ordain fmt`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use ordain_compiler::MAX_SOURCE_BYTES;

use crate::{Failure, Outcome, output};

pub(crate) fn run(paths: &[PathBuf], check: bool, as_json: bool) -> Result<Outcome, Failure> {
    if paths == [PathBuf::from("-")] {
        return standard_input(check);
    }
    let here = [PathBuf::from(".")];
    let mut files = Vec::new();
    for path in if paths.is_empty() { &here } else { paths } {
        if path.is_dir() {
            for entry in ignore::WalkBuilder::new(path).require_git(false).build() {
                let entry = entry?;
                if entry.path().extension().is_some_and(|extension| extension == "ord") && entry.path().is_file() {
                    files.push(entry.into_path());
                }
            }
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    let mut changed = Vec::new();
    let mut failed = Vec::new();
    for file in files {
        match format(&file, check) {
            Ok(false) => {}
            Ok(true) => {
                if !as_json {
                    let done = if check { "not formatted: " } else { "formatted " };
                    output::write(None, format!("{done}{}\n", file.display()).as_bytes())?;
                }
                changed.push(file.display().to_string());
            }
            Err(error) => failed.push(format!("`{}`: {error}", file.display())),
        }
    }
    if as_json {
        output::json(&serde_json::json!({ "files": changed, "written": !check }))?;
    }
    let outcome = if check && !changed.is_empty() { Outcome::Findings } else { Outcome::Fine };
    if failed.is_empty() { Ok(outcome) } else { Err(Failure(failed.join("\nordain: "))) }
}

/// Formats one file; gives whether that changed it.
fn format(file: &Path, check: bool) -> Result<bool, String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".into());
    }
    if metadata.len() > MAX_SOURCE_BYTES as u64 {
        return Err(format!("{} bytes are more than the {MAX_SOURCE_BYTES} a source may have", metadata.len()));
    }
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
    let formatted = ordain_syntax::format(&text).map_err(|error| error.to_string())?;
    if formatted == text {
        return Ok(false);
    }
    if !check {
        output::write(Some(file), formatted.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(true)
}

fn standard_input(check: bool) -> Result<Outcome, Failure> {
    let mut text = String::new();
    std::io::stdin().take(MAX_SOURCE_BYTES as u64 + 1).read_to_string(&mut text)?;
    if text.len() > MAX_SOURCE_BYTES {
        return Err(Failure(format!("more than the {MAX_SOURCE_BYTES} bytes a source may have")));
    }
    let formatted = ordain_syntax::format(&text)?;
    if check {
        return Ok(if formatted == text { Outcome::Fine } else { Outcome::Findings });
    }
    output::write(None, formatted.as_bytes())?;
    Ok(Outcome::Fine)
}
