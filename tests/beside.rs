//! What runs at the same time: commands in one environment, steps of one execution. And who is asked before any of it.

use std::fs;
use std::time::{Duration, Instant};

use crate::ordain::shell;
use crate::package::{Package, Pipes};
use crate::skipping::skipped;

/// A package whose plan runs a line for the shell once for each name in a list, which the line finds in `NAME`.
fn package(names: &str, line: &str) -> Package {
    let source = r#"
use std.command.{builtin.command, command}

type Place = {}

environment here: Place { bind command.run to builtin.command }

plan lines(env: Place = here) {
  for name in [NAMES] {
    command.run { argv: ["sh", "-c", "LINE"], env: { "NAME": name } }
  }
}
"#;
    Package::of(source.replace("NAMES", names).replace("LINE", line))
}

#[test]
fn a_second_execution_in_an_environment_is_refused() {
    let package = package("\"one\"", "echo $NAME >> log; echo begun > begun; cat go");
    let pipes = Pipes::of(&package);
    let mut first = package.ordain().spawned(["apply", "--yes"]);
    pipes.wait();
    package.run(&["apply", "--yes"]).exits(2).says("[environment_busy]");
    let told = package.run(&["apply", "--yes", "--json"]).exits(2).json();
    assert_eq!(told["reason"], "environment_busy", "{told}");
    // Both have to say that they may run beside others.
    package.run(&["apply", "--yes", "--concurrent"]).exits(2).says("[environment_busy]");
    pipes.release();
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(package.read("log"), "one\n");
    let listed = package.run(&["executions", "--json"]).exits(0).json();
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1, "{listed}");
}

#[test]
fn a_second_resume_is_refused_and_does_no_harm() {
    let line =
        "if test -e crashed; then echo $NAME >> log; echo begun > begun; cat go; else touch crashed; kill -9 $PPID; fi";
    let package = package("\"one\"", line);
    let pipes = Pipes::of(&package);
    package.ordain().spawned(["apply", "--yes"]).wait().unwrap();
    let mut first = package.ordain().spawned(["resume"]);
    pipes.wait();
    package.run(&["resume", "latest"]).exits(2).says("[journal_busy]");
    package.run(&["resume", "latest", "--concurrent"]).exits(2).says("[journal_busy]");
    pipes.release();
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(package.read("log"), "one\n");
    let record = package.run(&["executions", "latest", "--json"]).exits(0).json();
    assert_eq!(record["state"], "succeeded", "{record}");
}

#[test]
fn no_more_steps_run_at_once_than_limits_allow() {
    // Each says how many run, itself included, and stays until so many have begun that the limit must be reached.
    let line = "mkdir running/$NAME; ls running | wc -l >> seen; touch begun/$NAME; \
                until test $(ls begun | wc -l) -ge $(cat enough); do :; done; rmdir running/$NAME";
    let names = "\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"";
    for (limits, most) in [
        (&["--parallel", "4"][..], 4),
        (&["--parallel", "2"], 2),
        (&["--parallel", "4", "--limit", "command.run=2"], 2),
        (&["--parallel", "4", "--limit", "test.main.here=3"], 3),
        (&["--parallel", "4", "--limit", "command.run=1", "--limit", "test.main.here=3"], 1),
    ] {
        let package = package(names, line);
        fs::create_dir(package.file("running")).unwrap();
        fs::create_dir(package.file("begun")).unwrap();
        package.write("enough", most.to_string());
        let arguments = [&["apply", "--yes"], limits].concat();
        package.run(&arguments).exits(0);
        let seen: Vec<u32> = package.read("seen").lines().map(|line| line.trim().parse().unwrap()).collect();
        assert_eq!((seen.len(), seen.iter().max()), (8, Some(&most)), "{limits:?}: {seen:?}");
    }
    let package = package("\"a\"", "true");
    package.run(&["apply", "--yes", "--limit", "nothing=1"]).exits(2).says("[limit_unknown]");
}

#[test]
fn a_terminal_shows_what_runs_in_which_stage_and_for_how_long() {
    let source = r#"
use std.command.{builtin.command, command}

type Place = {}

environment here: Place { bind command.run to builtin.command }

plan two(env: Place = here) {
  stage first {
    let hold = command.run { argv: ["sh", "-c", "echo begun > begun; cat go"] }
  }
  command.run { argv: ["true"] } after first
}
"#;
    let package = Package::of(source);
    if shell(package.path(), "script -qec true /dev/null").run([""; 0]).code != Some(0) {
        skipped("there is no `script` here that makes a terminal");
        return;
    }
    let pipes = Pipes::of(&package);
    let line = "stty cols 100; exec ordain apply --yes";
    let mut held = shell(package.path(), "script -qefc \"$0\" shown").env("TERM", "xterm").spawned([line]);
    pipes.wait();
    let shown = || fs::read_to_string(package.file("shown")).unwrap_or_default();
    let patience = Instant::now() + Duration::from_secs(60);
    while !shown().contains(" s first: hold ") && Instant::now() < patience {
        std::thread::yield_now();
    }
    pipes.release();
    assert_eq!(held.wait().unwrap().code(), Some(0));
    for text in ["0/2 ", " s first: hold ", "first/hold", "succeeded"] {
        assert!(shown().contains(text), "no `{text}` in {}", shown());
    }
}

#[test]
fn on_a_terminal_it_is_asked_before_anything_happens() {
    let package = package("\"one\"", "echo $NAME >> log");
    if shell(package.path(), "script -qec true /dev/null").run([""; 0]).code != Some(0) {
        skipped("there is no `script` here that makes a terminal");
        return;
    }
    let answer = |answer: &str| {
        let line = format!("printf '{answer}\\n' | script -qec 'ordain apply' /dev/null");
        shell(package.path(), &line).run([""; 0])
    };
    for no in ["no", "", "yeah"] {
        let run = answer(no);
        for shown in ["test.main.lines", "sha256:", "Execute this plan? Type yes:", "not executed"] {
            assert!(run.text().contains(shown), "no `{shown}` in {run}");
        }
        assert!(!package.file("log").exists() && !package.file(".ordain").exists(), "{run}");
    }
    let run = answer("yes");
    assert!(run.text().contains("succeeded: 1 done"), "{run}");
    assert_eq!(package.read("log"), "one\n");
}
