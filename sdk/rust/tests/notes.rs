//! The example, tested as any adapter is.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ordain_runtime::{Conformance, ConformanceOptions, Target, Verdict, conformance};
use tempfile::TempDir;

/// The example, which `cargo test` builds beside the tests.
fn program() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let program = path.join("examples").join("notes");
    assert!(program.is_file(), "`{}` is not built; run all tests of this package at once", program.display());
    program
}

fn test(target: &Target, directory: &TempDir) -> Conformance {
    let options = ConformanceOptions { directory: directory.path().to_owned(), patience: Duration::from_secs(10) };
    conformance(target, &options)
}

fn assert_passed(conformance: &Conformance, skipped: &[(&str, &str)]) {
    for check in &conformance.checks {
        match &check.verdict {
            Verdict::Passed => {}
            Verdict::Skipped { .. } => {
                let capability = check.capability.as_deref().unwrap_or_default();
                assert!(skipped.contains(&(check.check, capability)), "{check:?}");
            }
            Verdict::Failed { .. } => panic!("{check:?}"),
        }
    }
}

#[test]
fn it_passes_over_standard_input_and_output() {
    let directory = tempfile::tempdir().unwrap();
    let target = Target::Program(vec![program().to_string_lossy().into_owned()]);
    let conformance = test(&target, &directory);
    assert_passed(&conformance, &[("apply", "note.remove"), ("apply", "note.wait")]);
    assert_eq!(conformance.version.as_deref(), Some("1.0.0"));
    // What the example made is undone.
    assert_eq!(std::fs::read_dir(directory.path().join("notes")).unwrap().count(), 0);
}

/// A service that ends with the test.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(directory: &TempDir) -> Self {
        let mut command = Command::new(program());
        command.args(["--http", "127.0.0.1:0"]).current_dir(directory.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    /// Sends bytes, and gives the first line of what comes back.
    fn send(&self, bytes: &[u8]) -> String {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        // It may have answered and gone already.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_passes_over_http() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory);
    let conformance = test(&Target::Url(service.url.clone()), &directory);
    assert_passed(&conformance, &[("apply", "note.remove"), ("apply", "note.wait"), ("end", "")]);
}

#[test]
fn what_is_no_request_is_refused_by_its_status() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory);
    let with = |head: &str| service.send(format!("{head}\r\n\r\n").as_bytes());
    assert_eq!(with("GET / HTTP/1.1"), "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(with("POST / HTTP/1.1\r\nContent-Length: 2"), "HTTP/1.1 415 Unsupported Media Type");
    let json = "POST / HTTP/1.1\r\nContent-Type: application/json";
    assert_eq!(with(json), "HTTP/1.1 411 Length Required");
    assert_eq!(with(&format!("{json}\r\nContent-Length: 99999999999")), "HTTP/1.1 413 Content Too Large");
    assert_eq!(with(&format!("{json}\r\nContent-Length: 5")), "HTTP/1.1 400 Bad Request");
    assert_eq!(with("what is this"), "HTTP/1.1 400 Bad Request");
    let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(70_000));
    assert_eq!(with(&long), "HTTP/1.1 431 Request Header Fields Too Large");
    assert_eq!(service.send(b""), "HTTP/1.1 400 Bad Request");
}
