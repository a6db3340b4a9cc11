//! Adapters that are services: a good one, and answers of every kind that are none.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;
use std::time::{Duration, Instant};

use ordain_adapter::{Applied, Call, Failure, Level};
use ordain_graph::{OnFailure, Transport, Value};
use ordain_runtime::{Event, Outcome, Reason, State};
use serde_json::{Value as Json, json};

use crate::support::{Place, Plan, failure, outputs, secret, text};

fn plan(url: &str) -> Plan {
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    let transport = Transport::Http(url.into());
    plan.0.adapters.insert("test".into(), ordain_graph::Adapter { transport, ..plan.0.adapters["test"].clone() });
    plan
}

fn note(plan: &mut Plan, name: &str, does: &str) -> u32 {
    plan.step(name, "test.note", &[("name", text(name)), ("does", text(does))])
}

/// A service made of the crate for adapters.
#[derive(Default)]
struct Good {
    given_up: Mutex<Vec<String>>,
}

impl ordain_adapter::Adapter for Good {
    fn describe(&self) -> ordain_adapter::Description {
        ordain_adapter::Description::new("good", "1.0.0")
            .concurrency(4)
            .provides("test.note", "1.0.0")
            .provides("test.tell", "1.0.0")
    }

    fn apply(&self, call: &Call<'_>) -> Result<Applied, Failure> {
        let inputs: Json = call.inputs()?;
        if call.capability() == "test.tell" {
            let secret = inputs["secret"].as_str().unwrap_or_default();
            call.log(Level::Info, &format!("the secret is {secret}"));
            let outputs = json!({ "echo": secret, "made": format!("from {secret}"), "pin": inputs["pin"] });
            return Ok(Applied::new(outputs).secret("/made"));
        }
        call.progress(Some(50), "half way");
        if inputs["does"] == "wait" {
            let waited = call.wait(Duration::from_secs(60));
            self.given_up.lock().unwrap().push(call.key().to_owned());
            waited?;
        }
        Ok(Applied::new(json!({ "sum": inputs["sum"] })))
    }
}

fn good() -> (String, Arc<Good>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let adapter = Arc::new(Good::default());
    let served = adapter.clone();
    spawn(move || ordain_adapter::serve_http(served, &listener));
    (url, adapter)
}

#[test]
fn a_service_serves_steps() {
    let (url, _) = good();
    let mut plan = plan(&url);
    plan.step("a", "test.note", &[("name", text("a")), ("sum", Value::Int(7))]);
    plan.step("tell", "test.tell", &[("secret", secret("shop/password")), ("pin", secret("shop/pin"))]);
    let place = Place::with_secrets(&[("shop/password", "hunter2"), ("shop/pin", "123456")]);
    let report = place.execute(&plan.finish());
    assert_eq!(report.state, State::Succeeded, "{report:?}");
    assert_eq!(outputs(&report, "a")["sum"], 7);
    assert_eq!(outputs(&report, "tell")["echo"], "***");
    let shown = format!("{:?}", place.events.lock().unwrap());
    assert!(shown.contains("half way") && shown.contains("the secret is ***"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_service_is_told_to_give_up() {
    let (url, adapter) = good();
    let mut late = plan(&url);
    let at = note(&mut late, "late", "wait");
    late.at(at).timeout = Some(200);
    let report = Place::new().execute(&late.finish());
    assert_eq!(failure(&report, "late").0, Reason::Timeout);
    let mut cancelled = plan(&url);
    note(&mut cancelled, "cancelled", "wait");
    let place = Place {
        hook: Box::new(|place, event| {
            if matches!(event, Event::StepProgress { .. }) {
                place.cancel.cancel();
            }
        }),
        ..Place::new()
    };
    let report = place.execute(&cancelled.finish());
    assert_eq!(failure(&report, "cancelled").0, Reason::Cancelled);
    assert_eq!(adapter.given_up.lock().unwrap().len(), 2);
}

#[test]
fn secrets_are_not_sent_where_others_read_along() {
    // Nothing is sent: that it could not be asked comes first, so that it is asked by another name.
    let (url, _) = good();
    let mut plan = plan(&url.replace("127.0.0.1", "0.0.0.0"));
    plan.step("tell", "test.tell", &[("secret", secret("shop/password")), ("pin", secret("shop/pin"))]);
    note(&mut plan, "open", "succeed");
    let place = Place::with_secrets(&[("shop/password", "hunter2"), ("shop/pin", "123456")]);
    let report = place.execute(&plan.finish());
    assert_eq!(failure(&report, "tell").0, Reason::Unsupported);
    assert!(matches!(report.node("open").unwrap().outcome, Outcome::Succeeded));
}

#[test]
fn what_is_not_spoken_is_refused_before_anything_runs() {
    let mut plan = plan("ftp://127.0.0.1:1/");
    note(&mut plan, "a", "succeed");
    let error = Place::new().try_execute(&plan.finish()).unwrap_err();
    assert_eq!(error.code(), "unsupported");
}

/// Introduces itself, and answers every call with the same text; `{id}` in it is the id of the request. After `...` it never
/// ends, after `!` it says nothing more.
fn bad(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let answer = answer.clone();
            spawn(move || exchange(&stream, &answer));
        }
    });
    url
}

