//! Coverage: what of the policies and functions of a package its tests have gone through.
//!
//! Everything that can be decided is counted, clause by clause: a condition counts twice, for it can hold and not hold.
//! Messages and reasons decide nothing, and do not count.

use std::collections::BTreeMap;
use std::rc::Rc;

use ordain_diagnostics::TextRange;
use ordain_graph::Date;
use smol_str::SmolStr;

use super::run::{TestRun, run_with};
use crate::db::{Db, Package};
use crate::eval::{Seen, Trace};
use crate::hir::{Body, ExprKind, ForClause, Kind, Loc, Policy, PolicyClause, Tree};
use crate::items::{Item, Part};
use crate::policy::policy_code;
use crate::resolve::package_items;
use crate::types::Anchor;

/// What there is to cover in a package, and how much of it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The policies and functions, by file and place.
    pub declarations: Vec<Covered>,
}

/// A declaration, and what of it was gone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// A policy, or else a function.
    pub is_policy: bool,
    /// Its name.
    pub name: SmolStr,
    /// The module it stands in.
    pub module: SmolStr,
    /// A policy's code.
    pub code: Option<SmolStr>,
    /// The file it stands in.
    pub path: SmolStr,
    /// What there is to go through, the declaration itself first, by place.
    pub points: Vec<Point>,
}

/// Something to go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// What it is.
    pub kind: PointKind,
    /// Where it stands: the name of a declaration, an expression, an outcome, an arm.
    pub range: TextRange,
    /// How often it was reached.
    pub reached: u64,
    /// Of a condition how often it was true, of a loop how many elements it had.
    pub yes: u64,
    /// Of a condition how often it was false.
    pub no: u64,
}

/// What there is to go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PointKind {
    /// The policy as a whole: it was decided.
    Policy,
    /// The function as a whole: it was called.
    Function,
    /// `for`
    For,
    /// `let`
    Let,
    /// `when`
    When,
    /// `unless`
    Unless,
    /// `deny`, `warn`, `require` …
    Outcome,
    /// The condition of an exemption.
    Exempt,
    /// The condition of an `if`.
    If,
    /// An arm of a `match`.
    Arm,
}

impl PointKind {
    /// Its name, for programs and people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Function => "function",
            Self::For => "for",
            Self::Let => "let",
            Self::When => "when",
            Self::Unless => "unless",
            Self::Outcome => "outcome",
            Self::Exempt => "exempt",
            Self::If => "if",
            Self::Arm => "arm",
        }
    }
}

impl Point {
    /// Whether it can be true and false, and counts for both.
    pub const fn is_condition(&self) -> bool {
        matches!(self.kind, PointKind::When | PointKind::Unless | PointKind::Exempt | PointKind::If)
    }

    /// For how much it counts.
    pub const fn wanted(&self) -> usize {
        if self.is_condition() { 2 } else { 1 }
    }

    /// How much of that was seen.
    pub const fn seen(&self) -> usize {
        match self.kind {
            PointKind::For => (self.yes > 0) as usize,
            _ if self.is_condition() => (self.yes > 0) as usize + (self.no > 0) as usize,
            _ => (self.reached > 0) as usize,
        }
    }

    /// What was never seen of it, if anything.
    pub const fn missing(&self) -> Option<&'static str> {
        match (self.kind, self.reached, self.yes, self.no) {
            (PointKind::Policy, 0, ..) => Some("never decided"),
            (PointKind::Function, 0, ..) => Some("never called"),
            (_, 0, ..) => Some("never reached"),
            (PointKind::For, _, 0, _) => Some("never had an element"),
            (..) if !self.is_condition() => None,
            (_, _, 0, 0) => Some("never known"),
            (_, _, 0, _) => Some("never true"),
            (_, _, _, 0) => Some("never false"),
            _ => None,
        }
    }
}

impl Covered {
    /// For how much it counts.
    pub fn wanted(&self) -> usize {
        self.points.iter().map(Point::wanted).sum()
    }

    /// How much of that was seen.
    pub fn seen(&self) -> usize {
        self.points.iter().map(Point::seen).sum()
    }

    /// The points that were not gone through whole. Of what was never reached at all, only the declaration is told.
    pub fn missing(&self) -> impl Iterator<Item = (&Point, &'static str)> {
        let untouched = self.points.first().is_some_and(|whole| whole.reached == 0);
        let told = if untouched { 1 } else { self.points.len() };
        self.points.iter().take(told).filter_map(|point| Some((point, point.missing()?)))
    }
}

/// What a test went through, place by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached(BTreeMap<(SmolStr, u32, u32), (u64, u64, u64)>);

