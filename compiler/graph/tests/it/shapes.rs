//! Values against shapes.

use std::sync::Arc;

use ordain_graph::{Demand, Op, Residual, SecretRef, Shape, Value};

use crate::samples::{output, record, text};

fn record_shape(fields: &[(&str, Shape)]) -> Shape {
    Shape::Record(Arc::new(fields.iter().map(|(name, shape)| ((*name).into(), shape.clone())).collect()))
}

fn refined(shape: Shape, demand: Demand) -> Shape {
    Shape::Refined(Arc::new(shape), Arc::new(demand))
}

fn it() -> Value {
    Value::Residual(Arc::new(Residual::It))
}

#[test]
fn errors_say_where_and_what() {
    let port = refined(Shape::Int, Demand::Range { min: Value::Int(1), max: Value::Int(65_536), inclusive: false });
    let even = refined(
        Shape::Int,
        Demand::Predicate(Value::apply(Op::Eq, vec![Value::apply(Op::Rem, vec![it(), Value::Int(2)]), Value::Int(0)])),
    );
    let shape = record_shape(&[
        ("even", Shape::Optional(Arc::new(even))),
        ("name", refined(Shape::String, Demand::Matching("[a-z]+".into()))),
        ("ports", refined(Shape::List(Arc::new(port)), Demand::Length(1, 2))),
        ("secret", Shape::Optional(Arc::new(Shape::Secret(Arc::new(Shape::String))))),
        ("tier", Shape::Optional(Arc::new(Shape::Enum(Arc::new(vec!["dev".into(), "prod".into()]))))),
    ]);
    let ports = |ports: &[i64]| Value::list(ports.iter().map(|port| Value::Int(*port)));
    let good = [("name", text("web")), ("ports", ports(&[80, 443])), ("even", Value::Int(4)), ("tier", text("prod"))];
    let value = shape.check(&record(&good)).unwrap();
    let Value::Record(fields) = &value else { panic!("a record") };
    assert_eq!((&fields["tier"], &fields["secret"]), (&Value::Variant(1, "prod".into()), &Value::None));
    assert_eq!(shape.check(&value).unwrap(), value);
    for (change, expected) in [
        (("name", text("Web")), "/name: `\"Web\"` does not match `[a-z]+`"),
        (("name", Value::Int(1)), "/name: expected `String`, found `Int`"),
        (("ports", ports(&[80, 0])), "/ports/1: `0` is not in `1..65536`"),
        (("ports", ports(&[])), "/ports: a length of 0 is not in `1..=2`"),
        (
            ("ports", Value::list([output(0, &[]), output(0, &[]), output(0, &[])])),
            "/ports: a length of 3 is not in `1..=2`",
        ),
        (("even", Value::Int(3)), "/even: `3` does not satisfy the condition of its type"),
        (("tier", text("test")), "/tier: `test` is not one of `dev`, `prod`"),
        (("secret", text("hunter2")), "/secret: expected `Secret<String>`, found `String`"),
        (("more", Value::None), "unknown field `more`"),
    ] {
        let mut fields = good.to_vec();
        fields.retain(|(name, _)| *name != change.0);
        fields.push(change);
        assert_eq!(shape.check(&record(&fields)).unwrap_err().to_string(), expected);
    }
    assert_eq!(shape.check(&record(&good[1..])).unwrap_err().to_string(), "field `name` is missing");
}

#[test]
fn what_waits_passes_and_what_is_known_is_checked() {
    let list = Shape::List(Arc::new(refined(Shape::String, Demand::Matching("[a-z]+".into()))));
    assert!(list.check(&Value::list([output(0, &["x"]), text("b")])).is_ok());
    let error = list.check(&Value::list([output(0, &["x"]), text("B")])).unwrap_err();
    assert_eq!(error.path, ["1"]);
}

#[test]
fn untyped_data_holds_no_secret() {
    let secret = Value::Secret(SecretRef { name: "db".into() });
    let error = Shape::Json.check(&record(&[("a", Value::list([secret]))])).unwrap_err();
    assert_eq!(error.to_string(), "/a/0: a secret cannot be part of untyped data");
}

#[test]
fn text_becomes_what_the_shape_is() {
    for (shape, given, expected) in [
        (Shape::Url, "HTTPS://Example.com", Value::parse_url("https://example.com/")),
        (Shape::SemVer, "1.2.3-rc.1", Value::parse_semver("1.2.3-rc.1")),
        (Shape::Date, "2024-02-29", Value::parse_date("2024-02-29")),
    ] {
        assert_eq!(shape.check(&text(given)).ok(), expected);
        assert!(shape.check(&text("nothing")).is_err());
    }
    assert!(Value::parse_date("2023-02-29").is_none());
}
