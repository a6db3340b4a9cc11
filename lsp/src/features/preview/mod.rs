//! `ordain/plan`: the plan under the cursor, drawn, with what the policies say; also while other things in the file are wrong.

mod calls;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ordain_compiler::editor::{self, Meaning};
use ordain_compiler::{Item, Kind, Sig, Ty, file_items, signature};
use ordain_diagnostics::{Diagnostic as Finding, Severity};
use ordain_graph::{NodeId, NodeKind, Outcome, PlanGraph, Verdict};
use ordain_loader::{DiskTree, GitTree, Workspace};
use ordain_views::{PlanDiff, Terminal};
use smol_str::SmolStr;

use super::judged::{Way, way};
use super::{names, plans};
use crate::world::{File, Snapshot};
use calls::Calls;
use wire::{Against, Boxed, Brief, Difference, Drawn, Parameter, Problem, Said, Summary};
pub(crate) use wire::{Params, Preview};

/// How many sources a package may have for its plans to be compared with those of another time while someone types.
const MOST_COMPARED: usize = 400;

/// How many environments are offered for a parameter.
const MOST_CHOICES: usize = 200;

impl Preview {
    /// One sentence about the plan, and whether nothing stands in its way.
    pub(crate) fn summary(&self) -> (bool, String) {
        let missing: Vec<&str> =
            self.parameters.iter().filter(|known| known.missing).map(|known| known.name.as_str()).collect();
        match (&self.drawn, self.problems.first()) {
            (Some(drawn), _) if drawn.summary.requires.is_empty() => {
                (true, format!("{}: {} steps, allowed", self.plan, drawn.summary.steps))
            }
            (Some(drawn), _) => {
                (false, format!("{}: {} steps, {}", self.plan, drawn.summary.steps, drawn.summary.requires.join("; ")))
            }
            (None, Some(problem)) => (false, format!("{}: {}", self.plan, problem.message)),
            (None, None) => (false, format!("{} needs {}", self.plan, missing.join(", "))),
        }
    }
}

/// The plan at a place of a file; nothing where there is none.
pub(crate) fn preview(snapshot: &Snapshot, file: &File, params: &Params) -> Option<Preview> {
    let db = &snapshot.db;
    let plan =
        editor::item_at(db, file.source, file.offset(params.position)).filter(|item| item.kind(db) == Kind::Plan)?;
    let places = plan.places(db);
    let given = arguments(snapshot, plan, &params.arguments);
    let mut preview = Preview {
        plan: ordain_compiler::qualified_name(db, plan),
        name: plan.name(db).clone(),
        uri: snapshot.uri(&file.path)?,
        range: file.range(places.range),
        selection_range: file.range(places.name),
        version: snapshot.documents.get(&file.path).map(|document| document.version),
        parameters: parameters(snapshot, plan, &given),
        problems: Vec::new(),
        drawn: None,
    };
    // What is wrong in the plan itself shows in no graph; what is wrong elsewhere in the file keeps nobody from looking.
    let own = ordain_compiler::file_findings(db, plan.file(db)).into_iter().filter(|finding| {
        let range = finding.primary.range;
        finding.severity == Severity::Error && places.range.start <= range.start && range.end <= places.range.end
    });
    preview.problems = own.map(|finding| problem(snapshot, &finding)).collect();
    if !preview.problems.is_empty() || preview.parameters.iter().any(|parameter| parameter.missing) {
        return Some(preview);
    }
    match way(snapshot, plan, &given) {
        Ok(way) => {
            preview.problems = unsound(snapshot, plan);
            let old = params.against.map(|against| (against, earlier(snapshot, plan, &given, against)));
            let difference = match old {
                Some((against, Ok(old))) => Some((against, ordain_views::diff(&old, &way.graph))),
                Some((_, Err(reason))) => {
                    preview.problems.push(remark(format!("there is nothing to compare with: {reason}")));
                    None
                }
                None => None,
            };
            preview.drawn = Some(drawn(snapshot, plan, &way, difference, params));
        }
        Err(findings) => {
            preview.problems = findings.iter().map(|finding| problem(snapshot, finding)).collect();
            if preview.problems.is_empty() {
                preview.problems = of_package(snapshot, plan);
            }
        }
    }
    Some(preview)
}

