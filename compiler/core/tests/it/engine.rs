//! The engine and the tree walker say the same.

use std::path::PathBuf;

use ordain_compiler::{Database, GateManner, GateRun, Item, Kind, is_compiled, package_items, run_gate, run_gate_as};
use ordain_diagnostics::{Severity, codes};
use ordain_graph::Date;
use proptest::prelude::*;

use crate::skipping::skipped;
use crate::world::{World, with_stack};

const DAY: Option<Date> = Some(Date { year: 2026, month: 11, day: 20 });

/// Runs a gate in all ways, which must find the same: by the tree walker, and by the engine with documents held whole, or
/// read in parts, as small as they can be among them.
fn found(db: &Database, gate: Item<'_>) -> GateRun {
    let walked = run_gate_as(db, gate, None, DAY, GateManner::Walked);
    for manner in [GateManner::Whole, GateManner::Parts(1), GateManner::Parts(100), GateManner::Parts(1 << 20)] {
        assert_eq!(run_gate_as(db, gate, None, DAY, manner), walked, "{manner:?}");
    }
    walked
}

/// Runs the gates of a package in all ways, and says how many findings there are.
fn same(world: &World) -> usize {
    let gates = package_items(&world.db, world.package).filter(|item| item.kind(&world.db) == Kind::Gate);
    let runs = gates.map(|item| found(&world.db, item));
    runs.map(|run| run.findings.len() + run.faults.len()).sum()
}

#[test]
fn policies_of_the_standard_library_are_compiled() {
    with_stack(|| {
        let world = World::of("use std.cloud\n\nconst a = 1\n");
        let std = world.package.dependencies(&world.db)["std"];
        let mut count = 0;
        for item in package_items(&world.db, std).filter(|item| item.kind(&world.db) == Kind::Policy) {
            if item.file(&world.db).module(&world.db) == "cloud" {
                assert!(is_compiled(&world.db, item), "{}", item.name(&world.db));
                count += 1;
            }
        }
        assert!(count >= 37, "{count}");
    });
}

const CLOUD: &str = "use std.cloud\nuse std.terraform.Plan\n\ngate plans {\n  input plan: Plan = json(\"plan.json\")\n  check [cloud.*]\n}\n";

#[test]
fn real_plans_are_judged_alike() {
    let Some(corpus) = std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty()).map(PathBuf::from) else {
        skipped("ORDAIN_CORPUS is not set; it names a folder with `terraform-plans` and `terraform-own`");
        return;
    };
    with_stack(move || {
        let (mut plans, mut found) = (0, 0);
        for below in ["terraform-plans", "terraform-own"] {
            let listed = std::fs::read_dir(corpus.join(below)).expect("the corpus has that folder");
            let mut files: Vec<PathBuf> = listed.map(|entry| entry.expect("it can be listed").path()).collect();
            files.sort();
            for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
                let Ok(text) = std::fs::read_to_string(file) else { continue };
                found += same(&World::new(&[("main.ord", CLOUD), ("plan.json", &text)]));
                plans += 1;
            }
        }
        assert!(plans > 20 && found > 20, "{found} findings in {plans} plans");
    });
}

/// Types that have no name have their defaults all the same.
#[test]
fn defaults_of_types_without_a_name() {
    with_stack(|| {
        let source = "policy a {\n  code \"A-1\"\n  severity low\n  on input: { n: Int, limit: Int = 100 }\n  \
            when input.n > input.limit\n  deny \"x\"\n}\n\n\
            gate g {\n  input d: { n: Int, limit: Int = 100 } = json(\"d.json\")\n  \
            input e: List<{ n: Int, limit: Int = 3 }> = json(\"e.json\")\n  check [a]\n}\n";
        for (n, found) in [(101, 2), (100, 1)] {
            let document = format!("{{\"n\":{n}}}");
            let elements = "[{\"n\":4},{\"n\":3},{\"n\":7,\"limit\":7}]";
            let world = World::new(&[("main.ord", source), ("d.json", &document), ("e.json", elements)]);
            assert_eq!(world.show(&world.findings()), "");
            assert_eq!(same(&world), found, "{n}");
        }
    });
}

