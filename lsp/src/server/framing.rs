//! What arrives, message by message, and what is no message replaced by one that says so.
//!
//! The protocol's library ends at the first body that it cannot read. A server has to answer it with an error and go on
//! (JSON-RPC 2.0, section 5.1), so only messages get through to the library.

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tower_lsp::jsonrpc::{Id, Response};

/// The method that stands for what is no JSON; its answer is the error that says so.
pub(super) const NOT_JSON: &str = "$ordain/notJson";

/// The method that stands for JSON that is no message.
pub(super) const NO_MESSAGE: &str = "$ordain/noMessage";

/// A method that nobody has.
const UNKNOWN: &str = "$ordain/unknown";

/// The largest message: what a source may be at most, in JSON's longest spelling, and something around it.
const MOST_BYTES: usize = 512 << 20;

/// What a message has to have, as the protocol's library reads it.
#[derive(Deserialize)]
struct Shape<'a> {
    jsonrpc: &'a str,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    id: Option<Id>,
}

/// Passes messages on until there are no more.
pub(super) async fn pass(input: impl AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut input = Input { stream: BufReader::new(input), announced: None };
    while let Some(body) = input.next().await {
        let body = body.unwrap_or_default();
        let stand_in;
        let passed = match kind(&body) {
            Kind::Message => &body,
            Kind::Other(method, id) => {
                stand_in = json!({ "jsonrpc": "2.0", "id": id, "method": method }).to_string().into_bytes();
                &stand_in
            }
        };
        let head = format!("Content-Length: {}\r\n\r\n", passed.len());
        if output.write_all(head.as_bytes()).await.is_err() || output.write_all(passed).await.is_err() {
            return;
        }
    }
}

/// What a body is.
enum Kind {
    Message,
    /// Nothing that gets through as it is: the method that stands for it, and whom to answer.
    Other(&'static str, Id),
}

fn kind(body: &[u8]) -> Kind {
    match serde_json::from_slice::<Shape<'_>>(body) {
        Ok(Shape { jsonrpc: "2.0", method: Some(method), id }) => match id {
            // The library takes such requests for notifications, and leaves them without an answer.
            Some(id) if method.starts_with("$/") => Kind::Other(UNKNOWN, id),
            _ => Kind::Message,
        },
        // An answer is small: it is read as the library reads it.
        Ok(Shape { jsonrpc: "2.0", method: None, .. }) if serde_json::from_slice::<Response>(body).is_ok() => {
            Kind::Message
        }
        Err(error) if !error.is_data() => Kind::Other(NOT_JSON, Id::Null),
        Ok(_) | Err(_) => Kind::Other(NO_MESSAGE, Id::Null),
    }
}

/// Bodies, one after the other.
struct Input<R> {
    stream: BufReader<R>,
    /// The length of the next body, where its header was found behind something that is none.
    announced: Option<usize>,
}

impl<R: AsyncRead + Unpin> Input<R> {
    /// The next body; nothing at the end of the input, and none for one that cannot be read: too large, or without a length.
    async fn next(&mut self) -> Option<Option<Vec<u8>>> {
        const LENGTH: &str = "content-length:";
        let mut length = self.announced.take();
        let mut rubbish = false;
        loop {
            let mut line = Vec::new();
            // A line that never ends is no header.
            let read = (&mut self.stream).take(4096).read_until(b'\n', &mut line).await.ok()?;
            if read == 0 {
                return None;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_ascii_lowercase();
            if text.is_empty() {
                match length {
                    Some(length) => return self.body(length).await,
                    // What is said after headers without a length ends where the next one begins.
                    None if rubbish => return Some(None),
                    None => continue,
                }
            }
            match text.rfind(LENGTH) {
                // What stands before it was longer than was said, or has no length.
                Some(at) if at > 0 => {
                    self.announced = text[at + LENGTH.len()..].trim().parse().ok();
                    return Some(None);
                }
                Some(_) => {
                    length = text[LENGTH.len()..].trim().parse().ok();
                    rubbish |= length.is_none();
                }
                None => rubbish |= !text.contains(':'),
            }
        }
    }

    async fn body(&mut self, length: usize) -> Option<Option<Vec<u8>>> {
        if length > MOST_BYTES {
            let mut left = length as u64;
            let mut waste = vec![0; 64 << 10];
            while left > 0 {
                let wanted = waste.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let read = self.stream.read(&mut waste[..wanted]).await.ok()?;
                if read == 0 {
                    return None;
                }
                left -= read as u64;
            }
            return Some(None);
        }
        let mut body = Vec::new();
        // Memory is taken as bytes arrive, not as they are announced.
        let read = (&mut self.stream).take(length as u64).read_to_end(&mut body).await.ok()?;
        (read == length).then_some(Some(body))
    }
}
