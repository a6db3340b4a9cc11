//! Markdown (CommonMark): its front matter, its title, and its sections with their links.
//!
//! `pulldown-cmark` finds headings and links. What a section says stays Markdown, as it was written.

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use smol_str::SmolStr;

use crate::error::Fault;
use crate::node::{Key, Node, NodeKind};
use crate::parse::range;

/// A heading, or the start of the text, and what follows up to the next heading.
struct Section {
    start: usize,
    /// Where the text after the heading starts.
    body: usize,
    level: i64,
    title: Node,
    links: Vec<Node>,
}

impl Section {
    const fn new(start: usize, body: usize, level: i64, title: Node) -> Self {
        Self { start, body, level, title, links: Vec::new() }
    }
}

/// Reads a text as a map of `front_matter`, `title`, `text`, `links` and `sections`. `title` is the first heading, where it
/// is of the first level; `text` and `links` are what stands below it and before the next heading, or before all of them.
/// Each other heading starts a section with `title`, `level`, `text` and `links`.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let (front_matter, start) = crate::front_matter::head(text)?;
    let mut sections = sections(text, start);
    let titled = sections.get(1).is_some_and(|first| first.level == 1);
    let ends: Vec<usize> = sections.iter().skip(1).map(|next| next.start).chain([text.len()]).collect();
    let mut parts = sections.drain(..).zip(ends);
    // INVARIANT: what stands before any heading is always there, and a title where it was seen above.
    let nothing = || Section::new(text.len(), text.len(), 0, string("", text.len(), text.len()));
    let mut next = || parts.next().unwrap_or_else(|| (nothing(), text.len()));
    let (mut opening, mut end) = next();
    let mut title = Node { range: range(start, start), kind: NodeKind::Null };
    if titled {
        (opening, end) = next();
        title = opening.title.clone();
    }
    let (from, to) = written(text, opening.body, end);
    let sections: Vec<Node> = parts.map(|(section, end)| node(text, section, end)).collect();
    Ok(map(
        range(start.min(front_matter.range.start as usize), text.len()),
        vec![
            ("front_matter", front_matter),
            ("title", title),
            ("text", string(&text[from..to], from, to)),
            ("links", list(opening.links, from)),
            ("sections", list(sections, to)),
        ],
    ))
}

/// The parts of a text from an offset on. The first is what stands before any heading.
fn sections(text: &str, start: usize) -> Vec<Section> {
    let mut found = vec![Section::new(start, start, 0, string("", start, start))];
    // The text of the heading or link that is open.
    let mut heading: Option<(Inner, i64)> = None;
    let mut link: Option<(Inner, SmolStr)> = None;
    // How many quotations, lists and the like are open: headings in them divide no text.
    let mut depth = 0usize;
    for (event, span) in Parser::new(&text[start..]).into_offset_iter() {
        let (from, to) = (start + span.start, start + span.end);
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                heading = Some((Inner::default(), number(level)));
            }
            Event::End(TagEnd::Heading(_)) if depth == 0 => {
                let Some((inner, level)) = heading.take() else { continue };
                let title_start = inner.from.unwrap_or(from);
                let title = string(&inner.text, title_start, inner.to.max(title_start));
                found.push(Section::new(from, to, level, title));
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                link = Some((Inner::default(), dest_url.as_ref().into()));
            }
            Event::End(TagEnd::Link) => {
                let Some((inner, to_url)) = link.take() else { continue };
                let shown = string(&inner.text, from, to);
                let target = string(&to_url, from, to);
                let entry = map(range(from, to), vec![("text", shown), ("to", target)]);
                // A link in a heading belongs to what is above it, since the heading is not complete.
                if let Some(section) = found.last_mut() {
                    section.links.push(entry);
                }
            }
            Event::Text(part) | Event::Code(part) => {
                for (open, _) in heading.iter_mut() {
                    open.push(&part, from, to);
                }
                for (open, _) in link.iter_mut() {
                    open.push(&part, from, to);
                }
            }
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

/// Text in the making, with its place.
#[derive(Default)]
struct Inner {
    text: String,
    from: Option<usize>,
    to: usize,
}

impl Inner {
    fn push(&mut self, part: &str, from: usize, to: usize) {
        self.text.push_str(part);
        self.from.get_or_insert(from);
        self.to = to;
    }
}

fn node(text: &str, section: Section, end: usize) -> Node {
    let (from, to) = written(text, section.body, end);
    let links = list(section.links, from);
    let level = Node { range: range(section.start, section.start), kind: NodeKind::Int(section.level) };
    map(
        range(section.start, to.max(section.start)),
        vec![("title", section.title), ("level", level), ("text", string(&text[from..to], from, to)), ("links", links)],
    )
}

/// A list that stands where its elements do, or at an offset.
fn list(elements: Vec<Node>, at: usize) -> Node {
    let start = elements.first().map_or(at, |first| first.range.start as usize);
    let end = elements.last().map_or(at, |last| last.range.end as usize);
    Node { range: range(start, end), kind: NodeKind::List(elements) }
}

/// What is written between two offsets, without white space around it.
fn written(text: &str, from: usize, to: usize) -> (usize, usize) {
    let part = &text[from..to.max(from)];
    let from = from + (part.len() - part.trim_start().len());
    (from, from + part.trim().len())
}

fn string(text: &str, from: usize, to: usize) -> Node {
    Node { range: range(from, to), kind: NodeKind::String(text.into()) }
}

/// A map whose names stand where its values do, for the text has none.
fn map(all: ordain_diagnostics::TextRange, members: Vec<(&str, Node)>) -> Node {
    let entries = members.into_iter().map(|(name, node)| (Key { name: name.into(), range: node.range }, node));
    Node { range: all, kind: NodeKind::Map(entries.collect()) }
}

const fn number(level: HeadingLevel) -> i64 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
