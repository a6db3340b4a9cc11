//! Coverage of tests: what they went through, clause by clause, and what not.

use crate::package::Package;

const SOURCE: &str = r#"enum Tier { dev, production }

type Bucket = { name: String, public: Bool = false, owner: String? }
type State = { buckets: List<Bucket> = [], tier: Tier = dev }

fn weight(tier: Tier, busy: Bool = false) -> Int = match tier {
  dev => if busy { 2 } else { 1 },
  production => 6,
}

fn unused(n: Int) -> Int = n + 1

policy no_public_bucket {
  code "A-1" severity high
  on input: State
  for bucket in input.buckets
  let named = bucket.name
  when bucket.public
  unless bucket.owner == "web"
  deny "{named} is public"
  exempt named == "site" until 2030-12-31
}

policy heavy {
  code "A-2" severity low
  on input: State
  when weight(input.tier) > 5
  warn "heavy"
}

policy never_asked {
  code "A-3" severity low
  on input: State
  when input.tier == production
  warn "production"
}

test "public" {
  expect deny "A-1" from no_public_bucket on { buckets: [{ name: "a", public: true }, { name: "b" }] }
}

test "heavy" {
  expect warn "A-2" from heavy on { tier: production }
}

test "light" {
  expect allow "A-2" from heavy on { tier: dev }
}
"#;

fn package() -> Package {
    Package::of(SOURCE)
}

#[test]
fn the_table_says_what_was_not_seen() {
    let run = package().run(&["test", "--coverage"]).exits(0);
    let table = run.text().split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(
        table,
        "\
Coverage
  main.ord                             16/24    66.6%
    fn weight                            4/5    80.0%
      7:13 if: never true
    fn unused                            0/1     0.0%
      11:4 function: never called
    policy no_public_bucket (A-1)       8/10    80.0%
      19:10 unless: never true
      21:10 exempt: never true
    policy heavy (A-2)                   4/4   100.0%
    policy never_asked (A-3)             0/4     0.0%
      31:8 policy: never decided
  all                                  16/24    66.6%
",
        "{run}"
    );
    // Only what was run counts.
    let run = package().run(&["test", "light", "--coverage"]).exits(0);
    assert!(run.text().contains("policy heavy (A-2)                   2/4    50.0%"), "{run}");
    // Without the option nothing is said.
    package().run(&["test"]).exits(0).keeps_quiet_about("overage");
}

#[test]
fn programs_get_places_and_counts() {
    let json = package().run(&["test", "--coverage", "--json"]).exits(0).json();
    let coverage = &json["coverage"];
    assert_eq!((coverage["seen"].as_u64(), coverage["of"].as_u64()), (Some(16), Some(24)));
    assert_eq!(coverage["percent"], 66.6);
    let policy = &coverage["declarations"][2];
    assert_eq!((&policy["kind"], &policy["code"]), (&"policy".into(), &"A-1".into()));
    let when = policy["points"].as_array().unwrap().iter().find(|point| point["kind"] == "when").unwrap();
    assert_eq!((&when["line"], &when["column"]), (&18.into(), &8.into()));
    assert_eq!((&when["reached"], &when["true"], &when["false"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(when["missing"], serde_json::Value::Null);
}

#[test]
fn plans_are_gone_through_like_documents() {
    let package = Package::of(
        r#"use std.file.{builtin.file, file.remove, file.write}

enum Tier { dev, production }
type Target = { tier: Tier }

environment dev: Target {
  tier: dev
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

fn place(name: String) -> String = if name == "" { "none" } else { "out/{name}" }

const shared = place("shared")

policy no_dotfiles {
  code "P-1" severity high
  on step in env: Target
  when env.tier == dev
  when step.input.path == "out/.env"
  deny "no"
}

plan save(name: String, env: Target = dev) {
  file.write { path: place(name), content: shared }
}

test "saves" {
  expect plan save(name: "a") allows
  expect plan save(name: ".env") denies "P-1"
}
"#,
    );
    let run = package.run(&["test", "--coverage"]).exits(0);
    for said in [
        "fn place                        2/3    66.6%\n      12:39 if: never true\n",
        "policy no_dotfiles (P-1)        5/6    83.3%\n      19:8 when: never false\n",
    ] {
        assert!(run.text().contains(said), "no `{said}` in\n{run}");
    }
}

#[test]
fn too_little_coverage_fails() {
    let package = package();
    package.run(&["test", "--coverage-min", "66.6%"]).exits(0).keeps_quiet_about("Coverage");
    package.run(&["test", "--coverage-min", "66.7"]).exits(1).says("66.6% is covered, and 66.7% is asked for");
    package.run(&["test", "--coverage-min", "101"]).exits(2).says("from 0 to 100");
    // Where there is nothing to cover, all of it is.
    Package::of("test \"one\" { expect 1 == 1 }\n").run(&["test", "--coverage-min", "100"]).exits(0);
}

#[test]
fn other_tools_read_it() {
    let package = package();
    package.run(&["test", "--coverage-lcov", "lcov.info", "--coverage-html", "pages"]).exits(0);
    let lcov = package.read("lcov.info");
    for line in [
        "SF:main.ord",
        "FN:13,no_public_bucket",
        "FNDA:1,no_public_bucket",
        "FNDA:0,never_asked",
        "FNF:5",
        "FNH:3",
        "DA:18,2",
        "DA:34,0",
        "end_of_record",
    ] {
        assert!(lcov.lines().any(|known| known == line), "no `{line}` in\n{lcov}");
    }
    let branches: Vec<&str> = lcov.lines().filter(|line| line.starts_with("BRDA:19,")).collect();
    assert!(matches!(branches[..], [yes, no] if yes.ends_with(",0,0") && no.ends_with(",1,1")), "{branches:?}");
    assert!(lcov.lines().any(|line| line.starts_with("BRDA:34,") && line.ends_with(",-")), "{lcov}");

    let page = package.read("pages/index.html");
    assert!(page.contains("<tr id=\"file-0-19\" class=\"part\">") && page.contains("unless: never true"), "{page}");
    assert!(page.contains("<tr id=\"file-0-34\" class=\"none\">"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
    package.run(&["test", "--coverage-html", "one.html"]).exits(0);
    assert_eq!(package.read("one.html"), page);
    package.run(&["test", "--coverage-html", "main.ord"]).exits(2).says("main.ord");
}

#[test]
fn tests_go_the_same_way_when_they_are_watched() {
    let package = Package::example("shop");
    let plain = package.run(&["test"]).exits(0).text();
    let covered = package.run(&["test", "--coverage"]).exits(0).text();
    assert_eq!(covered.split("\nCoverage\n").next(), Some(plain.as_str()));
    // The example shows how it is done, so it is covered itself.
    package.run(&["test", "--coverage-min", "100"]).exits(0);
}

#[test]
fn sources_are_no_markup_in_the_page() {
    let package =
        Package::of("fn tag(name: String) -> String = \"</code><script>{name}</script>\" // <b> & \u{202e}\n");
    package.run(&["test", "--coverage-html", "one.html"]).exits(0);
    let page = package.read("one.html");
    assert!(page.contains("&lt;/code&gt;&lt;script&gt;{name}&lt;/script&gt;"), "{page}");
    assert!(!page.contains("<script>") && !page.contains('\u{202e}'), "{page}");
}
