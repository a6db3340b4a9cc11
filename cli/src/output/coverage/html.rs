//! Coverage as one page that needs nothing but itself: a table, and the sources with what was and was not covered.

use ordain_compiler::{Coverage, Covered, Point};

use super::super::findings::Texts;
use super::super::places::Places;
use super::{by_file, percent, shown, title};

const CSS: &str = include_str!("page.css");

/// What a browser may do with the page: show it with its own style, and load nothing.
const SECURITY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page about a package.
pub(super) fn page(package: &str, coverage: &Coverage, texts: &Texts) -> String {
    let mut out = String::new();
    let mut put = |parts: &[&str]| out.extend(parts.iter().copied());
    let name = escaped(package);
    put(&["<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"]);
    put(&["<meta http-equiv=\"Content-Security-Policy\" content=\"", SECURITY, "\">\n"]);
    put(&["<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"]);
    put(&["<title>Coverage of ", &name, "</title>\n<style>\n", CSS, "</style>\n</head>\n<body>\n"]);
    let (seen, wanted) = (coverage.seen(), coverage.wanted());
    put(&["<h1>Coverage of ", &name, "</h1>\n<p class=\"sum\">", &bar(seen, wanted)]);
    put(&[" <strong>", &shown(percent(seen, wanted)), "</strong> ", &format!("{seen} of {wanted}"), "</p>\n"]);
    put(&["<p class=\"key\"><span class=\"full\">covered</span> <span class=\"part\">covered in part</span> "]);
    put(&["<span class=\"none\">not covered</span> A condition counts twice, for it can hold and not hold.</p>\n"]);
    put(&[
        "<table>\n<thead><tr><th>Policy or function</th><th colspan=\"2\">Covered</th><th>Not covered</th></tr></thead>\n",
    ]);
    for (at, (path, declarations)) in by_file(coverage).enumerate() {
        let sum = |of: fn(&Covered) -> usize| declarations.iter().map(of).sum::<usize>();
        let file = format!("<a href=\"#file-{at}\">{}</a>", escaped(path));
        put(&["<tbody>\n", &row("file", &file, sum(Covered::seen), sum(Covered::wanted), "")]);
        for covered in declarations {
            let line = covered.points.first().map_or(1, |point| line_of(texts, path, point.range.start));
            let name = format!("<a href=\"#file-{at}-{line}\">{}</a>", escaped(&title(covered)));
            put(&[&row("", &name, covered.seen(), covered.wanted(), &missing(covered, path, texts, at))]);
        }
        put(&["</tbody>\n"]);
    }
    put(&["</table>\n"]);
    for (at, (path, declarations)) in by_file(coverage).enumerate() {
        put(&["<h2 id=\"file-", &at.to_string(), "\">", &escaped(path), "</h2>\n"]);
        put(&[&source(at, path, texts.get(path).map_or("", |text| text), declarations)]);
    }
    put(&["</body>\n</html>\n"]);
    out
}

fn row(class: &str, name: &str, seen: usize, wanted: usize, missing: &str) -> String {
    let percent = shown(percent(seen, wanted));
    let bar = bar(seen, wanted);
    format!(
        "<tr class=\"{class}\"><td>{name}</td><td>{bar}</td><td class=\"number\">{percent} <small>{seen}/{wanted}</small></td>\
         <td>{missing}</td></tr>\n"
    )
}

/// A bar as wide as what was seen.
fn bar(seen: usize, wanted: usize) -> String {
    let percent = percent(seen, wanted).floor();
    let class = match seen {
        0 if wanted > 0 => "none",
        _ if seen < wanted => "part",
        _ => "full",
    };
    format!("<span class=\"bar\"><span class=\"{class}\" style=\"width:{percent}%\"></span></span>")
}

/// What was not covered of a declaration, with a link to each place.
fn missing(covered: &Covered, path: &str, texts: &Texts, file: usize) -> String {
    let said = covered.missing().map(|(point, missing)| {
        let line = line_of(texts, path, point.range.start);
        format!("<a href=\"#file-{file}-{line}\">{line}</a>: <code>{}</code> {missing}", point.kind.name())
    });
    said.collect::<Vec<_>>().join("<br>")
}

fn line_of(texts: &Texts, path: &str, offset: u32) -> usize {
    Places::new(texts).position(path, offset).0
}

/// What is shown beside a line.
#[derive(Default)]
struct Marks {
    seen: usize,
    wanted: usize,
    reached: u64,
    said: Vec<String>,
}

fn source(file: usize, path: &str, text: &str, declarations: &[Covered]) -> String {
    let count = text.lines().count();
    let texts: Texts = [(path.to_owned(), text.into())].into();
    let places = Places::new(&texts);
    let mut marks: Vec<Option<Marks>> = (0..=count).map(|_| None).collect();
    for point in declarations.iter().flat_map(|covered| &covered.points) {
        let first = places.position(path, point.range.start).0;
        let last = places.position(path, point.range.end).0;
        for line in first..=last.max(first) {
            let Some(slot) = marks.get_mut(line) else { continue };
            let mark = slot.get_or_insert_default();
            mark.seen += point.seen();
            mark.wanted += point.wanted();
            mark.reached = mark.reached.max(point.reached);
            if line == first {
                mark.said.extend(said(point));
            }
        }
    }
    let mut out = String::from("<table class=\"source\">\n");
    for (line, (content, mark)) in text.lines().zip(&marks[1..]).enumerate().map(|(at, each)| (at + 1, each)) {
        let (class, reached, said) = match mark {
            None => ("", String::new(), String::new()),
            Some(mark) => {
                let class = match mark.seen {
                    0 => "none",
                    seen if seen < mark.wanted => "part",
                    _ => "full",
                };
                (class, mark.reached.to_string(), mark.said.join("; "))
            }
        };
        out += &format!(
            "<tr id=\"file-{file}-{line}\" class=\"{class}\"><td class=\"number\">{line}</td><td class=\"number times\">{reached}</td>\
             <td><code>{}</code></td><td class=\"said\">{said}</td></tr>\n",
            escaped(content)
        );
    }
    out + "</table>\n"
}

/// What is said of a point beside its line.
fn said(point: &Point) -> Option<String> {
    match point.missing() {
        Some(missing) => Some(format!("{}: {missing}", point.kind.name())),
        None if point.is_condition() => Some(format!("true {}×, false {}×", point.yes, point.no)),
        None => None,
    }
}

/// Text of others, which is no markup. What turns the direction of writing around is shown as what it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push('\t'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
