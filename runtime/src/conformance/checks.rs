//! Checks of the conversation itself: introductions, and what is no message.

use serde_json::json;

use super::described::{self, Described};
use super::session::{Fault, Session, told};
use super::{Fine, Run};
use crate::adapters::remote::protocol::{self, code};

/// Whether it introduces itself. Nothing else can be tested where it does not.
pub(super) fn introduction(run: &mut Run<'_>) -> Option<Described> {
    run.check("initialize", None, "it chooses version 1 of the protocol", |run| {
        run.session().map(|_| Fine::Passed(()))
    })?;
    let described = run.check("describe", None, "it says what it is", |run| {
        let mut session = run.session()?;
        let first = session.ask("describe", &json!({}))?.map_err(|failure| told(&failure))?;
        let second = session.ask("describe", &json!({}))?.map_err(|failure| told(&failure))?;
        if first != second {
            return Err("it says something else when it is asked again".into());
        }
        described::read(&first).map(Fine::Passed)
    })?;
    run.check("unknown_protocol", None, "it refuses versions of the protocol that it does not know", |run| {
        let mut session = run.silence()?;
        let mut offer = protocol::introduction(16 << 20);
        offer["protocols"] = json!([4_000_000]);
        fails(&mut session, "initialize", &offer, &[code::NO_COMMON_PROTOCOL])?;
        Ok(Fine::Passed(()))
    });
    Some(described)
}

/// What is no message it knows.
pub(super) fn messages(run: &mut Run<'_>) {
    run.talk("unknown_method", "it refuses methods that it does not know", |session| {
        fails(session, "ordain/no_such_method", &json!({}), &[code::METHOD_NOT_FOUND])
    });
    run.talk("parse_error", "it complains about what is no JSON, and goes on", |session| {
        session.send(b"{\"jsonrpc\": ");
        complains(session, None, &[code::PARSE_ERROR])
    });
    run.talk("not_utf8", "it complains about what is not UTF-8, and goes on", |session| {
        session.send(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}");
        complains(session, Some(1), &[code::PARSE_ERROR, code::INVALID_REQUEST, code::METHOD_NOT_FOUND])
    });
    run.talk("invalid_request", "it complains about JSON that is no request, and goes on", |session| {
        // The id is one that no request of this conversation has.
        session.send(br#"{"jsonrpc":"2.0","id":null,"params":{}}"#);
        complains(session, None, &[code::INVALID_REQUEST])?;
        session.send(b"[]");
        complains(session, None, &[code::INVALID_REQUEST])
    });
    run.talk("unknown_notification", "it ignores notifications that it does not know", |session| {
        session.notify("ordain/no_such_notification", &json!({}));
        Ok(())
    });
    run.talk("unknown_parameter", "it ignores parameters that it does not know", |session| {
        let described = session.ask("describe", &json!({ "ordain/no_such_parameter": true }))?;
        described.map(|_| ()).map_err(|failure| told(&failure))
    });
    run.talk("late_cancel", "it ignores that a call is cancelled that is not under way", |session| {
        session.notify("cancel", &json!({ "call": 4_000_000, "key": "0".repeat(64) }));
        Ok(())
    });
    run.talk("unknown_capability", "it refuses capabilities that it does not provide", |session| {
        let params = json!({
            "capability": "ordain.no_such_capability",
            "version": "1.0.0",
            "key": "0".repeat(64),
            "attempt": 1,
            "in_doubt": false,
            "timeout_ms": null,
            "inputs": {},
            "secrets": [],
        });
        fails(session, "apply", &params, &[code::NOT_PROVIDED])
    });
}

/// Whether it ends in good order.
pub(super) fn end(run: &mut Run<'_>) {
    run.check("end", None, "it ends when its standard input does", |run| {
        let mut session = run.session()?;
        if !session.is_program() {
            return Ok(Fine::Skipped("it is a service".into()));
        }
        session.ends().map(Fine::Passed)
    });
}

/// Whether a request has an error of some codes.
pub(super) fn fails(
    session: &mut Session<'_>,
    method: &str,
    params: &serde_json::Value,
    codes: &[i64],
) -> Result<(), Fault> {
    match session.ask(method, params)? {
        Err(failure) => is_one_of(failure.code, codes),
        Ok(_) => Err(format!("it is answered as if it were fine, instead of with the error {}", list(codes))),
    }
}

fn complains(session: &mut Session<'_>, id: Option<u64>, codes: &[i64]) -> Result<(), Fault> {
    is_one_of(session.complaint(id)?.code, codes)
}

pub(super) fn is_one_of(code: i64, codes: &[i64]) -> Result<(), Fault> {
    if codes.contains(&code) { Ok(()) } else { Err(format!("the error is {code} instead of {}", list(codes))) }
}

fn list(codes: &[i64]) -> String {
    codes.iter().map(i64::to_string).collect::<Vec<_>>().join(" or ")
}
