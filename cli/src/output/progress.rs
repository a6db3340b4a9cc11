//! How an execution goes, for people: one line for each step that ends, and on a terminal a line that says what runs.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use ordain_runtime::{Event, ExecutionReport, Outcome, Skip, State, UndoOutcome};
use owo_colors::OwoColorize as _;
use smol_str::SmolStr;

use super::running::Running;

/// How many of the last lines of a step are shown when it fails.
const LAST_LINES: usize = 20;

/// How wide the bar is.
const BAR: usize = 20;

/// What is shown while an execution runs.
pub(crate) struct Progress {
    /// Only on a terminal.
    bar: Option<ProgressBar>,
    logs: bool,
    /// What runs: read by the bar whenever it is drawn.
    running: Arc<Mutex<Running>>,
    /// The last lines of steps that run.
    lines: Mutex<BTreeMap<SmolStr, VecDeque<String>>>,
}

impl Progress {
    /// Begins to show the execution of a plan; with `logs`, also every line that steps print.
    pub(crate) fn new(logs: bool) -> Self {
        let running = Arc::new(Mutex::new(Running::default()));
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let drawn = running.clone();
            let draw = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let head =
                    format!("{}/{} {}", state.pos(), state.len().unwrap_or_default(), duration_of(state.elapsed()));
                let width = super::width_of_errors().saturating_sub(BAR + 2 + head.len());
                let running = drawn.lock().unwrap_or_else(PoisonError::into_inner).shown(Instant::now(), width);
                let _ = write!(out, "{head} {running}");
            };
            // INVARIANT: the template is constant and sound; a fault would only show the default style.
            if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:{BAR}}} {{state}}")) {
                bar.set_style(style.with_key("state", draw));
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, logs, running, lines: Mutex::default() }
    }

    fn begin(&self, what: impl Into<SmolStr>) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).begin(what.into(), Instant::now());
        self.draw();
    }

    fn end(&self, what: &str) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).end(what);
        self.draw();
    }

    fn draw(&self) {
        if let Some(bar) = &self.bar {
            bar.tick();
        }
    }

    /// Shows what happened.
    pub(crate) fn show(&self, event: &Event) {
        let lines = || self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::ExecutionFinished { .. } | Event::ExecutionWaiting { .. } => {}
            Event::ExecutionStarted { nodes, .. } => self.expect(*nodes, 0),
            Event::ExecutionResumed { nodes, ended, .. } => {
                self.line(&format!("{} {ended} of {nodes} steps had ended before", "↷".cyan()));
                self.expect(*nodes, *ended);
            }
            Event::StepStarted { address, .. } => {
                self.begin(address.clone());
            }
            Event::StepRetried { address, attempt, pause_ms, message, .. } => {
                let pause = duration(*pause_ms);
                self.line(&format!("{} {address}  try {attempt} failed, next in {pause}: {message}", "↻".yellow()));
            }
            Event::Log { address, line, .. } => {
                if self.logs {
                    self.line(&format!("{} {}", format!("│ {address}:").dimmed(), line));
                } else {
                    let mut all = lines();
                    let lines = all.entry(address.clone()).or_default();
                    if lines.len() == LAST_LINES {
                        lines.pop_front();
                    }
                    lines.push_back(line.clone());
                }
            }
            Event::StepProgress { address, percent, message } => {
                if self.logs {
                    let percent = percent.map(|percent| format!("{percent}% ")).unwrap_or_default();
                    self.line(&format!("{} {percent}{message}", format!("│ {address}:").dimmed()));
                }
            }
            Event::StepFinished { address, outcome, attempts, duration_ms, .. } => {
                let lines = lines().remove(address);
                self.finished(address, outcome, *attempts, *duration_ms, lines);
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
                self.end(address);
            }
            Event::UndoStarted { address, .. } => {
                self.begin(format!("undo {address}"));
            }
            Event::UndoFinished { address, outcome, duration_ms, .. } => {
                self.undone(address, outcome, *duration_ms);
                self.end(&format!("undo {address}"));
            }
        }
    }

    fn expect(&self, nodes: usize, ended: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(nodes as u64);
            bar.set_position(ended as u64);
        }
    }

    /// Takes away the line that says what runs.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn finished(
        &self,
        address: &SmolStr,
        outcome: &Outcome,
        attempts: u32,
        duration_ms: u64,
        lines: Option<VecDeque<String>>,
    ) {
        let time = duration(duration_ms);
        match outcome {
            Outcome::Succeeded => {
                let tries = if attempts > 1 { format!(", {attempts} tries") } else { String::new() };
                self.line(&format!("{} {address}  {}", "✓".green(), format!("{time}{tries}").dimmed()));
            }
            Outcome::Failed { reason, message } => {
                let code = reason.code();
                self.line(&format!("{} {address}  {}: {message}", "✗".red(), code.red()));
                for line in lines.into_iter().flatten() {
                    self.line(&format!("  {} {line}", "│".dimmed()));
                }
            }
            // Told together at the end: one failure can keep thousands from starting.
            Outcome::Skipped { .. } => {}
        }
    }

    fn undone(&self, address: &SmolStr, outcome: &UndoOutcome, duration_ms: u64) {
        let (sign, text) = match outcome {
            UndoOutcome::Undone => ("↺".yellow().to_string(), format!("undone, {}", duration(duration_ms))),
            UndoOutcome::Failed { reason, message } => {
                ("✗".red().to_string(), format!("not undone: {}: {message}", reason.code()))
            }
            UndoOutcome::Unavailable => ("!".yellow().to_string(), "stays: it declares no way to undo it".into()),
            UndoOutcome::Blocked { address } => {
                ("!".yellow().to_string(), format!("stays: `{address}` builds upon it and could not be undone"))
            }
            UndoOutcome::InDoubt => ("!".yellow().to_string(), "was cut short; what it did stands".into()),
            UndoOutcome::Cancelled => ("!".yellow().to_string(), "stays: cancelled".into()),
        };
        self.line(&format!("{sign} {address}  {text}"));
    }

    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| super::tell(&format!("{line}\n"))),
            None => super::tell(&format!("{line}\n")),
        }
    }
}

