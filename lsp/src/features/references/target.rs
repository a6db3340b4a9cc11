//! What is referred to.

use ordain_compiler::editor::{Binding, Meaning, field_place, range};
use ordain_compiler::hir::{Body, Loc, Name, Signature};
use ordain_compiler::{DataFormat, Item, Kind, Part, SourceFile, items_of};
use ordain_diagnostics::TextRange;
use ordain_graph::Function;
use smol_str::SmolStr;

use super::super::hierarchy::Key;
use crate::world::Snapshot;

/// What is referred to, without what is said of it besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target<'db> {
    Item(Item<'db>),
    Module(SourceFile),
    Variant(Item<'db>, u32),
    Local(Item<'db>, Binding),
    Param(Item<'db>, SmolStr),
    /// A field by where it is declared.
    Field(Item<'db>, Part, Loc),
    Builtin(Function),
    Data(DataFormat),
    Word(SmolStr),
}

impl<'db> Target<'db> {
    /// What a name in an item refers to; nothing for a field that no declaration has.
    pub(super) fn of(snapshot: &'db Snapshot, home: Option<Item<'db>>, meaning: &Meaning<'db>) -> Option<Self> {
        Some(match meaning {
            Meaning::Item(item) => Self::Item(*item),
            Meaning::Module(module) => Self::Module(*module),
            Meaning::Variant(item, index) => Self::Variant(*item, *index),
            Meaning::Local(binding, _) => {
                let home = home?;
                match parameter(snapshot, home, *binding) {
                    Some(name) => Self::Param(home, name.clone()),
                    None => Self::Local(home, *binding),
                }
            }
            Meaning::Param(item, name, _) => Self::Param(*item, name.clone()),
            Meaning::Field(field, _) => {
                let (item, part, loc) = field_place(&snapshot.db, field)?;
                Self::Field(item, part, loc)
            }
            Meaning::Builtin(function) => Self::Builtin(*function),
            Meaning::Data(format) => Self::Data(*format),
            Meaning::Word(word) => Self::Word(word.clone()),
        })
    }

    /// How it is spelled, where it has no other name.
    pub(super) fn word(&self, snapshot: &'db Snapshot) -> Option<SmolStr> {
        let db = &snapshot.db;
        let last = |name: &str| SmolStr::from(name.rsplit('.').next().unwrap_or(name));
        let spelled = |item: Item<'db>, part, loc| {
            let text = item.file(db).content(db).text();
            let range = range(db, item, part, loc);
            let name = text.get(range.start as usize..range.end as usize)?;
            Some(SmolStr::from(name.trim_matches('"')))
        };
        let word = match self {
            Self::Item(item) if item.kind(db) == Kind::Test => return None,
            Self::Item(item) => last(item.name(db)),
            Self::Module(module) => last(module.module(db)),
            Self::Variant(item, index) => match &item.signature(db).signature {
                Signature::Enum(variants) => variants.get(*index as usize)?.text.clone(),
                _ => return None,
            },
            Self::Local(item, binding) => spelled(*item, binding.part, binding.loc)?,
            Self::Param(_, name) | Self::Word(name) => name.clone(),
            Self::Field(item, part, loc) => spelled(*item, *part, *loc)?,
            Self::Builtin(function) => function.name().into(),
            Self::Data(format) => DataFormat::names().find(|name| DataFormat::named(name) == Some(*format))?.into(),
        };
        (!word.is_empty()).then_some(word)
    }

    /// The only item it can be named in, where there is one.
    pub(super) fn only_in(&self) -> Option<Item<'db>> {
        match self {
            Self::Local(item, _) => Some(*item),
            _ => None,
        }
    }

    /// Whether a range of an item declares it.
    pub(super) fn is_declared_at(&self, snapshot: &'db Snapshot, item: Item<'db>, at: TextRange) -> bool {
        let db = &snapshot.db;
        match self {
            Self::Variant(of, index) if *of == item => match &item.signature(db).signature {
                Signature::Enum(variants) => variants
                    .get(*index as usize)
                    .is_some_and(|variant| range(db, item, Part::Signature, variant.loc) == at),
                _ => false,
            },
            Self::Local(of, binding) => *of == item && range(db, item, binding.part, binding.loc) == at,
            Self::Param(of, name) if *of == item => {
                environment(snapshot, item).is_some_and(|name| range(db, item, Part::Body, name.loc) == at)
                    || parameters(snapshot, item)
                        .iter()
                        .any(|param| param.name.text == *name && range(db, item, Part::Signature, param.name.loc) == at)
            }
            Self::Field(of, part, loc) => *of == item && range(db, item, *part, *loc) == at,
            _ => false,
        }
    }
}

fn parameters<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> &'db [ordain_compiler::hir::Param] {
    match &item.signature(&snapshot.db).signature {
        Signature::Fn { params, .. } | Signature::Plan { params, .. } => params,
        _ => &[],
    }
}

/// The name that a policy gives to the environment.
pub(in super::super) fn environment<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Option<&'db Name> {
    let Body::Policy(policy) = &item.body(&snapshot.db).body else { return None };
    policy.subject.as_ref()?.environment.as_ref().map(|(name, _)| name)
}

