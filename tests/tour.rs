//! `docs/tour.md` and `docs/operating.md`, followed word for word in empty folders.
//!
//! A fence below a line that ends with a name such as `` `main.ord`: `` is written to that file. A fence `console` holds
//! commands and what they print. Where `TOUR_UPDATE` is set, the page is written anew with what they really print.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::ordain::shell;
use crate::skipping::skipped;

/// Where the page's reader is.
const HOME: &str = "/home/ana";

/// What a line of the page is.
enum Line<'a> {
    /// Anything that is shown as it is.
    Text(&'a str),
    /// A fence that is written to a file, with its content.
    File { name: &'a str, content: String },
    /// A command, and what the page says it prints.
    Command { line: &'a str, printed: String },
}

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// The name at the end of `Write this to `main.ord`:`.
fn file_name(line: &str) -> Option<&str> {
    let name = line.strip_suffix("`:")?.rsplit('`').next()?;
    name.contains('.').then_some(name)
}

fn lines(page: &str) -> Vec<Line<'_>> {
    let fences = page.lines().filter(|line| line.starts_with("```")).count();
    assert!(fences.is_multiple_of(2), "a fence is never closed");
    let (mut found, mut above, mut lines) = (Vec::new(), "", page.lines());
    while let Some(line) = lines.next() {
        found.push(Line::Text(line));
        let Some(info) = line.strip_prefix("```") else {
            if !line.is_empty() {
                above = line;
            }
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match file_name(above) {
            _ if info == "console" => body.iter().for_each(|text| match (text.strip_prefix("$ "), found.last_mut()) {
                (Some(line), _) => found.push(Line::Command { line, printed: String::new() }),
                (None, Some(Line::Command { printed, .. })) => *printed += &format!("{text}\n"),
                (None, _) => panic!("output without a command: {text}"),
            }),
            Some(name) => {
                found.push(Line::File { name, content: body.iter().map(|line| format!("{line}\n")).collect() })
            }
            None => found.extend(body.into_iter().map(Line::Text)),
        }
        found.push(Line::Text("```"));
        above = "";
    }
    found
}

/// Output without what differs between two runs: how long things took, and which execution it was.
fn comparable(output: &str) -> Vec<String> {
    let line = |line: &str| {
        let words: Vec<&str> = line.trim_end().split(' ').collect();
        let word = |at: usize| match (words[at].trim_matches(['`', ',']), words.get(at + 1)) {
            (number, Some(&("ms" | "s" | "ms," | "s,"))) if number.parse::<f64>().is_ok() => "N",
            ("ms" | "s", _) => "T",
            (id, _) if id.len() == 36 && id.matches('-').count() == 4 => "ID",
            (journal, _) if journal.ends_with("/.ordain/journal.db") => "JOURNAL",
            (hash, _) if hash.starts_with("sha256:") => "HASH",
            (key, _) if key.starts_with("ed25519:") => "KEY",
            (day, _) if day.len() == 10 && is_like(day, "####-##-##") => "DAY",
            (time, _) if is_like(time, "##:##:##Z") || is_moment(time) => "TIME",
            _ => words[at],
        };
        (0..words.len()).map(word).collect::<Vec<_>>().join(" ")
    };
    output.lines().map(line).collect()
}

/// Whether a word is written so, where `#` is any digit.
fn is_like(word: &str, form: &str) -> bool {
    let like = |(found, wanted): (char, char)| if wanted == '#' { found.is_ascii_digit() } else { found == wanted };
    word.len() == form.len() && word.chars().zip(form.chars()).all(like)
}

/// Whether a word is a moment in UTC, with as many decimals as it has.
fn is_moment(word: &str) -> bool {
    let whole = word.strip_suffix('Z').map(|word| word.split_once('.').unwrap_or((word, "0")));
    whole.is_some_and(|(seconds, decimals)| {
        is_like(seconds, "####-##-##T##:##:##") && decimals.chars().all(|decimal| decimal.is_ascii_digit())
    })
}

#[test]
fn the_tour_works_as_written() {
    follow("tour.md", 20);
}

#[test]
fn the_chapter_for_operators_works_as_written() {
    follow("operating.md", 20);
}

/// Follows a page, which has so many commands at least.
fn follow(name: &str, least: usize) {
    if shell(".", "git --version").run([""; 0]).code != Some(0) {
        skipped("there is no git here, and the pages need one");
        return;
    }
    let page = std::fs::read_to_string(self::page(name)).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().canonicalize().unwrap();
    let mut folder = root.clone();
    let (mut followed, mut commands, mut problems) = (String::new(), 0, String::new());
    for line in lines(&page) {
        match line {
            Line::Text(text) => followed += &format!("{text}\n"),
            Line::File { name, content } => {
                std::fs::write(folder.join(name), &content).unwrap();
                followed += &content;
            }
            Line::Command { line, printed } => {
                commands += 1;
                let really = match line.strip_prefix("cd ") {
                    Some(to) => {
                        folder.push(to);
                        String::new()
                    }
                    None => {
                        // Who commits, whatever the machine knows of that.
                        let names = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"];
                        let mails = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
                        let command =
                            shell(&folder, &format!("{{ {line}; }} 2>&1")).env("GIT_CONFIG_GLOBAL", "/dev/null");
                        let command = names.into_iter().fold(command, |command, name| command.env(name, "Ana"));
                        let command =
                            mails.into_iter().fold(command, |command, name| command.env(name, "ana@example.com"));
                        command.run([""; 0]).text()
                    }
                };
                let really = really.replace(root.to_str().unwrap(), HOME);
                if comparable(&really) != comparable(&printed) {
                    writeln!(problems, "$ {line}\n--- the page says\n{printed}--- it prints\n{really}").unwrap();
                }
                write!(followed, "$ {line}\n{really}").unwrap();
                if !really.is_empty() && !really.ends_with('\n') {
                    followed.push('\n');
                }
            }
        }
    }
    assert!(commands > least, "the page is gone: it has {commands} commands");
    if std::env::var_os("TOUR_UPDATE").is_some() {
        std::fs::write(self::page(name), followed).unwrap();
    } else {
        assert!(problems.is_empty(), "TOUR_UPDATE=1 writes the page anew; read what changed.\n{problems}");
        assert_eq!(lines(&page).len(), lines(&followed).len(), "the page is not read as it is written");
    }
}
