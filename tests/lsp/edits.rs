//! Whatever is typed: the server has the client's text, and answers as one that never saw another.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::client::{Client, capabilities};
use super::server;

/// A change: where in the text it begins, how much it takes away, and what it puts there; all in units of UTF-16.
#[derive(Clone, Debug)]
enum Change {
    Replace(prop::sample::Index, usize, String),
    Whole(String),
    Undo,
}

/// What people and their hands put into sources.
const PIECES: [&str; 22] = [
    "const x = 1\n",
    "plan p(env: Env) {\n",
    "}\n",
    "{",
    "\"",
    "\\",
    "\"{",
    "type T = { a: Int }\n",
    "use std.file.{file}\n",
    "\u{1d11e}",
    "é",
    "\r\n",
    "\r",
    "\n",
    "/// docs\n",
    "  ",
    "match t { a => 1 }",
    "\u{0}",
    "fn f(n: Int) -> Int = n\n",
    ".",
    ",",
    "test \"x\" { expect true }\n",
];

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12).prop_map(|pieces| pieces.concat()),
    ];
    prop_oneof![
        12 => (any::<prop::sample::Index>(), 0usize..30, piece.clone()).prop_map(|(at, gone, put)| Change::Replace(at, gone, put)),
        1 => prop::collection::vec(prop::sample::select(&PIECES[..]), 0..20).prop_map(|pieces| Change::Whole(pieces.concat())),
        2 => Just(Change::Undo),
    ]
}

/// The position of an offset in units of UTF-16, as an editor counts lines.
fn position(text: &[u16], offset: usize) -> Value {
    let (mut line, mut start) = (0, 0);
    for at in 0..offset {
        let ends = text[at] == 10 || text[at] == 13 && text.get(at + 1) != Some(&10);
        if ends {
            (line, start) = (line + 1, at + 1);
        }
    }
    json!({ "line": line, "character": offset - start })
}

/// Where an edit can begin or end: not within a pair of surrogates, nor between `\r` and `\n`, which no client can name.
fn settled(text: &[u16], mut offset: usize) -> usize {
    while offset > 0
        && offset < text.len()
        && (matches!(text[offset], 0xdc00..0xe000) || text[offset - 1] == 13 && text[offset] == 10)
    {
        offset -= 1;
    }
    offset
}

fn answers(client: &mut Client, uri: &str) -> Vec<Value> {
    let document = json!({ "textDocument": { "uri": uri } });
    let full = [
        "textDocument/diagnostic",
        "textDocument/documentSymbol",
        "textDocument/foldingRange",
        "textDocument/semanticTokens/full",
    ];
    full.into_iter()
        .map(|method| {
            let mut answer = client.request(method, document.clone());
            // What the answer is called says nothing.
            answer.as_object_mut().and_then(|answer| answer.remove("resultId"));
            answer
        })
        .collect()
}

#[test]
fn answers_are_those_of_a_server_that_never_saw_another_text() {
    let mut edited = server();
    edited.begin(&[], capabilities(), json!({}));
    let mut fresh = server();
    fresh.begin(&[], capabilities(), json!({}));
    let mut number = 0;
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let clients = std::cell::RefCell::new((&mut edited, &mut fresh, &mut number));
    let tried = runner.run(&prop::collection::vec(change(), 1..25), |changes| {
        let mut clients = clients.borrow_mut();
        let (edited, fresh, number) = &mut *clients;
        **number += 1;
        let uri = format!("untitled:edited-{number}");
        let mut text: Vec<u16> = Vec::new();
        let mut undo: Vec<Vec<u16>> = Vec::new();
        edited.open(&uri, "");
        for (version, change) in changes.into_iter().enumerate() {
            let before = text.clone();
            let content = match change {
                Change::Replace(at, gone, put) => {
                    let start = settled(&text, at.index(text.len() + 1));
                    let end = settled(&text, (start + gone).min(text.len())).max(start);
                    let range = json!({ "start": position(&text, start), "end": position(&text, end) });
                    text.splice(start..end, put.encode_utf16());
                    json!({ "range": range, "text": put })
                }
                Change::Whole(whole) => {
                    text = whole.encode_utf16().collect();
                    json!({ "text": whole })
                }
                Change::Undo => {
                    text = undo.pop().unwrap_or_default();
                    json!({ "text": String::from_utf16(&text).unwrap() })
                }
            };
            undo.push(before);
            let document = json!({ "uri": uri, "version": version + 2 });
            edited.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [content] }));
        }
        let other = format!("untitled:fresh-{number}");
        fresh.open(&other, &String::from_utf16(&text).unwrap());
        let (first, second) = (answers(edited, &uri), answers(fresh, &other));
        let same = |answers: Vec<Value>, uri: &str| json!(answers).to_string().replace(uri, "");
        prop_assert_eq!(same(first, &uri), same(second, &other));
        for (client, uri) in [(&mut *edited, &uri), (&mut *fresh, &other)] {
            client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
        }
        Ok(())
    });
    tried.unwrap();
    edited.end();
    fresh.end();
}
