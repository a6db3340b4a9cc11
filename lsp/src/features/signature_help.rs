//! What is called around a place, and which of its parameters is being written.

use ordain_compiler::editor;
use ordain_compiler::{Kind, Sig, Ty, signature};
use ordain_syntax::{Token, TokenKind};
use smol_str::SmolStr;
use tower_lsp::ls_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, SignatureHelp, SignatureInformation,
};

use super::describe::written;
use super::reference::built_in;
use crate::world::{File, Snapshot};

/// A call around a place.
struct Call {
    path: Vec<SmolStr>,
    /// The arguments before the one at the place, each with the name it is given to.
    before: Vec<Option<SmolStr>>,
    /// The name that the argument at the place is given to.
    name: Option<SmolStr>,
    /// Whether it is `{ … }` after a capability.
    step: bool,
}

/// What is called around an offset.
pub(crate) fn signature_help(snapshot: &Snapshot, file: &File, offset: u32) -> Option<SignatureHelp> {
    let call = call_around(&file.text, offset)?;
    let db = &snapshot.db;
    let declared = editor::meant(db, file.source, &call.path).filter(|(_, consumed)| *consumed == call.path.len());
    let Some((item, _)) = declared else {
        let [name] = call.path.as_slice() else { return None };
        let described = built_in(name);
        let (label, rest) = (described.code.strip_prefix("fn ")?.to_owned(), described.docs);
        let inside = label.split_once('(')?.1.rsplit_once(')')?.0.to_owned();
        let params = inside.split(", ").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        return Some(help(label, rest, params, Some(call.before.len())));
    };
    let docs = written(snapshot, item).and_then(|written| written.docs());
    match (&signature(db, item).sig, call.step) {
        (Sig::Fn { params, .. } | Sig::Plan { params, .. }, false) => {
            let texts: Vec<String> =
                params.iter().map(|param| format!("{}: {}", param.name, param.ty.display(db))).collect();
            let result = match &signature(db, item).sig {
                Sig::Fn { result, .. } | Sig::Plan { result: Some(result), .. } => {
                    format!(" -> {}", result.display(db))
                }
                _ => String::new(),
            };
            let label = format!("{}({}){result}", item.name(db), texts.join(", "));
            let active = match &call.name {
                Some(name) => params.iter().position(|param| param.name == *name),
                None => next(&call.before, &params.iter().map(|param| param.name.clone()).collect::<Vec<_>>()),
            };
            Some(help(label, docs, texts, active))
        }
        (Sig::Capability(contract), true) if item.kind(db) == Kind::Capability => {
            let Ty::Record(record) = contract.input.peel(db) else { return None };
            let texts: Vec<String> =
                record.fields.iter().map(|field| format!("{}: {}", field.name, field.ty.display(db))).collect();
            let label = format!("{} {{ {} }}", item.name(db), texts.join(", "));
            let active = call.name.and_then(|name| record.fields.iter().position(|field| field.name == name));
            Some(help(label, docs, texts, active))
        }
        _ => None,
    }
}

/// The parameter that comes after some arguments. Once a name stands elsewhere than in its own position, positions say nothing
/// any more: it is the first that is left to give.
fn next(before: &[Option<SmolStr>], params: &[SmolStr]) -> Option<usize> {
    let given = |(position, name): (usize, &Option<SmolStr>)| match name {
        Some(name) => params.iter().position(|param| param == name),
        None => Some(position),
    };
    let given: Vec<Option<usize>> = before.iter().enumerate().map(given).collect();
    let in_order = given.iter().enumerate().all(|(position, index)| *index == Some(position));
    if in_order { Some(before.len()) } else { (0..params.len()).find(|index| !given.contains(&Some(*index))) }
}

fn help(label: String, docs: Option<String>, params: Vec<String>, active: Option<usize>) -> SignatureHelp {
    let active = active.filter(|at| *at < params.len()).map(|at| at as u32);
    let parameters = params
        .into_iter()
        .map(|text| ParameterInformation { label: ParameterLabel::Simple(text), documentation: None })
        .collect();
    let documentation =
        docs.map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }));
    SignatureHelp {
        signatures: vec![SignatureInformation {
            label,
            documentation,
            parameters: Some(parameters),
            active_parameter: active,
        }],
        active_signature: Some(0),
        active_parameter: active,
    }
}

/// The innermost call that an offset lies in.
fn call_around(text: &str, offset: u32) -> Option<Call> {
    let lexed = ordain_syntax::lex(text);
    let tokens: Vec<&Token> =
        lexed.tokens.iter().filter(|token| token.range.end <= offset && !token.kind.is_comment()).collect();
    let mut depth = 0usize;
    // Where the arguments begin that begin with a comma, the last one first.
    let mut starts: Vec<usize> = Vec::new();
    for at in (0..tokens.len()).rev() {
        let kind = tokens[at].kind;
        if kind.is_closer() {
            depth += 1;
        } else if kind.is_opener() && depth > 0 {
            depth -= 1;
        } else if kind == TokenKind::Comma && depth == 0 {
            starts.push(at + 1);
        } else if kind.is_opener() {
            let name = |first: usize| match tokens.get(first..) {
                Some([name, colon, ..]) if colon.kind == TokenKind::Colon => Some(SmolStr::from(name.text(text))),
                _ => None,
            };
            let path = path_before(text, &tokens[..at]);
            match kind {
                TokenKind::LParen | TokenKind::LBrace if !path.is_empty() => {
                    let mut names: Vec<Option<SmolStr>> =
                        std::iter::once(at + 1).chain(starts.into_iter().rev()).map(name).collect();
                    let name = names.pop().flatten();
                    return Some(Call { path, before: names, name, step: kind == TokenKind::LBrace });
                }
                // Lists and records inside of an argument belong to it.
                TokenKind::LBracket | TokenKind::LBrace | TokenKind::LParen => starts.clear(),
                _ => return None,
            }
        }
    }
    None
}

/// The dotted name that some tokens end in.
fn path_before(text: &str, tokens: &[&Token]) -> Vec<SmolStr> {
    let mut parts = Vec::new();
    let mut wants_name = true;
    for token in tokens.iter().rev() {
        if wants_name && token.kind.is_name() {
            parts.push(token.text(text).into());
            wants_name = false;
        } else if !wants_name && token.kind == TokenKind::Dot {
            wants_name = true;
        } else {
            break;
        }
    }
    parts.reverse();
    parts
}
