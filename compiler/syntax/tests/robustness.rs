//! Texts that nobody would write: whatever a text is, it gets a tree and findings, never a panic, and in a time that
//! grows with its length.

use ordain_syntax::{
    CONTEXTUAL_WORDS, MAX_FINDINGS, MAX_NESTING, Parsed, RESERVED_WORDS, SyntaxError, format, lex, parse, parse_expr,
    parse_type,
};
use proptest::prelude::*;

/// Cases of each property.
const CASES: u32 = 400;

/// Checks what must hold of every text, and gives what was parsed.
fn check(text: &str) -> Parsed {
    let parsed = parse(text);
    let lexed = lex(text);
    let on_boundary = |error: &SyntaxError| {
        let fix = error.fix.iter().map(|(_, range, ..)| *range);
        let places = std::iter::once(error.range).chain(error.related.iter().map(|(range, _)| *range)).chain(fix);
        for range in places {
            assert!(text.get(range.start as usize..range.end as usize).is_some(), "{error:?} of {text:?}");
        }
    };
    parsed.errors.iter().chain(&lexed.errors).for_each(on_boundary);
    assert!(parsed.errors.is_sorted_by_key(|error| error.range.start), "{:#?} of {text:?}", parsed.errors);
    let mut end = 0;
    for token in &lexed.tokens {
        assert!(token.range.start >= end && token.range.end >= token.range.start, "{token:?} of {text:?}");
        assert!(text.get(token.range.start as usize..token.range.end as usize).is_some(), "{token:?} of {text:?}");
        end = token.range.end;
    }
    let (_, _) = parse_expr(text);
    let (_, _) = parse_type(text);
    if let Ok(formatted) = format(text) {
        assert_eq!(format(&formatted).as_deref(), Ok(formatted.as_str()), "formatting {text:?} is not idempotent");
    }
    parsed
}

fn fixtures(folder: &str) -> Vec<String> {
    let folder = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of fixtures exists")
        .map(|entry| entry.expect("an entry of the folder can be read").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).expect("a fixture can be read")).collect()
}

/// The words of the language, signs, and pieces that break off in the middle of something.
fn pieces() -> Vec<&'static str> {
    [RESERVED_WORDS, CONTEXTUAL_WORDS, PIECES].concat()
}

/// The pieces that are no words of the language.
const PIECES: &[&str] = &[
    "approval",
    "failure",
    "change",
    "x",
    "y.z",
    "_",
    "1",
    "1.5",
    "20GiB",
    "1h30m",
    "1.2.3",
    "2027-03-01",
    "9h9h",
    "1.2.3.4",
    "\"s\"",
    "\"a {",
    "} b\"",
    "\"",
    "\"\"\"",
    "r\"",
    "r#\"",
    "#",
    "\\",
    "\"\\u{41}\"",
    "\"\\u{\"",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ".",
    "..",
    "..=",
    "?",
    "?.",
    "??",
    "->",
    "=>",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "&&",
    "||",
    "|",
    "^",
    "~",
    "@",
    "@allow ORD0207 because \"x\"",
    ";",
    "&",
    "$",
    "'x'",
    "“",
    "»",
    "é",
    "\u{202e}",
    "\u{0}",
    "\u{feff}",
    "\u{200b}",
    "// c\n",
    "/// d\n",
    "//! e\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "  ",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn any_bytes_are_parsed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_characters_are_parsed(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_tokens_are_parsed(
        pieces in prop::collection::vec((prop::sample::select(pieces()), prop::sample::select(vec!["", " ", " ", "\n"])), 0..80),
    ) {
        check(&pieces.iter().flat_map(|(piece, gap)| [*piece, *gap]).collect::<String>());
    }

    #[test]
    fn any_part_of_a_text_is_parsed(
        text in prop::sample::select(fixtures("parse")),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
        inserted in prop::sample::select(pieces()),
    ) {
        let mut text = text;
        for (from, to) in cuts {
            let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
            let boundary = |mut at: usize| { while !text.is_char_boundary(at) { at -= 1 } at };
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 200));
            text.replace_range(boundary(from)..boundary(to), inserted);
        }
        check(&text);
    }
}

#[test]
fn texts_cut_off_at_every_byte_are_parsed() {
    for text in fixtures("parse").into_iter().chain(fixtures("recovery")) {
        // What is broken off at the end reaches no further than its declaration.
        for part in text.split_inclusive("\n\n") {
            for end in (0..part.len()).filter(|end| part.is_char_boundary(*end)) {
                parse(&part[..end]);
            }
        }
        for end in (0..text.len()).step_by(53).filter(|end| text.is_char_boundary(*end)) {
            check(&text[..end]);
        }
    }
}

#[test]
fn a_closer_after_lines_of_which_nothing_is_kept_is_parsed() {
    check("];;\n; x\n}");
}

/// A text in which `open` stands `depth` times inside itself, with what is needed around it.
fn nested(before: &str, open: &str, middle: &str, close: &str, after: &str, depth: usize) -> String {
    format!("{before}{}{middle}{}{after}\n", open.repeat(depth), close.repeat(depth))
}

