//! Inlay hints: what a source leaves out, told between what it says.

mod steps;

use ordain_compiler::editor::{self, FieldOf, Meaning, ParamTy, RecordTy, Slot, default_place};
use ordain_compiler::{Item, Kind, Part, Sig, Ty, file_items, signature};
use ordain_diagnostics::TextRange;
use ordain_syntax::ast::{self, Expr, ExprKind};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;
use tower_lsp::ls_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintTooltip};

use super::names;
use super::nodes::{Node, Role, walk_item};
use crate::world::{File, Snapshot};

/// How long a hint may be, in characters.
const MOST: usize = 40;

/// The hints in a range of a file, in order.
pub(crate) fn hints(snapshot: &Snapshot, file: &File, within: TextRange) -> Vec<InlayHint> {
    let db = &snapshot.db;
    let touches = |range: TextRange| range.start <= within.end && within.start <= range.end;
    let parsed = ordain_syntax::parse(&file.text).file;
    let mut found: Vec<Hint> = Vec::new();
    let items = file_items(db, file.source).items(db);
    // The compiler's items are made of the syntax tree's, in its order.
    for (tree, &item) in parsed.items.iter().zip(items).filter(|(tree, _)| touches(tree.range)) {
        found.extend(Hints::of(snapshot, file, item, tree));
    }
    found.retain(|hint| within.start <= hint.at && hint.at <= within.end);
    found.sort_by_key(|hint| hint.at);
    found.into_iter().map(|hint| hint.shown(file)).collect()
}

/// A hint before an offset.
struct Hint {
    at: u32,
    label: String,
    tooltip: Option<String>,
    kind: Option<InlayHintKind>,
    /// Whether blanks stand before and after it.
    padding: (bool, bool),
}

impl Hint {
    fn shown(self, file: &File) -> InlayHint {
        InlayHint {
            position: file.range(TextRange::new(self.at, self.at)).start,
            label: InlayHintLabel::String(self.label),
            kind: self.kind,
            text_edits: None,
            tooltip: self.tooltip.map(InlayHintTooltip::String),
            padding_left: self.padding.0.then_some(true),
            padding_right: self.padding.1.then_some(true),
            data: None,
        }
    }
}

/// What is known of one declaration.
struct Hints<'s> {
    snapshot: &'s Snapshot,
    file: &'s File,
    /// The declarations that names lead to, by where the names end.
    named: FxHashMap<u32, Item<'s>>,
    /// The types of local names, by where they are bound.
    locals: FxHashMap<u32, Ty<'s>>,
    /// The fields of literals, by their names' places.
    fields: FxHashMap<u32, FieldOf<'s>>,
    found: Vec<Hint>,
}

impl<'s> Hints<'s> {
    fn of(snapshot: &'s Snapshot, file: &'s File, item: Item<'s>, tree: &ast::Item) -> Vec<Hint> {
        let settings = &snapshot.settings.inlay_hints;
        let mut hints = Self {
            snapshot,
            file,
            named: FxHashMap::default(),
            locals: FxHashMap::default(),
            fields: FxHashMap::default(),
            found: Vec::new(),
        };
        for (part, range, mark) in names::of_item(snapshot, item) {
            match &mark.meaning {
                Meaning::Item(named) => drop(hints.named.insert(range.end, *named)),
                Meaning::Local(binding, ty) if binding.part == part && binding.loc == mark.loc => {
                    hints.locals.insert(range.start, ty.clone());
                }
                Meaning::Field(field, _) => drop(hints.fields.insert(range.start, field.clone())),
                _ => {}
            }
        }
        if settings.types {
            hints.constant(item);
        }
        walk_item(tree, &mut |range, node| match node {
            Node::Name(Role::Bound) if settings.types => hints.bound(range),
            Node::Expr(expr) => {
                if settings.types {
                    hints.arguments(expr);
                }
                if settings.defaults {
                    hints.literal(expr);
                }
            }
            Node::PlanCall(call) => {
                let end = call.path.range.end;
                if settings.types {
                    hints.positional(end, &call.args);
                }
                if settings.defaults {
                    hints.parameters(end, &call.args, call.range.end);
                }
            }
            Node::Call(call) if settings.defaults => hints.inputs(call),
            _ => {}
        });
        if let ast::ItemKind::Plan(plan) = &tree.kind {
            hints.steps(&plan.body);
        }
        hints.found
    }

