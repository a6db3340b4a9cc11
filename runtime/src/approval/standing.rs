//! Standing: what statements come to.

use serde::Serialize;
use smol_str::SmolStr;

use super::demand::Demand;
use super::record::{Decision, Statement};

/// What became of a demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// What is asked.
    #[serde(flatten)]
    pub demand: Demand,
    /// Who has agreed, each person once, by name.
    pub given: Vec<Given>,
    /// Who has rejected it, each person once, by name.
    pub rejected: Vec<Given>,
    /// How many more have to agree.
    pub missing: u32,
    /// Whether nothing stands in the way any more.
    pub satisfied: bool,
}

/// The word of somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Given {
    /// Who.
    pub identity: SmolStr,
    /// When, by the clock of whoever said it: milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// Why.
    pub reason: Option<SmolStr>,
    /// The moment from which on it no longer counts.
    pub until: Option<i64>,
}

/// What statements come to at a moment (milliseconds since 1970-01-01 UTC), for each demand.
///
/// It does not depend on their order, nor on how often one is there. People are counted, not statements. Of what somebody
/// said to a policy, that counts which they have not taken back since, and whose time is not over. One rejection by
/// anybody whom the policy asks stops it, whoever agrees; it has to be taken back, agreeing does not do that.
pub fn standing(demands: &[Demand], statements: &[Statement], now: i64) -> Vec<Standing> {
    demands.iter().map(|demand| one(demand, statements, now)).collect()
}

fn one(demand: &Demand, statements: &[Statement], now: i64) -> Standing {
    let of_policy: Vec<&Statement> = statements.iter().filter(|statement| statement.policy == demand.policy).collect();
    let taken_back = |identity: &str| {
        let own = of_policy.iter().filter(|other| other.decision == Decision::Revoke && other.identity == identity);
        own.map(|revoke| revoke.row).max()
    };
    let words = |decision: Decision, counts: &dyn Fn(&Statement) -> bool| {
        let said = of_policy.iter().filter(|statement| statement.decision == decision && counts(statement));
        let in_time = said.filter(|statement| statement.until.is_none_or(|until| now < until));
        let mut words: Vec<Given> = in_time
            .map(|Statement { identity, at, reason, until, .. }| Given {
                identity: identity.clone(),
                at: *at,
                reason: reason.clone(),
                until: *until,
            })
            .collect();
        // Of several, the latest is shown.
        words.sort_by(|a, b| (&a.identity, b.at, b).cmp(&(&b.identity, a.at, a)));
        words.dedup_by(|later, kept| later.identity == kept.identity);
        words
    };
    // Where two statements do not know of each other, the one that keeps things from being done counts.
    let given = words(Decision::Approve, &|statement| {
        demand.members.contains(&statement.identity)
            && taken_back(&statement.identity).is_none_or(|revoked| statement.row > revoked)
    });
    let rejected = words(Decision::Reject, &|statement| {
        (demand.voices.contains(&statement.identity) || demand.members.contains(&statement.identity))
            && taken_back(&statement.identity).is_none_or(|revoked| statement.row >= revoked)
    });
    let missing = demand.count.saturating_sub(u32::try_from(given.len()).unwrap_or(u32::MAX));
    let satisfied = missing == 0 && rejected.is_empty();
    Standing { demand: demand.clone(), given, rejected, missing, satisfied }
}
