//! `ordain policy explain`

use ordain_compiler::{
    About, Explained, Item, Kind, PlanInstance, Way, check_package, explain, explain_document, explain_gates,
    named_policies, package_items, policy_code, policy_subject, qualified_name,
};
use ordain_diagnostics::Severity;
use ordain_graph::Date;
use ordain_loader::{Workspace, changed_files, find_root};
use serde_json::{Value as Json, json};

use super::document::Named;
use super::{gate, package, plan};
use crate::args::{ExplainPolicyArguments, FindingsFormat, Format};
use crate::output;
use crate::output::findings::{self, Texts};
use crate::{Failure, Outcome};

mod structured;
mod text;

pub(crate) fn explained(arguments: &ExplainPolicyArguments) -> Result<Outcome, Failure> {
    let workspace = package::load(&arguments.selection.package)?;
    let as_of = plan::day(arguments.selection.as_of.as_deref())?;
    let db = &workspace.db;
    let mut policies = named_policies(db, workspace.root, &workspace.packages, &arguments.policy);
    if policies.is_empty() {
        // Gates take policies of the standard library, too.
        policies = named_policies(db, workspace.root, &[workspace.std], &arguments.policy);
    }
    if policies.is_empty() {
        return Err(Failure(unknown(&workspace, &arguments.policy)));
    }
    let mut texts = workspace.texts();
    let mut found = Vec::new();
    for &policy in &policies {
        let subject = policy_subject(db, policy).map_or("", |subject| subject.as_str());
        let one = match (&arguments.input, subject) {
            (Some(input), _) => document(&workspace, policy, input, arguments, as_of, &mut texts)?,
            (None, "plan" | "step") => plans(&workspace, policy, arguments, as_of)?,
            (None, _) => gates(&workspace, policy, subject, arguments, as_of, &texts)?,
        };
        let Some(one) = one else { return Ok(Outcome::Findings) };
        found.extend(one);
    }
    if found.is_empty() {
        return Err(Failure(nothing(&workspace, policies[0], arguments)));
    }
    if arguments.json {
        let list: Vec<Json> =
            found.iter().map(|explained| structured::explained(&workspace, &texts, explained)).collect();
        let about_plan = found.iter().any(|explained| matches!(explained.about, About::Plan | About::Step(_)));
        let plan = plan::chosen(&workspace, arguments.selection.plan.as_deref()).filter(|_| about_plan);
        let plan = plan.map(|plan| qualified_name(db, plan));
        output::json(&json!({ "code": policy_code(db, policies[0]), "plan": plan, "about": list }))?;
    } else {
        let shown = text::Shown::new(&workspace, &texts);
        let text: String = found.iter().map(|explained| shown.explained(explained)).collect();
        output::write(None, text.as_bytes())?;
    }
    Ok(Outcome::Fine)
}

/// How a policy was decided about something; nothing where findings are in the way, which are shown.
type Found<'db> = Result<Option<Vec<Explained<'db>>>, Failure>;

/// A policy about a plan and its steps.
fn plans<'db>(
    workspace: &'db Workspace,
    policy: Item<'db>,
    arguments: &ExplainPolicyArguments,
    as_of: Date,
) -> Found<'db> {
    let db = &workspace.db;
    let selection = &arguments.selection;
    let Some((plan, values)) = plan::instance(workspace, selection.plan.as_deref(), &selection.arguments)? else {
        return Ok(None);
    };
    let code = policy_code(db, policy).unwrap_or_default();
    Ok(Some(explain(db, PlanInstance::new(db, plan, values), Some(as_of), &code)))
}

/// A policy about a document that is given.
fn document<'db>(
    workspace: &'db Workspace,
    policy: Item<'db>,
    input: &str,
    arguments: &ExplainPolicyArguments,
    as_of: Date,
    texts: &mut Texts,
) -> Found<'db> {
    let db = &workspace.db;
    let environment = match &arguments.env {
        Some(name) => Some(environment(workspace, name)?),
        None => None,
    };
    let named = Named { name: "input", file: input, ty: "" };
    let (file, format) = named.read(workspace, arguments.input_format.as_deref(), texts)?;
    match explain_document(db, policy, file, format, environment, Some(as_of)) {
        Ok(explained) => Ok(Some(vec![explained])),
        Err(error) => {
            named.show(error, texts, &shown_as(arguments))?;
            Ok(None)
        }
    }
}

