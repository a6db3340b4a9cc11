//! Values to JSON.

use smol_str::{SmolStr, ToSmolStr as _};

use crate::canonical::{MAX_EXACT, Sink, in_order};
use crate::scalar::display;
use crate::value::{NodeRef, Residual, Shape, Value};

/// Writes a value, plain where a shape says how, tagged elsewhere. A reference by position is one of a node to itself,
/// while its id is being computed.
pub(crate) fn encode<S: Sink>(value: &Value, shape: Option<&Shape>, sink: &mut S) {
    let shape = shape.map(plain);
    match value {
        Value::None => sink.null(),
        Value::Bool(value) => sink.bool(*value),
        Value::Int(value) if shape == Some(&Shape::Decimal) => sink.text(&value.to_smolstr()),
        Value::Int(value) if value.unsigned_abs() <= MAX_EXACT => sink.number(*value),
        Value::Int(value) => text(&value.to_smolstr(), "$int", shape == Some(&Shape::Int), sink),
        Value::String(text) => sink.text(text),
        Value::Decimal(value) => {
            text(&value.normalize().to_smolstr(), "$decimal", shape == Some(&Shape::Decimal), sink);
        }
        Value::Bytes(bytes) => amount(*bytes, "$bytes", shape == Some(&Shape::Bytes), sink),
        Value::Duration(milliseconds) => amount(*milliseconds, "$duration", shape == Some(&Shape::Duration), sink),
        Value::SemVer(version) => text(&version.to_smolstr(), "$semver", shape == Some(&Shape::SemVer), sink),
        Value::Url(url) => text(url, "$url", shape == Some(&Shape::Url), sink),
        Value::Digest(digest) => text(digest, "$digest", shape == Some(&Shape::Digest), sink),
        Value::Date(date) => text(&date.to_smolstr(), "$date", shape == Some(&Shape::Date), sink),
        Value::Variant(index, name) => match shape {
            Some(Shape::Enum(_)) => sink.text(name),
            _ => tagged("$variant", sink, |sink| {
                sink.open_array();
                sink.number(i64::from(*index));
                sink.text(name);
                sink.close_array();
            }),
        },
        Value::List(elements) => {
            let inner = match shape {
                Some(Shape::List(inner)) => Some(inner.as_ref()),
                _ => None,
            };
            sequence(elements.iter(), inner, sink);
        }
        Value::Set(elements) => match shape {
            Some(Shape::Set(inner)) => sequence(elements.iter(), Some(inner), sink),
            _ => tagged("$set", sink, |sink| sequence(elements.iter(), None, sink)),
        },
        Value::Map(entries) => match shape {
            Some(Shape::Map(_, inner)) if entries.keys().all(Value::is_known) => {
                let keys: Vec<String> = entries.keys().map(|key| display(key).unwrap_or_default()).collect();
                let members = keys.iter().map(String::as_str).zip(entries.values()).collect();
                object(members, |_| Some(inner), sink);
            }
            _ => tagged("$map", sink, |sink| {
                sink.open_array();
                for (key, value) in entries.iter() {
                    sink.open_array();
                    encode(key, None, sink);
                    encode(value, None, sink);
                    sink.close_array();
                }
                sink.close_array();
            }),
        },
        Value::Record(fields) => {
            let shapes = match shape {
                Some(Shape::Record(shapes)) => Some(shapes),
                _ => None,
            };
            // `$` sorts before every letter, so another one in front moves nothing.
            let members = fields.iter().map(|(name, value)| (name.as_str(), value)).collect();
            object(members, |name| shapes?.get(name), sink);
        }
        Value::Secret(secret) => tagged("$secret", sink, |sink| sink.text(&secret.name)),
        Value::Residual(residual) => self::residual(residual, sink),
    }
}

fn sequence<'a, S: Sink>(elements: impl Iterator<Item = &'a Value>, inner: Option<&Shape>, sink: &mut S) {
    sink.open_array();
    for each in elements {
        encode(each, inner, sink);
    }
    sink.close_array();
}

fn object<'s, S: Sink>(members: Vec<(&str, &Value)>, shape: impl Fn(&str) -> Option<&'s Shape>, sink: &mut S) {
    sink.open_object();
    for (name, value) in in_order(members) {
        if name.starts_with('$') {
            sink.key(&escape(name));
        } else {
            sink.key(name);
        }
        encode(value, shape(name), sink);
    }
    sink.close_object();
}

fn residual<S: Sink>(residual: &Residual, sink: &mut S) {
    match residual {
        Residual::It => tagged("$it", sink, |sink| sink.bool(true)),
        Residual::Output { node, path } => match node {
            NodeRef::Id(id) => {
                sink.open_object();
                sink.member("$output", &id.0);
                sink.key("path");
                sink.texts(path);
                sink.close_object();
            }
            NodeRef::Index(_) => tagged("$self", sink, |sink| sink.texts(path)),
        },
        Residual::Apply { op, args } => {
            sink.open_object();
            sink.member("$op", &op.name());
            sink.key("args");
            sequence(args.iter(), None, sink);
            sink.close_object();
        }
    }
}

/// The shape that decides the form: optional, refined and secret ones are as what they are about.
fn plain(shape: &Shape) -> &Shape {
    match shape {
        Shape::Optional(inner) | Shape::Refined(inner, _) => plain(inner),
        other => other,
    }
}

fn tagged<S: Sink>(tag: &str, sink: &mut S, content: impl FnOnce(&mut S)) {
    sink.open_object();
    sink.key(tag);
    content(sink);
    sink.close_object();
}

fn text<S: Sink>(text: &str, tag: &str, plain: bool, sink: &mut S) {
    if plain { sink.text(text) } else { tagged(tag, sink, |sink| sink.text(text)) }
}

fn amount<S: Sink>(amount: u64, tag: &str, plain: bool, sink: &mut S) {
    if plain { sink.amount(amount) } else { tagged(tag, sink, |sink| sink.amount(amount)) }
}

/// A name of a user, told apart from tags.
pub(crate) fn escape(name: &str) -> String {
    if name.starts_with('$') { format!("${name}") } else { name.to_owned() }
}

/// What [`escape`] was given.
pub(crate) fn unescape(name: &str) -> SmolStr {
    name.strip_prefix('$').filter(|rest| rest.starts_with('$')).unwrap_or(name).into()
}
