//! What people feel while they type, measured through the whole server over its streams, in one run:
//! `cargo bench -p ordain --bench editor`. `-- quick` takes a package of 10,000 lines in place of one of 1,000,000.

#[path = "../tests/lsp/client.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod client;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::{Client, capabilities};
use ordain_benches::{Shape, file_text, plan_of_steps, write_package};
use serde_json::{Value, json};

/// How often each thing is done.
const TIMES: usize = 300;

fn main() {
    let quick = std::env::args().any(|argument| argument == "quick");
    let shape = Shape::of_lines(if quick { 10_000 } else { 1_000_000 });
    let folder = tempfile::tempdir().expect("a folder can be made");
    let root = folder.path().canonicalize().expect("the folder is there");
    write_package(&root, shape).expect("the package can be written");
    let uri = format!("file://{}", root.display());
    println!("a package of {} lines in {} files\n", shape.lines, shape.files);

    let since = Instant::now();
    let (mut client, mut child) = server();
    let params = json!({
        "processId": null, "rootUri": null, "capabilities": capabilities(),
        "workspaceFolders": [{ "uri": uri, "name": "bench" }],
    });
    client.request("initialize", params);
    client.notify("initialized", json!({}));
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (path, text) = file_text(shape, shape.files / 2);
    let file = format!("{uri}/{path}");
    client.open(&file, &text);
    client.diagnostics(&file);
    println!("start to the first diagnostics of an open file   {:>9.2?}", since.elapsed());
    // Looking at everything else is over once a request after a while is answered at once.
    std::thread::sleep(Duration::from_secs(if quick { 2 } else { 12 }));
    println!("memory once everything was looked at             {:>6} MiB", memory(&child));

    let lines: Vec<&str> = text.lines().collect();
    let numbers: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .filter_map(|(line, text)| {
            let at = text.find(|character: char| character.is_ascii_digit())?;
            let alone = text[..at].ends_with(' ') && !text.contains('"') && !text.trim_start().starts_with("//");
            alone.then_some((line, at))
        })
        .collect();
    let mut version = 1;
    let mut keystrokes = Vec::new();
    for _ in 0..TIMES {
        let (line, at) = numbers[next(&mut random) % numbers.len()];
        // A mistake, and back again: both show in what is published.
        for (text, gone) in [("%", 0), ("", 1)] {
            version += 1;
            let range = json!({
                "start": { "line": line, "character": at }, "end": { "line": line, "character": at + gone },
            });
            let since = Instant::now();
            client.notify(
                "textDocument/didChange",
                json!({
                    "textDocument": { "uri": file, "version": version },
                    "contentChanges": [{ "range": range, "text": text }],
                }),
            );
            client.told(|method, params| {
                method == "textDocument/publishDiagnostics"
                    && params["uri"] == file.as_str()
                    && params["version"] == version
            });
            keystrokes.push(since.elapsed());
        }
    }
    report("keystroke to published diagnostics", keystrokes);

    let words: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.trim_start().starts_with("//"))
        .filter_map(|(line, text)| Some((line, text.rfind(char::is_alphabetic)?)))
        .collect();
    for (method, title) in [
        ("textDocument/hover", "hover"),
        ("textDocument/completion", "completion"),
        ("textDocument/definition", "definition"),
        ("textDocument/documentHighlight", "highlight"),
        ("textDocument/signatureHelp", "signature help"),
    ] {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let (line, character) = words[next(&mut random) % words.len()];
            let place =
                json!({ "textDocument": { "uri": file }, "position": { "line": line, "character": character } });
            let since = Instant::now();
            let id = client.ask(method, place);
            client.answer(id).expect("an answer");
            times.push(since.elapsed());
        }
        report(title, times);
    }
    for (method, title) in [
        ("textDocument/semanticTokens/full", "colours of a file"),
        ("textDocument/documentSymbol", "symbols of a file"),
        ("textDocument/codeLens", "lenses of a file"),
        ("textDocument/foldingRange", "folding of a file"),
    ] {
        let times = repeat(&mut client, method, &json!({ "textDocument": { "uri": file } }), TIMES);
        report(title, times);
    }
    let (line, character) = words[words.len() / 2];
    let place = json!({
        "textDocument": { "uri": file }, "position": { "line": line, "character": character },
        "context": { "includeDeclaration": true },
    });
    let times = repeat(&mut client, "textDocument/references", &place, 20);
    report("references, in all files", times);
    let times = repeat(&mut client, "workspace/symbol", &json!({ "query": "serv" }), 20);
    report("symbols, of all files", times);
    println!("memory at the end                                {:>6} MiB", memory(&child));
    client.end();
    child.wait().expect("the server ends");
    preview();
}

fn repeat(client: &mut Client, method: &str, params: &Value, times: usize) -> Vec<Duration> {
    (0..times)
        .map(|_| {
            let since = Instant::now();
            client.request(method, params.clone());
            since.elapsed()
        })
        .collect()
}

/// The preview of a plan of 200 steps, each time after a change of it.
fn preview() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let root = folder.path().canonicalize().expect("the folder is there");
    for (path, text) in plan_of_steps(200).files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }
    let uri = format!("file://{}", root.display());
    let (mut client, mut child) = server();
    client.begin(std::slice::from_ref(&uri), capabilities(), json!({}));
    let name = "main.ord";
    let text = std::fs::read_to_string(root.join(name)).expect("the plan is there");
    let file = format!("{uri}/{name}");
    client.open(&file, &text);
    let line = text.lines().position(|line| line.starts_with("plan ")).expect("there is a plan");
    let last = text.lines().count();
    let mut times = Vec::new();
    for at in 0..100 {
        client.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": file, "version": at + 2 },
                "contentChanges": [{
                    "range": { "start": { "line": last, "character": 0 }, "end": { "line": last, "character": 0 } },
                    "text": format!("const edit_{at} = {at}\n"),
                }],
            }),
        );
        let asked = json!({ "textDocument": { "uri": file }, "position": { "line": line, "character": 6 } });
        let since = Instant::now();
        let found = client.request("ordain/plan", asked);
        times.push(since.elapsed());
        assert_eq!(found["summary"]["steps"], 200, "{found}");
    }
    report("preview of a plan of 200 steps", times);
    client.end();
    child.wait().expect("the server ends");
}

fn server() -> (Client, Child) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ordain"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server can be started");
    let streams = (child.stdout.take(), child.stdin.take());
    let (Some(input), Some(output)) = streams else { unreachable!("both were asked for") };
    (Client::over(input, output), child)
}

fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 8) as usize
}

fn report(title: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{title:<40} median {:>9.2?}  p99 {:>9.2?}  of {}", at(0.5), at(0.99), times.len());
}

/// The resident memory of the server, in MiB.
fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or_default() / 1024
}
