//! `ordain init`

use std::fs;
use std::path::Path;

use ordain_loader::MANIFEST;

use crate::{Failure, Outcome};

const SOURCE: &str = r#"//! The first plan of this package.

use std.command.{builtin.command, command}
use std.types.{Name}

type Target = {
  greeting: String
}

environment local: Target {
  greeting: "Hello"
  bind command.run to builtin.command
}

plan hello(name: Name, env: Target = local) {
  let greet = command.run { argv: ["echo", "{env.greeting}, {name}"] }
}
"#;

pub(crate) fn run(path: &Path, name: Option<String>, as_json: bool) -> Result<Outcome, Failure> {
    fs::create_dir_all(path)?;
    let manifest = path.join(MANIFEST);
    if manifest.exists() {
        return Err(Failure(format!("`{}` is there already", manifest.display())));
    }
    let name = match name {
        Some(name) => name,
        None => package_name(path)?,
    };
    let text = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    if let Some(finding) = ordain_compiler::parse_manifest(&MANIFEST.into(), &text).findings.first() {
        return Err(Failure(format!("{}\n  name the package with --name", finding.message)));
    }
    let source = path.join("main.ord");
    fs::write(&manifest, text)?;
    let mut made = vec![manifest.display().to_string()];
    if !source.exists() {
        fs::write(&source, SOURCE)?;
        made.push(source.display().to_string());
    }
    if as_json {
        crate::output::json(&serde_json::json!({ "made": made }))?;
    } else {
        let text: String = made.iter().map(|path| format!("made {path}\n")).collect();
        crate::output::write(None, text.as_bytes())?;
    }
    Ok(Outcome::Fine)
}

/// The folder's name, in the form packages have.
fn package_name(path: &Path) -> Result<String, Failure> {
    let folder = path.canonicalize()?;
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase()).to_owned();
    Ok(if name.is_empty() { "package".into() } else { name })
}
