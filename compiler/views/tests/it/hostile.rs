//! Names that would like to be something else.

use ordain_graph::{DraftPlan, Effect, NodeKind, Op, PlanGraph, Shape, Value};
use ordain_views::{Terminal, diff, dot, dot_whole, html, markdown, mermaid, tree};
use proptest::prelude::*;

use crate::samples::{contract, draft, made, output, record, shop, step, text};

const NAMES: [&str; 21] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "javascript:alert(1)",
    "&lt;b&gt;&#x3c;",
    "\"]; evil [label=\"x",
    "\\N\\\"; evil -> evil; \"",
    "end",
    "a\"] --> b[\"c",
    "`code` **bold** [link](https://evil.example)",
    "| cell | @someone #1",
    "```\n# Heading",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "line\nbreak\r\ttab\0nul",
    "user\u{202e}txt.exe\u{2066}",
    "zero\u{200b}width\u{feff}",
    "表計算と絵文字👩‍👩‍👧",
    "1. list - item",
    "%%{init: {\"theme\": \"dark\"}}%%",
];

/// A plan in which everything that has a name has a hostile one.
pub fn hostile() -> DraftPlan {
    let mut nodes = Vec::new();
    for (at, name) in NAMES.into_iter().enumerate() {
        let work = contract(name, &[(name, Shape::Json)], &[(name, Shape::String)], Effect::Write);
        let before = if at == 0 { text(name) } else { output(at as u32 - 1, &[NAMES[at - 1]]) };
        let mut node = step(&format!("stage {name}/{at}{name}[{name}]"), &work, &[(name, before)]);
        node.stage = Some(format!("stage {name}").into());
        node.environment = Some(name.into());
        node.key = Some(record(&[(name, text(name))]));
        if at % 5 == 4 {
            let own = output(at as u32, &[name]);
            node.kind = NodeKind::Gate { expect: Value::apply(Op::Eq, vec![own, text(name)]) };
        }
        nodes.push(node);
    }
    let mut plan = draft("<plan> \"x\" \u{1b}[31m", nodes);
    plan.package.name = "<package>".into();
    plan.environments = made_environments();
    plan.arguments = NAMES.iter().map(|name| ((*name).into(), text(name))).collect();
    plan.data = NAMES.iter().map(|name| ((*name).into(), (*name).into())).collect();
    plan.returns = Some(text("</script><script>alert(1)</script>"));
    plan
}

fn made_environments() -> std::collections::BTreeMap<smol_str::SmolStr, ordain_graph::Environment> {
    let of = |name: &str| {
        let groups = [(name.into(), vec![name.into()])].into();
        (name.into(), ordain_graph::Environment { facts: record(&[(name, text(name))]), groups })
    };
    NAMES.iter().map(|name| of(name)).collect()
}

/// Every view of a plan, by name.
fn views(graph: &PlanGraph) -> Vec<(&'static str, String)> {
    let found = diff(&made(shop()), graph);
    let plain = Terminal { width: 80, colour: false };
    vec![
        ("tree", tree(graph, &plain)),
        ("mermaid", mermaid(graph)),
        ("dot", dot(graph)),
        ("dot_whole", dot_whole(graph)),
        ("markdown", markdown(graph)),
        ("html", html(graph)),
        ("diff text", found.text(&plain)),
        ("diff markdown", found.markdown()),
    ]
}

fn is_safe(name: &str, view: &str) -> Result<(), String> {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    };
    match view.chars().find(|c| hidden(*c)) {
        Some(c) => Err(format!("{name} lets {c:?} through")),
        None => Ok(()),
    }
}

#[test]
fn no_view_obeys_a_name() {
    for (name, view) in views(&made(hostile())) {
        is_safe(name, &view).unwrap();
    }
}

#[test]
fn html_has_its_own_elements_only() {
    let page = html(&made(hostile()));
    let own = html(&made(shop()));
    let names = |page: &str| {
        let mut names: Vec<String> = page
            .match_indices('<')
            .map(|(at, _)| {
                page[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/' || *c == '!').collect()
            })
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let (page, own) = (names(&page), names(&own));
    assert!(page.iter().all(|name| own.contains(name)), "{page:?}\n{own:?}");
}

#[test]
fn mermaid_lines_are_its_own() {
    let drawn = mermaid(&made(hostile()));
    insta::assert_snapshot!("mermaid_hostile", drawn);
    for line in drawn.lines().filter(|line| line.contains('"')) {
        assert_eq!(line.matches('"').count(), 2, "{line}");
    }
}

#[test]
fn dot_lines_are_its_own() {
    let drawn = dot(&made(hostile()));
    insta::assert_snapshot!("dot_hostile", drawn);
    assert!(!drawn.lines().any(|line| line.trim_start().starts_with("evil")));
}

#[test]
fn markdown_cells_are_its_own() {
    let plan = made(hostile());
    let written = markdown(&plan);
    insta::assert_snapshot!("markdown_hostile", written);
    for line in written.lines().filter(|line| line.starts_with('|')) {
        let cells = line.matches('|').count() - 1;
        assert!(cells == 2 || cells == 6, "{line}");
    }
}

#[test]
fn a_terminal_shows_what_is_hidden() {
    insta::assert_snapshot!("tree_hostile", tree(&made(hostile()), &Terminal::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_names(names in prop::collection::vec(any::<String>(), 1..6)) {
        let nodes = names.iter().enumerate().map(|(at, name)| {
            let work = contract(name, &[(name, Shape::Json)], &[], Effect::Write);
            step(&format!("{name}{at}"), &work, &[(name, text(name))])
        });
        let graph = made(draft(&names[0], nodes.collect()));
        for (name, view) in views(&graph) {
            prop_assert_eq!(is_safe(name, &view), Ok(()));
        }
        let page = html(&graph);
        prop_assert_eq!(page.matches("<script").count(), 1);
        prop_assert_eq!(page.matches("<details").count(), graph.nodes.len());
    }
}
