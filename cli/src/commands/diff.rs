//! `ordain diff`

use std::path::Path;
use std::sync::Arc;

use ordain_graph::PlanGraph;
use ordain_loader::{GitTree, Workspace, find_root};

use super::{package, plan};
use crate::args::{DiffArguments, DiffView};
use crate::{Failure, Outcome, output};

pub(crate) fn run(arguments: &DiffArguments) -> Result<Outcome, Failure> {
    let Some(old) = side(&arguments.old, arguments)? else { return Ok(Outcome::Findings) };
    let new = match &arguments.new {
        Some(new) => side(new, arguments)?,
        None => {
            let workspace = package::load(&arguments.package)?;
            plan::compile(&workspace, arguments.plan.as_deref(), &arguments.arguments, arguments.as_of.as_deref())?
        }
    };
    let Some(new) = new else { return Ok(Outcome::Findings) };
    let diff = ordain_views::diff(&old, &new);
    let view = if arguments.json { DiffView::Json } else { arguments.view };
    let text = match view {
        DiffView::Text => diff.text(&output::terminal(arguments.output.is_none())),
        DiffView::Json => serde_json::to_string_pretty(&diff)? + "\n",
        DiffView::Markdown => diff.markdown(),
    };
    output::write(arguments.output.as_deref(), text.as_bytes())?;
    let differ = old.hash() != new.hash();
    Ok(if arguments.exit_code && differ { Outcome::Findings } else { Outcome::Fine })
}

/// One side: a plan file, or the package at a git revision.
fn side(name: &str, arguments: &DiffArguments) -> Result<Option<Arc<PlanGraph>>, Failure> {
    if plan::is_file(name) && Path::new(name).exists() {
        return plan::read(name).map(Some);
    }
    let root = find_root(&arguments.package)?;
    let (tree, folder) = GitTree::open(&root, name).map_err(|error| {
        if plan::is_file(name) {
            Failure(format!("`{name}`: there is no such file"))
        } else {
            Failure(format!("{error}\n  name a plan file (`.json`) or a git revision of the package"))
        }
    })?;
    let shown = format!("{name}:{}", if folder.is_empty() { "." } else { &folder });
    plan::compile(
        &Workspace::load_into(package::database(), &tree, &folder, &shown),
        arguments.plan.as_deref(),
        &arguments.arguments,
        arguments.as_of.as_deref(),
    )
}
