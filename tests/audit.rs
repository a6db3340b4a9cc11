//! The log of a journal as people look at it: traced, replayed, verified, signed; on disks that cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::ordain::shell;
use crate::package::Package;
use crate::skipping::skipped;

/// A step that is tried again, a policy that waits for what it prints, a step that this policy denies, and undoing.
const SOURCE: &str = r#"
use std.command.{builtin.command, command}
use std.file.{builtin.file, file}

type Place = {}

environment here: Place {
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

policy no_release_of_drafts {
  code "TST-001" severity high
  on step in env: Place
  when step.capability == "file.write" && step.input.content == "draft"
  deny "a draft is no release"
}

plan release(word: String, env: Place = here) {
  let said = command.run { argv: ["echo", "-n", word] }
  let again = command.run { argv: ["sh", "-c", "test -e tried || ! touch tried"] } retry 2 times
  file.write { path: "released.txt", content: said.stdout } after again
  on failure undo
}

/// Ends whoever executes it, at once.
plan crash(env: Place = here) {
  command.run { argv: ["sh", "-c", "kill -9 $PPID"] }
}
"#;

fn released(word: &str) -> Package {
    let package = Package::of(SOURCE);
    let run = package.run(&["apply", "release", "--yes", "--arg", &format!("word={word}")]);
    assert_eq!(run.code, Some(i32::from(word == "draft")), "{run}");
    package
}

#[test]
fn a_timeline_tells_when_what_happened_and_why() {
    let package = released("draft");
    let text = package.run(&["trace"]).exits(0).text();
    for part in [
        "test.main.release  partly_undone after ",
        "again",
        "not undone, try 2",
        "TST-001 denies it: `",
        "` holds with said.stdout = \"draft\"",
        "policy_denied: TST-001 denies it: a draft is no release",
        "undo: unavailable",
        "running",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour where nobody sees it\n{text}");
    let json = package.run(&["trace", "--json"]).exits(0).json();
    assert_eq!(json["execution"]["state"], "partly_undone");
    let steps = json["trace"]["steps"].as_array().unwrap();
    let again = steps.iter().find(|step| step["address"] == "again").unwrap();
    assert_eq!(again["tries"].as_array().unwrap().len(), 2, "{again}");
    package.run(&["trace", "none"]).exits(2).says("the journal has no execution `none`");
    Package::empty().run(&["trace"]).exits(2).says("there is no journal");
}

#[test]
fn the_page_needs_nothing_and_hides_nothing() {
    let package = released("<script>alert(1)</script>");
    package.run(&["trace", "--format", "html", "--output", "trace.html"]).exits(0);
    let page = package.read("trace.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Content-Security-Policy"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"), "it loads something");
    for part in ["<caption>", "scope=\"row\"", "role=\"img\" aria-label=\"again: ", "test.main.release", "succeeded"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(package.run(&["trace", "--format", "html"]).exits(0).text().ends_with("</html>\n"));
}

#[test]
fn events_are_lines_of_json() {
    let package = released("final");
    let text = package.run(&["trace", "--format", "cloudevents"]).exits(0).text();
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types[..2], ["ordain.plan.compiled", "ordain.execution.started"]);
    assert_eq!(types.last(), Some(&"ordain.execution.completed"));
    assert!(types.contains(&"ordain.policy.decided") && types.contains(&"ordain.execution.step.retried"), "{types:?}");
    for event in &events {
        assert_eq!((&event["specversion"], &event["source"]), (&"1.0".into(), &events[0]["source"]), "{event}");
    }
}

#[test]
fn an_execution_replays_to_the_same_end() {
    for (word, state) in [("final", "succeeded"), ("draft", "partly_undone")] {
        let package = released(word);
        let text = package.run(&["replay"]).exits(0).text();
        assert!(text.contains(&format!("come to the same: {state}")), "{text}");
        let json = package.run(&["replay", "--json"]).exits(0).json();
        assert_eq!((&json["same"], &json["replay"]["state"]), (&true.into(), &state.into()), "{json}");
    }
}

#[test]
fn the_log_is_verified_against_what_is_kept_elsewhere() {
    let package = released("final");
    let home = package.file("home").display().to_string();
    let ordain = || package.ordain().env("HOME", &home);
    let text = package.run(&["audit", "verify"]).exits(0).text();
    assert!(text.contains("rows follow from each other") && text.contains("kept elsewhere only"), "{text}");
    ordain().run(["audit", "checkpoint", "--out", "c.json"]).exits(2).says("`ordain key new` makes one");
    let public = ordain().run(["key", "new"]).exits(0).text().trim().to_owned();
    ordain().run(["audit", "checkpoint", "--out", "c.json"]).exits(0);
    let earlier = fs::read(package.file(".ordain/journal.db")).unwrap();
    let kept = package.run(&["audit", "verify", "--checkpoint", "c.json", "--key", &public]).exits(0).text();
    assert!(kept.contains(&format!("signed by {public}")), "{kept}");

    // What is done afterwards does not matter.
    package.run(&["apply", "release", "--yes", "--arg", "word=more"]).exits(0);
    package.run(&["audit", "verify", "--checkpoint", "c.json"]).exits(0);
    ordain().run(["audit", "checkpoint", "--out", "later.json"]).exits(0);

    // The journal as it was before is sound, but for whoever knows better.
    fs::write(package.file(".ordain/journal.db"), earlier).unwrap();
    package.run(&["audit", "verify"]).exits(0);
    package.run(&["audit", "verify", "--checkpoint", "c.json"]).exits(0);
    let cut = package.run(&["audit", "verify", "--checkpoint", "later.json"]).exits(1).text();
    assert!(cut.contains("gone since the checkpoint was made"), "{cut}");
    let json = package.run(&["audit", "verify", "--checkpoint", "later.json", "--json"]).exits(1).json();
    assert_eq!(json["sound"], false);

    // Checkpoints of others, of other journals, and none at all.
    let other = released("final");
    let elsewhere = package.file("c.json").display().to_string();
    let refused = other.run(&["audit", "verify", "--checkpoint", &elsewhere]).exits(1).text();
    assert!(refused.contains("the checkpoint is of the journal"), "{refused}");
    let stranger = ordain().run(["key", "new", "stranger.pem"]).exits(0).text().trim().to_owned();
    package.run(&["audit", "verify", "--checkpoint", "c.json", "--key", &stranger]).exits(2).says("none of the keys");
    let text = package.read("c.json").replace("\"keyid\"", "\"keyId\"");
    package.write("c.json", text);
    package.run(&["audit", "verify", "--checkpoint", "c.json"]).exits(2).says("it is not a checkpoint");
    package.run(&["audit", "verify", "--checkpoint", "none.json"]).exits(2).says("cannot be read");
}

#[test]
fn the_end_is_signed_in_the_log_where_a_key_is_named() {
    let package = Package::of(SOURCE);
    let public = package.run(&["key", "new", "log.pem"]).exits(0).text();
    let with = |arguments: &[&str]| package.ordain().env("ORDAIN_CHECKPOINT_KEY", "log.pem").run(arguments);
    with(&["apply", "release", "--yes", "--arg", "word=a"]).exits(0);
    let text = package.run(&["audit", "verify"]).exits(0).text();
    assert!(text.contains(&format!("signed in the log by {public}")), "{text}");
    package.run(&["replay"]).exits(0);
    let none = ["apply", "release", "--yes", "--arg", "word=b", "--checkpoint-key", "none.pem"];
    package.run(&none).exits(2).says("there is no key at `none.pem`");
    assert_eq!(package.run(&["executions", "--json"]).json()["executions"].as_array().unwrap().len(), 1);
}

#[test]
fn a_log_that_was_changed_is_told() {
    let package = released("final");
    let journal = package.file(".ordain/journal.db");
    let mut bytes = fs::read(&journal).unwrap();
    let word = b"\"stdout\":\"final\"";
    let at = bytes.windows(word.len()).position(|part| part == word).unwrap();
    bytes[at + 10..at + 15].copy_from_slice(b"fatal");
    fs::write(&journal, bytes).unwrap();
    let told = package.run(&["audit", "verify"]).exits(1).text();
    assert!(told.starts_with("row ") && told.contains("not what was written"), "{told}");
    for command in ["trace", "replay"] {
        package.run(&[command]).exits(2).says("is damaged: row ");
    }
    package.run(&["executions"]).exits(0);
}

/// As somebody who may not write there, or for the one who may write everywhere, as nobody.
#[test]
fn a_disk_that_cannot_be_written_is_read() {
    let everything = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let nobody = if everything { "setpriv --reuid=65534 --regid=65534 --clear-groups " } else { "" };
    let mode = |package: &Package, file: &str, mode: u32| {
        fs::set_permissions(package.file(file), fs::Permissions::from_mode(mode)).unwrap();
    };
    for left_behind in [false, true] {
        let package = released("final");
        let folder = package.file(".ordain");
        if left_behind {
            // As a process leaves it that is killed: what it wrote last is in the log of SQLite.
            shell(package.path(), "ordain apply crash --yes || true").run([""; 0]);
            assert!(fs::metadata(folder.join("journal.db-wal")).unwrap().len() > 0);
            let _ = fs::remove_file(folder.join("journal.db-shm"));
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name();
            mode(&package, &format!(".ordain/{}", name.to_string_lossy()), 0o444);
        }
        mode(&package, ".ordain", 0o555);
        mode(&package, "", 0o755);
        for command in ["executions", "trace", "replay", "audit verify"] {
            let run = shell(package.path(), &format!("{nobody}ordain {command}")).run([""; 0]);
            if everything && matches!(run.code, Some(126 | 127)) {
                skipped("this user may write everywhere, and cannot become another");
                return;
            }
            let text = run.exits(0).text();
            // It sees what was written last, too.
            assert!(!left_behind || command != "executions" || text.contains("interrupted"), "{text}");
        }
        let apply = format!("{nobody}ordain apply release --yes --arg word=x");
        shell(package.path(), &apply).run([""; 0]).exits(2).says("journal");
        mode(&package, ".ordain", 0o755);
    }
}

/// A step that interrupts its own interpreter, as a keyboard does, and would never end by itself.
const INTERRUPTED: &str = r#"
use std.command.{builtin.command, command}

type Place = {}

environment here: Place { bind command.run to builtin.command }

plan waits(env: Place = here) {
  let first = command.run { argv: ["sh", "-c", "kill -INT $PPID; exec tail -f /dev/null"] }
  command.run { argv: ["true"] } after first
}
"#;

#[test]
fn an_interrupt_from_the_keyboard_stands_in_the_log() {
    let package = Package::of(INTERRUPTED);
    package.run(&["apply", "--yes"]).exits(1).says("cancelled");
    let events = package.run(&["trace", "--format", "cloudevents"]).exits(0).text();
    let asked = events.lines().find(|line| line.contains("ordain.execution.cancel_requested"));
    let asked: serde_json::Value = serde_json::from_str(asked.unwrap_or_else(|| panic!("{events}"))).unwrap();
    assert_eq!(asked["data"]["by"], "interpreter");
    let before = events.lines().take_while(|line| !line.contains("cancel_requested")).collect::<String>();
    assert!(!before.contains("step.failed") && !before.contains("step.skipped"), "{events}");
    package.run(&["replay"]).exits(0);
    package.run(&["audit", "verify"]).exits(0);
}