/// How the execution ended, in two lines.
pub(crate) fn summary(report: &ExecutionReport, journal: &Path) -> String {
    let counts = report.counts();
    let state = match report.state {
        State::Succeeded => "succeeded".green().to_string(),
        State::Failed => "failed".red().to_string(),
        // Somebody asked for it; nothing went wrong.
        State::Undone if counts.failed == 0 => "undone".green().to_string(),
        State::PartlyUndone if counts.failed == 0 => "undone in part".red().to_string(),
        State::Undone => "failed, and everything done before is undone".red().to_string(),
        State::PartlyUndone => "failed, and not everything done before could be undone".red().to_string(),
        State::Cancelled => "cancelled".yellow().to_string(),
        State::Waiting => "waits for approvals".yellow().to_string(),
    };
    let mut parts = vec![format!("{} done", counts.succeeded)];
    for (count, what) in [(counts.failed, "failed"), (counts.skipped, "skipped"), (counts.undone, "undone")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let time = duration(u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX));
    let mut text = String::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for node in &report.nodes {
        // What was cut short is told on its own.
        if let (Outcome::Skipped { because }, None) = (&node.outcome, &node.undo) {
            let why = match because {
                Skip::DependencyFailed { address } => format!("for waiting for `{address}`"),
                Skip::Stopped { address } => format!("because `{address}` failed"),
                Skip::Cancelled if report.state == State::Cancelled => "because the execution was cancelled".into(),
                Skip::Cancelled => "because all was to be undone".into(),
                Skip::NotApproved => "until people agree".into(),
                Skip::JournalFailed => "because the journal cannot be written".into(),
            };
            *skipped.entry(why).or_default() += 1;
        }
    }
    for (why, count) in skipped {
        // INVARIANT: writing to a string never fails.
        let _ = writeln!(text, "{} {count} not started {why}", "-".dimmed());
    }
    let _ = writeln!(text, "{} {state}: {} in {time}", report.plan, parts.join(", "));
    let _ = writeln!(text, "{}", format!("execution {} in {}", report.execution, journal.display()).dimmed());
    text
}

/// A time that goes on, for people.
pub(super) fn duration_of(time: Duration) -> String {
    // Tenths of seconds would only flicker.
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Milliseconds for people.
fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}
