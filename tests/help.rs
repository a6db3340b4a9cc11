//! Every command says what it does.

use std::collections::BTreeSet;

use crate::ordain::ordain;

/// The commands, as `ordain --help` lists them.
fn commands() -> Vec<String> {
    listed(&ordain(".").run(["--help"]).exits(0).text())
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let listed = help.split("Commands:\n").nth(1).unwrap_or_else(|| panic!("no list of commands in\n{help}"));
    // Names stand two spaces in; descriptions that wrap stand further in.
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn the_list_of_commands_is_complete() {
    let commands = commands();
    for command in [
        "init",
        "check",
        "fmt",
        "fix",
        "plan",
        "diff",
        "explain",
        "doc",
        "eval",
        "apply",
        "test",
        "policy",
        "gate",
        "key",
        "completions",
    ] {
        assert!(commands.iter().any(|known| known == command), "no `{command}` in {commands:?}");
    }
}

#[test]
fn every_command_explains_itself_and_its_options() {
    for command in commands() {
        for form in [vec![command.as_str(), "--help"], vec!["help", command.as_str()]] {
            let help = ordain(".").run(&form).exits(0).text();
            assert!(help.contains(&format!("Usage: ordain {command}")), "{form:?}\n{help}");
            assert!(help.lines().next().is_some_and(|line| line.len() > 10), "{form:?} says nothing\n{help}");
            if let Some(line) = undescribed(&help).first() {
                panic!("{form:?}: nothing is said of `{line}`\n{help}");
            }
        }
    }
}

/// Options and arguments without a description, on their own line or the one below.
fn undescribed(help: &str) -> Vec<&str> {
    let lines: Vec<&str> = help.lines().collect();
    let at = (0..lines.len()).filter(|&at| {
        let line = lines[at].trim_start();
        let names = line.starts_with('-')
            || line.starts_with('<')
            || line.starts_with('[') && !line.starts_with("[default") && !line.starts_with("[possible");
        let described = line.contains("  ")
            || line.contains(": ")
            || lines.get(at + 1).is_some_and(|next| next.starts_with("          "));
        names && !described
    });
    at.map(|at| lines[at]).collect()
}

#[test]
fn the_first_help_tells_the_exit_codes_and_the_version() {
    let help = ordain(".").run(["--help"]).exits(0).text();
    assert!(help.contains("0 fine, 1 findings, 2 usage or I/O"), "{help}");
    let version = ordain(".").run(["--version"]).exits(0).text();
    assert_eq!(version, format!("ordain {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_exist_for_every_common_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = ordain(".").run(["completions", shell]).exits(0).text();
        assert!(script.contains("apply") && script.contains("explain"), "{shell}: {script}");
    }
}

/// The options that every command has, and those that clap adds.
const GLOBAL: [&str; 4] = ["--threads", "--color", "--help", "--version"];

/// The words of a text that begin with `--`.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let options = words
        .filter(|word| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase())));
    options.map(str::to_owned).filter(|option| !GLOBAL.contains(&option.as_str())).collect()
}

#[test]
fn the_reference_tells_the_commands_and_options_there_are() {
    let page = include_str!("../docs/reference/cli.md");
    for option in ["--threads", "--color"] {
        assert!(page.contains(option), "docs/reference/cli.md says nothing of `{option}`");
    }
    let mut problems = String::new();
    for command in commands() {
        let Some((_, section)) = page.split_once(&format!("\n## {command}\n")) else {
            problems += &format!("`{command}` has no section\n");
            continue;
        };
        let told = options(section.split("\n## ").next().unwrap());
        let help = |words: &[&str]| ordain(".").run(words).exits(0).text();
        let own = help(&[command.as_str(), "--help"]);
        // What a command of commands can do is told in its section, too.
        let inner = if own.contains("Commands:\n") { listed(&own) } else { Vec::new() };
        let inner = inner.iter().map(|word| help(&[command.as_str(), word.as_str(), "--help"]));
        let there: BTreeSet<String> = inner
            .chain([own.clone()])
            .flat_map(|help| {
                let lines = help.lines().filter(|line| line.trim_start().starts_with('-'));
                lines.flat_map(options).collect::<Vec<_>>()
            })
            .collect();
        for option in there.difference(&told) {
            problems += &format!("`{command} {option}` is not told\n");
        }
        for option in told.difference(&there) {
            problems += &format!("`{command} {option}` is told, and does not exist\n");
        }
    }
    assert!(problems.is_empty(), "docs/reference/cli.md:\n{problems}");
}
