//! `ordain key`, and where keys are looked for.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use ordain_runtime::{Key, KeyFileError};
use serde_json::json;

use crate::args::KeyCommand;
use crate::{Failure, Outcome, output};

pub(crate) fn run(command: &KeyCommand) -> Result<Outcome, Failure> {
    let (arguments, made) = match command {
        KeyCommand::New(arguments) => (arguments, true),
        KeyCommand::Show(arguments) => (arguments, false),
    };
    let path = path(arguments.file.as_deref())?;
    let key = if made {
        let key = Key::generate()?;
        key.save(&path)?;
        key
    } else {
        load(&path)?
    };
    if arguments.json {
        output::json(&json!({ "file": path.display().to_string(), "public": key.public() }))?;
    } else {
        if made {
            anstream::eprintln!("made the key `{}`; its public half:", output::line(&path.display().to_string()));
        }
        output::write(None, format!("{}\n", key.public()).as_bytes())?;
    }
    Ok(Outcome::Fine)
}

/// The key's file: the one that is given, or that of the user.
pub(super) fn path(given: Option<&Path>) -> Result<PathBuf, Failure> {
    match given {
        Some(path) => Ok(path.into()),
        None => Ok(etcetera::choose_base_strategy()?.config_dir().join("ordain").join("key.pem")),
    }
}

/// The key in a file.
pub(super) fn load(path: &Path) -> Result<Key, Failure> {
    Key::load(path).map_err(|error| {
        let path = path.display();
        let help = match &error {
            KeyFileError::Missing { .. } => "; `ordain key new` makes one".into(),
            KeyFileError::Open { .. } => format!("; `chmod 600 {path}` closes it"),
            _ => String::new(),
        };
        Failure(format!("{error}{help}"))
    })
}