    fn constant(&mut self, item: Item<'s>) {
        let db = &self.snapshot.db;
        if item.kind(db) == Kind::Const && matches!(signature(db, item).sig, Sig::Const(None)) {
            self.ty(item.places(db).name.end, &editor::const_type(db, item));
        }
    }

    /// The type of a name that is bound without one.
    fn bound(&mut self, range: TextRange) {
        let rest = self.file.text.get(range.end as usize..).unwrap_or_default();
        if !rest.trim_start().starts_with(':')
            && let Some(ty) = self.locals.get(&range.start).cloned()
        {
            self.ty(range.end, &ty);
        }
    }

    fn ty(&mut self, at: u32, ty: &Ty<'s>) {
        // What a step or plan is, is written behind its name.
        if matches!(ty, Ty::Error | Ty::Step(_) | Ty::Plan(_) | Ty::Stage | Ty::Family(_)) {
            return;
        }
        let whole = ty.display(&self.snapshot.db);
        let label = format!(": {}", cut(&whole));
        let tooltip = (label.len() < whole.len()).then_some(whole);
        self.found.push(Hint { at, label, tooltip, kind: Some(InlayHintKind::TYPE), padding: (false, false) });
    }

    /// The parameters of a call whose arguments are given by their places.
    fn arguments(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call { callee, args } => self.positional(callee.range.end, args),
            ExprKind::Plan { path, args } => self.positional(path.range.end, args),
            _ => {}
        }
    }

    fn positional(&mut self, callee: u32, args: &[ast::Arg]) {
        let Some(&item) = self.named.get(&callee) else { return };
        let Some(params) = params(self.snapshot, item) else { return };
        // The one argument of a function explains itself.
        if params.len() == 1 && item.kind(&self.snapshot.db) == Kind::Fn {
            return;
        }
        for (arg, param) in args.iter().zip(params) {
            let same = matches!(&arg.value.kind, ExprKind::Name(name) if *name == param.name)
                || matches!(&arg.value.kind, ExprKind::Field { name, .. } if name.name == param.name);
            if arg.name.is_none() && !same {
                let tooltip = format!("{}: {}", param.name, param.ty.display(&self.snapshot.db));
                self.found.push(Hint {
                    at: arg.value.range.start,
                    label: format!("{}:", param.name),
                    tooltip: Some(tooltip),
                    kind: Some(InlayHintKind::PARAMETER),
                    padding: (false, true),
                });
            }
        }
    }

    /// The defaults of a plan's parameters that are left out.
    fn parameters(&mut self, callee: u32, args: &[ast::Arg], end: u32) {
        let Some(&item) = self.named.get(&callee) else { return };
        let Some(params) = params(self.snapshot, item) else { return };
        let db = &self.snapshot.db;
        let given = |at: usize, param: &ParamTy<'_>| {
            args.get(at).is_some_and(|arg| arg.name.is_none())
                || args.iter().any(|arg| arg.name.as_ref().is_some_and(|name| name.name == param.name))
        };
        let left = params.iter().enumerate().filter(|(at, param)| !given(*at, param));
        let texts = left.filter_map(|(_, param)| {
            let tree = &item.signature(db).tree;
            let range = editor::range(db, item, Part::Signature, tree[param.default?].loc);
            Some((param.name.clone(), slice(item.file(db).content(db).text(), range)))
        });
        let texts = texts.collect();
        self.defaults(texts, args.is_empty(), end, ")");
    }

    /// The defaults of a step's inputs that are left out.
    fn inputs(&mut self, call: &ast::StepCall) {
        let Some(item) = self.named.get(&call.path.range.end) else { return };
        if let Sig::Capability(contract) = &signature(&self.snapshot.db, *item).sig
            && let Ty::Record(record) = contract.input.peel(&self.snapshot.db)
        {
            self.left_out(&record, &call.fields, call.range.end);
        }
    }

    /// The defaults of a record's fields that are left out.
    fn literal(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Record(fields) => {
                let first = fields.iter().find_map(|field| match field {
                    ast::Field::Named { name, .. } => self.fields.get(&name.range.start),
                    _ => None,
                });
                if let Some(record) = first.and_then(|field| record_of(self.snapshot, field)) {
                    self.left_out(&record, fields, expr.range.end);
                }
            }
            ExprKind::Plan { path, args } => self.parameters(path.range.end, args, expr.range.end),
            _ => {}
        }
    }

    fn left_out(&mut self, record: &RecordTy<'s>, fields: &[ast::Field], end: u32) {
        // What is taken over from another record is not left out.
        if fields.iter().any(|field| !matches!(field, ast::Field::Named { .. })) {
            return;
        }
        let given = |name: &SmolStr| {
            fields.iter().any(|field| matches!(field, ast::Field::Named { name: given, .. } if given.name == *name))
        };
        let db = &self.snapshot.db;
        let left = record.fields.iter().filter(|field| !given(&field.name)).filter_map(|field| {
            let (file, range) = default_place(db, field.default.as_ref()?)?;
            Some((field.name.clone(), slice(file.content(db).text(), range)))
        });
        let left = left.collect();
        self.defaults(left, fields.is_empty(), end, "}");
    }

    /// Tells defaults before the bracket that closes a list, which ends at an offset.
    fn defaults(&mut self, left: Vec<(SmolStr, String)>, alone: bool, end: u32, bracket: &str) {
        let Some(at) = end.checked_sub(bracket.len() as u32) else { return };
        // In a broken text the bracket may not be there.
        if left.is_empty() || self.file.slice(TextRange::new(at, end)) != bracket {
            return;
        }
        let before = self.file.text.get(..at as usize).unwrap_or_default();
        let spaced = before.ends_with(char::is_whitespace);
        let separated = alone || before.trim_end().ends_with(',');
        let all: Vec<String> = left.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let label = cut(&all.join(", "));
        self.found.push(Hint {
            // After what is written, before the blank in front of the bracket.
            at: if separated || before.trim_end_matches(' ').ends_with('\n') {
                at
            } else {
                before.trim_end().len() as u32
            },
            label: if separated { label } else { format!(", {label}") },
            tooltip: Some(format!("left out, so by default\n{}", all.join("\n"))),
            kind: None,
            padding: (false, separated && (spaced || bracket == "}")),
        });
    }
}

