//! Rules of the old Rego with several bodies: `deny[msg] { … } { … }`.
//!
//! The interpreter takes that form for rules with one value only. Here the head is written again before each further
//! body of a rule that makes a set. Lines stay as they are, so places keep their line.

/// What has to be inserted into a text for that, by ascending offsets.
pub(crate) fn insertions(text: &str) -> Vec<(usize, String)> {
    missing_heads(text).into_iter().map(|(at, head)| (at, format!("{} ", &text[head]))).collect()
}

/// Where a head is missing, as an offset, and where it stands first.
fn missing_heads(text: &str) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut depth = 0_u32;
    // The start of the name before a bracket outside of all others, and the head once that bracket is closed.
    let (mut name, mut head): (Option<usize>, Option<std::ops::Range<usize>>) = (None, None);
    // Whether the last thing outside of all brackets was a body of the rule with that head.
    let mut after_body = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                while let Some((_, c)) = chars.next() {
                    if c == '\\' {
                        chars.next();
                    } else if c == '"' || c == '\n' {
                        break;
                    }
                }
            }
            '`' => while chars.next().is_some_and(|(_, c)| c != '`') {},
            '#' => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '[' | '{' | '(' => {
                if depth == 0 && c == '{' {
                    if let (true, Some(head)) = (after_body, &head) {
                        found.push((at, head.clone()));
                    }
                } else if depth == 0 {
                    head = None;
                    if c == '(' {
                        name = None;
                    }
                }
                depth += 1;
            }
            ']' | '}' | ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == ']' {
                    head = name.take().map(|start| start..at + 1);
                }
                after_body = depth == 0 && c == '}' && head.is_some();
            }
            c if depth > 0 || c.is_whitespace() => {}
            c => {
                // Anything between a head and its body, or after a body, makes this another kind of rule.
                let word = c.is_alphanumeric() || c == '_';
                let continues = word && text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
                if !continues {
                    name = word.then_some(at);
                }
                (head, after_body) = (None, false);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::insertions;
    use crate::rewritten::Rewritten;

    #[test]
    fn only_bodies_without_a_head_get_one() {
        for (text, expected) in [
            ("a[x] { p } { q }", "a[x] { p } a[x] { q }"),
            (
                "a[{\"m\": x}] {\n p\n} # {\n{ q } { r }",
                "a[{\"m\": x}] {\n p\n} # {\na[{\"m\": x}] { q } a[{\"m\": x}] { r }",
            ),
            ("a = x { p } { q }", "a = x { p } { q }"),
            ("a[x] = y { p } { q }", "a[x] = y { p } { q }"),
            ("f(x) { p } { q }", "f(x) { p } { q }"),
            ("a[x] { p }\nb[x] { q }", "a[x] { p }\nb[x] { q }"),
            ("a[\"}\"] { \"{\" } { `}` }", "a[\"}\"] { \"{\" } a[\"}\"] { `}` }"),
            ("a[x] { p } else = 1 { q }", "a[x] { p } else = 1 { q }"),
        ] {
            assert_eq!(Rewritten::of(text, &insertions(text)).text, expected);
        }
    }
}
