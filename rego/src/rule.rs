//! The rules of a bundle that give findings, known by their names.

use crate::error::Place;

/// What a rule's results mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// `deny` and `deny_x`.
    Deny,
    /// `violation` and `violation_x`: as `deny`, with objects for results.
    Violation,
    /// `warn` and `warn_x`.
    Warn,
}

/// A rule that gives findings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegoRule {
    /// The package it stands in, without `data`: `main`, or `kubernetes.admission`.
    pub package: String,
    /// Its name.
    pub name: String,
    /// What its results mean.
    pub kind: RuleKind,
    /// Where it is written first.
    pub place: Place,
}

impl RuleKind {
    /// The kind of a rule, by its name: the word alone, or followed by parts of letters and digits, each after `_`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let (word, rest) = match name.split_once('_') {
            Some((word, rest)) => (word, Some(rest)),
            None => (name, None),
        };
        let sound = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
        if rest.is_some_and(|rest| !rest.split('_').all(sound)) {
            return None;
        }
        match word {
            "deny" => Some(Self::Deny),
            "violation" => Some(Self::Violation),
            "warn" => Some(Self::Warn),
            _ => None,
        }
    }
}

impl RegoRule {
    /// What an `exception` names to lift this rule: what follows `deny_` or `violation_`, or nothing. A warning has no
    /// such name but its own.
    pub(crate) fn suffix(&self) -> &str {
        match self.kind {
            RuleKind::Warn => &self.name,
            RuleKind::Deny | RuleKind::Violation => self.name.split_once('_').map_or("", |(_, suffix)| suffix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RuleKind;

    #[test]
    fn names_tell_the_kind() {
        for (name, kind) in [
            ("deny", Some(RuleKind::Deny)),
            ("deny_run_as_root", Some(RuleKind::Deny)),
            ("violation_2", Some(RuleKind::Violation)),
            ("warn", Some(RuleKind::Warn)),
            ("warn_", None),
            ("deny__x", None),
            ("denylist", None),
            ("allow", None),
        ] {
            assert_eq!(RuleKind::of_name(name), kind, "{name}");
        }
    }
}