fn params<'s>(snapshot: &'s Snapshot, item: Item<'s>) -> Option<&'s [ParamTy<'s>]> {
    match &signature(&snapshot.db, item).sig {
        Sig::Fn { params, .. } | Sig::Plan { params, .. } => Some(params),
        _ => None,
    }
}

/// The record that a field is of.
fn record_of<'s>(snapshot: &'s Snapshot, field: &FieldOf<'s>) -> Option<Arc<RecordTy<'s>>> {
    let db = &snapshot.db;
    let (item, slot) = field.root?;
    let whole = match (&signature(db, item).sig, slot) {
        (Sig::Type(ty) | Sig::Environment(ty) | Sig::Entity(ty), _) => ty.clone(),
        (Sig::Capability(contract), Slot::Input) => contract.input.clone(),
        (Sig::Capability(contract), _) => contract.output.clone(),
        (Sig::Fn { result, .. }, _) => result.clone(),
        (Sig::Plan { result, .. }, _) => result.clone()?,
        _ => return None,
    };
    let mut record = inner(snapshot, whole)?;
    let (_, outer) = field.path.split_last()?;
    for name in outer {
        record = inner(snapshot, record.get(name)?.ty.clone())?;
    }
    Some(record)
}

/// The record that a type is, or that lists, maps and options of it hold.
fn inner<'s>(snapshot: &'s Snapshot, ty: Ty<'s>) -> Option<Arc<RecordTy<'s>>> {
    /// How many types may stand between.
    const MOST: u32 = 100;
    let mut ty = ty;
    for _ in 0..MOST {
        ty = match ty.peel_optional(&snapshot.db) {
            Ty::Record(record) => return Some(record),
            Ty::List(inner) | Ty::Set(inner) | Ty::Secret(inner) => (*inner).clone(),
            Ty::Map(entry) => entry.1.clone(),
            _ => return None,
        };
    }
    None
}

/// What stands in a range, in one line.
fn slice(text: &str, range: TextRange) -> String {
    let text = text.get(range.start as usize..range.end as usize).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text, or its start where it is long.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
