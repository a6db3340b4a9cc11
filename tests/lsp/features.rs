//! What cases cannot say: requests that build on each other, sources of the library, empty ones, and clients that can less.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Client, capabilities};

/// A package with one source, open in a client that can what is given.
fn opened(mut client: Client, text: &str, capabilities: Value, options: Value) -> (Client, TempDir, String) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::write(root.join("ordain.toml"), "[package]\nname = \"test\"\nversion = \"0.1.0\"\n").unwrap();
    std::fs::write(root.join("main.ord"), text).unwrap();
    let folder_uri = format!("file://{}", root.display());
    client.begin(std::slice::from_ref(&folder_uri), capabilities, options);
    let uri = format!("{folder_uri}/main.ord");
    client.open(&uri, text);
    (client, folder, uri)
}

fn numbers(tokens: &Value) -> Vec<u64> {
    tokens.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

/// What changed in the colours of a document makes the new ones of the old; who has old ones that are not known gets all.
pub fn deltas_lead_to_what_is_shown(connect: impl FnOnce() -> Client) {
    let text = "const a = 1\nconst b = a\nconst c = b\n";
    let (mut client, _folder, uri) = opened(connect(), text, capabilities(), json!({}));
    let document = json!({ "textDocument": { "uri": uri } });
    let first = client.request("textDocument/semanticTokens/full", document.clone());
    let inserted = json!({ "range": { "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 0 } }, "text": "// é\n" });
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [inserted] }),
    );
    let mut asked = document.clone();
    asked["previousResultId"] = first["resultId"].clone();
    let delta = client.request("textDocument/semanticTokens/full/delta", asked);
    let mut made = numbers(&first["data"]);
    let edits = delta["edits"].as_array().expect("the old tokens are known");
    assert_eq!(edits.len(), 1);
    assert!(edits[0]["data"].as_array().unwrap().len() < made.len(), "only what changed is told: {edits:?}");
    for edit in edits {
        let (start, gone) = (edit["start"].as_u64().unwrap() as usize, edit["deleteCount"].as_u64().unwrap() as usize);
        made.splice(start..start + gone, numbers(&edit["data"]));
    }
    let whole = client.request("textDocument/semanticTokens/full", document.clone());
    assert_eq!(made, numbers(&whole["data"]));
    let mut unknown = document;
    unknown["previousResultId"] = json!("never given");
    assert_eq!(client.request("textDocument/semanticTokens/full/delta", unknown)["data"], whole["data"]);
    client.end();
}

/// The requests about a whole document, and what they need besides.
fn about(uri: &str) -> [(&'static str, Value); 9] {
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9999, "character": 0 } });
    let document = json!({ "uri": uri });
    [
        ("textDocument/semanticTokens/full", json!({ "textDocument": document })),
        ("textDocument/foldingRange", json!({ "textDocument": document })),
        ("textDocument/documentSymbol", json!({ "textDocument": document })),
        ("textDocument/documentLink", json!({ "textDocument": document })),
        ("textDocument/codeLens", json!({ "textDocument": document })),
        (
            "textDocument/formatting",
            json!({ "textDocument": document, "options": { "tabSize": 2, "insertSpaces": true } }),
        ),
        ("textDocument/inlayHint", json!({ "textDocument": document, "range": range })),
        (
            "textDocument/selectionRange",
            json!({ "textDocument": document, "positions": [{ "line": 0, "character": 0 }] }),
        ),
        (
            "textDocument/inlineValue",
            json!({ "textDocument": document, "range": range, "context": { "frameId": 0, "stoppedLocation": range } }),
        ),
    ]
}

/// Everything is answered of an empty document, and it is nothing.
pub fn nothing_is_said_of_empty_documents(connect: impl FnOnce() -> Client) {
    let (mut client, _folder, uri) = opened(connect(), "", capabilities(), json!({}));
    for (method, params) in about(&uri) {
        let found = client.request(method, params);
        let said = found.get("data").unwrap_or(&found).as_array().unwrap_or_else(|| panic!("{method}: {found}"));
        let none = if method.ends_with("selectionRange") { 1 } else { 0 };
        assert_eq!(said.len(), none, "{method}: {found}");
    }
    client.end();
}

