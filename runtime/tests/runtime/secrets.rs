//! The content of a secret reaches the program that needs it, and nothing else.

use ordain_graph::{OnFailure, Value};
use ordain_runtime::State;

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
