//! The people of a simulation: what they are asked, what they say, and what that comes to, told otherwise than the
//! interpreter does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ordain_graph::{Node, NodeId, Outcome, PlanGraph, Value, evaluate};
use smol_str::SmolStr;

use super::told::Told;
use crate::approval::{Approvers, Case, Decision, Record};
use crate::keys::Key;

/// The first three are asked; the fourth has a key, too.
pub(super) const ASKED: [&str; 3] = ["p0", "p1", "p2"];

static KEYS: LazyLock<[Key; 4]> = LazyLock::new(|| [0, 1, 2, 3].map(Key::of_seed));

/// Who holds which of them.
pub(super) static APPROVERS: LazyLock<Approvers> = LazyLock::new(|| {
    let person = |(at, key): (usize, &Key)| format!("[people.p{at}]\nkeys = [\"{}\"]\n", key.public());
    Approvers::parse(&KEYS.iter().enumerate().map(person).collect::<String>()).expect("it is sound")
});

/// How long words count.
type Untils = Vec<Option<i64>>;

/// What somebody said.
struct Word {
    person: usize,
    decision: Decision,
    until: Option<i64>,
}

/// What was said in an execution.
pub(super) struct People {
    case: Case,
    elsewhere: Case,
    pub(super) records: Vec<Record>,
    /// In the order in which it was said.
    words: Vec<Word>,
    /// Whether anybody is asked.
    pub(super) asked: bool,
}

impl People {
    pub(super) fn new(plan: &PlanGraph, execution: &str) -> Self {
        let case = |hash: SmolStr| Case::new(execution.into(), hash, APPROVERS.clone());
        let asked = plan.verdicts.iter().any(|verdict| matches!(verdict.outcome, Outcome::Approval { .. }));
        let (case, elsewhere) = (case(plan.hash()), case("sha256:another".into()));
        Self { case, elsewhere, records: Vec::new(), words: Vec::new(), asked }
    }

    /// Somebody says something.
    pub(super) fn say(&mut self, rng: &mut fastrand::Rng, now: i64, told: &mut Told) {
        let (person, decision) = (rng.usize(0..4), rng.u32(0..8));
        let decision = match decision {
            0 => Decision::Reject,
            1 => Decision::Revoke,
            _ => Decision::Approve,
        };
        let until = (rng.u32(0..4) == 0).then(|| now + rng.i64(1..300));
        match rng.u32(0..8) {
            // Somebody else's key, or another plan.
            0 => self.write(false, (person, (person + 1) % 4), decision, until, told),
            1 => self.write(true, (person, person), decision, until, told),
            _ => {
                self.words.push(Word { person, decision, until });
                self.write(false, (person, person), decision, until, told);
            }
        }
    }

    /// Everybody agrees.
    pub(super) fn agree(&mut self, told: &mut Told) {
        for person in 0..3 {
            for decision in [Decision::Revoke, Decision::Approve] {
                self.words.push(Word { person, decision, until: None });
                self.write(false, (person, person), decision, None, told);
            }
        }
    }

    fn write(
        &mut self,
        elsewhere: bool,
        (person, signer): (usize, usize),
        decision: Decision,
        until: Option<i64>,
        told: &mut Told,
    ) {
        let case = if elsewhere { &self.elsewhere } else { &self.case };
        let who = (format!("p{person}").into(), "SIM-002".into());
        let statement = case.statement(decision, who, None, until, (told.next(), 0));
        let record = Record::sign(&statement, &KEYS[signer]);
        told.said(&record);
        self.records.push(record);
    }

    /// Whether a node may begin: word by word, as it was said.
    pub(super) fn allow(
        &self,
        plan: &PlanGraph,
        node: &Node,
        known: &dyn Fn(&NodeId) -> Option<Value>,
        now: i64,
    ) -> bool {
        let mut stand: BTreeMap<usize, (Untils, Untils)> = BTreeMap::new();
        for word in self.words.iter().filter(|word| word.person < 3) {
            let (agreed, rejected) = stand.entry(word.person).or_default();
            match word.decision {
                Decision::Approve => agreed.push(word.until),
                Decision::Reject => rejected.push(word.until),
                Decision::Revoke => (*agreed, *rejected) = (Vec::new(), Vec::new()),
            }
        }
        let holds = |until: &Option<i64>| until.is_none_or(|until| now < until);
        let agree = stand.values().filter(|(agreed, _)| agreed.iter().any(holds)).count();
        let rejected = stand.values().any(|(_, rejected)| rejected.iter().any(holds));
        plan.verdicts.iter().all(|verdict| {
            let Outcome::Approval { count, .. } = &verdict.outcome else { return true };
            let about = verdict.node.as_ref().is_none_or(|id| *id == node.id);
            let asks = match verdict.when.as_ref().map(|when| evaluate(when, known)) {
                None => true,
                Some(Ok(Value::Bool(asks))) => asks,
                Some(_) => false,
            };
            !about || !asks || (agree >= *count as usize && !rejected)
        })
    }
}