/// Sources of the standard library are found, open and are looked at as one's own.
pub fn the_library_is_shown_like_other_sources(connect: impl FnOnce() -> Client) {
    let text = "use std.command.{command}\nplan p() {\n  command.run { argv: [\"ls\"] }\n}\n";
    let (mut client, _folder, _) = opened(connect(), text, capabilities(), json!({ "clientCommands": true }));
    let found = client.request("workspace/symbol", json!({ "query": "command.run" }));
    let uri = found[0]["location"]["uri"].as_str().unwrap().to_owned();
    let library = std::fs::read_to_string(uri.strip_prefix("file://").unwrap()).unwrap();
    client.open(&uri, &library);
    for (method, params) in about(&uri) {
        let found = client.request(method, params);
        let said = found.get("data").unwrap_or(&found).as_array().unwrap().len();
        let silent = ["documentLink", "formatting", "inlineValue"];
        assert_eq!(said == 0, silent.iter().any(|name| method.ends_with(name)), "{method}: {found}");
    }
    let lenses = client.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    let counted = lenses.as_array().unwrap().iter().find(|lens| lens["data"]["name"] == "command.run").unwrap();
    let resolved = client.request("codeLens/resolve", counted.clone());
    let locations = resolved["command"]["arguments"][0]["locations"].as_array().unwrap();
    assert!(locations.iter().any(|location| location["uri"].as_str().unwrap().ends_with("/main.ord")), "{resolved}");
    client.end();
}

/// Every name in the examples can be another one, unless there is a reason that has nothing to do with the other names.
pub fn names_of_examples_can_be_others(connect: impl Fn() -> Client) {
    const REASONS: [&str; 5] = [
        "this name is built in",
        "is part of the standard library",
        "a module is named by its file; rename the file",
        "too; change it there first",
        "is what the policy is about; its name cannot be changed",
    ];
    for example in ["adapters", "montage"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let folder = folder.map(|parent| parent.join("examples").join(example)).find(|path| path.is_dir()).unwrap();
        let path = folder.join("main.ord").canonicalize().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let (mut client, uri) = (connect(), format!("file://{}", path.display()));
        let root = uri.strip_suffix("/main.ord").unwrap().to_owned();
        client.begin(&[root], capabilities(), json!({}));
        client.open(&uri, &text);
        let mut changed = 0;
        for (line, row) in text.lines().enumerate() {
            let named = |character: char| character.is_ascii_alphanumeric() || character == '_';
            let starts = row.match_indices(named).filter(|(at, _)| !row[..*at].ends_with(named));
            for (at, _) in starts {
                let id = client.ask(
                    "textDocument/rename",
                    json!({
                        "textDocument": { "uri": uri }, "position": { "line": line, "character": at },
                        "newName": "another",
                    }),
                );
                match client.answer(id) {
                    Ok(edit) => changed += usize::from(!edit.is_null()),
                    Err(error) => {
                        let message = error["message"].as_str().unwrap();
                        let known = REASONS.iter().any(|reason| message.ends_with(reason));
                        assert!(known, "{example}: {message}: {}", &row[at..]);
                    }
                }
            }
        }
        assert!(changed > 40, "{example}: {changed} names of it were changed");
        client.end();
    }
}

/// A client without commands of its own gets the server's, and none that changes anything; one without trees gets rows.
pub fn clients_get_what_they_can_use(connect: impl FnOnce() -> Client) {
    let text = "type T = { x: Int }\nplan go() {\n}\ntest \"t\" { expect true }\n";
    let (mut client, _folder, uri) = opened(connect(), text, json!({}), json!({}));
    let document = json!({ "textDocument": { "uri": uri } });
    let lenses = client.request("textDocument/codeLens", document.clone());
    let commands: Vec<&str> =
        lenses.as_array().unwrap().iter().filter_map(|lens| lens["command"]["command"].as_str()).collect();
    assert_eq!(commands, ["ordain.server.plan", "ordain.server.verify", "ordain.server.runTests"]);
    let symbols = client.request("textDocument/documentSymbol", document);
    let rows: Vec<(&str, &str)> = symbols
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| (symbol["name"].as_str().unwrap(), symbol["containerName"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(rows, [("T", ""), ("x", "T"), ("go", ""), ("t", "")]);
    client.end();
}
