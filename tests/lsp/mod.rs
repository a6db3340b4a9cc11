//! The language server, as editors talk to it.

mod cases;
mod client;
mod clients;
mod edits;
mod features;
mod protocol;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use client::Client;

/// The built command as a server, and its process.
fn process() -> (Client, Child) {
    let cache = std::env::temp_dir().join("ordain-test-cache");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ordain"))
        .arg("lsp")
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let client = Client::over(child.stdout.take().unwrap(), child.stdin.take().unwrap());
    (client, child)
}

fn server() -> Client {
    process().0
}

#[test]
fn every_case_is_answered_as_expected() {
    cases::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lsp/cases"), server);
}

#[test]
fn deltas_lead_to_what_is_shown() {
    features::deltas_lead_to_what_is_shown(server);
}

#[test]
fn nothing_is_said_of_empty_documents() {
    features::nothing_is_said_of_empty_documents(server);
}

#[test]
fn the_library_is_shown_like_other_sources() {
    features::the_library_is_shown_like_other_sources(server);
}

#[test]
fn names_of_examples_can_be_others() {
    features::names_of_examples_can_be_others(server);
}

#[test]
fn clients_get_what_they_can_use() {
    features::clients_get_what_they_can_use(server);
}
