//! What can go wrong in an evaluation.

use ordain_diagnostics::{Code, Diagnostic, codes};

use crate::db::Db;
use crate::types::{Anchor, Finding};

/// Why an evaluation has no value.
#[derive(Clone, Debug, PartialEq, Eq, salsa::SalsaValue)]
pub enum Fault<'db> {
    /// A mistake in a source.
    Source(Finding<'db>),
    /// A mistake in a data file, with its place there.
    Data(Box<Diagnostic>),
    /// It follows from a mistake that is reported elsewhere.
    Silent,
}

impl<'db> Fault<'db> {
    pub(crate) fn new(code: Code, at: Anchor<'db>, message: impl Into<String>) -> Box<Self> {
        Box::new(Self::Source(Finding::new(code, at, message)))
    }

    pub(crate) fn helped(code: Code, at: Anchor<'db>, message: impl Into<String>, help: &str) -> Box<Self> {
        Box::new(Self::Source(Finding::new(code, at, message).help(help)))
    }

    pub(crate) fn too_large(at: Anchor<'db>) -> Box<Self> {
        Self::helped(
            codes::EVALUATION_TOO_LARGE,
            at,
            "the evaluation takes more steps than one may",
            "make the lists or ranges that are gone over smaller",
        )
    }

    /// As a diagnostic; nothing where it is reported elsewhere.
    pub fn locate(&self, db: &'db dyn Db) -> Option<Diagnostic> {
        match self {
            Self::Source(finding) => Some(finding.locate(db)),
            Self::Data(diagnostic) => Some((**diagnostic).clone()),
            Self::Silent => None,
        }
    }
}
