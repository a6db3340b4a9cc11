//! Text as HTML.

use crate::names::{number, shortened, visible};

/// The longest code, in columns.
const MAX_CODE: usize = 400;

/// Text as content of an element or of a quoted attribute.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text of at most so many columns.
pub(crate) fn short(name: &str, limit: usize) -> String {
    text(&shortened(name, limit))
}

/// A name or value.
pub(crate) fn code(name: &str) -> String {
    format!("<code>{}</code>", short(name, MAX_CODE))
}

/// A table of two columns, whose cells are HTML already; nothing where it has no rows.
pub(crate) fn table(title: &str, rows: impl Iterator<Item = (String, String)>, limit: usize, page: &mut String) {
    let mut count = 0;
    for (name, value) in rows {
        if count == 0 {
            page.extend(["<h2>", &short(title, 160), "</h2>\n<table>"]);
        }
        count += 1;
        if count <= limit {
            page.extend(["<tr><td>", &name, "</td><td>", &value, "</td></tr>\n"]);
        }
    }
    if count > limit {
        page.extend(["<tr><td colspan=\"2\">and ", &number(count - limit), " more</td></tr>\n"]);
    }
    if count > 0 {
        page.push_str("</table>\n");
    }
}
