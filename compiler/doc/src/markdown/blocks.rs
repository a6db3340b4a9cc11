//! Doc comments written as Markdown again, so that nothing in one reaches beyond it: an open code block, a comment or a
//! definition of a link would.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};

use super::escape::{address_of, code_span, escaped, fence, first};

/// How deep quotes and lists are nested before they are written flat: each costs columns on every line.
const MAX_DEPTH: usize = 12;

/// Writes blocks.
pub(super) struct Blocks {
    out: String,
    /// What each line begins with, and how long that was before each quote and item.
    prefix: String,
    outer: Vec<usize>,
    /// The number of the next item of each list; none for bullets.
    lists: Vec<(Option<u64>, bool)>,
    /// Nothing stands on this line yet but marks of quotes and items.
    fresh: bool,
    /// An empty line goes before the next block.
    loose: bool,
    /// Text goes on in the open block.
    inline: bool,
    /// Text begins its line.
    line_start: bool,
    in_table: bool,
    /// How many struck-through parts are open.
    struck: usize,
    /// Where the address of a link goes.
    addresses: Vec<String>,
    code: Option<(String, String)>,
    heading: usize,
}

impl Blocks {
    /// The text of blocks without a line feed at its end. Headings are put `heading` levels down.
    pub(super) fn write(events: &[Event<'_>], heading: usize) -> String {
        let mut blocks = Self {
            out: String::new(),
            prefix: String::new(),
            outer: Vec::new(),
            lists: Vec::new(),
            fresh: true,
            loose: true,
            inline: false,
            line_start: false,
            in_table: false,
            struck: 0,
            addresses: Vec::new(),
            code: None,
            heading,
        };
        for (at, event) in events.iter().enumerate() {
            blocks.event(event, &events[at + 1..]);
        }
        blocks.out.truncate(blocks.out.trim_end().len());
        blocks.out
    }

    fn block(&mut self) {
        if !std::mem::take(&mut self.fresh) {
            self.out.push('\n');
            if self.loose {
                self.out.push_str(self.prefix.trim_end());
                self.out.push('\n');
            }
            self.out.push_str(&self.prefix);
        }
        self.loose = true;
        self.inline = false;
    }

    /// Text of an item that is no paragraph of its own begins here.
    fn begin_inline(&mut self) {
        if !self.inline {
            self.block();
            self.inline = true;
            self.line_start = true;
        }
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&self.prefix);
        self.line_start = true;
    }

    /// A quote or an item: its mark now, and on its other lines as much room.
    fn open(&mut self, mark: &str, prefix: &str) {
        self.outer.push(self.prefix.len());
        if self.outer.len() <= MAX_DEPTH {
            self.out.push_str(mark);
            self.prefix.push_str(prefix);
        }
        self.fresh = true;
    }

    fn close(&mut self) {
        let length = self.outer.pop().unwrap_or_default();
        self.prefix.truncate(length);
        self.fresh = false;
        self.inline = false;
    }

    fn inline_text(&mut self, text: &str) {
        self.begin_inline();
        self.out.push_str(text);
        self.line_start = false;
    }