/// The arguments that are given, and the first environment that fits for parameters that need one.
fn arguments<'db>(
    snapshot: &'db Snapshot,
    plan: Item<'db>,
    given: &BTreeMap<SmolStr, String>,
) -> Vec<(SmolStr, String)> {
    let db = &snapshot.db;
    let Sig::Plan { params, .. } = &signature(db, plan).sig else { return Vec::new() };
    let value = |param: &editor::ParamTy<'db>| {
        let own = given.get(&param.name).filter(|text| !text.is_empty()).cloned();
        let needed = param.default.is_none() && !matches!(param.ty.peel(db), Ty::Optional(_));
        let value = own.or_else(|| {
            let first = plans::environments(snapshot, plan, param, 1).into_iter().next();
            first.filter(|_| needed).map(|name| name.to_string())
        })?;
        Some((param.name.clone(), value))
    };
    // Names that are none of a parameter are given on: to be told.
    let unknown = given.iter().filter(|(name, _)| params.iter().all(|param| param.name != **name));
    let unknown = unknown.map(|(name, text)| (name.clone(), text.clone()));
    params.iter().filter_map(value).chain(unknown).collect()
}

fn parameters<'db>(snapshot: &'db Snapshot, plan: Item<'db>, given: &[(SmolStr, String)]) -> Vec<Parameter> {
    let db = &snapshot.db;
    let Sig::Plan { params, .. } = &signature(db, plan).sig else { return Vec::new() };
    params
        .iter()
        .map(|param| {
            let value = given.iter().find(|(name, _)| *name == param.name).map(|(_, value)| value.clone());
            let needed = param.default.is_none() && !matches!(param.ty.peel(db), Ty::Optional(_));
            Parameter {
                name: param.name.clone(),
                r#type: param.ty.display(db),
                missing: needed && value.is_none(),
                value,
                default: param.default.and_then(|default| written(snapshot, plan, default)),
                choices: plans::environments(snapshot, plan, param, MOST_CHOICES),
            }
        })
        .collect()
}

/// An expression of the signature as it is written.
fn written(snapshot: &Snapshot, plan: Item<'_>, expr: editor::hir::ExprId) -> Option<String> {
    let db = &snapshot.db;
    let loc = plan.signature(db).tree[expr].loc;
    let range = editor::range(db, plan, ordain_compiler::Part::Signature, loc);
    Some(snapshot.file_of(plan.file(db)).slice(range).to_owned())
}

fn problem(snapshot: &Snapshot, finding: &Finding) -> Problem {
    Problem {
        message: finding.message.clone(),
        code: Some(finding.code.to_string()),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "information",
        }
        .to_owned(),
        location: snapshot.location(&finding.primary.path, finding.primary.range),
    }
}

fn remark(message: String) -> Problem {
    Problem { message, code: None, severity: "information".into(), location: None }
}

/// What is wrong with the capabilities that a plan's steps name: its graph is drawn from what is known of them.
fn unsound(snapshot: &Snapshot, plan: Item<'_>) -> Vec<Problem> {
    let db = &snapshot.db;
    let (mut open, mut seen, mut problems) = (vec![plan], Vec::new(), Vec::new());
    while let Some(item) = open.pop() {
        if seen.contains(&item) {
            continue;
        }
        seen.push(item);
        if item.kind(db) == Kind::Plan {
            open.extend(names::of_item(snapshot, item).filter_map(|(_, _, mark)| match mark.meaning {
                Meaning::Item(named) if matches!(named.kind(db), Kind::Plan | Kind::Capability) => Some(named),
                _ => None,
            }));
        } else {
            let range = item.places(db).range;
            let own = ordain_compiler::file_findings(db, item.file(db)).into_iter().filter(|finding| {
                let at = finding.primary.range;
                finding.severity == Severity::Error && range.start <= at.start && at.end <= range.end
            });
            problems.extend(own.map(|finding| problem(snapshot, &finding)));
        }
    }
    problems
}

/// What is wrong in the plan's file, for a plan that has no graph because of something that was told elsewhere.
fn of_package(snapshot: &Snapshot, plan: Item<'_>) -> Vec<Problem> {
    let db = &snapshot.db;
    let errors = ordain_compiler::file_findings(db, plan.file(db));
    let errors: Vec<Problem> = errors
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .take(10)
        .map(|finding| problem(snapshot, finding))
        .collect();
    if !errors.is_empty() {
        return errors;
    }
    let message = "it has no graph because of mistakes in what it uses".to_owned();
    vec![Problem { message, code: None, severity: "error".into(), location: None }]
}

