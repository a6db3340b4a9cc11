//! `ordain eval`

use std::path::Path;

use ordain_compiler::{Item, eval_text, package_items};
use ordain_diagnostics::Diagnostic;
use ordain_loader::Workspace;
use serde_json::json;

use super::package;
use crate::args::{FindingsFormat, Format};
use crate::output::{self, findings};
use crate::{Failure, Outcome};

pub(crate) fn run(path: &Path, module: Option<&str>, text: &str, as_json: bool) -> Result<Outcome, Failure> {
    let workspace = package::load_or_empty(path)?;
    let item = scope(&workspace, module)?;
    match eval_text(&workspace.db, item, text) {
        Ok(lone) => {
            let out = if as_json {
                serde_json::to_string_pretty(&json!({ "type": lone.ty, "value": lone.value.to_json() }))?
            } else {
                output::value(&lone.value)
            };
            output::write(None, format!("{out}\n").as_bytes())?;
            Ok(Outcome::Fine)
        }
        Err(errors) => {
            let found: Vec<Diagnostic> = errors
                .into_iter()
                .map(|error| {
                    let mut finding = Diagnostic::new(error.code, "expression", error.range, error.message);
                    finding.help = error.help;
                    finding
                })
                .collect();
            let texts = [("expression".to_owned(), text.into())].into();
            let format = if as_json { Format::Json } else { Format::Text };
            findings::show(&found, &texts, &FindingsFormat { format, json: false })?;
            Ok(Outcome::Findings)
        }
    }
}

/// An item whose file's names are in scope: of the module that is asked for, or of the first there is.
fn scope<'db>(workspace: &'db Workspace, module: Option<&str>) -> Result<Item<'db>, Failure> {
    let db = &workspace.db;
    let mut items = package_items(db, workspace.root).chain(package_items(db, workspace.std));
    match module {
        None => items.next().ok_or_else(|| Failure("there is nothing to evaluate in".into())),
        Some(module) => items
            .find(|item| item.file(db).module(db) == module)
            .ok_or_else(|| Failure(format!("there is no module `{module}`, or it declares nothing"))),
    }
}
