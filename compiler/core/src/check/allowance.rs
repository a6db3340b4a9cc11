//! Allowances: takes out the warnings that a source allows, and reports what allows nothing. It finds no warnings.

use ordain_diagnostics::{Code, Diagnostic, Severity, TextRange, codes};
use smol_str::SmolStr;

use crate::db::Db;
use crate::hir::Kind;
use crate::items::{ImportPlaces, Item, Part};
use crate::resolve::Declared;

/// An allowance as written.
struct Allowance<'a> {
    code: &'a str,
    reason: &'a str,
    /// The file and the place of the code in it.
    at: (&'a SmolStr, TextRange),
    /// What it holds for.
    range: TextRange,
}

/// Takes out the warnings an item allows, from its own and from those the parser gave in it, and reports allowances
/// that allow nothing.
pub(super) fn in_item(
    db: &dyn Db,
    item: Item<'_>,
    scope: &Declared<'_>,
    own: &mut Vec<Diagnostic>,
    parsed: &mut Vec<Diagnostic>,
) {
    let places = item.places(db);
    for allowed in item.allows(db) {
        let at = (item.file(db).path(db), places.range(Part::Signature, allowed.code.loc));
        let allowance = Allowance { code: &allowed.code.text, reason: &allowed.reason, at, range: places.range };
        let elsewhere = match Code::parse(&allowed.code.text) {
            // The other of the two names gives it.
            Some(codes::CASE_CLASH) => scope.case_clashes.iter().any(|(_, first)| *first == item),
            // They show only when the plan is instantiated, or policies are decided.
            Some(codes::IDENTICAL_STEP | codes::POLICY_WARNING) => item.kind(db) == Kind::Plan,
            Some(codes::EXEMPTION_OVER) => item.kind(db) == Kind::Policy,
            _ => false,
        };
        allowance.apply(elsewhere, own, parsed);
    }
}

/// The same for an import. With `uncertain`, a mistake elsewhere may be why an allowance allows nothing.
pub(super) fn in_import(
    path: &SmolStr,
    places: &ImportPlaces,
    uncertain: bool,
    own: &mut Vec<Diagnostic>,
    parsed: &mut Vec<Diagnostic>,
) {
    for allowed in &places.allows {
        let at = (path, allowed.at);
        let allowance = Allowance { code: &allowed.code, reason: &allowed.reason, at, range: places.whole };
        let elsewhere = uncertain && Code::parse(&allowed.code) == Some(codes::UNUSED_IMPORT);
        allowance.apply(elsewhere, own, parsed);
    }
}

impl Allowance<'_> {
    /// Takes out what it allows. With `elsewhere`, it may be of use though it allows nothing here.
    fn apply(&self, elsewhere: bool, own: &mut Vec<Diagnostic>, parsed: &mut Vec<Diagnostic>) {
        let (path, at) = self.at;
        if self.reason.trim().is_empty() {
            let finding = Diagnostic::new(codes::MISSING_CLAUSE, path.clone(), at, "an allowance needs a reason");
            own.push(finding.help("say why, as in `because \"generated, and kept for the next release\"`"));
        }
        let code = Code::parse(self.code);
        let before = own.len() + parsed.len();
        if let Some(code) = code {
            let meant = |finding: &Diagnostic| finding.code == code && finding.severity != Severity::Error;
            own.retain(|finding| !meant(finding));
            parsed.retain(|finding| {
                let inside =
                    self.range.start <= finding.primary.range.start && finding.primary.range.end <= self.range.end;
                !(inside && meant(finding))
            });
        }
        if own.len() + parsed.len() == before && !elsewhere {
            let message = match code {
                None => format!("there is no code `{}`", self.code),
                Some(code) if code.entry().severity == Severity::Error => {
                    format!("`{code}` is an error and cannot be allowed")
                }
                Some(code) => format!("nothing here gives `{code}`"),
            };
            let finding = Diagnostic::new(codes::UNUSED_ALLOW, path.clone(), at, message);
            own.push(finding.help("remove the allowance"));
        }
    }
}
