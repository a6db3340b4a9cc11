//! A client on two streams, from its first word to its last.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ordain_compiler::Database;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tower_lsp::{Client, LspService};

use super::ordered::Ordered;
use super::painted::Painted;
use super::{Server, framing};
use crate::world::{Message, Outbox, Queue, STACK_BYTES, Status, StatusNotification, World};

/// Serves a client on standard input and output until it says `exit` or is gone; gives whether it said `shutdown` before. `database`
/// is an empty one, with what runs rules of other languages.
///
/// # Errors
/// Threads cannot be started.
pub fn serve(database: Database) -> std::io::Result<bool> {
    serve_on(database, tokio::io::stdin(), tokio::io::stdout())
}

/// As [`serve`], on other streams.
///
/// # Errors
/// Threads cannot be started.
pub fn serve_on(
    database: Database,
    input: impl AsyncRead + Unpin + Send + 'static,
    output: impl AsyncWrite,
) -> std::io::Result<bool> {
    let (queue, line) = Queue::new();
    let (outbox, messages) = Outbox::new();
    let epoch = queue.epoch();
    let mut world = World::new(database, queue.clone(), outbox, epoch);
    std::thread::Builder::new()
        .name("writer".into())
        .stack_size(STACK_BYTES)
        .spawn(move || Queue::run(&line, &mut world))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let ended = Arc::new(AtomicBool::new(false));
    let flag = ended.clone();
    runtime.block_on(async move {
        let (service, socket) = LspService::build(|client| {
            let begun = Arc::new(Notify::new());
            tokio::spawn(tell(client.clone(), messages, begun.clone()));
            Server { client, queue, begun, about: OnceLock::new(), ended: flag, painted: Painted::default() }
        })
        .custom_method(framing::NOT_JSON, Server::not_json)
        .custom_method(framing::NO_MESSAGE, Server::no_message)
        .custom_method("ordain/plan", Server::plan)
        .custom_method("ordain/tests", Server::tests)
        .custom_method("ordain/runTests", Server::run_tests)
        .custom_method("ordain/explain", Server::explain)
        .finish();
        // As many as a client asks at once; what is heavy waits in line elsewhere.
        const AT_ONCE: usize = 256;
        /// What is read ahead.
        const BUFFER: usize = 256 << 10;
        let (messages, passed) = tokio::io::duplex(BUFFER);
        tokio::spawn(framing::pass(input, passed));
        let server = tower_lsp::Server::new(messages, output, socket).concurrency_level(AT_ONCE);
        server.serve(Ordered::new(service)).await;
    });
    // Reading standard input cannot be ended, and what is still computed is for nobody.
    runtime.shutdown_background();
    Ok(ended.load(Ordering::SeqCst))
}

/// Tells the client what nobody asked.
async fn tell(client: Client, mut messages: UnboundedReceiver<Message>, begun: Arc<Notify>) {
    // What is told before the client is ready for it would be lost.
    begun.notified().await;
    while let Some(message) = messages.recv().await {
        match message {
            Message::Diagnostics(uri, found, version) => client.publish_diagnostics(uri, found, version).await,
            Message::Status(state, message) => {
                client.send_notification::<StatusNotification>(Status { state: state.into(), message }).await;
            }
            Message::Log(kind, text) => client.log_message(kind, text).await,
            Message::Show(kind, text) => client.show_message(kind, text).await,
            // What the client answers, or whether, changes nothing.
            Message::RefreshHints([hints, lenses, tokens, _]) => {
                let client = client.clone();
                tokio::spawn(async move {
                    if hints {
                        let _ = client.inlay_hint_refresh().await;
                    }
                    if lenses {
                        let _ = client.code_lens_refresh().await;
                    }
                    if tokens {
                        let _ = client.semantic_tokens_refresh().await;
                    }
                });
            }
            Message::RefreshDiagnostics => {
                let client = client.clone();
                tokio::spawn(async move { drop(client.workspace_diagnostic_refresh().await) });
            }
        }
    }
}
