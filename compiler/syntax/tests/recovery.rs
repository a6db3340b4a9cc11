//! Broken texts: what is said of them, and what of them is still there.

#[path = "support/finding.rs"]
mod finding;

use ordain_syntax::ast::{Item, ItemKind};
use ordain_syntax::{Parsed, lex, parse};

fn names(parsed: &Parsed) -> String {
    let mut out = String::new();
    for import in &parsed.file.uses {
        let names = import.names.as_ref().map_or(0, Vec::len);
        out += &format!("use {} ({names} names)\n", joined(&import.path));
    }
    for item in &parsed.file.items {
        out += &format!("{} {} ({})\n", kind(item), joined(&item.name), parts(item));
    }
    out
}

fn joined(path: &ordain_syntax::ast::Path) -> String {
    path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(".")
}

fn kind(item: &Item) -> String {
    let debug = format!("{:?}", item.kind);
    debug[..debug.find('(').unwrap_or(debug.len())].to_lowercase()
}

/// How many members, clauses or statements a declaration has.
fn parts(item: &Item) -> usize {
    match &item.kind {
        ItemKind::Enum(decl) => decl.variants.len(),
        ItemKind::Fn(decl) => decl.params.len(),
        ItemKind::Capability(decl) => decl.clauses.len(),
        ItemKind::Adapter(decl) => decl.clauses.len(),
        ItemKind::Environment(decl) => decl.members.len(),
        ItemKind::Entity(decl) => decl.fields.len(),
        ItemKind::Policy(decl) => decl.clauses.len(),
        ItemKind::Gate(decl) => decl.clauses.len(),
        ItemKind::Plan(decl) => decl.body.len(),
        ItemKind::Test(decl) => decl.body.len(),
        ItemKind::Type(decl) => match &decl.ty.kind {
            ordain_syntax::ast::TypeKind::Record(record) => record.fields.len(),
            _ => 1,
        },
        _ => 1,
    }
}

#[test]
fn every_mistake_is_reported_once_and_costs_no_more_than_itself() {
    insta::glob!("fixtures/recovery/*.ord", |path| {
        let text = std::fs::read_to_string(path).expect("the fixture can be read");
        let parsed = parse(&text);
        let found = finding::shown(&text, &parsed.errors);
        insta::assert_snapshot!(format!("{} findings\n\n{found}\nkept\n\n{}", parsed.errors.len(), names(&parsed)));
    });
}

/// What one token becomes.
type Change = fn(&str) -> String;

/// What happens to one token of a sound text.
const CHANGES: &[(&str, Change)] = &[
    ("removed", |_| String::new()),
    ("doubled", |token| format!("{token} {token}")),
    ("replaced by a word", |_| " misplaced ".into()),
    ("replaced by a sign", |_| "^".into()),
    ("preceded by a brace", |token| format!("}} {token}")),
    ("preceded by a parenthesis", |token| format!("({token}")),
];

#[test]
fn one_wrong_token_is_one_finding_and_costs_one_declaration() {
    let (mut texts, mut findings, mut many) = (0, 0, 0);
    let (mut lost, mut silent) = (Vec::new(), 0);
    for name in ["contracts", "plans", "policies", "values"] {
        let path = format!("{}/tests/fixtures/parse/{name}.ord", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the fixture can be read");
        let whole = parse(&text);
        // Every third token and another change each time keep this fast; over the files every pair comes up.
        for (index, token) in lex(&text).tokens.iter().enumerate().filter(|(index, _)| index % 3 == 0) {
            let (start, end) = (token.range.start as usize, token.range.end as usize);
            // A string over many lines ends somewhere else when one of its quotes goes.
            if token.kind.is_comment() || text[start..end].contains('\n') || text[start..end].contains("\"\"\"") {
                continue;
            }
            let (what, change) = CHANGES[index / 3 % CHANGES.len()];
            let rest = text[end..].trim_start_matches(' ');
            let changed = format!("{}{}{rest}", &text[..start], change(&text[start..end]));
            let parsed = parse(&changed);
            texts += 1;
            findings += parsed.errors.len();
            silent += usize::from(parsed.errors.is_empty());
            many += usize::from(parsed.errors.len() > 1);
            let kept = |item: &Item| {
                let hit = item.range.start as usize <= start && end <= item.range.end as usize;
                hit || parsed.file.items.iter().any(|other| {
                    other.name.parts.iter().map(|part| &part.name).eq(item.name.parts.iter().map(|part| &part.name))
                        && !other.broken
                        && parts(other) == parts(item)
                })
            };
            let line = text[..start].matches('\n').count() + 1;
            lost.extend(
                whole.file.items.iter().filter(|item| !kept(item)).map(|item| {
                    format!("{name}.ord:{line} {:?} {what}: lost {}", &text[start..end], joined(&item.name))
                }),
            );
        }
    }
    println!("{texts} texts, {findings} findings, {many} with more than one, {silent} sound");
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(many * 40 < texts, "{many} of {texts} texts have more than one finding");
}
