//! The pages under `docs/`: every example in them does what its page says.
//!
//! The first words of a fence say what is in it: `ordain` compiles without findings, `ordain wrong` has some (`ordain
//! wrong ORD0301` just those), `ordain part` is only parsed, `ordain eval` holds lines `expression // value`. A line
//! `//- path` begins another file.
//! `⟨U+202E⟩` stands for a character that cannot be seen, `⟨200 × (⟩` for a text that is repeated.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ordain_compiler::{
    Kind, PlanInstance, bind_arguments, eval_text, judge, package_items, parse_manifest, run_gate, run_test,
};
use ordain_diagnostics::{Code, Diagnostic, Entry, Severity, catalogue, codes};
use ordain_graph::{Date, Function, display};
use smol_str::SmolStr;

use crate::world::{World, with_stack};

/// Codes that no text in a page can give, and why. Their pages show them as plain text.
const OUTSIDE: &[(Code, &str)] = &[
    (codes::NOT_UTF8, "a page is UTF-8"),
    (codes::SOURCE_TOO_LARGE, "a page is smaller than the limit"),
    (codes::UNKNOWN_DEPENDENCY, "the loader looks for dependencies, on a disk"),
    (codes::DEPENDENCY_CYCLE, "the loader follows dependencies, on a disk"),
    (codes::UNREADABLE_FILE, "the loader reads files, from a disk"),
    (codes::CLASHING_PATHS, "the loader lists files, on a disk"),
    (codes::UNNAMEABLE_MODULE, "the loader lists files, on a disk"),
    (codes::DUPLICATE_PACKAGE_NAME, "the loader follows dependencies, on a disk"),
    (codes::INVALID_LOCK, "the lock lies beside the sources, on a disk"),
    (codes::LOCK_DIFFERS, "the lock lies beside the sources, on a disk"),
];

/// Codes about a manifest: their pages show `toml`.
const MANIFESTS: &[Code] = &[codes::INVALID_MANIFEST, codes::UNKNOWN_MANIFEST_KEY];

/// Codes about the arguments of a plan: their pages show a plan, and commands as `text`.
const ARGUMENTS: &[Code] = &[codes::MISSING_ARGUMENT, codes::INVALID_ARGUMENT];

/// A fenced block.
struct Fence {
    info: String,
    /// The heading above it, without its marks.
    heading: String,
    text: String,
    line: usize,
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The fences of a page, or the line of one that is never closed.
fn fences(page: &str) -> Result<Vec<Fence>, String> {
    let mut found: Vec<Fence> = Vec::new();
    let (mut heading, mut open) = (String::new(), false);
    for (index, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                let (info, heading) = (info.to_owned(), heading.clone());
                found.push(Fence { info, heading, text: String::new(), line: index + 1 });
                open = true;
            }
            None if open => {
                let fence = found.last_mut().unwrap();
                fence.text.push_str(&stand_ins(line));
                fence.text.push('\n');
            }
            None if line.starts_with('#') => heading = line.trim_start_matches('#').trim().to_owned(),
            None => {}
        }
    }
    match found.last() {
        Some(last) if open => Err(format!("the fence in line {} is never closed", last.line)),
        _ => Ok(found),
    }
}

/// A line with what its stand-ins stand for.
fn stand_ins(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('⟨') {
        let (inside, after) = after.split_once('⟩').expect("`⟨` is closed on its line");
        out.push_str(before);
        match inside.split_once(" × ") {
            Some((times, text)) => out.push_str(&text.repeat(times.parse().unwrap())),
            None => {
                let number = u32::from_str_radix(inside.strip_prefix("U+").unwrap(), 16).unwrap();
                out.push(char::from_u32(number).unwrap());
            }
        }
        rest = after;
    }
    out + rest
}

/// What checking gives, judging every plan whose parameters all have a default, and running every gate and
/// test.
fn found(world: &World) -> Vec<Diagnostic> {
    let db = &world.db;
    let mut found = world.findings();
    for plan in package_items(db, world.package).filter(|item| item.kind(db) == Kind::Plan) {
        if let Ok(arguments) = bind_arguments(db, plan, &[]) {
            let judged = judge(db, PlanInstance::new(db, plan, arguments), Some(Date { year: 2026, month: 1, day: 1 }));
            found.extend(judged.faults.iter().filter_map(|fault| fault.locate(db)));
        }
    }
    for gate in package_items(db, world.package).filter(|item| item.kind(db) == Kind::Gate) {
        let run = run_gate(db, gate, None, None);
        found.extend(run.faults);
        found.extend(run.findings.into_iter().filter(|found| found.exempt.is_none()).map(|found| found.diagnostic));
    }
    for test in package_items(db, world.package).filter(|item| item.kind(db) == Kind::Test) {
        found.extend(run_test(db, test, None).failures.iter().map(|failure| failure.locate(db)));
    }
    found
}

