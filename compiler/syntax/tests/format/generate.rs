//! Texts made of a sequence of choices, so that a failing text shrinks with its choices. They follow the grammar
//! loosely: with line breaks and comments at any place, some are no Ordain.

mod clauses;
mod exprs;

/// What is left of the choices, and the text made so far.
pub struct Writer<'c> {
    choices: std::slice::Iter<'c, u16>,
    text: String,
    depth: u32,
    comments: u32,
    /// How many of a hundred gaps between tokens have a line break, a comment.
    odd: (u16, u16),
}

const NAMES: &[&str] = &["a", "b", "long_name_of_something", "plan", "len", "it", "because", "x", "not", "version"];

impl<'c> Writer<'c> {
    /// Declarations, one text each.
    pub fn items(choices: &'c [u16], odd: (u16, u16)) -> Vec<String> {
        let mut writer = Self { choices: choices.iter(), text: String::new(), depth: 0, comments: 0, odd };
        let mut items = Vec::new();
        while !writer.choices.as_slice().is_empty() {
            writer.item();
            writer.text.push('\n');
            items.push(std::mem::take(&mut writer.text));
        }
        items
    }

    fn pick(&mut self, count: usize) -> usize {
        self.choices.next().map_or(0, |choice| *choice as usize % count)
    }

    fn of(&mut self, words: &[&str]) {
        let index = self.pick(words.len());
        self.put(words[index]);
    }

    /// Appends a token after a gap.
    fn put(&mut self, token: &str) {
        let (lines, comments) = self.odd;
        let gap = self.choices.next().map_or(99, |choice| choice % 100);
        if gap < comments {
            self.comments += 1;
            let marker = ["//", "///", "//"][self.comments as usize % 3];
            let line = if gap.is_multiple_of(2) { " " } else { "\n" };
            self.text.push_str(&format!("{line}{marker} c{}\n", self.comments));
            if gap.is_multiple_of(5) {
                self.text.push('\n');
            }
        } else if gap < comments + lines {
            self.text.push_str(if gap.is_multiple_of(3) { "\n\n" } else { "\n" });
        } else if !matches!(token, "." | "?." | "," | "(" | "[" | ":") || gap.is_multiple_of(7) {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }

    fn all(&mut self, tokens: &[&str]) {
        for token in tokens {
            self.put(token);
        }
    }

    fn name(&mut self) {
        self.of(NAMES);
    }

    fn path(&mut self) {
        self.name();
        if self.pick(3) == 1 {
            self.put(".");
            self.name();
        }
    }

    /// `part` several times with `separator` between and perhaps at the end.
    fn list(&mut self, most: usize, separator: &str, part: fn(&mut Self)) {
        let count = self.pick(most + 1);
        for index in 0..count {
            part(self);
            if index + 1 < count || self.pick(3) == 1 {
                self.put(separator);
            }
        }
    }

    fn item(&mut self) {
        self.depth = 0;
        if self.pick(8) == 1 {
            self.all(&["@allow", "ORD0207", "because", "\"so\""]);
        }
        match self.pick(13) {
            0 | 1 => {
                self.all(&["const", "c", "="]);
                self.expr();
            }
            2 => {
                self.all(&["type", "T", "="]);
                self.ty();
            }
            3 => {
                self.all(&["fn", "f"]);
                self.params();
                self.put("->");
                self.ty();
                if self.pick(2) == 1 {
                    self.block();
                } else {
                    self.put("=");
                    self.expr();
                }
            }
            4 => {
                self.all(&["enum", "E", "{"]);
                self.list(4, ",", |writer| writer.of(&["a", "b", "in", "\"q q\""]));
                self.put("}");
            }
            5 => self.import(),
            6 => {
                self.all(&["environment", "e", ":"]);
                self.ty();
                self.put("{");
                self.list(4, ",", |writer| match writer.pick(5) {
                    0 => writer.all(&["bind", "a", ".", "b", "to", "c"]),
                    1 => writer.all(&["group", "g", "=", "[", "]"]),
                    _ => writer.entry(),
                });
                self.put("}");
            }
            7 => {
                self.all(&["entity", "e", ":", "T"]);
                self.record();
            }
            8 => self.body(&["capability", "a", ".", "b"], Self::capability_clause),
            9 => self.body(&["policy", "p"], Self::policy_clause),
            10 => {
                self.all(&["plan", "p"]);
                self.params();
                self.body(&[], Self::statement);
            }
            11 => self.body(&["test", "\"t\""], Self::test_statement),
            _ => self.body(&["gate", "g"], |writer| match writer.pick(3) {
                0 => writer.all(&["check", "[", "a", ",", "b", ".", "*", "]"]),
                1 => {
                    writer.all(&["on", "change"]);
                    writer.expr();
                }
                _ => {
                    writer.all(&["input", "i", ":"]);
                    writer.ty();
                    writer.put("=");
                    writer.expr();
                }
            }),
        }
    }

    fn body(&mut self, head: &[&str], part: fn(&mut Self)) {
        self.all(head);
        self.put("{");
        for _ in 0..self.pick(5) {
            let gap = if self.pick(4) == 1 { "\n\n" } else { "\n" };
            self.text.push_str(gap);
            part(self);
        }
        self.put("}");
    }

    fn import(&mut self) {
        self.put("use");
        self.of(&["a", "b.c", "z"]);
        match self.pick(4) {
            0 => self.all(&["as", "other"]),
            1 | 2 => {
                self.all(&[".", "{"]);
                self.list(4, ",", |writer| {
                    writer.of(&["x", "y.z", "w as v", "A"]);
                });
                self.put("}");
            }
            _ => {}
        }
    }
}
