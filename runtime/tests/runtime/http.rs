//! The adapter for HTTP, against servers of one answer on this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

use ordain_graph::{OnFailure, Retry, Value};
use ordain_runtime::{Cancellation, Reason, State, resume};
use serde_json::json;

use crate::support::{Place, Plan, failure, map, outputs, secret, text};

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
    let (reason, message) = failure(&report, "silent");
    assert_eq!(reason, Reason::Timeout);
    assert!(message.ends_with("no whole answer within 100ms"), "{message}");
    assert_eq!(failure(&report, "header").0, Reason::InputMismatch);
}

/// Answers as many requests, one after the other, each with a status line and headers, and a body; gives what was asked, whole.
fn answers(all: &[(&'static str, &'static str)]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let all = all.to_vec();
    let server = spawn(move || {
        let answered = all.into_iter().map(|(head, body)| {
            let (mut stream, _) = listener.accept().unwrap();
            let request = whole(&stream);
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).unwrap();
            request
        });
        answered.collect()
    });
    (url, server)
}

/// A request with its body.
fn whole(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut request).unwrap(), 0, "{request}");
    }
    let length = header(&request, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request + &String::from_utf8(body).unwrap()
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name));
    request.lines().find_map(named).map(|(_, value)| value)
}

fn again(times: u32) -> Option<Retry> {
    Some(Retry { times, min: 1, max: 1 })
}

#[test]
fn a_message_is_sent_again_with_the_same_key_until_it_arrives() {
    let answered = ("201 Made\r\nLocation: /hook/7", "your token is hunter2, or Bearer hunter2");
    let (here, server) = answers(&[("503 Busy", ""), answered]);
    let place = Place::with_secrets(&[("shop/token", "Bearer hunter2")]);
    let mut plan = Plan::new();
    let at = plan.step(
        "tell",
        "http.post",
        &[
            ("url", url(&here)),
            ("content", text("{\"released\":true}")),
            ("headers", map(&[("X-Kind", text("release"))])),
            ("secrets", map(&[("Authorization", secret("shop/token"))])),
        ],
    );
    plan.at(at).retry = again(1);
    let report = place.execute(&plan.finish());
    let told = outputs(&report, "tell");
    assert_eq!(told, json!({ "status": 201, "location": "/hook/7", "body": "your token is ***, or ***" }));
    let requests = server.join().unwrap();
    for request in &requests {
        assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"released\":true}"), "{request}");
        assert_eq!(header(request, "content-type"), Some("application/json"));
        assert_eq!(header(request, "authorization"), Some("Bearer hunter2"));
        assert_eq!(header(request, "x-kind"), Some("release"));
    }
    let keys: Vec<&str> = requests.iter().map(|request| header(request, "idempotency-key").unwrap()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0].len(), 66, "a string of 64 digits: {}", keys[0]);
    let journal = place.journal_bytes();
    assert!(!journal.windows(7).any(|window| window == b"hunter2"), "the journal holds the secret");
}

#[test]
fn what_a_server_refuses_is_not_tried_again() {
    let cases = [
        (&[("403 Forbidden", "not\n  yours")][..], "http.put", Reason::AdapterRefused),
        (&[("302 Found\r\nLocation: /elsewhere", "")], "http.post", Reason::AdapterRefused),
        (&[("404 Not Found", "")], "http.put", Reason::AdapterRefused),
        (&[("429 Too Many Requests", ""), ("500 Broken", "")], "http.delete", Reason::AdapterFailed),
    ];
    for (given, capability, reason) in cases {
        let (here, server) = answers(given);
        let mut plan = Plan::new();
        let content = [("url", url(&here)), ("content", text("x"))];
        let inputs = if capability == "http.delete" { &content[..1] } else { &content };
        let at = plan.step("ask", capability, inputs);
        plan.at(at).retry = again(1);
        let report = Place::new().execute(&plan.finish());
        let (found, message) = failure(&report, "ask");
        assert_eq!(found, reason, "{message}");
        let status = &given.last().unwrap().0[..3];
        assert!(message.contains(&format!("answered with status {status}")), "{message}");
        assert_eq!(message.contains("`/elsewhere`"), status == "302", "{message}");
        assert_eq!(message.ends_with(": not yours"), status == "403", "{message}");
        server.join().unwrap();
    }
}