fn codes_of(found: &[Diagnostic]) -> BTreeSet<Code> {
    found.iter().map(|finding| finding.code).collect()
}

/// What the arguments of a command give: a line `$ ordain plan name --arg a=b`.
fn arguments(world: &World, command: &str) -> Vec<Diagnostic> {
    let words = command.trim().strip_prefix("$ ordain plan ").expect("a command begins with `$ ordain plan `");
    let (name, rest) = words.split_once(' ').unwrap_or((words, ""));
    let given: Vec<(SmolStr, String)> = rest
        .split("--arg ")
        .filter_map(|pair| pair.trim().trim_matches('\'').split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let db = &world.db;
    let plan = package_items(db, world.package)
        .find(|item| item.kind(db) == Kind::Plan && item.name(db) == name)
        .unwrap_or_else(|| panic!("no plan `{name}`"));
    match bind_arguments(db, plan, &given) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| *error.diagnostic).collect(),
    }
}

/// What is wrong with the page of a code.
fn page_problem(entry: &Entry) -> Result<(), String> {
    let heading = format!("# {}: {}", entry.code, entry.title);
    if entry.page.lines().next() != Some(&heading) {
        return Err(format!("the page does not begin with `{heading}`"));
    }
    let fences = fences(entry.page)?;
    let kind = match entry.code {
        code if OUTSIDE.iter().any(|(outside, _)| *outside == code) || ARGUMENTS.contains(&code) => "text",
        code if MANIFESTS.contains(&code) => "toml",
        _ => "ordain",
    };
    for (heading, info) in [("Wrong", format!("{kind} wrong")), ("Right", kind.to_owned())] {
        let fence = fences
            .iter()
            .find(|fence| fence.heading == heading && fence.info == info)
            .ok_or_else(|| format!("there is no fence `{info}` under `## {heading}`"))?;
        let (found, shown) = match kind {
            "toml" => {
                let found = parse_manifest(&"ordain.toml".into(), &fence.text).findings;
                let shown = format!("{found:#?}");
                (found, shown)
            }
            "text" if ARGUMENTS.contains(&entry.code) => {
                let plan = fences.iter().find(|fence| fence.info == "ordain").ok_or("there is no plan")?;
                let world = World::of(&plan.text);
                let mut found = self::found(&world);
                found.extend(arguments(&world, &fence.text));
                let shown = world.show(&found);
                (found, shown)
            }
            "text" => continue,
            _ => {
                let world = World::of(&fence.text);
                let found = self::found(&world);
                let shown = world.show(&found);
                (found, shown)
            }
        };
        let expected = if heading == "Wrong" { BTreeSet::from([entry.code]) } else { BTreeSet::new() };
        if codes_of(&found) != expected {
            return Err(format!("the example under `## {heading}` should give {expected:?}, and gives\n{shown}"));
        }
    }
    Ok(())
}

#[test]
fn every_code_has_a_page_whose_examples_are_wrong_and_right() {
    with_stack(|| {
        let mut problems = String::new();
        for entry in catalogue() {
            if let Err(problem) = page_problem(entry) {
                writeln!(problems, "{}: {problem}", entry.code).unwrap();
            }
        }
        assert!(problems.is_empty(), "\n{problems}");
    });
}

/// Texts that a part of a source can stand in.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("const part = ", "\n"),
    ("type Part = ", "\n"),
    ("plan part() {\n", "}\n"),
    ("capability part {\n", "}\n"),
    ("policy part {\n", "}\n"),
    ("test \"part\" {\n", "}\n"),
    ("environment part: Part {\n", "}\n"),
];

/// What is wrong with a fence of the reference or the tour. `toml` is a manifest.
fn fence_problem(fence: &Fence) -> Result<(), String> {
    if let Some(wanted) = fence.info.strip_prefix("ordain wrong") {
        let world = World::of(&fence.text);
        let found = found(&world);
        let wanted: BTreeSet<Code> =
            wanted.split_whitespace().map(|code| Code::parse(code).expect("a code of the catalogue")).collect();
        return match codes_of(&found) {
            codes if codes.is_empty() => Err("it should have findings and has none".into()),
            codes if !wanted.is_empty() && codes != wanted => {
                Err(format!("it should give {wanted:?}, and gives\n{}", world.show(&found)))
            }
            _ => Ok(()),
        };
    }
    match fence.info.as_str() {
        "ordain" => {
            let world = World::of(&fence.text);
            let found = found(&world);
            if found.is_empty() { Ok(()) } else { Err(world.show(&found)) }
        }
        "ordain part" => {
            let parses = |(before, after): &(&str, &str)| {
                ordain_syntax::parse(&format!("{before}{}{after}", fence.text)).errors.is_empty()
            };
            if AROUND.iter().any(parses) { Ok(()) } else { Err("it is part of nothing".into()) }
        }
        "ordain eval" => evaluate(&fence.text),
        "toml" => {
            let found = parse_manifest(&"ordain.toml".into(), &fence.text).findings;
            if found.is_empty() { Ok(()) } else { Err(format!("{found:#?}")) }
        }
        info if info.starts_with("ordain") => Err(format!("`{info}` is no kind of fence")),
        _ => Ok(()),
    }
}

