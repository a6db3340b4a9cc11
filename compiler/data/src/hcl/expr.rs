//! Expressions: literals to values, and everything else to its text.

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object, ObjectKey, UnaryOperator};
use hcl_edit::template::{Element, Strip};
use smol_str::SmolStr;

use super::Source;
use crate::error::{Fault, given_twice, too_deep};
use crate::keys::duplicate;
use crate::node::{Key, Node, NodeKind};
use crate::number;
use crate::parse::MAX_DEPTH;

/// The names and constructors of types, which stand for themselves.
const TYPES: [&str; 8] = ["bool", "list", "map", "number", "object", "set", "string", "tuple"];

impl Source<'_> {
    /// The value of an entry or element of the `depth`th list or map from the outside.
    pub(super) fn expression(&self, expr: &Expression, depth: usize) -> Result<Node, Fault> {
        let range = self.place(expr);
        let inner = || if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(too_deep(range)) };
        let kind = match expr {
            Expression::Null(_) => NodeKind::Null,
            Expression::Bool(value) => NodeKind::Bool(*value.value()),
            Expression::Number(_) => number(self.written(expr)),
            Expression::String(text) => NodeKind::String(SmolStr::new(text.as_str())),
            Expression::Array(elements) => {
                let depth = inner()?;
                let elements = elements.iter().map(|element| self.expression(element, depth));
                NodeKind::List(elements.collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => self.object(object, inner()?)?,
            Expression::StringTemplate(template) => {
                let mut elements = template.iter();
                match (elements.next(), elements.next()) {
                    // Quotes around nothing but an interpolation are as good as none.
                    (Some(Element::Interpolation(only)), None) if only.strip == Strip::None => {
                        self.expression(&only.expr, depth)?.kind
                    }
                    _ => NodeKind::String(self.template(template.iter())),
                }
            }
            Expression::HeredocTemplate(heredoc) => NodeKind::String(self.template(heredoc.template.iter())),
            Expression::UnaryOp(operation) => match (operation.operator.value(), &operation.expr) {
                (UnaryOperator::Not, Expression::Bool(value)) => NodeKind::Bool(!value.value()),
                _ => self.as_written(expr),
            },
            Expression::Variable(name) if TYPES.contains(&name.as_str()) => {
                NodeKind::String(SmolStr::new(self.written(expr)))
            }
            Expression::FuncCall(call)
                if call.name.namespace.is_empty() && TYPES.contains(&call.name.name.as_str()) =>
            {
                NodeKind::String(SmolStr::new(self.written(expr)))
            }
            Expression::Variable(_)
            | Expression::Parenthesis(_)
            | Expression::Conditional(_)
            | Expression::FuncCall(_)
            | Expression::Traversal(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => self.as_written(expr),
        };
        Ok(Node { range, kind })
    }

    fn as_written(&self, expr: &Expression) -> NodeKind {
        NodeKind::String(format!("${{{}}}", self.written(expr)).into())
    }

    /// The map of an object that is the `depth`th list or map from the outside.
    fn object(&self, object: &Object, depth: usize) -> Result<NodeKind, Fault> {
        let mut entries = Vec::with_capacity(object.len());
        for (key, value) in object {
            entries.push((self.key(key), self.expression(value.expr(), depth)?));
        }
        match duplicate(&entries) {
            Some((first, second)) => {
                let (first, second) = (&entries[first].0, &entries[second].0);
                Err(given_twice("key", &second.name, second.range, Some(first.range)))
            }
            None => Ok(NodeKind::Map(entries)),
        }
    }

    fn key(&self, key: &ObjectKey) -> Key {
        let expr = match key {
            ObjectKey::Ident(name) => return Key { name: SmolStr::new(name.as_str()), range: self.place(name) },
            ObjectKey::Expression(expr) => expr,
        };
        let name = match expr {
            Expression::Traversal(_) => SmolStr::new(self.written(expr)),
            _ => self.part(expr),
        };
        Key { name, range: self.place(expr) }
    }

    /// What a template says.
    fn template<'e>(&self, elements: impl Iterator<Item = &'e Element>) -> SmolStr {
        let mut text = String::new();
        for element in elements {
            match element {
                Element::Literal(literal) => text.push_str(literal),
                Element::Interpolation(part) if part.strip == Strip::None => text.push_str(&self.part(&part.expr)),
                // What is stripped is only known when it is evaluated.
                Element::Interpolation(part) => text.push_str(self.written(part)),
                Element::Directive(_) => {
                    text.push_str(element.span().and_then(|span| self.text.get(span)).unwrap_or_default());
                }
            }
        }
        text.into()
    }

    /// An expression as part of a text.
    fn part(&self, expr: &Expression) -> SmolStr {
        match expr {
            Expression::String(text) => SmolStr::new(text.as_str()),
            Expression::StringTemplate(template) => self.template(template.iter()),
            Expression::HeredocTemplate(heredoc) => self.template(heredoc.template.iter()),
            Expression::Bool(_) | Expression::Null(_) | Expression::Number(_) => SmolStr::new(self.written(expr)),
            _ => format!("${{{}}}", self.written(expr)).into(),
        }
    }
}

/// A number as it was written. Between a sign and the digits may be space and comments.
fn number(written: &str) -> NodeKind {
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let digits = written.rsplit(|c| !of_number(c)).next().unwrap_or_default().trim_start_matches('-');
    let signed = if written.starts_with('-') { format!("-{digits}") } else { digits.to_owned() };
    if signed.contains(['.', 'e', 'E']) { number::exact(&signed) } else { number::integer(&signed) }
}
