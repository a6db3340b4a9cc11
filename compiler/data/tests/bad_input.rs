//! What a hostile or damaged text can hold: a fault or a value each, at once and without a deep stack.

use std::fmt::Write as _;
use std::path::Path;

use ordain_data::{DataError, Format, MAX_DEPTH, MAX_EXPANSION, Node, NodeKind, json_fault, line_column, parse};

/// Every format, with the folder of its fixtures and their extension.
const FOLDERS: [(Format, &str, &str); 14] = [
    (Format::Json, "json", "json"),
    (Format::Yaml, "yaml", "yaml"),
    (Format::YamlDocuments, "yaml", "yaml"),
    (Format::Toml, "toml", "toml"),
    (Format::Csv, "csv", "csv"),
    (Format::Hcl, "hcl", "tf"),
    (Format::Dotenv, "dotenv", "env"),
    (Format::Ini, "ini", "ini"),
    (Format::Properties, "properties", "properties"),
    (Format::Xml, "xml", "xml"),
    (Format::FrontMatter, "front_matter", "md"),
    (Format::Markdown, "front_matter", "md"),
    (Format::Markdown, "markdown", "md"),
    (Format::Dockerfile, "dockerfile", "dockerfile"),
];

/// Parses, and checks that what comes out is of the text.
fn read(format: Format, text: &str) -> Result<Node, DataError> {
    let result = parse(format, text);
    if format == Format::Json {
        assert_eq!(json_fault(text).as_ref(), result.as_ref().err(), "{text}");
    }
    match &result {
        Ok(node) => check_ranges(text, node),
        Err(error) => check_fault(text, error),
    }
    result
}

fn check_ranges(text: &str, node: &Node) {
    let slice = |range: ordain_data::TextRange| text.get(range.start as usize..range.end as usize);
    assert!(slice(node.range).is_some(), "{node:?}");
    match &node.kind {
        NodeKind::List(elements) => elements.iter().for_each(|element| check_ranges(text, element)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                assert!(slice(key.range).is_some(), "{key:?}");
                check_ranges(text, value);
            }
        }
        _ => {}
    }
}

fn check_fault(text: &str, error: &DataError) {
    for range in [Some(error.range), error.related.map(|related| related.range)].into_iter().flatten() {
        assert!(text.get(range.start as usize..range.end as usize).is_some(), "{error:?} in {text:?}");
        line_column(text, range.start);
    }
    assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{error:?}");
    assert!(!error.message.contains(char::is_control), "{error:?}");
}

fn message(format: Format, text: &str) -> String {
    read(format, text).expect_err("the text is not sound").message
}

#[test]
fn every_truncation_of_every_fixture() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut count = 0;
    for (format, folder, wanted) in FOLDERS {
        for entry in std::fs::read_dir(fixtures.join(folder)).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_some_and(|extension| extension == wanted) {
                let text = std::fs::read_to_string(&path).expect("the fixture can be read");
                for (end, _) in text.char_indices() {
                    // The rest of a text is damaged in another way.
                    for part in [&text[..end], &text[end..]] {
                        let _ = read(format, part);
                        count += 1;
                    }
                }
            }
        }
    }
    assert!(count > 10_000, "only {count} texts");
}

#[test]
fn a_truncated_object_is_never_sound() {
    let text = include_str!("fixtures/json/plan.json");
    for end in 0..text.len() {
        assert!(read(Format::Json, &text[..end]).is_err(), "{end}");
    }
}

