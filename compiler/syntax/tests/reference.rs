//! The reference is true: its examples are parsed, and its grammar knows the words and signs of the lexer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ordain_diagnostics::Severity;
use ordain_syntax::{CONTEXTUAL_WORDS, RESERVED_WORDS, lex, parse};
use proptest::prelude::*;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// A piece of code in a page.
struct Fence {
    /// The words after the opening backquotes.
    info: String,
    line: usize,
    text: String,
}

/// The fences of a page. One that is left open ends with the page.
fn fences(page: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut open: Option<(usize, Fence)> = None;
    for (index, line) in page.lines().enumerate() {
        let quotes = line.bytes().take_while(|byte| *byte == b'`').count();
        open = match open {
            None if quotes >= 3 => {
                Some((quotes, Fence { info: line[quotes..].to_owned(), line: index + 1, text: String::new() }))
            }
            None => None,
            Some((opening, fence)) if quotes >= opening && line.len() == quotes => {
                fences.push(fence);
                None
            }
            Some((opening, mut fence)) => {
                fence.text += line;
                fence.text.push('\n');
                Some((opening, fence))
            }
        };
    }
    fences.extend(open.map(|(_, fence)| fence));
    fences
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry of the folder can be read").path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The sources of an example, each with its first line from 1. An example may have several files: a line `//- name` begins
/// another one.
fn sources(example: &str) -> Vec<(usize, String)> {
    let mut files = vec![("main.ord", 1, String::new())];
    for (index, line) in example.lines().enumerate() {
        match (line.strip_prefix("//- "), files.last_mut()) {
            (Some(name), _) => files.push((name, index + 2, String::new())),
            (None, Some((_, _, text))) => *text = format!("{text}{line}\n"),
            (None, None) => {}
        }
    }
    files.into_iter().filter(|(name, ..)| name.ends_with(".ord")).map(|(_, line, text)| (line, text)).collect()
}

#[test]
fn every_example_is_parsed() {
    let mut all = Vec::new();
    pages(&docs(), &mut all);
    all.sort();
    let (mut examples, mut wrong) = (0, Vec::new());
    for page in all {
        let text = std::fs::read_to_string(&page).expect("the page can be read");
        for fence in fences(&text).iter().filter(|fence| matches!(fence.info.as_str(), "ordain" | "ordain part")) {
            examples += 1;
            for (first_line, source) in sources(&fence.text) {
                for error in parse(&source).errors {
                    if error.code.entry().severity == Severity::Error {
                        let line = fence.line + first_line + source[..error.range.start as usize].matches('\n').count();
                        wrong.push(format!("{}:{line}: {}", page.display(), error.message));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples > 50, "only {examples} examples were found");
}

/// A part of a rule.
#[derive(Debug, PartialEq)]
enum Part {
    Rule(String),
    Text(String),
    Sign(char),
}

/// The rules of the grammar, in order.
fn rules(source: &str) -> Vec<(String, Vec<Part>)> {
    let mut parts = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' | '?' => {
                let end = rest[1..].find(first).unwrap_or_else(|| panic!("{first} is never closed: {rest:.60}"));
                let content = &rest[1..=end];
                if first != '?' {
                    parts.push(Part::Text(content.replace("\\\\", "\\")));
                }
                end + 2
            }
            'a'..='z' => {
                let end = rest.find(|char: char| !char.is_ascii_lowercase() && char != '_').unwrap_or(rest.len());
                parts.push(Part::Rule(rest[..end].to_owned()));
                end
            }
            _ => {
                assert!("=;|()[]{}".contains(first), "{first:?} is not EBNF: {rest:.60}");
                parts.push(Part::Sign(first));
                1
            }
        };
        rest = rest[length..].trim_start();
    }
    let mut rules = Vec::new();
    let mut parts = parts.into_iter().peekable();
    while let Some(part) = parts.next() {
        let Part::Rule(name) = part else { panic!("a rule starts with its name, not with {part:?}") };
        assert_eq!(parts.next(), Some(Part::Sign('=')), "after {name}");
        let mut body = Vec::new();
        let mut open = Vec::new();
        for part in parts.by_ref().take_while(|part| *part != Part::Sign(';')) {
            match part {
                Part::Sign('(') => open.push(')'),
                Part::Sign('[') => open.push(']'),
                Part::Sign('{') => open.push('}'),
                Part::Sign(sign @ (')' | ']' | '}')) => assert_eq!(open.pop(), Some(sign), "in {name}"),
                Part::Sign('=') => panic!("{name} is not closed by `;`"),
                _ => {}
            }
            body.push(part);
        }
        assert!(open.is_empty(), "a bracket of {name} is not closed");
        rules.push((name, body));
    }
    rules
}

fn grammar() -> Vec<(String, Vec<Part>)> {
    let page = std::fs::read_to_string(docs().join("reference/grammar.md")).expect("the page can be read");
    let source: String =
        fences(&page).into_iter().filter(|fence| fence.info == "ebnf").map(|fence| fence.text).collect();
    rules(&source)
}

#[test]
fn every_rule_is_defined_once_and_used() {
    let grammar = grammar();
    let mut defined = BTreeMap::new();
    for (name, body) in &grammar {
        assert!(defined.insert(name, body).is_none(), "{name} is defined twice");
    }
    let mut used = BTreeSet::new();
    for part in grammar.iter().flat_map(|(_, body)| body) {
        if let Part::Rule(name) = part {
            assert!(defined.contains_key(name), "{name} is used and not defined");
            used.insert(name);
        }
    }
    let unused: Vec<&str> = defined.keys().filter(|name| !used.contains(**name)).map(|name| name.as_str()).collect();
    assert_eq!(unused, ["file", "text"], "these are used nowhere; only the two that a text starts with may be so");
}

/// Every sign of the lexer: what of all short sequences of punctuation is one token with a spelling of its own.
fn signs() -> BTreeSet<String> {
    let punctuation: Vec<char> = ('!'..='~').filter(char::is_ascii_punctuation).collect();
    let mut candidates: Vec<String> = vec![String::new()];
    let mut signs = BTreeSet::new();
    for _ in 0..3 {
        candidates =
            candidates.iter().flat_map(|start| punctuation.iter().map(move |next| format!("{start}{next}"))).collect();
        signs.extend(
            candidates
                .iter()
                .filter(|text| {
                    let lexed = lex(text);
                    lexed.errors.is_empty()
                        && matches!(lexed.tokens.as_slice(), [token] if token.kind.text() == Some(text))
                })
                .cloned(),
        );
    }
    signs
}

#[test]
fn the_grammar_has_every_word_and_sign_of_the_lexer_and_no_others() {
    let grammar = grammar();
    let texts = |rule: &str| -> BTreeSet<&str> {
        let (_, body) = grammar.iter().find(|(name, _)| name == rule).expect("the rule is defined");
        body.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect()
    };
    assert_eq!(texts("reserved"), RESERVED_WORDS.iter().copied().collect());
    assert_eq!(texts("contextual"), CONTEXTUAL_WORDS.iter().copied().collect());
    let signs = signs();
    assert_eq!(texts("sign"), signs.iter().map(String::as_str).collect());

    // Each of them is good for something: it stands in a rule besides the list of its kind.
    let lists = ["reserved", "contextual", "sign"];
    let used: BTreeSet<&str> = grammar
        .iter()
        .filter(|(name, _)| !lists.contains(&name.as_str()))
        .flat_map(|(_, body)| body)
        .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
        .collect();
    let all = RESERVED_WORDS.iter().chain(CONTEXTUAL_WORDS).copied().chain(signs.iter().map(String::as_str));
    let unused: Vec<&str> = all.filter(|text| !used.contains(text)).collect();
    assert!(unused.is_empty(), "in no rule: {unused:?}");
}

/// Writes texts that follow the rules, by choices that proptest makes and shrinks.
struct Writer<'g> {
    grammar: &'g BTreeMap<String, Vec<Part>>,
    choices: std::slice::Iter<'g, u16>,
    text: String,
    depth: usize,
    /// How many subjects of policies are under way: what follows a type there would continue its refinement.
    subjects: usize,
}

/// What stands for the rules that are words, literals, or said in words.
const SAMPLES: &[(&str, &[&str])] = &[
    ("name", &["a", "b1", "long_name", "_"]),
    ("word", &["a", "b1", "long_name"]),
    ("number", &["1", "1_000", "1.50", "20GiB", "1h30m", "1.4.0-rc.1", "2027-03-01"]),
    ("integer", &["0", "12"]),
    ("decimal", &["1.5"]),
    ("version", &["1.4.0"]),
    ("string", &["\"\"", "\"a {b} c\"", "r\"raw\"", "\"\"\"\n  many\n  \"\"\""]),
    ("plain_string", &["\"s\"", "r#\"raw\"#"]),
    ("regex", &["\"[a-z]+\"", "r\"[0-9]\""]),
    ("head", &["a", "f(b)", "a.b == 1", "({ a: 1 })", "[{ a: 1 }]", "1..=5"]),
    ("key", &["\"k\"", "(a)", "\"k\" + b"]),
    ("place", &["a.b", "f(a)", "a + b", "a[0]"]),
    ("key_part", &["a", "a.b", "[a, b]"]),
    ("doc", &["/// documented\n"]),
    ("file_doc", &["//! documented\n"]),
    ("separator", &[",", "\n"]),
];

/// The rules after which a line ends.
const LINES: &[&str] = &[
    "item",
    "use",
    "binding",
    "statement",
    "test_statement",
    "capability_clause",
    "adapter_clause",
    "policy_clause",
    "gate_clause",
];

impl Writer<'_> {
    fn pick(&mut self, count: usize) -> usize {
        self.choices.next().map_or(0, |choice| *choice as usize % count)
    }

    fn rule(&mut self, name: &str) {
        if let Some((_, samples)) = SAMPLES.iter().find(|(rule, _)| *rule == name) {
            let index = self.pick(samples.len());
            return self.put(samples[index]);
        }
        let simple = match name {
            "expr" if self.depth > 40 => Some("a"),
            "type" if self.depth > 40 || self.subjects > 0 => Some("T"),
            "statement" | "test_statement" if self.depth > 40 => Some("let a = b"),
            _ => None,
        };
        if let Some(simple) = simple {
            return self.put(simple);
        }
        self.depth += 1;
        self.subjects += usize::from(name == "subject");
        let grammar = self.grammar;
        self.alternatives(&grammar[name]);
        self.subjects -= usize::from(name == "subject");
        self.depth -= 1;
        if LINES.contains(&name) {
            self.text.push('\n');
        }
    }

    fn put(&mut self, text: &str) {
        // A sign of a negative value touches what follows.
        if !self.text.ends_with('-') {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    /// Writes one of the alternatives.
    fn alternatives(&mut self, parts: &[Part]) {
        let mut all = vec![];
        let (mut depth, mut start) = (0, 0);
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Sign('(' | '[' | '{') => depth += 1,
                Part::Sign(')' | ']' | '}') => depth -= 1,
                Part::Sign('|') if depth == 0 => {
                    all.push(&parts[start..index]);
                    start = index + 1;
                }
                _ => {}
            }
        }
        all.push(&parts[start..]);
        let index = self.pick(all.len());
        self.sequence(all[index]);
    }

    fn sequence(&mut self, parts: &[Part]) {
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            at += 1;
            match part {
                Part::Rule(name) => self.rule(name),
                Part::Text(text) => self.put(text),
                Part::Sign(open) => {
                    let mut depth = 1;
                    let end = at
                        + parts[at..]
                            .iter()
                            .position(|part| {
                                match part {
                                    Part::Sign('(' | '[' | '{') => depth += 1,
                                    Part::Sign(')' | ']' | '}') => depth -= 1,
                                    _ => {}
                                }
                                depth == 0
                            })
                            .expect("brackets are balanced");
                    let times = match open {
                        '(' => 1,
                        '[' => self.pick(2),
                        _ => self.pick(3),
                    };
                    for _ in 0..times {
                        self.alternatives(&parts[at..end]);
                    }
                    at = end + 1;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_follows_the_rules_is_parsed(choices in prop::collection::vec(any::<u16>(), 1..300)) {
        let grammar = grammar().into_iter().collect();
        let mut writer = Writer { grammar: &grammar, choices: choices.iter(), text: String::new(), depth: 0, subjects: 0 };
        while !writer.choices.as_slice().is_empty() {
            writer.rule("item");
        }
        let text = writer.text;
        let errors: Vec<_> =
            parse(&text).errors.into_iter().filter(|error| error.code.entry().severity == Severity::Error).collect();
        let too_deep = errors.iter().any(|error| error.code == ordain_diagnostics::codes::NESTING_TOO_DEEP);
        prop_assert!(errors.is_empty() || too_deep, "{:#?}\nin\n{text}", errors);
    }
}
