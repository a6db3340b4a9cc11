//! One message a line, over standard input and output.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use crate::calls::Calls;
use crate::message::{self, Message};
use crate::{Adapter, MAX_MESSAGE};

/// Serves an adapter over standard input and output until the input ends. What else the program prints has to go to
/// standard error, where it becomes part of the log.
///
/// # Errors
/// The input cannot be read.
pub fn serve_stdio(adapter: &dyn Adapter) -> io::Result<()> {
    serve(adapter, io::stdin(), io::stdout())
}

/// As [`serve_stdio`], over anything that can be read and written.
///
/// # Errors
/// The input cannot be read.
pub fn serve(adapter: &dyn Adapter, input: impl Read, output: impl Write + Send) -> io::Result<()> {
    let calls = Calls::default();
    let output = Mutex::new(output);
    let say = |message: &Value| {
        let line = format!("{message}\n");
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody listens any more, the input ends as well.
        let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
    };
    let mut input = BufReader::new(input);
    thread::scope(|scope| {
        let mut line = Vec::new();
        let result = loop {
            match next(&mut input, &mut line) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match message::read(adapter, &calls, &line) {
                Message::Quick { answer } => say(&answer),
                Message::Silent => {}
                Message::Call { id, method, params } => {
                    let (calls, say) = (&calls, &say);
                    scope.spawn(move || say(&message::answer(adapter, calls, (&id, method, &params), say)));
                }
            }
        };
        // Nobody waits for what is under way.
        calls.cancel_all();
        result
    })
}

/// Reads a line; says whether there was one. Of one that is too long only a part is kept, which is no JSON.
fn next(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = MAX_MESSAGE as u64 + 1;
    if input.by_ref().take(most).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.len() > MAX_MESSAGE && line.last() != Some(&b'\n') {
        line.truncate(1);
        loop {
            let part = input.fill_buf()?;
            let end = part.iter().position(|byte| *byte == b'\n');
            let (taken, ended) = (end.map_or(part.len(), |end| end + 1), end.is_some() || part.is_empty());
            input.consume(taken);
            if ended {
                break;
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Applied, Call, Description, Failure};

    struct Breaks;

    impl Adapter for Breaks {
        fn describe(&self) -> Description {
            Description::new("breaks", "1.0.0").provides("test.break", "1.0.0")
        }

        fn apply(&self, _: &Call<'_>) -> Result<Applied, Failure> {
            panic!("told to")
        }
    }

    fn answers(input: &[u8]) -> Vec<Value> {
        let mut output = Vec::new();
        serve(&Breaks, input, &mut output).unwrap();
        output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out() {
        let mut input = vec![b'x'; MAX_MESSAGE + 5_000];
        input.extend_from_slice(b"\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"describe\"}\n");
        let answers = answers(&input);
        assert_eq!(answers[0]["error"]["code"], -32700);
        assert_eq!(answers[1]["result"]["name"], "breaks");
        assert_eq!(answers.len(), 2);
    }

    #[test]
    fn an_adapter_that_panics_answers_all_the_same() {
        let call = json!({
            "jsonrpc": "2.0",
            "id": "a",
            "method": "apply",
            "params": { "capability": "test.break", "version": "1.0.0", "key": "k", "inputs": {} },
        });
        let answers = answers(format!("{call}\n").as_bytes());
        assert_eq!(
            answers,
            [json!({
                "jsonrpc": "2.0",
                "id": "a",
                "error": { "code": -32603, "message": "the adapter broke down" },
            })]
        );
    }

    #[test]
    fn what_is_no_request_is_told_apart() {
        let code = |line: &str| answers(line.as_bytes()).first().map(|answer| answer["error"]["code"].clone());
        assert_eq!(code("["), Some(json!(-32700)));
        assert_eq!(code("[]"), Some(json!(-32600)));
        assert_eq!(code(r#"{"jsonrpc":"1.0","id":1,"method":"describe"}"#), Some(json!(-32600)));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":{},"method":"describe"}"#), Some(json!(-32600)));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"describe","params":[]}"#), Some(json!(-32602)));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"apply","params":{}}"#), Some(json!(-32602)));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"nothing"}"#), Some(json!(-32601)));
        assert_eq!(code(r#"{"jsonrpc":"2.0","method":"nothing"}"#), None);
    }
}
