//! One file is one case: sources with marked places, the requests to make there, and beside it what is answered.
//!
//! ```text
//! //- deploy/web.ord        the sources, each below its path (the first is `main.ord` where there is none)
//! const a = $0b             a place; `$0` … `$1` is a range
//! //? textDocument/hover    a request, made at every place; JSON after it is added to its parameters
//! ```
//!
//! The answers are written for people: ranges as `line:column-line:column`, counted from 1, documents by their paths.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Client, capabilities};

/// A case as it is written.
#[derive(Default)]
pub struct Case {
    files: Vec<(String, String)>,
    /// The marked places: file, position, and the position where a range ends.
    places: Vec<(String, Value, Option<Value>)>,
    requests: Vec<(String, Value)>,
}

/// Makes the requests of a case to a server and gives the answers as a text.
pub fn run(source: &str, connect: impl FnOnce() -> Client) -> String {
    let case = Case::parse(source);
    let folder = TempDir::new().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let has_manifest = case.files.iter().any(|(path, _)| path == "ordain.toml");
    if !has_manifest {
        std::fs::write(root.join("ordain.toml"), "[package]\nname = \"test\"\nversion = \"0.1.0\"\n").unwrap();
    }
    for (path, text) in &case.files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let uri = format!("file://{}", root.display());
    let mut client = connect();
    let server = client.begin(std::slice::from_ref(&uri), capabilities(), json!({ "clientCommands": true }));
    let legend = &server["capabilities"]["semanticTokensProvider"]["legend"];
    for (path, text) in case.files.iter().filter(|(path, _)| path.ends_with(".ord")) {
        client.open(&format!("{uri}/{path}"), text);
    }
    let mut out = String::new();
    for (method, extra) in &case.requests {
        if method == "diagnostics" {
            for (path, _) in case.files.iter().filter(|(path, _)| path.ends_with(".ord")) {
                let found = client
                    .request("textDocument/diagnostic", json!({ "textDocument": { "uri": format!("{uri}/{path}") } }));
                answer(&mut out, &format!("diagnostics of {path}"), &found["items"], &uri);
            }
            continue;
        }
        if case.places.is_empty() {
            let mut params = json!({ "textDocument": { "uri": format!("{uri}/{}", case.files[0].0) } });
            add(&mut params, extra);
            let result = client.request(method, params);
            if method.starts_with("textDocument/semanticTokens/") {
                painted(&mut out, method, &result, legend, &case.files[0].1);
            } else {
                follow(&mut client, &mut out, method, method, &result, &uri);
            }
        }
        for (path, start, end) in &case.places {
            let range = json!({ "start": start, "end": end.as_ref().unwrap_or(start) });
            let mut params = json!({
                "textDocument": { "uri": format!("{uri}/{path}") }, "position": start, "range": range,
            });
            match method.as_str() {
                "textDocument/references" => params["context"] = json!({ "includeDeclaration": true }),
                "textDocument/codeAction" => params["context"] = json!({ "diagnostics": [] }),
                _ => {}
            }
            add(&mut params, extra);
            let at = format!(
                "{method} {path}:{}:{}",
                start["line"].as_u64().unwrap() + 1,
                start["character"].as_u64().unwrap() + 1
            );
            let id = client.ask(method, params);
            match client.answer(id) {
                Ok(result) if method.starts_with("textDocument/semanticTokens/") => {
                    let text = &case.files.iter().find(|(known, _)| known == path).unwrap().1;
                    painted(&mut out, &at, &result, legend, text);
                }
                Ok(result) => {
                    follow(&mut client, &mut out, &at, method, &result, &uri);
                }
                Err(error) => answer(&mut out, &at, &json!({ "error": error }), &uri),
            }
        }
    }
    client.end();
    out
}

/// Writes an answer; of hierarchies also what they lead to, of unresolved things what they resolve to.
fn follow(client: &mut Client, out: &mut String, at: &str, method: &str, result: &Value, root: &str) {
    answer(out, at, result, root);
    if method == "textDocument/prepareCallHierarchy"
        && let Some(item) = result.get(0)
    {
        for way in ["incomingCalls", "outgoingCalls"] {
            let found = client.request(&format!("callHierarchy/{way}"), json!({ "item": item }));
            answer(out, way, &found, root);
        }
    }
    let resolve = match method {
        "textDocument/codeLens" => "codeLens/resolve",
        "textDocument/inlayHint" => "inlayHint/resolve",
        _ => return,
    };
    let open = result.as_array().into_iter().flatten().filter(|one| one.get("data").is_some());
    let resolved: Vec<Value> = open.map(|one| client.request(resolve, one.clone())).collect();
    answer(out, resolve, &Value::Array(resolved), root);
}

