//! JSON, YAML, TOML and CSV documents, with the place of every value.
//!
//! Pure functions of one text. What the values mean, and whether they have a declared type, is for others to say.

mod csv;
mod json;
mod node;
mod toml;
mod yaml;

pub use node::{DataError, Key, Node, NodeKind, Range};

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 8259
    Json,
    /// YAML 1.2, core schema, one document
    Yaml,
    /// TOML 1.0
    Toml,
    /// RFC 4180 with a header; a list of mappings of texts
    Csv,
}

/// Reads a document.
///
/// # Errors
/// The text is not of that format; the error says where.
pub fn parse(format: Format, text: &str) -> Result<Node, DataError> {
    match format {
        Format::Json => json::parse(text),
        Format::Yaml => yaml::parse(text),
        Format::Toml => toml::parse(text),
        Format::Csv => csv::parse(text),
    }
}

/// Reads a stream of YAML documents.
///
/// # Errors
/// The text is not YAML; the error says where.
pub fn parse_yaml_documents(text: &str) -> Result<Vec<Node>, DataError> {
    yaml::documents(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(node: &Node) -> String {
        match &node.kind {
            NodeKind::Null => "null".into(),
            NodeKind::Bool(value) => value.to_string(),
            NodeKind::Int(value) => value.to_string(),
            NodeKind::Decimal(value) => format!("{value}d"),
            NodeKind::BigNumber(text) => format!("big({text})"),
            NodeKind::String(text) => format!("{text:?}"),
            NodeKind::List(elements) => format!("[{}]", elements.iter().map(shown).collect::<Vec<_>>().join(", ")),
            NodeKind::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| format!("{}: {}", key.name, shown(value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn read(format: Format, text: &str) -> String {
        match parse(format, text) {
            Ok(node) => shown(&node),
            Err(error) => {
                let place = &text[error.range.start as usize..error.range.end as usize];
                format!("error at {}..{} `{place}`: {}", error.range.start, error.range.end, error.message)
            }
        }
    }

    #[test]
    fn values_of_every_format() {
        let json = r#"{"a": [1, -2.50, 1.5e-3, 1e400, true, null, "x\n\ud83d\ude00"], "b": {}}"#;
        assert_eq!(read(Format::Json, json), "{a: [1, -2.50d, 0.0015d, big(1e400), true, null, \"x\\n😀\"], b: {}}");
        let yaml = "base: &b {x: 1}\nmore:\n  <<: *b\n  y: yes\nlist: [.5, 0x10, ~]\n";
        assert_eq!(read(Format::Yaml, yaml), "{base: {x: 1}, more: {y: \"yes\", x: 1}, list: [0.5d, 16, null]}");
        assert_eq!(read(Format::Toml, "a = 1\n[b]\nc = [1.5, \"x\"]\n"), "{a: 1, b: {c: [1.5d, \"x\"]}}");
        assert_eq!(read(Format::Csv, "id,name\n1,\"a,b\"\n"), "[{id: \"1\", name: \"a,b\"}]");
    }

    #[test]
    fn mistakes_are_placed() {
        assert_eq!(read(Format::Json, "{\"a\": 1, \"a\": 2}"), "error at 9..12 `\"a\"`: key `a` is given twice");
        assert_eq!(read(Format::Json, "[1,]"), "error at 3..4 `]`: expected a value, found `]`");
        assert_eq!(read(Format::Json, "[01]"), "error at 2..3 `1`: expected `,` or `]`, found `1`");
        assert_eq!(
            read(Format::Json, r#"["\ud800"]"#),
            r"error at 2..8 `\ud800`: half of a surrogate pair stands alone"
        );
        assert_eq!(read(Format::Yaml, "ü: !x y"), "error at 4..8 `!x y`: tag `!x` is not known");
        assert_eq!(read(Format::Csv, "a,b\n1\n"), "error at 4..5 `1`: this row has 1 cells, the header has 2");
    }

    #[test]
    fn places_count_bytes() {
        for (format, text) in
            [(Format::Json, "{\"ü\": \"ä\"}"), (Format::Yaml, "\"ü\": \"ä\""), (Format::Toml, "\"ü\" = \"ä\"")]
        {
            let node = parse(format, text).unwrap();
            let NodeKind::Map(entries) = &node.kind else { panic!("{format:?}") };
            let range = entries[0].1.range;
            let place = &text[range.start as usize..range.end as usize];
            assert_eq!(place.trim_matches('"'), "ä", "{format:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for (format, text) in [
            (Format::Json, "[".repeat(100_000)),
            (Format::Yaml, "[".repeat(100_000)),
            (Format::Toml, format!("a = {}", "[".repeat(100_000))),
        ] {
            let found = parse(format, &text).map(|_| ()).map_err(|error| error.message);
            assert!(found.as_ref().is_err_and(|message| message.contains("deep")), "{format:?}: {found:?}");
        }
    }

    #[test]
    fn aliases_do_not_explode() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(read(Format::Yaml, &text).contains("more than"));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_value_or_an_error(text in "\\PC{0,60}|[\\[\\]{}\",:0-9a-z\\n -]{0,60}") {
            for format in [Format::Json, Format::Yaml, Format::Toml, Format::Csv] {
                if let Err(error) = parse(format, &text) {
                    prop_assert!(error.range.end as usize <= text.len(), "{format:?} {error:?}");
                    prop_assert!(text.is_char_boundary(error.range.start as usize), "{format:?} {error:?}");
                }
            }
        }
    }
}
