//! Records: what somebody has said, signed, as the journal holds it.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use smol_str::SmolStr;
use thiserror::Error;

use super::approvers::Approvers;
use crate::keys::{Key, PublicKey, Purpose, Signature, canonical};

/// What somebody says to what a policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may be done.
    Approve,
    /// It must not be done.
    Reject,
    /// Whatever the same person said before no longer holds.
    Revoke,
}

impl Decision {
    /// Its name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Revoke => "revoke",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[default]
    #[serde(rename = "ordain.approval/1")]
    First,
}

/// What somebody has said. Its canonical JSON is what is signed.
///
/// A member that is not known makes a statement unreadable, so that a restriction is never overlooked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    format: Format,
    /// The digest of the approvers by which the execution goes.
    pub approvers: SmolStr,
    /// When it was said, by the clock of whoever said it: milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// What was said.
    pub decision: Decision,
    /// The execution's id.
    pub execution: SmolStr,
    /// Who said it.
    pub identity: SmolStr,
    /// The row of the journal's log that it was signed for. Tells before from after without clocks.
    pub row: i64,
    /// The hash of the execution's plan.
    pub plan_hash: SmolStr,
    /// The policy's code.
    pub policy: SmolStr,
    /// Why, in the words of whoever said it.
    pub reason: Option<SmolStr>,
    /// The moment from which on it no longer counts, in milliseconds since 1970-01-01 UTC.
    pub until: Option<i64>,
}

/// A signed statement as it is stored: the very text that was signed, and what verifies it. Anything may stand here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The canonical JSON of a [`Statement`].
    pub body: String,
    /// The public half of the key that signed.
    pub key: String,
    /// The signature.
    pub signature: String,
}

/// Why a record does not count.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// Its key or signature is none, or the signature is not that of this key for these bytes.
    #[error("its signature does not hold")]
    Signature,
    /// It is well signed and not understood.
    #[error("it is not understood: {0}")]
    Unreadable(String),
    /// It is about another execution, or another plan.
    #[error("it is about another {0}")]
    Elsewhere(&'static str),
    /// The key is nobody's.
    #[error("its key belongs to nobody in the execution's approvers")]
    Unknown,
    /// The key is no longer in use.
    #[error("its key is retired")]
    Retired,
    /// The key is somebody else's.
    #[error("it is signed by `{holder}`, not by `{claimed}`")]
    Impostor {
        /// Whose key it is.
        holder: SmolStr,
        /// Who is said to have signed.
        claimed: SmolStr,
    },
}

impl Record {
    /// Signs a statement.
    pub(crate) fn sign(statement: &Statement, key: &Key) -> Self {
        // INVARIANT: a statement has texts and whole numbers, which JSON has. An empty body would not count.
        let body = canonical(statement).ok().and_then(|body| String::from_utf8(body).ok()).unwrap_or_default();
        let signature = key.sign(Purpose::Approval, body.as_bytes()).to_string();
        Self { body, key: key.public().to_string(), signature }
    }

    /// What a row of the log tells; one that does not count where that is something else.
    pub(crate) fn from_json(json: &Json) -> Self {
        Self::deserialize(json).unwrap_or_default()
    }

    /// What a row of the log tells.
    pub(crate) fn to_json(&self) -> Json {
        json!(self)
    }
}

/// What statements are about: an execution, its plan, and the approvers by which it goes.
#[derive(Clone, Debug)]
pub struct Case {
    execution: SmolStr,
    plan_hash: SmolStr,
    approvers: Approvers,
    digest: SmolStr,
}

impl Case {
    /// The case of an execution.
    pub fn new(execution: SmolStr, plan_hash: SmolStr, approvers: Approvers) -> Self {
        let digest = approvers.digest();
        Self { execution, plan_hash, approvers, digest }
    }

    /// The approvers.
    pub fn approvers(&self) -> &Approvers {
        &self.approvers
    }

    /// A statement about it.
    pub(crate) fn statement(
        &self,
        decision: Decision,
        (identity, policy): (SmolStr, SmolStr),
        reason: Option<SmolStr>,
        until: Option<i64>,
        (row, at): (i64, i64),
    ) -> Statement {
        Statement {
            format: Format::First,
            approvers: self.digest.clone(),
            at,
            decision,
            execution: self.execution.clone(),
            identity,
            plan_hash: self.plan_hash.clone(),
            policy,
            reason,
            row,
            until,
        }
    }

    /// What a record says, where it counts in this case.
    ///
    /// # Errors
    /// It does not count.
    pub fn read(&self, record: &Record) -> Result<Statement, Flaw> {
        let key: PublicKey = record.key.parse().map_err(|_| Flaw::Signature)?;
        let signature: Signature = record.signature.parse().map_err(|_| Flaw::Signature)?;
        // Nothing is read from it before that.
        if !key.verifies(Purpose::Approval, record.body.as_bytes(), &signature) {
            return Err(Flaw::Signature);
        }
        let statement: Statement =
            serde_json::from_str(&record.body).map_err(|error| Flaw::Unreadable(error.to_string()))?;
        let about = [
            (&statement.execution, &self.execution, "execution"),
            (&statement.plan_hash, &self.plan_hash, "plan"),
            (&statement.approvers, &self.digest, "list of approvers"),
        ];
        if let Some((_, _, what)) = about.into_iter().find(|(said, own, _)| said != own) {
            return Err(Flaw::Elsewhere(what));
        }
        match self.approvers.holder(&key) {
            None => Err(Flaw::Unknown),
            Some((_, false)) => Err(Flaw::Retired),
            Some((holder, true)) if *holder != statement.identity => {
                Err(Flaw::Impostor { holder: holder.clone(), claimed: statement.identity })
            }
            Some(_) => Ok(statement),
        }
    }

    /// The statements of the records that count.
    pub fn statements(&self, records: &[Record]) -> Vec<Statement> {
        records.iter().filter_map(|record| self.read(record).ok()).collect()
    }
}
