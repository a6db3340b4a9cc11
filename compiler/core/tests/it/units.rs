//! The units of size and duration: the language and data write them alike, though they are read in two crates of which
//! neither knows the other.

use ordain_graph::Value;
use ordain_syntax::ast::{ExprKind, Literal};
use ordain_syntax::parse_expr;

/// The value of a literal in a source.
fn written(text: &str) -> Option<Value> {
    let (expr, errors) = parse_expr(text);
    match expr.kind {
        ExprKind::Literal(Literal::Bytes(bytes)) if errors.is_empty() => Some(Value::Bytes(bytes)),
        ExprKind::Literal(Literal::Duration(millis)) if errors.is_empty() => Some(Value::Duration(millis)),
        _ => None,
    }
}

#[test]
fn sources_and_data_have_the_same_units() {
    let sizes = ["", "k", "K", "m", "M", "G", "T", "P", "E", "Z", "Y"]
        .into_iter()
        .flat_map(|scale| ["B", "iB", "b", "ib"].map(|unit| format!("{scale}{unit}")));
    let durations = ["us", "ms", "s", "m", "min", "h", "d", "w", "M", "y"].map(str::to_owned);
    let mut known = 0;
    for unit in sizes.chain(durations) {
        for number in ["0", "3", "1_000", "1.5", "17"] {
            let text = format!("{number}{unit}");
            let data = Value::parse_bytes(&text).or_else(|| Value::parse_duration(&text));
            assert_eq!(written(&text), data, "{text}");
            known += usize::from(number == "3" && data.is_some());
        }
    }
    assert_eq!(known, 13 + 6);
    for text in ["1w2d3h4m5s6ms", "1h30m", "30m1h", "1h1h", "1.5h", "90ms1s"] {
        assert_eq!(written(text), Value::parse_duration(text), "{text}");
    }
}
