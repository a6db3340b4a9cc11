//! Operations on values.

use std::sync::Arc;

use ordain_graph::{Function, Op, OpError, Residual, SecretRef, Value, apply, display, evaluate};
use proptest::prelude::*;

use crate::samples::{output, record, text};

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

fn list(values: &[i64]) -> Value {
    Value::list(values.iter().copied().map(Value::Int))
}

#[test]
fn arithmetic_is_checked_and_exact() {
    use Op::{Add, Div, Mul, Neg, Rem, Sub};
    for (op, args, expected) in [
        (Add, vec![int(i64::MAX), int(1)], Err(OpError::Overflow)),
        (Div, vec![int(i64::MIN), int(-1)], Err(OpError::Overflow)),
        (Div, vec![int(-7), int(2)], Ok(int(-3))),
        (Rem, vec![int(-7), int(2)], Ok(int(-1))),
        (Div, vec![int(1), int(0)], Err(OpError::DivisionByZero)),
        (Neg, vec![int(i64::MIN)], Err(OpError::Overflow)),
        (Add, vec![decimal("0.1"), decimal("0.2")], Ok(decimal("0.3"))),
        (Mul, vec![decimal("1.10"), int(3)], Ok(decimal("3.3"))),
        (Div, vec![decimal("1"), decimal("8")], Ok(decimal("0.125"))),
        (Div, vec![decimal("1"), decimal("3")], Ok(decimal("0.3333333333333333333333333333"))),
        (Rem, vec![decimal("5.5"), int(2)], Ok(decimal("1.5"))),
        (Div, vec![decimal("1"), decimal("0.0")], Err(OpError::DivisionByZero)),
        // Not rounded: twenty-nine digits do not fit.
        (Add, vec![decimal("79228162514264337593543950335"), decimal("0.1")], Err(OpError::Overflow)),
        (Mul, vec![decimal("0.000000000000001"), decimal("0.000000000000001")], Err(OpError::Overflow)),
        (Sub, vec![Value::Bytes(1), Value::Bytes(2)], Err(OpError::Overflow)),
        (Mul, vec![int(3), Value::Duration(500)], Ok(Value::Duration(1_500))),
        (Mul, vec![Value::Bytes(5), int(-1)], Err(OpError::Overflow)),
        (Div, vec![Value::Bytes(10), Value::Bytes(3)], Ok(int(3))),
        (Div, vec![Value::Duration(10), int(0)], Err(OpError::DivisionByZero)),
        (Add, vec![text("a"), text("b")], Ok(text("ab"))),
        (Add, vec![list(&[1]), list(&[2])], Ok(list(&[1, 2]))),
    ] {
        assert_eq!(apply(op, &args), expected, "{op:?} {args:?}");
    }
    let error = apply(Add, &[text("a"), int(1)]).unwrap_err();
    assert_eq!(error.to_string(), "`+` is not defined for `String` and `Int`");
    let error = apply(Op::Field, &[Value::None, text("x")]).unwrap_err();
    assert_eq!(error.to_string(), "`none` has no field `x`");
}

