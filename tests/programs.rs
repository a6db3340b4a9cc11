//! What programs that run the command rely on: JSON from every command, and a watch that tells every change.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::package::Package;

#[test]
fn commands_that_write_say_what_in_json() {
    let package = Package::empty();
    let made = package.run(&["init", "new", "--json"]).exits(0).json();
    assert_eq!(made, json!({ "made": ["new/ordain.toml", "new/main.ord"] }));
    package.write("main.ord", "use std.types.{Name,Port}\nconst   port: Port = 80\n");
    let fixed = package.run(&["fix", "--dry-run", "--json"]).exits(1).json();
    assert_eq!(fixed, json!({ "fixes": { "main.ord": 1 }, "written": false }));
    let fixed = package.run(&["fix", "--json"]).exits(0).json();
    assert_eq!(fixed, json!({ "fixes": { "main.ord": 1 }, "written": true }));
    let formatted = package.run(&["fmt", "--check", "--json"]).exits(1).json();
    assert_eq!(formatted, json!({ "files": ["./main.ord"], "written": false }));
    let formatted = package.run(&["fmt", "--json"]).exits(0).json();
    assert_eq!(formatted, json!({ "files": ["./main.ord"], "written": true }));
    assert_eq!(package.read("main.ord"), "use std.types.{Port}\n\nconst port: Port = 80\n");
    let pages = package.run(&["doc", "--format", "markdown", "--json"]).exits(0).json();
    let pages: Vec<&str> = pages["pages"].as_array().unwrap().iter().map(|page| page.as_str().unwrap()).collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert!(pages.iter().all(|page| package.file(page).is_file()), "{pages:?}");
}

#[test]
fn a_watch_tells_every_change() {
    let package = Package::of("const port: Int = 80\n");
    let mut watch = Command::new(env!("CARGO_BIN_EXE_ordain"))
        .args(["check", "--watch", "--format", "short"])
        .current_dir(package.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut found = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut said = BufReader::new(watch.stderr.take().unwrap()).lines();
    let mut line = || said.next().unwrap().unwrap();
    assert_eq!(line(), "no findings in 1 file");
    assert!(line().starts_with("watching "));
    package.write("main.ord", "const port: Int = true\n");
    assert!(found.next().unwrap().unwrap().contains("ORD0301"));
    assert!(line().starts_with("watching "));
    package.write("other.ord", "const other = missing\n");
    let lines = [found.next().unwrap().unwrap(), found.next().unwrap().unwrap()];
    assert!(lines[0].contains("ORD0301") && lines[1].contains("ORD0201"), "{lines:?}");
    assert!(line().starts_with("watching "));
    package.remove("other.ord");
    assert!(found.next().unwrap().unwrap().contains("ORD0301"));
    assert!(line().starts_with("watching "));
    package.write("main.ord", "const port: Int = 8080\n");
    assert_eq!(line(), "no findings in 1 file");
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn tests_are_run_again_after_every_change() {
    let source = "fn twice(n: Int) -> Int = n * 2\n\ntest \"twice\" { expect twice(2) == 4 }\n";
    let package = Package::of(source);
    // What it writes itself is no change.
    let mut watch = Command::new(env!("CARGO_BIN_EXE_ordain"))
        .args(["test", "--watch", "--junit", "junit.xml", "--coverage-html", "coverage"])
        .current_dir(package.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut said = BufReader::new(watch.stderr.take().unwrap()).lines();
    let mut line = || told.next().unwrap().unwrap();
    let mut watching = || while !said.next().unwrap().unwrap().starts_with("watching ") {};
    assert_eq!((line(), line()), ("ok     main: twice".into(), "1 passed, 0 failed, 1 expectation".into()));
    watching();
    package.write("main.ord", source.replace("n * 2", "n * 3"));
    assert_eq!((line(), line()), ("FAILED main: twice".into(), "0 passed, 1 failed, 1 expectation".into()));
    watching();
    package.write("main.ord", source.replace("n * 2", "n * true"));
    watching();
    package.write("main.ord", source);
    assert_eq!((line(), line()), ("ok     main: twice".into(), "1 passed, 0 failed, 1 expectation".into()));
    watching();
    assert!(package.file("coverage/index.html").is_file());
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn removed_imports_leave_no_gap() {
    let cases = [
        ("use std.types.{Name}\n\nconst a = 1\n", "const a = 1\n"),
        ("use std.risk\n\nuse std.types.{Name}\n\n\nconst a = 1\n", "const a = 1\n"),
        ("use std.risk\r\nuse std.types.{Name}\r\n\r\nconst a = 1\r\n", "const a = 1\r\n"),
        ("//! Top.\n\nuse std.types.{Name}\n\nconst a = 1\n", "//! Top.\n\nconst a = 1\n"),
        ("@allow ORD0112 because \"no\"\nuse std.types.{Name}\n\nconst a = 1\n", "const a = 1\n"),
        (
            "use std.types.{Name}\nuse std.types.{Port}\n\nconst a: Port = 1\n",
            "use std.types.{Port}\n\nconst a: Port = 1\n",
        ),
        (
            "use std.types.{Port}\nuse std.types.{Name}\n\nconst a: Port = 1\n",
            "use std.types.{Port}\n\nconst a: Port = 1\n",
        ),
        ("const a = 1\n\nuse std.types.{Name}\n\nconst b = 1\n", "const a = 1\n\nconst b = 1\n"),
    ];
    for (before, after) in cases {
        let package = Package::of(before);
        package.run(&["fix"]).exits(0);
        assert_eq!(package.read("main.ord"), after, "of {before:?}");
    }
}
