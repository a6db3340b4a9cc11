//! What a text means and which comments it has, in a form that two texts can be compared by.

use ordain_syntax::{FormatError, TokenKind, ast, format, lex, parse};

/// The tree of a text without places, with the imports flattened and sorted.
pub fn meaning(text: &str) -> String {
    let parsed = parse(text);
    let mut imports = Vec::new();
    for import in &parsed.file.uses {
        let path = dotted(&import.path);
        let mut named: Vec<String> = import.names.iter().flatten().map(|name| dotted(&name.path)).collect();
        named.sort();
        for allow in &import.allows {
            let reason = allow.reason.as_text();
            imports.push(format!("{path}.{named:?} allows {}: {reason:?}", allow.code.name));
        }
        match &import.names {
            None => imports.push(format!("{path} as {:?}", alias(&import.alias))),
            Some(names) if names.is_empty() => imports.push(format!("{path}.{{}}")),
            Some(names) => imports.extend(
                names.iter().map(|name| format!("{path}.{{{}}} as {:?}", dotted(&name.path), alias(&name.alias))),
            ),
        }
    }
    imports.sort();
    without_places(&format!("{:?}\n{imports:#?}\n{:#?}", parsed.file.docs, parsed.file.items))
}

fn dotted(path: &ast::Path) -> String {
    path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(".")
}

fn alias(alias: &Option<ast::Ident>) -> Option<&str> {
    alias.as_ref().map(|alias| alias.name.as_str())
}

/// The debug text of a tree without its ranges.
fn without_places(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("TextRange {") {
        out.push_str(&rest[..start]);
        let end = rest[start..].find('}').expect("a range is printed in braces");
        rest = &rest[start + end + 1..];
    }
    out + rest
}

/// The comments of a text, sorted. Of a doc comment that may have become a plain one, only the text counts.
pub fn comments(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut comments = Vec::new();
    for token in lex(text).tokens {
        match token.kind {
            TokenKind::StrHead => depth += 1,
            TokenKind::StrTail => depth -= 1,
            TokenKind::Comment | TokenKind::DocComment | TokenKind::FileDoc if depth == 0 => {
                let comment = &text[token.range.start as usize..token.range.end as usize];
                comments.push(comment.trim_start_matches(['/', '!']).trim_end().to_owned());
            }
            _ => {}
        }
    }
    comments.sort();
    comments
}

/// Checks what must hold of the formatted text, and gives it.
pub fn check(text: &str) -> String {
    let formatted = match format(text) {
        Ok(formatted) => formatted,
        Err(error) => panic!("{}\n{text}", list(&error, text)),
    };
    let again = format(&formatted).unwrap_or_else(|error| panic!("{}\n{formatted}", list(&error, &formatted)));
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    assert!(again == formatted, "not idempotent: {}\n--- of\n{text}", difference(&formatted, &again));
    assert_eq!(comments(&text), comments(&formatted), "comments of\n{text}\n--- became\n{formatted}");
    let (before, after) = (meaning(&text), meaning(&formatted));
    if before != after {
        panic!("the tree changed: {}\n--- of\n{text}\n--- formatted\n{formatted}", difference(&before, &after));
    }
    assert!(formatted.is_empty() || (formatted.ends_with('\n') && !formatted.ends_with("\n\n")), "{formatted:?}");
    formatted
}

/// The first lines that differ, with those around them.
fn difference(before: &str, after: &str) -> String {
    let same = before.lines().zip(after.lines()).take_while(|(before, after)| before == after).count();
    let around = |text: &str| text.lines().skip(same.saturating_sub(6)).take(12).collect::<Vec<_>>().join("\n");
    format!("\n{}\n--- became\n{}", around(before), around(after))
}

/// The errors by line.
fn list(error: &FormatError, text: &str) -> String {
    let line = |offset: u32| text[..offset as usize].lines().count();
    let lines = error.errors.iter().map(|error| format!("line {}: {}", line(error.range.end), error.message));
    lines.collect::<Vec<_>>().join("\n")
}
