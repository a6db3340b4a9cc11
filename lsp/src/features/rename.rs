//! New names: where one can be given, what changes with it, and why not.

use ordain_compiler::editor::{self, Binding, Meaning, hir};
use ordain_compiler::{Item, Kind, Part};
use ordain_diagnostics::TextRange;
use ordain_graph::Function;
use ordain_syntax::TokenKind;
use smol_str::SmolStr;
use tower_lsp::ls_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, PrepareRenameResponse, TextDocumentEdit, TextEdit,
    WorkspaceEdit,
};

use super::aliases::{self, alias};
use super::names::{self, At};
use super::reads;
use super::references::{alike, references};
use super::trial::{Edits, Trial};
use crate::world::{File, Snapshot};

/// A meaning, and the item it is one in.
type Named<'db> = (Option<Item<'db>>, Meaning<'db>);

/// The name at an offset, where it can be another.
pub(crate) fn prepare(snapshot: &Snapshot, file: &File, offset: u32) -> Result<Option<PrepareRenameResponse>, String> {
    let Some(at) = names::at(snapshot, file, offset) else { return Ok(None) };
    let name = match alias(snapshot, file, &at) {
        Some(alias) => alias.name,
        None => renamed(snapshot, file, &at)?,
    };
    // The id of an entity and a field may be written as texts.
    let quoted = file.slice(at.range).starts_with('"') && at.range.end > at.range.start + 1;
    let inner = if quoted { TextRange::new(at.range.start + 1, at.range.end - 1) } else { at.range };
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range: file.range(inner), placeholder: name.to_string() }))
}

/// The edits that give what stands at an offset another name.
pub(crate) fn rename(
    snapshot: &Snapshot,
    file: &File,
    offset: u32,
    new: &str,
) -> Result<Option<WorkspaceEdit>, String> {
    let Some(at) = names::at(snapshot, file, offset) else { return Ok(None) };
    let alias = alias(snapshot, file, &at);
    let old = match &alias {
        Some(alias) => alias.name.clone(),
        None => renamed(snapshot, file, &at)?,
    };
    let new = &*whole(&old, new);
    valid(&old, new)?;
    if *old == *new {
        return Ok(None);
    }
    let mut edits = Edits::new();
    let mut item = None;
    if let Some(alias) = &alias {
        not_built_in(new)?;
        let places = aliases::places(snapshot, file, &at, alias);
        let text = |range: &TextRange| {
            (*range, shorthand(snapshot, file, *range).map_or_else(|| new.to_owned(), |_| format!("{old}: {new}")))
        };
        edits.insert(file.path.clone(), places.iter().map(text).collect());
    } else {
        free(snapshot, &at, new)?;
        for (source, range) in references(snapshot, at.item, &at.meaning, true) {
            let shown = snapshot.file_of(source);
            let Some(text) = replacement(snapshot, &shown, &at, range, &old, new) else { continue };
            edits.entry(shown.path).or_default().push((range, text));
        }
        if let Meaning::Item(declared) = at.meaning {
            item = Some(declared);
        }
    }
    if let Some(declared) = declaring(snapshot, &at)
        && let Some(path) = reads::having(snapshot, declared, &old)
    {
        let name = declared.name(&snapshot.db);
        return Err(format!("`{path}` is read as `{name}` and has `{old}`, too; change it there first"));
    }
    Trial { edits: &edits, renamed: item, new }.run(snapshot)?;
    Ok(Some(workspace_edit(snapshot, edits)))
}

/// The declaration of the type that a field or variant is a part of.
fn declaring<'db>(snapshot: &'db Snapshot, at: &At<'db>) -> Option<Item<'db>> {
    match &at.meaning {
        Meaning::Field(field, _) => editor::field_place(&snapshot.db, field).map(|(item, ..)| item),
        Meaning::Variant(item, _) => Some(*item),
        _ => None,
    }
}

/// A new name in full: of a dotted one its last part is enough.
fn whole(old: &str, new: &str) -> String {
    match old.rsplit_once('.') {
        Some((start, _)) if !new.contains('.') => format!("{start}.{new}"),
        _ => new.to_owned(),
    }
}

