//! Saying something: from what somebody wants to say to a record in the journal, and what all records come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ordain_graph::{NodeId, PlanGraph, Value};
use serde::Serialize;
use smol_str::SmolStr;
use thiserror::Error;

use super::demand::{Demand, Demands};
use super::record::{Case, Decision, Flaw, Record, Statement};
use super::standing::{Standing, standing};
use crate::journal::{ExecutionRecord, Journal, JournalError, RecordedState, StepEvent};
use crate::keys::{Key, PublicKey};
use crate::report::State;

/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 4_000;

/// Moments beyond this are not exact in JSON (RFC 7493).
const LAST_MOMENT: i64 = (1 << 53) - 1;

/// What somebody wants to say.
#[derive(Clone, Debug)]
pub struct Request {
    /// What.
    pub decision: Decision,
    /// To which policies, by code.
    pub policies: Vec<SmolStr>,
    /// Who, where it is to be made sure that the key is that person's.
    pub identity: Option<SmolStr>,
    /// Why.
    pub reason: Option<SmolStr>,
    /// The moment from which on it no longer counts, in milliseconds since 1970-01-01 UTC.
    pub until: Option<i64>,
}

/// What was said, and what it came to.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Who said it.
    pub identity: SmolStr,
    /// One statement for each policy.
    pub statements: Vec<Statement>,
    /// What became of all that is asked.
    pub standings: Vec<Standing>,
}