/// Exemptions by decisions that do not stand count for neither, and the gate tells of each.
#[test]
fn decisions_that_do_not_stand() {
    with_stack(|| {
        let source = "use std.decision.Decision\n\nentity no: Decision { status: rejected }\n\n\
            entity yes: Decision { title: \"yes\" }\n\n\
            policy a {\n  code \"A-1\"\n  severity low\n  on input: { n: Int }\n  deny \"x\"\n  \
            exempt input.n > 1 see no\n  exempt input.n > 5 until 2026-12-31 see yes\n}\n\n\
            gate g {\n  input d: List<{ n: Int }> = json(\"d.json\")\n  check [a]\n}\n";
        let world = World::new(&[("main.ord", source), ("d.json", "[{\"n\":1},{\"n\":2},{\"n\":6}]")]);
        assert_eq!(same(&world), 4);
        let gate = package_items(&world.db, world.package).last().expect("there is a gate");
        let run = run_gate(&world.db, gate, None, DAY);
        assert_eq!(run.findings.iter().filter(|finding| finding.exempt.is_some()).count(), 1);
        let told = |finding: &&ordain_compiler::GateFinding| finding.diagnostic.code == codes::DECISION_FALLEN;
        assert_eq!(run.findings.iter().filter(told).count(), 1);
    });
}

/// A gate asks the policies that it names by their paths.
#[test]
fn policies_are_asked_by_path() {
    with_stack(|| {
        let source = "gate g {\n  input d: Map<String, String> = json(\"d.json\")\n  check [rules.pods.no_host]\n}\n";
        let rule =
            "policy no_host {\n  code \"R-1\"\n  severity low\n  on input: Map<String, String>\n  deny \"x\"\n}\n";
        let world = World::new(&[("main.ord", source), ("rules/pods.ord", rule), ("d.json", "{}")]);
        assert_eq!(world.show(&world.findings()), "");
        assert_eq!(same(&world), 1);
    });
}