/// Writes semantic tokens: their places, texts, types and modifiers.
fn painted(out: &mut String, title: &str, result: &Value, legend: &Value, text: &str) {
    let lines: Vec<Vec<u16>> = text.lines().map(|line| line.encode_utf16().collect()).collect();
    let numbers: Vec<usize> =
        result["data"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect();
    let (mut line, mut column) = (0, 0);
    let _ = writeln!(out, "## {title}");
    for token in numbers.chunks_exact(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let shown = String::from_utf16_lossy(&lines[line][column..column + token[2]]);
        let _ =
            write!(out, "{}:{} {shown:?} {}", line + 1, column + 1, legend["tokenTypes"][token[3]].as_str().unwrap());
        let modifiers = legend["tokenModifiers"].as_array().unwrap().iter().enumerate();
        for (_, modifier) in modifiers.filter(|(at, _)| token[4] >> at & 1 == 1) {
            let _ = write!(out, ".{}", modifier.as_str().unwrap());
        }
        out.push('\n');
    }
    out.push('\n');
}

fn add(params: &mut Value, extra: &Value) {
    if let (Value::Object(params), Value::Object(extra)) = (params, extra) {
        for (name, value) in extra {
            params.insert(name.clone(), value.clone());
        }
    }
}

fn answer(out: &mut String, title: &str, result: &Value, root: &str) {
    if let (Some(items), true) = (result["items"].as_array(), title.starts_with("textDocument/completion")) {
        let _ = writeln!(out, "## {title}");
        for item in items.iter().take(40) {
            let text = item["textEdit"]["newText"].as_str().unwrap_or_default();
            let range = readable(item["textEdit"]["range"].clone(), root);
            let more = readable(item["additionalTextEdits"].clone(), root);
            let detail = item["detail"].as_str().unwrap_or_default();
            let _ = write!(
                out,
                "{} ({detail}) {} {text:?}",
                item["label"].as_str().unwrap(),
                range.as_str().unwrap_or_default()
            );
            let _ = writeln!(out, "{}", if more.is_null() { String::new() } else { format!(" and {more}") });
        }
        if items.len() > 40 {
            let _ = writeln!(out, "… more");
        }
        let _ = writeln!(out);
        return;
    }
    let shown = serde_json::to_string_pretty(&readable(result.clone(), root)).unwrap();
    let _ = writeln!(out, "## {title}\n{shown}\n");
}

/// Ranges and documents as people write them; sorted members, since the order of those says nothing.
fn readable(value: Value, root: &str) -> Value {
    match value {
        Value::Object(mut object) => {
            // What takes how long, and how a picture is styled, is no part of an answer's meaning.
            object.remove("milliseconds");
            if let Some(style) = object.get_mut("style") {
                *style = json!("…");
            }
            let place = |value: &Value| Some((value.get("line")?.as_u64()? + 1, value.get("character")?.as_u64()? + 1));
            if let (2, Some(start), Some(end)) =
                (object.len(), object.get("start").and_then(place), object.get("end").and_then(place))
            {
                return json!(format!("{}:{}-{}:{}", start.0, start.1, end.0, end.1));
            }
            if let (2, Some((line, column))) = (object.len(), place(&Value::Object(object.clone()))) {
                return json!(format!("{line}:{column}"));
            }
            let sorted: BTreeMap<String, Value> = object
                .into_iter()
                .map(|(name, value)| (name.replace(&format!("{root}/"), ""), readable(value, root)))
                .collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(|value| readable(value, root)).collect()),
        Value::String(text) => {
            let text = without_days(&text.replace(&format!("{root}/"), ""));
            let folder = root.trim_start_matches("file://");
            let text = text.replace(&format!("{folder}/"), "").replace(folder, ".");
            // Copies of the standard library, and pages, lie in a cache.
            match (text.find("/ordain/sources-"), text.find("/std/").or(text.find("/codes/"))) {
                (Some(_), Some(at)) if text.starts_with("file:") => json!(&text[at + 1..]),
                _ => json!(text),
            }
        }
        other => other,
    }
}

/// A text in which days that depend on when it was made are left out.
fn without_days(text: &str) -> String {
    let mut words = text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for at in 1..words.len() {
        if words[at - 1].ends_with("until") {
            words[at] = "DAY".into();
        }
    }
    words.join(" ")
}

impl Case {
    fn parse(source: &str) -> Self {
        let mut case = Self::default();
        let mut path = "main.ord".to_owned();
        let mut text = String::new();
        let mut line = 0u64;
        for raw in source.lines() {
            if let Some(next) = raw.strip_prefix("//- ") {
                case.file(&path, &mut text);
                path = next.trim().to_owned();
                line = 0;
                continue;
            }
            if let Some(request) = raw.strip_prefix("//? ") {
                let (method, extra) = request.split_once(' ').unwrap_or((request, "{}"));
                case.requests.push((method.to_owned(), serde_json::from_str(extra).expect("parameters are JSON")));
                continue;
            }
            let mut rest = raw;
            let mut written = String::new();
            while let Some(at) = rest.find("$0").into_iter().chain(rest.find("$1")).min() {
                written.push_str(&rest[..at]);
                let position = json!({ "line": line, "character": written.encode_utf16().count() });
                if rest[at..].starts_with("$0") {
                    case.places.push((path.clone(), position, None));
                } else {
                    case.places.last_mut().expect("a range begins before it ends").2 = Some(position);
                }
                rest = &rest[at + 2..];
            }
            written.push_str(rest);
            text.push_str(&written);
            text.push('\n');
            line += 1;
        }
        case.file(&path, &mut text);
        case
    }

    /// Takes a file; with `crlf` behind its path, its lines end in two characters.
    fn file(&mut self, path: &str, text: &mut String) {
        if !text.trim().is_empty() {
            let (name, text) = match path.strip_suffix(" crlf") {
                Some(name) => (name, text.replace('\n', "\r\n")),
                None => (path, std::mem::take(text)),
            };
            self.files.push((name.to_owned(), text));
        }
        text.clear();
    }
}

/// Runs every case and compares with what stands beside it.
pub fn all(folder: &Path, connect: impl Fn() -> Client) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let filter = std::env::var("CASE").unwrap_or_default();
    let mut files: Vec<_> = walk(folder).into_iter().filter(|path| path.to_string_lossy().contains(&filter)).collect();
    files.sort();
    let mut failed = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        settings.set_snapshot_path(path.parent().unwrap());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let answers = run(&source, &connect);
            settings.bind(|| insta::assert_snapshot!(name, answers));
        }));
        if ran.is_err() {
            failed.push(path);
        }
    }
    assert!(failed.is_empty(), "cases that failed: {failed:#?}");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "ord"))
        .collect()
}
