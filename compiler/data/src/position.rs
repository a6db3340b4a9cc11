//! Byte offsets to the lines and columns that people count.

/// The line and column of a byte offset, both from 1; columns count characters (Unicode scalar values).
///
/// An offset past the end means the end; one inside a character means that character. A line ends at a line feed, and a
/// carriage return before it belongs to the line.
pub fn line_column(text: &str, offset: u32) -> (u32, u32) {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |feed| feed + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before[start..].chars().count() + 1;
    (line as u32, column as u32)
}

#[cfg(test)]
mod tests {
    use super::line_column;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let text = "a\nüß😀x\r\ny";
        let at = |needle: char| line_column(text, text.find(needle).expect("the text holds it") as u32);
        assert_eq!(at('a'), (1, 1));
        assert_eq!(at('ü'), (2, 1));
        assert_eq!(at('x'), (2, 4));
        assert_eq!(at('y'), (3, 1));
    }

    #[test]
    fn takes_offsets_inside_characters_and_past_the_end() {
        assert_eq!(line_column("😀", 2), (1, 1));
        assert_eq!(line_column("ab", 99), (1, 3));
        assert_eq!(line_column("", 0), (1, 1));
        assert_eq!(line_column("a\n", 2), (2, 1));
    }
}
