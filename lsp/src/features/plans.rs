//! Plans as editors show them: with which arguments they can be compiled.

use ordain_compiler::editor::ParamTy;
use ordain_compiler::{Item, Kind, Sig, Ty, package_items, signature};
use smol_str::SmolStr;

use crate::world::Snapshot;

/// How many ways to compile a plan are looked at unasked.
const MOST: usize = 8;

/// The environments that fit a parameter, by the names that arguments give them.
pub(crate) fn environments<'db>(snapshot: &'db Snapshot, plan: Item<'db>, param: &ParamTy<'db>) -> Vec<SmolStr> {
    let db = &snapshot.db;
    let wanted = param.ty.peel_optional(db);
    if !matches!(wanted, Ty::Record(_)) {
        return Vec::new();
    }
    let package = plan.file(db).package(db);
    let all = package_items(db, package).filter(|item| item.kind(db) == Kind::Environment);
    let fitting = all.filter(|item| match &signature(db, *item).sig {
        Sig::Environment(ty) => ty.peel_optional(db) == wanted,
        _ => false,
    });
    fitting.map(|item| named(snapshot, plan, item)).collect()
}

/// What an argument of a plan calls an environment.
fn named<'db>(snapshot: &'db Snapshot, plan: Item<'db>, environment: Item<'db>) -> SmolStr {
    let db = &snapshot.db;
    let seen = ordain_compiler::editor::visible(db, plan.file(db));
    match seen.into_iter().find(|(_, item)| *item == environment) {
        Some((name, _)) => name,
        None => {
            // Its own name, where no other has it; else with its module's.
            let package = environment.file(db).package(db);
            let twins = package_items(db, package)
                .filter(|item| item.kind(db) == Kind::Environment && item.name(db) == environment.name(db));
            match (twins.count(), environment.file(db).module(db).as_str()) {
                (1, _) | (_, "") => environment.name(db).clone(),
                (_, module) => format!("{module}.{}", environment.name(db)).into(),
            }
        }
    }
}

/// The ways to compile a plan without being given more: nothing for parameters with defaults, each environment that fits for the
/// others. None where something else is needed.
pub(crate) fn arguments<'db>(snapshot: &'db Snapshot, plan: Item<'db>) -> Vec<Vec<(SmolStr, String)>> {
    let db = &snapshot.db;
    let Sig::Plan { params, .. } = &signature(db, plan).sig else { return Vec::new() };
    let mut ways: Vec<Vec<(SmolStr, String)>> = vec![Vec::new()];
    for param in params.iter().filter(|param| param.default.is_none() && !matches!(param.ty.peel(db), Ty::Optional(_)))
    {
        let fitting = environments(snapshot, plan, param);
        let with = |name: &SmolStr| ways.iter().cloned().map(move |way| (way, name.clone())).collect::<Vec<_>>();
        let next: Vec<Vec<(SmolStr, String)>> = fitting
            .iter()
            .flat_map(with)
            .map(|(mut way, name)| {
                way.push((param.name.clone(), name.to_string()));
                way
            })
            .take(MOST)
            .collect();
        ways = next;
    }
    ways
}
