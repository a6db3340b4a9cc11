//! What people are asked, what they have said, and the commands with which they say it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use ordain_runtime::{Given, Standing};
use owo_colors::OwoColorize as _;

use super::line;

/// How many names are shown of many.
const MOST_NAMES: usize = 5;

/// The commands for an execution, with the options that lead there.
pub(crate) struct Commands<'a> {
    pub(crate) execution: &'a str,
    pub(crate) package: &'a Path,
    pub(crate) journal: Option<&'a Path>,
}

impl Commands<'_> {
    fn options(&self) -> String {
        let mut text = String::new();
        if self.package != Path::new(".") {
            text += &format!(" --package {}", word(&self.package.display().to_string()));
        }
        if let Some(journal) = self.journal {
            text += &format!(" --journal {}", word(&journal.display().to_string()));
        }
        text
    }

    /// What says something to a policy.
    pub(crate) fn say(&self, what: &str, policy: &str) -> String {
        format!("ordain {what} {} --policy {}{}", word(self.execution), word(policy), self.options())
    }

    /// What goes on with it.
    pub(crate) fn resume(&self) -> String {
        format!("ordain resume {}{}", word(self.execution), self.options())
    }
}

/// A word as a shell takes it. What would steer a terminal cannot stand in a command that is shown.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    match line(text) {
        text if !text.is_empty() && text.chars().all(plain) => text.into_owned(),
        text => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// What some policies ask, and what became of it so far.
pub(crate) fn asked(standings: &[Standing], policies: &[String]) -> String {
    let mut text = String::new();
    for standing in standings.iter().filter(|standing| policies.iter().any(|policy| *policy == standing.demand.policy))
    {
        one(&mut text, standing);
    }
    text
}

/// Everything that is asked, what is missing, and how to give it.
pub(crate) fn told(standings: &[Standing], commands: &Commands<'_>) -> String {
    let mut text = String::new();
    for standing in standings {
        one(&mut text, standing);
    }
    let asks = |standing: &&Standing| !standing.demand.pending;
    let open: BTreeSet<&str> = standings
        .iter()
        .filter(asks)
        .filter(|standing| standing.missing > 0)
        .map(|standing| standing.demand.policy.as_str())
        .collect();
    let rejected: BTreeSet<&str> = standings
        .iter()
        .filter(|standing| !standing.rejected.is_empty())
        .map(|standing| standing.demand.policy.as_str())
        .collect();
    // INVARIANT: writing to a string never fails.
    for policy in &open {
        let _ = writeln!(text, "each of them says so with `{}`", commands.say("approve", policy));
    }
    for policy in &rejected {
        let _ = writeln!(text, "who rejected takes it back with `{}`", commands.say("revoke", policy));
    }
    if standings.iter().any(|standing| asks(&standing)) {
        let after = if open.is_empty() && rejected.is_empty() { "nothing is missing: " } else { "then " };
        let _ = writeln!(text, "{after}`{}` goes on with it", commands.resume());
    }
    text
}

fn one(text: &mut String, standing: &Standing) {
    let Standing { demand, given, rejected, missing, .. } = standing;
    let sign = match () {
        () if !rejected.is_empty() => "✗".red().to_string(),
        () if demand.pending => "?".dimmed().to_string(),
        () if *missing == 0 => "✓".green().to_string(),
        () => "·".yellow().to_string(),
    };
    let (policy, group) = (line(&demand.policy), line(&demand.group));
    let mut parts = Vec::new();
    if demand.pending {
        parts.push("asks only if what steps give makes it".to_owned());
    }
    if !given.is_empty() {
        parts.push(format!("{} agreed", names(given.iter().map(|given| given.identity.as_str()))));
    }
    if *missing > 0 {
        let said: BTreeSet<&str> = given.iter().map(|given| given.identity.as_str()).collect();
        let left = demand.members.iter().map(|member| member.as_str()).filter(|member| !said.contains(member));
        parts.push(format!("{missing} more of {}", names(left)));
    }
    // INVARIANT: writing to a string never fails.
    let _ =
        writeln!(text, "{sign} {policy} asks for the approval of {} of `{group}`: {}", demand.count, parts.join("; "));
    for Given { identity, reason, .. } in rejected {
        let reason = reason.as_ref().map(|reason| format!(": {}", line(reason))).unwrap_or_default();
        let _ = writeln!(text, "    rejected by {}{reason}", line(identity));
    }
    if let Some(because) = &demand.because {
        let _ = writeln!(text, "    {}", format!("because {}", line(because)).dimmed());
    }
    if !demand.about.is_empty() {
        let about = names(demand.about.iter().map(|address| address.as_str()));
        let _ = writeln!(text, "    {}", format!("before {about}").dimmed());
    }
}

/// Names with commas, the first few of many.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(line).collect();
    match names.len().checked_sub(MOST_NAMES) {
        None | Some(0) if names.is_empty() => "nobody".into(),
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MOST_NAMES].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_copied_whatever_stands_in_them() {
        let journal = Path::new("it's mine.db");
        let commands = Commands { execution: "01a1-ff", package: Path::new("."), journal: Some(journal) };
        let shown = commands.say("approve", "GOV-101; rm -rf \u{1b}[2J$(x)");
        let expected = r"ordain approve 01a1-ff --policy 'GOV-101; rm -rf �[2J$(x)' --journal 'it'\''s mine.db'";
        assert_eq!(shown, expected);
    }
}
