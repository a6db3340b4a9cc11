//! Entities as the engine holds them: attributes as values, and of each all those that it belongs to.

use bumpalo::Bump;
use ordain_graph::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::val::{EntityName, Member, NOWHERE, Named, Val};
use crate::db::Db;
use crate::eval::{Entities, PARENTS, parts};
use crate::items::Item;
use crate::types::Ty;

/// Entities by name, and what is known of them.
#[derive(Debug, Default)]
pub(crate) struct Store<'a> {
    /// By id, for each type.
    named: Vec<FxHashMap<&'a str, Named<'a>>>,
    /// The places of the types by their qualified names.
    types: FxHashMap<&'a str, u32>,
    /// The attributes, by place; of an entity that is only named there are none.
    attributes: Vec<Option<&'a [Member<'a>]>>,
    /// What each belongs to, over any number of others: places in order. Nothing is there for one that belongs to nothing.
    above: Vec<Box<[u32]>>,
}

impl<'a> Store<'a> {
    /// The entities, whose types are declared by `item`.
    pub(crate) fn new<'db>(
        db: &'db dyn Db,
        entities: &'a Entities,
        item: impl Fn(&str) -> Option<Item<'db>>,
        arena: &'a Bump,
    ) -> Self {
        let mut store = Self::default();
        for (ty, of_type) in entities.by_type() {
            let Some(declared) = item(ty).map(Ty::Alias) else { continue };
            for (id, value) in of_type {
                let at = store.intern(ty, id, arena).at as usize;
                // What the engine does not hold is left out, and the tree walker is asked about it.
                if let Some(Val::Record(members)) = store.held(db, value, &declared, arena) {
                    store.attributes[at] = Some(members);
                }
            }
        }
        store.close();
        store
    }

    /// The entity of that name; it gets a place where it has none.
    fn intern(&mut self, ty: &'a str, id: &'a str, arena: &'a Bump) -> Named<'a> {
        let count = self.named.len();
        let of_type = *self.types.entry(ty).or_insert(count as u32) as usize;
        if of_type == count {
            self.named.push(FxHashMap::default());
        }
        *self.named[of_type].entry(id).or_insert_with(|| {
            let at = self.attributes.len() as u32;
            self.attributes.push(None);
            Named { at, name: arena.alloc(EntityName { ty, id }) }
        })
    }

    /// A value of a type, with references in the form they have here.
    fn held<'db>(&mut self, db: &'db dyn Db, value: &'a Value, ty: &Ty<'db>, arena: &'a Bump) -> Option<Val<'a>> {
        Some(match (ty.peel_optional(db), value) {
            (_, Value::None) => Val::None,
            (Ty::Ref(_), reference) => {
                let (ty, id) = parts(reference)?;
                Val::Ref(self.intern(ty, id, arena))
            }
            (Ty::List(element), Value::List(elements)) => {
                let held: Option<Vec<_>> = elements.iter().map(|each| self.held(db, each, &element, arena)).collect();
                Val::List(arena.alloc_slice_copy(&held?))
            }
            (Ty::Set(element), Value::Set(elements)) => {
                let held: Option<Vec<_>> = elements.iter().map(|each| self.held(db, each, &element, arena)).collect();
                Val::set(&mut held?, arena)
            }
            (Ty::Map(entry), Value::Map(entries)) => {
                let held: Option<Vec<_>> = entries
                    .iter()
                    .map(|(key, value)| {
                        Some((self.held(db, key, &entry.0, arena)?, self.held(db, value, &entry.1, arena)?))
                    })
                    .collect();
                Val::map(held?, arena)
            }
            (Ty::Record(record), Value::Record(fields)) => {
                let mut members = Vec::with_capacity(fields.len());
                for (name, value) in fields.iter() {
                    let value = match record.get(name) {
                        Some(field) => self.held(db, value, &field.ty, arena)?,
                        None => Val::borrowed(value, arena).ok()?,
                    };
                    members.push(Member { name, value });
                }
                Val::Record(arena.alloc_slice_copy(&members))
            }
            (_, value) => Val::borrowed(value, arena).ok()?,
        })
    }

    /// Finds what each entity belongs to over others.
    fn close(&mut self) {
        let count = self.attributes.len();
        let direct: Vec<Vec<u32>> = (0..count).map(|at| self.parents(at)).collect();
        self.above = (0..count)
            .map(|at| {
                let (mut open, mut seen) = (direct[at].clone(), FxHashSet::default());
                while let Some(next) = open.pop() {
                    if seen.insert(next) {
                        open.extend(&direct[next as usize]);
                    }
                }
                let mut all: Vec<u32> = seen.into_iter().collect();
                all.sort_unstable();
                all.into()
            })
            .collect();
    }

    fn parents(&self, at: usize) -> Vec<u32> {
        let parents = self.attributes[at].and_then(|members| super::val::member(members, PARENTS, usize::MAX));
        match parents {
            Some(Val::List(parents)) => parents
                .iter()
                .filter_map(|parent| match parent {
                    Val::Ref(named) => Some(named.at),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entity of that name, if something names it.
    pub(crate) fn find(&self, ty: &str, id: &str) -> Option<Named<'a>> {
        self.find_typed(self.ty(ty)?, id)
    }

    /// The place of a type, if an entity of it is named.
    pub(crate) fn ty(&self, ty: &str) -> Option<u32> {
        self.types.get(ty).copied()
    }

    /// As [`Store::find`], by the place of the type.
    #[inline]
    pub(crate) fn find_typed(&self, ty: u32, id: &str) -> Option<Named<'a>> {
        self.named[ty as usize].get(id).copied()
    }

    /// A reference that is written in a program.
    pub(crate) fn reference(&self, ty: &'a str, id: &'a str, arena: &'a Bump) -> Val<'a> {
        let nowhere = || Named { at: NOWHERE, name: arena.alloc(EntityName { ty, id }) };
        Val::Ref(self.find(ty, id).unwrap_or_else(nowhere))
    }

    /// The attributes of an entity.
    #[inline]
    pub(crate) fn attributes(&self, named: Named<'_>) -> Option<&'a [Member<'a>]> {
        self.attributes.get(named.at as usize).copied().flatten()
    }

    /// The places of what an entity belongs to.
    #[inline]
    pub(crate) fn above(&self, named: Named<'_>) -> &[u32] {
        self.above.get(named.at as usize).map_or(&[], |above| above)
    }

    /// Whether an entity is another, or one of several, or belongs to it; `None` for what is no reference.
    #[inline]
    pub(crate) fn is_within(&self, inner: Named<'_>, outer: Val<'_>) -> Option<bool> {
        let above = self.above(inner);
        let within = |outer: &Val<'_>| match outer {
            Val::Ref(outer) => Some(inner == *outer || above.binary_search(&outer.at).is_ok()),
            _ => None,
        };
        match outer {
            Val::List(several) | Val::Set(several) => {
                for each in several {
                    if within(each)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            one => within(&one),
        }
    }
}
