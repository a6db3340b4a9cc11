//! Whether the decision that an exemption leans on stands.

use ordain_diagnostics::codes;
use ordain_graph::Value;
use smol_str::SmolStr;

use crate::db::Db;
use crate::eval::{Context, Evaluator, declared_value};
use crate::hir::{Body, Exemption, Kind};
use crate::items::{Item, Part};
use crate::resolve::{declared, dependency, resolve};
use crate::types::{Anchor, Finding};

/// Why an exemption of a policy does not count, whatever its condition and its day say: what became of its decision.
pub(crate) fn fallen<'db>(db: &'db dyn Db, policy: Item<'db>, exemption: &Exemption) -> Option<Finding<'db>> {
    let see = exemption.see.as_ref()?;
    let parts: Vec<SmolStr> = see.parts.iter().map(|part| part.text.clone()).collect();
    let decision = resolve(db, policy.file(db), &parts).ok()?.item;
    let became = became(db, decision).as_ref()?;
    let at = Anchor { item: policy, part: Part::Body, loc: see.loc() };
    let message = format!("the decision `{}` {became}, so this exemption does not count", see.text());
    Some(
        Finding::new(codes::DECISION_FALLEN, at, message)
            .note(Anchor::name_of(decision), "declared here")
            .help("settle what it is about, or name a decision that stands"),
    )
}

/// All such findings of a policy.
pub(crate) fn fallen_decisions<'db>(db: &'db dyn Db, policy: Item<'db>) -> Vec<Finding<'db>> {
    let Body::Policy(declared) = &policy.body(db).body else { return Vec::new() };
    declared.exemptions.iter().filter_map(|exemption| fallen(db, policy, exemption)).collect()
}

/// What became of a decision that does not stand: its own status and that of its record count.
#[salsa::tracked]
fn became<'db>(db: &'db dyn Db, decision: Item<'db>) -> Option<SmolStr> {
    if decision.kind(db) != Kind::Entity {
        return None;
    }
    let Some(Value::Record(fields)) = &declared_value(db, decision).value else {
        return Some("cannot be read".into());
    };
    let of_record = fields.get("record").filter(|record| **record != Value::None).cloned();
    let of_record = of_record.and_then(|record| status_of(db, decision, record));
    [fields.get("status").cloned(), of_record].into_iter().flatten().find_map(|status| match status {
        Value::Variant(_, name) => match name.as_str() {
            "rejected" => Some("was rejected".into()),
            fallen @ ("deprecated" | "superseded") => Some(format!("is {fallen}").into()),
            _ => None,
        },
        _ => None,
    })
}

/// What a record says of its status, as the standard library reads it.
fn status_of<'db>(db: &'db dyn Db, decision: Item<'db>, record: Value) -> Option<Value> {
    let file = decision.file(db);
    let std = dependency(db, file, "std").unwrap_or_else(|| file.package(db));
    let status = declared(db, *std.files(db).get("decision")?).get("status")?;
    let Body::Expr(body) = status.body(db).body else { return None };
    let mut cx = Context::body(db, status);
    cx.locals.push(("record".into(), record));
    Evaluator::new(db).eval(&mut cx, body).ok()
}