#[test]
fn what_is_there_no_more_is_deleted() {
    for (status, removed) in [("204 Done", true), ("404 Not Found", false), ("410 Gone", false)] {
        let (here, server) = answers(&[(status, "")]);
        let mut plan = Plan::new();
        plan.step("gone", "http.delete", &[("url", url(&here))]);
        let report = Place::new().execute(&plan.finish());
        assert_eq!(outputs(&report, "gone"), json!({ "removed": removed }), "{status}");
        assert!(server.join().unwrap()[0].starts_with("DELETE /hook HTTP/1.1\r\n"));
    }
}

#[test]
fn headers_that_are_none_or_not_for_plans_are_refused_before_anything_is_sent() {
    let place = Place::with_secrets(&[("shop/token", "two\r\nlines")]);
    let headers = |name: &str| ("headers", map(&[(name, text("x"))]));
    let secrets = |name: &str| ("secrets", map(&[(name, secret("shop/token"))]));
    let cases = [
        (vec![headers("no name")], "`no name` is not the name of a header"),
        (vec![headers("Content-Length")], "the adapter sets the header `content-length`"),
        (vec![headers("content-type")], "the adapter sets the header `content-type`"),
        (vec![headers("Idempotency-Key")], "the adapter sets the header `idempotency-key`"),
        (vec![headers("authorization"), secrets("Authorization")], "the header `authorization` is given twice"),
        (vec![secrets("Authorization")], "the secret `shop/token` has a line break in it"),
        (vec![("headers", map(&[("X-Two", text("two\r\nlines"))]))], "the header `X-Two` has a line break in it"),
        (vec![("content_type", text("a\nb"))], "`content_type` has a line break in it"),
        (vec![("url", url("http://me:lines@127.0.0.1:1/"))], "a URL with a user or a password in it"),
    ];
    for (more, message) in cases {
        let mut plan = Plan::new();
        let inputs = [vec![("url", url("http://127.0.0.1:1/")), ("content", text("x"))], more].concat();
        plan.step("send", "http.post", &inputs);
        let found = failure(&place.execute(&plan.finish()), "send");
        assert_eq!(found.0, Reason::InputMismatch, "{}", found.1);
        assert!(found.1.contains(message) && !found.1.contains("lines"), "{}", found.1);
    }
}

#[test]
fn whoever_is_to_end_waits_for_no_answer_and_asks_again_under_the_same_key() {
    // Accepts by the system's backlog, and answers once it is asked to.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut plan = Plan::new();
    let here = format!("http://{}/hook", listener.local_addr().unwrap());
    plan.step(
        "tell",
        "http.post",
        &[("url", url(&here)), ("content", text("x")), ("within", Value::Duration(3_600_000))],
    );
    let plan = plan.finish();
    let place = Place::new();
    let cancel = place.cancel.clone();
    let server = spawn(move || {
        let (mut silent, _) = listener.accept().unwrap();
        let first = whole(&silent);
        cancel.cancel();
        let (mut stream, _) = listener.accept().unwrap();
        let again = whole(&stream);
        stream.write_all(b"HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n").unwrap();
        // Too late, and heard by nobody.
        let _ = silent.write_all(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n");
        [first, again].map(|request| header(&request, "idempotency-key").unwrap().to_owned())
    });
    let report = place.execute(&plan);
    assert_eq!(report.state, State::Cancelled);
    let (reason, message) = failure(&report, "tell");
    assert_eq!(reason, Reason::Cancelled);
    assert!(message.contains("may take place still"), "{message}");
    let place = Place { cancel: Cancellation::new(), ..place };
    let resumed = resume(&report.execution, &place.options(&|_| {})).unwrap();
    assert_eq!(resumed.state, State::Succeeded);
    let [first, again] = server.join().unwrap();
    assert_eq!(first, again);
}
