//! Texts with something put in between, and the places of the texts that they were.

/// A text that had something inserted, which knows where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// The text.
    pub(crate) text: String,
    insertions: Vec<Insertion>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Insertion {
    /// Where it went: a line and a column of the text before, counted from one.
    line: u32,
    column: u32,
    /// How many characters it has. None of them ends a line.
    length: u32,
}

impl Rewritten {
    /// A text with others inserted at offsets, which ascend. Line breaks in what is inserted become spaces.
    pub(crate) fn of(text: &str, parts: &[(usize, String)]) -> Self {
        let mut result = Self { text: String::with_capacity(text.len()), insertions: Vec::with_capacity(parts.len()) };
        let (mut written, mut line, mut column) = (0, 1, 1);
        for (at, part) in parts {
            for c in text[written..*at].chars() {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            result.text.push_str(&text[written..*at]);
            result.text.extend(part.chars().map(|c| if c == '\n' { ' ' } else { c }));
            result.insertions.push(Insertion { line, column, length: part.chars().count() as u32 });
            written = *at;
        }
        result.text.push_str(&text[written..]);
        result
    }

    /// The column in the text before of a place in this one. What was inserted stands where it went.
    pub(crate) fn column(&self, line: u32, column: u32) -> u32 {
        let mut shift = 0;
        let first = self.insertions.partition_point(|insertion| insertion.line < line);
        for insertion in self.insertions[first..].iter().take_while(|insertion| insertion.line == line) {
            if column < insertion.column + shift {
                break;
            }
            if column < insertion.column + shift + insertion.length {
                return insertion.column;
            }
            shift += insertion.length;
        }
        column - shift
    }
}

#[cfg(test)]
mod tests {
    use super::Rewritten;

    #[test]
    fn places_lead_back() {
        let text = "ab cd\nüf gh\n";
        let parts = [(3, "12".to_owned()), (5, "3\n4".to_owned()), (7 + 3, "5".to_owned())];
        let rewritten = Rewritten::of(text, &parts);
        assert_eq!(rewritten.text, "ab 12cd3 4\nüf 5gh\n");
        let at = |c: char| {
            let (line, text) = rewritten.text.lines().enumerate().find(|(_, line)| line.contains(c)).expect("is there");
            let column = text.chars().position(|other| other == c).expect("is there") as u32 + 1;
            rewritten.column(line as u32 + 1, column)
        };
        for (c, column) in [
            ('a', 1),
            ('1', 4),
            ('2', 4),
            ('c', 4),
            ('d', 5),
            ('3', 6),
            ('4', 6),
            ('f', 2),
            ('5', 4),
            ('g', 4),
            ('h', 5),
        ] {
            assert_eq!(at(c), column, "{c}");
        }
    }
}
