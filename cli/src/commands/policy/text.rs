//! Explanations for people.

use std::fmt::Write as _;

use ordain_compiler::{About, Clause, ClauseKind, Explained, Ruling, Way, WayEnd, qualified_name, value_json};
use ordain_data::Pointer;
use ordain_graph::{Outcome, Value};
use ordain_loader::Workspace;

use crate::output::findings::Texts;
use crate::output::places::Places;

/// How many characters of a value are shown.
const MAX_VALUE: usize = 160;

/// What explanations are written with.
pub(super) struct Shown<'a> {
    workspace: &'a Workspace,
    texts: &'a Texts,
    places: Places<'a>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(workspace: &'a Workspace, texts: &'a Texts) -> Self {
        Self { workspace, texts, places: Places::new(texts) }
    }

    /// One policy over one thing: what it says, and why; then where it says nothing, once for each clause that was not
    /// met.
    pub(super) fn explained(&self, explained: &Explained<'a>) -> String {
        let Explained { about, decided, policy, .. } = explained;
        let start = format!("{}: `{}`", self.subject(about), policy.name(&self.workspace.db));
        let mut out = String::new();
        // INVARIANT: writing to a string never fails.
        for way in decided.ways.iter().filter(|way| way.end != WayEnd::NotMet) {
            let _ = match &decided.rulings[way.rulings.clone()] {
                [] if decided.permitted => writeln!(out, "{start} permits"),
                [] => writeln!(out, "{start} applies, and demands nothing"),
                rulings => rulings.iter().try_for_each(|ruling| writeln!(out, "{start} {}", said(ruling))),
            };
            self.place(&mut out, explained, &way.pointer, 0);
            self.clauses(&mut out, "    ", way);
        }
        let quiet: Vec<&Way<'_>> = decided.ways.iter().filter(|way| way.end == WayEnd::NotMet).collect();
        let mut told: Vec<&Clause<'_>> = Vec::new();
        for way in &quiet {
            let Some(last) = way.clauses.last() else { continue };
            if told.iter().any(|clause| clause.at == last.at) {
                continue;
            }
            told.push(last);
            let alike = quiet.iter().filter(|other| other.clauses.last().is_some_and(|clause| clause.at == last.at));
            let alike = alike.map(|other| 1 + other.alike).sum::<usize>();
            let _ = writeln!(out, "{start} says nothing");
            self.place(&mut out, explained, &way.pointer, alike - 1);
            self.clauses(&mut out, "    ", way);
        }
        if decided.ways.is_empty() {
            for ruling in &decided.rulings {
                let _ = writeln!(out, "{start} {}", said(ruling));
            }
            for fault in decided.faults.iter().filter_map(|fault| fault.locate(&self.workspace.db)) {
                let _ = writeln!(out, "{start} cannot be decided: {}", fault.message);
            }
        }
        out
    }

    fn subject(&self, about: &About<'_>) -> String {
        let db = &self.workspace.db;
        match about {
            About::Plan => "the plan".into(),
            About::Step(address) => address.to_string(),
            About::Input { gate, name, .. } => format!("input `{name}` of gate `{}`", gate.name(db)),
            About::Document(document) => document.path(db).to_string(),
            About::Change => "the change".into(),
            About::Entity(entity) => qualified_name(db, *entity).to_string(),
        }
    }

    /// Where in a document, for reading on in an editor, and how many more end at the same clause.
    fn place(&self, out: &mut String, about: &Explained<'a>, pointer: &Pointer, more: usize) {
        let more = match more {
            0 => String::new(),
            1 => "1 more ends at the same clause".into(),
            more => format!("{more} more end at the same clause"),
        };
        // INVARIANT: writing to a string never fails.
        let _ = match about.place(&self.workspace.db, pointer) {
            None if more.is_empty() => Ok(()),
            None => writeln!(out, "    {more}"),
            Some((path, range)) => {
                let (line, column) = self.places.position(&path, range.start);
                let at = if pointer.as_str().is_empty() { String::new() } else { format!(" ({})", pointer.as_str()) };
                let more = if more.is_empty() { more } else { format!("; {more}") };
                writeln!(out, "    at {path}:{line}:{column}{at}{more}")
            }
        };
    }

    /// A way through a policy alone: a line for each clause and each part that decided.
    pub(super) fn way(&self, way: &Way<'_>) -> Vec<String> {
        let mut out = String::new();
        self.clauses(&mut out, "", way);
        out.lines().map(str::to_owned).collect()
    }

    fn clauses(&self, out: &mut String, indent: &str, way: &Way<'_>) {
        for clause in &way.clauses {
            let source = source(self.workspace, self.texts, clause.at);
            let value = shown(&clause.value);
            let name = clause.name.as_deref().unwrap_or_default();
            // INVARIANT: writing to a string never fails.
            let _ = match clause.kind {
                ClauseKind::For if clause.value == Value::list([]) && way.end == WayEnd::NotMet => {
                    writeln!(out, "{indent}for {name} in {source}: there is none")
                }
                ClauseKind::For => writeln!(out, "{indent}for {name} in {source}: {value}"),
                ClauseKind::Let => writeln!(out, "{indent}let {name} = {source}: {value}"),
                kind => writeln!(out, "{indent}{} {source}: {value}", kind.word()),
            };
            let mut told: Vec<String> = Vec::new();
            for part in &clause.parts {
                let source = self::source(self.workspace, self.texts, part.at);
                let line = format!("{indent}    {source}: {}", shown(&part.value));
                if !told.contains(&line) {
                    let _ = writeln!(out, "{line}");
                    told.push(line);
                }
            }
        }
    }
}

