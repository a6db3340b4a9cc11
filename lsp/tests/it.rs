//! The cases of the black-box tests with the server in this process: what takes minutes to link there takes seconds here.

#[path = "../../tests/lsp/cases.rs"]
mod cases;
#[path = "../../tests/lsp/client.rs"]
#[expect(dead_code, reason = "the black-box tests use more of it")]
mod client;
#[path = "../../tests/lsp/features.rs"]
mod features;

#[path = "../../tests/lsp/edits.rs"]
mod edits;

use std::path::Path;

use client::Client;
use ordain_compiler::Database;
use tokio_util::io::SyncIoBridge;

fn server() -> Client {
    const BUFFER: usize = 1 << 20;
    let (theirs, ours) = tokio::io::duplex(BUFFER);
    std::thread::spawn(move || {
        let (input, output) = tokio::io::split(theirs);
        ordain_lsp::serve_on(Database::default(), input, output)
    });
    let runtime = Box::leak(Box::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap()));
    let (input, output) = tokio::io::split(ours);
    let _inside = runtime.enter();
    Client::over(SyncIoBridge::new(input), SyncIoBridge::new(output))
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
fn clients_get_what_they_can_use() {
    features::clients_get_what_they_can_use(server);
}

#[test]
fn names_of_examples_can_be_others() {
    features::names_of_examples_can_be_others(server);
}
