//! From a declaration's tree and text to what its page says.

use ordain_diagnostics::TextRange;
use ordain_syntax::ast::{File, Item, ItemKind};
use ordain_syntax::{TokenKind, format, parse};

use crate::code::{Code, Linker, Source};
use crate::model::{Entry, Kind};
use crate::pages::Distinct;
use crate::scope::{Scopes, parts};
use crate::tables::Describer;
use crate::visible::{lines, one_line};

/// How many lines a signature has before it is cut down to its first.
const MAX_LINES: usize = 60;

/// Stands for the value of a function while its head is formatted.
const VALUE: &str = " = 0";

/// Stands for the body of a plan while its head is formatted.
const BODY: &str = " {}";

/// The declarations of a file, tests left out.
pub(crate) fn describe(text: &str, file: &File, module: usize, scopes: &Scopes) -> Vec<Entry> {
    let source = Source::new(text);
    let items: Vec<(Kind, &Item, String)> = file
        .items
        .iter()
        .filter_map(|item| Some((Kind::of(item)?, item, one_line(&parts(&item.name).join(".")))))
        .collect();
    let mut anchors = Distinct::default();
    items
        .into_iter()
        .map(|(kind, item, name)| {
            let mut describer = Describer::new(&source, scopes, module);
            describer.item(item);
            Entry {
                kind,
                anchor: anchors.give(&format!("{}.{name}", kind.name())),
                name,
                docs: item.docs.as_ref().map(|docs| lines(&docs.text)),
                signature: signature(&source, item, module, scopes),
                facts: describer.facts,
                tables: describer.tables,
            }
        })
        .collect()
}

/// How a declaration begins, and all of it where the body is its contract, in the one style.
fn signature(source: &Source<'_>, item: &Item, module: usize, scopes: &Scopes) -> Code {
    let start = source.word_before(item.name.range.start);
    let (end, stand_in) = match &item.kind {
        ItemKind::Fn(decl) => {
            let stops = [TokenKind::Eq, TokenKind::LBrace];
            (source.until(decl.result.range.end, item.range.end, &stops), VALUE)
        }
        ItemKind::Plan(decl) => {
            let from = decl.result.as_ref().map_or(item.name.range.end, |result| result.range.end);
            (source.until(from, item.range.end, &[TokenKind::LBrace]), BODY)
        }
        ItemKind::Policy(_) => (source.until(item.name.range.end, item.range.end, &[TokenKind::LBrace]), BODY),
        _ => (item.range.end, ""),
    };
    let written = source.lines(TextRange::new(start, end));
    let whole = format!("{written}{stand_in}");
    let Ok(formatted) = format(&whole) else {
        // What is broken is not quoted at length.
        return Code::plain(&first_line(&written));
    };
    let head = without(&formatted, stand_in).unwrap_or(&written);
    if head.lines().count() > MAX_LINES {
        return Code::plain(&first_line(head));
    }
    let mut linker = Linker::new(scopes, module);
    parse(&formatted).file.items.iter().for_each(|item| linker.item(item));
    let links = linker.finish().into_iter().filter(|(range, _)| range.end as usize <= head.len()).collect();
    Code::linked(head, &links)
}

/// A formatted text without what stood in for a body.
fn without<'t>(formatted: &'t str, stand_in: &str) -> Option<&'t str> {
    let mut head = formatted.trim_end();
    for sign in stand_in.chars().rev().filter(|sign| *sign != ' ') {
        head = head.strip_suffix(sign)?.trim_end();
    }
    Some(head)
}

/// A signature that is too long, or too broken, to be shown as a whole.
fn first_line(head: &str) -> String {
    let (first, rest) = head.split_once('\n').unwrap_or((head, ""));
    match first.trim_end().strip_suffix('{') {
        _ if rest.is_empty() => first.to_owned(),
        Some(first) => format!("{first}{{ … }}"),
        None => format!("{} …", first.trim_end()),
    }
}
