//! `ordain plan` and what `ordain apply` shares with it.

use std::sync::Arc;

use ordain_compiler::{
    Item, Kind, PlanInstance, bind_arguments, check_package, instantiate, package_items, qualified_name,
};
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_graph::PlanGraph;
use ordain_loader::Workspace;
use smol_str::SmolStr;

use super::package;
use crate::args::{FindingsFormat, Format, PlanArguments, PlanSelection, View};
use crate::output::{self, findings, plan as show};
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &PlanArguments) -> Result<Outcome, Failure> {
    let Some(graph) = graph(&arguments.selection)? else { return Ok(Outcome::Findings) };
    let view = if arguments.json { View::Json } else { arguments.view };
    let bytes = match view {
        View::Json => graph.to_json(),
        View::Text => show::text(&graph).into_bytes(),
    };
    output::write(arguments.output.as_deref(), &bytes)?;
    Ok(Outcome::Fine)
}

/// The graph the arguments name: read from a plan file, or compiled. Findings are shown; with errors there is none.
pub(crate) fn graph(arguments: &PlanSelection) -> Result<Option<Arc<PlanGraph>>, Failure> {
    if let Some(file) = arguments.plan.as_deref().filter(|plan| plan.ends_with(".json")) {
        let bytes = std::fs::read(file).map_err(|error| Failure(format!("`{file}`: {error}")))?;
        let graph = PlanGraph::from_json(&bytes).map_err(|error| Failure(format!("`{file}`: {error}")))?;
        return Ok(Some(Arc::new(graph)));
    }
    let workspace = package::load(&arguments.package)?;
    let text = FindingsFormat { format: Format::Text, json: false };
    let mut found: Vec<Diagnostic> =
        workspace.packages.iter().flat_map(|&package| check_package(&workspace.db, package)).collect();
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        findings::show(&found, &workspace.texts(), &text)?;
        return Ok(None);
    }
    let plan = choose(&workspace, arguments.plan.as_deref())?;
    let mut given = Vec::new();
    for argument in &arguments.arguments {
        match argument.split_once('=') {
            Some((name, value)) => given.push((SmolStr::from(name.trim()), value.to_owned())),
            None => return Err(Failure(format!("`{argument}` is not of the form name=value"))),
        }
    }
    let values = match bind_arguments(&workspace.db, plan, &given) {
        Ok(values) => values,
        Err(errors) => {
            let found: Vec<Diagnostic> = errors.into_iter().map(|error| *error.diagnostic).collect();
            findings::show(&found, &workspace.texts(), &text)?;
            return Ok(None);
        }
    };
    let instantiated = instantiate(&workspace.db, PlanInstance::new(&workspace.db, plan, values));
    found.extend(instantiated.faults.iter().filter_map(|fault| fault.locate(&workspace.db)));
    findings::show(&found, &workspace.texts(), &text)?;
    Ok(instantiated.graph.clone())
}

/// The plan of that name in the package, or its only one.
fn choose<'db>(workspace: &'db Workspace, name: Option<&str>) -> Result<Item<'db>, Failure> {
    let db = &workspace.db;
    let plans: Vec<Item<'db>> = package_items(db, workspace.root).filter(|item| item.kind(db) == Kind::Plan).collect();
    let list = || plans.iter().map(|plan| format!("`{}`", plan.name(db))).collect::<Vec<_>>().join(", ");
    match name {
        Some(name) => {
            let known = |plan: &&Item<'db>| *plan.name(db) == name || qualified_name(db, **plan) == name;
            let mut matching = plans.iter().filter(known);
            match (matching.next(), matching.next()) {
                (Some(plan), None) => Ok(*plan),
                (Some(_), Some(_)) => Err(Failure(format!("there are several plans `{name}`; give its module, too"))),
                _ if plans.is_empty() => Err(Failure("the package has no plans".into())),
                _ => Err(Failure(format!("there is no plan `{name}`; the package has {}", list()))),
            }
        }
        None => match plans.as_slice() {
            [plan] => Ok(*plan),
            [] => Err(Failure("the package has no plans".into())),
            _ => Err(Failure(format!("which plan? The package has {}", list()))),
        },
    }
}