fn exchange(mut stream: &TcpStream, answer: &str) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        length = lower.strip_prefix("content-length:").map_or(length, |length| length.trim().parse().unwrap());
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let message: Json = serde_json::from_slice(&body).unwrap();
    let result = match message["method"].as_str() {
        Some("initialize") => json!({ "protocol": 1 }),
        Some("describe") => {
            json!({ "version": "1.0.0", "concurrency": 8, "capabilities": { "test.note": { "version": "1.0.0" } } })
        }
        _ => {
            // Who has heard enough hangs up.
            let _ = stream.write_all(answer.replace("{id}", &message["id"].to_string()).as_bytes());
            if answer.ends_with("...") {
                while stream.write_all(&[b'x'; 4096]).is_ok() {}
            }
            if answer.ends_with('!') {
                std::thread::park();
            }
            return;
        }
    };
    let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(format!("{head}{answer}").as_bytes());
}

#[test]
fn answers_that_are_none_fail_the_try_and_never_hang() {
    const JSON: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n";
    const LINES: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n\r\n";
    let fine = r#"{"jsonrpc":"2.0","id":{id},"result":{"outputs":{"sum":1,"secret":null}}}"#;
    let cases: Vec<(&str, String, Option<Reason>)> = vec![
        ("one", format!("{JSON}{fine}"), None),
        ("lines", format!("{LINES}\n{fine}\n{fine}\n"), None),
        ("nothing", String::new(), Some(Reason::Unreachable)),
        ("no http", "what is this\r\n\r\n".into(), Some(Reason::Unreachable)),
        ("away", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".into(), Some(Reason::Unreachable)),
        ("status", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".into(), Some(Reason::ProtocolViolated)),
        (
            "elsewhere",
            "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".into(),
            Some(Reason::ProtocolViolated),
        ),
        (
            "kind",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi".into(),
            Some(Reason::ProtocolViolated),
        ),
        ("empty", JSON.into(), Some(Reason::AdapterEnded)),
        ("garbage", format!("{JSON}hello"), Some(Reason::ProtocolViolated)),
        ("other id", format!("{JSON}{}", fine.replace("{id}", "4711")), Some(Reason::ProtocolViolated)),
        ("cut", format!("{LINES}{{\"jsonrpc\":"), Some(Reason::ProtocolViolated)),
        ("no answer", format!("{LINES}{}\n", r#"{"jsonrpc":"2.0","method":"later"}"#), Some(Reason::AdapterEnded)),
        ("endless", format!("{LINES}..."), Some(Reason::ProtocolViolated)),
        ("silent", format!("{LINES}\n!"), Some(Reason::Timeout)),
        ("lie", format!("{JSON}{}", fine.replace("\"sum\":1", "\"sum\":true")), Some(Reason::OutputMismatch)),
    ];
    let since = Instant::now();
    for (name, answer, expected) in cases {
        let mut plan = plan(&bad(answer));
        let at = note(&mut plan, name, "succeed");
        plan.at(at).timeout = Some(if name == "silent" { 300 } else { 10_000 });
        let mut place = Place::new();
        place.limits.message = 20_000;
        let report = place.execute(&plan.finish());
        match expected {
            None => assert_eq!(report.state, State::Succeeded, "{name}: {report:?}"),
            Some(reason) => {
                assert_eq!(failure(&report, name).0, reason, "{name}: {}", failure(&report, name).1);
            }
        }
    }
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
}