/// What is odd in a document is told by the tree walker, and of what is sound at its edges both say the same.
#[test]
fn odd_documents_are_told_alike() {
    with_stack(|| {
        let change = |after: &str| {
            format!(
                r#"{{"address":"a.b","mode":"managed","type":"aws_s3_bucket","name":"b","change":{{"actions":["create"],"after":{after}}}}}"#
            )
        };
        let plan = |changes: &str| format!(r#"{{"format_version":"1.2","resource_changes":[{changes}]}}"#);
        let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        for (text, faults) in [
            (String::new(), true),
            ("{".into(), true),
            ("[]".into(), true),
            (plan(""), false),
            ("\u{feff}".to_owned() + &plan(""), false),
            (plan("") + " x", true),
            (plan("1"), true),
            (plan(&change(r#"{"acl":"public-read"}"#)), false),
            (plan(&change(r#"{"acl":"public-read",}"#)), true),
            (plan(&change(r#"{"acl":"a","acl":"b"}"#)), true),
            (plan(&change(r#"{"z":1,"a":{"y":2,"y":3}}"#)), true),
            (plan(&change(r#"{"a\u0063l":"public\u002dread","b":"\ud83d\ude00\n"}"#)), false),
            (plan(&change(r#"{"a":"\ud83d"}"#)), true),
            (plan(&change(r#"{"a":01}"#)), true),
            (plan(&change(r#"{"a":1e400,"b":1.50,"c":9223372036854775808,"acl":-0}"#)), false),
            (plan(&change("nul")), true),
            (plan(&change(&deep(100))), false),
            (plan(&change(&format!("{{\"a\":{}}}", deep(100)))), false),
            (plan(&change(&deep(200))), true),
            (r#"{"format_version":"1.2","unknown":{"a":1,"a":2}}"#.into(), true),
            (r#"{"format_version":"1.2","unknown":{"a":1},"unknown":2}"#.into(), true),
            (r#"{"format_version":"1.2","format_version":"1.2"}"#.into(), true),
            (r#"{"format_version":null}"#.into(), true),
            (r#"{"format_version":1}"#.into(), true),
            (r#"{"resource_changes":[]}"#.into(), true),
            (r#"{"format_version":"1.2","variables":{"a":{"value":1},"a":{}}}"#.into(), true),
            (r#"{"format_version":"1.2","variables":{"b":{"value":"prod"},"a":{}}}"#.into(), false),
            (r#"{"format_version":"1.2","errored":"no"}"#.into(), true),
        ] {
            let world = World::new(&[("main.ord", CLOUD), ("plan.json", &text)]);
            let gate = package_items(&world.db, world.package).last().expect("there is a gate");
            assert_eq!(!run_gate(&world.db, gate, None, DAY).faults.is_empty(), faults, "{text}");
            same(&world);
        }
    });
}

#[test]
fn a_long_document_is_read_in_parts_alike() {
    with_stack(|| {
        let change = |at: usize| {
            let acl = if at.is_multiple_of(1000) { "public-read" } else { "private" };
            let noise = "\\\"]},[{".repeat(60);
            format!(
                r#"{{"address":"aws_s3_bucket.b[{at}]","mode":"managed","type":"aws_s3_bucket","name":"b","change":{{"actions":["create"],"after":{{"acl":"{acl}","noise":"{noise}"}}}}}}"#
            )
        };
        let changes: Vec<String> = (0..6_000).map(change).collect();
        for (separator, end, sound) in [(",", "", true), (" ,\n", " ", true), (",,", "", false), (",", ", ", false)] {
            let text = format!(r#"{{"format_version":"1.2","resource_changes":[{}{end}]}}"#, changes.join(separator));
            let source = "use std.cloud\nuse std.terraform.Plan\n\npolicy each {\n  code \"E-1\" severity low\n  on input: Plan\n  \
                for change in input.resource_changes\n  when change.change.after?.acl == \"public-read\"\n  deny \"{change.address}\"\n}\n\n\
                gate plans {\n  input plan: Plan = json(\"plan.json\")\n  check [cloud.no_public_bucket_acl, each]\n}\n";
            let world = World::new(&[("main.ord", source), ("plan.json", &text)]);
            assert_eq!(same(&world), if sound { 12 } else { 1 });
        }
    });
}

/// Types and functions that generated policies use.
const GROUND: &str = r#"
enum Tier { dev, staging, production }

type Part = { name: String, weight: Int = 2, of: Json? }

type Thing = {
  name: String
  kind: String
  size: Int where 0..=1000 = 3
  price: Decimal?
  tags: Map<String, String> = {}
  marks: Set<Int> = []
  tier: Tier?
  since: Date?
  extra: Json?
  parts: List<Part> = []
}

type Doc = {
  things: List<Thing>
  limit: Int
  note: Json?
  by: Map<Tier, Part> = {}
  older: List<Thing>?
  more: More?
}

type More = { things: List<Thing> = [], within: More? }

const known = ["a", "b", "ab"]

fn text(value: Json?) -> String = match value { none => "", present => string(present) }

fn elements(value: Json?) -> List<Json> = match value {
  none => [],
  list if starts_with(string(list), "[") && list != string(list) => [each for each in list if each != none],
  single => [single],
}

fn picked(doc: Doc, kinds: List<String>) -> List<Thing> = [
  thing for thing in doc.things if thing.kind in kinds && thing.name != "z"
]

fn heavy(thing: Thing, least: Int = 3) -> Bool {
  let all = sum([part.weight for part in thing.parts])
  all >= least || any(part.weight > 2 * least for part in thing.parts)
}

fn grade(thing: Thing) -> Int = match thing.size {
  0 => 0,
  1..=3 => 1,
  n if n > 5 => n - 5,
  _ => 2,
}

fn as_part(name: String, of: Json) -> Part = { name, of }
"#;

/// Forms of expressions of a kind: `b`, `i`, `s` or `j` (truth, number, text, data), from forms in which those letters in `<>` stand for
/// others. `level` bounds how deep they nest.
fn forms(kind: char, level: u32) -> &'static [&'static str] {
    match (kind, level) {
        ('b', 0) => &["true", "each.tier == none", "each.kind == \"a\"", "each.name in known", "each.price == none"],
        ('i', 0) => &["0", "1", "7", "each.size", "input.limit", "len(each.parts)"],
        ('s', 0) => &["\"\"", "\"a\"", "\"aB\"", "each.name", "each.kind"],
        (_, 0) => &["each.extra", "input.note", "each.extra?.a", "each.extra?.b?.a"],
        ('b', _) => &[
            "(<b> && <b>)",
            "(<b> || <b>)",
            "!(<b>)",
            "(<s> == <s>)",
            "(<s> in [<s>, <s>])",
            "(<s> not in <s>)",
            "(<i> < <i>)",
            "(<i> >= <i>)",
            "(<i> in [<i>, 3])",
            "(<i> in each.marks)",
            "(<s> in each.tags)",
            "starts_with(<s>, <s>)",
            "starts_with(text(<j>), \"[\")",
            "ends_with(<s>, <s>)",
            "matches(<s>, \"[ab]+\")",
            "matches(<s>, \"(?i).*\" + \"a.*\")",
            "heavy(each)",
            "heavy(each, least: <i>)",
            "any(text(one) == <s> for one in elements(<j>))",
            "all(part.weight > <i> for part in each.parts)",
            "(each.tier == Tier.dev)",
            "((each.price ?? 1.5) * 2 > 3.1)",
            "((each.since ?? 2020-01-01) < 2024-06-01)",
            "(<j> == none)",
            "(text(<j>) == text(<j>))",
            "(if <b> { <b> } else { <b> })",
            "(match each.tier { none => <b>, dev => <b>, _ => false })",
            "(unique([<s>, <s>]) == [<s>, \"a\"])",
            "(set([<i>, <i>]) == each.marks)",
            "(each == each && each in input.things)",
            "(as_part(<s>, <i>) in each.parts)",
        ],
        ('i', _) => &[
            "(<i> + <i>)",
            "(<i> - <i>)",
            "(<i> * <i>)",
            "(<i> / <i>)",
            "(-<i>)",
            "len(<s>)",
            "len(each.tags)",
            "grade(each)",
            "(min([<i>, <i>]) ?? 0)",
            "(max([part.weight for part in each.parts if part.weight != <i>]) ?? 9)",
            "(int(<s>) ?? <i>)",
            "sum([<i>, <i>])",
            "count([<b>, <b>])",
            "[<i>, <i>, 2][<i>]",
            "(if <b> { <i> } else { <i> })",
            "len(flatten([elements(<j>), elements(<j>)]))",
            "len([at for at, part in each.parts if at > <i>])",
            "(each.since?.year ?? <i>)",
        ],
        ('s', _) => &[
            "(<s> + <s>)",
            "\"{<i>}-{<s>}\"",
            "\"{each.price ?? 0.5}{each.size}{each.since ?? 2020-01-01}{<j> ?? 1}\"",
            "lower(<s>)",
            "upper(<s>)",
            "trim(<s>)",
            "replace(<s>, \"a\", <s>)",
            "join(split(<s>, \"a\"), <s>)",
            "text(<j>)",
            "string(each.tags)",
            "string(each.parts)",
            "string(each.marks)",
            "(first(keys(each.tags)) ?? <s>)",
            "join([\"{key}={value}\" for key, value in each.tags], \",\")",
            "join([string(mark) for mark in each.marks], <s>)",
            "string({ part.name: part.weight for part in each.parts })",
            "each.tags[<s>]",
            "string(sort([<s>, <s>]))",
            "(match <s> { \"a\" => <s>, other if other in known => other, _ => \"?\" })",
            "string({ \"one\": <i>, \"two\": <i> })",
            "string([tier for tier, part in input.by])",
        ],
        _ => &[
            "each.extra",
            "input.note",
            "each.extra?.a",
            "first(elements(<j>))",
            "(<j> ?? \"x\")",
            "(each.parts[0]).of",
            "last([part.of for part in each.parts])?.a",
        ],
    }
}

fn of_kind(kind: char, level: u32) -> BoxedStrategy<String> {
    prop::sample::select(forms(kind, level)).prop_flat_map(move |form| filled(form, level.saturating_sub(1))).boxed()
}

/// A form with what its letters stand for.
fn filled(form: &'static str, level: u32) -> BoxedStrategy<String> {
    let mut filled = Just(String::new()).boxed();
    let mut rest = form;
    while let Some(at) = rest.find('<').filter(|at| rest[at + 2..].starts_with('>')).or_else(|| next_letter(rest)) {
        let (before, after) = rest.split_at(at);
        let kind = after.chars().nth(1).expect("a letter stands there");
        filled = (filled, of_kind(kind, level)).prop_map(move |(so_far, part)| so_far + before + &part).boxed();
        rest = &after[3..];
    }
    filled.prop_map(move |so_far| so_far + rest).boxed()
}

fn next_letter(form: &str) -> Option<usize> {
    form.match_indices('<').map(|(at, _)| at).find(|at| form.get(at + 2..at + 3) == Some(">"))
}

fn policy(number: usize) -> impl Strategy<Value = String> {
    let over = prop::sample::select(vec![
        "for each in input.things",
        "for each in picked(input, [\"a\", \"ab\"])",
        "for each in picked(kinds: known, doc: input)",
        "for at, each in input.things",
        "for each in [thing for thing in input.things if thing.size > 1]",
        "let mine = picked(input, [\"b\"])\n  for each in mine",
        "let things = input.things\n  for each in things",
        "for each in input.older ?? []",
        "let older = input.older ?? input.things\n  for at, each in older",
        "for each in input.more?.things ?? []",
        "when len(input.things) > 1\n  for each in input.things",
        "let listed = [thing.kind for thing in input.older ?? []]\n  for each in input.things\n  when each.name not in listed",
        "for each in input.things\n  when count(other.kind == each.kind for other in input.things) > 1",
        "let earliest = first(input.things)\n  for each in input.more?.things ?? []\n  when each != earliest",
        "let aside = input.more\n  for each in aside?.things ?? []",
        "let aside = input.more\n  when aside != none\n  for each in input.things",
    ]);
    let clause = prop_oneof![
        of_kind('b', 2).prop_map(|test| format!("when {test}")),
        of_kind('b', 2).prop_map(|test| format!("unless {test}")),
        of_kind('s', 2).prop_map(|text| format!("let worded = {text}\n  when worded != \"a\"")),
        Just("when each.kind == \"a\" && each.size > 0".to_owned()),
        Just("when each.kind in [\"a\", \"b\"]".to_owned()),
        Just("for part in each.parts\n  when part.weight > 1".to_owned()),
        Just("for key, value in each.tags\n  unless key == value".to_owned()),
        Just("for one in elements(each.extra)".to_owned()),
    ];
    let outcome = prop_oneof![
        Just("deny".to_owned()),
        of_kind('s', 2).prop_map(|text| format!("deny \"{{{text}}}!\"")),
        of_kind('s', 1).prop_map(|text| format!("warn \"{{{text}}}?\"")),
    ];
    let rest = prop_oneof![
        Just(String::new()),
        of_kind('s', 1).prop_map(|text| format!("\n  because \"{{{text}}}\"")),
        of_kind('b', 1).prop_map(|test| format!("\n  because \"so\"\n  exempt {test} until 2027-01-01")),
        of_kind('b', 1).prop_map(|test| format!("\n  exempt {test} until 2026-01-01\n  exempt each.size == 1")),
    ];
    let before = prop_oneof![
        3 => Just(""),
        1 => Just("\n  when input.limit > 1"),
        1 => Just("\n  let bound = input.limit * 2\n  unless bound == 4"),
    ];
    (before, over, prop::collection::vec(clause, 0..3), outcome, rest).prop_map(
        move |(before, over, clauses, outcome, rest)| {
            // A name is bound once.
            let mut seen = std::collections::BTreeSet::new();
            let bound = |clause: &String| clause.split([' ', '\n']).nth(1).unwrap_or_default().to_owned();
            let once = clauses.into_iter().filter(|clause| clause.starts_with(['w', 'u']) || seen.insert(bound(clause)));
            let clauses: Vec<String> = once.collect();
            format!(
                "policy p{number} {{\n  code \"P-{number}\" severity low\n  on input: Doc{before}\n  {over}\n  {}\n  {outcome}{rest}\n}}\n\n",
                clauses.join("\n  ")
            )
        },
    )
}

fn json() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["null", "true", "1", "-2.50", "\"a\"", "\"[a\"", "\"\\u0061b\"", "[]", "{}", "1e40"]);
    leaf.prop_map(str::to_owned).prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|all| format!("[{}]", all.join(", "))),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{{\"b\": {a}, \"a\": {b}}}")),
        ]
    })
}

fn thing() -> impl Strategy<Value = String> {
    let maybe = |name: &'static str, values: &'static [&'static str]| {
        prop::option::of(prop::sample::select(values))
            .prop_map(move |value| value.map(|value| format!("\"{name}\": {value}")))
    };
    let names = prop::sample::select(vec!["a", "b", "ab", "z", "aB"]);
    let parts = prop::collection::vec((prop::sample::select(vec!["a", "p"]), 0i64..9, prop::option::of(json())), 0..3)
        .prop_map(|parts| {
            let part = |(name, weight, of): &(&str, i64, Option<String>)| match of {
                Some(of) => format!("{{\"weight\": {weight}, \"name\": \"{name}\", \"of\": {of}}}"),
                None => format!("{{\"name\": \"{name}\"}}"),
            };
            Some(format!("\"parts\": [{}]", parts.iter().map(part).collect::<Vec<_>>().join(",")))
        });
    let odd: &[&str] = &["1", "2", "7", "1000", "5.0", "5000", "\"7\""];
    (
        (names.clone(), names),
        prop_oneof![4 => maybe("size", &odd[..5]), 1 => maybe("size", odd)],
        maybe("price", &["1", "2.50", "null"]),
        maybe("tags", &["{}", "{\"b\": \"b\", \"a\": \"x\"}", "{\"a\": \"\"}"]),
        maybe("marks", &["[]", "[3, 1, 3]", "[7]"]),
        maybe("tier", &["null", "\"dev\"", "\"production\""]),
        maybe("since", &["null", "\"2024-02-29\"", "\"2020-01-01\""]),
        json().prop_map(|json| Some(format!("\"extra\": {json}"))),
        parts,
    )
        .prop_map(|((name, kind), size, price, tags, marks, tier, since, extra, parts)| {
            let given = [extra, size, price, tags, since, marks, tier, parts].into_iter().flatten();
            let members: Vec<String> =
                [format!("\"name\": \"{name}\", \"kind\": \"{kind}\"")].into_iter().chain(given).collect();
            format!("{{{}}}", members.join(", "))
        })
}

fn document() -> impl Strategy<Value = String> {
    let by =
        prop::sample::select(vec!["{}", "{\"staging\": {\"name\": \"a\"}, \"dev\": {\"name\": \"p\", \"weight\": 4}}"]);
    let things = || prop::collection::vec(thing(), 0..6).prop_map(|things| format!("[{}]", things.join(",\n")));
    let older = prop_oneof![Just("null".to_owned()), things()];
    let more = prop_oneof![
        Just("null".to_owned()),
        Just("{}".to_owned()),
        things().prop_map(|things| format!("{{\"within\": {{\"things\": [ ]}}, \"things\": {things}}}"))
    ];
    (things(), 0i64..4, json(), by, older, more).prop_map(|(things, limit, note, by, older, more)| {
        format!(
            "{{\"things\": {things}, \"limit\": {limit}, \"note\": {note}, \"more\": {more}, \"by\": {by}, \"older\": {older}, \"other\": {note}}}"
        )
    })
}

#[test]
fn forms_are_well_typed() {
    with_stack(|| {
        let mut source = String::from(GROUND);
        for (kind, result) in [('b', "Bool"), ('i', "Int"), ('s', "String"), ('j', "Json?")] {
            for (at, form) in forms(kind, 0).iter().chain(forms(kind, 1)).enumerate() {
                let form = ["b", "i", "s", "j"].iter().fold((*form).to_owned(), |form, of| {
                    form.replace(&format!("<{of}>"), forms(of.chars().next().expect("a letter"), 0)[3])
                });
                source += &format!("fn {kind}{at}(input: Doc, each: Thing) -> {result} = {form}\n\n");
            }
        }
        let world = World::of(&source);
        let errors: Vec<_> =
            world.findings().into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{}", world.show(&errors));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn generated_policies_say_the_same(
        policies in (policy(0), policy(1), policy(2)),
        document in document(),
    ) {
        let source = format!(
            "{GROUND}\n{}{}{}gate g {{\n  input doc: Doc = json(\"doc.json\")\n  check [p0, p1, p2]\n}}\n",
            policies.0, policies.1, policies.2
        );
        with_stack(move || {
            let world = World::new(&[("main.ord", &source), ("doc.json", &document)]);
            let errors: Vec<_> = world.findings().into_iter().filter(|finding| finding.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{source}\n{}", world.show(&errors));
            for item in package_items(&world.db, world.package).filter(|item| item.kind(&world.db) == Kind::Policy) {
                assert!(is_compiled(&world.db, item), "{} in {source}", item.name(&world.db));
            }
            let gate = package_items(&world.db, world.package).last().expect("there is a gate");
            eprintln!("{source}\n{document}");
            found(&world.db, gate);
        });
    }
}

/// What an engine decides that runs out of what it may do, the tree walker does.
#[test]
fn what_cannot_be_decided_is_told_alike() {
    with_stack(|| {
        let source = format!(
            "{GROUND}\npolicy p {{\n  code \"P-1\" severity low\n  on input: Doc\n  for each in input.things\n  when 10 / each.size > 1\n  deny \"{{each.name}}\"\n}}\n\n\
             gate g {{\n  input doc: Doc = json(\"doc.json\")\n  check [p]\n}}\n"
        );
        let things: Vec<String> =
            (0..5).map(|size| format!("{{\"name\": \"t{size}\", \"kind\": \"a\", \"size\": {size}}}")).collect();
        let document = format!("{{\"things\": [{}], \"limit\": 1}}", things.join(","));
        let world = World::new(&[("main.ord", &source), ("doc.json", &document)]);
        let gate = package_items(&world.db, world.package).last().expect("there is a gate");
        let run = run_gate(&world.db, gate, None, DAY);
        assert_eq!(run.findings.len(), 5);
        assert!(run.findings[0].diagnostic.message.contains("division by zero"), "{:?}", run.findings[0]);
        assert_eq!(run.findings[1].pointer, "/things/1");
        same(&world);
    });
}
