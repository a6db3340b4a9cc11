//! Where things are: definitions, types, implementations, and every place of a name.

use ordain_compiler::editor::{self, Meaning, hir};
use ordain_compiler::{Item, Kind, Ty, items_of};
use ordain_diagnostics::TextRange;
use smol_str::SmolStr;
use tower_lsp::ls_types::{GotoDefinitionResponse, Location, LocationLink};

use super::labels;
use super::names::{self, At};
use crate::world::{File, Snapshot};

/// A file, the place of a name in it, and that of all that declares the name.
pub(crate) type Place = (ordain_compiler::SourceFile, TextRange, TextRange);

/// Where what stands at an offset is declared.
pub(crate) fn definition(snapshot: &Snapshot, file: &File, offset: u32) -> Option<GotoDefinitionResponse> {
    if let Some(at) = names::at(snapshot, file, offset) {
        let first = names::declaration(snapshot, at.item, &at.meaning);
        let second = at.second.as_ref().and_then(|second| names::declaration(snapshot, at.item, second));
        let places: Vec<Place> = first.into_iter().chain(second).collect();
        return answer(snapshot, file, at.range, places);
    }
    if let Some((range, label)) = labels::at(file, offset) {
        return answer(snapshot, file, range, labels::declarations(snapshot, file, &label));
    }
    let (range, path) = super::data::file_at(snapshot, file, offset)?;
    let location = Location { uri: crate::text::uri_of(&path)?, range: Default::default() };
    Some(match snapshot.client.definition_links {
        true => GotoDefinitionResponse::Link(vec![LocationLink {
            origin_selection_range: Some(file.range(range)),
            target_uri: location.uri,
            target_range: location.range,
            target_selection_range: location.range,
        }]),
        false => GotoDefinitionResponse::Scalar(location),
    })
}

/// Where the type of what stands at an offset is declared.
pub(crate) fn type_definition(snapshot: &Snapshot, file: &File, offset: u32) -> Option<GotoDefinitionResponse> {
    let at = names::at(snapshot, file, offset)?;
    let mut items = Vec::new();
    type_items(&type_of(snapshot, &at)?, &mut items);
    let places = items.into_iter().filter_map(|item| names::declaration(snapshot, None, &Meaning::Item(item)));
    answer(snapshot, file, at.range, places.collect())
}

/// The type of what a name stands for.
pub(crate) fn type_of<'db>(snapshot: &'db Snapshot, at: &At<'db>) -> Option<Ty<'db>> {
    use ordain_compiler::Sig;
    let db = &snapshot.db;
    Some(match &at.meaning {
        Meaning::Local(_, ty) | Meaning::Field(_, ty) | Meaning::Param(_, _, ty) => ty.clone(),
        Meaning::Variant(item, _) => Ty::Enum(*item),
        Meaning::Item(item) => match &ordain_compiler::signature(db, *item).sig {
            Sig::Type(_) => Ty::Alias(*item),
            Sig::Enum(_) => Ty::Enum(*item),
            Sig::Const(Some(ty)) | Sig::Environment(ty) | Sig::Entity(ty) => ty.clone(),
            Sig::Const(None) => editor::const_type(db, *item),
            Sig::Fn { result, .. } => result.clone(),
            Sig::Plan { result, .. } => result.clone()?,
            _ => return None,
        },
        _ => return None,
    })
}

/// The declarations that a type leads to first.
fn type_items<'db>(ty: &Ty<'db>, found: &mut Vec<Item<'db>>) {
    match ty {
        Ty::Alias(item) | Ty::Enum(item) | Ty::Step(item) | Ty::Plan(item) => found.push(*item),
        Ty::List(inner) | Ty::Set(inner) | Ty::Optional(inner) | Ty::Secret(inner) | Ty::Ref(inner) => {
            type_items(inner, found);
        }
        Ty::Refined(inner, _) => type_items(inner, found),
        Ty::Map(entry) | Ty::Family(entry) => {
            type_items(&entry.0, found);
            type_items(&entry.1, found);
        }
        _ => {}
    }
}

/// What makes real what stands at an offset: of a capability the adapters that provide it and where they are bound, of an
/// adapter the capabilities, of a type the environments and entities of it.
pub(crate) fn implementation(snapshot: &Snapshot, file: &File, offset: u32) -> Option<GotoDefinitionResponse> {
    let db = &snapshot.db;
    let at = names::at(snapshot, file, offset)?;
    let Meaning::Item(item) = at.meaning else { return None };
    let all = |kind: Kind| {
        let packages = snapshot.packages.iter().chain([&snapshot.std]);
        packages.flat_map(move |&package| items_of(db, package, kind)).copied()
    };
    let mut places: Vec<Place> = Vec::new();
    let mut put = |item: Item<'_>| {
        let shown = item.places(db);
        places.push((item.file(db), shown.name, shown.range));
    };
    match item.kind(db) {
        Kind::Capability => {
            all(Kind::Adapter).filter(|each| provides(snapshot, *each).contains(&item)).for_each(&mut put);
        }
        Kind::Adapter => provides(snapshot, item).into_iter().for_each(&mut put),
        Kind::Type => {
            let of = |each: &Item<'_>| match &ordain_compiler::signature(db, *each).sig {
                ordain_compiler::Sig::Environment(ty) | ordain_compiler::Sig::Entity(ty) => *ty == Ty::Alias(item),
                _ => false,
            };
            all(Kind::Environment).chain(all(Kind::Entity)).filter(of).for_each(&mut put);
        }
        _ => return None,
    }
    answer(snapshot, file, at.range, places)
}

/// The capabilities that an adapter says it provides.
pub(crate) fn provides<'db>(snapshot: &'db Snapshot, adapter: Item<'db>) -> Vec<Item<'db>> {
    let db = &snapshot.db;
    let hir::Signature::Adapter(declared) = &adapter.signature(db).signature else { return Vec::new() };
    let capability = |provides: &hir::Provides| {
        let parts: Vec<SmolStr> = provides.path.parts.iter().map(|part| part.text.clone()).collect();
        let (item, consumed) = editor::meant(db, adapter.file(db), &parts)?;
        (consumed == parts.len()).then_some(item)
    };
    declared.provides.iter().filter_map(capability).collect()
}

fn answer(
    snapshot: &Snapshot,
    file: &File,
    origin: TextRange,
    mut places: Vec<Place>,
) -> Option<GotoDefinitionResponse> {
    let db = &snapshot.db;
    places.sort_by_key(|(file, name, _)| (file.path(db).clone(), name.start));
    places.dedup();
    let link = |(target, name, whole): &Place| {
        let shown = snapshot.file_of(*target);
        Some(LocationLink {
            origin_selection_range: Some(file.range(origin)),
            target_uri: snapshot.uri(&shown.path)?,
            target_range: shown.range(*whole),
            target_selection_range: shown.range(*name),
        })
    };
    let links: Vec<LocationLink> = places.iter().filter_map(link).collect();
    if links.is_empty() {
        return None;
    }
    Some(if snapshot.client.definition_links {
        GotoDefinitionResponse::Link(links)
    } else {
        let plain = |link: LocationLink| Location { uri: link.target_uri, range: link.target_selection_range };
        GotoDefinitionResponse::Array(links.into_iter().map(plain).collect())
    })
}