#[test]
fn what_is_known_decides_early() {
    let waits = output(0, &["x"]);
    let yes = Value::Bool(true);
    let no = Value::Bool(false);
    let call = |function, value: &Value| apply(Op::Call(function), std::slice::from_ref(value));
    assert_eq!(apply(Op::And, &[waits.clone(), no.clone()]), Ok(no.clone()));
    assert_eq!(apply(Op::Or, &[waits.clone(), yes.clone()]), Ok(yes.clone()));
    assert_eq!(apply(Op::And, &[yes.clone(), waits.clone()]), Ok(waits.clone()));
    assert_eq!(apply(Op::If, &[yes.clone(), int(1), waits.clone()]), Ok(int(1)));
    assert_eq!(apply(Op::Coalesce, &[int(1), waits.clone()]), Ok(int(1)));
    let partly = Value::list([waits.clone(), int(2)]);
    assert_eq!(call(Function::Len, &partly), Ok(int(2)));
    assert_eq!(call(Function::Last, &partly), Ok(int(2)));
    assert_eq!(apply(Op::Index, &[partly.clone(), int(1)]), Ok(int(2)));
    assert_eq!(apply(Op::OptionalIndex, &[partly.clone(), int(1)]), Ok(int(2)));
    assert_eq!(apply(Op::OptionalIndex, &[partly.clone(), int(2)]), Ok(Value::None));
    assert_eq!(apply(Op::OptionalIndex, &[text("a"), int(0)]), Ok(Value::None));
    assert_eq!(apply(Op::Call(Function::Get), &[partly.clone(), int(1)]), Ok(int(2)));
    let open = Value::Map(Arc::new([(waits.clone(), int(1)), (text("a"), int(2))].into()));
    assert_eq!(apply(Op::Call(Function::Get), &[open.clone(), text("a")]), Ok(int(2)));
    assert!(!apply(Op::Call(Function::Get), &[open, text("b")]).unwrap().is_known(), "the open key may be this one");
    assert_eq!(apply(Op::In, &[int(2), partly.clone()]), Ok(yes));
    assert_eq!(apply(Op::Field, &[record(&[("a", waits.clone()), ("b", int(1))]), text("b")]), Ok(int(1)));
    for (op, args) in [
        (Op::Add, vec![waits.clone(), int(1)]),
        (Op::In, vec![int(3), partly.clone()]),
        (Op::Call(Function::Sum), vec![partly]),
    ] {
        assert_eq!(apply(op, &args), Ok(Value::apply(op, args.clone())));
    }
}