/// What a name is in the item it stands in: a field, and what that takes its value from; nothing where it is one of both only.
fn shorthand<'db>(snapshot: &'db Snapshot, file: &File, range: TextRange) -> Option<(Named<'db>, Named<'db>)> {
    let here = names::at(snapshot, file, range.start).filter(|here| here.range == range)?;
    let second = here.second?;
    Some(((here.item, here.meaning), (here.item, second)))
}

/// What stands in the place of a name of the old spelling; nothing where it goes by another name there.
fn replacement(
    snapshot: &Snapshot,
    file: &File,
    at: &At<'_>,
    range: TextRange,
    old: &str,
    new: &str,
) -> Option<String> {
    let written = file.slice(range);
    let text = if written == old {
        new.to_owned()
    } else if written.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) == Some(old) {
        // The name of a field may be written as data has it, and the id of an entity is a text.
        format!("\"{new}\"")
    } else {
        // Brought in by its first part, a dotted name is written with its last ones only.
        let (last_old, last_new) = (old.rsplit('.').next()?, new.rsplit('.').next()?);
        let start = written.strip_suffix(last_old)?;
        if !(start.is_empty() && old.contains('.') || start.ends_with('.')) {
            return None;
        }
        format!("{start}{last_new}")
    };
    // `{ name }` stands for a field and for its value: only one of the two gets the new name.
    if let Some((first, second)) = shorthand(snapshot, file, range) {
        let is = |(home, meaning): &Named<'_>| alike(snapshot, (at.item, &at.meaning), (*home, meaning));
        return Some(match (is(&first), is(&second)) {
            (true, true) => text,
            (true, false) => format!("{new}: {old}"),
            _ => format!("{old}: {new}"),
        });
    }
    Some(text)
}

/// The name of what can be renamed.
fn renamed(snapshot: &Snapshot, file: &File, at: &At<'_>) -> Result<SmolStr, String> {
    let db = &snapshot.db;
    let home = match &at.meaning {
        Meaning::Item(item) | Meaning::Variant(item, _) | Meaning::Param(item, ..) => Some(*item),
        Meaning::Field(field, _) => match editor::field_place(db, field) {
            Some((item, ..)) => Some(item),
            None => return Err("nothing declares this field, so it has no name to change".into()),
        },
        Meaning::Local(binding, _) => {
            if at.item.is_some_and(|item| is_subject(snapshot, item, *binding)) {
                let name = file.slice(at.range);
                return Err(format!("`{name}` is what the policy is about; its name cannot be changed"));
            }
            at.item
        }
        Meaning::Module(_) => return Err("a module is named by its file; rename the file".into()),
        Meaning::Builtin(_) | Meaning::Data(_) | Meaning::Word(_) => return Err("this name is built in".into()),
    };
    if let Some(item) = home {
        if item.file(db).package(db) == snapshot.std {
            return Err(format!("`{}` is part of the standard library", item.name(db)));
        }
        if matches!(at.meaning, Meaning::Item(item) if item.kind(db) == Kind::Test) {
            return Err("a test is named by its text".into());
        }
    }
    Ok(match &at.meaning {
        Meaning::Item(item) => item.name(db).clone(),
        _ => match names::declaration(snapshot, at.item, &at.meaning) {
            Some((source, range, _)) => snapshot.file_of(source).slice(range).into(),
            None => file.slice(at.range).into(),
        },
    })
}

/// Whether a place binds what a policy is about: `step` in `on step`, and `principal` in `on request`.
fn is_subject<'db>(snapshot: &'db Snapshot, item: Item<'db>, binding: Binding) -> bool {
    let hir::Body::Policy(policy) = &item.body(&snapshot.db).body else { return false };
    let Some(subject) = &policy.subject else { return false };
    let bound = subject.binding.as_ref().map(|(name, _)| name.loc);
    binding.part == Part::Body && (subject.kind.loc == binding.loc || bound == Some(binding.loc))
}

