//! `docs/editors.md` names tests, settings and requests: all of them exist, and none that exists is left out.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/editors.md")).unwrap()
}

/// The rows of the tables below the heading `## Features`, as cells. Rows of one cell head a group.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let (_, features) = page.split_once("\n## Features\n").expect("the page has the features");
    let lines = features.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(" |").map(str::trim).collect()).collect();
    let told = |row: &Vec<&str>| !row[0].starts_with("---") && !["feature", "what"].contains(&row[0]);
    rows.into_iter().filter(told).filter(|row| !row[0].starts_with("**")).collect()
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Files below a folder that end so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_feature_names_tests_that_exist() {
    let root = root();
    let sources: Vec<String> = ["tests", "lsp"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), ".rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let page = page();
    let rows = rows(&page);
    assert!(rows.len() > 50, "the tables are read");
    let mut problems = String::new();
    for row in rows {
        let tests: Vec<&str> = quoted(row.last().unwrap()).collect();
        if tests.is_empty() {
            problems += &format!("{}: no test\n", row[0]);
        }
        for test in tests {
            let exists = if test.contains('/') {
                ["tests", "vscode-extension"].iter().any(|folder| root.join(folder).join(test).is_file())
            } else {
                let head = format!("#[test]\nfn {test}()");
                sources.iter().any(|source| source.replace("\n    ", "\n").contains(&head))
            };
            if !exists {
                problems += &format!("{}: there is no test `{test}`\n", row[0]);
            }
        }
    }
    assert!(problems.is_empty(), "docs/editors.md:\n{problems}");
}

#[test]
fn no_kind_of_case_and_no_test_in_a_workbench_is_left_out() {
    let (root, page) = (root(), page());
    let cases = fs::read_dir(root.join("tests/lsp/cases")).unwrap();
    let cases = cases.map(|entry| format!("lsp/cases/{}/", entry.unwrap().file_name().display()));
    let others = ["missing.test.mjs", "bundled.test.mjs", "readme.test.mjs"];
    let e2e = files(&root.join("vscode-extension/e2e"), ".test.mjs").into_iter();
    let e2e = e2e.map(|path| path.file_name().unwrap().display().to_string());
    // How the command is found, and what the extension's page shows, is no feature of the server.
    let e2e = e2e.filter(|name| !others.contains(&name.as_str())).map(|name| format!("`e2e/{name}`"));
    let left_out: Vec<String> = cases.chain(e2e).filter(|name| !page.contains(name)).collect();
    assert!(left_out.is_empty(), "docs/editors.md says nothing of {left_out:?}");
}

#[test]
fn settings_and_requests_are_those_of_the_server() {
    let (root, page) = (root(), page());
    let settings = fs::read_to_string(root.join("vscode-extension/package.json")).unwrap();
    let settings = settings
        .split('"')
        .filter(|text| ["ordain.inlayHints.", "ordain.codeLens."].iter().any(|start| text.starts_with(start)));
    let server: Vec<String> =
        files(&root.join("lsp/src/server"), ".rs").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let server = server.concat();
    let requests = server.split("custom_method(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let told: Vec<String> =
        settings.map(|name| format!("\n| `{name}` |")).chain(requests.map(|name| format!("\n### {name}\n"))).collect();
    assert!(told.len() >= 10, "{told:?}");
    for text in told {
        assert!(page.contains(&text), "docs/editors.md says nothing of {text:?}");
    }
}
