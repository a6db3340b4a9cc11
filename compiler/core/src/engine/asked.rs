//! What policies ask of a document as a whole, and which of its lists they only ever look at element by element.
//!
//! Such a list is never held: its elements are read, looked at, and forgotten. A list is one if no expression of any of the
//! policies has it as its value, or has what it lies in; what the first loop of a policy goes over does not count.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::Programs;
use super::expr::{Before, Clause, Expr, Id, MatchTest, OutcomeCode, PolicyCode, Shape, Step};

/// How many parts of a type lists are looked for in.
const MOST_PARTS: usize = 10_000;

/// The members on the way from the root of a document to a value.
type Path = Vec<SmolStr>;

/// The lists of a document that need not be held, by the members on the way to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// One of them: its place among them.
    List(u32),
    /// Some lie in members of this record.
    Members(Vec<(SmolStr, Ahead)>),
}

impl Ahead {
    /// What lies in a member.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::List(_) => None,
            Self::Members(members) => members.iter().find(|(known, _)| known == name).map(|(_, ahead)| ahead),
        }
    }
}

/// The lists that need not be held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loose {
    pub(super) ahead: Option<Ahead>,
    /// The lists that first loops go over, by the expressions of these.
    pub(super) sources: FxHashMap<Id, u32>,
}

impl Loose {
    /// The lists of a document of a shape that policies about it need not hold.
    pub(super) fn of(programs: &Programs, shape: u32, codes: &[&PolicyCode]) -> Self {
        let mut uses = Uses { programs, values: FxHashSet::default(), known: FxHashSet::default() };
        let mut sources = FxHashMap::default();
        for code in codes {
            if let Some((source, path)) = uses.policy(code) {
                sources.insert(source, path);
            }
        }
        let mut lists = Vec::new();
        let ahead = uses.loose(shape, &mut Path::new(), &mut Way { open: Vec::new(), left: MOST_PARTS }, &mut lists);
        let place = |path: &Path| lists.iter().position(|list| list == path).map(|at| at as u32);
        let sources = sources.into_iter().filter_map(|(source, path)| Some((source, place(&path)?))).collect();
        Self { ahead, sources }
    }
}

/// The way through a type.
struct Way {
    /// The records that lead there: a type may lie in itself.
    open: Vec<u32>,
    /// How many parts may still be looked at.
    left: usize,
}

/// What expressions have as their values.
struct Uses<'p> {
    programs: &'p Programs,
    /// Parts of the document, as wholes.
    values: FxHashSet<Path>,
    /// The expressions that were looked at.
    known: FxHashSet<Id>,
}

