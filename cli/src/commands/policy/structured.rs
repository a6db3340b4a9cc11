//! Explanations as JSON.

use ordain_compiler::{
    About, Clause, ClauseKind, ConditionPart, Explained, Ruling, Way, WayEnd, plain, qualified_name,
};
use ordain_diagnostics::TextRange;
use ordain_graph::Value;
use ordain_loader::Workspace;
use serde_json::{Value as Json, json};

use super::text::{said, source, verb};
use crate::output::findings::Texts;
use crate::output::places::Places;

/// One policy over one thing.
pub(super) fn explained<'a>(workspace: &'a Workspace, texts: &Texts, explained: &Explained<'a>) -> Json {
    let db = &workspace.db;
    let places = Places::new(texts);
    let ruling = |ruling: &Ruling| {
        let place = explained.place(db, &ruling.pointer).map(|(path, range)| place(&places, &path, range));
        json!({
            "says": said(ruling),
            "outcome": verb(&ruling.outcome),
            "when": ruling.when.as_ref().map(Value::to_json),
            "exempt": ruling.exempt.is_some(),
            "pointer": ruling.pointer.as_str(),
            "place": place,
        })
    };
    let ways = explained.decided.ways.iter().map(|each| {
        let place = explained.place(db, &each.pointer).map(|(path, range)| place(&places, &path, range));
        let mut out = way(workspace, texts, each);
        out["pointer"] = each.pointer.as_str().into();
        out["place"] = place.into();
        out["says"] = explained.decided.rulings[each.rulings.clone()].iter().map(said).collect();
        out
    });
    let step = match &explained.about {
        About::Step(address) => Some(address),
        _ => None,
    };
    json!({
        "subject": subject(workspace, &explained.about),
        "step": step,
        "policy": qualified_name(db, explained.policy),
        "says": explained.decided.rulings.iter().map(ruling).collect::<Vec<_>>(),
        "ways": ways.collect::<Vec<_>>(),
    })
}

/// A way through a policy, wherever it leads.
pub(super) fn way(workspace: &Workspace, texts: &Texts, way: &Way<'_>) -> Json {
    let places = Places::new(texts);
    let part = |part: &ConditionPart<'_>| {
        let value = plain(part.value.clone()).to_json();
        json!({ "source": source(workspace, texts, part.at), "value": value })
    };
    let clause = |clause: &Clause<'_>| {
        let (path, range) = clause.at.locate(&workspace.db);
        json!({
            "clause": clause.kind.word(),
            "name": clause.name,
            "source": source(workspace, texts, clause.at),
            "path": path,
            "range": { "start": range.start, "end": range.end },
            "line": places.position(&path, range.start).0,
            "value": plain(clause.value.clone()).to_json(),
            "empty": clause.kind == ClauseKind::For && clause.value == Value::list([]),
            "parts": clause.parts.iter().map(part).collect::<Vec<_>>(),
        })
    };
    json!({
        "met": way.end == WayEnd::Met,
        "alike": way.alike,
        "undecided": way.end == WayEnd::Undecided,
        "clauses": way.clauses.iter().map(clause).collect::<Vec<_>>(),
    })
}

fn subject(workspace: &Workspace, about: &About<'_>) -> Json {
    let db = &workspace.db;
    match about {
        About::Plan => json!({ "kind": "plan" }),
        About::Step(address) => json!({ "kind": "step", "step": address }),
        About::Input { gate, name, .. } => json!({ "kind": "input", "gate": gate.name(db), "input": name }),
        About::Document(document) => json!({ "kind": "document", "type": document.ty(db) }),
        About::Change => json!({ "kind": "change" }),
        About::Entity(entity) => json!({ "kind": "entity", "entity": qualified_name(db, *entity) }),
    }
}

fn place(places: &Places<'_>, path: &str, range: TextRange) -> Json {
    let (line, column) = places.position(path, range.start);
    let (end_line, end_column) = places.position(path, range.end);
    json!({ "path": path, "line": line, "column": column, "end_line": end_line, "end_column": end_column })
}