/// The parameter that a place of an item binds; of a policy the environment, which its tests give by that name.
fn parameter<'db>(snapshot: &'db Snapshot, item: Item<'db>, binding: Binding) -> Option<&'db SmolStr> {
    if let Some(name) = environment(snapshot, item) {
        return (binding == Binding { part: Part::Body, loc: name.loc }).then_some(&name.text);
    }
    if binding.part != Part::Signature {
        return None;
    }
    parameters(snapshot, item).iter().find(|param| param.name.loc == binding.loc).map(|param| &param.name.text)
}

/// A target as every clone of the database knows it.
pub(super) enum Frozen {
    Item(Key),
    Module(SourceFile),
    Variant(Key, u32),
    Param(Key, SmolStr),
    Field(Key, Part, Loc),
    Builtin(Function),
    Data(DataFormat),
    Word(SmolStr),
}

impl Frozen {
    pub(super) fn of<'db>(snapshot: &'db Snapshot, target: &Target<'db>) -> Option<Self> {
        let key = |item: &Item<'db>| Key::of(snapshot, *item);
        Some(match target {
            Target::Item(item) => Self::Item(key(item)),
            Target::Module(module) => Self::Module(*module),
            Target::Variant(item, index) => Self::Variant(key(item), *index),
            Target::Local(..) => return None,
            Target::Param(item, name) => Self::Param(key(item), name.clone()),
            Target::Field(item, part, loc) => Self::Field(key(item), *part, *loc),
            Target::Builtin(function) => Self::Builtin(*function),
            Target::Data(format) => Self::Data(*format),
            Target::Word(word) => Self::Word(word.clone()),
        })
    }

    pub(super) fn thaw<'db>(&self, snapshot: &'db Snapshot) -> Option<Target<'db>> {
        Some(match self {
            Self::Item(key) => Target::Item(key.find(snapshot)?),
            Self::Module(module) => Target::Module(*module),
            Self::Variant(key, index) => Target::Variant(key.find(snapshot)?, *index),
            Self::Param(key, name) => Target::Param(key.find(snapshot)?, name.clone()),
            Self::Field(key, part, loc) => Target::Field(key.find(snapshot)?, *part, *loc),
            Self::Builtin(function) => Target::Builtin(*function),
            Self::Data(format) => Target::Data(*format),
            Self::Word(word) => Target::Word(word.clone()),
        })
    }
}

/// What texts name a target by: those of capabilities, which policies compare those of steps with. Where others have the same name,
/// nobody knows which one is meant.
pub(super) fn as_text<'db>(snapshot: &'db Snapshot, target: &Target<'db>) -> Option<SmolStr> {
    let db = &snapshot.db;
    let Target::Item(item) = target else { return None };
    let name = item.name(db);
    if item.kind(db) != Kind::Capability || !name.contains('.') {
        return None;
    }
    let packages = snapshot.packages.iter().chain([&snapshot.std]);
    let mut all = packages.flat_map(|&package| items_of(db, package, Kind::Capability));
    all.all(|other| other == item || other.name(db) != name).then(|| format!("\"{name}\"").into())
}
