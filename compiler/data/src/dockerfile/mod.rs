//! Dockerfiles: a list of their instructions.
//!
//! The reader is our own: the crates for this format (`dockerfile-parser`, `parse-dockerfile`) are either no longer
//! kept or leave out forms that real files use, such as heredocs after `RUN`. Nothing is substituted and no image is
//! looked up.
//!
//! Each instruction is a map, as policies for Dockerfiles commonly expect it:
//!
//! - `Cmd` is its name in lower case; `SubCmd` that of the instruction after `ONBUILD`, and otherwise empty.
//! - `Flags` are the words before its arguments that start with `--`.
//! - `JSON` says whether its arguments are written as a JSON list; `Value` is the list of them. Shell commands are one
//!   text. `ENV` and `LABEL` give a name, a value and what stands between them (`=` or nothing) for each.
//! - `Heredocs` are the texts that follow the instruction up to a word that it names.
//! - `Stage` counts the `FROM`s before it, so that the first stage is 0; `Original` is what was written.
//!
//! Comments are left out.

mod arguments;
mod instructions;

use ordain_diagnostics::TextRange;
use smol_str::SmolStr;

use crate::error::{Fault, fault, quoted};
use crate::node::{Key, Node, NodeKind};
use crate::parse::{byte_order_mark, range};
use arguments::Arguments;
use instructions::{Instruction, Instructions};

/// The instructions that there are.
const NAMES: [&str; 18] = [
    "add",
    "arg",
    "cmd",
    "copy",
    "entrypoint",
    "env",
    "expose",
    "from",
    "healthcheck",
    "label",
    "maintainer",
    "onbuild",
    "run",
    "shell",
    "stopsignal",
    "user",
    "volume",
    "workdir",
];

/// Reads a file: a list of maps.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let start = byte_order_mark(text);
    let mut commands = Vec::new();
    let mut stages = 0;
    for instruction in Instructions::new(text, start) {
        commands.push(command(text, &instruction?, &mut stages)?);
    }
    Ok(Node { range: range(start, text.len()), kind: NodeKind::List(commands) })
}

/// The map of one instruction.
fn command(text: &str, instruction: &Instruction, stages: &mut i64) -> Result<Node, Fault> {
    let mut rest = instruction.whole();
    let name = named(instruction, &mut rest)?;
    stages_after(&name, stages);
    let flags = instruction.flags(&mut rest);
    let sub = match name.kind == NodeKind::String("onbuild".into()) {
        true => named(instruction, &mut rest)?,
        false => Node { range: range(name.range.end as usize, name.range.end as usize), kind: text_node("") },
    };
    let of = if sub.kind == text_node("") { &name } else { &sub };
    let Arguments { json, values } = arguments::read(instruction, of, rest)?;
    if values.is_empty() {
        let written = &text[of.range.start as usize..of.range.end as usize];
        return Err(fault(of.range, format!("{} needs an argument", quoted(written))));
    }
    let whole = instruction.range();
    let heredocs = instruction.heredocs.iter().map(|&(start, end)| {
        let kind = text_node(&text[start..end]);
        Node { range: range(start, end), kind }
    });
    let original = text_node(&text[whole.start as usize..whole.end as usize]);
    let place = name.range;
    let list = |nodes: Vec<Node>| {
        let inner = nodes.iter().map(|node| node.range).reduce(TextRange::cover);
        Node { range: inner.unwrap_or(range(place.end as usize, place.end as usize)), kind: NodeKind::List(nodes) }
    };
    let stage = NodeKind::Int((*stages - 1).max(0));
    let entries = [
        ("Cmd", name),
        ("SubCmd", sub),
        ("Flags", list(flags)),
        ("JSON", Node { range: place, kind: NodeKind::Bool(json) }),
        ("Value", list(values)),
        ("Heredocs", list(heredocs.collect())),
        ("Stage", Node { range: place, kind: stage }),
        ("Original", Node { range: whole, kind: original }),
    ];
    // The names are not in the text: they stand where the instruction starts.
    let key = |name| Key { name: SmolStr::new_static(name), range: range(whole.start as usize, whole.start as usize) };
    let entries = entries.into_iter().map(|(name, node)| (key(name), node)).collect();
    Ok(Node { range: whole, kind: NodeKind::Map(entries) })
}

fn stages_after(name: &Node, stages: &mut i64) {
    if name.kind == text_node("from") {
        *stages += 1;
    }
}

/// The name of an instruction, in lower case.
fn named(instruction: &Instruction, rest: &mut std::ops::Range<usize>) -> Result<Node, Fault> {
    let word = instruction.word(rest);
    let place = instruction.place(word.clone());
    let written = &instruction.text[word];
    let name = written.to_ascii_lowercase();
    if !NAMES.contains(&name.as_str()) {
        let message = match written {
            "" => "expected an instruction, but the line ends here".to_owned(),
            _ => format!("{} is no instruction of a Dockerfile", quoted(written)),
        };
        return Err(fault(place, message));
    }
    Ok(Node { range: place, kind: NodeKind::String(name.into()) })
}

fn text_node(text: &str) -> NodeKind {
    NodeKind::String(SmolStr::new(text))
}