/// The number of lists and maps around the innermost value.
fn depth(node: &Node) -> usize {
    match &node.kind {
        NodeKind::List(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        NodeKind::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Texts that nest `count` deep, in all the ways that the formats know.
fn nested(count: usize) -> Vec<(Format, String)> {
    let around = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(count), close.repeat(count));
    let inner = count.saturating_sub(1);
    let dots = vec!["a"; count].join(".");
    let mut blocks = String::new();
    // The text of indented blocks grows with the square of the depth.
    for level in 0..count.min(2_000) {
        writeln!(blocks, "{}a:", " ".repeat(level)).expect("memory can be written");
    }
    let anchors: String = (1..count.min(2_000)).map(|level| format!("- &a{level} [*a{}]\n", level - 1)).collect();
    vec![
        (Format::Json, around("[", "1", "]")),
        (Format::Json, around("{\"a\":", "1", "}")),
        (Format::Yaml, around("[", "1", "]")),
        (Format::Yaml, around("{a: ", "1", "}")),
        (Format::Yaml, around("- ", "1", "")),
        (Format::Yaml, around("- - ", "1", "").split_off(2 * count)),
        (Format::Yaml, blocks),
        (Format::Yaml, format!("- &a0 1\n{anchors}")),
        (Format::Toml, format!("a = {}{}", "[".repeat(inner), "]".repeat(inner))),
        (Format::Toml, format!("{dots} = 1")),
        (Format::Toml, format!("[{}]", vec!["a"; inner].join("."))),
        (Format::Toml, format!("a = {}1{}", "{a=".repeat(inner), "}".repeat(inner))),
    ]
}

#[test]
fn depth_up_to_the_limit_is_fine() {
    for (format, text) in nested(70) {
        let node = read(format, &text).unwrap_or_else(|error| panic!("{error:?}: {format:?} {text}"));
        assert_eq!(depth(&node), 70, "{format:?} {text}");
    }
    for (format, text) in nested(MAX_DEPTH) {
        match read(format, &text) {
            Ok(node) => assert_eq!(depth(&node), MAX_DEPTH, "{format:?} {text}"),
            // Its library draws the line earlier.
            Err(error) => assert!(format == Format::Toml && error.message.contains("recur"), "{error:?}: {text}"),
        }
    }
}

#[test]
fn depth_beyond_the_limit_is_a_fault() {
    for count in [MAX_DEPTH + 1, MAX_DEPTH + 2, 300, 100_000] {
        for (format, text) in nested(count) {
            let error = read(format, &text).expect_err("the text is too deep");
            assert_eq!(error.message, "lists and maps are nested more than 128 deep", "{format:?} {:.60}", text);
        }
    }
}

/// HCL bounds its blocks and expressions itself, and more tightly; labels nest as deep as they are many.
#[test]
fn nesting_of_hcl_is_bounded() {
    let around = |count: usize, open: &str, close: &str| format!("{}1{}", open.repeat(count), close.repeat(count));
    let texts = |count: usize| {
        [
            format!("a = {}", around(count, "[", "]")),
            format!("a = {}", around(count, "{ a = ", "}")),
            format!("a = {}", around(count, "(", ")")),
            format!("a = {}", around(count, "f(", ")")),
            format!("a = {}", around(count, "\"${", "}\"")),
            format!("a = {}", around(count, "[for a in b : ", "]")),
            format!("a = {}1", "-".repeat(count)),
            format!("a = {}1", "1 ? 1 : ".repeat(count)),
            format!("{}{}", "a {\n".repeat(count), "}\n".repeat(count)),
            format!("a {}{{}}", "b ".repeat(2 * count)),
            format!("a = 1{}", " + 1".repeat(2 * count)),
        ]
    };
    for text in texts(60) {
        read(Format::Hcl, &text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    }
    for count in [70, 10_000, 100_000] {
        for text in texts(count) {
            let message = message(Format::Hcl, &text);
            let known = message.contains("nested more than") || message.contains("128 chained");
            assert!(known, "{message}: {text:.60}");
        }
    }
}

#[test]
fn nesting_of_xml_is_bounded() {
    let nested = |count: usize| format!("{}1{}", "<a>".repeat(count), "</a>".repeat(count));
    let node = read(Format::Xml, &nested(MAX_DEPTH)).expect("the document and all but the innermost are maps");
    assert_eq!(depth(&node), MAX_DEPTH);
    for count in [MAX_DEPTH + 1, 10_000, 100_000] {
        assert_eq!(message(Format::Xml, &nested(count)), "lists and maps are nested more than 128 deep");
    }
    // Each level is a list, too.
    let twins = |count: usize| format!("{}1{}", "<a><b/><b>".repeat(count), "</b></a>".repeat(count));
    let node = read(Format::Xml, &twins(42)).expect("three for each level, and the innermost is text");
    assert_eq!(depth(&node), 126);
    for count in [43, 10_000] {
        assert_eq!(message(Format::Xml, &twins(count)), "lists and maps are nested more than 128 deep");
    }
}

/// What libraries compare pair by pair is what takes hours where it is not bounded.
#[test]
fn megabytes_of_one_kind_take_seconds() {
    let numbered = |piece: fn(usize) -> String, count: usize| (0..count).map(piece).collect::<String>();
    let pairs = |count| numbered(|index| format!("k{index} = {index}\n"), count);
    let started = std::time::Instant::now();
    for (format, sound, text) in [
        (Format::Hcl, false, pairs(250_000)),
        (Format::Hcl, true, pairs(100_000)),
        (Format::Hcl, false, format!("a = {{\n{}}}\n", pairs(250_000))),
        (Format::Hcl, false, format!("a = [for x in {{\n{}}} : x]\n", pairs(250_000))),
        (Format::Hcl, false, format!("a = \"${{{{\n{}}}}}\"\n", pairs(250_000))),
        (Format::Hcl, true, numbered(|index| format!("a \"l{index}\" {{}}\n"), 200_000)),
        (Format::Hcl, true, format!("a = [{}]\n", "1, ".repeat(200_000))),
        (Format::Hcl, true, format!("a = <<E\n{}E\n", "x ${b}\n".repeat(200_000))),
        (Format::Dotenv, true, numbered(|index| format!("K{index}=\"{index}\"\n"), 200_000)),
        (Format::Dotenv, false, "A='\n".repeat(200_000)),
        (Format::Dotenv, false, "A=x #\n".repeat(250_000)),
        (Format::Ini, true, numbered(|index| format!("[s{index}]\nk = {index}\n"), 100_000)),
        (Format::Ini, true, format!("a = 1\n{}", " b = '\n".repeat(250_000))),
        (Format::Ini, true, format!("a = {}\n", "'\"= ".repeat(200_000))),
        (Format::Properties, true, numbered(|index| format!("k{index}={index}\n"), 200_000)),
        (Format::Properties, true, format!("a=1{}", "\\\n x".repeat(200_000))),
        (Format::Xml, true, format!("<a {}/>", numbered(|index| format!(" k{index}='1'"), 200_000))),
        (Format::Xml, true, format!("<a {}/>", numbered(|index| format!(" xmlns:k{index}='u'"), 100_000))),
        (Format::Xml, true, format!("<a>{}</a>", numbered(|index| format!("<k{index}/>"), 200_000))),
        (Format::Xml, true, format!("<a>{}</a>", "<b xmlns:x='1'/>".repeat(200_000))),
        (Format::Xml, true, format!("<a>{}</a>", "x&amp;<!-- -->".repeat(200_000))),
        (Format::Xml, false, format!("<a>{}", "&".repeat(1_000_000))),
        (Format::Dockerfile, true, format!("RUN a{}", " \\\n# b\n x".repeat(300_000))),
        (Format::Dockerfile, true, format!("ENV {}", "a='b c' ".repeat(200_000))),
        (Format::Dockerfile, false, "RUN <<E\n".repeat(200_000)),
        (Format::Dockerfile, false, format!("RUN {}\nx\n", "<<E ".repeat(200_000))),
        (Format::FrontMatter, true, format!("---\n{}---\n", numbered(|index| format!("k{index}: 1\n"), 200_000))),
        (Format::FrontMatter, true, format!("text\n{}", "---\n".repeat(200_000))),
    ] {
        assert_eq!(read(format, &text).is_ok(), sound, "{format:?} {text:.40}");
    }
    // Generous for a slow machine and an unoptimised build: what is quadratic takes hours.
    assert!(started.elapsed().as_secs() < 300, "{:?}", started.elapsed());
}

#[test]
fn openings_that_never_close_are_a_fault() {
    for (format, text) in [
        (Format::Json, "[".repeat(100_000)),
        (Format::Json, "{\"a\":".repeat(100_000)),
        (Format::Yaml, "[".repeat(100_000)),
        (Format::Yaml, "{a: ".repeat(100_000)),
        (Format::Yaml, "? ".repeat(100_000)),
        (Format::Toml, format!("a = {}", "[".repeat(100_000))),
        (Format::Toml, format!("a = {}", "{a=".repeat(100_000))),
        (Format::Toml, "[".repeat(100_000)),
        (Format::Json, "]".repeat(100_000)),
        (Format::Yaml, "]".repeat(100_000)),
        (Format::Toml, "]".repeat(100_000)),
    ] {
        assert!(read(format, &text).is_err(), "{format:?} {text:.10}");
    }
}

/// Dotted keys inside inline tables multiply their depth.
#[test]
fn dotted_keys_inside_tables_are_bounded() {
    let dots = vec!["a"; 79].join(".");
    let text = format!("a = {}1{}", format!("{{{dots} = ").repeat(79), "}".repeat(79));
    assert_eq!(message(Format::Toml, &text), "lists and maps are nested more than 128 deep");
    let tables: String = (1..79).map(|level| format!("[[{}]]\n", vec!["a"; level].join("."))).collect();
    assert_eq!(message(Format::Toml, &tables), "lists and maps are nested more than 128 deep");
}

#[test]
fn aliases_of_aliases_are_bounded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").expect("memory can be written");
    }
    assert_eq!(message(Format::Yaml, &text), format!("anchors and aliases copy more than {MAX_EXPANSION} values"));
    let merges: String =
        (1..40).map(|level| format!("a{level}: &a{level}\n  <<: [*a{0}, *a{0}]\n  k{level}: 1\n", level - 1)).collect();
    read(Format::Yaml, &format!("a0: &a0 {{x: 1}}\n{merges}")).expect("merging keeps one entry for each key");
}

#[test]
fn many_aliases_of_a_long_text_share_it() {
    let text = format!("- &a {}\n{}", "x".repeat(1_000_000), "- *a\n".repeat(100_000));
    let node = read(Format::Yaml, &text).expect("the text is sound");
    assert!(matches!(node.kind, NodeKind::List(elements) if elements.len() == 100_001));
}

#[test]
fn long_runs_of_anything_are_read_or_refused() {
    let pieces = [
        "\"",
        "'",
        "\\",
        "[",
        "{",
        "}",
        ":",
        ": ",
        ",",
        "- ",
        "-",
        "? ",
        "&a ",
        "*a ",
        "!",
        "!!str ",
        "|\n",
        ">\n",
        "#",
        "%",
        "%TAG ! x\n",
        "---\n",
        "...\n",
        "<<: ",
        "a: ",
        "a: b\n",
        "- a\n",
        "\n",
        "\r",
        "\r\n",
        " ",
        "\t",
        "\0",
        "ü",
        "😀",
        "\u{feff}",
        "0",
        "1e",
        "a.",
        "[a]\n",
        "[[a]]\n",
        "a=1\n",
        "\"\"\"",
        "'''",
        "a,",
        "\"\",",
        "\"a\"\n",
        "@",
        "`",
        "[]\n",
        "a\n",
        "[a, ",
        "{a: [",
        "\"a\": ",
        "\\u00",
        "true,",
        "-1,",
    ];
    for piece in pieces {
        let text = piece.repeat(30_000 / piece.len());
        for (format, ..) in FOLDERS {
            let _ = read(format, &text);
            let _ = read(format, &format!("[{text}"));
            let _ = read(format, &format!("\"{text}"));
            let _ = read(format, &format!("a: {text}"));
        }
    }
}

#[test]
fn large_maps_find_their_duplicate() {
    let entries = |colon: &str, separator: &str| {
        let entries: Vec<String> = (0..100_000).map(|index| format!("\"k{index}\"{colon}{index}")).collect();
        entries.join(separator) + separator + "\"k500\"" + colon + "1"
    };
    let json = format!("{{{}}}", entries(":", ","));
    for (format, text) in
        [(Format::Json, json), (Format::Yaml, entries(": ", "\n")), (Format::Toml, entries("=", "\n"))]
    {
        let error = read(format, &text).expect_err("a key is given twice");
        assert_eq!(error.message, "the key `k500` is given twice");
        let first = error.related.expect("the first place is known").range;
        assert_eq!(first.start as usize, text.find("\"k500\"").expect("it is there"), "{format:?}");
        assert_eq!(error.range.start as usize, text.rfind("\"k500\"").expect("it is there"), "{format:?}");
    }
}

#[test]
fn huge_exponents_cost_nothing() {
    for text in ["1e999999999", "1e-999999999", "-1E99999999999999999999999", "0.0e999999999"] {
        let node = read(Format::Json, text).expect("a number");
        assert!(matches!(node.kind, NodeKind::BigNumber(_) | NodeKind::Decimal(_)));
    }
}
