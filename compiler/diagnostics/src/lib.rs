//! Diagnostics as plain data: what is wrong, where, and how to mend it.
//!
//! This crate owns the vocabulary ([`Diagnostic`], [`Label`], [`Fix`]) and the catalogue of stable codes
//! ([`Code`]). It renders nothing: terminals, SARIF and editors are the business of its users.

mod catalogue;
mod diagnostic;

pub use catalogue::{Code, Entry, Phase, catalogue, codes};
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Severity, TextRange};
