//! The course of an execution, in a terminal and in a browser.

use ordain_views::{Span, SpanKind, Terminal, Timeline, TimelineRow, timeline, timeline_html};
use proptest::prelude::*;

fn span(from: i64, to: i64, kind: SpanKind, label: &str) -> Span {
    Span { from, to, kind, label: label.into() }
}

fn sample() -> Timeline {
    let row = |name: &str, outcome: &str, tries, spans: Vec<Span>, notes: &[&str]| TimelineRow {
        name: name.into(),
        about: "command.run".into(),
        spans,
        outcome: outcome.into(),
        tries,
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
    };
    Timeline {
        title: "shop.main.release".into(),
        state: "partly_undone".into(),
        facts: vec![("execution".into(), "01a1ff80".into())],
        from: 1_000,
        to: 61_000,
        processes: vec![
            span(1_000, 20_000, SpanKind::Interrupted, "interrupted"),
            span(21_000, 61_000, SpanKind::Running, ""),
        ],
        policies: vec!["GOV-101 needs the approval of 2 of sre, because production is shared (rollout)".into()],
        words: vec![
            (1_500, "ana approves GOV-101: the figures are right".into()),
            (2_000, "bo rejects GOV-101".into()),
        ],
        rows: vec![
            row(
                "built/compiled",
                "undone",
                1,
                vec![
                    span(1_000, 18_000, SpanKind::Running, "succeeded"),
                    span(55_000, 61_000, SpanKind::Undoing, "undone"),
                ],
                &[],
            ),
            row(
                "rollout/deploy[eu-west-1]",
                "not undone",
                3,
                vec![
                    span(18_000, 20_000, SpanKind::Interrupted, "interrupted"),
                    span(21_000, 30_000, SpanKind::Failing, "timeout"),
                    span(30_000, 34_000, SpanKind::Pausing, ""),
                    span(34_000, 50_000, SpanKind::Running, "try 3, succeeded"),
                ],
                &["GOV-101 allows it: `a < 3` holds with a = 2", "undo: unavailable"],
            ),
            row(
                "healthy",
                "failed",
                1,
                vec![
                    span(40_000, 50_000, SpanKind::Waiting, ""),
                    span(50_000, 54_000, SpanKind::Failing, "gate_failed"),
                ],
                &["gate_failed: its condition does not hold for {\"status\":500}"],
            ),
            row("announced", "skipped", 0, vec![], &["dependency_failed: because of `healthy`"]),
        ],
    }
}

#[test]
fn a_line_for_each_step() {
    insta::assert_snapshot!(timeline(&sample(), &Terminal { width: 100, colour: false }));
}

#[test]
fn where_there_is_no_room_words_stay() {
    let text = timeline(&sample(), &Terminal { width: 40, colour: false });
    assert!(text.contains("partly_undone") && text.contains("failed") && !text.contains('█'), "{text}");
}

#[test]
fn a_page_without_scripts_that_reads_out_what_it_draws() {
    let page = timeline_html(&sample());
    for part in [
        "aria-label=\"rollout/deploy[eu-west-1]: interrupted (interrupted) at +17.0 s for 2.0 s, failing (timeout) at +20.0 s",
        "<th scope=\"row\"><code>healthy</code>",
        "<b class=\"bad\">failed</b>",
        "GOV-101 allows it: `a &lt; 3` holds",
        "<b>2 process",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<script") && !page.contains("style="), "{page}");
}

/// Three years.
const TIME: i64 = 100_000_000_000;

#[test]
fn clocks_may_show_anything() {
    for (from, to) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0)] {
        let mut course = sample();
        (course.from, course.to) = (from, to);
        course.rows[0].spans[0] = span(to, from, SpanKind::Running, "");
        assert!(timeline(&course, &Terminal::default()).contains("skipped"));
        assert!(timeline_html(&course).ends_with("</html>\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever names, times and widths there are, lines stay within the terminal and names within their place.
    #[test]
    fn anything_has_a_timeline(
        name in "\\PC{0,80}|.{0,20}", times in prop::collection::vec((0..TIME, 0..TIME, 0..6usize), 0..6),
        (from, to) in (0..TIME, 0..TIME), width in 0..300usize,
    ) {
        let spans = times.iter().map(|(from, to, kind)| span(*from, *to, SpanKind::ALL[*kind], &name)).collect();
        let row = TimelineRow { name: name.clone(), about: name.clone(), spans, outcome: "failed".into(), tries: 2, notes: vec![] };
        let course = Timeline { title: name.clone(), state: "failed".into(), facts: vec![], from, to, processes: vec![], rows: vec![row], policies: vec![name.clone()], words: vec![(from, name.clone())] };
        let text = timeline(&course, &Terminal { width, colour: false });
        for line in text.lines() {
            prop_assert!(unicode_width::UnicodeWidthStr::width(line) <= width.max(70), "{line}");
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        let page = timeline_html(&course);
        prop_assert!(!page.contains("<script"));
        prop_assert_eq!(page.matches("</tr>").count(), 2);
    }
}
