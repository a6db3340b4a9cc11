//! The content of a secret reaches the program that needs it, and nothing else.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use ordain_graph::{OnFailure, Retry, Value};
use ordain_runtime::{Event, Reason, SecretError, SecretSource, SecretText, State, execute, undo};

use crate::support::{Place, Plan, failure, list, map, output, outputs, secret, text};

const CONTENT: &str = "correct horse battery staple";

fn holds(bytes: &[u8], content: &str) -> bool {
    bytes.windows(content.len()).any(|window| window == content.as_bytes())
}

/// Nothing that outlives the execution holds the content.
fn assert_kept(place: &Place, report: &ordain_runtime::ExecutionReport, content: &str) {
    assert!(!holds(&place.journal_bytes(), content), "in the journal");
    assert!(!format!("{report:?}").contains(content), "in the report");
    let events = place.events.lock().unwrap();
    assert!(!serde_json::to_string(&*events).unwrap().contains(content), "in the events");
}

#[test]
fn a_program_gets_the_content_and_cannot_give_it_away() {
    let place = Place::with_secrets(&[("shop/password", CONTENT)]);
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let secrets = || ("secrets", map(&[("PASSWORD", secret("shop/password"))]));
    let run = |plan: &mut Plan, address: &str, script: &str| {
        plan.step(address, "command.run", &[("argv", list(&["sh", "-c", script])), secrets()])
    };
    let show = run(&mut plan, "show", "printf %s \"$PASSWORD\" > seen; echo \"it is $PASSWORD!\"; echo $PASSWORD >&2");
    run(&mut plan, "fail", "echo \"no: $PASSWORD\" >&2; exit 1");
    let late = run(&mut plan, "late", "echo \"$PASSWORD\"; exec sleep 600");
    plan.at(late).timeout = Some(200);
    let read = plan.step("read", "file.read", &[("path", text("seen"))]);
    plan.after(read, &[show]);
    let report = place.execute(&plan.finish());
    assert_eq!(place.read("seen"), CONTENT);
    assert_eq!(outputs(&report, "show")["stdout"], "it is ***!\n");
    assert_eq!(outputs(&report, "show")["stderr"], "***\n");
    assert_eq!(outputs(&report, "read")["content"], "***");
    assert!(failure(&report, "fail").1.ends_with("no: ***"));
    assert!(failure(&report, "late").1.ends_with(": ***"));
    assert_kept(&place, &report, CONTENT);
    assert!(holds(&place.journal_bytes(), "shop/password"), "the journal names the secret");
}

#[test]
fn a_content_across_the_limit_of_what_is_kept_is_blotted_out() {
    let place = Place::with_secrets(&[("shop/password", CONTENT)]);
    let mut plan = Plan::new();
    let before = (1 << 20) - 10;
    let script = format!("head -c {before} /dev/zero | tr '\\0' x; echo \"$PASSWORD and more\"; echo \"$PASSWORD\"");
    plan.step(
        "run",
        "command.run",
        &[("argv", list(&["sh", "-c", &script])), ("secrets", map(&[("PASSWORD", secret("shop/password"))]))],
    );
    let report = place.execute(&plan.finish());
    let outputs = outputs(&report, "run");
    let end = &outputs["stdout"].as_str().unwrap()[before..];
    assert_eq!(end, "***\n[cut off after 1 MiB]");
    assert_kept(&place, &report, &CONTENT[..8]);
}

#[test]
fn a_secret_of_several_lines_is_blotted_out_line_by_line() {
    let key = "-----BEGIN-----\nMIIEvQIBADANBgkqhki\n-----END-----\n";
    let place = Place::with_secrets(&[("shop/key", key)]);
    let mut plan = Plan::new();
    plan.step(
        "run",
        "command.run",
        &[
            ("argv", list(&["sh", "-c", "echo \"$KEY\" | sed 's/^/> /'"])),
            ("secrets", map(&[("KEY", secret("shop/key"))])),
        ],
    );
    let report = place.execute(&plan.finish());
    assert_eq!(outputs(&report, "run")["stdout"], "> ***\n> ***\n> ***\n> \n");
    assert_kept(&place, &report, "MIIEvQIBADANBgkqhki");
}

#[test]
fn a_secret_output_reaches_another_step_in_memory_only() {
    let place = Place::new();
    let mut plan = Plan::new();
    let made = plan.step("make", "test.note", &[("name", text("make")), ("does", text("tell s3cr3t-0utput"))]);
    plan.step(
        "use",
        "command.run",
        &[
            ("argv", list(&["sh", "-c", "printf %s \"$PASSWORD\" > seen; echo $PASSWORD"])),
            ("secrets", map(&[("PASSWORD", output(made, "secret"))])),
        ],
    );
    plan.0.returns = Some(output(made, "secret"));
    // The instruction itself holds the content here, so only what the program printed can be looked at in the journal.
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(place.read("seen"), "s3cr3t-0utput");
    assert_eq!(outputs(&report, "use")["stdout"], "***\n");
    assert!(matches!(report.returns, Some(Value::Secret(_))), "{:?}", report.returns);
}