fn drawn<'db>(
    snapshot: &'db Snapshot,
    plan: Item<'db>,
    way: &Way<'db>,
    difference: Option<(Against, PlanDiff)>,
    params: &Params,
) -> Drawn {
    let graph = &*way.graph;
    let changed = |address: &str| difference.as_ref().and_then(|(_, diff)| change(diff, address));
    let policies = Policies::of(snapshot, plan);
    let picture = ordain_views::picture(graph, |nodes| {
        let verdicts = nodes.iter().flat_map(|&at| of_node(graph, &graph.nodes[at].id));
        let change = nodes.iter().find_map(|&at| changed(&graph.nodes[at].address));
        [gravest(verdicts), change].into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let mut calls = Calls::default();
    let boxes: Vec<Boxed> = picture
        .boxes
        .iter()
        .map(|(title, nodes)| {
            // INVARIANT: a box has at least one step.
            let first = &graph.nodes[nodes[0]];
            let place = way.places.get(nodes[0]).map(|place| place.locate(&snapshot.db));
            Boxed {
                id: first.id.0.to_string(),
                address: first.address.clone(),
                title: title.clone(),
                capability: first.capability.clone(),
                stage: first.stage.clone(),
                effect: first.effect.name().to_owned(),
                risk: first.risk.name().to_owned(),
                steps: nodes.len(),
                verdicts: nodes
                    .iter()
                    .flat_map(|&at| of_node(graph, &graph.nodes[at].id))
                    .map(|verdict| policies.brief(graph, verdict))
                    .take(20)
                    .collect(),
                location: place.and_then(|(path, range)| calls.around(snapshot, &path, range)),
                change: nodes.iter().find_map(|&at| changed(&graph.nodes[at].address)).map(str::to_owned),
            }
        })
        .collect();
    let asked = graph.requirements();
    Drawn {
        summary: Summary {
            steps: graph.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Step)).count(),
            gates: graph.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Gate { .. })).count(),
            stages: graph.stages.len(),
            effect: graph.effect.name().to_owned(),
            risk: graph.risk.name().to_owned(),
            mode: graph.mode().name().to_owned(),
            hash: graph.hash().to_string(),
            denied: asked.denied_by.into_iter().collect(),
            requires: ordain_views::open(graph),
        },
        style: picture.style.to_owned(),
        note: picture.note.clone(),
        verdicts: said(graph, &policies, &picture.boxes),
        svg: picture.svg,
        boxes,
        diff: difference.map(|(against, diff)| Difference {
            against,
            text: diff.text(&Terminal::default()),
            counts: serde_json::to_value(diff.counts).unwrap_or_default(),
            removed: diff.removed.iter().map(|step| step.address.clone()).collect(),
        }),
        graph: params.graph.then(|| serde_json::from_slice(&graph.to_json()).unwrap_or_default()),
    }
}

/// The verdicts about one step.
fn of_node<'g>(graph: &'g PlanGraph, id: &'g NodeId) -> impl Iterator<Item = &'g Verdict> {
    graph.verdicts.iter().filter(move |verdict| verdict.node.as_ref() == Some(id))
}

/// The verdicts of a plan, the same one of several steps once.
fn said(graph: &PlanGraph, policies: &Policies<'_>, boxes: &[(String, Vec<usize>)]) -> Vec<Said> {
    let mut lines: BTreeMap<(SmolStr, String, String), Vec<&Verdict>> = BTreeMap::new();
    for verdict in &graph.verdicts {
        let brief = policies.brief(graph, verdict);
        lines.entry((brief.code, brief.outcome, brief.text)).or_default().push(verdict);
    }
    lines
        .into_values()
        .map(|verdicts| {
            let ids: BTreeSet<&NodeId> = verdicts.iter().filter_map(|verdict| verdict.node.as_ref()).collect();
            let named: Vec<&str> =
                graph.nodes.iter().filter(|node| ids.contains(&node.id)).map(|node| node.address.as_str()).collect();
            let about = match named.as_slice() {
                [] => "the plan".to_owned(),
                [one] => (*one).to_owned(),
                several => format!("{} and {} more", several[0], several.len() - 1),
            };
            let holds = |(_, nodes): &(String, Vec<usize>)| nodes.iter().any(|&at| ids.contains(&graph.nodes[at].id));
            let at = boxes.iter().enumerate().filter(|(_, each)| holds(each)).map(|(at, _)| at).collect();
            // INVARIANT: a line is of at least one verdict.
            Said { brief: policies.brief(graph, verdicts[0]), about, at }
        })
        .collect()
}

