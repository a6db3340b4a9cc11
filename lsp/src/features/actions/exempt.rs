//! Exempting something from a policy: explicit, dated, and leaning on a decision.

use jiff::{Span, Timestamp, tz::TimeZone};
use ordain_compiler::{Item, Kind, Sig, Ty, editor, items_of, signature};
use ordain_diagnostics::{Diagnostic as Finding, TextRange};
use ordain_graph::Value;
use tower_lsp::ls_types::CodeActionKind;

use super::bind::named;
use super::{Actions, Closing, Edits};
use crate::world::Snapshot;

/// For how long, unless somebody says otherwise.
const DAYS: i64 = 30;

/// How many decisions are offered to lean on.
const MOST: usize = 4;

/// What becomes of decisions that no longer stand.
const FALLEN: [&str; 3] = ["rejected", "deprecated", "superseded"];

/// Exempts what a finding is about from the policy that it is about, by a decision that is there.
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
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    // INVARIANT: a month from now is a day that calendars have.
    let until = today.checked_add(Span::new().days(DAYS)).unwrap_or(today);
    for decision in decisions(snapshot, policy).take(MOST) {
        let mut edits: Vec<(TextRange, String)> = Vec::new();
        let Some(named) = named(snapshot, &file, decision, &mut edits) else { continue };
        let text = closing.clause(&format!("exempt {condition} until {until} see {named}"));
        edits.push((TextRange::new(closing.at, closing.at), text));
        let edits: Edits = [(file.path.clone(), edits)].into();
        let title = format!("Exempt this from `{}` by `{named}` until {until}", policy.name(db));
        actions.put(title, CodeActionKind::QUICKFIX, edits, Some(finding), false);
    }
}

/// The decisions of a policy's package that stand.
fn decisions<'db>(snapshot: &'db Snapshot, policy: Item<'db>) -> impl Iterator<Item = Item<'db>> {
    let db = &snapshot.db;
    let stands = |entity: Item<'db>| match editor::value(db, entity) {
        Some(Value::Record(fields)) => !fields
            .get("status")
            .is_some_and(|status| matches!(status, Value::Variant(_, name) if FALLEN.contains(&name.as_str()))),
        _ => false,
    };
    let is_decision = |ty: &Ty<'db>| match ty {
        Ty::Alias(item) => item.file(db).package(db) == snapshot.std && item.name(db) == "Decision",
        _ => false,
    };
    let entities = items_of(db, policy.file(db).package(db), Kind::Entity).iter().copied();
    let declared =
        entities.filter(move |entity| matches!(&signature(db, *entity).sig, Sig::Entity(ty) if is_decision(ty)));
    declared.filter(move |entity| stands(*entity))
}
