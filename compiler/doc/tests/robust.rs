//! No text makes rendering fail, or leave its place.

use ordain_doc::{Format, PackageSource, render};
use proptest::prelude::*;

fn pages(name: &str, module: &str, text: &str) {
    let modules = vec![(module.to_owned(), text.to_owned()), ("other".into(), "type T = Int".into())];
    let source = PackageSource { name: name.into(), version: "1".into(), description: Some(text.into()), modules };
    for format in [Format::Markdown, Format::Html] {
        let pages = render(&source, format);
        assert_eq!(pages.len(), 3);
        for page in pages {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            assert!(page.path.chars().all(plain) && !page.path.starts_with('.'), "{}", page.path);
            if format == Format::Html {
                assert_eq!(page.text.matches("<script").count(), 0);
                assert!(page.text.ends_with("</main>\n</body>\n</html>\n"));
            }
        }
    }
}

/// Fragments from which texts that nearly mean something are made.
fn fragment() -> impl Strategy<Value = String> {
    let pieces = [
        "/// ",
        "//! ",
        "\n",
        "\n\n",
        " ",
        "type T = ",
        "{ a: Int",
        "}",
        "enum E {",
        "fn f(",
        "a: T = (1",
        ")",
        " -> ",
        "= ",
        "capability a.b {",
        "input {",
        "undo a.b { x }",
        "plan p() {",
        "policy q {",
        "on step in e: T",
        "deny \"x\"",
        "\"",
        "`",
        "```",
        "| a | b |",
        "| - | - |",
        "> ",
        "- ",
        "1. ",
        "    ",
        "<script>",
        "<!--",
        "](",
        "[x]",
        "**",
        "_",
        "&lt;",
        "\\",
        "|",
        "é",
        "\u{202e}",
        "\0",
        "\r\n",
        "use a.b.{c}",
        "gate g {",
        "check [a.*]",
        "environment e: T {",
        "..e",
        "const c = ",
        "\"{x}\"",
        "\"\"\"",
        "where 1..=2",
        "?",
        "<",
        ">",
        ",",
        "// c",
        "#",
        "~~~",
        "![x](y)",
        "---",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>(), name in any::<String>(), module in any::<String>()) {
        pages(&name, &module, &text);
    }

    #[test]
    fn nearly_sound_texts(text in fragment()) {
        pages("package", "module", &text);
    }

    #[test]
    fn any_doc_comment(text in fragment()) {
        let docs: String = text.lines().map(|line| format!("/// {}\n", line.replace('\r', ""))).collect();
        pages("package", "module", &format!("{docs}type T = {{\n{docs}a: T\n}}\n"));
    }
}

/// A sound text cut off anywhere.
#[test]
fn truncated_sources() {
    let text = include_str!("fixtures/shop/main.ord");
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
        pages("shop", "main", &text[..end]);
    }
}

/// Deep nesting in doc comments costs neither the stack nor time that grows with its square.
#[test]
fn deep_doc_comments() {
    for piece in ["> ", "- ", "[", "*a **b ", "<b>", "`", "1. "] {
        let docs = format!("/// {}x\n", piece.repeat(2_000));
        pages("package", "module", &format!("{}type T = Int", docs.repeat(5)));
    }
}