impl Coverage {
    /// What there is to cover in a package: nothing of it is covered yet.
    pub fn of(db: &dyn Db, package: Package) -> Self {
        let mut declarations: Vec<Covered> =
            package_items(db, package).filter_map(|item| declaration(db, item)).collect();
        let place = |covered: &Covered| (covered.path.clone(), covered.points.first().map(|point| point.range.start));
        declarations.sort_by_key(place);
        Self { declarations }
    }

    /// Counts what a test went through.
    pub fn add(&mut self, reached: &Reached) {
        for covered in &mut self.declarations {
            for point in &mut covered.points {
                let key = (covered.path.clone(), point.range.start, point.range.end);
                if let Some((reached, yes, no)) = reached.0.get(&key) {
                    point.reached += reached;
                    point.yes += yes;
                    point.no += no;
                }
            }
        }
    }

    /// For how much all of it counts.
    pub fn wanted(&self) -> usize {
        self.declarations.iter().map(Covered::wanted).sum()
    }

    /// How much of that was seen.
    pub fn seen(&self) -> usize {
        self.declarations.iter().map(Covered::seen).sum()
    }
}

/// Runs a test as [`super::run_test`] does, and tells what it went through.
pub fn cover_test<'db>(db: &'db dyn Db, item: Item<'db>, as_of: Option<Date>) -> (TestRun<'db>, Reached) {
    let trace = Rc::new(Trace::default());
    let run = run_with(db, item, as_of, Some(&trace));
    let package = item.file(db).package(db);
    let mut reached = Reached::default();
    for (at, Seen { reached: times, yes, no }) in trace.take() {
        if at.item.file(db).package(db) != package {
            continue;
        }
        let (path, range) = at.locate(db);
        let entry = reached.0.entry((path, range.start, range.end)).or_default();
        *entry = (entry.0 + times, entry.1 + yes, entry.2 + no);
    }
    (run, reached)
}

fn declaration<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<Covered> {
    let is_policy = match item.kind(db) {
        Kind::Policy => true,
        Kind::Fn => false,
        _ => return None,
    };
    let point = |kind, at: Anchor<'db>| Point { kind, range: at.locate(db).1, reached: 0, yes: 0, no: 0 };
    let whole = if is_policy { PointKind::Policy } else { PointKind::Function };
    let mut points = vec![point(whole, Anchor::name_of(item))];
    let body = item.body(db);
    let mut found = Vec::new();
    if let Body::Policy(policy) = &body.body {
        clauses(policy, &body.tree, &mut found);
    }
    branches(&body.tree, &mut found);
    points.extend(found.into_iter().map(|(kind, loc)| point(kind, Anchor { item, part: Part::Body, loc })));
    points[1..].sort_by_key(|point| (point.range.start, point.range.end));
    Some(Covered {
        is_policy,
        name: item.name(db).clone(),
        module: item.file(db).module(db).clone(),
        code: policy_code(db, item),
        path: item.file(db).path(db).clone(),
        points,
    })
}

fn clauses(policy: &Policy, tree: &Tree, found: &mut Vec<(PointKind, Loc)>) {
    for clause in &policy.clauses {
        let (kind, expr) = match clause {
            PolicyClause::For { iter, .. } => (PointKind::For, *iter),
            PolicyClause::Let(binding) => (PointKind::Let, binding.value),
            PolicyClause::When(condition) => (PointKind::When, *condition),
            PolicyClause::Unless(condition) => (PointKind::Unless, *condition),
        };
        found.push((kind, tree[expr].loc));
    }
    found.extend(policy.outcome_locs.iter().map(|&loc| (PointKind::Outcome, loc)));
    found.extend(policy.exemptions.iter().map(|exemption| (PointKind::Exempt, tree[exemption.condition].loc)));
}

/// The branches in the expressions of a body.
fn branches(tree: &Tree, found: &mut Vec<(PointKind, Loc)>) {
    for expr in &tree.exprs {
        match &expr.kind {
            ExprKind::If { condition, .. } => found.push((PointKind::If, tree[*condition].loc)),
            ExprKind::Match { arms, .. } => found.extend(arms.iter().map(|arm| (PointKind::Arm, arm.loc))),
            ExprKind::ListFor { clauses, .. } | ExprKind::MapFor { clauses, .. } => {
                let conditions = clauses.iter().filter_map(|clause| match clause {
                    ForClause::If(condition) => Some((PointKind::If, tree[*condition].loc)),
                    ForClause::For { .. } => None,
                });
                found.extend(conditions);
            }
            _ => {}
        }
    }
}