#[test]
fn functions_do_what_they_say() {
    use Function as F;
    let strings = |parts: &[&str]| Value::list(parts.iter().map(|part| text(part)));
    let some = |value: Option<Value>| value.unwrap();
    let map = Value::Map(Arc::new([(text("a"), int(1)), (text("b"), int(2))].into()));
    let set = Value::Set(Arc::new([int(3), int(1)].into()));
    for (function, args, expected) in [
        (F::Len, vec![text("añb")], int(3)),
        (F::Len, vec![map.clone()], int(2)),
        (F::Sum, vec![list(&[1, 2, 3])], int(6)),
        (F::Sum, vec![list(&[])], int(0)),
        (F::Sum, vec![Value::list([Value::Bytes(1), Value::Bytes(2)])], Value::Bytes(3)),
        (F::Min, vec![list(&[3, 1, 2])], int(1)),
        (F::Max, vec![list(&[])], Value::None),
        (F::Any, vec![Value::list([Value::Bool(false)])], Value::Bool(false)),
        (F::All, vec![list(&[])], Value::Bool(true)),
        (F::Count, vec![Value::list([Value::Bool(true), Value::Bool(false)])], int(1)),
        (F::First, vec![list(&[4, 5])], int(4)),
        (F::Last, vec![list(&[])], Value::None),
        (F::Keys, vec![map.clone()], strings(&["a", "b"])),
        (F::Values, vec![map], list(&[1, 2])),
        (F::Sort, vec![list(&[3, 1, 2])], list(&[1, 2, 3])),
        (F::Reverse, vec![list(&[1, 2])], list(&[2, 1])),
        (F::Unique, vec![list(&[2, 1, 2])], list(&[2, 1])),
        (F::Flatten, vec![Value::list([list(&[1]), list(&[2, 3])])], list(&[1, 2, 3])),
        (F::SetOf, vec![list(&[3, 1, 3])], set.clone()),
        (F::ListOf, vec![set], list(&[1, 3])),
        (F::Join, vec![strings(&["a", "b"]), text("-")], text("a-b")),
        (F::Split, vec![text("a-b"), text("-")], strings(&["a", "b"])),
        (F::Lower, vec![text("ÄB")], text("äb")),
        (F::Upper, vec![text("äb")], text("ÄB")),
        (F::Trim, vec![text(" a ")], text("a")),
        (F::Replace, vec![text("aba"), text("a"), text("c")], text("cbc")),
        (F::StartsWith, vec![text("abc"), text("ab")], Value::Bool(true)),
        (F::EndsWith, vec![text("abc"), text("ab")], Value::Bool(false)),
        (F::Matches, vec![text("abc"), text("[a-c]+")], Value::Bool(true)),
        (F::Find, vec![text("a12b3"), text("[0-9]+")], text("12")),
        (F::Find, vec![text("a"), text("[0-9]+")], Value::None),
        (F::TrimPrefix, vec![text("abab"), text("ab")], text("ab")),
        (F::TrimPrefix, vec![text("ab"), text("b")], text("ab")),
        (F::TrimSuffix, vec![text("a**"), text("*")], text("a*")),
        (F::Get, vec![list(&[4, 5]), int(1)], int(5)),
        (F::Get, vec![list(&[4, 5]), int(-1)], Value::None),
        (F::Get, vec![Value::Map(Arc::new([(text("a"), int(1))].into())), text("a")], int(1)),
        (F::Get, vec![Value::Map(Arc::default()), text("a")], Value::None),
        (
            F::ParseJson,
            vec![text("{\"a\": [1, 1.50, null]}")],
            record(&[("a", Value::list([int(1), decimal("1.5"), Value::None]))]),
        ),
        (F::ParseJson, vec![text("[1,]")], Value::None),
        (F::ParseJson, vec![text("null")], Value::None),
        (F::JsonType, vec![Value::None], text("null")),
        (F::JsonType, vec![decimal("1.5")], text("number")),
        (F::JsonType, vec![list(&[])], text("array")),
        (F::JsonType, vec![record(&[])], text("object")),
        (F::StringOf, vec![Value::Bytes(20 << 30)], text("20GiB")),
        (F::IntOf, vec![text("-12")], int(-12)),
        (F::IntOf, vec![text("1.5")], Value::None),
        (F::DecimalOf, vec![text("1.5")], decimal("1.5")),
        (F::Abs, vec![int(-3)], int(3)),
        (F::Round, vec![decimal("2.345"), int(2)], decimal("2.34")),
        (F::Round, vec![decimal("2.355"), int(2)], decimal("2.36")),
        (F::Round, vec![decimal("-0.5"), int(0)], decimal("0")),
        (F::Round, vec![decimal("1.5"), int(28)], decimal("1.5")),
        (F::Round, vec![decimal("7922816251426433759354395033.5"), int(0)], decimal("7922816251426433759354395034")),
        (F::Round, vec![int(7), int(2)], decimal("7")),
        (F::SemVerOf, vec![text("1.2.3")], some(Value::parse_semver("1.2.3"))),
        (F::UrlOf, vec![text("no")], Value::None),
        (
            F::Sha256,
            vec![text("abc")],
            some(Value::parse_digest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        ),
    ] {
        assert_eq!(apply(Op::Call(function), &args), Ok(expected), "{function:?} {args:?}");
    }
    for places in [-1, 29, i64::MIN, i64::MAX] {
        assert_eq!(apply(Op::Call(F::Round), &[decimal("1.5"), int(places)]), Err(OpError::Places(places)));
    }
    let matches = apply(Op::Call(F::Matches), &[text("a"), text("(")]);
    assert_eq!(matches.unwrap_err().to_string(), "`(` is not a regular expression");
}

#[test]
fn scalars_have_parts() {
    let part = |value: Option<Value>, name: &str| apply(Op::Field, &[value.unwrap(), text(name)]).unwrap();
    let version = Value::parse_semver("1.2.3-rc.1");
    assert_eq!(part(version.clone(), "minor"), int(2));
    assert_eq!(part(version, "pre"), text("rc.1"));
    let url = Value::parse_url("https://example.com/a?b");
    assert_eq!(part(url.clone(), "host"), text("example.com"));
    assert_eq!(part(url.clone(), "port"), int(443));
    assert_eq!(part(url, "path"), text("/a"));
    assert_eq!(part(Value::parse_date("2026-11-21"), "month"), int(11));
    assert_eq!(part(Value::parse_duration("1m1500ms"), "seconds"), int(61));
    assert_eq!(part(Value::parse_bytes("1KiB"), "bytes"), int(1_024));
}

#[test]
fn values_have_a_text() {
    for (value, expected) in [
        (Value::Bytes(20 << 30), "20GiB"),
        (Value::Bytes(1_500), "1500B"),
        (Value::Bytes(0), "0B"),
        (Value::Duration(5_400_000), "1h30m"),
        (Value::Duration(1), "1ms"),
        (Value::Duration(0), "0s"),
        (decimal("1.500"), "1.5"),
        (Value::list([text("a\"\u{7}"), int(1), Value::None]), "[\"a\\\"\\u0007\", 1, none]"),
        (record(&[("b", int(1)), ("a", text("x"))]), "{a: \"x\", b: 1}"),
        (Value::Variant(0, "dev".into()), "dev"),
    ] {
        assert_eq!(display(&value).unwrap(), expected);
    }
    let secret = Value::list([Value::Secret(SecretRef { name: "db".into() })]);
    assert_eq!(display(&secret), Err(OpError::Secret));
    assert_eq!(apply(Op::Interpolate, &[text("x"), secret]), Err(OpError::Secret));
}

#[test]
fn what_a_short_source_can_ask_for_is_bounded() {
    assert!(matches!(apply(Op::Range, &[int(i64::MIN), int(i64::MAX)]), Err(OpError::TooLong(_))));
    let mut long = text("0123456789");
    let error = loop {
        match apply(Op::Add, &[long.clone(), long.clone()]) {
            Ok(longer) => long = longer,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, OpError::TooMuchText(_)));
}

#[test]
fn residuals_get_their_values() {
    let Value::Residual(residual) = output(0, &["a", "b"]) else { panic!("a residual") };
    let Residual::Output { path, .. } = residual.as_ref() else { panic!("an output") };
    let id = ordain_graph::NodeId(format!("sha256:{}", "1".repeat(64)).into());
    let node = ordain_graph::NodeRef::Id(id.clone());
    let part = Value::Residual(Arc::new(Residual::Output { node, path: path.clone() }));
    let value = record(&[(
        "sum",
        Value::apply(
            Op::If,
            vec![
                Value::apply(Op::Eq, vec![part.clone(), Value::None]),
                Value::apply(Op::Div, vec![int(1), int(0)]),
                Value::apply(Op::Add, vec![part.clone(), int(1)]),
            ],
        ),
    )]);
    let known = |asked: &ordain_graph::NodeId| (*asked == id).then(|| record(&[("a", record(&[("b", int(41))]))]));
    // The branch that is not taken has no result and needs none.
    assert_eq!(evaluate(&value, &known), Ok(record(&[("sum", int(42))])));
    assert_eq!(evaluate(&part, &|_| None), Ok(part.clone()));
}

proptest! {
    #[test]
    fn decimals_add_and_take_away_exactly(a in any::<i64>(), b in any::<i64>(), s in 0u32..8, t in 0u32..8) {
        let (a, b) = (rust_decimal::Decimal::new(a, s), rust_decimal::Decimal::new(b, t));
        let sum = apply(Op::Add, &[Value::Decimal(a), Value::Decimal(b)]).unwrap();
        prop_assert_eq!(apply(Op::Sub, &[sum, Value::Decimal(b)]), Ok(Value::Decimal(a)));
    }

    #[test]
    fn sizes_and_spans_read_back(amount in any::<u64>()) {
        for (value, parse) in [
            (Value::Bytes(amount), Value::parse_bytes as fn(&str) -> Option<Value>),
            (Value::Duration(amount), Value::parse_duration),
        ] {
            prop_assert_eq!(parse(&display(&value).unwrap()), Some(value));
        }
    }

    #[test]
    fn no_operation_panics(
        op in prop::sample::select(vec![Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Rem, Op::Neg, Op::Lt, Op::In, Op::Index]),
        args in prop::collection::vec(
            prop_oneof![
                any::<i64>().prop_map(Value::Int),
                (any::<i64>(), 0u32..29).prop_map(|(n, s)| Value::Decimal(rust_decimal::Decimal::new(n, s))),
                any::<u64>().prop_map(Value::Bytes),
                any::<u64>().prop_map(Value::Duration),
                ".{0,3}".prop_map(Value::string),
                Just(Value::None),
                Just(Value::list([Value::Int(1)])),
            ],
            0..4,
        ),
    ) {
        let _ = apply(op, &args);
    }
}
