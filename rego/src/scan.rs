//! What a text of Rego costs to parse, seen from its brackets.
//!
//! The parser of the interpreter reads each bracket twice, once as a comprehension and once as a collection, and so
//! whatever is `n` brackets deep up to two to the power of `n` times. This scan knows only brackets, strings and
//! comments, and takes linear time.

/// How many tokens the parser may read, those that it reads again counted.
const MAX_READ: u64 = 1 << 23;

/// The line and column, from one, at which a text has cost too much.
pub(crate) fn too_costly(text: &str) -> Option<(u32, u32)> {
    let (mut line, mut column, mut depth, mut cost) = (1, 0, 0_u32, 0_u64);
    let mut chars = text.chars().peekable();
    // The character that ends the string or comment in which the scan is.
    let mut until = None;
    let mut in_word = false;
    while let Some(c) = chars.next() {
        column += 1;
        if c == '\n' {
            (line, column) = (line + 1, 0);
        }
        if let Some(end) = until {
            if c == '\\' && end == '"' && chars.next_if(|next| *next != '\n').is_some() {
                column += 1;
            }
            // A quoted string cannot go on in the next line, whatever the text says.
            if c == end || (c == '\n' && end == '"') {
                until = None;
            }
            continue;
        }
        let is_word = c.is_alphanumeric() || c == '_';
        let continues = c.is_whitespace() || (is_word && in_word);
        in_word = is_word;
        match c {
            '"' | '`' => until = Some(c),
            '#' => until = Some('\n'),
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !continues {
            cost = cost.saturating_add(1_u64.checked_shl(depth).unwrap_or(u64::MAX));
        }
        if cost > MAX_READ {
            return Some((line, column));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::too_costly;

    #[test]
    fn depth_costs_and_length_hardly() {
        assert_eq!(too_costly(&"x := [1, 2]\n".repeat(10_000)), None);
        assert_eq!(too_costly(&format!("x := {}", "[".repeat(40))), Some((1, 27)));
        assert_eq!(too_costly(&format!("# {0}\nx := \"{0}\"\ny := `{0}`\n", "[".repeat(100))), None);
        assert_eq!(too_costly(&format!("x := \"\\\"{}", "[".repeat(100))), None);
    }
}
