//! Counts how deep a text of TOML nests, before anything is built from it.
//!
//! The lists around `[[tables]]` are not counted, so what passes here may still be up to twice as deep as it may be.
//! That is little enough for whoever builds the tree to find out.

use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, Span};

use super::Source;
use crate::error::{Fault, too_deep};
use crate::parse::MAX_DEPTH;

/// A fault where the text nests deeper than [`MAX_DEPTH`]. Says nothing about texts that are not TOML.
pub(super) fn check(source: &Source<'_>) -> Result<(), Fault> {
    let tokens = toml_parser::Source::new(source.text).lex().into_vec();
    // The document itself is one map.
    let mut depth = Depth { header: 0, open: vec![0], keys: 1, exceeded: None };
    parse_document(&tokens, &mut depth, &mut ());
    match depth.exceeded {
        Some(span) => Err(too_deep(source.range(span.start()..span.end()))),
        None => Ok(()),
    }
}

struct Depth {
    /// The keys of the header that the text is under.
    header: usize,
    /// The keys of the entry being read, in the document and in each list and inline table open below it.
    open: Vec<usize>,
    /// The sum of all of these, and one for each open list and map: how deep the text is.
    keys: usize,
    /// The first place that is too deep.
    exceeded: Option<Span>,
}

impl Depth {
    fn enter(&mut self, span: Span) -> bool {
        self.open.push(0);
        self.deeper(span)
    }

    fn leave(&mut self) {
        self.forget_keys();
        if self.open.len() > 1 {
            self.open.pop();
            self.keys -= 1;
        }
    }

    fn deeper(&mut self, span: Span) -> bool {
        self.keys += 1;
        if self.keys > MAX_DEPTH {
            self.exceeded.get_or_insert(span);
        }
        self.exceeded.is_none()
    }

    /// The entry that is being read is over.
    fn forget_keys(&mut self) {
        if let Some(keys) = self.open.last_mut() {
            self.keys -= std::mem::take(keys);
        }
    }

    fn start_header(&mut self) {
        self.forget_keys();
        self.keys -= std::mem::take(&mut self.header);
    }

    /// What the keys since then named is what the text is under now. The last of them is a map too.
    fn end_header(&mut self, span: Span) {
        if let Some(keys) = self.open.last_mut() {
            self.header = std::mem::take(keys) + 1;
            self.deeper(span);
        }
    }
}

impl EventReceiver for Depth {
    fn std_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.start_header();
    }
    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.end_header(span);
    }
    fn array_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.start_header();
    }
    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.end_header(span);
    }
    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(span)
    }
    fn inline_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.leave();
    }
    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(span)
    }
    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.leave();
    }
    /// A dot between keys: the key before it names a map.
    fn key_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        if let Some(keys) = self.open.last_mut() {
            *keys += 1;
            self.deeper(span);
        }
    }
    fn value_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.forget_keys();
    }
    fn newline(&mut self, _: Span, _: &mut dyn ErrorSink) {
        // Inside brackets a line may end in the middle of an entry.
        if self.open.len() == 1 {
            self.forget_keys();
        }
    }
}
