//! XML 1.0 without a document type.
//!
//! `xmlparser` splits the text into tokens with their places; this builds the tree from them, without recursion.
//! (`roxmltree` has places, too, but holds every attribute and namespace against every other: it takes minutes for a
//! few hundred kilobytes that are made for it.) A document type is a fault, so no entity is ever declared, and none can
//! grow or reach outside.
//!
//! The tree is the one that is commonly made of XML where policies are written against it:
//!
//! - An element is an entry of the map of the element around it; the root is an entry of the document. Where several
//!   have the same name, the entry is a list of them.
//! - An element that has neither attributes nor elements in it is its text, without the space around it.
//! - Any other is a map. Attributes come first, with a `-` before their name; text beside elements is `#content`.
//! - Names go without their prefix. Declarations of namespaces are left out.

mod build;
mod text;

use ordain_diagnostics::TextRange;
use xmlparser::{ElementEnd, Error, StreamError, TextPos, Token, Tokenizer};

use crate::error::{Fault, fault};
use crate::node::Node;
use crate::parse::{byte_order_mark, range};
use build::Builder;

/// Reads a document: a map with the root element.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let skipped = byte_order_mark(text);
    let source = Source { text: &text[skipped..], skipped };
    let mut builder = Builder::new(&source);
    for token in Tokenizer::from(source.text) {
        let token = match token {
            Err(Error::UnknownToken(pos)) if builder.has_root() => {
                let place = source.character(pos);
                return Err(fault(place, "a document has one root element, and it ends before this"));
            }
            token => token.map_err(|error| source.fault(&error))?,
        };
        match token {
            Token::ElementStart { prefix, local, span } => builder.start(prefix.as_str(), local, span.start())?,
            Token::Attribute { prefix, local, value, span } => {
                builder.attribute(prefix.as_str(), local.as_str(), value, span)?;
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => {}
            Token::ElementEnd { end: ElementEnd::Empty, span } => builder.end(span.end())?,
            Token::ElementEnd { end: ElementEnd::Close(prefix, local), span } => {
                builder.close(prefix.as_str(), local.as_str(), span)?;
            }
            Token::Text { text } => builder.text(text)?,
            Token::Cdata { text, span } => builder.cdata(text, span),
            Token::DtdStart { span, .. } | Token::EmptyDtd { span, .. } => {
                return Err(fault(source.range(span.range()), "a document with a document type is not read"));
            }
            Token::Declaration { .. }
            | Token::ProcessingInstruction { .. }
            | Token::Comment { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. } => {}
        }
    }
    builder.finish()
}

/// A text without its byte order mark.
struct Source<'t> {
    text: &'t str,
    /// The length of the byte order mark, which the library does not see and every range counts.
    skipped: usize,
}

impl Source<'_> {
    fn range(&self, span: std::ops::Range<usize>) -> TextRange {
        range(span.start + self.skipped, span.end + self.skipped)
    }

    fn fault(&self, error: &Error) -> Fault {
        let (what, cause) = match error {
            Error::InvalidDeclaration(cause, _) => ("the XML declaration", cause),
            Error::InvalidComment(cause, _) => ("the comment", cause),
            Error::InvalidPI(cause, _) => ("the processing instruction", cause),
            Error::InvalidDoctype(cause, _) | Error::InvalidEntity(cause, _) => ("the document type", cause),
            Error::InvalidElement(cause, _) => ("the tag", cause),
            Error::InvalidAttribute(cause, _) => ("the attribute", cause),
            Error::InvalidCdata(cause, _) => ("the CDATA section", cause),
            Error::InvalidCharData(cause, _) => ("the text", cause),
            Error::UnknownToken(pos) => {
                let place = self.character(*pos);
                return fault(place, "expected an element");
            }
        };
        let shown = |byte: u8| crate::error::quoted(&char::from(byte).to_string());
        let (place, problem) = match cause {
            StreamError::UnexpectedEndOfStream => (None, "is not complete".to_owned()),
            StreamError::InvalidName => (None, "needs a name that starts with a letter".to_owned()),
            StreamError::NonXmlChar(c, pos) => {
                (Some(*pos), format!("holds {}, which XML cannot hold", crate::error::quoted(&c.to_string())))
            }
            StreamError::InvalidChar(_, expected, pos) => (Some(*pos), format!("needs {} here", shown(*expected))),
            StreamError::InvalidCharMultiple(_, expected, pos) => {
                let expected: Vec<String> = expected.iter().map(|&byte| shown(byte)).collect();
                (Some(*pos), format!("needs {} here", expected.join(" or ")))
            }
            StreamError::InvalidQuote(_, pos) => (Some(*pos), "needs a quote here".to_owned()),
            StreamError::InvalidSpace(_, pos) => (Some(*pos), "needs a space here".to_owned()),
            StreamError::InvalidString(expected, pos) => {
                (Some(*pos), format!("needs {} here", crate::error::quoted(expected)))
            }
            StreamError::InvalidReference => (None, "has a reference that is not complete".to_owned()),
            StreamError::InvalidExternalID => (None, "is not complete".to_owned()),
            StreamError::InvalidCommentData => (None, "cannot have `--` in it".to_owned()),
            StreamError::InvalidCommentEnd => (None, "cannot end with `-`".to_owned()),
            StreamError::InvalidCharacterData => (None, "cannot have `]]>` in it".to_owned()),
        };
        fault(self.character(place.unwrap_or(error.pos())), format!("{what} {problem}"))
    }

    /// The character at a line and column, both from 1, columns in characters.
    fn character(&self, pos: TextPos) -> TextRange {
        let before: usize =
            self.text.split_inclusive('\n').take(pos.row.saturating_sub(1) as usize).map(str::len).sum();
        let line = &self.text[before..];
        let mut chars = line.char_indices().skip(pos.col.saturating_sub(1) as usize);
        let start = before + chars.next().map_or(line.len(), |(at, _)| at);
        let end = chars.next().map_or(self.text.len(), |(at, _)| before + at);
        self.range(start..end)
    }
}
