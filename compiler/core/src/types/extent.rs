//! How large types are when they are written out, as at the boundary of a contract.

use super::{Sig, Ty, alias_target, signature};
use crate::db::Db;
use crate::items::Item;

/// How many parts the inputs, or the outputs, of a contract may have.
pub(crate) const MAX_PARTS: usize = 10_000;

/// What to say where a capability's inputs or outputs have more parts than a plan can hold.
pub(crate) fn contract_parts<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<String> {
    let Sig::Capability(contract) = &signature(db, item).sig else { return None };
    [("inputs", &contract.input), ("outputs", &contract.output)].into_iter().find_map(|(what, ty)| {
        let mut left = MAX_PARTS;
        let fits = count(db, ty, &mut Vec::new(), &mut left);
        (!fits).then(|| format!("the {what} have more than {MAX_PARTS} parts when their types are written out"))
    })
}

/// Whether the parts of a type, each time it occurs, are no more than `left`.
fn count<'db>(db: &'db dyn Db, ty: &Ty<'db>, open: &mut Vec<Item<'db>>, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match ty {
        Ty::List(inner) | Ty::Set(inner) | Ty::Optional(inner) | Ty::Secret(inner) | Ty::Refined(inner, _) => {
            count(db, inner, open, left)
        }
        Ty::Map(entry) => count(db, &entry.0, open, left) && count(db, &entry.1, open, left),
        Ty::Record(record) => record.fields.iter().all(|field| count(db, &field.ty, open, left)),
        Ty::Alias(item) if !open.contains(item) => {
            open.push(*item);
            let fits = count(db, &alias_target(db, *item), open, left);
            open.pop();
            fits
        }
        _ => true,
    }
}
