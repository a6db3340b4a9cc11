//! What follows the name and the flags of an instruction.

use std::ops::Range;

use smol_str::SmolStr;

use super::instructions::Instruction;
use crate::error::Fault;
use crate::node::{Node, NodeKind};
use crate::parse::range;

/// The arguments of an instruction.
pub(super) struct Arguments {
    /// Whether they are written as a JSON list.
    pub(super) json: bool,
    pub(super) values: Vec<Node>,
}

/// Reads the arguments in `rest` of the instruction that `name` names.
pub(super) fn read(instruction: &Instruction, name: &Node, mut rest: Range<usize>) -> Result<Arguments, Fault> {
    let NodeKind::String(name) = &name.kind else { return Ok(Arguments { json: false, values: Vec::new() }) };
    let mut values = Vec::new();
    if rest.is_empty() {
        return Ok(Arguments { json: false, values });
    }
    let may_be_json = match name.as_str() {
        "healthcheck" => {
            values.push(instruction.node(instruction.word(&mut rest)));
            true
        }
        "add" | "cmd" | "copy" | "entrypoint" | "run" | "shell" | "volume" => true,
        _ => false,
    };
    if may_be_json && let Some(list) = json(instruction, rest.clone()) {
        values.extend(list);
        return Ok(Arguments { json: true, values });
    }
    match name.as_str() {
        "add" | "copy" | "expose" | "from" | "volume" => {
            while !rest.is_empty() {
                values.push(instruction.node(instruction.word(&mut rest)));
            }
        }
        "arg" => values.extend(instruction.words(rest).into_iter().map(|word| instruction.node(word))),
        "env" | "label" => values.extend(pairs(instruction, rest)),
        _ if rest.is_empty() => {}
        _ => values.push(instruction.node(rest)),
    }
    Ok(Arguments { json: false, values })
}

/// The texts of a JSON list of texts.
fn json(instruction: &Instruction, rest: Range<usize>) -> Option<Vec<Node>> {
    let text = &instruction.text[rest.clone()];
    if !text.starts_with('[') {
        return None;
    }
    let NodeKind::List(nodes) = crate::json::read(text).ok()?.kind else { return None };
    let place = |node: Node| {
        let piece = rest.start + node.range.start as usize..rest.start + node.range.end as usize;
        matches!(node.kind, NodeKind::String(_)).then(|| Node { range: instruction.place(piece), ..node })
    };
    nodes.into_iter().map(place).collect()
}

/// A name, a value and what stands between them, for each pair.
fn pairs(instruction: &Instruction, mut rest: Range<usize>) -> Vec<Node> {
    let sign = |at: usize, text: &str| {
        let place = instruction.place(at..at + text.len());
        Node { range: place, kind: NodeKind::String(SmolStr::new(text)) }
    };
    let words = instruction.words(rest.clone());
    // The older form has one name, and all the rest is its value.
    if !words.first().is_some_and(|word| instruction.text[word.clone()].contains('=')) {
        let name = instruction.word(&mut rest);
        let end = instruction.place(name.clone()).end as usize;
        let nothing = Node { range: range(end, end), kind: NodeKind::String(SmolStr::default()) };
        return vec![instruction.node(name), instruction.node(rest), nothing];
    }
    let pair = |word: Range<usize>| match instruction.text[word.clone()].find('=') {
        Some(at) => {
            let at = word.start + at;
            vec![instruction.node(word.start..at), instruction.node(at + 1..word.end), sign(at, "=")]
        }
        None => vec![instruction.node(word)],
    };
    words.into_iter().flat_map(pair).collect()
}
