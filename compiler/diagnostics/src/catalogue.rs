//! The catalogue: every code the compiler can report, with its title and default severity.
//!
//! A code's number is stable for ever: it is never given to another finding. The hundreds digit names the phase.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Severity;

/// A stable diagnostic code, shown as `ORD0101`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u16);

/// The part of the compiler a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Text to tree.
    Syntax,
    /// Names to definitions.
    Names,
    /// Expressions to types.
    Types,
    /// Where secrets may flow.
    Secrets,
    /// Values and data from outside.
    Evaluation,
    /// Plans to graphs.
    Plans,
    /// Manifests, files, dependencies.
    Packages,
    /// What must hold.
    Policies,
}

/// What the catalogue knows of a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code itself.
    pub code: Code,
    /// Its symbolic name, as in [`codes`].
    pub name: &'static str,
    /// One line that says what kind of mistake it is.
    pub title: &'static str,
    /// The severity it has unless a source allows it.
    pub severity: Severity,
    /// The part of the compiler that reports it.
    pub phase: Phase,
    /// The page `ordain explain` shows: Markdown with a wrong and a right example.
    pub page: &'static str,
}

macro_rules! catalogue {
    ($($name:ident = $number:literal, $severity:ident, $phase:ident, $title:literal;)*) => {
        /// Every code by its symbolic name.
        pub mod codes {
            use super::Code;
            $(#[doc = $title] pub const $name: Code = Code($number);)*
        }

        const CATALOGUE: &[Entry] = &[$(Entry {
            code: codes::$name,
            name: stringify!($name),
            title: $title,
            severity: Severity::$severity,
            phase: Phase::$phase,
            page: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnostics/ORD", pad!($number), ".md"
            )),
        },)*];
    };
}

/// Page files carry the code with its four digits; every number here has three.
macro_rules! pad {
    ($number:literal) => {
        concat!("0", $number)
    };
}