/// The source of an expression, on one line.
pub(super) fn source(workspace: &Workspace, texts: &Texts, at: ordain_compiler::Anchor<'_>) -> String {
    let (path, range) = at.locate(&workspace.db);
    let text = texts.get(path.as_str()).and_then(|text| text.get(range.start as usize..range.end as usize));
    text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value in JSON, where all of it is known; a long one is cut.
fn shown(value: &Value) -> String {
    if !value.is_known() {
        return "not known before execution".into();
    }
    let text = value_json(value).to_string();
    match text.char_indices().nth(MAX_VALUE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// An outcome in one word.
pub(super) fn verb(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Deny { .. } => "deny",
        Outcome::Warn { .. } => "warn",
        Outcome::Approval { .. } => "approval",
        Outcome::Escalate { .. } => "escalate",
        Outcome::Gate { .. } => "gate",
    }
}

/// What a policy says.
pub(super) fn said(ruling: &Ruling) -> String {
    let text = |message: &Option<Value>| {
        let shown = message
            .as_ref()
            .map(|message| ordain_graph::display(message).unwrap_or_else(|_| message.to_json().to_string()));
        shown.map(|shown| format!(": {shown}")).unwrap_or_default()
    };
    let mut said = match &ruling.outcome {
        Outcome::Deny { message } => format!("denies{}", text(message)),
        Outcome::Warn { message } => format!("warns{}", text(message)),
        Outcome::Approval { group, count } => format!("asks for the approval of {count} of `{group}`"),
        Outcome::Escalate { group } => format!("hands approvals over to `{group}`"),
        Outcome::Gate { name, .. } => format!("asks for the gate `{name}`"),
    };
    if ruling.when.is_some() {
        said += ", if what is not known yet turns out so";
    }
    if let Some(exempt) = &ruling.exempt {
        said += ", but it is exempt";
        if let Some(until) = exempt.until {
            said += &format!(" until {until}");
        }
    }
    said + &ruling
        .because
        .as_ref()
        .map(|because| text(&Some(because.clone())).replacen(": ", ", because ", 1))
        .unwrap_or_default()
}