/// Why something was not written down.
#[derive(Debug, Error)]
pub enum DecideError {
    /// The journal has no such execution.
    #[error("the journal has no execution `{id}`")]
    UnknownExecution {
        /// The id that was asked for.
        id: SmolStr,
    },
    /// The execution has ended.
    #[error("`{id}` has ended: it {}", .state.name())]
    Ended {
        /// The execution.
        id: SmolStr,
        /// How it ended.
        state: State,
    },
    /// The journal does not hold the execution's plan: one of the first version does not.
    #[error("the journal does not hold the plan of `{id}`: an earlier version of Ordain began it")]
    NoPlan {
        /// The execution.
        id: SmolStr,
    },
    /// There were no approvers when the execution began.
    #[error("`{id}` began without approvers, so that nobody can say anything to it")]
    NoApprovers {
        /// The execution.
        id: SmolStr,
    },
    /// The key is nobody's.
    #[error("the key `{key}` belongs to nobody in the approvers that `{id}` began with")]
    UnknownKey {
        /// The key.
        key: Box<PublicKey>,
        /// The execution.
        id: SmolStr,
    },
    /// The key is no longer in use.
    #[error("the key `{key}` of `{holder}` is retired")]
    Retired {
        /// The key.
        key: Box<PublicKey>,
        /// Whose it was.
        holder: SmolStr,
    },
    /// The key is somebody else's.
    #[error("the key belongs to `{holder}`, not to `{claimed}`")]
    Impostor {
        /// Whose key it is.
        holder: SmolStr,
        /// Who was claimed to sign.
        claimed: SmolStr,
    },
    /// The policy asks nobody in this plan.
    #[error("`{policy}` asks for no approval in this plan{}", others(.asked))]
    NotAsked {
        /// The code.
        policy: SmolStr,
        /// The codes of those that ask.
        asked: BTreeSet<SmolStr>,
    },
    /// The policy asks others.
    #[error("`{identity}` is not among those whom `{policy}` asks: {}", listed(.groups))]
    Outsider {
        /// Who wants to say something.
        identity: SmolStr,
        /// The code.
        policy: SmolStr,
        /// The groups that it asks.
        groups: BTreeSet<SmolStr>,
    },
    /// Somebody agrees to what they have rejected.
    #[error("`{identity}` has rejected `{policy}`, which agreeing does not take back")]
    Rejected {
        /// Who.
        identity: SmolStr,
        /// The code.
        policy: SmolStr,
    },
    /// There is nothing to take back.
    #[error("`{identity}` has said nothing to `{policy}` that could be taken back")]
    Nothing {
        /// Who.
        identity: SmolStr,
        /// The code.
        policy: SmolStr,
    },
    /// It would never count.
    #[error("it would not count: it ends before it begins, or beyond all calendars")]
    Over,
    /// The reason is too long.
    #[error("the reason is longer than {LONGEST_REASON} characters")]
    TooLong,
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn listed(names: &BTreeSet<SmolStr>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn others(asked: &BTreeSet<SmolStr>) -> String {
    if asked.is_empty() { "; nothing does".into() } else { format!("; those that do are {}", listed(asked)) }
}

/// Writes down what the holder of a key says to what policies ask in an execution: all of it, or nothing. `now` is the
/// moment, in milliseconds since 1970-01-01 UTC.
///
/// # Errors
/// It would not count, or the journal cannot be used. Then nothing is written.
pub fn decide(journal: &Path, execution: &str, request: &Request, key: &Key, now: i64) -> Result<Decided, DecideError> {
    let id = SmolStr::from(execution);
    let journal = Journal::open_to_resume(journal)?;
    let found = journal.execution(execution)?.ok_or_else(|| DecideError::UnknownExecution { id: id.clone() })?;
    match found.summary.state {
        RecordedState::Finished(state) if state != State::Cancelled => return Err(DecideError::Ended { id, state }),
        _ => {}
    }
    let hash = &found.summary.plan_hash;
    let plan = journal.plan(hash)?.ok_or_else(|| DecideError::NoPlan { id: id.clone() })?;
    let approvers = found.approvers.clone().ok_or_else(|| DecideError::NoApprovers { id: id.clone() })?;
    let case = Case::new(id.clone(), hash.clone(), approvers);
    let identity = identify(&case, request, key, &id)?;
    if request.until.is_some_and(|until| until <= now || until > LAST_MOMENT) {
        return Err(DecideError::Over);
    }
    if request.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(DecideError::TooLong);
    }
    let asked = Demands::new(&plan).all(&|_| None);
    let said = case.statements(&found.records);
    let policies: BTreeSet<&SmolStr> = request.policies.iter().collect();
    for policy in &policies {
        permitted(&asked, &said, request.decision, (&identity, policy), now)?;
    }
    let statement = |policy: &SmolStr, row: i64| {
        let who = (identity.clone(), policy.clone());
        case.statement(request.decision, who, request.reason.clone(), request.until, (row, now))
    };
    let policies: Vec<&SmolStr> = policies.into_iter().collect();
    let mut statements = Vec::with_capacity(policies.len());
    journal.say(execution, now, policies.len(), |at, row| {
        let statement = statement(policies[at], row);
        let record = Record::sign(&statement, key);
        statements.push(statement);
        record
    })?;
    // As the journal has it now, with what others said meanwhile.
    let found = journal.execution(execution)?.ok_or(DecideError::UnknownExecution { id })?;
    let standings = inquiry(&found, Some(&plan), now).standings;
    Ok(Decided { identity, statements, standings })
}

/// Whose key it is.
fn identify(case: &Case, request: &Request, key: &Key, id: &SmolStr) -> Result<SmolStr, DecideError> {
    let public = Box::new(key.public());
    let (holder, in_use) = case
        .approvers()
        .holder(&public)
        .ok_or_else(|| DecideError::UnknownKey { key: public.clone(), id: id.clone() })?;
    let holder = holder.clone();
    if !in_use {
        return Err(DecideError::Retired { key: public, holder });
    }
    match &request.identity {
        Some(claimed) if *claimed != holder => Err(DecideError::Impostor { holder, claimed: claimed.clone() }),
        _ => Ok(holder),
    }
}

/// Whether it would count.
fn permitted(
    asked: &[Demand],
    said: &[Statement],
    decision: Decision,
    (identity, policy): (&SmolStr, &SmolStr),
    now: i64,
) -> Result<(), DecideError> {
    let demands: Vec<Demand> = asked.iter().filter(|demand| demand.policy == *policy).cloned().collect();
    if demands.is_empty() {
        let asked = asked.iter().map(|demand| demand.policy.clone()).collect();
        return Err(DecideError::NotAsked { policy: policy.clone(), asked });
    }
    let heard = |demand: &Demand| {
        demand.members.contains(identity) || (decision != Decision::Approve && demand.voices.contains(identity))
    };
    if !demands.iter().any(heard) {
        let groups = demands.iter().map(|demand| demand.group.clone()).collect();
        return Err(DecideError::Outsider { identity: identity.clone(), policy: policy.clone(), groups });
    }
    let standings = standing(&demands, said, now);
    let rejected = standings.iter().flat_map(|one| &one.rejected).any(|given| given.identity == *identity);
    let agreed = standings.iter().flat_map(|one| &one.given).any(|given| given.identity == *identity);
    let (identity, policy) = (identity.clone(), policy.clone());
    match decision {
        Decision::Approve if rejected => Err(DecideError::Rejected { identity, policy }),
        Decision::Revoke if !rejected && !agreed => Err(DecideError::Nothing { identity, policy }),
        _ => Ok(()),
    }
}

/// What is asked in an execution, and what was said.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Inquiry {
    /// What became of all that is asked, by policy.
    pub standings: Vec<Standing>,
    /// What was said, in the order in which it was written down.
    pub said: Vec<Word>,
}