catalogue! {
    UNEXPECTED_TOKEN = 101, Error, Syntax, "unexpected token";
    UNCLOSED_DELIMITER = 102, Error, Syntax, "delimiter never closed";
    UNTERMINATED_STRING = 103, Error, Syntax, "string never closed";
    INVALID_ESCAPE = 104, Error, Syntax, "unknown escape in a string";
    INVALID_CHARACTER = 105, Error, Syntax, "character that cannot stand in a source";
    INVALID_LITERAL = 106, Error, Syntax, "literal out of range or malformed";
    NESTING_TOO_DEEP = 107, Error, Syntax, "nesting deeper than the limit";
    BIDIRECTIONAL_TEXT = 108, Warning, Syntax, "text whose display order is not its reading order";
    NOT_UTF8 = 109, Error, Syntax, "source is not UTF-8";
    SOURCE_TOO_LARGE = 110, Error, Syntax, "source larger than the limit";
    UNKNOWN_DECLARATION = 111, Error, Syntax, "unknown kind of declaration";
    DANGLING_DOC_COMMENT = 112, Warning, Syntax, "doc comment that documents nothing";
    REPEATED_CLAUSE = 113, Error, Syntax, "clause given twice";
    MISSING_CLAUSE = 114, Error, Syntax, "clause missing from a declaration";
    MISPLACED_CLAUSE = 115, Error, Syntax, "clause that does not belong here";
    UNKNOWN_NAME = 201, Error, Names, "name not found";
    DUPLICATE_DECLARATION = 202, Error, Names, "name declared twice";
    IMPORT_CYCLE = 203, Error, Names, "modules import each other";
    UNKNOWN_MODULE = 204, Error, Names, "module not found";
    UNKNOWN_IMPORT = 205, Error, Names, "module has no such declaration";
    CASE_CLASH = 206, Warning, Names, "names that differ only in case";
    UNUSED_IMPORT = 207, Warning, Names, "import never used";
    UNUSED_BINDING = 208, Warning, Names, "binding never used";
    WRONG_KIND = 209, Error, Names, "name of the wrong kind";
    RECURSION = 210, Error, Names, "declarations that need themselves";
    ENDLESS_TYPE = 211, Error, Names, "type that contains itself";
    TYPE_MISMATCH = 301, Error, Types, "type differs from the expected one";
    MISSING_FIELD = 302, Error, Types, "field missing";
    UNKNOWN_FIELD = 303, Error, Types, "no such field";
    NOT_CALLABLE = 304, Error, Types, "cannot be called";
    WRONG_ARGUMENTS = 305, Error, Types, "arguments do not fit the parameters";
    BAD_OPERANDS = 306, Error, Types, "operator not defined for these types";
    MATCH_NOT_EXHAUSTIVE = 307, Error, Types, "match leaves values uncovered";
    UNREACHABLE_ARM = 308, Warning, Types, "match arm never reached";
    REFINEMENT_VIOLATED = 309, Error, Types, "value outside its declared refinement";
    OPTIONAL_NOT_UNWRAPPED = 310, Error, Types, "optional value used as if it were present";
    TYPE_NOT_KNOWN = 311, Error, Types, "type cannot be inferred";
    UNKNOWN_VARIANT = 312, Error, Types, "enum has no such variant";
    DUPLICATE_FIELD = 313, Error, Types, "field given twice";
    INVALID_PATTERN = 314, Error, Types, "invalid regular expression";
    INVALID_REFINEMENT = 315, Error, Types, "refinement does not fit its type";
    SECRET_LEAK = 401, Error, Secrets, "secret reaches a place that is not secret";
    SECRET_OPERATION = 402, Error, Secrets, "operation on a secret";
    ARITHMETIC = 501, Error, Evaluation, "arithmetic without a result";
    NO_SUCH_ELEMENT = 502, Error, Evaluation, "no such element";
    DATA_MISMATCH = 503, Error, Evaluation, "data does not have the declared type";
    DATA_MALFORMED = 504, Error, Evaluation, "data cannot be parsed";
    PATH_LEAVES_PACKAGE = 505, Error, Evaluation, "path leaves the package";
    DATA_WITHOUT_TYPE = 506, Error, Evaluation, "data read without a declared type";
    DATA_NOT_FOUND = 507, Error, Evaluation, "data file not found";
    EVALUATION_TOO_LARGE = 508, Error, Evaluation, "evaluation exceeds its budget";
    STEP_CYCLE = 601, Error, Plans, "steps depend on each other";
    UNKNOWN_STEP = 602, Error, Plans, "no such step";
    DUPLICATE_STEP = 603, Error, Plans, "step name given twice";
    NOT_KNOWN_YET = 604, Error, Plans, "value not known before execution";
    EFFECT_ABOVE_LIMIT = 605, Error, Plans, "effect above the plan's limit";
    RISK_ABOVE_LIMIT = 606, Error, Plans, "risk above the plan's limit";
    CAPABILITY_NOT_BOUND = 607, Error, Plans, "capability not bound in the environment";
    IDENTICAL_STEP = 608, Warning, Plans, "step identical to another";
    MISSING_ARGUMENT = 609, Error, Plans, "plan argument missing";
    INVALID_ARGUMENT = 610, Error, Plans, "plan argument does not fit its type";
    ADAPTER_MISMATCH = 611, Error, Plans, "adapter does not provide the capability";
    CONFLICTING_STEPS = 612, Error, Plans, "two steps claim the same resource";
    INVALID_MANIFEST = 701, Error, Packages, "manifest cannot be read";
    UNKNOWN_MANIFEST_KEY = 702, Warning, Packages, "manifest key not known";
    UNKNOWN_DEPENDENCY = 703, Error, Packages, "dependency not found";
    DEPENDENCY_CYCLE = 704, Error, Packages, "packages depend on each other";
    UNREADABLE_FILE = 705, Error, Packages, "file cannot be read";
    CLASHING_PATHS = 706, Error, Packages, "two files are one module";
    UNUSED_ALLOW = 707, Warning, Packages, "allowance that allows nothing";
    DUPLICATE_PACKAGE_NAME = 708, Error, Packages, "two packages with one name";
    UNNAMEABLE_MODULE = 709, Warning, Packages, "module that no import can name";
    INVALID_LOCK = 710, Error, Packages, "lock file cannot be read";
    LOCK_DIFFERS = 711, Error, Packages, "package differs from its lock";
    DUPLICATE_POLICY_CODE = 801, Error, Policies, "policy code used twice";
    INCOMPLETE_POLICY = 802, Error, Policies, "policy that can decide nothing";
    DENIED_BY_POLICY = 803, Error, Policies, "denied by a policy";
    POLICY_WARNING = 804, Warning, Policies, "warned of by a policy";
    UNKNOWN_GROUP = 805, Error, Policies, "approval by a group that is not there";
    EXEMPTION_OVER = 806, Warning, Policies, "exemption that has run out";
    EXPECTATION_FAILED = 807, Error, Policies, "expectation of a test not met";
    EXEMPTION_UNUSED = 808, Warning, Policies, "exemption that lifts nothing";
    GATE_WITHOUT_INPUT = 809, Error, Policies, "gate without a document for its policy";
    FOREIGN_RULES = 810, Error, Policies, "rules that cannot be run here";
    RULES_FAILED = 811, Error, Policies, "rules of another language give no answer";
    NOT_A_DECISION = 812, Error, Policies, "exemption by what is no decision";
    DECISION_FALLEN = 813, Warning, Policies, "exemption by a decision that does not stand";
    NOT_A_REQUEST = 821, Error, Policies, "type that is none of a request";
    NO_SUCH_ENTITY = 822, Error, Policies, "entity that is not there";
    MISPLACED_OUTCOME = 823, Error, Policies, "outcome that its subject cannot have";
}

/// Every entry, by ascending code.
pub fn catalogue() -> &'static [Entry] {
    CATALOGUE
}

impl Code {
    /// The catalogue's entry for this code.
    pub fn entry(self) -> &'static Entry {
        // INVARIANT: a `Code` is only made from the catalogue, which is sorted by number.
        match CATALOGUE.binary_search_by_key(&self, |entry| entry.code) {
            Ok(index) => &CATALOGUE[index],
            Err(_) => unreachable!("every code is in the catalogue"),
        }
    }

    /// The code written `ORD0101`, in any case, or `None` if the catalogue has no such code.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.get(..3).filter(|prefix| prefix.eq_ignore_ascii_case("ORD")).and_then(|_| text.get(3..))?;
        let code = Self(if digits.len() == 4 { digits.parse().ok()? } else { return None });
        CATALOGUE.binary_search_by_key(&code, |entry| entry.code).is_ok().then_some(code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ORD{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("unknown diagnostic code `{text}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sorted_and_round_trips() {
        assert!(CATALOGUE.is_sorted_by(|a, b| a.code < b.code));
        for entry in catalogue() {
            assert_eq!(Code::parse(&entry.code.to_string()), Some(entry.code));
        }
        assert_eq!(Code::parse("ORD9999"), None);
        assert_eq!(Code::parse("ORD101"), None);
        assert_eq!(Code::parse("ÖRD0101"), None);
    }
}
