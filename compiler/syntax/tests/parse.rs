//! Every construct of the language, parsed: sources beside snapshots of their trees.

#[path = "support/compact.rs"]
mod compact;

use compact::compact;

#[test]
fn every_construct_has_its_tree() {
    insta::glob!("fixtures/parse/*.ord", |path| {
        let text = std::fs::read_to_string(path).expect("the fixture can be read");
        let parsed = ordain_syntax::parse(&text);
        let mut out = String::new();
        for error in &parsed.errors {
            out += &format!("error {error:?}\n");
        }
        if let Some(docs) = &parsed.file.docs {
            out += &format!("docs {:?}\n", docs.text);
        }
        for import in &parsed.file.uses {
            out += &format!("{}\n", compact(import));
        }
        for item in &parsed.file.items {
            let shown = compact(&item.kind);
            let name: Vec<&str> = item.name.parts.iter().map(|part| part.name.as_str()).collect();
            out += &format!("\n{}..{} {:?}", item.range.start, item.range.end, name.join("."));
            if let Some(docs) = &item.docs {
                out += &format!(" docs {:?}", docs.text);
            }
            for allow in &item.allows {
                out += &format!(" {}", compact(allow));
            }
            // One line for each part of a body keeps changes readable.
            let lines = shown.replace(" (", "\n    (").replace(" [(", "\n    [(");
            let mut lines = merge_short(&lines);
            lines.push('\n');
            out += &format!("\n  {lines}");
        }
        insta::assert_snapshot!(out);
        assert!(parsed.errors.is_empty(), "the fixtures of this folder are sound: {:#?}", parsed.errors);
    });
}

/// Joins the lines again as far as they fit.
fn merge_short(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for line in text.split('\n') {
        let line = line.trim_start();
        if !out.is_empty() {
            if width + line.len() < 110 {
                out.push(' ');
            } else {
                out.push_str("\n    ");
                width = 4;
            }
        }
        out.push_str(line);
        width += line.len() + 1;
    }
    out
}