/// Lines `expression // value`; declarations they need stand above them, apart by an empty line.
fn evaluate(text: &str) -> Result<(), String> {
    let (declarations, lines) = text.rsplit_once("\n\n").unwrap_or(("const nothing = 0", text));
    let world = World::of(declarations);
    let found = world.findings();
    if !found.is_empty() {
        return Err(world.show(&found));
    }
    let item = package_items(&world.db, world.package).next().ok_or("there is no declaration to evaluate in")?;
    for line in lines.lines() {
        let (expression, expected) = line.rsplit_once(" // ").ok_or_else(|| format!("`{line}` names no value"))?;
        let value = match eval_text(&world.db, item, expression.trim()) {
            Ok(lone) => display(&lone.value).unwrap_or_else(|_| lone.value.to_json().to_string()),
            Err(errors) => return Err(format!("`{expression}`: {errors:?}")),
        };
        if value != expected.trim() {
            return Err(format!("`{expression}` is {value}"));
        }
    }
    Ok(())
}

#[test]
fn every_example_of_the_reference_and_the_tour_compiles() {
    with_stack(|| {
        let mut pages: Vec<PathBuf> =
            std::fs::read_dir(docs().join("reference")).unwrap().map(|entry| entry.unwrap().path()).collect();
        pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        pages.extend(Some(docs().join("tour.md")).filter(|tour| tour.is_file()));
        pages.sort();
        let mut problems = String::new();
        for path in pages {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match fences(&std::fs::read_to_string(&path).unwrap()) {
                Ok(fences) => {
                    for fence in fences {
                        if let Err(problem) = fence_problem(&fence) {
                            writeln!(problems, "{name}:{}: {problem}", fence.line).unwrap();
                        }
                    }
                }
                Err(problem) => writeln!(problems, "{name}: {problem}").unwrap(),
            }
        }
        assert!(problems.is_empty(), "\n{problems}");
    });
}

/// What a page holds between `<!-- name -->` and `<!-- end -->`.
fn listed<'a>(page: &'a str, name: &str) -> &'a str {
    let between = page.split_once(&format!("<!-- {name} -->\n")).and_then(|(_, rest)| rest.split_once("<!-- end -->"));
    between.unwrap_or_else(|| panic!("nothing stands between `<!-- {name} -->` and `<!-- end -->`")).0
}

#[test]
fn the_reference_lists_the_codes_as_they_are() {
    let page = std::fs::read_to_string(docs().join("reference/diagnostics.md")).unwrap();
    let expected: String = catalogue()
        .iter()
        .map(|entry| {
            let severity = if entry.severity == Severity::Error { "error" } else { "warning" };
            format!("| [{code}](../diagnostics/{code}.md) | {severity} | {} |\n", entry.title, code = entry.code)
        })
        .collect();
    let (_, rows) = listed(&page, "codes").split_once("| --- | --- | --- |\n").expect("a table");
    assert_eq!(rows, expected);
}

#[test]
fn the_reference_lists_the_functions_as_they_are() {
    let page = std::fs::read_to_string(docs().join("reference/functions.md")).unwrap();
    let expected: String =
        Function::ALL.iter().map(|function| format!("- {}\n", function.docs().trim().replace('\n', " "))).collect();
    assert_eq!(listed(&page, "functions"), expected);
    let examples: String = fences(&page)
        .unwrap()
        .into_iter()
        .filter(|fence| fence.info == "ordain eval")
        .map(|fence| fence.text)
        .collect();
    for function in Function::ALL {
        let name = function.name();
        let called = examples
            .match_indices(&format!("{name}("))
            .any(|(at, _)| !examples[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'));
        assert!(called, "no example calls `{name}`");
    }
}

/// The Markdown files below a folder.
fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The name that a heading has in links.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Whether a link of a page leads nowhere.
fn broken(page: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    if heading.is_empty() {
        return !target.exists();
    }
    let Ok(text) = std::fs::read_to_string(&target) else { return true };
    let headings = text.lines().filter(|line| line.starts_with('#'));
    !headings.map(|line| anchor(line.trim_start_matches('#').trim())).any(|known| known == heading)
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut pages = vec![docs().join("../README.md"), docs().join("../CONTRIBUTING.md")];
    markdown(&docs(), &mut pages);
    pages.sort();
    let mut problems = String::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
        for link in links.filter(|link| !link.contains("://")) {
            if broken(&page, link) {
                writeln!(problems, "{}: {link}", page.display()).unwrap();
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}
