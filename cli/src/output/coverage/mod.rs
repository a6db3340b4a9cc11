//! The coverage of tests: as a table, for tools that read lcov, as JSON, and as a page.

mod html;
mod lcov;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ordain_compiler::{Coverage, Covered};
use ordain_loader::Workspace;
use owo_colors::{AnsiColors, OwoColorize as _};
use serde_json::{Value as Json, json};

use super::findings::Texts;
use super::places::Places;
use crate::Failure;
use crate::args::CoverageArguments;

/// How wide the column of names is at most.
const MAX_NAME: usize = 60;

/// From here on coverage is good, and from the second on it is something, in percent.
const GOOD: f64 = 100.0;
const FAIR: f64 = 60.0;

/// Writes the files that were asked for, and tells whether enough is covered.
pub(crate) fn keep(workspace: &Workspace, coverage: &Coverage, arguments: &CoverageArguments) -> Result<bool, Failure> {
    let texts = workspace.texts();
    if let Some(file) = &arguments.lcov {
        super::write(Some(file), lcov::report(coverage, &texts).as_bytes())?;
    }
    if let Some(path) = &arguments.html {
        let name = &ordain_compiler::manifest(&workspace.db, workspace.root).manifest.name;
        super::write(Some(&page(path)?), html::page(name, coverage, &texts).as_bytes())?;
    }
    let reached = percent(coverage.seen(), coverage.wanted());
    match arguments.least {
        Some(least) if reached < least => {
            anstream::eprintln!("ordain: {} is covered, and {least}% is asked for", shown(reached));
            Ok(false)
        }
        _ => Ok(true),
    }
}

/// The file of the page: what was named, or one in it where it is a folder.
fn page(path: &Path) -> Result<PathBuf, Failure> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")) && !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    std::fs::create_dir_all(path).map_err(|error| Failure(format!("`{}`: {error}", path.display())))?;
    Ok(path.join("index.html"))
}

/// How much of something was seen; of nothing, all.
fn percent(seen: usize, wanted: usize) -> f64 {
    if wanted == 0 { 100.0 } else { seen as f64 * 100.0 / wanted as f64 }
}

/// A percentage with one decimal, which says 100 only of all.
fn shown(percent: f64) -> String {
    format!("{:.1}%", (percent * 10.0).floor() / 10.0)
}

/// The declarations of each file, in order.
fn by_file(coverage: &Coverage) -> impl Iterator<Item = (&str, &[Covered])> {
    coverage.declarations.chunk_by(|a, b| a.path == b.path).map(|covered| (covered[0].path.as_str(), covered))
}

fn title(covered: &Covered) -> String {
    let kind = if covered.is_policy { "policy" } else { "fn" };
    match &covered.code {
        Some(code) => format!("{kind} {} ({code})", covered.name),
        None => format!("{kind} {}", covered.name),
    }
}

/// A table for terminals, with what was not covered below each declaration.
pub(crate) fn text(coverage: &Coverage, texts: &Texts) -> String {
    let places = Places::new(texts);
    let mut out = String::from("\nCoverage\n");
    let wide = coverage.declarations.iter().map(|covered| title(covered).chars().count() + 4);
    let wide = wide.chain(by_file(coverage).map(|(path, _)| path.chars().count() + 2)).max().unwrap_or(0);
    let wide = wide.clamp(20, MAX_NAME);
    let row = |name: String, seen: usize, wanted: usize| {
        let reached = percent(seen, wanted);
        let colour = match reached {
            GOOD.. => AnsiColors::Green,
            FAIR.. => AnsiColors::Yellow,
            _ => AnsiColors::Red,
        };
        let percent = format!("{:>7}", shown(reached));
        format!("{name:wide$}  {:>9}  {}\n", format!("{seen}/{wanted}"), percent.color(colour))
    };
    for (path, declarations) in by_file(coverage) {
        let sum = |of: fn(&Covered) -> usize| declarations.iter().map(of).sum::<usize>();
        out += &row(format!("  {path}"), sum(Covered::seen), sum(Covered::wanted));
        for covered in declarations {
            out += &row(format!("    {}", title(covered)), covered.seen(), covered.wanted());
            for (point, missing) in covered.missing() {
                let (line, column) = places.position(path, point.range.start);
                // INVARIANT: writing to a string never fails.
                let _ = writeln!(out, "      {line}:{column} {}: {missing}", point.kind.name());
            }
        }
    }
    if coverage.declarations.is_empty() {
        out += "  there are no policies and no functions to cover\n";
    } else {
        out += &row("  all".into(), coverage.seen(), coverage.wanted());
    }
    out
}

/// Coverage as a part of other JSON.
pub(crate) fn json(coverage: &Coverage, texts: &Texts) -> Json {
    let places = Places::new(texts);
    let declarations = coverage.declarations.iter().map(|covered| {
        let points = covered.points.iter().map(|point| {
            let (line, column) = places.position(&covered.path, point.range.start);
            let (end_line, end_column) = places.position(&covered.path, point.range.end);
            let mut out = json!({
                "kind": point.kind.name(),
                "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                "reached": point.reached,
                "missing": point.missing(),
            });
            if point.is_condition() {
                out["true"] = point.yes.into();
                out["false"] = point.no.into();
            }
            out
        });
        json!({
            "kind": if covered.is_policy { "policy" } else { "function" },
            "name": covered.name,
            "module": covered.module,
            "code": covered.code,
            "path": covered.path,
            "seen": covered.seen(),
            "of": covered.wanted(),
            "points": points.collect::<Vec<_>>(),
        })
    });
    let (seen, wanted) = (coverage.seen(), coverage.wanted());
    json!({
        "seen": seen,
        "of": wanted,
        "percent": (percent(seen, wanted) * 10.0).floor() / 10.0,
        "declarations": declarations.collect::<Vec<_>>(),
    })
}
