//! `ordain fix`

use std::collections::BTreeMap;
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
        anstream::println!("nothing to fix");
    } else {
        for (path, count) in &fixed {
            anstream::println!("{path}: {count} fix{}", if *count == 1 { "" } else { "es" });
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
    let mut kept: Vec<Edit> = Vec::new();
    for edit in edits {
        if kept.last().is_none_or(|last| last.range.end <= edit.range.start) {
            kept.push(edit);
        }
    }
    let mut changed = text.to_owned();
    for edit in kept.iter().rev() {
        let range = edit.range.start as usize..edit.range.end as usize;
        if changed.get(range.clone()).is_some() {
            changed.replace_range(range, &edit.text);
        }
    }
    (changed, kept.len())
}
