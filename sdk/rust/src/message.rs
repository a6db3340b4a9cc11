//! From messages to calls, and back to answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::calls::{self, Calls};
use crate::failure::Failure;
use crate::{Adapter, MAX_MESSAGE};

/// The version of the protocol that is spoken here.
const PROTOCOL: u64 = 1;

/// A message that is understood.
pub(crate) enum Message {
    /// A request that takes no time.
    Quick {
        /// Its answer.
        answer: Value,
    },
    /// A call.
    Call {
        /// The id of its request.
        id: Value,
        /// What is called.
        method: Method,
        /// Its parameters.
        params: Value,
    },
    /// Nothing that is answered.
    Silent,
}

/// What is called.
#[derive(Clone, Copy)]
pub(crate) enum Method {
    Apply,
    Undo,
    Observe,
}

fn error(id: Value, code: i64, message: &str) -> Message {
    Message::Quick { answer: json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }) }
}

/// Reads a message. Calls that are to be given up are told so at once.
pub(crate) fn read(adapter: &dyn Adapter, calls: &Calls, line: &[u8]) -> Message {
    let Ok(message) = serde_json::from_slice::<Value>(line) else {
        return error(Value::Null, -32700, "that is no JSON");
    };
    let no_request = |id: Value| error(id, -32600, "that is no request");
    let Value::Object(mut message) = message else { return no_request(Value::Null) };
    let id = message.remove("id");
    let known = |id: &Value| id.is_string() || id.is_number();
    let named = id.clone().filter(known).unwrap_or_default();
    if message.get("jsonrpc") != Some(&json!("2.0")) {
        return no_request(named);
    }
    let params = message.remove("params").unwrap_or_else(|| Value::Object(Map::new()));
    match (id, message.remove("method")) {
        (Some(id), Some(Value::String(method))) if known(&id) => request(adapter, id, &method, params),
        (None, Some(Value::String(method))) => {
            if method == "cancel" {
                calls.cancel(&calls::name(&params["call"], &params["key"]));
            }
            Message::Silent
        }
        _ => no_request(named),
    }
}

fn request(adapter: &dyn Adapter, id: Value, method: &str, params: Value) -> Message {
    if !params.is_object() {
        return error(id, -32602, "the parameters are no object");
    }
    let quick =
        |id: Value, result: Value| Message::Quick { answer: json!({ "jsonrpc": "2.0", "id": id, "result": result }) };
    let method = match method {
        "initialize" => {
            let offered = params["protocols"].as_array().is_some_and(|all| all.contains(&json!(PROTOCOL)));
            if offered {
                return quick(id, json!({ "protocol": PROTOCOL, "limits": { "message_bytes": MAX_MESSAGE } }));
            }
            let data = json!({ "supported": [PROTOCOL] });
            let error = json!({ "code": -32001, "message": "only version 1 of the protocol is spoken", "data": data });
            return Message::Quick { answer: json!({ "jsonrpc": "2.0", "id": id, "error": error }) };
        }
        "describe" => return quick(id, json!(adapter.describe())),
        "apply" => Method::Apply,
        "undo" => Method::Undo,
        "observe" => Method::Observe,
        _ => return error(id, -32601, "there is no such method"),
    };
    let text = |name: &str| params[name].is_string();
    if !(text("capability") && text("version") && text("key") && params["inputs"].is_object()) {
        return error(id, -32602, "`capability`, `version`, `key` or `inputs` is missing");
    }
    Message::Call { id, method, params }
}

/// Makes a call; gives its answer.
pub(crate) fn answer(
    adapter: &dyn Adapter,
    calls: &Calls,
    (id, method, params): (&Value, Method, &Value),
    tell: &(dyn Fn(&Value) + Sync),
) -> Value {
    let result = make(adapter, calls, (id, method, params), tell);
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    }
}

fn make(
    adapter: &dyn Adapter,
    calls: &Calls,
    (id, method, params): (&Value, Method, &Value),
    tell: &(dyn Fn(&Value) + Sync),
) -> Result<Value, Value> {
    let description = adapter.describe();
    let capability = params["capability"].as_str().unwrap_or_default();
    if !description.capabilities.contains_key(capability) {
        return Err(Failure::NotProvided(format!("`{capability}` is not provided")).to_json());
    }
    let name = calls::name(id, &params["key"]);
    let Some(flag) = calls.begin(name.clone(), description.concurrency.max(1)) else {
        return Err(Failure::Failed("more calls are under way than are taken at a time".into()).to_json());
    };
    let deadline =
        params["timeout_ms"].as_u64().and_then(|time| Instant::now().checked_add(Duration::from_millis(time)));
    let call = Call { id, params, deadline, flag: &flag, tell };
    let result = catch_unwind(AssertUnwindSafe(|| match method {
        Method::Apply => adapter.apply(&call).map(super::Applied::into_json),
        Method::Undo => adapter.undo(&call).map(super::Applied::into_json),
        Method::Observe => adapter.observe(&call).map(super::Observed::into_json),
    }));
    calls.end(&name);
    match result {
        Ok(result) => result.map_err(|failure| failure.to_json()),
        // The message went to standard error, and may hold what nobody should see.
        Err(_) => Err(json!({ "code": -32603, "message": "the adapter broke down" })),
    }
}
