//! Signals end an execution in good order: no program of a step outlives the command.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};

use crate::ordain::shell;
use crate::package::{Package, Pipes};

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
        let package = package("echo $$ > begun; exec sleep 600");
        let mut running = package.ordain().spawned(["apply", "--yes"]);
        let pid = program(&package, &mut running);
        send(signal, &running.id().to_string());
        assert_eq!(running.wait().unwrap().code(), Some(1), "{signal}");
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
    assert_eq!(running.wait().unwrap().code(), Some(1));
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
    assert!(matches!(running.wait().unwrap().code(), Some(1 | 130)));
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
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert!(waiting.file("never").exists());

    let there = shell(waiting.path(), "script -qec true /dev/null").run([""; 0]);
    if there.code != Some(0) {
        crate::skipping::skipped("there is no `script` here that makes a terminal");
        return;
    }
    let left = package("echo $$ > begun; exec sleep 600");
    let mut terminal = shell(left.path(), "exec script -qec 'ordain apply --yes' /dev/null").spawned([""; 0]);
    let pid = program(&left, &mut terminal);
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    while left.run(&["executions", "--json"]).exits(0).json()["executions"][0]["state"] == "running" {
        std::thread::yield_now();
    }
    let listed = left.run(&["executions"]).exits(0).text();
    assert!(listed.contains(" cancelled"), "{listed}");
    assert!(!runs(&pid), "the program of the step runs on");
}
