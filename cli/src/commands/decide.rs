//! `ordain approve`, `ordain reject` and `ordain revoke`.

use std::io::{self, IsTerminal as _};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ordain_graph::Value;
use ordain_runtime::{DecideError, Decision, Journal, Request, decide, inquire};
use serde_json::json;

use super::apply::{confirmed, journal, workspace};
use super::executions::{choose, warn_of_other_approvers};
use super::key;
use crate::args::{DecideArguments, SayArguments};
use crate::output::approvals::{Commands, told};
use crate::{Failure, Outcome, output};

pub(crate) fn approve(arguments: &DecideArguments) -> Result<Outcome, Failure> {
    run(Decision::Approve, &arguments.say, arguments.until.as_deref(), !arguments.yes)
}

pub(crate) fn reject(arguments: &DecideArguments) -> Result<Outcome, Failure> {
    run(Decision::Reject, &arguments.say, arguments.until.as_deref(), !arguments.yes)
}

pub(crate) fn revoke(arguments: &SayArguments) -> Result<Outcome, Failure> {
    run(Decision::Revoke, arguments, None, false)
}

fn run(decision: Decision, arguments: &SayArguments, until: Option<&str>, ask: bool) -> Result<Outcome, Failure> {
    let now = Timestamp::now();
    let until = until.map(|until| moment(until, now)).transpose()?;
    let path = journal(&workspace(&arguments.package)?, arguments.journal.as_deref());
    let journal = Journal::open_existing(&path)?;
    let executions = journal.executions()?;
    let chosen = choose(&executions, &arguments.execution)?;
    if let Some(record) = journal.execution(&chosen.id)? {
        warn_of_other_approvers(&record, &arguments.package);
    }
    let key = key::load(&key::path(arguments.key.as_deref())?)?;
    // A script knows what it does; whoever types it sees what it is about first.
    if ask && !arguments.json && io::stdin().is_terminal() {
        if let Some(plan) = journal.plan(&chosen.plan_hash)? {
            anstream::eprint!("{}", ordain_views::tree_head(&plan, &output::terminal(true)));
        }
        let asked = inquire(&journal, &chosen.id, now.as_millisecond())?.unwrap_or_default();
        anstream::eprint!("{}", output::approvals::asked(&asked.standings, &arguments.policies));
        let verb = if decision == Decision::Approve { "approve" } else { "reject" };
        let policies: Vec<_> = arguments.policies.iter().map(|policy| output::line(policy)).collect();
        if !confirmed(&format!("Sign that you {verb} {}?", policies.join(", ")))? {
            return Err(Failure("nothing was signed".into()));
        }
    }
    let request = Request {
        decision,
        policies: arguments.policies.iter().map(Into::into).collect(),
        identity: arguments.identity.as_ref().map(Into::into),
        reason: arguments.reason.as_ref().map(Into::into),
        until,
    };
    let decided = decide(&path, &chosen.id, &request, &key, now.as_millisecond())
        .map_err(|error| refused(&error, &chosen.id, arguments))?;
    if arguments.json {
        output::json(&json!({
            "execution": chosen.id,
            "identity": decided.identity,
            "statements": decided.statements,
            "approvals": decided.standings,
        }))?;
        return Ok(Outcome::Fine);
    }
    let does = match decision {
        Decision::Approve => "approves",
        Decision::Reject => "rejects",
        Decision::Revoke => "takes back what they said to",
    };
    let mut text = String::new();
    for statement in &decided.statements {
        text += &format!("{} {does} {}\n", output::line(&decided.identity), output::line(&statement.policy));
    }
    let commands =
        Commands { execution: &chosen.id, package: &arguments.package, journal: arguments.journal.as_deref() };
    text += &told(&decided.standings, &commands);
    output::write(None, text.as_bytes())?;
    Ok(Outcome::Fine)
}

/// Why it was not written down, and what helps.
fn refused(error: &DecideError, execution: &str, arguments: &SayArguments) -> Failure {
    let help = match error {
        DecideError::UnknownKey { .. } => {
            "; add it to `approvers.toml`, have that reviewed, and begin a new execution".to_owned()
        }
        DecideError::Impostor { .. } => "; `--key` says which key to sign with".into(),
        DecideError::NoApprovers { .. } => "; write `approvers.toml`, and begin a new execution".into(),
        DecideError::Rejected { policy, .. } => {
            let commands = Commands { execution, package: &arguments.package, journal: arguments.journal.as_deref() };
            format!("; `{}` takes it back", commands.say("revoke", policy))
        }
        _ => String::new(),
    };
    Failure(format!("{}{help}", output::line(&error.to_string())))
}

/// The moment at which something ends, in milliseconds since 1970-01-01 UTC.
fn moment(text: &str, now: Timestamp) -> Result<i64, Failure> {
    let wrong = || {
        let text = output::line(text);
        Failure(format!(
            "`{text}` is no day such as 2027-03-01, moment such as 2027-03-01T12:00:00Z, or duration such as 8h"
        ))
    };
    match (Value::parse_date(text), Value::parse_duration(text)) {
        (Some(Value::Date(day)), _) => {
            let number = |number: u16| i16::try_from(number).ok();
            let (year, month, day) = (number(day.year), i8::try_from(day.month).ok(), i8::try_from(day.day).ok());
            let (Some(year), Some(month), Some(day)) = (year, month, day) else { return Err(wrong()) };
            let after = Date::new(year, month, day)?.tomorrow()?;
            Ok(after.to_zoned(TimeZone::UTC)?.timestamp().as_millisecond())
        }
        (_, Some(Value::Duration(duration))) => {
            let end = i64::try_from(duration).ok().and_then(|duration| now.as_millisecond().checked_add(duration));
            end.ok_or_else(wrong)
        }
        _ => text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_three_ways() {
        let now: Timestamp = "2027-03-01T12:00:00Z".parse().unwrap();
        let end = |text: &str| moment(text, now).map_err(|failure| failure.0);
        let at = |text: &str| Ok(text.parse::<Timestamp>().unwrap().as_millisecond());
        assert_eq!(end("2027-03-01"), at("2027-03-02T00:00:00Z"));
        assert_eq!(end("2027-12-31"), at("2028-01-01T00:00:00Z"));
        assert_eq!(end("2027-03-01T13:00:00+01:00"), at("2027-03-01T12:00:00Z"));
        assert_eq!(end("1h30m"), at("2027-03-01T13:30:00Z"));
        for wrong in ["", "tomorrow", "8", "h", "2027-02-30", "9999-12-31", "-1h", "99999999999999999999w", "8h\n"] {
            assert!(end(wrong).is_err(), "{wrong}");
        }
    }
}
