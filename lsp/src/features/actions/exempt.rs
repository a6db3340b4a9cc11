//! Exempting something from a policy: explicit, dated, and leaning on a decision.

use jiff::{Span, Timestamp, tz::TimeZone};
use ordain_compiler::{Kind, editor, items_of};
use ordain_diagnostics::{Diagnostic as Finding, TextRange};
use tower_lsp::ls_types::CodeActionKind;

use super::{Actions, Closing, Edits};

/// For how long, unless somebody says otherwise.
const DAYS: i64 = 30;

/// Exempts what a finding is about from the policy that it is about.
pub(super) fn exempt(actions: &mut Actions<'_>, finding: &Finding) {
    let snapshot = actions.snapshot;
    let db = &snapshot.db;
    let related = finding.related.iter().find_map(|place| {
        let file = snapshot.file_at(&place.path)?;
        let item = editor::item_at(db, file.source, place.range.start)?;
        (item.kind(db) == Kind::Policy && file.source.package(db) != snapshot.std).then_some((file, item))
    });
    let Some((file, policy)) = related else { return };
    let Some(closing) = Closing::of(&file.text, policy.places(db).range) else { return };
    let step = editor::item_at(db, actions.file.source, finding.primary.range.start).map(|plan| plan.name(db).clone());
    let condition = match &policy.body(db).body {
        editor::hir::Body::Policy(body) if body.subject.as_ref().is_some_and(|subject| subject.kind.text == "step") => {
            // The finding names the step.
            let address = finding.message.split('`').nth(1).unwrap_or_default();
            format!("step.address == \"{address}\"")
        }
        _ => format!("plan.name == \"{}\"", step.unwrap_or_default()),
    };
    let entities = items_of(db, policy.file(db).package(db), Kind::Entity).iter();
    let mut decisions = entities.filter(|item| {
        matches!(&ordain_compiler::signature(db, **item).sig, ordain_compiler::Sig::Entity(ty) if ty.display(db) == "Decision")
    });
    let decision = decisions.next().map(|item| item.name(db).to_string()).unwrap_or_else(|| "decision".into());
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    // INVARIANT: a month from now is a day that calendars have.
    let until = today.checked_add(Span::new().days(DAYS)).unwrap_or(today);
    let text = closing.clause(&format!("exempt {condition} until {until} see {decision}"));
    let edits: Edits = [(file.path.clone(), vec![(TextRange::new(closing.at, closing.at), text)])].into();
    let title = format!("Exempt this from `{}` until {until}", policy.name(db));
    actions.put(title, CodeActionKind::QUICKFIX, edits, Some(finding), false);
}
