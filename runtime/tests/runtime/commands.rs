//! The adapter for programs.

use std::net::TcpListener;

use ordain_graph::{OnFailure, Value};
use ordain_runtime::{Event, Outcome, Reason, State, Stream};
use serde_json::json;

use crate::support::{Place, Plan, failure, list, map, output, outputs, text};

#[test]
fn a_program_runs_with_what_it_is_given_and_nothing_else() {
    let place = Place::new();
    std::fs::create_dir(place.path("sub")).unwrap();
    let mut plan = Plan::new();
    plan.step(
        "run",
        "command.run",
        &[
            ("argv", list(&["sh", "-c", "pwd; cat; echo \"$GREETING\"; env | sort >&2; exit 4"])),
            ("directory", text("./sub")),
            ("env", map(&[("GREETING", text("hello"))])),
            ("stdin", text("from stdin\n")),
            ("expect_status", Value::Int(4)),
        ],
    );
    let report = place.execute(&plan.finish());
    let outputs = outputs(&report, "run");
    let sub = place.path("sub").canonicalize().unwrap();
    assert_eq!(outputs["stdout"], format!("{}\nfrom stdin\nhello\n", sub.display()));
    assert_eq!(outputs["status"], 4);
    let stderr = outputs["stderr"].as_str().unwrap();
    // The test runner's environment holds this one.
    assert!(!stderr.contains("CARGO_MANIFEST_DIR"), "{stderr}");
    assert!(stderr.contains("PATH="), "{stderr}");
    let lines: Vec<(Stream, String)> = place
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            Event::Log { stream: Stream::Stdout, line, .. } => Some((Stream::Stdout, line.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(lines[1..], [(Stream::Stdout, "from stdin".into()), (Stream::Stdout, "hello".into())]);
}

#[test]
fn a_program_of_the_package_is_found_from_its_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    std::fs::create_dir(place.path("bin")).unwrap();
    let mut plan = Plan::new();
    let script = "#!/bin/sh\necho it works\n";
    let write = plan.step(
        "write",
        "file.write",
        &[("path", text("bin/tool.sh")), ("content", text(script)), ("mode", text("0755"))],
    );
    let run = plan.step("run", "command.run", &[("argv", list(&["./tool.sh"])), ("directory", text("bin"))]);
    plan.after(run, &[write]);
    let report = place.execute(&plan.finish());
    assert_eq!(outputs(&report, "run")["stdout"], "it works\n");
    assert_eq!(place.path("bin/tool.sh").metadata().unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn failures_say_what_happened() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    plan.sh("status", "echo out; echo 'the reason' >&2; exit 3");
    plan.sh("signal", "kill -9 $$");
    plan.step("absent", "command.run", &[("argv", list(&["no-such-program-anywhere"]))]);
    plan.step("nowhere", "command.run", &[("argv", list(&["true"])), ("directory", text("not/there"))]);
    plan.step("outside", "command.run", &[("argv", list(&["true"])), ("directory", text("/"))]);
    plan.step("empty", "command.run", &[("argv", list(&[]))]);
    plan.step("name", "command.run", &[("argv", list(&["true"])), ("env", map(&[("A=B", text("x"))]))]);
    let report = Place::new().execute(&plan.finish());
    let (reason, message) = failure(&report, "status");
    assert_eq!(reason, Reason::CommandFailed);
    assert_eq!(message, "`sh` ended with status 3, expected status 0: the reason");
    assert!(failure(&report, "signal").1.contains("ended by signal 9"));
    assert_eq!(failure(&report, "absent").0, Reason::CommandNotStarted);
    assert_eq!(failure(&report, "nowhere").0, Reason::FileFailed);
    assert_eq!(failure(&report, "outside").0, Reason::PathRefused);
    assert_eq!(failure(&report, "empty").0, Reason::InputMismatch);
    assert_eq!(failure(&report, "name").0, Reason::InputMismatch);
}

#[test]
fn a_probe_tells_the_status_whatever_it_is() {
    let mut plan = Plan::new();
    plan.step("status", "command.probe", &[("argv", list(&["sh", "-c", "exit 7"]))]);
    plan.step("signal", "command.probe", &[("argv", list(&["sh", "-c", "kill -9 $$"]))]);
    let report = Place::new().execute(&plan.finish());
    assert_eq!(outputs(&report, "status")["status"], 7);
    assert_eq!(outputs(&report, "signal")["status"], 137);
}

#[test]
fn output_is_bounded_and_need_not_be_text() {
    let mut plan = Plan::new();
    plan.sh("much", "head -c 3000000 /dev/zero | tr '\\0' x; printf 'a\\377b' >&2");
    plan.step("deaf", "command.run", &[("argv", list(&["true"])), ("stdin", text(&"x".repeat(1 << 20)))]);
    let report = Place::new().execute(&plan.finish());
    let much = outputs(&report, "much");
    let stdout = much["stdout"].as_str().unwrap();
    assert!(stdout.ends_with("x\n[cut off after 1 MiB]"), "{}", stdout.len());
    assert_eq!(stdout.len(), (1 << 20) + "\n[cut off after 1 MiB]".len());
    assert_eq!(much["stderr"], "a\u{fffd}b");
    assert_eq!(outputs(&report, "deaf")["status"], 0);
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn a_program_that_takes_too_long_ends_with_its_group() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let polite = plan.sh("polite", "sleep 600 & echo $! > polite; echo waiting; wait");
    plan.at(polite).timeout = Some(200);
    // This one does not want to hear of it.
    let deaf = plan.sh("deaf", "trap '' TERM; echo $$ > deaf; while :; do sleep 600; done");
    plan.at(deaf).timeout = Some(200);
    let place = Place::new();
    let report = place.execute(&plan.finish());
    let (reason, message) = failure(&report, "polite");
    assert_eq!((reason, &*message), (Reason::Timeout, "ended because it took too long: waiting"));
    assert_eq!(failure(&report, "deaf").0, Reason::Timeout);
    assert!(!is_running(&place.read("polite")));
    assert!(!is_running(&place.read("deaf")));
}

#[test]
fn what_a_program_leaves_running_ends_with_it() {
    let mut plan = Plan::new();
    plan.sh("held", "sleep 600 & echo $! > held; echo done");
    plan.sh("apart", "sleep 600 >/dev/null 2>&1 & echo $! > apart");
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(outputs(&report, "held")["stdout"], "done\n");
    assert!(!is_running(&place.read("held")));
    assert!(!is_running(&place.read("apart")));
}

fn start(plan: &mut Plan, address: &str, script: &str, more: &[(&str, Value)]) -> u32 {
    let argv = list(&["sh", "-c", script]);
    plan.step(address, "command.start", &[&[("argv", argv)], more].concat())
}

#[test]
fn a_program_starts_and_is_stopped_with_its_group() {
    let mut plan = Plan::new();
    let script = "echo hello; sleep 600 & echo $! > child; echo $$ > ready; wait";
    let started = start(&mut plan, "start", script, &[("ready_file", text("ready")), ("log", text("logs/out"))]);
    let probe =
        plan.step("probe", "command.probe", &[("argv", list(&["sh", "-c", "kill -0 $(cat ready) $(cat child)"]))]);
    plan.after(probe, &[started]);
    let pid = [("pid", output(started, "pid")), ("started", output(started, "started"))];
    let stop = plan.step("stop", "command.stop", &pid);
    plan.after(stop, &[probe]);
    let again = plan.step("again", "command.stop", &pid);
    plan.after(again, &[stop]);
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(outputs(&report, "probe")["status"], 0);
    assert_eq!(outputs(&report, "start")["pid"].to_string(), place.read("ready").trim());
    assert_eq!(outputs(&report, "stop"), json!({ "stopped": true }));
    assert_eq!(outputs(&report, "again"), json!({ "stopped": false }));
    assert_eq!(place.read("logs/out"), "hello\n");
    assert!(!is_running(&place.read("ready")));
    assert!(!is_running(&place.read("child")));
}

#[test]
fn a_program_that_ignores_being_asked_is_forced() {
    let mut plan = Plan::new();
    let script = "trap '' TERM; echo $$ > ready; while :; do sleep 600; done";
    let started = start(&mut plan, "start", script, &[("ready_file", text("ready"))]);
    plan.step(
        "stop",
        "command.stop",
        &[("pid", output(started, "pid")), ("started", output(started, "started")), ("within", Value::Duration(100))],
    );
    let place = Place::new();
    let report = place.execute(&plan.finish());
    assert_eq!(outputs(&report, "stop"), json!({ "stopped": true }));
    assert!(!is_running(&place.read("ready")));
}

#[test]
fn another_process_with_the_same_id_is_left_alone() {
    let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let stop = |pid: i64, started: i64| {
        let mut plan = Plan::new();
        plan.step("stop", "command.stop", &[("pid", Value::Int(pid)), ("started", Value::Int(started))]);
        Place::new().execute(&plan.finish())
    };
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let started: i64 = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().nth(19).unwrap().parse().unwrap();
    // Started at another time.
    assert_eq!(outputs(&stop(child.id().into(), started + 1), "stop"), json!({ "stopped": false }));
    // The right one, but not the head of a group: it was not started by a plan.
    assert_eq!(failure(&stop(child.id().into(), started), "stop").0, Reason::NotStopped);
    // Not an id at all, or one that stands for everything.
    for pid in [-1, 0, 1, i64::MAX] {
        assert_eq!(failure(&stop(pid, started), "stop").0, Reason::InputMismatch);
    }
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_program_that_is_not_ready_is_ended() {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let never = [("ready_file", text("never")), ("ready_within", Value::Duration(200))];
    start(&mut plan, "late", "echo $$ > late; exec sleep 600", &never);
    start(&mut plan, "gone", "exit 0", &[("ready_file", text("never too"))]);
    let stale = [("ready_file", text("stale"))];
    start(&mut plan, "stale", "exec sleep 600", &stale);
    let place = Place::new();
    std::fs::write(place.path("stale"), "").unwrap();
    let report = place.execute(&plan.finish());
    assert!(failure(&report, "late").1.contains("not ready in time"));
    assert!(failure(&report, "gone").1.contains("ended before it was ready"));
    assert!(failure(&report, "stale").1.contains("existed before"));
    for address in ["late", "gone", "stale"] {
        assert_eq!(failure(&report, address).0, Reason::NotReady);
    }
    assert!(!is_running(&place.read("late")));
}

/// Not a test of its own: what [`a_program_is_ready_when_its_port_is`] starts is this very program, told to do only this.
#[test]
fn server() {
    if let Ok(port) = std::env::var("ORDAIN_TEST_PORT") {
        let listener = TcpListener::bind(("127.0.0.1", port.parse().unwrap())).unwrap();
        listener.incoming().for_each(drop);
    }
}

#[test]
fn a_program_is_ready_when_its_port_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let start = || {
        let mut plan = Plan::new();
        plan.0.on_failure = OnFailure::Undo;
        let program = std::env::current_exe().unwrap();
        let started = plan.step(
            "start",
            "command.start",
            &[
                ("argv", list(&[program.to_str().unwrap(), "--exact", "commands::server"])),
                ("env", map(&[("ORDAIN_TEST_PORT", text(&port.to_string()))])),
                ("ready_port", Value::Int(port.into())),
                ("ready_within", Value::Duration(60_000)),
            ],
        );
        let pid = [("pid", output(started, "pid")), ("started", output(started, "started"))];
        plan.undo(started, "command.stop", &pid);
        let last = plan.sh("last", "exit 1");
        plan.after(last, &[started]);
        plan.finish()
    };
    // Somebody else has the port.
    let report = Place::new().execute(&start());
    assert!(failure(&report, "start").1.contains("accepted connections before"));
    drop(listener);
    let report = Place::new().execute(&start());
    assert_eq!(report.node("start").unwrap().outcome, Outcome::Succeeded);
    assert_eq!(report.state, State::Undone);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
