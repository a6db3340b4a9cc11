//! `ordain/tests` and `ordain/runTests`: the tests of the language, run here, since nothing is executed by them.

use ordain_compiler::{Coverage, Item, Kind, Package, SourceFile, cover_test, file_items, items_of, run_test};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::time::Instant;
use tower_lsp::ls_types::{Location, Range, TextDocumentIdentifier, Uri};

use crate::world::Snapshot;

/// Whose tests are asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListParams {
    text_document: Option<TextDocumentIdentifier>,
}

/// A test.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Test {
    uri: Uri,
    name: SmolStr,
    range: Range,
    selection_range: Range,
    package: SmolStr,
}

/// Which tests to run; all where none is named.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RunParams {
    tests: Option<Vec<Named>>,
    coverage: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Named {
    uri: Uri,
    name: SmolStr,
}

/// How tests went.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Runs {
    runs: Vec<Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Vec<Covered>>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Run {
    uri: Uri,
    name: SmolStr,
    passed: bool,
    expectations: usize,
    milliseconds: f64,
    failures: Vec<Failed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Failed {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Covered {
    uri: Uri,
    points: Vec<Point>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Point {
    range: Range,
    hits: u64,
    kind: String,
}

impl Runs {
    /// Whether every test passed.
    pub(crate) fn passed(&self) -> bool {
        self.runs.iter().all(|run| run.passed) && self.problems.is_empty()
    }

    /// One sentence about all of it.
    pub(crate) fn summary(&self) -> String {
        let failed: Vec<&str> = self.runs.iter().filter(|run| !run.passed).map(|run| run.name.as_str()).collect();
        match (failed.as_slice(), self.runs.len()) {
            ([], 0) => "there is no such test".into(),
            ([], count) => format!("{count} passed"),
            (failed, count) => format!("{} of {count} failed: {}", failed.len(), failed.join(", ")),
        }
    }
}

/// The tests of a document, or of everything.
pub(crate) fn tests(snapshot: &Snapshot, params: &ListParams) -> Vec<Test> {
    let db = &snapshot.db;
    let files: Vec<SourceFile> = match &params.text_document {
        Some(document) => snapshot.file(&document.uri).map(|file| file.source).into_iter().collect(),
        None => snapshot.packages.iter().flat_map(|package| package.files(db).values().copied()).collect(),
    };
    let mut found = Vec::new();
    for source in files {
        let items = file_items(db, source).items(db);
        if !items.iter().any(|item| item.kind(db) == Kind::Test) {
            continue;
        }
        let file = snapshot.file_of(source);
        let Some(uri) = snapshot.uri(&file.path) else { continue };
        let package = ordain_compiler::manifest(db, source.package(db)).manifest.name.clone();
        found.extend(items.iter().filter(|item| item.kind(db) == Kind::Test).map(|item| Test {
            uri: uri.clone(),
            name: item.name(db).clone(),
            range: file.range(item.places(db).range),
            selection_range: file.range(item.places(db).name),
            package: package.clone(),
        }));
    }
    found
}

/// Runs tests.
pub(crate) fn run(snapshot: &Snapshot, params: &RunParams) -> Runs {
    let db = &snapshot.db;
    let mut runs = Runs::default();
    let chosen: Vec<Item<'_>> = match &params.tests {
        None => snapshot.packages.iter().flat_map(|&package| items_of(db, package, Kind::Test)).copied().collect(),
        Some(named) => named
            .iter()
            .filter_map(|named| {
                let items = snapshot.file(&named.uri).map(|file| file_items(db, file.source).items(db));
                let mut tests = items.into_iter().flatten().copied().filter(|item| item.kind(db) == Kind::Test);
                let found = tests.find(|item| *item.name(db) == named.name);
                if found.is_none() {
                    runs.problems.push(format!("there is no test \"{}\" in {}", named.name, named.uri.as_str()));
                }
                found
            })
            .collect(),
    };
    let mut coverage: Vec<(Package, Coverage)> = Vec::new();
    for item in chosen {
        let Some(uri) = snapshot.uri(item.file(db).path(db)) else { continue };
        let since = Instant::now();
        let ran = if params.coverage {
            let (ran, reached) = cover_test(db, item, snapshot.today());
            let package = item.file(db).package(db);
            let at = coverage.iter().position(|(known, _)| *known == package).unwrap_or_else(|| {
                coverage.push((package, Coverage::of(db, package)));
                coverage.len() - 1
            });
            coverage[at].1.add(&reached);
            ran
        } else {
            run_test(db, item, snapshot.today())
        };
        let failures: Vec<Failed> = ran
            .failures
            .iter()
            .map(|failure| {
                let finding = failure.locate(db);
                Failed {
                    message: finding.message,
                    detail: Some(finding.primary.message).filter(|detail| !detail.is_empty()),
                    location: snapshot.location(&finding.primary.path, finding.primary.range),
                }
            })
            .collect();
        runs.runs.push(Run {
            uri,
            name: item.name(db).clone(),
            passed: failures.is_empty(),
            expectations: ran.expectations,
            milliseconds: (since.elapsed().as_secs_f64() * 100_000.0).round() / 100.0,
            failures,
        });
    }
    runs.coverage = params.coverage.then(|| coverage.iter().flat_map(|(_, each)| covered(snapshot, each)).collect());
    runs
}

fn covered(snapshot: &Snapshot, coverage: &Coverage) -> Vec<Covered> {
    let mut files: Vec<(SmolStr, Vec<Point>)> = Vec::new();
    for declared in &coverage.declarations {
        let Some(file) = snapshot.file_at(&declared.path) else { continue };
        let points = declared.points.iter().map(|point| Point {
            range: file.range(point.range),
            hits: point.reached,
            kind: format!("{:?}", point.kind).to_lowercase(),
        });
        match files.iter_mut().find(|(path, _)| *path == declared.path) {
            Some((_, known)) => known.extend(points),
            None => files.push((declared.path.clone(), points.collect())),
        }
    }
    files.into_iter().filter_map(|(path, points)| Some(Covered { uri: snapshot.uri(&path)?, points })).collect()
}
