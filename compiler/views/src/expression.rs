//! Values and what waits for execution, as one writes them in the language.

use std::fmt::Write as _;

use ordain_graph::{NodeId, NodeRef, Op, Residual, Shape, Value, display};

use crate::names::visible;

/// Names a node for a reader; the node's own outputs are named without it.
pub(crate) type Naming<'a> = &'a dyn Fn(&NodeId) -> Option<String>;

/// A value in one line of at most about `limit` characters. What a shape declares secret shows as a reference and
/// never as content.
pub(crate) fn expression(value: &Value, shape: Option<&Shape>, naming: Naming<'_>, limit: usize) -> String {
    let mut writer = Writer { out: String::new(), limit, naming };
    writer.value(value, shape);
    if writer.is_full() {
        let cut = writer.out.char_indices().nth(limit.saturating_sub(1)).map_or(writer.out.len(), |(at, _)| at);
        writer.out.truncate(cut);
        writer.out.push('…');
    }
    writer.out
}

struct Writer<'a> {
    out: String,
    limit: usize,
    naming: Naming<'a>,
}

impl Writer<'_> {
    /// Whether more was written than is shown; the rest need not be written then.
    fn is_full(&self) -> bool {
        self.out.len() > self.limit && self.out.chars().count() > self.limit
    }

    fn text(&mut self, text: &str) {
        let cut = text.char_indices().nth(self.limit + 1).map_or(text.len(), |(at, _)| at);
        self.out.push_str(&visible(&text[..cut]));
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        self.inside_quotes(text);
        self.out.push('"');
    }

    fn inside_quotes(&mut self, text: &str) {
        for c in text.chars().take(self.limit + 1) {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                c => self.out.push_str(&visible(c.encode_utf8(&mut [0; 4]))),
            }
        }
    }

    fn value(&mut self, value: &Value, shape: Option<&Shape>) {
        if self.is_full() {
            return;
        }
        let shape = shape.map(plain);
        match (value, shape) {
            (Value::Residual(residual), _) => self.residual(residual),
            (Value::Secret(secret), _) => {
                self.out.push_str("secret(");
                self.quoted(&secret.name);
                self.out.push(')');
            }
            (Value::None, _) => self.out.push_str("none"),
            (_, Some(Shape::Secret(_))) => self.out.push_str("(secret)"),
            (Value::String(text), _) => self.quoted(text),
            (Value::List(elements), _) => self.sequence('[', elements.iter(), inner(shape), ']'),
            (Value::Set(elements), _) => self.sequence('{', elements.iter(), inner(shape), '}'),
            (Value::Map(entries), _) => {
                let shapes = match shape {
                    Some(Shape::Map(key, value)) => (Some(key.as_ref()), Some(value.as_ref())),
                    _ => (None, None),
                };
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.comma(index);
                    self.value(key, shapes.0);
                    self.out.push_str(": ");
                    self.value(value, shapes.1);
                    if self.is_full() {
                        break;
                    }
                }
                self.out.push('}');
            }
            (Value::Record(fields), _) => {
                let shapes = match shape {
                    Some(Shape::Record(shapes)) => Some(shapes),
                    _ => None,
                };
                self.out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    self.comma(index);
                    self.text(name);
                    self.out.push_str(": ");
                    self.value(value, shapes.and_then(|shapes| shapes.get(name)));
                    if self.is_full() {
                        break;
                    }
                }
                self.out.push('}');
            }
            (scalar, _) => {
                let text = display(scalar).unwrap_or_default();
                self.text(&text);
            }
        }
    }

    fn sequence<'v>(
        &mut self,
        open: char,
        elements: impl Iterator<Item = &'v Value>,
        shape: Option<&Shape>,
        close: char,
    ) {
        self.out.push(open);
        for (index, each) in elements.enumerate() {
            self.comma(index);
            self.value(each, shape);
            if self.is_full() {
                break;
            }
        }
        self.out.push(close);
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push_str(", ");
        }
    }

    fn residual(&mut self, residual: &Residual) {
        match residual {
            Residual::It => self.out.push_str("it"),
            Residual::Output { node, path } => {
                let name = match node {
                    NodeRef::Id(id) => (self.naming)(id),
                    // In a finished graph, only a node itself can be meant by position.
                    NodeRef::Index(_) => None,
                };
                let own = name.is_none();
                if let Some(name) = name {
                    self.text(&name);
                } else if path.is_empty() {
                    self.out.push_str("outputs");
                }
                for (index, part) in path.iter().enumerate() {
                    if index > 0 || !own {
                        self.out.push('.');
                    }
                    self.text(part);
                }
            }
            Residual::Apply { op, args } => self.operation(*op, args),
        }
    }

    fn operation(&mut self, op: Op, args: &[Value]) {
        match (op, args) {
            (Op::Not | Op::Neg, [operand]) => {
                self.out.push_str(&op.symbol());
                self.operand(operand);
            }
            (Op::Field | Op::OptionalField, [base, Value::String(name)]) => {
                self.operand(base);
                self.out.push_str(&op.symbol());
                self.text(name);
            }
            (Op::Index | Op::OptionalIndex, [base, index]) => {
                self.operand(base);
                self.sequence('[', [index].into_iter(), None, ']');
            }
            (Op::Interpolate, parts) => {
                self.out.push('"');
                for part in parts {
                    match part {
                        Value::String(text) => self.inside_quotes(text),
                        other => self.sequence('{', [other].into_iter(), None, '}'),
                    }
                }
                self.out.push('"');
            }
            (Op::If, [condition, then, otherwise]) => {
                self.out.push_str("if ");
                self.value(condition, None);
                self.out.push_str(" { ");
                self.value(then, None);
                self.out.push_str(" } else { ");
                self.value(otherwise, None);
                self.out.push_str(" }");
            }
            (Op::Call(_), args) => {
                self.out.push_str(&op.symbol());
                self.sequence('(', args.iter(), None, ')');
            }
            (op, [left, right]) => {
                self.operand(left);
                // INVARIANT: writing to a string never fails.
                let _ = match op {
                    Op::Range | Op::RangeInclusive => self.out.write_str(&op.symbol()),
                    _ => write!(self.out, " {} ", op.symbol()),
                };
                self.operand(right);
            }
            (op, args) => {
                self.out.push_str(&op.name());
                self.sequence('(', args.iter(), None, ')');
            }
        }
    }

    /// An argument, in parentheses where it is an operation of two sides itself.
    fn operand(&mut self, value: &Value) {
        let nested = match value {
            Value::Residual(residual) => matches!(residual.as_ref(), Residual::Apply { op, .. }
                if !matches!(op, Op::Field | Op::OptionalField | Op::Index | Op::OptionalIndex | Op::Interpolate | Op::Call(_))),
            _ => false,
        };
        if nested {
            self.sequence('(', [value].into_iter(), None, ')');
        } else {
            self.value(value, None);
        }
    }
}

/// The shape that says what a value is.
fn plain(shape: &Shape) -> &Shape {
    match shape {
        Shape::Optional(inner) | Shape::Refined(inner, _) => plain(inner),
        other => other,
    }
}

fn inner(shape: Option<&Shape>) -> Option<&Shape> {
    match shape {
        Some(Shape::List(inner) | Shape::Set(inner)) => Some(inner),
        _ => None,
    }
}
