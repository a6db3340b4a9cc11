//! What clients should not do, and what happens all the same: the right error, a server that goes on, nothing written.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Client, capabilities};
use super::process;

/// A folder with a package, and its name for clients.
fn package(files: &[(&str, &[u8])]) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("ordain.toml"), "[package]\nname = \"test\"\nversion = \"0.1.0\"\n").unwrap();
    for (path, text) in files {
        std::fs::write(folder.path().join(path), text).unwrap();
    }
    let uri = format!("file://{}", folder.path().canonicalize().unwrap().display());
    (folder, uri)
}

fn started(uri: &str) -> (Client, std::process::Child) {
    let (mut client, child) = process();
    client.begin(&[uri.to_owned()], capabilities(), json!({}));
    (client, child)
}

fn hover(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

fn code(answer: Result<Value, Value>) -> i64 {
    answer.unwrap_err()["code"].as_i64().unwrap()
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn what_is_no_message_is_told_and_the_next_is_answered() {
    let (_folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    let (mut client, _child) = started(&uri);
    let mut wrong = |bytes: &[u8]| {
        client.raw(bytes);
        loop {
            let message = client.next_message().expect("the server goes on");
            if message.get("error").is_some() {
                assert_eq!(message["id"], Value::Null);
                return message["error"]["code"].as_i64().unwrap();
            }
        }
    };
    let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    for body in ["{", "nonsense", "\u{0}\u{1}", ""] {
        assert_eq!(wrong(&framed(body)), -32700, "{body}");
    }
    for body in [
        "[]",
        "{\"jsonrpc\":\"2.0\"}",
        "\"text\"",
        "{\"method\":7}",
        "{\"jsonrpc\":\"2.0\",\"id\":9.5,\"method\":\"x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"method\":\"x\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"x\"}",
        "{\"id\":1,\"result\":5}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":5}",
    ] {
        assert_eq!(wrong(&framed(body)), -32600, "{body}");
    }
    // Headers of any spelling, and lines that are none.
    let stray = b"GET / HTTP/1.1\r\nX: y\r\ncontent-length: 1\r\nContent-Type: x\r\n\r\n{";
    assert_eq!(wrong(stray), -32700);
    // Without a length, or with one that is none: the next header is found behind what cannot be read.
    for length in ["abc", "-5", "99999999999999999999999"] {
        assert_eq!(wrong(format!("Content-Length: {length}\r\n\r\n{{}}").as_bytes()), -32700, "{length}");
    }
    assert_eq!(wrong(b"Content-Length: 3\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"x\"}"), -32700);
    let known = client.request("textDocument/hover", hover(&format!("{uri}/main.ord"), 0, 6));
    assert!(known.to_string().contains("const a"), "{known}");
    client.end();
}

#[test]
fn what_is_not_known_is_refused() {
    let (_folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    let (mut client, _child) = started(&uri);
    let id = client.ask("textDocument/conjure", json!({}));
    assert_eq!(code(client.answer(id)), -32601);
    let id = client.ask("textDocument/hover", json!({ "textDocument": 7 }));
    assert_eq!(code(client.answer(id)), -32602);
    let id = client.ask("workspace/executeCommand", json!({ "command": "rm -rf /", "arguments": [] }));
    assert_eq!(code(client.answer(id)), -32602);
    client.notify("$/whatever", json!({}));
    let id = client.ask("$/whatever", json!({}));
    assert_eq!(code(client.answer(id)), -32601);
    client.notify("textDocument/conjured", json!({}));
    let nobody = client.request("textDocument/hover", hover("file:///no/such/file.ord", 0, 0));
    assert_eq!(nobody, Value::Null);
    client.end();
}

#[test]
fn nothing_is_answered_before_initialize_and_after_shutdown() {
    let (mut client, mut child) = process();
    let id = client.ask("textDocument/hover", hover("file:///a.ord", 0, 0));
    assert_eq!(code(client.answer(id)), -32002);
    let (_folder, uri) = package(&[]);
    client.begin(&[uri], capabilities(), json!({}));
    client.request("shutdown", Value::Null);
    let id = client.ask("textDocument/hover", hover("file:///a.ord", 0, 0));
    assert_eq!(code(client.answer(id)), -32600);
    client.notify("exit", Value::Null);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_client_that_is_gone_takes_the_server_along() {
    let (_folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    let (client, mut child) = started(&uri);
    client.gone();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn nobody_waits_for_answers_of_a_client_that_is_gone() {
    let (_folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    for leaves in [true, false] {
        let (mut client, mut child) = process();
        let folders = json!([{ "uri": uri, "name": "test" }]);
        let params = json!({
            "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": capabilities(),
        });
        client.request("initialize", params);
        // It is asked for settings and to watch files, and answers neither.
        client.notify("initialized", json!({}));
        if leaves {
            client.ask("shutdown", Value::Null);
            client.notify("exit", Value::Null);
        }
        client.gone();
        assert_eq!(child.wait().unwrap().code(), Some(i32::from(!leaves)));
    }
}

#[test]
fn places_beyond_the_text_are_its_ends() {
    let (_folder, uri) = package(&[("main.ord", "const a = \"\u{1d11e}\"\r\n".as_bytes())]);
    let (mut client, _child) = started(&uri);
    let main = format!("{uri}/main.ord");
    for (line, character) in [(0, 99), (99, 0), (u32::MAX, u32::MAX), (0, 12)] {
        client.request("textDocument/hover", hover(&main, line, character));
        client.request("textDocument/completion", hover(&main, line, character));
        client.request("textDocument/definition", hover(&main, line, character));
        let range = json!({ "start": { "line": line, "character": character }, "end": { "line": 0, "character": 0 } });
        client.request(
            "textDocument/codeAction",
            json!({
                "textDocument": { "uri": main }, "range": range, "context": { "diagnostics": [] },
            }),
        );
    }
    client.end();
}

#[test]
fn changes_that_come_too_late_or_out_of_nowhere_are_left_out() {
    let (_folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    let (mut client, _child) = started(&uri);
    let main = format!("{uri}/main.ord");
    let change = |version: i32, text: &str| json!({ "textDocument": { "uri": main, "version": version }, "contentChanges": [{ "text": text }] });
    client.notify("textDocument/didChange", change(2, "const never = 1\n"));
    client.open(&main, "const opened = 1\n");
    client.notify("textDocument/didChange", change(5, "const fifth = 1\n"));
    client.notify("textDocument/didChange", change(4, "const fourth = 1\n"));
    let known = client.request("textDocument/hover", hover(&main, 0, 6));
    assert!(known.to_string().contains("fifth"), "{known}");
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": main } }));
    let known = client.request("textDocument/hover", hover(&main, 0, 6));
    assert!(known.to_string().contains("const a"), "{known}");
    client.end();
}

#[test]
fn what_is_wrong_is_told_with_a_page_about_it_and_taken_back() {
    let (_folder, uri) = package(&[("main.ord", b"const a: Int = 1\n"), ("other.ord", b"const b: Int = \"x\"\n")]);
    let (mut client, _child) = process();
    let mut abilities = capabilities();
    abilities["textDocument"]["publishDiagnostics"]["codeDescriptionSupport"] = json!(true);
    client.begin(std::slice::from_ref(&uri), abilities, json!({}));
    // What is not open is told of, too.
    let found = client.diagnostics(&format!("{uri}/other.ord"));
    let page = found["diagnostics"][0]["codeDescription"]["href"].as_str().unwrap().strip_prefix("file://").unwrap();
    assert!(std::fs::read_to_string(page).unwrap().starts_with("# ORD0301"), "{page}");
    let main = format!("{uri}/main.ord");
    client.open(&main, "const a: Int = \"x\"\n");
    let found = client.diagnostics(&main);
    assert_eq!((&found["version"], &found["diagnostics"][0]["code"]), (&json!(1), &json!("ORD0301")));
    let range = json!({ "start": { "line": 0, "character": 15 }, "end": { "line": 0, "character": 18 } });
    client.notify(
        "textDocument/didChange",
        json!({
            "textDocument": { "uri": main, "version": 2 }, "contentChanges": [{ "range": range, "text": "2" }],
        }),
    );
    let found = client.diagnostics(&main);
    assert_eq!((&found["version"], &found["diagnostics"]), (&json!(2), &json!([])));
    client.end();
}

#[test]
fn files_come_and_go() {
    let (folder, uri) =
        package(&[("main.ord", b"use other.{b}\nconst a: Int = b\n"), ("other.ord", b"const b: Int = 1\n")]);
    let (mut client, _child) = started(&uri);
    let main = format!("{uri}/main.ord");
    client.open(&main, "use other.{b}\nconst a: Int = b\n");
    let pull = json!({ "textDocument": { "uri": main } });
    let found = client.request("textDocument/diagnostic", pull.clone());
    assert_eq!(found["items"], json!([]));
    std::fs::remove_file(folder.path().join("other.ord")).unwrap();
    let event = |kind: u32| json!({ "changes": [{ "uri": format!("{uri}/other.ord"), "type": kind }] });
    client.notify("workspace/didChangeWatchedFiles", event(3));
    let found = client.request("textDocument/diagnostic", pull.clone());
    assert!(found.to_string().contains("other"), "{found}");
    std::fs::write(folder.path().join("other.ord"), "const b: Int = 2\n").unwrap();
    client.notify("workspace/didChangeWatchedFiles", event(1));
    let found = client.request("textDocument/diagnostic", pull.clone());
    assert_eq!(found["items"], json!([]));
    // What is not UTF-8 is a finding of that file.
    std::fs::write(folder.path().join("other.ord"), b"const b: Int = \xff\xfe\n").unwrap();
    client.notify("workspace/didChangeWatchedFiles", event(2));
    let found =
        client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": format!("{uri}/other.ord") } }));
    assert!(found.to_string().contains("UTF-8"), "{found}");
    // A file that was never saved has answers, too.
    client.open(&format!("{uri}/fresh.ord"), "const c: Int = \"x\"\n");
    let found =
        client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": format!("{uri}/fresh.ord") } }));
    assert!(found.to_string().contains("ORD0301"), "{found}");
    client.open("untitled:Untitled-1", "const d: Int = \"x\"\n");
    let found = client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": "untitled:Untitled-1" } }));
    assert!(found.to_string().contains("ORD0301"), "{found}");
    client.end();
}

#[test]
fn what_is_wrong_with_data_is_told_there() {
    let source = "type Row = { name: String, size: Int }\n\nconst rows: List<Row> = csv(\"rows.csv\")\n";
    let (folder, uri) = package(&[("main.ord", source.as_bytes()), ("rows.csv", b"name,size\na,1\nb,many\n")]);
    let (mut client, _child) = started(&uri);
    let (main, rows) = (format!("{uri}/main.ord"), format!("{uri}/rows.csv"));
    client.open(&main, source);
    let found = client.diagnostics(&rows);
    let place = json!({ "start": { "line": 2, "character": 2 }, "end": { "line": 2, "character": 6 } });
    assert_eq!(found["diagnostics"][0]["range"], place, "{found}");
    let pull = |client: &mut Client, uri: &str| {
        client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }))["items"].clone()
    };
    assert_eq!(pull(&mut client, &main), json!([]));
    assert_eq!(pull(&mut client, &rows)[0]["range"], place);
    std::fs::write(folder.path().join("rows.csv"), "name,size\na,1\nb,2\n").unwrap();
    let event = json!({ "changes": [{ "uri": rows, "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", event);
    assert_eq!(client.diagnostics(&rows)["diagnostics"], json!([]));
    client.end();
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_told_and_those_that_lead_out_are_not_followed() {
    let (folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    std::os::unix::fs::symlink("nowhere.ord", folder.path().join("lost.ord")).unwrap();
    std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
    let (mut client, _child) = started(&uri);
    let main = format!("{uri}/main.ord");
    client.open(&main, "const a = 1\n");
    let known = client.request("textDocument/hover", hover(&main, 0, 6));
    assert!(known.to_string().contains("const a"), "{known}");
    let found = client.diagnostics(&format!("{uri}/lost.ord"));
    assert_eq!(found["diagnostics"][0]["code"], "ORD0705", "{found}");
    client.end();
}

#[test]
fn the_whole_folder_may_vanish() {
    let (folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    let (mut client, _child) = started(&uri);
    let main = format!("{uri}/main.ord");
    client.open(&main, "const a = 1\n");
    drop(folder);
    let events = ["main.ord", "ordain.toml"].map(|name| json!({ "uri": format!("{uri}/{name}"), "type": 3 }));
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": events }));
    let known = client.request("textDocument/hover", hover(&main, 0, 6));
    assert!(known.to_string().contains("const a"), "{known}");
    client.end();
}

#[test]
fn much_is_taken_and_nothing_is_written() {
    let (folder, uri) = package(&[("main.ord", b"const a = 1\n")]);
    let before = contents(folder.path());
    let (mut client, _child) = started(&uri);
    for at in 0..10_000 {
        client.open(&format!("untitled:many-{at}"), "const a: Int = 1\n");
    }
    let known = client.request("textDocument/hover", hover("untitled:many-9999", 0, 6));
    assert!(known.to_string().contains("const a"), "{known}");
    // As many that belong to the package and were never saved.
    for at in 0..3_000 {
        client.open(&format!("{uri}/never_{at}.ord"), "const a: Int = 1\n");
    }
    let known = client.request("textDocument/hover", hover(&format!("{uri}/never_2999.ord"), 0, 6));
    assert!(known.to_string().contains("const a"), "{known}");
    // More than 50 MB.
    let large = "/// Some text that says nothing at all, again and again.\n".repeat(1_000_000);
    let main = format!("{uri}/main.ord");
    client.open(&main, &large);
    client.request("textDocument/hover", hover(&main, 500_000, 6));
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": main } }));
    // Deeply nested, and never closed.
    client.open(&main, &format!("const a = {}", "[{(".repeat(20_000)));
    client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": main } }));
    client.request("textDocument/completion", hover(&main, 0, 200));
    client.end();
    assert_eq!(before, contents(folder.path()));
}
