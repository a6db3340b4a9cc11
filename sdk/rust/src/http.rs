//! Each message a POST of its own, what is said to it the body of the answer.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::calls::Calls;
use crate::message::{self, Message};
use crate::{Adapter, MAX_MESSAGE};

/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// How many headers a request may have.
const MAX_HEADERS: usize = 64;

/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Serves an adapter over HTTP/1.1, for good. It has no TLS and asks nobody who they are: it belongs on the loopback interface, or
/// behind something that does both.
///
/// # Errors
/// The listener gives up.
pub fn serve_http(adapter: Arc<dyn Adapter + Send>, listener: &TcpListener) -> io::Result<()> {
    let calls = Arc::new(Calls::default());
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            // One that went away before it was served.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        let (adapter, calls) = (adapter.clone(), calls.clone());
        // One that cannot be served sees its connection close.
        let _ = std::thread::Builder::new().spawn(move || {
            // Whoever asked is gone, and nobody else wants to know.
            let _ = exchange(adapter.as_ref(), &calls, &stream);
        });
    }
}

/// A request's body, or the status that refuses it.
fn body(stream: &TcpStream) -> io::Result<Result<Vec<u8>, u16>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let read = reader.by_ref().take((MAX_HEAD - head.len()) as u64).read_until(b'\n', &mut head)?;
        if read == 0 {
            return Ok(Err(if head.len() >= MAX_HEAD { 431 } else { 400 }));
        }
        if head.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(&head).is_ok_and(|parsed| parsed.is_complete()) {
        return Ok(Err(400));
    }
    if request.method != Some("POST") {
        return Ok(Err(405));
    }
    let header = |name: &str| {
        let mut values = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        std::str::from_utf8(values.next()?.value).ok().map(str::trim)
    };
    // Pages in browsers may not send this without asking first.
    let kind = header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Ok(Err(415));
    }
    let Some(length) = header("content-length").and_then(|length| length.parse::<usize>().ok()) else {
        return Ok(Err(411));
    };
    if length > MAX_MESSAGE {
        return Ok(Err(413));
    }
    if header("expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue")) {
        (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = Vec::new();
    reader.take(length as u64).read_to_end(&mut body)?;
    Ok(if body.len() == length { Ok(body) } else { Err(400) })
}

fn exchange(adapter: &dyn Adapter, calls: &Calls, stream: &TcpStream) -> io::Result<()> {
    let body = match body(stream)? {
        Ok(body) => body,
        Err(status) => {
            respond(stream, status, None)?;
            return drain(stream);
        }
    };
    match message::read(adapter, calls, &body) {
        Message::Silent => respond(stream, 202, None),
        Message::Quick { answer } => respond(stream, 200, Some(&answer)),
        Message::Call { id, method, params } => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
            (&*stream).write_all(head.as_bytes())?;
            let writing = Mutex::new(stream);
            let say = |message: &Value| {
                let stream = writing.lock().unwrap_or_else(PoisonError::into_inner);
                // Whoever asked may be gone; the call goes on until it is cancelled.
                let _ = chunk(&stream, &format!("{message}\n"));
            };
            say(&message::answer(adapter, calls, (&id, method, &params), &say));
            (&*stream).write_all(b"0\r\n\r\n")
        }
    }
}

/// Reads on for a while: a connection that is closed with something unread loses what was written to it.
fn drain(stream: &TcpStream) -> io::Result<()> {
    const MOST: u64 = 1 << 20;
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    io::copy(&mut stream.take(MOST), &mut io::sink()).map(|_| ())
}

/// A chunk (RFC 9112, section 7.1).
fn chunk(mut stream: &TcpStream, text: &str) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
}

fn respond(mut stream: &TcpStream, status: u16, body: Option<&Value>) -> io::Result<()> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!(
        "HTTP/1.1 {status} {}\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n",
        phrase(status),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// What RFC 9110 calls a status.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        _ => "Bad Request",
    }
}