/// The class of the gravest of some verdicts.
fn gravest<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Option<&'static str> {
    let class = |verdict: &Verdict| match &verdict.outcome {
        _ if verdict.exempt.is_some() => None,
        Outcome::Warn { .. } => Some((1, "warned")),
        _ if verdict.when.is_some() => Some((2, "pending")),
        Outcome::Approval { .. } | Outcome::Escalate { .. } => Some((3, "asks")),
        Outcome::Deny { .. } | Outcome::Gate { present: false, .. } => Some((4, "denied")),
        Outcome::Gate { .. } => None,
    };
    verdicts.filter_map(class).max().map(|(_, class)| class)
}

/// Where the policies of verdicts stand.
struct Policies<'db> {
    snapshot: &'db Snapshot,
    plan: Item<'db>,
}

impl<'db> Policies<'db> {
    fn of(snapshot: &'db Snapshot, plan: Item<'db>) -> Self {
        Self { snapshot, plan }
    }

    fn brief(&self, graph: &PlanGraph, verdict: &Verdict) -> Brief {
        let db = &self.snapshot.db;
        let package = self.plan.file(db).package(db);
        let policy = ordain_compiler::item_by_name(db, package, &verdict.policy);
        let outcome = match &verdict.outcome {
            _ if verdict.exempt.is_some() => "exempt",
            _ if verdict.when.is_some() => "pending",
            Outcome::Deny { .. } => "deny",
            Outcome::Warn { .. } => "warn",
            Outcome::Approval { .. } | Outcome::Escalate { .. } => "approval",
            Outcome::Gate { .. } => "gate",
        };
        Brief {
            code: verdict.code.clone(),
            outcome: outcome.to_owned(),
            text: ordain_views::said(graph, verdict),
            location: policy.and_then(|item| self.snapshot.location(item.file(db).path(db), item.places(db).name)),
        }
    }
}

fn change(diff: &PlanDiff, address: &str) -> Option<&'static str> {
    if diff.added.iter().any(|step| step.address == address) || diff.renamed.iter().any(|step| step.new == address) {
        return Some("added");
    }
    diff.changed.iter().any(|step| step.address == address).then_some("changed")
}

/// The same plan as the disk or the last commit has it, or why there is none.
fn earlier<'db>(
    snapshot: &'db Snapshot,
    plan: Item<'db>,
    given: &[(SmolStr, String)],
    against: Against,
) -> Result<std::sync::Arc<PlanGraph>, String> {
    let db = &snapshot.db;
    let package = plan.file(db).package(db);
    if package.files(db).len() > MOST_COMPARED {
        return Err(format!("the package has more than {MOST_COMPARED} sources"));
    }
    let known = snapshot.folders.iter().find(|(known, _)| *known == package);
    let (_, root) = known.ok_or("the file belongs to no package")?;
    let workspace = match against {
        Against::Committed => {
            let (tree, folder) = GitTree::open(Path::new(root), "HEAD").map_err(|error| error.to_string())?;
            Workspace::load_into(db.emptied(), &tree, &folder, "HEAD")
        }
        Against::Saved => Workspace::load_into(db.emptied(), &DiskTree::new(root), "", root),
    };
    let old = &workspace.db;
    let file = workspace.root.files(old).get(plan.file(db).module(db));
    let mut items = file.into_iter().flat_map(|&file| file_items(old, file).items(old).iter().copied());
    let item = items.find(|item| item.kind(old) == Kind::Plan && item.name(old) == plan.name(db));
    let item = item.ok_or("the plan was not there")?;
    let values = ordain_compiler::bind_arguments(old, item, given).map_err(|_| "it took other arguments")?;
    let instance = ordain_compiler::PlanInstance::new(old, item, values);
    ordain_compiler::judge(old, instance, snapshot.today()).graph.clone().ok_or_else(|| "it had errors".into())
}
