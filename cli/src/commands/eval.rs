//! `ordain eval`

use ordain_compiler::{InputDocument, Item, eval_text_with, package_items, read_document};
use ordain_diagnostics::Diagnostic;
use ordain_loader::Workspace;
use serde_json::json;
use smol_str::SmolStr;

use super::document::Named;
use super::package;
use crate::args::{EvalArguments, FindingsFormat, Format};
use crate::output::{self, findings};
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &EvalArguments) -> Result<Outcome, Failure> {
    let workspace = package::load_or_empty(&arguments.package)?;
    let format = FindingsFormat { format: if arguments.json { Format::Json } else { Format::Text }, json: false };
    let item = scope(&workspace, arguments.module.as_deref())?;
    let mut texts = workspace.texts();
    let mut documents: Vec<(SmolStr, InputDocument<'_>)> = Vec::new();
    for input in &arguments.inputs {
        let named = Named::parse(input);
        let (file, kind) = named.read(&workspace, arguments.input_format.as_deref(), &mut texts)?;
        match read_document(&workspace.db, item, file, kind, named.ty) {
            Ok(document) => documents.push((named.name.into(), document)),
            Err(error) => {
                named.show(error, &texts, &format)?;
                return Ok(Outcome::Findings);
            }
        }
    }
    match eval_text_with(&workspace.db, item, &arguments.expression, &documents) {
        Ok(lone) => {
            let out = if arguments.json {
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
            texts.insert("expression".to_owned(), arguments.expression.as_str().into());
            findings::show(&found, &texts, &format)?;
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