#[test]
fn a_crashing_adapter_does_not_take_the_others_with_it() {
    let place = Place::with_secrets(&[("shop/password", CONTENT)]);
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    plan.step("crash", "test.note", &[("name", text("crash")), ("does", text("crash"))]);
    plan.step(
        "run",
        "command.run",
        &[("argv", list(&["printenv", "PASSWORD"])), ("secrets", map(&[("PASSWORD", secret("shop/password"))]))],
    );
    let report = place.execute(&plan.finish());
    assert_eq!(outputs(&report, "run")["stdout"], "***\n");
    assert_kept(&place, &report, CONTENT);
}

/// Asked only when a secret is needed; writes down that it is, and says what it is told to, if anything.
#[derive(Default)]
struct Asked {
    says: Mutex<Option<&'static str>>,
    asked: AtomicU32,
}

impl SecretSource for Asked {
    fn resolve(&self, _: &str) -> Result<SecretText, SecretError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Others come by meanwhile.
        (0..10_000).for_each(|_| std::thread::yield_now());
        let says = *self.says.lock().unwrap();
        says.map(|text| SecretText::new(text.into())).ok_or_else(|| SecretError::Unavailable("nobody there".into()))
    }

    fn is_deferred(&self, _: &str) -> bool {
        true
    }
}

impl Asked {
    fn saying(says: &'static str) -> Self {
        Self { says: Mutex::new(Some(says)), ..Self::default() }
    }
}

fn uses(plan: &mut Plan, address: &str, script: &str) -> u32 {
    let argv = list(&["sh", "-c", script]);
    let secrets = map(&[("PASSWORD", secret("shop/password"))]);
    plan.step(address, "command.run", &[("argv", argv), ("secrets", secrets)])
}

#[test]
fn steps_at_the_same_time_ask_once() {
    let (place, source) = (Place::new(), Asked::saying(CONTENT));
    let mut plan = Plan::new();
    for number in 0..8 {
        uses(&mut plan, &format!("show{number}"), &format!("echo {number} $PASSWORD"));
    }
    let mut options = place.options(&|_| {});
    options.secrets = &source;
    let report = execute(&plan.finish(), &options).unwrap();
    for number in 0..8 {
        assert_eq!(outputs(&report, &format!("show{number}"))["stdout"], format!("{number} ***\n"));
    }
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_source_that_did_not_answer_is_asked_again_by_another_try() {
    let (place, source) = (Place::new(), Asked::default());
    let mut plan = Plan::new();
    let step = uses(&mut plan, "use", "echo $PASSWORD");
    plan.at(step).retry = Some(Retry { times: 2, min: 1, max: 1 });
    let observer = |event: Event| {
        if let Event::StepRetried { reason, .. } = event {
            assert_eq!(reason, Reason::SecretUnavailable);
            *source.says.lock().unwrap() = Some(CONTENT);
        }
    };
    let mut options = place.options(&observer);
    options.secrets = &source;
    let report = execute(&plan.finish(), &options).unwrap();
    assert_eq!(outputs(&report, "use")["stdout"], "***\n");
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn what_a_secret_was_given_to_before_cannot_show_it_later() {
    let (place, source) = (Place::new(), Asked::saying(CONTENT));
    let mut plan = Plan::new();
    let keep = uses(&mut plan, "keep", "printf %s \"$PASSWORD\" > kept");
    plan.undo(keep, "command.run", &[("argv", list(&["sh", "-c", "echo it was $(cat kept) >&2; exit 1"]))]);
    let mut options = place.options(&|_| {});
    options.secrets = &source;
    let report = execute(&plan.finish(), &options).unwrap();
    let report = undo(&report.execution, &options).unwrap();
    assert_eq!(place.read("kept"), CONTENT);
    assert!(format!("{report:?}").contains("it was ***"), "{report:?}");
    assert_kept(&place, &report, CONTENT);
}

#[test]
fn what_never_got_a_secret_is_undone_without_it() {
    let (place, source) = (Place::new(), Asked::default());
    let mut plan = Plan::new();
    let made = plan.step("made", "directory.ensure", &[("path", text("made"))]);
    plan.undo(made, "directory.remove", &[("path", text("made"))]);
    let step = uses(&mut plan, "use", "true");
    plan.after(step, &[made]);
    let mut options = place.options(&|_| {});
    options.secrets = &source;
    let report = execute(&plan.finish(), &options).unwrap();
    assert_eq!(failure(&report, "use").0, Reason::SecretUnavailable);
    assert!(place.path("made").exists());
    let report = undo(&report.execution, &options).unwrap();
    assert_eq!(report.state, State::Undone);
    assert!(!place.path("made").exists());
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
}
