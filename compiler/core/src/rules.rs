//! Rules in other languages: what the compiler asks of whoever runs them.
//!
//! The compiler knows that a policy can take its rules from elsewhere, and nothing of how such rules are run. Whoever
//! uses it may give its [database](crate::Database) something that runs them.

use std::sync::Arc;

use ordain_data::Pointer;
use ordain_diagnostics::TextRange;
use serde_json::Value as Json;
use smol_str::SmolStr;

/// A language that policies can take their rules from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleLanguage {
    /// Rego as conftest runs it: rules `deny`, `violation` and `warn`.
    Rego,
    /// A `ConstraintTemplate` of Gatekeeper, in YAML.
    Gatekeeper,
}

/// Runs rules of other languages.
///
/// INVARIANT: the answer depends on the request alone, and comes in bounded time. Queries keep it, and ask again only
/// where a part of the request has changed.
pub trait ForeignRules: Send + Sync {
    /// What rules say about each part of a document, in the order of the parts.
    ///
    /// # Errors
    /// The first thing that keeps the rules from an answer: nothing is known about any part then. Rules that are broken
    /// are an error even if there is no part to judge.
    fn judge(&self, request: &RuleRequest<'_>) -> Result<Vec<Vec<RuleFinding>>, RuleError>;
}

/// Rules, and what they are to judge.
#[derive(Clone, Copy, Debug)]
pub struct RuleRequest<'a> {
    /// The language of the rules.
    pub language: RuleLanguage,
    /// Their files.
    pub sources: &'a [RuleText],
    /// What the policy gives them besides the document; nothing where it gives nothing.
    pub data: Option<&'a Json>,
    /// The whole of what the policy is about.
    pub document: &'a Json,
    /// What they are to judge, each part for itself.
    pub parts: &'a [RulePart],
}

/// What rules are to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulePart {
    /// A part of the document, which is there.
    Place(Pointer),
    /// A value that was made of the document, or of something else.
    Made {
        /// The value.
        value: Json,
        /// The part of the document that findings about it point to.
        within: Pointer,
    },
}

impl RulePart {
    /// Where in the document findings about it point to, unless they know better.
    pub const fn place(&self) -> &Pointer {
        match self {
            Self::Place(place) | Self::Made { within: place, .. } => place,
        }
    }
}

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Its path for people.
    pub path: SmolStr,
    /// What it holds.
    pub text: Arc<str>,
}

/// One thing that rules say about a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFinding {
    /// Whether it denies; otherwise it warns.
    pub denies: bool,
    /// Whether the rules lift it themselves.
    pub lifted: bool,
    /// What they say.
    pub message: String,
    /// Which place in the part they name.
    pub place: RulePlace,
    /// The rule: which of the sources it is in, and where there.
    pub rule: Option<(usize, TextRange)>,
}

/// A place that a rule names in what it judges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RulePlace {
    /// None.
    #[default]
    Whole,
    /// A value below the part, whether it is there or not.
    Below(Pointer),
    /// A line of the document's text, counted from one.
    Line(u32),
}

/// Rules that give no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// What is wrong: one sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: RuleErrorPlace,
}

/// What is wrong with rules that give no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RuleErrorPlace {
    /// Nobody can tell.
    #[default]
    Unknown,
    /// A place in one of the sources.
    Source(usize, TextRange),
    /// What the policy gives them.
    Data(Pointer),
    /// One of the parts, which they cannot judge.
    Part(usize),
}

impl RuleLanguage {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Rego, Self::Gatekeeper];

    /// The name that policies have for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rego => "rego",
            Self::Gatekeeper => "gatekeeper",
        }
    }

    /// The language of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }
}
