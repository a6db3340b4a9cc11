//! Values and shapes as JSON.
//!
//! A value with a shape is plain JSON, as the [`Shape`](crate::Shape) describes. A value without one carries a tag
//! where JSON alone would be ambiguous: `{"$decimal": "1.5"}`. Members of an object that begin with `$` are tags;
//! names of users that begin so are written with another `$` in front.

mod adapter;
mod decode;
mod encode;
mod shape;

pub(crate) use decode::{amount, decode, node_id};
pub(crate) use encode::{encode, escape, unescape};
pub(crate) use shape::{decode_shape, encode_shape};

use crate::canonical::Tree;
use crate::shape::ShapeError;
use crate::value::{Shape, Value};

impl Shape {
    /// A value of this shape as it stands in a plan: plain JSON, where residuals and secrets keep their tags.
    pub fn encode(&self, value: &Value) -> serde_json::Value {
        let mut tree = Tree::default();
        encode(value, Some(self), &mut tree);
        tree.finish()
    }

    /// The value that JSON in a plan stands for, checked.
    ///
    /// For JSON from elsewhere, which has no tags, see [`Shape::from_adapter`].
    ///
    /// # Errors
    /// The JSON does not have the shape; the error says where.
    pub fn decode(&self, json: &serde_json::Value) -> Result<Value, ShapeError> {
        self.check(&decode(json, Some(self))?)
    }
}

impl Value {
    /// The value as JSON with tags, which [`Value::from_json`] reads back without knowing its shape.
    pub fn to_json(&self) -> serde_json::Value {
        let mut tree = Tree::default();
        encode(self, None, &mut tree);
        tree.finish()
    }

    /// Reads what [`Value::to_json`] wrote.
    ///
    /// # Errors
    /// A tag is unknown or its content is malformed.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, ShapeError> {
        decode(json, None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::canonical::Bytes;
    use crate::value::{Date, NodeId, NodeRef, Op, Residual, SecretRef};
    use std::sync::Arc;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::None),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (any::<i64>(), 0u32..10).prop_map(|(n, scale)| Value::Decimal(rust_decimal::Decimal::new(n, scale))),
            "\\PC{0,8}".prop_map(Value::string),
            "\\$[a-z]{0,8}".prop_map(Value::string),
            any::<u64>().prop_map(Value::Bytes),
            any::<u64>().prop_map(Value::Duration),
            Just(Value::Date(Date { year: 2027, month: 2, day: 28 })),
            (0u32..4, "[a-z]{1,4}").prop_map(|(index, name)| Value::Variant(index, name.into())),
            Just(Value::Secret(SecretRef { name: "a/b".into() })),
            Just(Value::Residual(Arc::new(Residual::Output {
                node: NodeRef::Id(NodeId(format!("sha256:{}", "0".repeat(64)).into())),
                path: vec!["x".into()],
            }))),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
                prop::collection::btree_set(inner.clone(), 0..4).prop_map(|set| Value::Set(Arc::new(set))),
                prop::collection::btree_map("\\$?[a-z]{1,4}".prop_map(Value::string), inner.clone(), 0..4)
                    .prop_map(|map| Value::Map(Arc::new(map))),
                prop::collection::btree_map("\\$?[a-z\u{e000}\u{10000}é]{1,4}", inner.clone(), 0..4)
                    .prop_map(|map| Value::record(map.into_iter().map(|(name, value)| (name.into(), value)))),
                prop::collection::vec(inner, 1..3).prop_map(|args| Value::apply(Op::Interpolate, args)),
            ]
        })
    }

    proptest! {
        #[test]
        fn tagged_json_reads_back(value in value()) {
            let json = value.to_json();
            prop_assert_eq!(Value::from_json(&json), Ok(value));
        }

        #[test]
        fn bytes_are_canonical(value in value()) {
            let mut bytes = Bytes::default();
            encode(&value, None, &mut bytes);
            let bytes = String::from_utf8(bytes.take()).unwrap();
            let canonical = serde_json_canonicalizer::to_string(&value.to_json()).unwrap();
            prop_assert_eq!(bytes, canonical);
        }

        #[test]
        fn text_is_canonical(text in any::<String>(), key in any::<String>(), other in any::<String>()) {
            let value = Value::record([(key.into(), Value::string(text)), (other.into(), Value::None)]);
            let mut bytes = Bytes::default();
            encode(&value, None, &mut bytes);
            let canonical = serde_json_canonicalizer::to_string(&value.to_json()).unwrap();
            prop_assert_eq!(String::from_utf8(bytes.take()).unwrap(), canonical);
        }
    }

    #[test]
    fn plain_json_reads_back_by_its_shape() {
        let shape = Shape::Record(Arc::new(
            [
                ("size".into(), Shape::Bytes),
                ("big".into(), Shape::Int),
                ("when".into(), Shape::Optional(Arc::new(Shape::Date))),
                ("tags".into(), Shape::Map(Arc::new(Shape::String), Arc::new(Shape::Decimal))),
            ]
            .into(),
        ));
        let tags = [(Value::string("$x"), Value::Decimal("1.50".parse().unwrap()))].into();
        let value = Value::record([
            ("size".into(), Value::Bytes(20 << 30)),
            ("big".into(), Value::Int(i64::MAX)),
            ("when".into(), Value::None),
            ("tags".into(), Value::Map(Arc::new(tags))),
        ]);
        let json = shape.encode(&value);
        assert_eq!(
            json.to_string(),
            r#"{"big":"9223372036854775807","size":21474836480,"tags":{"$$x":"1.5"},"when":null}"#
        );
        assert_eq!(shape.decode(&json), Ok(value));
    }
}
