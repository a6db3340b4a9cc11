//! The course of an execution as one page for a browser: a Gantt chart that is a table, too.

use sha2::{Digest as _, Sha256};

use super::{Span, SpanKind, Timeline, TimelineRow, length};
use crate::html::base64;
use crate::html::markup::{code, short, text};
use crate::names::counted;

/// How many rows are shown.
const MAX_ROWS: usize = 5_000;

/// How wide a chart is, in its own units.
const WIDE: i64 = 1_000;

const CSS: &str = include_str!("page.css");

/// The course of an execution as one self-contained HTML page: a table with a row for each step, in which bars show when it
/// waited, ran, failed and was undone. It has no script, loads nothing, follows the browser's light or dark mode, and is
/// read out row by row where nobody sees it. Where there are more than 5,000 steps, the rest is counted.
pub fn timeline_html(timeline: &Timeline) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(CSS))
    );
    page.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.extend(["<meta http-equiv=\"Content-Security-Policy\" content=\"", &policy, "\">\n"]);
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n<title>Execution of ");
    page.extend([&short(&timeline.title, 120), "</title>\n<style>", CSS, "</style>\n</head>\n<body>\n"]);
    head(timeline, &mut page);
    let shown = &timeline.rows[..timeline.rows.len().min(MAX_ROWS)];
    page.push_str(
        "<main>\n<table>\n<caption>Steps, each with the time from its beginning to its end</caption>\n<thead><tr>",
    );
    page.push_str("<th scope=\"col\">Step</th><th scope=\"col\" class=\"time\">Began</th><th scope=\"col\" class=\"time\">Took</th>");
    page.push_str("<th scope=\"col\">Outcome</th><th scope=\"col\" class=\"wide\">");
    scale(timeline, &mut page);
    page.push_str("</th></tr></thead>\n<tbody>\n");
    for row in shown {
        draw(timeline, row, &mut page);
    }
    page.push_str("</tbody>\n</table>\n</main>\n");
    if timeline.rows.len() > shown.len() {
        let left_out = counted(timeline.rows.len() - shown.len(), "step");
        page.extend(["<p class=\"note\">", &left_out, " not shown.</p>\n"]);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn head(timeline: &Timeline, page: &mut String) {
    page.extend(["<header>\n<h1>", &short(&timeline.title, 120), "</h1>\n<ul class=\"chips\">\n"]);
    let state = text(&timeline.state);
    page.extend(["<li><b class=\"", class(&timeline.state), "\">", &state, "</b> after "]);
    page.extend([&*length(timeline.to.saturating_sub(timeline.from)), "</li>\n"]);
    page.extend(["<li><b>", &counted(timeline.rows.len(), "step"), "</b></li>\n"]);
    if !timeline.processes.is_empty() {
        page.extend([
            "<li><b>",
            &counted(timeline.processes.len(), "process").replace("processs", "processes"),
            "</b></li>\n",
        ]);
    }
    page.push_str("</ul>\n<dl>\n");
    for (name, value) in &timeline.facts {
        page.extend(["<dt>", &text(name), "</dt><dd>", &code(value), "</dd>\n"]);
    }
    page.push_str("</dl>\n");
    let time = |at: &i64| format!("+{}", length(at.saturating_sub(timeline.from)));
    let words = timeline.words.iter().map(|(at, word)| format!("{} {word}", time(at))).collect();
    for (heading, lines) in [("Policies", &timeline.policies), ("People", &words)] {
        if lines.is_empty() {
            continue;
        }
        page.extend(["<h2>", heading, "</h2>\n<ul class=\"notes\">"]);
        for line in lines.iter().take(MAX_ROWS) {
            page.extend(["<li>", &short(line, 600), "</li>\n"]);
        }
        page.push_str("</ul>\n");
    }
    page.push_str("<p class=\"legend\" aria-label=\"Colours\">\n");
    let spans = || timeline.rows.iter().flat_map(|row| &row.spans).chain(&timeline.processes);
    for kind in SpanKind::ALL.into_iter().filter(|kind| spans().any(|span| span.kind == *kind)) {
        page.extend(["<span><i class=\"", kind.name(), "\"></i>", kind.name(), "</span>\n"]);
    }
    page.push_str("</p>\n</header>\n");
}

/// The times of a quarter each, and the processes below.
fn scale(timeline: &Timeline, page: &mut String) {
    let all = timeline.to.saturating_sub(timeline.from).max(1);
    page.push_str("<span class=\"scale\">");
    for quarter in 0..4 {
        page.extend(["<span>+", &*length(all / 4 * quarter), "</span>"]);
    }
    page.push_str("</span>");
    if !timeline.processes.is_empty() {
        chart(timeline, &timeline.processes, "The processes that carried it out", page);
    }
}

fn draw(timeline: &Timeline, row: &TimelineRow, page: &mut String) {
    page.extend(["<tr>\n<th scope=\"row\">", &code(&row.name)]);
    if !row.about.is_empty() {
        page.extend(["<small>", &short(&row.about, 120), "</small>"]);
    }
    page.push_str("</th>");
    match row.times() {
        Some((began, took)) => {
            page.extend(["<td class=\"time\">+", &*length(began.saturating_sub(timeline.from)), "</td>"]);
            page.extend(["<td class=\"time\">", &*length(took), "</td>"]);
        }
        None => page.push_str("<td></td><td></td>"),
    }
    page.extend(["<td><b class=\"", class(&row.outcome), "\">", &text(&row.outcome), "</b>"]);
    if row.tries > 1 {
        page.extend(["<small>", &counted(row.tries, "try").replace("trys", "tries"), "</small>"]);
    }
    page.push_str("</td>\n<td class=\"wide\">");
    if !row.spans.is_empty() {
        chart(timeline, &row.spans, &row.name, page);
    }
    if !row.notes.is_empty() {
        page.push_str("<ul class=\"notes\">");
        for note in &row.notes {
            page.extend(["<li>", &short(note, 600), "</li>"]);
        }
        page.push_str("</ul>");
    }
    page.push_str("</td>\n</tr>\n");
}

fn chart(timeline: &Timeline, spans: &[Span], name: &str, page: &mut String) {
    let all = i128::from(timeline.to.saturating_sub(timeline.from).max(1));
    let place = |at: i64| {
        let at = i128::from(at.saturating_sub(timeline.from)).clamp(0, all);
        i64::try_from(at * i128::from(WIDE) / all).unwrap_or(0)
    };
    let label = |span: &Span| {
        let from = length(span.from.saturating_sub(timeline.from));
        let more = if span.label.is_empty() { String::new() } else { format!(" ({})", span.label) };
        format!("{}{more} at +{from} for {}", span.kind.name(), length(span.to.saturating_sub(span.from)))
    };
    let told: Vec<String> = spans.iter().map(label).collect();
    let told = short(&format!("{name}: {}", told.join(", ")), 2_000);
    page.extend(["<svg viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"", &told, "\">"]);
    page.push_str("<path class=\"grid\" d=\"M250 0V16M500 0V16M750 0V16\"/>");
    for span in spans {
        let (from, to) = (place(span.from), place(span.to.max(span.from)));
        // What took no time is seen all the same.
        let width = (to - from).max(3);
        let from = from.min(WIDE - width);
        let thin = matches!(span.kind, SpanKind::Waiting | SpanKind::Pausing);
        let (top, high) = if thin { (7, 2) } else { (2, 12) };
        page.push_str(&format!(
            "<rect class=\"{}\" x=\"{from}\" y=\"{top}\" width=\"{width}\" height=\"{high}\"><title>{}</title></rect>",
            span.kind.name(),
            short(&label(span), 300),
        ));
    }
    page.push_str("</svg>");
}

fn class(outcome: &str) -> &'static str {
    match outcome {
        "succeeded" => "good",
        "failed" | "not undone" => "bad",
        "undone" => "back",
        "skipped" => "soft",
        _ => "warn",
    }
}
