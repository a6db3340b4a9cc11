//! What is shown, and to whom: colours for terminals, formats for programs, views of plans.

use crate::package::Package;

const WRONG: &str = "const count: Int = \"three\"\n";

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let package = Package::of(WRONG);
    let run = package.run(&["check"]).exits(1);
    assert!(!run.stderr.contains('\u{1b}'), "colours where nobody sees them: {run}");
    let run = package.run(&["check", "--color", "always"]).exits(1);
    assert!(run.stderr.contains('\u{1b}'), "no colours: {run}");
    for arguments in [&["check"][..], &["check", "--color", "never"], &["check", "--color", "auto"]] {
        let run = package.ordain().env("NO_COLOR", "1").run(arguments).exits(1);
        assert!(!run.stderr.contains('\u{1b}'), "colours in spite of NO_COLOR: {run}");
    }
}

#[test]
fn findings_have_a_form_for_every_reader() {
    let package = Package::of(WRONG);
    for format in ["text", "short", "json", "sarif", "github"] {
        let run = package.run(&["check", "--format", format]).exits(1);
        assert!((run.text() + &run.stderr).contains("ORD0301"), "{format}: {run}");
    }
    let sarif = package.run(&["check", "--format", "sarif"]).exits(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "ORD0301");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "main.ord");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&1.into(), &20.into()));
    let github = package.run(&["check", "--format", "github"]).exits(1);
    let text = github.text() + &github.stderr;
    assert!(text.starts_with("::error ") && text.contains("file=main.ord,line=1"), "{github}");
}

#[test]
fn plans_have_a_view_for_every_reader() {
    let package = Package::example("shop");
    for (view, part) in [
        ("tree", "prove"),
        ("json", "\"hash\":\"sha256:"),
        ("mermaid", "flowchart"),
        ("dot", "digraph"),
        ("markdown", "### Plan `shop.main.release`"),
        ("html", "<svg"),
    ] {
        let run = package.run(&["plan", "release", "--view", view]).exits(0);
        assert!(run.text().contains(part), "{view} has no `{part}`: {run}");
        assert!(!run.text().contains('\u{1b}'), "{view} has colours");
        assert!(run.text() == package.run(&["plan", "release", "--view", view]).exits(0).text(), "{view} changes");
        package.run(&["plan", "release", "--view", view, "-o", "shown"]).exits(0);
        assert!(package.read("shown") == run.text(), "{view} is written other than it is printed");
    }
    let page = package.run(&["plan", "release", "--view", "html"]).exits(0).text();
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "the page needs `{outside}…` from elsewhere");
    }
}
