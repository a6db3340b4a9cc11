//! Imports: sorted, and merged where two name declarations of one module.

use super::doc::{Doc, Docs};
use super::layout::{Content, NAMES, Printer, Slot};
use super::source::CommentKind;
use crate::ast::{Ident, Use, UseName};

/// A `use` with its comments.
pub(super) struct Import<'a> {
    tree: &'a Use,
    pub(super) slot: Slot<'a>,
    /// Whether it may be merged with others: it names declarations, and no comments or annotations belong to it.
    mergeable: bool,
}

impl<'a> Printer<'a> {
    /// Lays out a `use` that begins with the token `first`.
    pub(super) fn import(&mut self, first: usize, tree: &'a Use) -> Import<'a> {
        let mut parts = self.annotations(&tree.allows);
        let in_the_way = tree.names.is_some() && {
            let open = self.source.find(tree.path.range.end, "{");
            self.source.comment_between(open, self.source.partner(open))
        };
        // Without empty lines, which would make a header of the comments once the import comes first.
        let mut leading = Vec::new();
        for index in self.take(first) {
            let moved = self.source.comments[index].kind == CommentKind::FileDoc;
            leading.push(self.own_line(index, moved, false));
        }
        let mut slot = self.slot(first, tree.range.end, |printer| {
            parts.push(if in_the_way {
                printer.import_as_written(tree)
            } else {
                printer.import_sorted(tree, names(tree).collect())
            });
            printer.join(&parts)
        });
        leading.push(slot.leading);
        slot.leading = self.docs.concat(&leading);
        let commented = in_the_way || !tree.allows.is_empty() || slot.leading != Docs::NIL || slot.trailing.is_some();
        // One that names nothing would vanish in another.
        Import { tree, slot, mergeable: !commented && names(tree).next().is_some() }
    }

    /// The lines of all imports, in order.
    pub(super) fn imports(&mut self, mut imports: Vec<Import<'a>>) -> Vec<Slot<'a>> {
        imports.sort_by_cached_key(|import| key(import.tree));
        let mut slots = Vec::with_capacity(imports.len());
        let mut imports = imports.into_iter().peekable();
        while let Some(import) = imports.next() {
            let mut slot = import.slot;
            if import.mergeable {
                let mut all: Vec<&'a UseName> = names(import.tree).collect();
                let count = all.len();
                while let Some(next) = imports.next_if(|next| next.mergeable && same_module(import.tree, next.tree)) {
                    all.extend(names(next.tree));
                }
                if all.len() > count {
                    slot.doc = self.import_sorted(import.tree, all);
                }
            }
            slots.push(slot);
        }
        slots
    }

    fn import_head(&mut self, tree: &'a Use) -> Vec<Doc> {
        let mut parts = vec![self.text("use "), self.path(&tree.path)];
        parts.extend(self.alias(tree.alias.as_ref()));
        parts
    }

    fn import_as_written(&mut self, tree: &'a Use) -> Doc {
        let mut parts = self.import_head(tree);
        if let Some(names) = &tree.names {
            parts.push(self.text("."));
            let open = self.source.find(tree.path.range.end, "{");
            parts.push(self.delimited(NAMES, open, false, |printer, first| {
                printer.slots(first, names, |name| use_name_end(name), Self::use_name)
            }));
        }
        self.join(&parts)
    }

    fn import_sorted(&mut self, tree: &'a Use, mut names: Vec<&'a UseName>) -> Doc {
        let mut parts = self.import_head(tree);
        if tree.names.is_some() {
            parts.push(self.text("."));
            names.sort_by_cached_key(|name| name_key(name));
            let slots = names
                .into_iter()
                .map(|name| Slot {
                    blank: false,
                    leading: Docs::NIL,
                    doc: self.use_name(name),
                    trailing: None,
                    next: 0,
                })
                .collect();
            let content = Content { opening: None, carried: 0..0, slots, dangling: 0..0 };
            let names = self.enclose(NAMES, false, content);
            parts.push(self.docs.group(names));
        }
        self.join(&parts)
    }

    fn use_name(&mut self, name: &'a UseName) -> Doc {
        let mut parts = vec![self.path(&name.path)];
        parts.extend(self.alias(name.alias.as_ref()));
        self.join(&parts)
    }

    fn alias(&mut self, alias: Option<&'a Ident>) -> Option<Doc> {
        let alias = self.verbatim(alias?.range);
        Some(self.clause(" as ", alias))
    }
}

fn names(tree: &Use) -> impl Iterator<Item = &UseName> {
    tree.names.iter().flatten()
}

fn use_name_end(name: &UseName) -> u32 {
    name.alias.as_ref().map_or(name.path.range.end, |alias| alias.range.end)
}

fn same_module(left: &Use, right: &Use) -> bool {
    parts(&left.path.parts) == parts(&right.path.parts)
}

type Key = (Vec<String>, bool, Option<String>);

fn key(tree: &Use) -> Key {
    (parts(&tree.path.parts), tree.names.is_some(), tree.alias.as_ref().map(|alias| alias.name.to_string()))
}

fn name_key(name: &UseName) -> Key {
    (parts(&name.path.parts), false, name.alias.as_ref().map(|alias| alias.name.to_string()))
}

fn parts(idents: &[Ident]) -> Vec<String> {
    idents.iter().map(|ident| ident.name.to_string()).collect()
}
