//! Places: of Rego in a file, also where the file is YAML with Rego in it, and those that results name.

use ordain_compiler::RulePlace;
use ordain_data::{Node, NodeKind, Pointer, TextRange};
use serde_json::Value as Json;

use crate::error::Place;

/// The range of a place in a text: the word there, or what else is one character.
pub(crate) fn range(text: &str, place: &Place) -> TextRange {
    range_at(text, 0, &|_| 0, place)
}

/// The range of a place in Rego that is a scalar of YAML. Only in a block that keeps its lines (`|`) can it be told
/// which; for others it is the whole scalar.
pub(crate) fn range_in_yaml(yaml: &str, scalar: &Node, place: &Place) -> TextRange {
    let NodeKind::String(value) = &scalar.kind else { return scalar.range };
    let Some(content) = block(yaml, scalar.range.start as usize, value) else { return scalar.range };
    // How far the block stands in: what its first line has more before it than the value.
    let leading = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines = yaml[content..].lines().zip(value.lines());
    let indentation = lines.into_iter().find(|(_, line)| !line.trim().is_empty());
    let indentation = indentation.map_or(0, |(outer, inner)| leading(outer).saturating_sub(leading(inner)));
    range_at(yaml, content, &|line| indentation.min(leading(line)), place)
}

/// Where the first line of a block begins that keeps its lines; nothing where a scalar is none.
fn block(yaml: &str, start: usize, value: &str) -> Option<usize> {
    let before = yaml.get(..start)?;
    let line = before.rfind('\n')? + 1;
    if !before[line..].trim().is_empty() {
        return None;
    }
    // Empty lines at its start belong to it.
    let empty = value.len() - value.trim_start_matches('\n').len();
    let content = (0..empty).try_fold(line, |at, _| Some(before[..at.checked_sub(1)?].rfind('\n')? + 1))?;
    let header = before[..content].lines().next_back()?;
    let header = header.split_once(" #").map_or(header, |(header, _)| header);
    header.split_whitespace().next_back()?.starts_with('|').then_some(content)
}

/// The range of a place in what begins at an offset of a text, where each line stands in by so many bytes.
fn range_at(text: &str, start: usize, indentation: &dyn Fn(&str) -> usize, place: &Place) -> TextRange {
    let line_at = |number: u32| -> Option<(usize, &str)> {
        let mut at = start;
        for _ in 1..number {
            at += text.get(at..)?.find('\n')? + 1;
        }
        Some((at, text.get(at..)?.lines().next().unwrap_or_default()))
    };
    let Some((begin, line)) = line_at(place.line) else {
        return TextRange::new(text.len() as u32, text.len() as u32);
    };
    let inner = indentation(line);
    let column = place.column.saturating_sub(1) as usize;
    let offset = line[inner..].char_indices().nth(column).map_or(line.len(), |(at, _)| inner + at);
    let rest = &line[offset..];
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let length = match rest.find(|c| !word(c)) {
        Some(0) => rest.chars().next().map_or(0, char::len_utf8),
        Some(end) => end,
        None => rest.len(),
    };
    // INVARIANT: nothing that is read is longer than 4 GiB.
    TextRange::new((begin + offset) as u32, (begin + offset + length) as u32)
}

/// The place that the details of a result name: `pointer`, a JSON pointer; `path`, a list of names and numbers; or
/// `_loc` with a `line`, as conftest has it.
pub(crate) fn named(details: Option<&Json>) -> RulePlace {
    let Some(details) = details else { return RulePlace::Whole };
    if let Some(pointer) = details.get("pointer").and_then(Json::as_str).and_then(Pointer::parse) {
        return RulePlace::Below(pointer);
    }
    if let Some(pointer) = details.get("path").and_then(Json::as_array).and_then(|steps| path(steps)) {
        return RulePlace::Below(pointer);
    }
    let line = details.pointer("/_loc/line").and_then(Json::as_u64).and_then(|line| u32::try_from(line).ok());
    line.filter(|line| *line > 0).map_or(RulePlace::Whole, RulePlace::Line)
}

fn path(steps: &[Json]) -> Option<Pointer> {
    let mut pointer = Pointer::root();
    for step in steps {
        match step {
            Json::String(name) => pointer.push_key(name),
            Json::Number(number) => pointer.push_index(usize::try_from(number.as_u64()?).ok()?),
            _ => return None,
        }
    }
    Some(pointer)
}

#[cfg(test)]
mod tests {
    use ordain_compiler::RulePlace;
    use ordain_data::{Format, Pointer, TextRange, parse};
    use serde_json::json;

    use super::{named, range, range_in_yaml};
    use crate::error::Place;

    fn place(line: u32, column: u32) -> Place {
        Place { path: String::new(), line, column }
    }

    fn at(text: &str, range: TextRange) -> &str {
        &text[range.start as usize..range.end as usize]
    }

    #[test]
    fn a_place_is_a_word() {
        let text = "package a\nx := http.send(1)\n\"ü\" == y";
        for (line, column, expected) in
            [(1, 1, "package"), (2, 6, "http.send"), (2, 15, "("), (3, 8, "y"), (2, 99, ""), (9, 1, "")]
        {
            assert_eq!(at(text, range(text, &place(line, column))), expected, "{line}:{column}");
        }
    }

    #[test]
    fn blocks_of_yaml_are_looked_into() {
        for (yaml, expected) in [
            ("a:\n  rego: |\n    package x\n\n    deny := y\n", "y"),
            ("a:\n  rego: |- # why\n    package x\n\n    deny := y\n", "y"),
            ("a:\n  rego: |\n\n\n    deny := y\n", "y"),
            ("a:\n  rego: |1\n    package x\n\n    deny:= y\n", "y"),
            ("a:\n  rego: \"package x\\n\\ndeny := y\"\n", "\"package x\\n\\ndeny := y\""),
            ("{ \"a\": { \"rego\": \"package x\" } }", "\"package x\""),
        ] {
            let root = parse(Format::Yaml, yaml).expect("is YAML");
            let scalar = root.get("a").and_then(|a| a.get("rego")).expect("is there");
            assert_eq!(at(yaml, range_in_yaml(yaml, scalar, &place(3, 9))), expected, "{yaml}");
        }
    }

    #[test]
    fn results_name_places_in_three_ways() {
        let below = |text: &str| RulePlace::Below(Pointer::parse(text).expect("is a pointer"));
        for (details, expected) in [
            (json!({ "pointer": "/a/0" }), below("/a/0")),
            (json!({ "path": ["a/b", 0, "c"] }), below("/a~1b/0/c")),
            (json!({ "_loc": { "file": "x", "line": 3 } }), RulePlace::Line(3)),
            (json!({ "pointer": "a", "path": "/etc/passwd" }), RulePlace::Whole),
            (json!({ "path": [true] }), RulePlace::Whole),
            (json!({ "_loc": { "line": 0 } }), RulePlace::Whole),
        ] {
            assert_eq!(named(Some(&details)), expected, "{details}");
        }
    }
}
