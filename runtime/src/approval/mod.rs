//! Approvals: who is asked, who has said what, and what is still missing.
//!
//! Policies ask for the word of people ([`Demand`]). People give it as statements, each signed with a key of theirs
//! ([`Record`]). Which key is whose is said by a file of the package ([`Approvers`]), as it was when the execution began.
//! [`Case::statements`] tells the records that count from those that do not, and [`standing`] what they come to. Both are
//! pure: records and the time come in as arguments.

mod approvers;
mod decide;
mod demand;
mod docket;
mod record;
mod standing;

#[cfg(test)]
mod tests;

pub use approvers::{APPROVERS, Approvers, ApproversError};
pub use decide::{DecideError, Decided, Inquiry, Request, Word, decide, inquire};
pub use demand::Demand;
pub(crate) use docket::Docket;
pub use record::{Case, Decision, Flaw, Record, Statement};
pub use standing::{Given, Standing, standing};
