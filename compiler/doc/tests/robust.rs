//! No text makes rendering fail, or leave its place.

use ordain_doc::{Format, PackageSource, render};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

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

/// A Markdown page, read again: all HTML in it is the page's own, links are harmless, and a doc comment ends where it
/// ends, so that the declaration after it has its heading.
fn assert_contained(docs: &str) {
    let text = format!("{docs}type First = {{\n{docs}a: Int\n}}\n\n/// Whole.\ntype Last = Int\n");
    let modules = vec![("module".to_owned(), text)];
    let source = PackageSource { name: "package".into(), version: "1".into(), description: None, modules };
    for page in render(&source, Format::Markdown) {
        let mut headings = Vec::new();
        let mut in_heading = false;
        for event in Parser::new_ext(&page.text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Html(tag) | Event::InlineHtml(tag) => {
                    let own = ["</a>", "<br>", "<code>", "</code>"].contains(&tag.trim());
                    assert!(own || tag.starts_with("<a id=\"type."), "{tag} in:\n{}", page.text);
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    assert!(!dest_url.contains(':') || dest_url.starts_with("http"), "{dest_url}");
                }
                Event::Start(Tag::Image { .. }) => panic!("a picture in:\n{}", page.text),
                Event::Start(Tag::Heading { .. }) => in_heading = true,
                Event::Code(name) if in_heading => headings.push(name.to_string()),
                Event::End(_) => in_heading = false,
                _ => {}
            }
        }
        if page.path == "module.md" {
            assert_eq!(headings.first().map(String::as_str), Some("package.module"), "{}", page.text);
            assert_eq!(headings.last().map(String::as_str), Some("Last"), "{}", page.text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn doc_comments_end_where_they_end(text in fragment()) {
        assert_contained(&text.lines().map(|line| format!("/// {}\n", line.replace('\r', ""))).collect::<String>());
    }

    #[test]
    fn any_signs_end_where_they_end(text in "[-`*_~|<>\\[\\]()#!&\\\\+=.:1a \\n\"]{0,60}") {
        assert_contained(&text.lines().map(|line| format!("/// {line}\n")).collect::<String>());
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