/// A policy about what gates look at.
fn gates<'db>(
    workspace: &'db Workspace,
    policy: Item<'db>,
    subject: &str,
    arguments: &ExplainPolicyArguments,
    as_of: Date,
    texts: &Texts,
) -> Found<'db> {
    let db = &workspace.db;
    let broken = check_package(db, workspace.root);
    if broken.iter().any(|finding| finding.severity == Severity::Error && !gate::about_data(finding)) {
        findings::show(&broken, texts, &shown_as(arguments))?;
        return Ok(None);
    }
    let change = match &arguments.base {
        Some(base) => Some(gate::change(&changed_files(&find_root(&arguments.selection.package)?, base)?)),
        None if subject == "change" => {
            return Err(Failure("the policy is about changes; say since when with `--base`".into()));
        }
        None => None,
    };
    let (found, faults) = explain_gates(db, workspace.root, policy, change.as_ref(), Some(as_of));
    if found.is_empty() && !faults.is_empty() {
        findings::show(&faults, texts, &shown_as(arguments))?;
        return Ok(None);
    }
    Ok(Some(found))
}

fn shown_as(arguments: &ExplainPolicyArguments) -> FindingsFormat {
    FindingsFormat { format: if arguments.json { Format::Json } else { Format::Text }, json: false }
}

fn environment<'db>(workspace: &'db Workspace, name: &str) -> Result<Item<'db>, Failure> {
    let db = &workspace.db;
    let known: Vec<Item<'db>> =
        package_items(db, workspace.root).filter(|item| item.kind(db) == Kind::Environment).collect();
    let found = known.iter().find(|item| item.name(db) == name || qualified_name(db, **item) == name);
    found.copied().ok_or_else(|| {
        let list: Vec<String> = known.iter().map(|item| format!("`{}`", item.name(db))).collect();
        let has = if list.is_empty() { "none".into() } else { list.join(", ") };
        Failure(format!("there is no environment `{name}`; the package has {has}"))
    })
}

/// Why a policy that there is was decided about nothing.
fn nothing(workspace: &Workspace, policy: Item<'_>, arguments: &ExplainPolicyArguments) -> String {
    let db = &workspace.db;
    let shown = &arguments.policy;
    match policy_subject(db, policy).map(|subject| subject.as_str()) {
        Some("plan" | "step") => format!("{shown} is not about this plan or its steps"),
        Some("input") => {
            format!("no gate checks {shown} over a document; give one with `--input FILE`, or add the policy to a gate")
        }
        Some("request") => format!("{shown} is about requests; run `ordain authorize REQUEST --explain`"),
        Some("entity") => format!("{shown} is about none of the package's entities"),
        Some("change") if arguments.base.is_some() => format!("{shown} is about none of the files that changed"),
        Some(subject) => format!("{shown} is about a {subject}; give one with `--input FILE`"),
        None => format!("{shown} says nothing of what it is about"),
    }
}

/// Why a code has nothing to explain.
fn unknown(workspace: &Workspace, code: &str) -> String {
    let db = &workspace.db;
    let known = workspace.packages.iter().flat_map(|&package| package_items(db, package));
    let known = known.filter(|item| item.kind(db) == Kind::Policy);
    let codes: Vec<String> = known.filter_map(|item| policy_code(db, item)).map(String::from).collect();
    if codes.is_empty() {
        "no policies hold here".into()
    } else {
        format!("no policy has the code {code}; there are {}", codes.join(", "))
    }
}

/// A way through a policy, a line for each clause.
pub(super) fn way(workspace: &Workspace, way: &Way<'_>) -> Vec<String> {
    text::Shown::new(workspace, &workspace.texts()).way(way)
}

/// A way through a policy, for programs.
pub(super) fn way_as_json(workspace: &Workspace, way: &Way<'_>) -> Json {
    structured::way(workspace, &workspace.texts(), way)
}
