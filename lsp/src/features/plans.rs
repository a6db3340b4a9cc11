//! Plans as editors show them: with which arguments they can be compiled.

use ordain_compiler::editor::{self, ParamTy};
use ordain_compiler::{Item, Kind, Sig, Ty, items_of, signature};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::world::Snapshot;

/// How many ways to compile a plan are looked at unasked.
const MOST: usize = 8;

/// The environments that fit a parameter, by the names that arguments give them; of many the first `most`.
pub(crate) fn environments<'db>(
    snapshot: &'db Snapshot,
    plan: Item<'db>,
    param: &ParamTy<'db>,
    most: usize,
) -> Vec<SmolStr> {
    let db = &snapshot.db;
    let wanted = param.ty.peel_optional(db);
    if !matches!(wanted, Ty::Record(_)) {
        return Vec::new();
    }
    let all = items_of(db, plan.file(db).package(db), Kind::Environment);
    let fitting = all.iter().copied().filter(|item| match &signature(db, *item).sig {
        Sig::Environment(ty) => ty.peel_optional(db) == wanted,
        _ => false,
    });
    let fitting: Vec<Item<'db>> = fitting.take(most).collect();
    let mut seen: FxHashMap<Item<'db>, SmolStr> = FxHashMap::default();
    let mut bearers: FxHashMap<&SmolStr, usize> = FxHashMap::default();
    if !fitting.is_empty() {
        for (name, item) in editor::visible(db, plan.file(db)) {
            seen.entry(item).or_insert(name);
        }
        all.iter().for_each(|item| *bearers.entry(item.name(db)).or_default() += 1);
    }
    // The name it has in the plan's file; else its own, where no other has it; else with its module's.
    let named = |item: &Item<'db>| match (seen.get(item), item.file(db).module(db).as_str()) {
        (Some(name), _) => name.clone(),
        (None, module) if bearers[item.name(db)] > 1 && !module.is_empty() => {
            format!("{module}.{}", item.name(db)).into()
        }
        _ => item.name(db).clone(),
    };
    fitting.iter().map(named).collect()
}

/// The ways to compile a plan without being given more: nothing for parameters with defaults, each environment that fits for the
/// others. None where something else is needed.
pub(crate) fn arguments<'db>(snapshot: &'db Snapshot, plan: Item<'db>) -> Vec<Vec<(SmolStr, String)>> {
    let db = &snapshot.db;
    let Sig::Plan { params, .. } = &signature(db, plan).sig else { return Vec::new() };
    let mut ways: Vec<Vec<(SmolStr, String)>> = vec![Vec::new()];
    for param in params.iter().filter(|param| param.default.is_none() && !matches!(param.ty.peel(db), Ty::Optional(_)))
    {
        let fitting = environments(snapshot, plan, param, MOST);
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