/// A record, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Word {
    /// It counts, unless it was taken back or its time is over.
    Counts(Statement),
    /// It does not.
    Not {
        /// Why not.
        #[serde(rename = "not_counted")]
        because: String,
    },
}

impl Word {
    /// What a record says in a case; nothing that counts where there is none.
    pub(crate) fn of(case: Option<&Case>, record: &Record) -> Self {
        match case.map_or(Err(Flaw::Unknown), |case| case.read(record)) {
            Ok(statement) => Self::Counts(statement),
            Err(flaw) => Self::Not { because: flaw.to_string() },
        }
    }
}

/// What is asked in an execution and what was said, as of a moment (milliseconds since 1970-01-01 UTC). `None` where there
/// is no such execution.
///
/// # Errors
/// The journal cannot be read.
pub fn inquire(journal: &Journal, execution: &str, now: i64) -> Result<Option<Inquiry>, JournalError> {
    let Some(found) = journal.execution(execution)? else { return Ok(None) };
    let plan = journal.plan(&found.summary.plan_hash)?;
    Ok(Some(inquiry(&found, plan.as_ref(), now)))
}

fn inquiry(found: &ExecutionRecord, plan: Option<&PlanGraph>, now: i64) -> Inquiry {
    let summary = &found.summary;
    let case =
        found.approvers.clone().map(|approvers| Case::new(summary.id.clone(), summary.plan_hash.clone(), approvers));
    let said: Vec<Word> = found.records.iter().map(|record| Word::of(case.as_ref(), record)).collect();
    let counts = |word: &Word| match word {
        Word::Counts(statement) => Some(statement.clone()),
        Word::Not { .. } => None,
    };
    let statements: Vec<Statement> = said.iter().filter_map(counts).collect();
    let standings = match plan {
        Some(plan) => {
            let demands = Demands::new(plan);
            let outputs = if demands.is_empty() { BTreeMap::new() } else { outputs(found, plan) };
            standing(&demands.all(&|id| outputs.get(id).cloned()), &statements, now)
        }
        None => Vec::new(),
    };
    Inquiry { standings, said }
}

/// What steps gave, as far as it can be read.
fn outputs(found: &ExecutionRecord, plan: &PlanGraph) -> BTreeMap<NodeId, Value> {
    let nodes: BTreeMap<&SmolStr, &ordain_graph::Node> = plan.nodes.iter().map(|node| (&node.id.0, node)).collect();
    let succeeded = found.steps.iter().filter(|step| step.event == StepEvent::Succeeded);
    let given = succeeded.filter_map(|step| {
        let node = nodes.get(&step.node)?;
        let shape = &plan.contracts.get(&node.contract)?.output;
        Some((node.id.clone(), shape.decode(&step.data["outputs"]).ok()?))
    });
    given.collect()
}
