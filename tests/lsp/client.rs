//! A client of the language server, as an editor is one: it asks and waits, answers what it is asked, and keeps what it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// What takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a server.
pub struct Client {
    output: Option<Box<dyn Write + Send>>,
    messages: Receiver<Value>,
    told: VecDeque<Value>,
    next: i64,
    /// What the server is told of settings.
    pub settings: Value,
}

impl Client {
    /// Talks to a server over its streams.
    pub fn over(input: impl Read + Send + 'static, output: impl Write + Send + 'static) -> Self {
        let (send, messages) = channel();
        std::thread::spawn(move || {
            let mut input = BufReader::new(input);
            while let Some(message) = read(&mut input) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        Self { output: Some(Box::new(output)), messages, told: VecDeque::new(), next: 0, settings: Value::Null }
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        let output = self.output.as_mut().unwrap();
        output.write_all(bytes).unwrap();
        output.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// The next message, whatever it is; none where the server has ended.
    pub fn next_message(&mut self) -> Option<Value> {
        self.messages.recv_timeout(PATIENCE).ok()
    }

    /// Asks something, without waiting for an answer; gives the question's number.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// Waits for the answer to a question: its result, or its error.
    pub fn answer(&mut self, id: i64) -> Result<Value, Value> {
        loop {
            let message = self.next_message().unwrap_or_else(|| panic!("no answer to question {id}"));
            if message.get("method").is_some() {
                self.take(message);
            } else if message["id"] == json!(id) {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
        }
    }

    /// Asks, and waits for the result.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Tells something.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Keeps what the server tells; answers what it asks.
    fn take(&mut self, message: Value) {
        let Some(id) = message.get("id") else {
            self.told.push_back(message);
            return;
        };
        let result = match message["method"].as_str() {
            Some("workspace/configuration") => json!([self.settings]),
            _ => Value::Null,
        };
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    /// The first message that the server told and that `wanted` accepts; it and those before it are taken away.
    pub fn told(&mut self, wanted: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            while let Some(message) = self.told.pop_front() {
                if wanted(message["method"].as_str().unwrap_or_default(), &message["params"]) {
                    return message["params"].clone();
                }
            }
            let message = self.next_message().expect("the server tells what is waited for");
            self.take(message);
        }
    }

    /// The next diagnostics of a document.
    pub fn diagnostics(&mut self, uri: &str) -> Value {
        self.told(|method, params| method == "textDocument/publishDiagnostics" && params["uri"] == json!(uri))
    }

    /// Introduces itself for some folders, and waits until the server has read them.
    pub fn begin(&mut self, folders: &[String], capabilities: Value, options: Value) -> Value {
        let folders: Vec<Value> = folders.iter().map(|uri| json!({ "uri": uri, "name": uri })).collect();
        let params = json!({
            "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": capabilities,
            "initializationOptions": options,
        });
        let result = self.request("initialize", params);
        self.notify("initialized", json!({}));
        self.told(|method, params| method == "ordain/status" && params["state"] == "ready");
        result
    }

    /// Shows a document.
    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "ordain", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Is gone without a word.
    pub fn gone(mut self) {
        self.output = None;
        while self.next_message().is_some() {}
    }

    /// Takes leave; the server ends.
    pub fn end(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.output = None;
        while self.next_message().is_some() {}
    }
}

/// What a modern editor can do.
pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "workspace": { "configuration": true, "didChangeWatchedFiles": { "dynamicRegistration": true },
            "workspaceEdit": { "documentChanges": true } },
        "textDocument": {
            "hover": { "contentFormat": ["markdown"] },
            "completion": { "completionItem": { "snippetSupport": true } },
            "definition": { "linkSupport": true },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "publishDiagnostics": { "relatedInformation": true },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
        },
    })
}

fn read(input: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                if let Some(value) = line.strip_prefix("Content-Length: ") {
                    length = value.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