/// Whether a text can be a name in the place of another.
fn valid(old: &str, new: &str) -> Result<(), String> {
    let parts: Vec<&str> = new.split('.').collect();
    let is_name = |part: &&str| {
        let lexed = ordain_syntax::lex(part);
        let mut tokens = lexed.tokens.iter().filter(|token| token.kind != TokenKind::End);
        let name = tokens.next().is_some_and(|token| token.kind.is_name() && token.range.end as usize == part.len());
        lexed.errors.is_empty() && name && tokens.next().is_none()
    };
    if let Some(wrong) = parts.iter().find(|part| !is_name(part)) {
        return Err(if ordain_syntax::RESERVED_WORDS.contains(wrong) {
            format!("`{wrong}` is a word of the language")
        } else {
            format!("`{wrong}` is not a name")
        });
    }
    let kept = |name: &str| name.rsplit_once('.').map(|(start, _)| start.to_owned());
    if kept(old) != kept(new) {
        // Imports may bring a dotted name in by its first part.
        return Err(match kept(old) {
            Some(start) => {
                format!("only what follows `{start}.` can be changed; leave out the rest, or give it as it is")
            }
            None => format!("`{old}` has no dots in its name"),
        });
    }
    Ok(())
}

/// Whether a name is none that declarations would hide, or be hidden by.
fn not_built_in(new: &str) -> Result<(), String> {
    let built_in = editor::type_names().contains(&new)
        || editor::function_words().any(|word| word == new)
        || Function::ALL.iter().any(|function| function.name() == new);
    if built_in { Err(format!("`{new}` is built in")) } else { Ok(()) }
}

/// Whether the new name is free where the old one is declared. What it would mean elsewhere is tried out.
fn free(snapshot: &Snapshot, at: &At<'_>, new: &str) -> Result<(), String> {
    let db = &snapshot.db;
    let taken = |what: &str| Err(format!("there is {what} `{new}` already"));
    match &at.meaning {
        Meaning::Item(item) => {
            if let Some(other) = editor::declared(db, item.file(db)).get(new) {
                return taken(&other.kind(db).phrase());
            }
            not_built_in(new)
        }
        Meaning::Variant(item, _) => match &ordain_compiler::signature(db, *item).sig {
            ordain_compiler::Sig::Enum(names) if names.iter().any(|name| name == new) => taken("a variant"),
            _ => Ok(()),
        },
        Meaning::Field(field, _) => {
            let sibling = editor::FieldOf {
                root: field.root,
                path: field.path[..field.path.len() - 1].iter().cloned().chain([new.into()]).collect(),
            };
            if editor::field_place(db, &sibling).is_some() { taken("a field") } else { Ok(()) }
        }
        Meaning::Local(..) => at.item.map_or(Ok(()), |item| free_in(snapshot, item, new)),
        Meaning::Param(item, ..) => free_in(snapshot, *item, new),
        _ => Ok(()),
    }
}

/// Whether a declaration uses a name for nothing yet.
fn free_in(snapshot: &Snapshot, item: Item<'_>, new: &str) -> Result<(), String> {
    let db = &snapshot.db;
    let text = item.file(db).content(db).text();
    let spelled = |range: TextRange| text.get(range.start as usize..range.end as usize).unwrap_or_default();
    let used = names::of_item(snapshot, item).find(|(_, range, mark)| {
        !matches!(mark.meaning, Meaning::Field(..)) && spelled(*range).split('.').next() == Some(new)
    });
    let parameter = match &item.signature(db).signature {
        hir::Signature::Fn { params, .. } | hir::Signature::Plan { params, .. } => {
            params.iter().any(|param| param.name.text == new)
        }
        _ => false,
    };
    if used.is_some() || parameter {
        return Err(format!("`{new}` is a name in `{}` already", item.name(db)));
    }
    Ok(())
}

/// Edits of several files as the protocol has them; of open documents with their versions.
pub(crate) fn workspace_edit(snapshot: &Snapshot, edits: Edits) -> WorkspaceEdit {
    let changes = edits.into_iter().filter_map(|(path, edits)| {
        let uri = snapshot.uri(&path)?;
        let version = snapshot.documents.get(&path).map(|document| document.version);
        let edits = edits
            .into_iter()
            .filter_map(|(range, new_text)| {
                Some(OneOf::Left(TextEdit { range: snapshot.range_in(&path, range)?, new_text }))
            })
            .collect();
        Some(TextDocumentEdit { text_document: OptionalVersionedTextDocumentIdentifier { uri, version }, edits })
    });
    WorkspaceEdit { document_changes: Some(DocumentChanges::Edits(changes.collect())), ..WorkspaceEdit::default() }
}
