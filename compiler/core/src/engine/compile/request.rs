//! Policies about requests: what they ask first of who asks and of what it is about.

use ordain_graph::{Op, Value};
use smol_str::SmolStr;

use super::Compiler;
use crate::engine::expr::{Before, Expr, Id, PolicyCode};
use crate::items::Item;

/// The names that a request binds to values of its own, in order; the action is known when a policy is compiled.
const SUBJECTS: [&str; 3] = ["principal", "resource", "context"];

/// An entity that a policy asks for before anything that could go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lead {
    /// Whether it asks this of the principal; of the resource otherwise.
    pub(crate) principal: bool,
    /// The entity: its place among the references that are written.
    pub(crate) reference: u32,
    /// Whether what belongs to the entity will do, too.
    pub(crate) within: bool,
}

impl<'db> Compiler<'db> {
    /// For policies about requests.
    pub(crate) fn of_requests(db: &'db dyn crate::db::Db) -> Self {
        Self::new(db, SUBJECTS.len() as u32)
    }

    /// A policy about requests for one action; `whole` is its name for the request.
    pub(crate) fn request_policy(&mut self, item: Item<'db>, whole: &SmolStr, action: &Value) -> Option<PolicyCode> {
        let names = SUBJECTS.map(SmolStr::new_static);
        self.policy_with(item, &names, |compiler| {
            let action = compiler.constant(action.clone())?;
            let parts: Vec<(SmolStr, Id)> = (0..SUBJECTS.len())
                .map(|at| (SmolStr::new_static(SUBJECTS[at]), compiler.put(Expr::Shared(at as u32))))
                .collect();
            let mut members = parts;
            members.push((SmolStr::new_static("action"), action));
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            let request = compiler.put(Expr::Record(members.into()));
            Some(vec![(SmolStr::new_static("action"), action), (whole.clone(), request)])
        })
    }

    /// Whether a policy never gets beyond its conditions.
    pub(crate) fn never_applies(&self, code: &PolicyCode) -> bool {
        let fails = |before: &Before| match before {
            Before::Let(_) => false,
            Before::Test(test, negated) => self.value(*test) == Some(&Value::Bool(*negated)),
        };
        // What comes before might go wrong, which would have to be told.
        let sound = |before: &Before| matches!(before, Before::Test(test, _) if self.surely_decides(*test));
        let first = code.before.iter().position(fails);
        first.is_some_and(|first| code.before[..first].iter().all(sound))
    }

    /// What a policy asks first of who asks or of what it is about.
    pub(crate) fn lead(&self, code: &PolicyCode) -> Option<Lead> {
        for before in &code.before {
            let Before::Test(test, negated) = before else { return None };
            if *negated {
                if self.surely_decides(*test) {
                    continue;
                }
                return None;
            }
            let mut parts = Vec::new();
            self.conjuncts(*test, &mut parts);
            for part in parts {
                if let Some(lead) = self.leads(part) {
                    return Some(lead);
                }
                if !self.surely_decides(part) {
                    return None;
                }
            }
        }
        None
    }

    fn leads(&self, id: Id) -> Option<Lead> {
        let (subject, entity, within) = match self.get(id) {
            Expr::Apply { op: Op::Eq, args } => match (self.get(args[0]), self.get(args[1])) {
                (Expr::Shared(subject), Expr::Reference(entity)) | (Expr::Reference(entity), Expr::Shared(subject)) => {
                    (*subject, *entity, false)
                }
                _ => return None,
            },
            Expr::Within { inner, outer } => match (self.get(*inner), self.get(*outer)) {
                (Expr::Shared(subject), Expr::Reference(entity)) => (*subject, *entity, true),
                _ => return None,
            },
            _ => return None,
        };
        (subject < 2).then_some(Lead { principal: subject == 0, reference: entity, within })
    }

    fn surely_decides(&self, id: Id) -> bool {
        self.always_decides(id) || self.leads(id).is_some()
    }
}
