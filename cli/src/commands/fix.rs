//! `ordain fix`

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use ordain_compiler::check_package;
use ordain_diagnostics::{Diagnostic, Edit};

use super::package;
use crate::{Failure, Outcome, output};

/// How often fixes are looked for anew: one may uncover another.
const ROUNDS: usize = 10;

pub(crate) fn run(path: &Path, all: bool, dry_run: bool, as_json: bool) -> Result<Outcome, Failure> {
    let mut total = 0;
    let mut fixed: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let workspace = package::load(path)?;
        let found: Vec<Diagnostic> = check_package(&workspace.db, workspace.root);
        let texts = workspace.texts();
        let edits = choose(&found, all);
        if edits.is_empty() {
            break;
        }
        for (path, edits) in edits {
            let Some(text) = texts.get(&path) else { continue };
            let (changed, count) = apply(text, edits);
            total += count;
            *fixed.entry(path.clone()).or_default() += count;
            if !dry_run {
                output::write(Some(Path::new(&path)), changed.as_bytes())
                    .map_err(|error| Failure(format!("`{path}`: {error}")))?;
            }
        }
        if dry_run {
            break;
        }
    }
    if as_json {
        output::json(&serde_json::json!({ "fixes": fixed, "written": !dry_run && total > 0 }))?;
    } else if total == 0 {
        output::write(None, b"nothing to fix\n")?;
    } else {
        for (path, count) in &fixed {
            let ending = if *count == 1 { "" } else { "es" };
            output::write(None, format!("{path}: {count} fix{ending}\n").as_bytes())?;
        }
    }
    Ok(if dry_run && total > 0 { Outcome::Findings } else { Outcome::Fine })
}

/// The first fix of each finding, safe ones only unless all are wanted, by file.
fn choose(findings: &[Diagnostic], all: bool) -> BTreeMap<String, Vec<Edit>> {
    let mut edits: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
    for fix in findings.iter().filter_map(|finding| finding.fixes.first()).filter(|fix| fix.safe || all) {
        // A fix over several files is applied whole or not at all, which one file at a time cannot promise.
        if let [edit] = fix.edits.as_slice() {
            edits.entry(edit.path.to_string()).or_default().push(edit.clone());
        }
    }
    edits
}

/// Applies edits from the end backwards; of those that overlap, the first stays.
fn apply(text: &str, mut edits: Vec<Edit>) -> (String, usize) {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits.dedup();
    let mut count = 0;
    let mut reached = 0;
    let mut kept: Vec<(Range<usize>, String)> = Vec::new();
    for edit in edits {
        let range = edit.range.start as usize..edit.range.end as usize;
        if range.start < reached || text.get(range.clone()).is_none() {
            continue;
        }
        reached = range.end;
        count += 1;
        match kept.last_mut() {
            // What is removed in one go leaves one gap.
            Some((last, inserted)) if last.end >= range.start && inserted.is_empty() && edit.text.is_empty() => {
                last.end = last.end.max(range.end);
            }
            last => {
                if let Some((last, _)) = last {
                    last.end = last.end.min(range.start);
                }
                kept.push((range, edit.text));
            }
        }
        if let Some((last, _)) = kept.last_mut().filter(|(_, inserted)| inserted.is_empty()) {
            last.end += blank_lines_left(text, last);
        }
    }
    let mut changed = text.to_owned();
    for (range, inserted) in kept.into_iter().rev() {
        changed.replace_range(range, &inserted);
    }
    (changed, count)
}

/// The length of the empty lines after lines that are removed, where nothing or another empty line stands before them.
fn blank_lines_left(text: &str, removed: &Range<usize>) -> usize {
    let before = text[..removed.start].trim_end_matches([' ', '\t', '\r', '\n']);
    let lines = text[before.len()..removed.start].matches('\n').count();
    let alone = removed.start == 0 || (text[..removed.start].ends_with('\n') && (before.is_empty() || lines > 1));
    if !alone || !text[..removed.end].ends_with('\n') {
        return 0;
    }
    let rest = &text[removed.end..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    rest[..blank].rfind('\n').map_or(0, |last| last + 1)
}
