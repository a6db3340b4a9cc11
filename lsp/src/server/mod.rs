//! The protocol: what arrives is put in line in the order it arrived; what is asked is answered from snapshots.

mod capabilities;
mod extensions;
mod framing;
mod handlers;
mod ordered;
mod painted;
mod serving;

pub use serving::{serve, serve_on};

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tower_lsp::Client;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::{
    ConfigurationItem, GotoDefinitionParams, GotoDefinitionResponse, TextDocumentPositionParams, Uri,
};

use crate::world::{self, File, Queue, Settings, Snapshot, Stale};
use painted::Painted;

struct Server {
    client: Client,
    queue: Queue,
    /// Told once the client takes notifications.
    begun: Arc<Notify>,
    about: OnceLock<world::Client>,
    ended: Arc<AtomicBool>,
    painted: Painted,
}

impl Server {
    /// What the client has said of itself.
    fn about(&self) -> world::Client {
        self.about.get().cloned().unwrap_or_default()
    }

    /// Answers from a snapshot.
    async fn ask<T: Send + 'static>(&self, answer: impl Fn(&Snapshot) -> T + Send + Clone + 'static) -> Result<T> {
        let answer = self.queue.ask(|world| Some(world.snapshot()), answer);
        answered(answer.await).and_then(|answer| answer.ok_or_else(Error::internal_error))
    }

    /// Answers a question about a source; nothing where there is none of that name.
    async fn ask_file<T: Send + 'static>(
        &self,
        uri: Uri,
        answer: impl Fn(&Snapshot, &File) -> Option<T> + Send + Clone + 'static,
    ) -> Result<Option<T>> {
        self.ask(move |snapshot| snapshot.file(&uri).and_then(|file| answer(snapshot, &file))).await
    }

    /// Answers where to go from a place.
    async fn go(
        &self,
        params: GotoDefinitionParams,
        whereto: fn(&Snapshot, &File, u32) -> Option<GotoDefinitionResponse>,
    ) -> Result<Option<GotoDefinitionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        self.ask_file(text_document.uri, move |snapshot, file| whereto(snapshot, file, file.offset(position))).await
    }
}

/// Asks the client for what its user has set.
///
/// No handler waits for a client's answer: one that is gone never gives it, and the server ends once its handlers have.
fn configure(server: &Server) {
    if !server.about().configuration {
        return;
    }
    let (client, queue) = (server.client.clone(), server.queue.clone());
    tokio::spawn(async move {
        let item = ConfigurationItem { scope_uri: None, section: Some("ordain".into()) };
        if let Ok(found) = client.configuration(vec![item]).await
            && let Some(Ok(settings)) = found.into_iter().next().map(serde_json::from_value::<Option<Settings>>)
        {
            queue.put(move |world| world.set(settings.unwrap_or_default()));
        }
    });
}

/// What cannot be done, and why.
fn refused(reason: String) -> Error {
    /// `RequestFailed` (LSP 3.17): the request is right, and what it asks cannot be done.
    const REQUEST_FAILED: i64 = -32803;
    Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: reason.into(), data: None }
}

fn answered<T>(answer: std::result::Result<std::result::Result<T, Stale>, impl Sized>) -> Result<T> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Stale::Modified)) => Err(Error::new(ErrorCode::ContentModified)),
        Ok(Err(Stale::Failed)) | Err(_) => Err(Error::internal_error()),
    }
}
