//! The course of an execution in a terminal.

use super::{Span, SpanKind, Timeline, TimelineRow, length};
use crate::names::{columns, counted, shortened, visible};
use crate::paint::{Look, Painter, Terminal};

/// How many rows are shown.
const MAX_ROWS: usize = 1_000;

/// The widest that names are.
const MAX_NAME: usize = 40;

/// The columns of what stands between names and bars: when it began, and how long it took.
const TIMES: usize = 24;

/// The columns of the word behind a bar.
const OUTCOME: usize = 19;

/// The course of an execution: a line for each step with when it began, how long it took, a bar and its outcome, and below
/// it why that is so. Lines are at most as wide as the terminal, but for notes, which wrap. Bounded: where there are more
/// than 1,000 steps, the rest is counted.
pub fn timeline(timeline: &Timeline, terminal: &Terminal) -> String {
    let mut painter = Painter::new(terminal.colour);
    let width = terminal.columns();
    painter.put(Look::Strong, &shortened(&timeline.title, width.saturating_sub(30).max(20)));
    painter.put(look(&timeline.state), &format!("  {}", visible(&timeline.state)));
    painter.put(Look::Faint, &format!(" after {}", length(timeline.to.saturating_sub(timeline.from))));
    painter.line();
    for (name, value) in &timeline.facts {
        painter.put(Look::Faint, &format!("{name} "));
        painter.put(Look::Plain, &shortened(value, width.saturating_sub(columns(name) + 1)));
        painter.line();
    }
    painter.line();
    said(timeline, width, &mut painter);
    let shown = &timeline.rows[..timeline.rows.len().min(MAX_ROWS)];
    let longest = shown.iter().map(|row| columns(&visible(&row.name))).max().unwrap_or(0);
    let name = longest.clamp(8, MAX_NAME.min(width / 3));
    let bar = width.saturating_sub(name + TIMES + OUTCOME + 3);
    // In a narrow terminal the bar goes, and the words stay.
    let scale = Scale { from: timeline.from, to: timeline.to, columns: if bar < 10 { 0 } else { bar } };
    if !timeline.processes.is_empty() {
        painter.cell(Look::Faint, "processes", name + TIMES + 1);
        scale.draw(&timeline.processes, &mut painter);
        painter.line();
    }
    for row in shown {
        draw(row, timeline.from, name, &scale, width, &mut painter);
    }
    if timeline.rows.len() > shown.len() {
        let left_out = timeline.rows.len() - shown.len();
        painter.put(Look::Faint, &format!("{} not shown", counted(left_out, "step")));
        painter.line();
    }
    legend(timeline, shown, scale.columns > 0, &mut painter);
    painter.finish()
}

/// What policies and people said, below a heading each.
fn said(timeline: &Timeline, width: usize, painter: &mut Painter) {
    let policies = timeline.policies.iter().take(MAX_ROWS).map(|line| visible(line).into_owned());
    let time = |at: &i64| format!("+{}", length(at.saturating_sub(timeline.from)));
    let words = timeline.words.iter().take(MAX_ROWS).map(|(at, word)| format!("{} {}", time(at), visible(word)));
    for (heading, lines) in [("policies", policies.collect::<Vec<_>>()), ("people", words.collect())] {
        if lines.is_empty() {
            continue;
        }
        painter.put(Look::Faint, heading);
        painter.line();
        for line in lines.iter().flat_map(|line| wrapped(line, width.saturating_sub(4))) {
            painter.put(Look::Plain, &format!("    {line}"));
            painter.line();
        }
        painter.line();
    }
}

fn draw(row: &TimelineRow, from: i64, name: usize, scale: &Scale, width: usize, painter: &mut Painter) {
    painter.cell(Look::Plain, &shortened(&row.name, name), name + 1);
    match row.times() {
        Some((began, took)) => {
            painter.put(Look::Faint, &format!("{:>11} ", format!("+{}", length(began.saturating_sub(from)))));
            painter.put(Look::Plain, &format!("{:>11} ", length(took)));
        }
        None => painter.cell(Look::Plain, "", TIMES),
    }
    scale.draw(&row.spans, painter);
    let tries = if row.tries > 1 { format!(", try {}", row.tries) } else { String::new() };
    painter.put(look(&row.outcome), &format!(" {}{tries}", visible(&row.outcome)));
    painter.line();
    for note in &row.notes {
        for line in wrapped(&visible(note), width.saturating_sub(4)) {
            painter.put(Look::Faint, &format!("    {line}"));
            painter.line();
        }
    }
}

/// A text in lines of so many columns, broken at spaces, and within what is too long for a line.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').flat_map(|word| pieces(word, room)) {
        // INVARIANT: there is a line from the beginning on.
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() || columns(line) + 1 + columns(&word) <= room {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

/// A word in parts of at most so many columns.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for sign in word.chars() {
        // INVARIANT: there is a part from the beginning on.
        let Some(part) = parts.last_mut() else { break };
        part.push(sign);
        if columns(part) > room && part.chars().count() > 1 {
            part.pop();
            parts.push(sign.to_string());
        }
    }
    parts
}

/// Where times stand in a bar.
struct Scale {
    from: i64,
    to: i64,
    columns: usize,
}

impl Scale {
    fn column(&self, at: i64) -> usize {
        let all = i128::from(self.to.saturating_sub(self.from).max(1));
        let at = i128::from(at.saturating_sub(self.from)).clamp(0, all);
        usize::try_from(at * self.columns as i128 / all).unwrap_or(0).min(self.columns.saturating_sub(1))
    }

    fn draw(&self, spans: &[Span], painter: &mut Painter) {
        let mut cells: Vec<Option<SpanKind>> = vec![None; self.columns];
        for span in spans.iter().filter(|_| self.columns > 0) {
            for cell in &mut cells[self.column(span.from)..=self.column(span.to.max(span.from))] {
                *cell = (*cell).max(Some(span.kind));
            }
        }
        for run in cells.chunk_by(|a, b| a == b) {
            let (look, sign) = run[0].map_or((Look::Plain, ' '), sign);
            painter.put(look, &sign.to_string().repeat(run.len()));
        }
    }
}

fn sign(kind: SpanKind) -> (Look, char) {
    match kind {
        SpanKind::Waiting => (Look::Faint, '·'),
        SpanKind::Pausing => (Look::Faint, '░'),
        SpanKind::Running => (Look::Good, '█'),
        SpanKind::Interrupted => (Look::Warning, '▒'),
        SpanKind::Undoing => (Look::Notice, '◀'),
        SpanKind::Failing => (Look::Danger, '▓'),
    }
}

fn look(outcome: &str) -> Look {
    match outcome {
        "succeeded" => Look::Good,
        "failed" | "not undone" => Look::Danger,
        "undone" => Look::Notice,
        "skipped" => Look::Faint,
        _ => Look::Warning,
    }
}

/// What the signs mean that are there.
fn legend(timeline: &Timeline, shown: &[TimelineRow], drawn: bool, painter: &mut Painter) {
    let spans = || shown.iter().flat_map(|row| &row.spans).chain(&timeline.processes);
    let kinds: Vec<SpanKind> =
        SpanKind::ALL.into_iter().filter(|kind| drawn && spans().any(|span| span.kind == *kind)).collect();
    if kinds.is_empty() {
        return;
    }
    painter.line();
    for kind in kinds {
        let (look, each) = sign(kind);
        painter.put(look, &each.to_string());
        painter.put(Look::Faint, &format!(" {}  ", kind.name()));
    }
    painter.line();
}
