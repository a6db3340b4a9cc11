//! The messages of the adapter protocol: JSON-RPC 2.0, as `docs/reference/adapters.md` has it.

use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use crate::adapters::StepError;
use crate::reason::Reason;

/// The versions of the protocol that are spoken here, best first.
pub(crate) const PROTOCOLS: &[u64] = &[1];

/// Numbers of errors: those of JSON-RPC 2.0, and the protocol's own.
pub(crate) mod code {
    pub(crate) const PARSE_ERROR: i64 = -32700;
    pub(crate) const INVALID_REQUEST: i64 = -32600;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
    pub(crate) const INVALID_PARAMS: i64 = -32602;
    pub(crate) const NO_COMMON_PROTOCOL: i64 = -32001;
    pub(crate) const REFUSED: i64 = -32002;
    pub(crate) const CANCELLED: i64 = -32003;
    pub(crate) const TIMED_OUT: i64 = -32004;
    pub(crate) const NOT_PROVIDED: i64 = -32005;
}

/// The longest part of a message of an adapter's that is kept, in bytes.
const MAX_TEXT: usize = 8 << 10;

/// A request, as one line with its end.
pub(crate) fn request(id: u64, method: &str, params: &Json) -> Vec<u8> {
    line(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

/// A notification, as one line with its end.
pub(crate) fn notification(method: &str, params: &Json) -> Vec<u8> {
    line(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
}

fn line(message: &Json) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// What `initialize` says.
pub(crate) fn introduction(most: usize) -> Json {
    json!({
        "protocols": PROTOCOLS,
        "interpreter": { "name": "ordain", "version": env!("CARGO_PKG_VERSION") },
        "limits": { "message_bytes": most },
    })
}

/// What an adapter says.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// The answer to a request.
    Answer {
        /// The request's.
        id: u64,
        /// The answer.
        result: Result<Json, Failure>,
    },
    /// How far a call is.
    Progress {
        /// The request's id.
        call: u64,
        /// In hundredths.
        percent: Option<u8>,
        /// In words.
        message: String,
    },
    /// A line for the log.
    Log {
        /// The id of the request it belongs to.
        call: Option<u64>,
        /// Whether it tells of trouble.
        trouble: bool,
        /// The line.
        message: String,
    },
    /// A notification that is not known, and may mean something in a later version.
    Other,
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// Which.
    pub(crate) code: i64,
    /// In words.
    pub(crate) message: String,
    /// More.
    pub(crate) data: Json,
}

impl Failure {
    /// Why the step failed. -32000 says that another try may help, and so may it after any error that is not known.
    pub(crate) fn reason(&self) -> Reason {
        match self.code {
            code::INVALID_PARAMS => Reason::InputMismatch,
            code::METHOD_NOT_FOUND | code::NOT_PROVIDED => Reason::Unsupported,
            code::NO_COMMON_PROTOCOL => Reason::AdapterVersion,
            code::REFUSED => Reason::AdapterRefused,
            code::TIMED_OUT => Reason::Timeout,
            code::PARSE_ERROR | code::INVALID_REQUEST => Reason::ProtocolViolated,
            _ => Reason::AdapterFailed,
        }
    }
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        let message = if failure.message.is_empty() { "it gave no reason".to_owned() } else { failure.message.clone() };
        StepError::new(failure.reason(), message)
    }
}

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Violation {
    #[error("a message that is not UTF-8")]
    NotUtf8,
    #[error("a message that is not JSON: {0}")]
    NotJson(String),
    #[error("a message that is no object")]
    NotAnObject,
    #[error("a message without `\"jsonrpc\": \"2.0\"`")]
    NotVersion2,
    #[error("a request, which adapters do not send")]
    Request,
    #[error("an answer with {0}")]
    Answer(&'static str),
    #[error("a `{0}` notification that is not as it should be")]
    Notification(&'static str),
}

/// Reads a message.
pub(crate) fn read(line: &[u8]) -> Result<Incoming, Violation> {
    let text = std::str::from_utf8(line).map_err(|_| Violation::NotUtf8)?;
    let message: Json = serde_json::from_str(text).map_err(|error| Violation::NotJson(error.to_string()))?;
    let Json::Object(mut message) = message else { return Err(Violation::NotAnObject) };
    if message.get("jsonrpc").and_then(Json::as_str) != Some("2.0") {
        return Err(Violation::NotVersion2);
    }
    match message.remove("method") {
        Some(_) if message.contains_key("id") => Err(Violation::Request),
        Some(Json::String(method)) => notified(&method, message.get("params")),
        Some(_) => Err(Violation::Request),
        None => answered(message),
    }
}

fn notified(method: &str, params: Option<&Json>) -> Result<Incoming, Violation> {
    let text = |name: &str| params?.get(name)?.as_str().map(bounded);
    let call = || params?.get("call")?.as_u64();
    match method {
        "progress" => {
            let wrong = Violation::Notification("progress");
            let percent = match params.and_then(|params| params.get("percent")) {
                None | Some(Json::Null) => None,
                Some(percent) => {
                    let percent = percent.as_f64().filter(|percent| (0.0..=100.0).contains(percent));
                    // INVARIANT: it was looked at just before.
                    Some(percent.ok_or_else(|| wrong.clone())? as u8)
                }
            };
            let call = call().ok_or_else(|| wrong.clone())?;
            Ok(Incoming::Progress { call, percent, message: text("message").unwrap_or_default() })
        }
        "log" => {
            let message = text("message").ok_or(Violation::Notification("log"))?;
            let trouble = matches!(text("level").as_deref(), Some("warning" | "error"));
            Ok(Incoming::Log { call: call(), trouble, message })
        }
        _ => Ok(Incoming::Other),
    }
}

fn answered(mut message: Map<String, Json>) -> Result<Incoming, Violation> {
    let id = message.remove("id");
    let (result, error) = (message.remove("result"), message.remove("error"));
    let result = match (result, error) {
        (Some(result), None) => Ok(result),
        (None, Some(error)) => Err(failure(&error)?),
        (Some(_), Some(_)) => return Err(Violation::Answer("both a result and an error")),
        (None, None) => return Err(Violation::Answer("neither a result nor an error")),
    };
    match id.as_ref().and_then(Json::as_u64) {
        Some(id) => Ok(Incoming::Answer { id, result }),
        None => Err(Violation::Answer("an id that no request has")),
    }
}

fn failure(error: &Json) -> Result<Failure, Violation> {
    let wrong = Violation::Answer("an error that is not as it should be");
    let code = error.get("code").and_then(Json::as_i64).ok_or_else(|| wrong.clone())?;
    let message = error.get("message").and_then(Json::as_str).map(bounded).ok_or(wrong)?;
    Ok(Failure { code, message, data: error.get("data").cloned().unwrap_or_default() })
}

/// The beginning of a text.
fn bounded(text: &str) -> String {
    if text.len() <= MAX_TEXT { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(MAX_TEXT)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(line: &str) -> String {
        read(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_message_is_named() {
        assert_eq!(read(b"{\"\xff\":1}").unwrap_err(), Violation::NotUtf8);
        assert!(violation("{").starts_with("a message that is not JSON"));
        assert!(violation(&"[".repeat(100_000)).starts_with("a message that is not JSON"));
        assert_eq!(violation("[]"), "a message that is no object");
        assert_eq!(violation("{}"), "a message without `\"jsonrpc\": \"2.0\"`");
        let with = |rest: &str| violation(&format!("{{\"jsonrpc\":\"2.0\",{rest}}}"));
        assert_eq!(with(r#""id":1,"method":"apply""#), "a request, which adapters do not send");
        assert_eq!(with(r#""id":1"#), "an answer with neither a result nor an error");
        assert_eq!(
            with(r#""id":1,"result":1,"error":{"code":1,"message":""}"#),
            "an answer with both a result and an error"
        );
        assert_eq!(with(r#""id":-1,"result":1"#), "an answer with an id that no request has");
        assert_eq!(with(r#""id":1,"error":{}"#), "an answer with an error that is not as it should be");
        let progress = r#""method":"progress","params":{"call":1,"percent":101}"#;
        assert_eq!(with(progress), "a `progress` notification that is not as it should be");
        assert_eq!(with(r#""method":"log""#), "a `log` notification that is not as it should be");
    }

    #[test]
    fn messages_are_read() {
        let answer = read(br#"{"jsonrpc":"2.0","id":7,"result":null}"#);
        assert_eq!(answer, Ok(Incoming::Answer { id: 7, result: Ok(Json::Null) }));
        let failed = read(br#"{"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"no"}}"#).unwrap();
        let Incoming::Answer { result: Err(failure), .. } = failed else { panic!("{failed:?}") };
        assert_eq!(StepError::from(failure).reason, Reason::AdapterRefused);
        assert_eq!(read(br#"{"jsonrpc":"2.0","method":"later","params":5}"#), Ok(Incoming::Other));
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = read(&line);
        }
    }
}
