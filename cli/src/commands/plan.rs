//! `ordain plan`, and the compiling that `ordain apply` and `ordain diff` share with it.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ordain_compiler::{
    Item, Kind, MAX_DOCUMENT_BYTES, PlanInstance, bind_arguments, check_package, judge, package_items, qualified_name,
};
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_graph::{Date, PlanGraph, RefreshError, Value};
use ordain_loader::Workspace;
use ordain_runtime::refresh;
use smol_str::SmolStr;

use super::package;
use crate::args::{FindingsFormat, Format, PlanArguments, PlanSelection, View};
use crate::output::{self, findings};
use crate::{Failure, Outcome};

pub(crate) fn run(arguments: &PlanArguments) -> Result<Outcome, Failure> {
    let Some(mut graph) = graph(&arguments.selection)? else { return Ok(Outcome::Findings) };
    let mut denied = false;
    if arguments.refresh {
        let whole = graph.clone();
        let refreshed =
            super::drift::look(&arguments.selection.package, &arguments.looking.looking(), |within, options| {
                refresh(&whole, within, options)
            })?;
        anstream::eprint!("{}", super::drift::text(&refreshed.report));
        match refreshed.plan {
            Ok(part) => graph = Arc::new(part),
            // A plan that is denied is shown as a whole: leaving out steps lifts no denial.
            Err(RefreshError::Denied(codes)) => {
                anstream::eprintln!("no step is left out: the plan is denied by {}", codes.join(", "));
                denied = true;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let view = if arguments.json { View::Json } else { arguments.view };
    let bytes = match view {
        View::Json => graph.to_json(),
        View::Tree => ordain_views::tree(&graph, &output::terminal(arguments.output.is_none())).into_bytes(),
        View::Mermaid => ordain_views::mermaid(&graph).into_bytes(),
        View::Dot => ordain_views::dot(&graph).into_bytes(),
        View::Markdown => ordain_views::markdown(&graph).into_bytes(),
        View::Html => ordain_views::html(&graph).into_bytes(),
    };
    output::write(arguments.output.as_deref(), &bytes)?;
    // Whoever is to see why a plan is denied sees the plan, too.
    Ok(if graph.requirements().denied_by.is_empty() && !denied { Outcome::Fine } else { Outcome::Findings })
}

/// The graph the arguments name: read from a plan file, or compiled from a package that is as its lock says. Findings are
/// shown; with errors there is none.
pub(crate) fn graph(selection: &PlanSelection) -> Result<Option<Arc<PlanGraph>>, Failure> {
    if let Some(file) = selection.plan.as_deref().filter(|plan| is_file(plan)) {
        return read(file).map(Some);
    }
    let as_of = selection.as_of.as_deref();
    let workspace = package::load(&selection.package)?;
    let graph = compile(&workspace, selection.plan.as_deref(), &selection.arguments, as_of)?;
    Ok(if graph.is_some() && !super::lock::holds(&workspace)? { None } else { graph })
}

/// Whether an argument means a plan file, not a plan's name.
pub(crate) fn is_file(argument: &str) -> bool {
    argument.ends_with(".json")
}

/// The graph in a plan file.
pub(crate) fn read(file: &str) -> Result<Arc<PlanGraph>, Failure> {
    let bytes = super::file::read(Path::new(file), MAX_DOCUMENT_BYTES)
        .map_err(|error| Failure(format!("`{file}`: {error}")))?;
    let graph =
        PlanGraph::from_json(&bytes).map_err(|error| Failure(format!("`{file}`: {}", Failure::from(error).0)))?;
    Ok(Arc::new(graph))
}

/// Compiles a plan of a package and decides the policies about it. Findings are shown; with errors there is no graph,
/// but a plan that is denied has one.
pub(crate) fn compile(
    workspace: &Workspace,
    name: Option<&str>,
    arguments: &[String],
    as_of: Option<&str>,
) -> Result<Option<Arc<PlanGraph>>, Failure> {
    let mut found = Vec::new();
    let instance = instance_with(workspace, name, arguments, &mut found)?;
    let format = FindingsFormat { format: Format::Text, json: false };
    let Some((plan, values)) = instance else {
        findings::show(&found, &workspace.texts(), &format)?;
        return Ok(None);
    };
    let judged = judge(&workspace.db, PlanInstance::new(&workspace.db, plan, values), Some(day(as_of)?));
    found.extend(judged.faults.iter().filter_map(|fault| fault.locate(&workspace.db)));
    findings::show(&found, &workspace.texts(), &format)?;
    if judged.graph.is_none() && found.is_empty() {
        return Err(Failure(format!(
            "internal error: `{}` has no graph, and nobody says why",
            plan.name(&workspace.db)
        )));
    }
    Ok(judged.graph.clone())
}

/// The plan and the values of its parameters. Findings are shown where there are none.
pub(super) fn instance<'db>(
    workspace: &'db Workspace,
    name: Option<&str>,
    arguments: &[String],
) -> Result<Option<(Item<'db>, Value)>, Failure> {
    let mut found = Vec::new();
    let instance = instance_with(workspace, name, arguments, &mut found)?;
    if instance.is_none() {
        findings::show(&found, &workspace.texts(), &FindingsFormat { format: Format::Text, json: false })?;
    }
    Ok(instance)
}

fn instance_with<'db>(
    workspace: &'db Workspace,
    name: Option<&str>,
    arguments: &[String],
    found: &mut Vec<Diagnostic>,
) -> Result<Option<(Item<'db>, Value)>, Failure> {
    found.extend(workspace.packages.iter().flat_map(|&package| check_package(&workspace.db, package)));
    if found.iter().any(|finding| finding.severity == Severity::Error) {
        return Ok(None);
    }
    let plan = choose(workspace, name)?;
    let mut given = Vec::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some((name, value)) => given.push((SmolStr::from(name.trim()), value.to_owned())),
            None => return Err(Failure(format!("`{argument}` is not of the form name=value"))),
        }
    }
    match bind_arguments(&workspace.db, plan, &given) {
        Ok(values) => Ok(Some((plan, values))),
        Err(errors) => {
            found.extend(errors.into_iter().map(|error| *error.diagnostic));
            Ok(None)
        }
    }
}

/// The day that was given, or today.
pub(super) fn day(given: Option<&str>) -> Result<Date, Failure> {
    let today = || Timestamp::now().to_zoned(TimeZone::UTC).date().to_string();
    let text = given.map_or_else(today, str::to_owned);
    match Value::parse_date(&text) {
        Some(Value::Date(date)) => Ok(date),
        _ => Err(Failure(format!("`{text}` is not a day, such as 2027-03-01"))),
    }
}

/// The plan that a name means, where it means one.
pub(super) fn chosen<'db>(workspace: &'db Workspace, name: Option<&str>) -> Option<Item<'db>> {
    choose(workspace, name).ok()
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
