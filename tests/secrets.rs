//! Commands that are asked for secrets: when, how often, and what becomes of what they say.

use crate::ordain::Run;
use crate::package::Package;

const SOURCE: &str = r#"
use std.command.{builtin.command, command}
use std.file.{builtin.file, file}

environment here: {} {
  bind command.run to builtin.command
  bind file.write to builtin.file
  bind file.remove to builtin.file
}

const key: Secret<String> = secret("shop/key")

plan unlock(env: {} = here) {
  on failure undo
  let made = file.write { path: "made.txt", content: "made" }
  let before = command.run { argv: ["sh", "-c", "test -f made.txt && echo before >> told"] } after made
  let first = command.run { argv: ["sh", "-c", "echo first >> told; echo it is $KEY"], secrets: { "KEY": key } } after before
  command.run { argv: ["sh", "-c", "echo second >> told; echo $KEY >&2"], secrets: { "KEY": key } } after first
}
"#;

const KEY: &str = "correct horse";

fn applied(package: &Package, command: &str) -> Run {
    package.ordain().env("ORDAIN_SECRETCOMMAND_SHOP_KEY", command).run(["apply", "--yes", "--logs"])
}

#[test]
fn a_command_is_asked_once_and_when_its_secret_is_needed() {
    let package = Package::of(SOURCE);
    let run = applied(&package, &format!("echo asked >> told; echo {KEY}")).exits(0);
    assert_eq!(package.read("told"), "before\nasked\nfirst\nsecond\n");
    run.says("it is ***").keeps_quiet_about(KEY);
    let journal = std::fs::read(package.file(".ordain/journal.db")).unwrap();
    assert!(!journal.windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()), "in the journal");
}

#[test]
fn a_command_that_does_not_say_it_fails_the_step_and_what_was_done_is_undone() {
    for (command, why) in [("echo asked >> told; exit 3", "status: 3"), ("echo asked >> told; echo abc", "too short")] {
        let package = Package::of(SOURCE);
        applied(&package, command).exits(1).says("secret_unavailable").says("`shop/key` cannot be had").says(why);
        assert_eq!(package.read("told"), "before\nasked\n");
        assert!(!package.file("made.txt").exists());
        // The rules allow for all of that.
        package.run(&["replay"]).exits(0);
    }
}

#[test]
fn what_is_certainly_missing_refuses_the_execution() {
    let set = |package: &Package, variables: &[(&str, &str)]| {
        let command = variables.iter().fold(package.ordain(), |command, (name, value)| command.env(name, value));
        command.run(["apply", "--yes"]).exits(2).says("[secret_missing]");
        assert!(!package.file("made.txt").exists() && !package.file("told").exists());
    };
    let package = Package::of(SOURCE);
    set(&package, &[]);
    set(&package, &[("ORDAIN_SECRET_SHOP_KEY", "abc")]);
    set(&package, &[("ORDAIN_SECRETFILE_SHOP_KEY", "nowhere.txt")]);
    let asking = ("ORDAIN_SECRETCOMMAND_SHOP_KEY", "echo asked >> told; echo long enough");
    set(&package, &[("ORDAIN_SECRET_SHOP_KEY", "long enough"), asking]);
}
