//! The docket: what an execution under way asks of it.

use ordain_graph::{Node, NodeId, PlanGraph, Value, Verdict};
use smol_str::SmolStr;

use super::approvers::Approvers;
use super::demand::{Demand, Demands};
use super::record::{Case, Record, Statement};
use super::standing::{Standing, standing};

/// What people have to agree to in an execution, and what they have said so far.
pub(crate) struct Docket<'p> {
    demands: Demands<'p>,
    /// None where the execution began without approvers, so that nobody can agree.
    case: Option<Case>,
    records: Vec<Record>,
    /// What each of them says, where it counts.
    read: Vec<Option<Statement>>,
    statements: Vec<Statement>,
}

impl<'p> Docket<'p> {
    /// That of an execution, of which nothing is heard yet.
    pub(crate) fn new(
        plan: &'p PlanGraph,
        execution: SmolStr,
        plan_hash: SmolStr,
        approvers: Option<&Approvers>,
    ) -> Self {
        let case = approvers.map(|approvers| Case::new(execution, plan_hash, approvers.clone()));
        Self { demands: Demands::new(plan), case, records: Vec::new(), read: Vec::new(), statements: Vec::new() }
    }

    /// Whether policies may ask people something in a plan.
    pub(crate) fn is_needed(plan: &PlanGraph) -> bool {
        !Demands::new(plan).is_empty()
    }

    /// Whether the plan asks anybody at all. Where it does not, nothing needs to be heard.
    pub(crate) fn asks(&self) -> bool {
        !self.demands.is_empty()
    }

    /// Takes note of all records there are; tells whether they are others than before.
    pub(crate) fn hear(&mut self, records: &[Record]) -> bool {
        if records == self.records.as_slice() {
            return false;
        }
        // Verifying takes longest, and what was there before mostly still is.
        let known = records.iter().zip(&self.records).take_while(|(new, old)| new == old).count();
        self.read.truncate(known);
        let more = records[known..].iter().map(|record| self.case.as_ref()?.read(record).ok());
        self.read.extend(more.collect::<Vec<_>>());
        self.statements = self.read.iter().flatten().cloned().collect();
        self.records = records.to_vec();
        true
    }

    /// The row that a record was signed for, if it counts.
    pub(crate) fn signed_for(&self, record: &Record) -> Option<i64> {
        Some(self.case.as_ref()?.read(record).ok()?.row)
    }

    /// Whether a step must not begin at that moment. `asking` are the verdicts about it that had waited for outputs and ask.
    pub(crate) fn holds(&self, node: &Node, asking: &[&Verdict], now: i64) -> bool {
        self.asks()
            && !standing(&self.demands.before(node, asking), &self.statements, now).iter().all(|one| one.satisfied)
    }

    /// What is asked before a step that can never be given: too few of those who are asked have a key.
    pub(crate) fn hopeless(&self, node: &Node, asking: &[&Verdict]) -> Option<Demand> {
        if !self.asks() {
            return None;
        }
        let demands = self.demands.before(node, asking);
        demands.into_iter().find(|demand| able(demand, self.case.as_ref().map(Case::approvers)) < demand.count)
    }

    /// All that is asked, as far as outputs tell, and what became of it.
    pub(crate) fn standings(&self, outputs: &dyn Fn(&NodeId) -> Option<Value>, now: i64) -> Vec<Standing> {
        standing(&self.demands.all(outputs), &self.statements, now)
    }

    /// All that may be asked, with what is certain and can never be given.
    pub(crate) fn impossible(plan: &'p PlanGraph, approvers: Option<&Approvers>) -> Vec<(Demand, u32)> {
        let certain = Demands::new(plan).all(&|_| None).into_iter().filter(|demand| !demand.pending);
        let counted = certain.map(|demand| {
            let able = able(&demand, approvers);
            (demand, able)
        });
        counted.filter(|(demand, able)| *able < demand.count).collect()
    }
}

/// How many of those who are asked have a key.
fn able(demand: &Demand, approvers: Option<&Approvers>) -> u32 {
    let able = demand.members.iter().filter(|member| approvers.is_some_and(|people| people.can_sign(member)));
    u32::try_from(able.count()).unwrap_or(u32::MAX)
}
