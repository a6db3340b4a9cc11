//! The course of an execution: what happened when, a row for each step.

mod html;
mod text;

pub use html::timeline_html;
pub use text::timeline;

/// The course of an execution. All times are milliseconds since 1970-01-01 UTC, all texts are what others wrote: the
/// views take care of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The plan's name.
    pub title: String,
    /// How it ended: `succeeded`, `failed` …
    pub state: String,
    /// Other facts, by name.
    pub facts: Vec<(String, String)>,
    /// When it began.
    pub from: i64,
    /// When the last thing happened.
    pub to: i64,
    /// The processes that carried it out, where there was more than one.
    pub processes: Vec<Span>,
    /// What policies said of the plan, and why: a line each.
    pub policies: Vec<String>,
    /// What people said to that, in order: when, and what.
    pub words: Vec<(i64, String)>,
    /// The steps.
    pub rows: Vec<TimelineRow>,
}

/// A step in a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its address.
    pub name: String,
    /// Its capability.
    pub about: String,
    /// What happened in it, in order.
    pub spans: Vec<Span>,
    /// How it ended: `succeeded`, `failed`, `skipped`, `undone` …; empty where it has not.
    pub outcome: String,
    /// How often it was tried.
    pub tries: usize,
    /// Why it ended so, and what policies decided: a line each.
    pub notes: Vec<String>,
}

/// A time in which one thing went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from: i64,
    /// When it ended.
    pub to: i64,
    /// What went on.
    pub kind: SpanKind,
    /// More about it.
    pub label: String,
}

/// What goes on in a time. Ordered: where two share a place, the greater is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpanKind {
    /// It could begin and does not yet.
    Waiting,
    /// A pause between two tries.
    Pausing,
    /// A try that is under way or succeeds.
    Running,
    /// A try that an interruption cuts short.
    Interrupted,
    /// It is undone.
    Undoing,
    /// A try that fails.
    Failing,
}

impl SpanKind {
    /// Every kind, in order.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Pausing, Self::Running, Self::Interrupted, Self::Undoing, Self::Failing];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Pausing => "pausing",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Undoing => "undoing",
            Self::Failing => "failing",
        }
    }
}

impl TimelineRow {
    /// When its first try began and how long it took up to the end of the last, in milliseconds.
    fn times(&self) -> Option<(i64, i64)> {
        let mut tried = self.spans.iter().filter(|span| !matches!(span.kind, SpanKind::Waiting | SpanKind::Undoing));
        let first = tried.next()?;
        let to = tried.map(|span| span.to).max().unwrap_or(first.to).max(first.to);
        Some((first.from, to.saturating_sub(first.from)))
    }
}

/// A length of time as people read it: `0 ms`, `12.3 s`, `4 min 5 s`, `3 h 20 min`, `2 d 7 h`.
fn length(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        3_600_000..86_400_000 => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
        _ => format!("{} d {} h", ms / 86_400_000, ms % 86_400_000 / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn lengths_of_time() {
        let shown = [-5, 0, 999, 1_000, 59_999, 60_000, 3_599_999, 3_600_000, 360_000_000].map(length);
        let expected =
            ["0 ms", "0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "4 d 4 h"];
        assert_eq!(shown, expected);
    }
}
