//! Every file below `fixtures/` and the tree, or the fault, that it gives.

use std::fmt::Write as _;
use std::path::Path;

use ordain_data::{DataError, Format, Node, NodeKind, TextRange, csv_cell, line_column, parse, pointer_at};

fn snapshot(format: Format, path: &Path) {
    let bytes = std::fs::read(path).expect("the fixture can be read");
    let text = String::from_utf8(bytes).expect("the fixture is UTF-8");
    let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let shown = match parse(format, &text) {
        Ok(node) => tree(format, &text, &node),
        Err(error) => fault(&text, &error),
    };
    settings(format).bind(|| insta::assert_snapshot!(name, shown));
}

fn settings(format: Format) -> insta::Settings {
    let folder = match format {
        Format::Json => "json",
        Format::Yaml | Format::YamlDocuments => "yaml",
        Format::Toml => "toml",
        Format::Csv => "csv",
        Format::Hcl => "hcl",
        Format::Dotenv => "dotenv",
        Format::Ini => "ini",
        Format::Properties => "properties",
        Format::Xml => "xml",
        Format::FrontMatter => "front_matter",
        Format::Markdown => "markdown",
        Format::Dockerfile => "dockerfile",
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("fixtures").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings
}

fn tree(format: Format, text: &str, node: &Node) -> String {
    let mut shown = String::new();
    write_node(&mut shown, text, node, 0);
    every_place_leads_back(format, node, node);
    shown
}

/// One line for each value: what it is, its bytes, and for what has no parts, the text there.
fn write_node(out: &mut String, text: &str, node: &Node, depth: usize) {
    let place = format!("{}..{}", node.range.start, node.range.end);
    let slice = slice(text, node.range);
    let indent = "  ".repeat(depth + 1);
    match &node.kind {
        NodeKind::Null => writeln!(out, "null {place} {slice}"),
        NodeKind::Bool(value) => writeln!(out, "bool {value} {place} {slice}"),
        NodeKind::Int(value) => writeln!(out, "int {value} {place} {slice}"),
        NodeKind::Decimal(value) => writeln!(out, "decimal {value} {place} {slice}"),
        NodeKind::BigNumber(value) => writeln!(out, "big {value} {place} {slice}"),
        NodeKind::String(value) => writeln!(out, "string {value:?} {place} {slice}"),
        NodeKind::List(elements) => {
            writeln!(out, "list {place}").expect("memory can be written");
            for element in elements {
                write!(out, "{indent}- ").expect("memory can be written");
                write_node(out, text, element, depth + 1);
            }
            Ok(())
        }
        NodeKind::Map(entries) => {
            writeln!(out, "map {place}").expect("memory can be written");
            for (key, value) in entries {
                let key_slice = self::slice(text, key.range);
                write!(out, "{indent}{:?} {}..{} {key_slice}: ", key.name, key.range.start, key.range.end)
                    .expect("memory can be written");
                write_node(out, text, value, depth + 1);
            }
            Ok(())
        }
    }
    .expect("memory can be written");
}

fn slice(text: &str, range: TextRange) -> String {
    let escaped = |c: char| {
        let plain = matches!(c, '"' | '\'' | '\\');
        let escaped = (!plain).then(|| c.escape_debug());
        escaped.into_iter().flatten().chain(plain.then_some(c))
    };
    let shown: String = text[range.start as usize..range.end as usize].chars().flat_map(escaped).collect();
    format!("‹{shown}›")
}

fn fault(text: &str, error: &DataError) -> String {
    let place = |range: TextRange| {
        let (line, column) = line_column(text, range.start);
        format!("{line}:{column} {}..{} {}", range.start, range.end, slice(text, range))
    };
    let related = error.related.map(|related| format!("\n  {}: {}", related.message, place(related.range)));
    format!("{error}\n  at {}{}", place(error.range), related.unwrap_or_default())
}

/// Values that stand alone in the text are found again by their place.
fn every_place_leads_back(format: Format, root: &Node, node: &Node) {
    // The links of a Markdown text lie inside of it.
    let alone = !node_is_shared(root, node) && format != Format::Markdown;
    if alone && node.range.start < node.range.end {
        if let NodeKind::List(_) | NodeKind::Map(_) = node.kind {
        } else {
            assert_eq!(pointer_at(root, node.range.start).find(root), Some(node));
        }
    }
    if format == Format::Csv && !std::ptr::eq(root, node) {
        assert!(csv_cell(root, node.range).is_some());
    }
    match &node.kind {
        NodeKind::List(elements) => elements.iter().for_each(|element| every_place_leads_back(format, root, element)),
        NodeKind::Map(entries) => entries.iter().for_each(|(_, value)| every_place_leads_back(format, root, value)),
        _ => {}
    }
}

/// Whether several values of the tree have the bytes of `node`, as aliases make it.
fn node_is_shared(root: &Node, node: &Node) -> bool {
    fn count(node: &Node, range: TextRange) -> usize {
        usize::from(node.range == range)
            + match &node.kind {
                NodeKind::List(elements) => elements.iter().map(|element| count(element, range)).sum(),
                NodeKind::Map(entries) => entries.iter().map(|(_, value)| count(value, range)).sum(),
                _ => 0,
            }
    }
    count(root, node.range) > 1
}

#[test]
fn json() {
    insta::glob!("fixtures/json/*.json", |path| snapshot(Format::Json, path));
}

#[test]
fn yaml() {
    insta::glob!("fixtures/yaml/*.yaml", |path| snapshot(Format::Yaml, path));
}

#[test]
fn toml() {
    insta::glob!("fixtures/toml/*.toml", |path| snapshot(Format::Toml, path));
}

#[test]
fn csv() {
    insta::glob!("fixtures/csv/*.csv", |path| snapshot(Format::Csv, path));
}

#[test]
fn hcl() {
    insta::glob!("fixtures/hcl/*.tf", |path| snapshot(Format::Hcl, path));
}

#[test]
fn dotenv() {
    insta::glob!("fixtures/dotenv/*.env", |path| snapshot(Format::Dotenv, path));
}

#[test]
fn ini() {
    insta::glob!("fixtures/ini/*.ini", |path| snapshot(Format::Ini, path));
}

#[test]
fn properties() {
    insta::glob!("fixtures/properties/*.properties", |path| snapshot(Format::Properties, path));
}

#[test]
fn xml() {
    insta::glob!("fixtures/xml/*.xml", |path| snapshot(Format::Xml, path));
}

#[test]
fn front_matter() {
    insta::glob!("fixtures/front_matter/*.md", |path| snapshot(Format::FrontMatter, path));
}

#[test]
fn markdown() {
    insta::glob!("fixtures/markdown/*.md", |path| snapshot(Format::Markdown, path));
}

#[test]
fn dockerfile() {
    insta::glob!("fixtures/dockerfile/*.dockerfile", |path| snapshot(Format::Dockerfile, path));
}

#[test]
fn yaml_streams() {
    insta::glob!("fixtures/yaml/stream-*.yaml", |path| {
        let text = std::fs::read_to_string(path).expect("the fixture can be read");
        let name = format!("{}.all", path.file_name().expect("a file has a name").to_string_lossy());
        let shown = match parse(Format::YamlDocuments, &text) {
            Ok(node) => tree(Format::YamlDocuments, &text, &node),
            Err(error) => fault(&text, &error),
        };
        settings(Format::Yaml).bind(|| insta::assert_snapshot!(name, shown));
    });
}
