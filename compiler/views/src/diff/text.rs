//! A difference in a terminal.

use super::entries::{Entry, Told, bare_names, entries, waits_apart};
use super::{Change, PlanDiff, StepRef, VerdictChange};
use crate::names::{columns, counted, number, shortened};
use crate::paint::{Look, Painter, Terminal};
use crate::wrap::{listed, wrapped};

/// How many entries of one kind are shown.
const MAX_ENTRIES: usize = 100;

/// How many changes of one step are shown.
const MAX_CHANGES: usize = 12;

impl PlanDiff {
    /// The difference for a terminal: what changed in the plan, then the steps that are new, gone, renamed or changed,
    /// and those that only follow. Steps that differ in their loop keys alone are told once.
    pub fn text(&self, terminal: &Terminal) -> String {
        let mut view = View { painter: Painter::new(terminal.colour), width: terminal.columns() };
        view.line(Look::Strong, &shortened(&self.new.plan, view.width));
        if self.is_empty() {
            view.line(Look::Good, "the plans are the same");
            return view.painter.finish();
        }
        for (mark, look, side) in [("- ", Look::Danger, &self.old), ("+ ", Look::Good, &self.new)] {
            view.line(look, &shortened(&format!("{mark}{}", side.hash), view.width));
        }
        for line in wrapped(&self.headline(), ", ", view.width) {
            view.line(Look::Plain, &line);
        }
        view.section("Demands", &self.demands, |view, change| view.change("  ", change));
        view.section("Verdicts", &self.verdicts, View::verdict);
        view.section("Plan", &self.plan, |view, change| view.change("  ", change));
        view.steps("Added", &entries(&self.added), "+", Look::Good);
        view.steps("Removed", &entries(&self.removed), "-", Look::Danger);
        view.section("Renamed", &entries(&self.renamed), |view, entry| {
            view.entry("→", Look::Notice, entry, "");
            view.fact(&format!("was {}", entry.first.old));
        });
        view.section("Changed", &entries(&self.changed), |view, entry| {
            view.entry("~", Look::Warning, entry, "");
            let (others, waits) = waits_apart(&entry.first.changes);
            for change in others.iter().take(MAX_CHANGES) {
                view.change("      ", change);
            }
            if others.len() > MAX_CHANGES {
                view.fact(&format!("… {} more", number(others.len() - MAX_CHANGES)));
            }
            for (verb, steps) in waits {
                view.because(verb, &steps);
            }
            view.because("also follows", &entry.first.because);
        });
        view.section("Follow these", &entries(&self.followed), |view, entry| {
            let roots = bare_names(&entry.first.roots);
            view.row("·", Look::Plain, &entry.name, &format!("  follows {}", roots.join(", ")));
        });
        view.painter.finish()
    }

    /// How many steps fared how, in words.
    pub(super) fn headline(&self) -> Vec<String> {
        let counts = self.counts;
        let said = [
            (counts.added, "added"),
            (counts.removed, "removed"),
            (counts.renamed, "renamed"),
            (counts.changed, "changed"),
            (counts.followed, "only following"),
        ];
        let mut parts: Vec<String> = said
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", counted(count, "step")))
            .collect();
        parts.push(format!("{} unchanged", number(counts.unchanged)));
        parts
    }
}

struct View {
    painter: Painter,
    width: usize,
}

impl View {
    fn line(&mut self, look: Look, text: &str) {
        self.painter.put(look, text);
        self.painter.line();
    }

    fn fact(&mut self, text: &str) {
        self.line(Look::Faint, &format!("      {}", shortened(text, self.width - 6)));
    }

    fn section<T>(&mut self, title: &str, items: &[T], mut show: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.painter.line();
        self.line(Look::Strong, title);
        for item in items.iter().take(MAX_ENTRIES) {
            show(self, item);
        }
        if items.len() > MAX_ENTRIES {
            self.line(Look::Faint, &format!("  … {} more", number(items.len() - MAX_ENTRIES)));
        }
    }

    fn steps(&mut self, title: &str, steps: &[Entry<'_, StepRef>], mark: &str, look: Look) {
        self.section(title, steps, |view, entry| {
            let StepRef { capability, effect, risk, .. } = entry.first;
            view.entry(mark, look, entry, &format!("  {capability}, {effect}, {risk} risk"));
        });
    }

    fn entry<T: Told>(&mut self, mark: &str, look: Look, entry: &Entry<'_, T>, note: &str) {
        self.row(mark, look, &entry.name, note);
        if entry.count > 1 {
            for line in listed(entry.keys.clone(), entry.count, self.width - 6) {
                self.fact(&line);
            }
        }
    }

    fn row(&mut self, mark: &str, look: Look, name: &str, note: &str) {
        let name = shortened(name, self.width - 4);
        self.painter.put(look, &format!("  {mark} {name}"));
        let room = self.width - 4 - columns(&name);
        if room > 12 {
            self.painter.put(Look::Faint, &shortened(note, room));
        }
        self.painter.line();
    }

    fn verdict(&mut self, change: &VerdictChange) {
        let (mark, look, said) = match (&change.old, &change.new) {
            (_, Some(new)) if change.denies => ("+", Look::Danger, new),
            (None, Some(new)) => ("+", Look::Warning, new),
            (Some(_), Some(new)) => ("~", Look::Warning, new),
            (Some(old), None) => ("-", Look::Good, old),
            (None, None) => return,
        };
        self.row(mark, look, &change.code, &format!("  {said}"));
        if let (Some(old), Some(_)) = (&change.old, &change.new) {
            self.fact(&format!("before: {old}"));
        }
        match change.about.as_slice() {
            [] => self.fact("about the plan"),
            steps => self.because("about", steps),
        }
    }

    fn because(&mut self, verb: &str, steps: &[String]) {
        if !steps.is_empty() {
            let names = bare_names(steps);
            let of = names.len();
            for (index, line) in listed(names, of, self.width - 7 - columns(verb)).into_iter().enumerate() {
                self.fact(&if index == 0 { format!("{verb} {line}") } else { format!("  {line}") });
            }
        }
    }

    /// One change: on one line where it fits, else before and after on lines of their own.
    fn change(&mut self, indent: &str, change: &Change) {
        let title = title(change);
        let room = self.width - columns(indent);
        let (old, new) = (change.old.as_deref(), change.new.as_deref());
        let sides = match (old, new) {
            (Some(old), Some(new)) => format!("{old} → {new}"),
            (Some(old), None) => format!("{old} → (none)"),
            (None, Some(new)) => format!("(none) → {new}"),
            (None, None) => String::new(),
        };
        self.painter.put(Look::Plain, indent);
        if columns(&title) + 2 + columns(&sides) <= room {
            self.painter.put(Look::Faint, &title);
            self.line(Look::Plain, &format!("  {sides}"));
            return;
        }
        self.line(Look::Faint, &shortened(&title, room));
        for (mark, look, side) in [("- ", Look::Danger, old), ("+ ", Look::Good, new)] {
            if let Some(side) = side {
                self.painter.put(Look::Plain, indent);
                self.line(look, &shortened(&format!("  {mark}{side}"), room));
            }
        }
    }
}

/// What changed, with its name.
pub(super) fn title(change: &Change) -> String {
    match &change.name {
        Some(name) => format!("{} {name}", change.what.name()),
        None => change.what.name().to_owned(),
    }
}
