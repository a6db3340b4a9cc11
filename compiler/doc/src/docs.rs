//! Doc comments: Markdown of unknown origin, cut down to what a page may hold.
//!
//! Raw HTML becomes text, images become links, links keep only addresses that are harmless to follow, and a name in a
//! code span that the package declares becomes a link.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

/// Finds the address of the declaration that a code span names.
pub(crate) type Resolve<'r> = &'r dyn Fn(&str) -> Option<String>;

/// What a doc comment says. Events are balanced; there is no HTML, no image and no unsafe address among them, and
/// adjacent texts are one.
pub(crate) fn events<'t>(text: &'t str, resolve: Resolve<'_>) -> Vec<Event<'t>> {
    let mut filter = Filter { out: Vec::new(), kept: Vec::new(), open: 0, in_code: false };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        filter.event(event, resolve);
    }
    filter.out
}

struct Filter<'t> {
    out: Vec<Event<'t>>,
    /// For each link or image around: whether it is written.
    kept: Vec<bool>,
    /// How many of them are.
    open: usize,
    in_code: bool,
}

impl<'t> Filter<'t> {
    fn event(&mut self, event: Event<'t>, resolve: Resolve<'_>) {
        match event {
            Event::Start(Tag::HtmlBlock) => self.out.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => {
                if self.out.last() == Some(&Event::SoftBreak) {
                    self.out.pop();
                }
                self.out.push(Event::End(TagEnd::Paragraph));
            }
            Event::Html(lines) => {
                for line in lines.lines() {
                    self.text(line.trim().to_owned().into());
                    self.out.push(Event::SoftBreak);
                }
            }
            Event::InlineHtml(text) => self.text(text),
            Event::Text(text) => self.text(text),
            Event::Start(Tag::Link { dest_url, link_type, .. }) => self.link(dest_url, link_type),
            Event::Start(Tag::Image { dest_url, .. }) => self.link(dest_url, LinkType::Inline),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if self.kept.pop() == Some(true) {
                    self.open -= 1;
                    self.out.push(Event::End(TagEnd::Link));
                }
            }
            Event::Code(code) => match resolve(&code).filter(|_| self.open == 0) {
                Some(href) => {
                    self.link(href.into(), LinkType::Inline);
                    self.out.push(Event::Code(code));
                    self.event(Event::End(TagEnd::Link), resolve);
                }
                None => self.out.push(Event::Code(code)),
            },
            Event::Start(Tag::CodeBlock(kind)) => {
                self.in_code = true;
                self.out.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::CodeBlock) => {
                self.in_code = false;
                self.out.push(Event::End(TagEnd::CodeBlock));
            }
            other => self.out.push(other),
        }
    }

    fn link(&mut self, dest_url: CowStr<'t>, link_type: LinkType) {
        let dest_url = if link_type == LinkType::Email { format!("mailto:{dest_url}").into() } else { dest_url };
        let keep = self.open == 0 && is_safe(&dest_url);
        self.kept.push(keep);
        if keep {
            self.open += 1;
            let (title, id) = (CowStr::Borrowed(""), CowStr::Borrowed(""));
            self.out.push(Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id }));
        }
    }

    /// Text; outside code a character reference cannot bring in characters that hide or break lines.
    fn text(&mut self, text: CowStr<'t>) {
        let text = if self.in_code { text } else { crate::visible::one_line(&text).into() };
        match self.out.last_mut() {
            Some(Event::Text(last)) => *last = format!("{last}{text}").into(),
            _ => self.out.push(Event::Text(text)),
        }
    }
}

/// Whether an address may be a link: of the web, of mail, or relative to the page.
fn is_safe(address: &str) -> bool {
    if address.chars().any(|c| c.is_control() || c == '\\') || address.trim() != address || address.starts_with('/') {
        return false;
    }
    match address.split_once([':', '/', '?', '#']) {
        Some((before, _)) if address[before.len()..].starts_with(':') => {
            ["http", "https", "mailto"].iter().any(|scheme| scheme.eq_ignore_ascii_case(before))
        }
        _ => !address.is_empty(),
    }
}

/// The first sentence of a doc comment: texts and code spans, nothing else.
pub(crate) fn summary(text: &str) -> Vec<Event<'_>> {
    let mut out = Vec::new();
    for event in events(text, &|_| None) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Table(_)) if out.is_empty() => break,
            Event::Text(text) => {
                if let Some(end) = sentence_end(&text) {
                    out.push(Event::Text(text[..end].to_owned().into()));
                    break;
                }
                out.push(Event::Text(text));
            }
            Event::Code(code) => out.push(Event::Code(code)),
            Event::SoftBreak | Event::HardBreak => {
                if matches!(out.last(), Some(Event::Text(text)) if text.ends_with(['.', '!', '?'])) {
                    break;
                }
                out.push(Event::Text(" ".into()));
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => break,
            _ => {}
        }
    }
    out
}

/// Where the first sentence of a text ends that another follows.
fn sentence_end(text: &str) -> Option<usize> {
    text.match_indices(['.', '!', '?']).map(|(at, _)| at).find_map(|at| {
        let before = &text[..at];
        let shortened = ["e.g", "i.e", "etc", "cf", "vs"].iter().any(|short| before.ends_with(short));
        (!shortened && text[at + 1..].starts_with(' ')).then_some(at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::{is_safe, summary};
    use pulldown_cmark::Event;

    #[test]
    fn only_harmless_addresses_are_links() {
        for address in ["https://a.example/b", "HTTP://a", "mailto:a@b", "page.html#x", "#x", "a/b:c", "?q=a:b"] {
            assert!(is_safe(address), "{address}");
        }
        let unsafe_ones = [
            "javascript:x",
            "JavaScript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc",
            "//host/x",
            "/x",
            "\\\\host",
            "java\nscript:x",
            " javascript:x",
            "\u{1}javascript:x",
            "x:y",
            "",
            ":x",
        ];
        for address in unsafe_ones {
            assert!(!is_safe(address), "{address:?}");
        }
    }

    #[test]
    fn the_first_sentence_is_the_summary() {
        let of = |text| {
            summary(text)
                .iter()
                .map(|event| match event {
                    Event::Text(text) => text.to_string(),
                    Event::Code(code) => format!("`{code}`"),
                    other => panic!("{other:?}"),
                })
                .collect::<String>()
        };
        assert_eq!(of("One. Two."), "One.");
        assert_eq!(of("One,\ntwo `a.b. c` three.\nFour."), "One, two `a.b. c` three.");
        assert_eq!(of("Things, e.g. *this* one. More"), "Things, e.g. this one.");
        assert_eq!(of("# Title\n\nText."), "Title");
        assert_eq!(of("<b>x</b> y. z"), "<b>x</b> y.");
        assert_eq!(of("```\ncode\n```"), "");
        assert_eq!(of(""), "");
    }
}
