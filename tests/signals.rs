//! Signals end an execution in good order: no program of a step outlives the command.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::ordain::shell;
use crate::package::{Package, Pipes};
use crate::skipping::skipped;

/// One step that runs a line for the shell, and one that must not be begun.
fn package(line: &str) -> Package {
    let source = r#"
use std.command.{builtin.command, command}

type Place = {}

environment here: Place { bind command.run to builtin.command }

plan two(env: Place = here) {
  let long = command.run { argv: ["sh", "-c", "LINE"] }
  command.run { argv: ["sh", "-c", "echo > never"] } after long
}
"#;
    Package::of(source.replace("LINE", line))
}

/// Waits for the number that the program of the step writes as its first deed.
fn program(package: &Package, running: &mut Child) -> String {
    loop {
        if let Some(pid) = std::fs::read_to_string(package.file("begun")).ok().filter(|text| text.ends_with('\n')) {
            return pid.trim().to_owned();
        }
        assert!(running.try_wait().unwrap().is_none(), "it ended before its step began");
        std::thread::yield_now();
    }
}

/// The exit code, once it has ended; in a minute it has, however busy the machine is.
fn ended(running: &mut Child) -> Option<i32> {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = running.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > patience {
            running.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::yield_now();
    }
}

/// Whether these tests can be hung up: under `nohup` all that they start cannot.
fn can_be_hung_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    if mask & 1 != 0 {
        skipped("what is started here ignores SIGHUP");
    }
    mask & 1 == 0
}

fn send(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([&format!("-{signal}"), pid]).status().unwrap().success());
}

/// Whether a process has not ended: one that ended may be listed until somebody asks how.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

#[test]
fn each_of_them_ends_it_in_good_order() {
    for signal in ["INT", "TERM", "HUP"] {
        if signal == "HUP" && !can_be_hung_up() {
            continue;
        }
        let package = package("echo $$ > begun; exec sleep 600");
        let mut running = package.ordain().spawned(["apply", "--yes"]);
        let pid = program(&package, &mut running);
        send(signal, &running.id().to_string());
        assert_eq!(ended(&mut running), Some(1), "{signal}");
        assert!(!runs(&pid), "{signal}: the program of the step runs on");
        assert!(!package.file("never").exists(), "{signal}");
        let listed = package.run(&["executions"]).exits(0).text();
        assert!(listed.contains(" cancelled"), "{signal}: {listed}");
    }
}

#[test]
fn one_that_goes_on_heeds_them_too() {
    let package =
        package("if test -e crashed; then echo $$ > begun; exec sleep 600; fi; echo > crashed; kill -9 $PPID");
    package.ordain().spawned(["apply", "--yes"]).wait().unwrap();
    let mut running = package.ordain().spawned(["resume"]);
    let pid = program(&package, &mut running);
    send("TERM", &running.id().to_string());
    assert_eq!(ended(&mut running), Some(1));
    assert!(!runs(&pid), "the program of the step runs on");
}

#[test]
fn the_second_forces_what_does_not_want_to_end() {
    let package = package("trap '' TERM; echo $$ > begun; while :; do sleep 600; done");
    let mut running = package.ordain().heard(["apply", "--yes"]);
    let pid = program(&package, &mut running);
    let mut said = BufReader::new(running.stderr.take().unwrap()).lines().map(Result::unwrap);
    send("TERM", &running.id().to_string());
    assert!(said.any(|line| line.contains("ending in good order")));
    send("INT", &running.id().to_string());
    drop(said.by_ref().last());
    // It ends in good order even so, unless the machine is so busy that this takes a second.
    assert!(matches!(ended(&mut running), Some(1 | 130)));
    assert!(!runs(&pid), "the program of the step runs on");
    assert!(!package.file("never").exists());
}

#[test]
fn without_its_terminal_it_goes_on_only_where_that_is_asked_for() {
    let waiting = package("echo begun > begun; cat go");
    let pipes = Pipes::of(&waiting);
    // As `nohup` does it.
    let mut running = shell(waiting.path(), "trap '' HUP; exec ordain apply --yes").spawned([""; 0]);
    pipes.wait();
    send("HUP", &running.id().to_string());
    pipes.release();
    assert_eq!(ended(&mut running), Some(0));
    assert!(waiting.file("never").exists());

    if !can_be_hung_up() {
        return;
    }
    let there = shell(waiting.path(), "script -qec true /dev/null").run([""; 0]);
    if there.code != Some(0) {
        skipped("there is no `script` here that makes a terminal");
        return;
    }
    let left = package("echo $$ > begun; exec sleep 600");
    let mut terminal = shell(left.path(), "exec script -qec 'ordain apply --yes' /dev/null").spawned([""; 0]);
    let pid = program(&left, &mut terminal);
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while left.run(&["executions", "--json"]).exits(0).json()["executions"][0]["state"] == "running" {
        assert!(Instant::now() < patience, "it goes on without its terminal");
    }
    let listed = left.run(&["executions"]).exits(0).text();
    assert!(listed.contains(" cancelled"), "{listed}");
    assert!(!runs(&pid), "the program of the step runs on");
}
