//! The adapter for HTTP, against servers of one answer on this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use ordain_graph::{OnFailure, Value};
use ordain_runtime::Reason;
use serde_json::json;

use crate::support::{Place, Plan, failure, map, outputs, text};

/// Answers one request; gives its address and, in the end, the request's lines.
fn serve(answer: Vec<u8>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/healthz", listener.local_addr().unwrap());
    let server = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let request = lines.take_while(|line| !line.is_empty()).collect();
        // A client that has read enough may hang up.
        let _ = stream.write_all(&answer);
        request
    });
    (url, server)
}

fn url(text: &str) -> Value {
    Value::parse_url(text).unwrap()
}

#[test]
fn a_probe_tells_what_it_saw() {
    let (here, server) = serve(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\nbusy".into());
    let mut plan = Plan::new();
    plan.step("probe", "http.probe", &[("url", url(&here)), ("headers", map(&[("X-Probe", text("yes"))]))]);
    let report = Place::new().execute(&plan.finish());
    assert_eq!(outputs(&report, "probe"), json!({ "status": 503, "body": "busy" }));
    let request = server.join().unwrap();
    assert_eq!(request[0], "GET /healthz HTTP/1.1");
    assert!(request.iter().any(|line| line.eq_ignore_ascii_case("x-probe: yes")), "{request:?}");
}

#[test]
fn redirects_are_told_and_not_followed() {
    let (here, server) =
        serve(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".into());
    let mut plan = Plan::new();
    plan.step("probe", "http.probe", &[("url", url(&here))]);
    assert_eq!(outputs(&Place::new().execute(&plan.finish()), "probe")["status"], 302);
    server.join().unwrap();
}

#[test]
fn a_body_is_bounded() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n".to_vec();
    answer.resize(answer.len() + 2_000_000, b'x');
    let (here, server) = serve(answer);
    let mut plan = Plan::new();
    plan.step("probe", "http.probe", &[("url", url(&here))]);
    let report = Place::new().execute(&plan.finish());
    assert_eq!(outputs(&report, "probe")["body"].as_str().unwrap().len(), 1 << 20);
    server.join().unwrap();
}

#[test]
fn what_cannot_be_reached_fails_for_a_reason() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Accepts by the system's backlog, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut plan = Plan::new();
    plan.0.on_failure = OnFailure::Continue;
    plan.step("refused", "http.probe", &[("url", url(&format!("http://{free}/")))]);
    plan.step("ftp", "http.probe", &[("url", url("ftp://127.0.0.1:1/"))]);
    let silent_url = url(&format!("http://{}/", silent.local_addr().unwrap()));
    plan.step("silent", "http.probe", &[("url", silent_url), ("within", Value::Duration(100))]);
    plan.step(
        "header",
        "http.probe",
        &[("url", url("http://127.0.0.1:1/")), ("headers", map(&[("bad\nname", text("x"))]))],
    );
    let report = Place::new().execute(&plan.finish());
    assert_eq!(failure(&report, "refused").0, Reason::Unreachable);
    assert_eq!(failure(&report, "ftp").0, Reason::Unsupported);
    assert_eq!(failure(&report, "silent").0, Reason::Timeout);
    assert_eq!(failure(&report, "header").0, Reason::InputMismatch);
}