/// Every construct that can stand inside itself: before, opening, innermost, closing, after.
const NESTS: &[[&str; 5]] = &[
    ["const a = ", "(", "1", ")", ""],
    ["const a = ", "[", "1", "]", ""],
    ["const a = ", "{ a: ", "1", " }", ""],
    ["const a = ", "{ \"a\": ", "1", " }", ""],
    ["const a = ", "f(", "1", ")", ""],
    ["const a = ", "f(x: ", "1", ")", ""],
    ["const a = ", "x[", "1", "]", ""],
    ["const a = ", "\"{", "1", "}\"", ""],
    ["const a = ", "\"\"\"{", "1", "}\"\"\"", ""],
    ["const a = ", "-", "1", "", ""],
    ["const a = ", "!", "true", "", ""],
    ["const a = ", "- !", "true", "", ""],
    ["const a = ", "[x for x in ", "xs", "]", ""],
    ["const a = ", "{ k: v for k, v in ", "xs", " }", ""],
    ["const a = ", "if x { 1 } else { ", "1", " }", ""],
    ["const a = ", "if x { 1 } else ", "{ 1 }", "", ""],
    ["const a = ", "if ", "x", " { 1 } else { 2 }", ""],
    ["const a = ", "match x { _ => ", "1", " }", ""],
    ["const a = ", "match ", "x", " { _ => 1 }", ""],
    ["const a = ", "{ let x = ", "1", " x }", ""],
    ["const a = ", "plan p(", "1", ")", ""],
    ["const a = ", "1 + (", "1", ")", ""],
    ["const a = ", "1 + ", "1", "", ""],
    ["const a = ", "1 ?? ", "1", "", ""],
    ["const a = x", ".y", "", "", ""],
    ["const a = x", "?.y", "", "", ""],
    ["const a = x", "[0]", "", "", ""],
    ["const a = x", "()", "", "", ""],
    ["type A = ", "[", "Int", "]", ""],
    ["type A = ", "{ a: ", "Int", " }", ""],
    ["type A = ", "List<", "Int", ">", ""],
    ["type A = Int", "?", "", "", ""],
    ["type A = Int", " where it > 0", "", "", ""],
    ["type A = ", "Int where it in [", "1", "]", ""],
    ["fn f(x: Int = ", "(", "1", ")", ") -> Int = 1"],
    ["fn f() -> Int ", "{ let x = { a: 1 } ", "1", " }", ""],
    ["plan p() {", " if x {", " return 1", " }", " }"],
    ["plan p() {", " if x { } else", " { }", "", " }"],
    ["plan p() {", " for x in xs {", " return 1", " }", " }"],
    ["plan p() {", " stage s {", " return 1", " }", " }"],
    ["plan p() { let x = a.b ", "{ a: ", "1", " }", " }"],
    ["test \"t\" {", " for x in xs {", " expect x", " }", " }"],
    ["test \"t\" {", " for any x: Int {", " expect x", " }", " }"],
    ["policy p { when ", "(", "x", ")", " }"],
    ["policy p { on input: ", "[", "T", "]", " }"],
    ["environment e: T { a: ", "[", "1", "]", " }"],
    ["capability a.b { key (", "(", "x", ")", ") }"],
    ["const a = match x { ", "a | ", "b", "", " => 1 }"],
    ["const a = x.", "y.", "z", "", ""],
    ["", "@allow ORD0207 because \"x\" ", "const a = 1", "", ""],
];

/// The tests run in threads of 2 MiB, as most threads of Rust programs have: that must be enough.
#[test]
fn no_nesting_overflows_the_stack() {
    for [before, open, middle, close, after] in NESTS {
        for depth in [100, 10_000] {
            let text = nested(before, open, middle, close, after, depth);
            let parsed = if depth > 100 { parse(&text) } else { check(&text) };
            assert!(parsed.errors.len() <= 2, "{} {open:?}: {:#?}", depth, &parsed.errors[..3]);
            // Half of the closers, none, and too many.
            parse(&format!("{before}{}{middle}{}", open.repeat(depth), close.repeat(depth / 2)));
            parse(&format!("{before}{}\n\nconst b = 1", open.repeat(depth)));
            parse(&format!("{before}{middle}{}\n\nconst b = 1", close.repeat(depth)));
        }
    }
}

#[test]
fn nesting_is_limited_by_a_finding() {
    let deep = |depth| nested("const a = ", "(", "1", ")", "\nconst b = 2", depth);
    let within = parse(&deep(usize::from(MAX_NESTING) - 1));
    assert_eq!(within.errors, []);
    let beyond = parse(&deep(usize::from(MAX_NESTING)));
    assert_eq!(beyond.errors.len(), 1);
    assert_eq!(beyond.errors[0].code, ordain_diagnostics::codes::NESTING_TOO_DEEP);
    let names: Vec<&str> = beyond.file.items.iter().map(|item| item.name.parts[0].name.as_str()).collect();
    assert_eq!(names, ["a", "b"], "the declaration stays known, and the next one is untouched");
}

/// A text of many findings: it must not take memory without bound.
#[test]
fn findings_are_limited() {
    for piece in [
        "(",
        ")",
        "[}",
        "$ ",
        "\"\n",
        "polcy x {\n",
        "const = 1\n",
        "} ",
        "{\n",
        "/// x\n\n",
        "1h1h ",
        "\u{1} x ",
        "%\n",
    ] {
        let parsed = parse(&piece.repeat(20_000));
        assert!(!parsed.errors.is_empty(), "{piece:?}");
        assert!(parsed.errors.len() <= MAX_FINDINGS + 1, "{} findings of {piece:?}", parsed.errors.len());
    }
}