    fn event(&mut self, event: &Event<'_>, rest: &[Event<'_>]) {
        match event {
            Event::Start(tag) => self.start(tag, rest),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(text),
                None => {
                    self.begin_inline();
                    let text = if self.line_start { first(text) } else { escaped(text) };
                    self.inline_text(&text);
                }
            },
            Event::Code(code) => self.inline_text(&code_span(code, self.in_table)),
            Event::SoftBreak | Event::HardBreak if self.in_table => self.inline_text(" "),
            Event::SoftBreak => self.new_line(),
            Event::HardBreak => {
                self.out.push('\\');
                self.new_line();
            }
            Event::Rule => {
                self.block();
                self.out.push_str("***");
            }
            // Not asked for, or turned into text before.
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, rest: &[Event<'_>]) {
        match tag {
            Tag::Paragraph => {
                self.block();
                self.inline = true;
                self.line_start = true;
            }
            Tag::Heading { level, .. } => {
                self.block();
                self.out.push_str(&"#".repeat((level_number(*level) + self.heading).min(6)));
                self.out.push(' ');
                self.inline = true;
                // Breaks in a heading are spaces, as in cells.
                self.in_table = true;
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.open("> ", "> ");
            }
            Tag::CodeBlock(kind) => {
                self.block();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.chars().take(32).take_while(|c| c.is_ascii_alphanumeric()).collect()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::List(first) => {
                // A list right below a line of text has to be one that may stand there.
                self.loose = !self.inline || first.is_some_and(|first| first != 1);
                let loose = matches!(rest, [Event::Start(Tag::Item), Event::Start(Tag::Paragraph), ..]);
                self.lists.push((*first, loose));
            }
            Tag::Item => {
                let mark = match self.lists.last_mut() {
                    Some((Some(number), _)) => {
                        let mark = format!("{number}. ");
                        *number += 1;
                        mark
                    }
                    _ => "- ".to_owned(),
                };
                self.block();
                self.open(&mark, &" ".repeat(mark.len()));
            }
            Tag::Table(_) => self.block(),
            Tag::TableHead | Tag::TableRow => {
                if matches!(tag, Tag::TableRow) {
                    self.new_line();
                }
                self.in_table = true;
                self.out.push('|');
            }
            Tag::TableCell => {
                self.out.push(' ');
                self.inline = true;
                self.line_start = true;
            }
            Tag::Emphasis => self.inline_text("*"),
            Tag::Strong => self.inline_text("**"),
            Tag::Strikethrough => {
                // Marks of two, one in the other, would open a block of code.
                self.struck += 1;
                self.inline_text(if self.struck == 1 { "~~" } else { "" });
            }
            Tag::Link { dest_url, .. } => {
                self.begin_inline();
                open_link(&mut self.out);
                self.line_start = false;
                self.addresses.push(address_of(dest_url));
            }
            // Not asked for, or turned into something else before.
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.inline = false,
            TagEnd::Heading(_) => {
                self.inline = false;
                self.in_table = false;
            }
            TagEnd::BlockQuote(_) => self.close(),
            TagEnd::CodeBlock => {
                let (language, code) = self.code.take().unwrap_or_default();
                let fence = fence(&code);
                self.out.push_str(&format!("{fence}{language}"));
                for line in code.trim_end_matches('\n').split('\n') {
                    self.new_line();
                    self.out.push_str(line);
                }
                self.new_line();
                self.out.push_str(&fence);
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.loose = true;
            }
            TagEnd::Item => {
                self.close();
                self.loose = self.lists.last().is_none_or(|(_, loose)| *loose);
            }
            TagEnd::Table => self.in_table = false,
            TagEnd::TableHead => {
                let cells = self.cells_of_line();
                self.new_line();
                self.out.push('|');
                self.out.push_str(&" --- |".repeat(cells));
                self.inline = false;
            }
            TagEnd::TableRow => self.inline = false,
            TagEnd::TableCell => self.out.push_str(" |"),
            TagEnd::Emphasis => self.inline_text("*"),
            TagEnd::Strong => self.inline_text("**"),
            TagEnd::Strikethrough => {
                self.struck -= 1;
                self.inline_text(if self.struck == 0 { "~~" } else { "" });
            }
            TagEnd::Link => {
                let address = self.addresses.pop().unwrap_or_default();
                self.out.push_str(&format!("]({address})"));
            }
            _ => {}
        }
    }

    /// How many cells the last line has: its bars that are not escaped, but for the first.
    fn cells_of_line(&self) -> usize {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        line.match_indices('|').filter(|(at, _)| !line[..*at].ends_with('\\')).count().saturating_sub(1)
    }
}

/// The beginning of a link, which an exclamation mark before it does not make a picture.
fn open_link(out: &mut String) {
    if out.ends_with('!') {
        out.pop();
        out.push_str("\\!");
    }
    out.push('[');
}

fn level_number(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// A doc comment on one line, for a cell: blocks become lines.
pub(super) fn cell(events: &[Event<'_>]) -> String {
    const BREAK: &str = "<br>";
    let mut out = String::new();
    let mut addresses = Vec::new();
    let mut in_code = false;
    let separate = |out: &mut String, by: &str| {
        if !out.is_empty() && !out.ends_with(BREAK) && !out.ends_with("• ") {
            out.push_str(by);
        }
    };
    for event in events {
        match event {
            Event::Text(text) if in_code => {
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    separate(&mut out, BREAK);
                    out.push_str(&code_span(line.trim_end(), true));
                }
            }
            Event::Text(text) => out.push_str(&escaped(text)),
            Event::Code(code) => out.push_str(&code_span(code, true)),
            Event::SoftBreak => out.push(' '),
            Event::HardBreak => out.push_str(BREAK),
            Event::Start(Tag::Item) => {
                separate(&mut out, BREAK);
                out.push_str("• ");
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => {
                in_code = false;
                separate(&mut out, BREAK);
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. }) => separate(&mut out, "<br><br>"),
            Event::Start(Tag::Table(_) | Tag::TableRow) | Event::Rule => separate(&mut out, BREAK),
            Event::Start(Tag::TableCell) => separate(&mut out, " "),
            Event::Start(Tag::Emphasis) | Event::End(TagEnd::Emphasis) => out.push('*'),
            Event::Start(Tag::Strong) | Event::End(TagEnd::Strong) => out.push_str("**"),
            Event::Start(Tag::Strikethrough) | Event::End(TagEnd::Strikethrough) => out.push_str("~~"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                open_link(&mut out);
                addresses.push(address_of(dest_url));
            }
            Event::End(TagEnd::Link) => out.push_str(&format!("]({})", addresses.pop().unwrap_or_default())),
            _ => {}
        }
    }
    while let Some(shorter) = out.trim_end().strip_suffix(BREAK) {
        out.truncate(shorter.len());
    }
    out
}