impl Uses<'_> {
    /// Looks at a policy. Gives what its first loop goes over, if that is a list on a way of members.
    fn policy(&mut self, code: &PolicyCode) -> Option<(Id, Path)> {
        for before in &code.before {
            match before {
                // Naming a list is no use of it.
                Before::Let(at) => {
                    let id = self.shared(*at);
                    if let Some(id) = id
                        && self.source(id).is_none()
                    {
                        self.look(id);
                    }
                }
                Before::Test(test, _) => self.look(*test),
            }
        }
        let found = code.first.as_ref().and_then(|first| {
            let path = self.source(first.source);
            if path.is_none() {
                self.look(first.source);
            }
            Some((first.source, path?))
        });
        code.guards.iter().for_each(|guard| self.look(*guard));
        for clause in &code.clauses {
            match clause {
                Clause::Let { value: id, .. } | Clause::For { iter: id, .. } | Clause::Test(id, _) => self.look(*id),
            }
        }
        for exemption in &code.exemptions {
            self.look(exemption.condition);
            exemption.until.into_iter().for_each(|until| self.look(until));
        }
        code.because.into_iter().for_each(|because| self.look(because));
        for outcome in &code.outcomes {
            match outcome {
                OutcomeCode::Deny(id) | OutcomeCode::Warn(id) | OutcomeCode::Approval { count: id, .. } => {
                    id.iter().for_each(|id| self.look(*id));
                }
                OutcomeCode::Gate(_) | OutcomeCode::Escalate(_) => {}
            }
        }
        found
    }

    /// The expression of a shared value; nothing for the subject.
    fn shared(&self, at: u32) -> Option<Id> {
        let at = at.checked_sub(self.programs.subjects)?;
        self.programs.shared.get(at as usize).copied()
    }

    /// The way to the part of the document that is the value of an expression.
    fn path(&self, id: Id) -> Option<Path> {
        match &self.programs.exprs[id.0 as usize] {
            Expr::Shared(0) => Some(Path::new()),
            Expr::Shared(at) => self.path(self.shared(*at)?),
            Expr::Field { base, name, .. } => {
                let mut path = self.path(*base)?;
                path.push(name.clone());
                Some(path)
            }
            _ => None,
        }
    }

    /// The way to the list that a loop goes over. What stands for one that is not there is looked at.
    fn source(&mut self, id: Id) -> Option<Path> {
        match self.programs.exprs[id.0 as usize] {
            Expr::Coalesce(list, instead) => {
                let path = self.source(list)?;
                self.look(instead);
                Some(path)
            }
            Expr::Shared(at) if at >= self.programs.subjects => {
                let id = self.shared(at)?;
                self.source(id)
            }
            _ => self.path(id),
        }
    }

    fn all(&mut self, ids: &[Id]) {
        ids.iter().for_each(|id| self.look(*id));
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::For { iter: id, .. } | Step::If(id) => self.look(*id),
            }
        }
    }

    /// Looks at an expression, the value of which something asks for.
    fn look(&mut self, id: Id) {
        if !self.known.insert(id) {
            return;
        }
        if let Some(path) = self.path(id) {
            self.values.insert(path);
            return;
        }
        let programs = self.programs;
        match &programs.exprs[id.0 as usize] {
            Expr::Const(_) | Expr::Slot(_) | Expr::Reference(_) => {}
            Expr::Shared(at) => self.shared(*at).into_iter().for_each(|id| self.look(id)),
            Expr::EntityField { base: only, .. }
            | Expr::Field { base: only, .. }
            | Expr::Matches { text: only, .. }
            | Expr::Begins { value: only, .. }
            | Expr::Members(only)
            | Expr::Form { value: only, .. } => self.look(*only),
            Expr::Within { inner: a, outer: b }
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Coalesce(a, b)
            | Expr::IsItsText { value: a, of: b }
            | Expr::Let { value: a, body: b, .. } => self.all(&[*a, *b]),
            Expr::If(a, b, c) => self.all(&[*a, *b, *c]),
            Expr::Apply { args, .. } | Expr::List(args) => self.all(args),
            Expr::Call { function, args } => {
                self.all(args);
                self.look(programs.functions[*function as usize].body);
            }
            Expr::Record(members) => members.iter().for_each(|(_, value)| self.look(*value)),
            Expr::Map(entries) => entries.iter().for_each(|(key, value)| self.all(&[*key, *value])),
            Expr::Each { clauses, body } => {
                self.steps(clauses);
                self.look(*body);
            }
            Expr::EachEntry { clauses, key, value } => {
                self.steps(clauses);
                self.all(&[*key, *value]);
            }
            Expr::Match { subject, arms, .. } => {
                self.look(*subject);
                for arm in arms {
                    for test in &arm.tests {
                        match test {
                            MatchTest::Any | MatchTest::Never | MatchTest::Variant(_) => {}
                            MatchTest::Equal(id) => self.look(*id),
                            MatchTest::Range { low, high, .. } => self.all(&[*low, *high]),
                        }
                    }
                    arm.guard.into_iter().for_each(|guard| self.look(guard));
                    self.look(arm.body);
                }
            }
        }
    }

    /// The lists at and below a place that need not be held. What is a value as a whole is held with all that is in it.
    fn loose(&self, shape: u32, path: &mut Path, way: &mut Way, lists: &mut Vec<Path>) -> Option<Ahead> {
        way.left = way.left.checked_sub(1)?;
        if self.values.contains(path) {
            return None;
        }
        match &self.programs.shapes[shape as usize] {
            Shape::Optional(inner) => self.loose(*inner, path, way, lists),
            Shape::List(_) => {
                lists.push(path.clone());
                Some(Ahead::List(lists.len() as u32 - 1))
            }
            Shape::Record(fields) if !way.open.contains(&shape) => {
                way.open.push(shape);
                let mut members = Vec::new();
                for field in fields {
                    path.push(field.name.clone());
                    if let Some(ahead) = self.loose(field.shape, path, way, lists) {
                        members.push((field.name.clone(), ahead));
                    }
                    path.pop();
                }
                way.open.pop();
                (!members.is_empty()).then_some(Ahead::Members(members))
            }
            _ => None,
        }
    }
}
