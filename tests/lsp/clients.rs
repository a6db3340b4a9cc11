//! What differs from client to client: its folders, its columns, its settings, and whether it asks for findings.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Client, capabilities};
use super::server;

/// A folder with a package of one source, and its name for clients.
fn package(name: &str, text: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    std::fs::write(folder.path().join("ordain.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("main.ord"), text).unwrap();
    let uri = format!("file://{}", folder.path().canonicalize().unwrap().display());
    (folder, uri)
}

/// The packages that have a constant `zyxwv`, by the folders they lie in.
fn folders_with_it(client: &mut Client) -> Vec<String> {
    let found = client.request("workspace/symbol", json!({ "query": "zyxwv" }));
    let uris = found.as_array().unwrap().iter().map(|symbol| symbol["location"]["uri"].as_str().unwrap());
    let mut folders: Vec<String> = uris.map(|uri| uri.trim_end_matches("/main.ord").to_owned()).collect();
    folders.sort();
    folders
}

#[test]
fn folders_come_and_go() {
    let (_one, first) = package("one", "const zyxwv = 1\n");
    let (_two, second) = package("two", "const zyxwv = 2\n");
    let mut both = vec![first.clone(), second.clone()];
    both.sort();
    let mut client = server();
    client.begin(&[first.clone(), second.clone()], capabilities(), json!({}));
    assert_eq!(folders_with_it(&mut client), both);
    let folder = |uri: &str| json!([{ "uri": uri, "name": "folder" }]);
    let change = |added: Value, removed: Value| json!({ "event": { "added": added, "removed": removed } });
    for (added, removed, left) in
        [(json!([]), folder(&second), vec![first.clone()]), (folder(&second), folder(&first), vec![second.clone()])]
    {
        client.notify("workspace/didChangeWorkspaceFolders", change(added, removed));
        client.told(|method, params| method == "ordain/status" && params["state"] == "ready");
        assert_eq!(folders_with_it(&mut client), left);
    }
    client.end();
}

#[test]
fn positions_count_what_the_client_counts() {
    let text = "const a = \"é𝄞\" + nothing\n";
    let (_folder, uri) = package("test", text);
    let uri = format!("{uri}/main.ord");
    // What the client offers, what is chosen of it, and where the last word begins then.
    let cases = [
        (json!(["utf-32", "utf-8", "utf-16"]), "utf-8", 21),
        (json!(["utf-16"]), "utf-16", 18),
        (Value::Null, "utf-16", 18),
    ];
    for (offered, chosen, column) in cases {
        let mut able = capabilities();
        able["general"]["positionEncodings"] = offered;
        let mut client = server();
        let result = client.begin(&[uri.trim_end_matches("/main.ord").to_owned()], able, json!({}));
        assert_eq!(result["capabilities"]["positionEncoding"], chosen);
        client.open(&uri, text);
        let found = client.diagnostics(&uri);
        let range = &found["diagnostics"][0]["range"];
        assert_eq!(
            [&range["start"]["character"], &range["end"]["character"]],
            [&json!(column), &json!(column + 7)],
            "{found}"
        );
        client.end();
    }
}

#[test]
fn findings_are_asked_for() {
    let text = "const a: Int = \"x\"\n";
    let (_folder, folder) = package("test", text);
    let uri = format!("{folder}/main.ord");
    let mut client = server();
    let result = client.begin(std::slice::from_ref(&folder), capabilities(), json!({ "diagnostics": "pull" }));
    assert_eq!(result["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"], true);
    let document = json!({ "textDocument": { "uri": uri } });
    let found = client.request("textDocument/diagnostic", document.clone());
    assert_eq!(found["items"][0]["code"], "ORD0301", "{found}");
    client.open(&uri, "const a: Int = 1\n");
    let found = client.request("textDocument/diagnostic", document);
    assert_eq!(found["items"], json!([]));
    let found = client.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let reports = found["items"].as_array().unwrap();
    assert!(reports.iter().all(|report| report["uri"] == json!(uri) && report["kind"] == "full"), "{found}");
    client.end();

    let mut client = server();
    let result = client.begin(&[folder], capabilities(), json!({}));
    assert_eq!(result["capabilities"]["diagnosticProvider"], Value::Null, "they are told where they are not asked for");
    client.end();
}

#[test]
fn findings_lead_to_other_places_and_to_the_page_of_their_code() {
    let (_folder, folder) = package("test", "const a: Int = \"x\"\nenum Size { small }\nconst b: Size = smal\n");
    let uri = format!("{folder}/main.ord");
    let mut able = capabilities();
    able["textDocument"]["publishDiagnostics"]["codeDescriptionSupport"] = json!(true);
    let mut client = server();
    client.begin(&[folder], able, json!({}));
    let found = client.diagnostics(&uri);
    let findings = found["diagnostics"].as_array().unwrap();
    let of = |code: &str| findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{found}"));
    let place = &of("ORD0312")["relatedInformation"][0]["location"];
    assert_eq!(
        (&place["uri"], &place["range"]["start"]),
        (&json!(uri), &json!({ "line": 1, "character": 5 })),
        "{found}"
    );
    let page = of("ORD0301")["codeDescription"]["href"].as_str().unwrap_or_else(|| panic!("{found}"));
    let page = std::fs::read_to_string(page.strip_prefix("file://").unwrap()).unwrap();
    assert!(page.contains("ORD0301"), "{page}");
    client.end();
}

#[test]
fn settings_take_effect() {
    let (_folder, folder) = package("test", "const a = 1\nplan p() {\n}\n");
    let document = json!({ "uri": format!("{folder}/main.ord") });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let asked = [
        ("textDocument/inlayHint", json!({ "textDocument": document, "range": range })),
        ("textDocument/codeLens", json!({ "textDocument": document })),
    ];
    let mut client = server();
    client.begin(&[folder], capabilities(), json!({}));
    // The server asks for them in its own time, so what has effect at some time is waited for.
    let shows = |client: &mut Client, something: bool| {
        for (method, params) in &asked {
            let shown = |found: Value| found.as_array().is_some_and(|found| !found.is_empty());
            let in_time = (0..5_000).any(|_| shown(client.request(method, params.clone())) == something);
            assert!(in_time, "{method}: shows something: {}", !something);
        }
    };
    shows(&mut client, true);
    client.settings = json!({ "inlayHints": { "types": false }, "codeLens": { "enable": false } });
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    shows(&mut client, false);
    client.settings = json!({ "inlayHints": { "risk": false } });
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    shows(&mut client, true);
    client.end();
}
