//! Any text gives a tree or a fault; JSON and its tree say the same.

use ordain_data::{DataError, Format, Node, NodeKind, TextRange, parse};
use proptest::prelude::*;

const FORMATS: [Format; 13] = [
    Format::Json,
    Format::Yaml,
    Format::YamlDocuments,
    Format::Toml,
    Format::Csv,
    Format::Hcl,
    Format::Dotenv,
    Format::Ini,
    Format::Properties,
    Format::Xml,
    Format::FrontMatter,
    Format::Markdown,
    Format::Dockerfile,
];

fn inside(text: &str, range: TextRange) -> bool {
    text.get(range.start as usize..range.end as usize).is_some()
}

fn sound(text: &str, node: &Node) -> bool {
    inside(text, node.range)
        && match &node.kind {
            NodeKind::List(elements) => elements.iter().all(|element| sound(text, element)),
            NodeKind::Map(entries) => entries.iter().all(|(key, value)| inside(text, key.range) && sound(text, value)),
            _ => true,
        }
}

fn sound_result(text: &str, result: &Result<Node, DataError>) -> bool {
    match result {
        Ok(node) => sound(text, node),
        Err(error) => inside(text, error.range) && error.related.is_none_or(|related| inside(text, related.range)),
    }
}

fn check_all(text: &str) -> Result<(), TestCaseError> {
    for format in FORMATS {
        prop_assert!(sound_result(text, &parse(format, text)), "{format:?}");
    }
    Ok(())
}

/// Pieces that mean something to one of the formats.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "(",
        ",",
        ":",
        ": ",
        "\"",
        "'",
        "\\",
        "\\u",
        "\\ud83d",
        "\\n",
        "\n",
        "\r",
        "\r\n",
        "\t",
        " ",
        "  ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "*a ",
        "!",
        "!!",
        "!!str ",
        "!!int ",
        "!<",
        ">",
        "|",
        "|-\n",
        ">+2\n",
        "#",
        " #",
        "%YAML 1.2\n",
        "%TAG ! x\n",
        "---",
        "---\n",
        "...\n",
        "<<: ",
        "=",
        " = ",
        ".",
        "[[",
        "]]",
        "[a]\n",
        "a.b",
        "\"\"\"",
        "'''",
        "null",
        "true",
        "~",
        "0",
        "-",
        "+",
        "1",
        "1.5",
        "e",
        "1e400",
        "0x",
        "inf",
        "nan",
        "1979-05-27",
        "T07:32:00Z",
        "a",
        "b",
        "ü",
        "😀",
        "\u{feff}",
        "\0",
        "\u{85}",
        "\u{2028}",
        "@",
        "`",
        "+++\n",
        "a = ",
        "a {\n",
        "}\n",
        "b \"c\" {\n",
        "${",
        "$${",
        "%{if a}",
        "%{endif}",
        "<<E\n",
        "<<-E\n",
        "\nE\n",
        "a(",
        ")",
        "[for a in b : ",
        "? 1 : 2",
        "/*",
        "*/",
        "//",
        "export ",
        "A=",
        "\\\n",
        ";",
        " ;",
        "!",
        "<a>",
        "</a>",
        "<a b='1'",
        "/>",
        "<b:c",
        "&amp;",
        "&#",
        "&#x41;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?x ",
        "?>",
        "<!DOCTYPE a",
        "RUN ",
        "FROM a\n",
        "ENV a=",
        "ONBUILD ",
        "--b ",
        "<<E ",
        "[\"a\", ",
        " \\\n",
        "# escape=`\n",
    ]);
    prop_oneof![
        8 => fixed.prop_map(str::to_owned),
        1 => "[a-z]{1,12}",
        1 => any::<char>().prop_map(String::from),
    ]
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        "[a-z\"\\\\\n]{0,40}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(6, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..20)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn same(node: &Node, value: &serde_json::Value) -> bool {
    match (&node.kind, value) {
        (NodeKind::Null, serde_json::Value::Null) => true,
        (NodeKind::Bool(found), serde_json::Value::Bool(expected)) => found == expected,
        (NodeKind::Int(found), serde_json::Value::Number(expected)) => expected.as_i64() == Some(*found),
        (NodeKind::String(found), serde_json::Value::String(expected)) => found == expected,
        (NodeKind::List(found), serde_json::Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| same(found, expected))
        }
        (NodeKind::Map(found), serde_json::Value::Object(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .all(|(key, found)| expected.get(key.name.as_str()).is_some_and(|value| same(found, value)))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_all(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(piece(), 0..60)) {
        check_all(&pieces.concat())?;
    }

    #[test]
    fn json_says_what_was_written(value in json_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.expect("a value can be written");
        let node = parse(Format::Json, &text).map_err(|error| TestCaseError::fail(format!("{error:?}: {text}")))?;
        prop_assert!(same(&node, &value), "{text}");
        prop_assert!(sound(&text, &node));
        // A value's own text gives the value.
        if let NodeKind::List(elements) = &node.kind {
            for element in elements {
                let own = &text[element.range.start as usize..element.range.end as usize];
                let read = parse(Format::Json, own).map_err(|error| TestCaseError::fail(format!("{error:?}: {own}")))?;
                prop_assert_eq!(&shifted(read, element.range.start), element);
            }
        }
    }

    /// What one accepts, the other does, apart from keys given twice, depth and numbers that are no floats.
    #[test]
    fn json_is_as_strict_as_another_reader(pieces in prop::collection::vec(json_piece(), 0..12)) {
        let text = pieces.concat();
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match (parse(Format::Json, &text), other) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range"), "{text}: {error}"),
            (Err(error), Ok(_)) => prop_assert!(error.message.contains("given twice") || text.starts_with('\u{feff}'), "{text}: {error}"),
        }
    }

    #[test]
    fn decimals_are_exact(mantissa in any::<i64>(), scale in 0u32..=28, exponent in -5i32..5) {
        let value = rust_decimal::Decimal::new(mantissa, scale);
        for text in [format!("{value}"), format!("{value}e0"), format!("{value}e{exponent}")] {
            let exact = parse(Format::Json, &text).map_err(|error| TestCaseError::fail(format!("{error:?}: {text}")))?.kind;
            let plain = !text.ends_with(&format!("e{exponent}")) || exponent == 0;
            match exact {
                NodeKind::Int(found) => prop_assert_eq!(rust_decimal::Decimal::from(found), value),
                NodeKind::Decimal(found) if plain => prop_assert_eq!(found, value),
                NodeKind::Decimal(_) => {}
                NodeKind::BigNumber(kept) => prop_assert!(!plain && kept == text, "{text}"),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}

fn json_piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"b\":",
            "1",
            "-",
            "0",
            "01",
            ".5",
            "e5",
            "1.5e-3",
            "true",
            "null",
            " ",
            "\n",
            "[]",
            "{}",
            "{\"a\":1}",
            "[1,2]",
            "\"\\u00e4\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"",
            "\\",
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("text can be written")),
    ]
}

/// The node as it would be `by` bytes further on.
fn shifted(node: Node, by: u32) -> Node {
    let kind = match node.kind {
        NodeKind::List(elements) => NodeKind::List(elements.into_iter().map(|element| shifted(element, by)).collect()),
        NodeKind::Map(entries) => {
            let entry = |(mut key, value): (ordain_data::Key, Node)| {
                key.range = key.range.shift(by);
                (key, shifted(value, by))
            };
            NodeKind::Map(entries.into_iter().map(entry).collect())
        }
        kind => kind,
    };
    Node { range: node.range.shift(by), kind }
}
