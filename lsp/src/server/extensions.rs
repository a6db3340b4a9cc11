//! What the server understands beyond the protocol: `ordain/plan`, `ordain/tests`, `ordain/runTests`, `ordain/explain`, and the
//! commands of lenses for clients that have none of their own.

use ordain_diagnostics::Code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{ExecuteCommandParams, MessageType};

use super::{Server, answered};
use crate::features::preview::{self, Preview};
use crate::features::testing::{self, ListParams, RunParams, Runs, Test};
use crate::world::{Message, Snapshot};

/// The commands of the server.
pub(super) const COMMANDS: [&str; 3] = ["ordain.server.plan", "ordain.server.verify", "ordain.server.runTests"];

/// Whose page is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct ExplainParams {
    code: String,
}

/// The page of a code.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    code: String,
    title: String,
    markdown: String,
}

impl Server {
    /// The answer to what is no JSON.
    pub(super) async fn not_json(&self) -> Result<Value> {
        Err(Error::parse_error())
    }

    /// The answer to JSON that is no message.
    pub(super) async fn no_message(&self) -> Result<Value> {
        Err(Error::invalid_request())
    }

    /// `ordain/plan`
    pub(crate) async fn plan(&self, params: preview::Params) -> Result<Option<Preview>> {
        let uri = params.text_document.uri.clone();
        self.ask_file(uri, move |snapshot, file| preview::preview(snapshot, file, &params)).await
    }

    /// `ordain/tests`
    pub(crate) async fn tests(&self, params: ListParams) -> Result<Vec<Test>> {
        self.ask(move |snapshot| testing::tests(snapshot, &params)).await
    }

    /// `ordain/runTests`
    pub(crate) async fn run_tests(&self, params: RunParams) -> Result<Runs> {
        self.ask(move |snapshot| testing::run(snapshot, &params)).await
    }

    /// `ordain/explain`
    pub(crate) async fn explain(&self, params: ExplainParams) -> Result<Option<Page>> {
        Ok(Code::parse(&params.code).map(|code| {
            let entry = code.entry();
            Page { code: code.to_string(), title: entry.title.into(), markdown: entry.page.into() }
        }))
    }

    /// Does what a lens says, for clients without commands of their own: tells the user what came of it.
    pub(super) async fn command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let argument = params.arguments.into_iter().next().unwrap_or_default();
        let answer = match params.command.as_str() {
            "ordain.server.plan" | "ordain.server.verify" => {
                let asked = serde_json::json!({ "textDocument": argument, "position": argument["position"] });
                let asked: preview::Params = parameters(asked)?;
                let said = move |snapshot: &Snapshot| {
                    let file = snapshot.file(&asked.text_document.uri)?;
                    Some(preview::preview(snapshot, &file, &asked)?.summary())
                };
                answered(self.queue.ask(|world| Some(world.snapshot()), said).await)?.flatten()
            }
            "ordain.server.runTests" => {
                let names = argument["tests"].as_array().cloned().unwrap_or_default();
                let tests: Vec<Value> =
                    names.into_iter().map(|name| serde_json::json!({ "uri": argument["uri"], "name": name })).collect();
                let asked: RunParams = parameters(serde_json::json!({ "tests": tests }))?;
                let runs = self.run_tests(asked).await?;
                Some((runs.passed(), runs.summary()))
            }
            other => return Err(Error::invalid_params(format!("there is no command `{other}`"))),
        };
        let (fine, text) = answer.unwrap_or((false, "there is no plan here".into()));
        let kind = if fine { MessageType::INFO } else { MessageType::WARNING };
        self.queue.put(move |world| world.say(Message::Show(kind, text)));
        Ok(None)
    }
}

fn parameters<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::invalid_params(error.to_string()))
}
