//! What arrives, message by message, and what is no message replaced by one that says so.
//!
//! The protocol's library ends at the first body that it cannot read. A server has to answer it with an error and go on
//! (JSON-RPC 2.0, section 5.1), so only messages get through to the library.

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};

/// The method that stands for what is no JSON; its answer is the error that says so.
pub(super) const NOT_JSON: &str = "$ordain/notJson";

/// The method that stands for JSON that is no message.
pub(super) const NO_MESSAGE: &str = "$ordain/noMessage";

/// The largest message: what a source may be at most, in JSON's longest spelling, and something around it.
const MOST_BYTES: usize = 512 << 20;

/// What a message has to have.
#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    result: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(default)]
    id: Option<IgnoredAny>,
}

/// Passes messages on until there are no more.
pub(super) async fn pass(input: impl AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut input = BufReader::new(input);
    while let Some(body) = next(&mut input).await {
        let body = body.unwrap_or_default();
        let stand_in;
        let passed = match kind(&body) {
            None => &body,
            Some(method) => {
                stand_in = format!("{{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"{method}\"}}").into_bytes();
                &stand_in
            }
        };
        let head = format!("Content-Length: {}\r\n\r\n", passed.len());
        if output.write_all(head.as_bytes()).await.is_err() || output.write_all(passed).await.is_err() {
            return;
        }
    }
}

/// The method that stands for a body that is no message.
fn kind(body: &[u8]) -> Option<&'static str> {
    match serde_json::from_slice::<Shape>(body) {
        Ok(shape) => {
            let answer = shape.id.is_some() && (shape.result.is_some() || shape.error.is_some());
            // An answer may be `null`, which no field tells from none.
            let message = shape.method.is_some() || answer || shape.id.is_some();
            (!message).then_some(NO_MESSAGE)
        }
        Err(error) if error.is_data() => Some(NO_MESSAGE),
        Err(_) => Some(NOT_JSON),
    }
}

/// The next body; nothing at the end of the input, and none for one that is too large to be read.
async fn next(input: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        // A line that never ends is no header.
        let read = (&mut *input).take(4096).read_until(b'\n', &mut line).await.ok()?;
        if read == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line);
        match (text.trim_end(), length) {
            ("", Some(length)) => return body(input, length).await,
            (header, _) => {
                let value =
                    header.split_once(':').filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"));
                if let Some((_, value)) = value {
                    length = value.trim().parse::<usize>().ok();
                }
            }
        }
    }
}

async fn body(input: &mut (impl tokio::io::AsyncBufRead + Unpin), length: usize) -> Option<Option<Vec<u8>>> {
    if length > MOST_BYTES {
        let mut left = length as u64;
        let mut waste = vec![0; 64 << 10];
        while left > 0 {
            let wanted = waste.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = input.read(&mut waste[..wanted]).await.ok()?;
            if read == 0 {
                return None;
            }
            left -= read as u64;
        }
        return Some(None);
    }
    let mut body = Vec::new();
    // Memory is taken as bytes arrive, not as they are announced.
    let read = (&mut *input).take(length as u64).read_to_end(&mut body).await.ok()?;
    (read == length).then_some(Some(body))
}
