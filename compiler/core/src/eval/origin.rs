//! Where the parts of a value come from: which file, and where in it.
//!
//! Follows the expression that a value was made of, as far as it only takes documents apart and puts them together: records
//! and lists around calls of data functions, sums of lists, `values` and `flatten`, lists picked with `for`, fields and
//! elements, and names of constants.

use std::cell::RefCell;
use std::rc::Rc;

use ordain_data::{JsonPlaces, Pointer};
use ordain_diagnostics::TextRange;
use ordain_graph::{Function, Value};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::{Context, Evaluator, Source, data_call, data_calls, value_json};
use crate::db::Db;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Field, ForClause, Kind};
use crate::items::Item;
use crate::types::{Resolution, Ty};

/// Where a value comes from.
#[derive(Clone, Debug, Default)]
pub enum Origin<'db> {
    /// From no file, or nobody knows.
    #[default]
    Unknown,
    /// From a file: what a pointer leads to in it.
    File(Rc<Opened<'db>>, Pointer),
    /// A record or map: what its fields come from, the one that counts first.
    Fields(Vec<(SmolStr, Origin<'db>)>),
    /// A record with the fields of others in it: each is asked in turn.
    Either(Vec<Origin<'db>>),
    /// A list: its parts, with the number of elements of each; a part of its own is a list.
    Parts(Vec<(usize, Origin<'db>)>),
    /// A list: what its elements come from.
    Elements(Vec<Origin<'db>>),
}

/// A file, and the places in its text that are known already.
#[derive(Debug)]
pub struct Opened<'db> {
    source: Source,
    places: RefCell<Option<JsonPlaces<'db>>>,
}

impl<'db> Origin<'db> {
    /// Where the value of an expression comes from. `known` are the origins of names around it.
    pub(crate) fn of(
        cx: &mut Context<'db>,
        evaluator: &Evaluator<'_, 'db>,
        known: &[(SmolStr, Self)],
        expr: ExprId,
    ) -> Self {
        let db = evaluator.db;
        if let Some(source) = data_call(db, cx, expr) {
            return Self::of_file(source);
        }
        let files = data_calls(db, cx, expr);
        if !files.is_empty() {
            if matches!(cx.facts.types[expr.0 as usize].peel_optional(db), Ty::List(_)) {
                let part = |(_, source): (SmolStr, Source)| (source.len(db), Self::of_file(source));
                return Self::Parts(files.into_iter().map(part).collect());
            }
            return Self::Fields(files.into_iter().map(|(path, source)| (path, Self::of_file(source))).collect());
        }
        let tree = cx.tree;
        match &tree[expr].kind {
            ExprKind::Record(fields) => {
                let mut named = Vec::new();
                let mut others = Vec::new();
                for field in fields.iter() {
                    match field {
                        Field::Named { name, value } => {
                            named.push((name.text.clone(), Self::of(cx, evaluator, known, *value)));
                        }
                        Field::Keyed { key, value } => {
                            if let ExprKind::Str(name) = &tree[*key].kind {
                                named.push((name.clone(), Self::of(cx, evaluator, known, *value)));
                            }
                        }
                        Field::Spread { value } => others.push(Self::of(cx, evaluator, known, *value)),
                    }
                }
                let own = Self::Fields(named);
                if others.is_empty() {
                    own
                } else {
                    Self::Either([own].into_iter().chain(others.into_iter().rev()).collect())
                }
            }
            ExprKind::List(elements) => {
                Self::Elements(elements.iter().map(|each| Self::of(cx, evaluator, known, *each)).collect())
            }
            ExprKind::Binary { op: BinaryOp::Add, left, right } => {
                let mut part = |side: ExprId| {
                    let length = match evaluator.eval(cx, side) {
                        Ok(Value::List(elements)) => elements.len(),
                        _ => 0,
                    };
                    (length, Self::of(cx, evaluator, known, side))
                };
                Self::Parts(vec![part(*left), part(*right)])
            }
            ExprKind::Binary { op: BinaryOp::Coalesce, left, right } => match evaluator.eval(cx, *left) {
                Ok(Value::None) => Self::of(cx, evaluator, known, *right),
                Ok(_) => Self::of(cx, evaluator, known, *left),
                Err(_) => Self::Unknown,
            },
            ExprKind::Field { base, name, .. } => Self::of(cx, evaluator, known, *base).part(&name.text),
            ExprKind::Index { base, index } => match evaluator.eval(cx, *index) {
                Ok(step) => Self::of(cx, evaluator, known, *base).part(&shown(&step)),
                Err(_) => Self::Unknown,
            },
            ExprKind::Call { callee, args } => match (cx.facts.resolutions.get(callee), &**args) {
                (Some(Resolution::Builtin(function @ (Function::Values | Function::Flatten))), [arg]) => {
                    let Ok(value) = evaluator.eval(cx, arg.value) else { return Self::Unknown };
                    let from = Self::of(cx, evaluator, known, arg.value);
                    from.taken_apart(*function, &value)
                }
                (Some(Resolution::Typed), [arg]) => Self::of(cx, evaluator, known, arg.value),
                _ => Self::Unknown,
            },
            ExprKind::ListFor { body, clauses } => {
                let (mut known, mut found) = (known.to_vec(), Vec::new());
                let mark = cx.locals.len();
                let followed = Self::picked(cx, evaluator, &mut known, (clauses, *body), &mut found);
                cx.locals.truncate(mark);
                followed.map_or(Self::Unknown, |()| Self::Elements(found))
            }
            ExprKind::Name(name) => match cx.facts.resolutions.get(&expr) {
                Some(Resolution::Item(item)) => Self::of_constant(evaluator, *item),
                _ => known
                    .iter()
                    .rev()
                    .find(|(own, _)| own == name)
                    .map(|(_, origin)| origin.clone())
                    .unwrap_or_default(),
            },
            _ => Self::Unknown,
        }
    }

    /// What the elements of `values(of)` or `flatten(of)` come from.
    fn taken_apart(&self, function: Function, of: &Value) -> Self {
        match (function, of) {
            (Function::Values, Value::Map(entries)) => {
                Self::Elements(entries.keys().map(|key| self.part(&shown(key))).collect())
            }
            (Function::Flatten, Value::List(lists)) => {
                let part = |(at, list): (usize, &Value)| match list {
                    Value::List(elements) => (elements.len(), self.part(&at.to_string())),
                    _ => (0, Self::Unknown),
                };
                Self::Parts(lists.iter().enumerate().map(part).collect())
            }
            _ => Self::Unknown,
        }
    }

    /// What the elements of a list come from that loops and conditions give; nothing where a part of that has no value.
    fn picked(
        cx: &mut Context<'db>,
        evaluator: &Evaluator<'_, 'db>,
        known: &mut Vec<(SmolStr, Self)>,
        (clauses, body): (&[ForClause], ExprId),
        found: &mut Vec<Self>,
    ) -> Option<()> {
        let (binder, iter, rest) = match clauses.split_first() {
            None => {
                found.push(Self::of(cx, evaluator, known, body));
                return Some(());
            }
            Some((ForClause::If(condition), rest)) => {
                return match evaluator.eval_condition(cx, *condition).ok()? {
                    Value::Bool(true) => Self::picked(cx, evaluator, known, (rest, body), found),
                    Value::Bool(false) => Some(()),
                    _ => None,
                };
            }
            Some((ForClause::For { binder, iter }, rest)) => (binder, *iter, rest),
        };
        let from = Self::of(cx, evaluator, known, iter);
        for (at, (first, second)) in evaluator.iterate(cx, iter, binder).ok()?.into_iter().enumerate() {
            let marks = (cx.locals.len(), known.len());
            // Of two names the second is the element, and the first says where it is; a map goes over its keys else.
            let step = if second.is_some() { shown(&first) } else { at.to_string() };
            let element = from.part(&step);
            let origin = if binder.second.is_some() { Self::Unknown } else { element.clone() };
            known.push((binder.first.text.clone(), origin));
            cx.locals.push((binder.first.text.clone(), first));
            if let (Some(name), Some(second)) = (&binder.second, second) {
                known.push((name.text.clone(), element));
                cx.locals.push((name.text.clone(), second));
            }
            Self::picked(cx, evaluator, known, (rest, body), found)?;
            cx.locals.truncate(marks.0);
            known.truncate(marks.1);
        }
        Some(())
    }

    fn of_constant(evaluator: &Evaluator<'_, 'db>, item: Item<'db>) -> Self {
        let db = evaluator.db;
        match item.body(db).body {
            // A constant that needs itself is an error elsewhere, and has no value to point into.
            Body::Expr(body) if item.kind(db) == Kind::Const && super::const_value(db, item).value.is_some() => {
                Self::of(&mut Context::body(db, item), evaluator, &[], body)
            }
            _ => Self::Unknown,
        }
    }

    /// Where an element or a field comes from.
    pub(crate) fn part(&self, step: &str) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::File(file, pointer) => {
                let mut pointer = pointer.clone();
                pointer.push_key(step);
                Self::File(file.clone(), pointer)
            }
            Self::Fields(fields) => {
                let field = fields.iter().rev().find(|(name, _)| *name == step);
                field.map(|(_, origin)| origin.clone()).unwrap_or_default()
            }
            Self::Either(origins) => Self::Either(origins.iter().map(|origin| origin.part(step)).collect()),
            Self::Elements(elements) => {
                step.parse::<usize>().ok().and_then(|at| elements.get(at)).cloned().unwrap_or_default()
            }
            Self::Parts(parts) => {
                let Ok(mut index) = step.parse::<usize>() else { return Self::Unknown };
                for (length, origin) in parts {
                    if index < *length {
                        return origin.part(&index.to_string());
                    }
                    index -= length;
                }
                Self::Unknown
            }
        }
    }

    /// The whole of a file.
    pub(crate) fn of_file(source: Source) -> Self {
        Self::File(Rc::new(Opened { source, places: RefCell::default() }), Pointer::root())
    }

    /// A value as JSON, with its parts as they stand in the files they come from: whatever types leave out is in them.
    pub(crate) fn json(&self, db: &'db dyn Db, value: &Value) -> Json {
        let element = |at: usize| match value {
            Value::List(elements) => elements.get(at).unwrap_or(&Value::None),
            _ => &Value::None,
        };
        match self {
            Self::Unknown => value_json(value),
            Self::File(file, pointer) => file.source.json(db, pointer).unwrap_or_else(|| value_json(value)),
            Self::Elements(origins) => {
                origins.iter().enumerate().map(|(at, origin)| origin.json(db, element(at))).collect()
            }
            Self::Parts(parts) => {
                let mut all = Vec::new();
                for (length, origin) in parts {
                    let part = Value::list((0..*length).map(|at| element(all.len() + at).clone()));
                    match origin.json(db, &part) {
                        Json::Array(elements) => all.extend(elements),
                        other => all.push(other),
                    }
                }
                Json::Array(all)
            }
            Self::Fields(_) | Self::Either(_) => {
                let mut json = value_json(value);
                if let Json::Object(members) = &mut json {
                    self.members(db, value, members);
                }
                json
            }
        }
    }

    /// Puts the members in whose files are known.
    fn members(&self, db: &'db dyn Db, value: &Value, members: &mut Map<String, Json>) {
        match self {
            Self::Fields(fields) => {
                for (name, origin) in fields.iter().filter(|(_, origin)| !matches!(origin, Self::Unknown)) {
                    let part = match value {
                        Value::Record(parts) => parts.get(name).unwrap_or(&Value::None),
                        Value::Map(entries) => entries.get(&Value::String(name.clone())).unwrap_or(&Value::None),
                        _ => &Value::None,
                    };
                    members.insert(name.to_string(), origin.json(db, part));
                }
            }
            Self::Either(origins) => origins.iter().rev().for_each(|origin| origin.members(db, value, members)),
            Self::File(file, pointer) => {
                if let Some(Json::Object(own)) = file.source.json(db, pointer) {
                    members.extend(own);
                }
            }
            Self::Unknown | Self::Parts(_) | Self::Elements(_) => {}
        }
    }

    /// What a pointer leads to, or the innermost value on the way that has a place.
    pub(crate) fn nearest(&self, db: &'db dyn Db, mut pointer: Pointer) -> Pointer {
        while !pointer.as_str().is_empty() && self.place(db, &pointer).is_none() {
            pointer.pop();
        }
        pointer
    }

    /// The innermost value that begins a line of the one file that this is, counted from one.
    pub(crate) fn in_line(&self, db: &'db dyn Db, line: u32) -> Option<Pointer> {
        match self {
            Self::File(file, pointer) if pointer.as_str().is_empty() => file.source.in_line(db, line),
            _ => None,
        }
    }

    /// The file and the range of what a pointer leads to; nothing where it leads nowhere.
    pub(crate) fn place(&self, db: &'db dyn Db, pointer: &Pointer) -> Option<(SmolStr, TextRange)> {
        if let Self::File(file, from) = self {
            return file.source.place(db, &from.clone().join(pointer), &mut file.places.borrow_mut());
        }
        if let Self::Either(origins) = self {
            return origins.iter().find_map(|origin| origin.place(db, pointer));
        }
        let (step, rest) = pointer.split_first()?;
        match self {
            Self::Fields(fields) => {
                fields.iter().rev().find(|(name, _)| *name == step).and_then(|(_, origin)| origin.place(db, &rest))
            }
            Self::Elements(_) | Self::Parts(_) => {
                let element = self.part(&step);
                element.place(db, &rest).or_else(|| match &element {
                    // A record that was made of a part of a file stands where its first part does.
                    Self::Fields(fields) if rest.as_str().is_empty() => {
                        fields.iter().find_map(|(_, origin)| origin.place(db, &rest))
                    }
                    _ => None,
                })
            }
            Self::File(..) | Self::Either(_) | Self::Unknown => None,
        }
    }
}

/// A key or an index as a step of a pointer.
fn shown(step: &Value) -> String {
    ordain_graph::display(step).unwrap_or_default()
}
