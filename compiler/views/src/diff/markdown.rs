//! A difference in Markdown, for a pull request.

use std::fmt::Write as _;

use super::entries::{Entry, Told, bare_names, entries, waits_apart};
use super::text::title;
use super::{Change, PlanDiff, StepRef};
use crate::markdown::code;
use crate::names::number;

/// How many rows each table has.
const MAX_ROWS: usize = 100;

/// How many names stand in one cell.
const MAX_NAMES: usize = 8;

impl PlanDiff {
    /// The difference in Markdown (GitHub's flavour). Steps that differ in their loop keys alone are told once.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        // INVARIANT: writing to a string never fails, here and below.
        let _ = writeln!(out, "### Plan {}\n", code(&self.new.plan));
        if self.is_empty() {
            out.push_str("The plans are the same.\n");
            return out;
        }
        let _ = writeln!(out, "{}.\n", self.headline().join(", "));
        let _ = writeln!(out, "| | |\n| --- | --- |");
        let _ = writeln!(out, "| Before | {} |", code(&self.old.hash));
        let _ = writeln!(out, "| After | {} |\n", code(&self.new.hash));
        let rows = self.demands.iter().map(|change| format!("{} | {}", code(&title(change)), sides(change)));
        table("Demands", "What | Before | After", rows.collect(), &mut out);
        let rows = self.verdicts.iter().map(|change| {
            let about = if change.about.is_empty() { "the plan".into() } else { names(&bare_names(&change.about)) };
            let side = |side: &Option<String>| side.as_deref().map(code).unwrap_or_default();
            let mark = if change.denies { " **denies**" } else { "" };
            format!("{}{mark} | {about} | {} | {}", code(&change.code), side(&change.old), side(&change.new))
        });
        table("Verdicts", "Policy | About | Before | After", rows.collect(), &mut out);
        if !self.plan.is_empty() {
            let rows = self.plan.iter().map(|change| format!("{} | {}", code(&title(change)), sides(change)));
            table("Plan", "What | Before | After", rows.collect(), &mut out);
        }
        steps("Added", &self.added, &mut out);
        steps("Removed", &self.removed, &mut out);
        let rows = entries(&self.renamed);
        let rows = rows.iter().map(|entry| format!("{} | {}", code(&entry.first.old), name(entry)));
        table("Renamed", "Before | After", rows.collect(), &mut out);
        let mut rows = Vec::new();
        for entry in entries(&self.changed) {
            let (others, waits) = waits_apart(&entry.first.changes);
            let others = others.into_iter().map(|change| format!("{} | {}", code(&title(change)), sides(change)));
            let waits = waits.into_iter().map(|(verb, steps)| format!("{verb} {} | |", names(&bare_names(&steps))));
            for (index, row) in others.chain(waits).enumerate() {
                rows.push(format!("{} | {row}", if index == 0 { name(&entry) } else { String::new() }));
            }
        }
        table("Changed", "Step | What | Before | After", rows, &mut out);
        if !self.followed.is_empty() {
            out.push_str("<details><summary>Steps that only follow these changes</summary>\n\n");
            let rows = entries(&self.followed);
            let rows = rows.iter().map(|entry| format!("{} | {}", name(entry), names(&bare_names(&entry.first.roots))));
            table("Follow these", "Step | Follows", rows.collect(), &mut out);
            out.push_str("</details>\n");
        }
        out
    }
}

fn steps(title: &str, steps: &[StepRef], out: &mut String) {
    let rows = entries(steps);
    let rows = rows.iter().map(|entry| {
        let StepRef { capability, effect, risk, .. } = entry.first;
        format!("{} | {} | {effect} | {risk}", name(entry), code(capability))
    });
    table(title, "Step | Does | Effect | Risk", rows.collect(), out);
}

fn table(title: &str, columns: &str, rows: Vec<String>, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let rule = columns.split(" | ").map(|_| "---").collect::<Vec<_>>().join(" | ");
    let _ = writeln!(out, "#### {title}\n\n| {columns} |\n| {rule} |");
    for row in rows.iter().take(MAX_ROWS) {
        let _ = writeln!(out, "| {row} |");
    }
    if rows.len() > MAX_ROWS {
        let _ = writeln!(out, "\n{} more rows.", number(rows.len() - MAX_ROWS));
    }
    out.push('\n');
}

fn name<T: Told>(entry: &Entry<'_, T>) -> String {
    if entry.count == 1 {
        return code(&entry.name);
    }
    let more = if entry.count > entry.keys.len() || entry.keys.len() > MAX_NAMES { ", …" } else { "" };
    format!("{}<br>{}{more}", code(&entry.name), names(&entry.keys[..entry.keys.len().min(MAX_NAMES)]))
}

fn names(names: &[String]) -> String {
    let mut text = names.iter().take(MAX_NAMES).map(|name| code(name)).collect::<Vec<_>>().join(", ");
    if names.len() > MAX_NAMES {
        text.push_str(&format!(" and {} more", number(names.len() - MAX_NAMES)));
    }
    text
}

fn sides(change: &Change) -> String {
    let side = |side: &Option<String>| side.as_deref().map(code).unwrap_or_default();
    format!("{} | {}", side(&change.old), side(&change.new))
}
