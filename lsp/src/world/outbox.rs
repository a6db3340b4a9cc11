//! What the server tells the client without being asked. The writer must not wait for a client that does not read.

use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp::ls_types::{Diagnostic, MessageType, Uri, notification::Notification};

/// What is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// What is wrong with a document, and the version of it that is meant.
    Diagnostics(Uri, Vec<Diagnostic>, Option<i32>),
    /// How far the server is.
    Status(&'static str, Option<String>),
    /// For the log.
    Log(MessageType, String),
    /// For the user.
    Show(MessageType, String),
    /// Hints, lenses and colours are others by now; for those of them that the client asks again.
    RefreshHints([bool; 4]),
    /// What is wrong is something else by now, for clients that ask.
    RefreshDiagnostics,
}

/// Where messages go.
#[derive(Clone, Debug)]
pub(crate) struct Outbox(UnboundedSender<Message>);

impl Outbox {
    pub(crate) fn new() -> (Self, UnboundedReceiver<Message>) {
        let (send, receive) = unbounded_channel();
        (Self(send), receive)
    }

    pub(crate) fn send(&self, message: Message) {
        // The other side is gone only when the server ends.
        let _ = self.0.send(message);
    }

    pub(crate) fn warn(&self, text: String) {
        self.send(Message::Log(MessageType::WARNING, text));
    }
}

/// `ordain/status`
#[derive(Debug)]
pub(crate) enum StatusNotification {}

/// What `ordain/status` tells.
#[derive(Debug, Serialize, serde::Deserialize)]
pub(crate) struct Status {
    /// `loading`, `ready` or `failed`.
    pub(crate) state: String,
    /// More about it, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl Notification for StatusNotification {
    type Params = Status;
    const METHOD: &'static str = "ordain/status";
}
