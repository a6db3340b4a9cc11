//! What is said of the name under the pointer.

use ordain_compiler::editor::{self, Meaning};
use ordain_compiler::{Item, Kind, Ty, items_of};
use ordain_diagnostics::TextRange;
use ordain_graph::{PlanGraph, Value, Verdict};
use ordain_syntax::ast::StepCall;
use tower_lsp::ls_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::describe::{Description, describe};
use super::judged::ways;
use super::labels;
use super::names::{self, At};
use super::nodes::{Node, walk};
use crate::world::{File, Snapshot};

/// How many lines are said about verdicts.
const MOST_SAID: usize = 12;

/// What is said of what stands at an offset.
pub(crate) fn hover(snapshot: &Snapshot, file: &File, offset: u32) -> Option<Hover> {
    let (range, parts) = match names::at(snapshot, file, offset) {
        Some(at) => (at.range, of_name(snapshot, file, &at)),
        None if let Some((range, label)) = labels::at(file, offset) => {
            let said = labels::said(snapshot, file, &label);
            if said.is_empty() {
                return None;
            }
            (range, said)
        }
        None => {
            let (range, path) = super::data::file_at(snapshot, file, offset)?;
            (range, vec![format!("file `{path}`")])
        }
    };
    let text = parts.join("\n\n---\n\n");
    let contents = if snapshot.client.markdown {
        HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text })
    } else {
        HoverContents::Markup(MarkupContent {
            kind: MarkupKind::PlainText,
            value: text.replace("```ordain\n", "").replace("```", ""),
        })
    };
    Some(Hover { contents, range: Some(file.range(range)) })
}

fn of_name(snapshot: &Snapshot, file: &File, at: &At<'_>) -> Vec<String> {
    let db = &snapshot.db;
    let plan = at.item.filter(|plan| plan.kind(db) == Kind::Plan);
    let mut parts = vec![block(&describe(snapshot, at.item, &at.meaning))];
    if let Some(second) = &at.second {
        parts.push(block(&describe(snapshot, at.item, second)));
    }
    if let (Some(plan), Meaning::Local(binding, ty)) = (plan, &at.meaning)
        && is_step(ty)
    {
        let bound = editor::range(db, plan, binding.part, binding.loc);
        parts.extend(called(file, bound).and_then(|call| decided(snapshot, plan, Some(call))));
    }
    if let Meaning::Item(item) = at.meaning {
        match item.kind(db) {
            Kind::Capability => {
                parts.extend(bindings(snapshot, at.item.unwrap_or(item), item));
                parts.extend(plan.and_then(|plan| decided(snapshot, plan, Some(at.range))));
            }
            Kind::Plan => {
                let reach = editor::reach(db, item);
                parts.push(format!("effect **{}** · risk **{}**", reach.effect.name(), reach.risk.name()));
                parts.extend(decided(snapshot, item, None));
            }
            _ => {}
        }
    }
    parts
}

/// A description as Markdown.
pub(crate) fn block(description: &Description) -> String {
    let code = format!("```ordain\n{}\n```", description.code);
    match &description.docs {
        Some(docs) => format!("{code}\n\n{docs}"),
        None => code,
    }
}

/// To what the environments of a package bind a capability.
fn bindings<'db>(snapshot: &'db Snapshot, from: Item<'db>, capability: Item<'db>) -> Option<String> {
    let db = &snapshot.db;
    let package = from.file(db).package(db);
    let environments = items_of(db, package, Kind::Environment).iter();
    let lines: Vec<String> = environments
        .filter_map(|&environment| {
            let bound = editor::bound(db, environment).iter().find(|bound| bound.capability == capability)?;
            Some(format!("- in `{}`: `{}`", environment.name(db), bound.adapter))
        })
        .collect();
    (!lines.is_empty()).then(|| format!("Bound\n{}", lines.join("\n")))
}

/// Whether a name stands for a step, or for those of a loop.
fn is_step(ty: &Ty<'_>) -> bool {
    match ty {
        Ty::Step(_) => true,
        Ty::Family(entry) => is_step(&entry.1),
        _ => false,
    }
}

/// What the statement that binds a name calls: the place of the capability's name.
fn called(file: &File, bound: TextRange) -> Option<TextRange> {
    let parsed = ordain_syntax::parse(&file.text);
    let mut call: Option<TextRange> = None;
    walk(&parsed.file, &mut |_, node| {
        if let Node::Call(StepCall { path, .. }) = node
            && path.range.start >= bound.end
            && call.is_none_or(|known| path.range.start < known.start)
        {
            call = Some(path.range);
        }
    });
    call
}

/// What the policies say of a plan, or of the step that is called at a place, in each way to compile the plan.
fn decided<'db>(snapshot: &'db Snapshot, plan: Item<'db>, at: Option<TextRange>) -> Option<String> {
    let db = &snapshot.db;
    let mut lines: Vec<String> = Vec::new();
    for way in ways(snapshot, plan) {
        let named = if way.name.is_empty() { String::new() } else { format!("in `{}`: ", way.name) };
        let mut say = |line: String| {
            if !lines.contains(&line) {
                lines.push(line);
            }
        };
        match at {
            None => {
                let open = ordain_views::open(&way.graph);
                let open = if open.is_empty() { "allowed".to_owned() } else { open.join("; ") };
                let count = way.graph.nodes.len();
                say(format!("- {named}{count} step{}, {open}", if count == 1 { "" } else { "s" }));
                way.graph.verdicts.iter().for_each(|verdict| say(format!("  - {}", said(&way.graph, verdict))));
            }
            Some(at) => {
                let here = |index: usize| {
                    way.places.get(index).is_some_and(|place| {
                        let (_, range) = place.locate(db);
                        place.item == plan && range.start <= at.end && at.start <= range.end
                    })
                };
                for (_, node) in way.graph.nodes.iter().enumerate().filter(|(index, _)| here(*index)) {
                    for verdict in way.graph.verdicts.iter().filter(|verdict| verdict.node.as_ref() == Some(&node.id)) {
                        say(format!("- {named}{}", said(&way.graph, verdict)));
                    }
                }
            }
        }
    }
    if lines.len() > MOST_SAID {
        let more = lines.len() - MOST_SAID;
        lines.truncate(MOST_SAID);
        lines.push(format!("- … {more} more"));
    }
    (!lines.is_empty()).then(|| format!("Policies\n{}", lines.join("\n")))
}

/// A verdict: the policy's code, what it says, and why.
fn said(graph: &PlanGraph, verdict: &Verdict) -> String {
    let said = ordain_views::said(graph, verdict);
    let why = match &verdict.because {
        Some(Value::String(why)) if !said.contains(why.as_str()) => format!(", because {why}"),
        _ => String::new(),
    };
    format!("`{}` {said}{why}", verdict.code)
}
