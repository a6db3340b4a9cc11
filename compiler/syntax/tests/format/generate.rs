//! Texts made of a sequence of choices, so that a failing text shrinks with its choices. They follow the grammar
//! loosely: with line breaks and comments at any place, some are no Ordain.

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
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "&&", "||", "??", "..", "..="];
const LITERALS: &[&str] = &[
    "1",
    "1_000",
    "1.50",
    "20GiB",
    "1h30m",
    "1.4.0",
    "1.4.0-rc.1+b",
    "2027-03-01",
    "true",
    "none",
    "\"s\"",
    "\"{x} {f(1,2)}\"",
    "r\"raw\"",
    "\"\"\"\n  more\n  lines\n  \"\"\"",
];

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

    fn expr(&mut self) {
        self.depth += 1;
        let kinds = if self.depth > 6 || self.choices.as_slice().is_empty() { 2 } else { 20 };
        match self.pick(kinds) {
            0 => self.name(),
            1 => self.of(LITERALS),
            2 | 3 => {
                self.put("(");
                self.expr();
                self.put(")");
            }
            4..=8 => {
                self.expr();
                self.of(OPERATORS);
                self.expr();
            }
            9 => {
                self.of(&["-", "!"]);
                self.expr();
            }
            10 => {
                self.expr();
                self.of(&[".", "?."]);
                self.name();
            }
            11 => {
                self.expr();
                self.put("[");
                self.expr();
                self.put("]");
            }
            12 => {
                self.expr();
                self.put("(");
                if self.pick(4) == 1 {
                    self.expr();
                    self.comprehension();
                } else {
                    self.list(3, ",", Self::argument);
                }
                self.put(")");
            }
            13 => {
                self.put("[");
                if self.pick(3) == 1 {
                    self.expr();
                    self.comprehension();
                } else {
                    self.list(4, ",", Self::expr);
                }
                self.put("]");
            }
            14 | 15 => self.record(),
            16 => {
                self.put("{");
                self.expr();
                self.put(":");
                self.expr();
                self.comprehension();
                self.put("}");
            }
            17 => {
                self.put("if");
                self.expr();
                self.block();
                self.put("else");
                match self.pick(3) {
                    1 => {
                        self.put("if");
                        self.expr();
                        self.block();
                        self.put("else");
                        self.block();
                    }
                    _ => self.block(),
                }
            }
            18 => {
                self.put("match");
                self.expr();
                self.put("{");
                self.list(3, ",", Self::arm);
                self.put("}");
            }
            _ => {
                self.put("plan");
                self.path();
                self.put("(");
                self.list(2, ",", Self::argument);
                self.put(")");
            }
        }
        self.depth -= 1;
    }

    fn argument(&mut self) {
        if self.pick(3) == 1 {
            self.name();
            self.put(":");
        }
        self.expr();
    }

    fn comprehension(&mut self) {
        self.put("for");
        self.name();
        if self.pick(3) == 1 {
            self.put(",");
            self.name();
        }
        self.put("in");
        self.expr();
        if self.pick(2) == 1 {
            self.put("if");
            self.expr();
        }
    }

    fn block(&mut self) {
        self.put("{");
        if self.pick(3) == 1 {
            self.all(&["let", "y", "="]);
            self.expr();
            self.text.push('\n');
        }
        self.expr();
        self.put("}");
    }

    fn arm(&mut self) {
        self.of(&["a", "_", "T.b", "1..=5", "-1", "\"s\"", "a | b", "1 ..- 2"]);
        if self.pick(4) == 1 {
            self.put("if");
            self.expr();
        }
        self.put("=>");
        if self.pick(4) == 1 { self.block() } else { self.expr() }
    }

    fn record(&mut self) {
        self.put("{");
        self.list(4, ",", Self::entry);
        self.put("}");
    }

    fn entry(&mut self) {
        match self.pick(6) {
            0 => self.name(),
            1 => {
                self.put("..");
                self.expr();
            }
            2 => {
                self.put("(");
                self.expr();
                self.put(")");
                self.put(":");
                self.expr();
            }
            3 => {
                self.of(&["\"k k\"", "in", "bind", "group", "\"{x}\" + y"]);
                self.put(":");
                self.expr();
            }
            _ => {
                self.name();
                self.put(":");
                self.expr();
            }
        }
    }

    fn ty(&mut self) {
        self.depth += 1;
        match self.pick(if self.depth > 5 { 2 } else { 9 }) {
            0 => self.path(),
            1 => self.put("Int"),
            2 => {
                self.put("[");
                self.ty();
                self.put("]");
            }
            3 => {
                self.of(&["Map", "List"]);
                self.put("<");
                self.ty();
                self.put(",");
                self.ty();
                self.put(">");
            }
            4 => {
                self.ty();
                self.put("?");
            }
            5 => {
                self.ty();
                self.of(&["where", "where len"]);
                self.expr();
            }
            6 => {
                self.ty();
                self.put("matching");
                self.put("\"[a-z]+\\d\"");
            }
            _ => self.record_type(),
        }
        self.depth -= 1;
    }

    fn record_type(&mut self) {
        self.put("{");
        self.list(4, ",", |writer| {
            writer.of(&["a", "b", "in", "where", "\"quoted name\"", "matching"]);
            writer.put(":");
            writer.ty();
            if writer.pick(3) == 1 {
                writer.put("=");
                writer.expr();
            }
        });
        self.put("}");
    }

    fn params(&mut self) {
        self.put("(");
        self.list(3, ",", |writer| {
            writer.name();
            writer.put(":");
            writer.ty();
            if writer.pick(4) == 1 {
                writer.put("=");
                writer.expr();
            }
        });
        self.put(")");
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

    fn capability_clause(&mut self) {
        match self.pick(7) {
            0 => self.all(&["version", "\"1.0.0\""]),
            1 => {
                self.of(&["input", "output"]);
                self.record_type();
            }
            2 => self.all(&["effect", "write"]),
            3 => {
                self.put("key");
                if self.pick(2) == 1 {
                    self.put("(");
                    self.list(3, ",", Self::expr);
                    self.put(")");
                } else {
                    self.expr();
                }
            }
            4 => {
                self.all(&["undo", "a", ".", "b"]);
                self.record();
            }
            5 => self.retry(),
            _ => {
                self.put("timeout");
                self.expr();
            }
        }
    }

    fn retry(&mut self) {
        self.put("retry");
        self.expr();
        self.put("times");
        if self.pick(2) == 1 {
            self.put("backoff");
            self.expr();
        }
    }

    fn policy_clause(&mut self) {
        match self.pick(10) {
            0 => self.all(&["code", "\"A-1\"", "severity", "high"]),
            1 => self.all(&["on", "step", "in", "env", ":", "Target"]),
            2 => {
                self.all(&["on", "input", ":"]);
                self.ty();
            }
            3 => {
                self.all(&["for", "r", "in"]);
                self.expr();
            }
            4 => {
                self.of(&["when", "unless"]);
                self.expr();
            }
            5 => {
                self.of(&["deny", "warn", "forbid"]);
                if self.pick(2) == 1 {
                    self.expr();
                }
            }
            6 => {
                self.all(&["require", "approval", "from", "sre", "count"]);
                self.expr();
            }
            7 => {
                self.put("exempt");
                self.expr();
                if self.pick(2) == 1 {
                    self.put("until");
                    self.expr();
                }
                if self.pick(2) == 1 {
                    self.all(&["see", "adr"]);
                }
            }
            8 => {
                self.all(&["let", "x", "="]);
                self.expr();
            }
            _ => self.all(&["because", "\"so\""]),
        }
    }

    fn modifiers(&mut self) {
        for _ in 0..self.pick(3) {
            match self.pick(4) {
                0 => {
                    self.put("after");
                    self.expr();
                    if self.pick(2) == 1 {
                        self.put(",");
                        self.expr();
                    }
                }
                1 => {
                    self.put("timeout");
                    self.expr();
                }
                2 => self.retry(),
                _ => self.all(&["on", "failure", "continue"]),
            }
        }
    }

    fn statement(&mut self) {
        self.depth += 1;
        match self.pick(if self.depth > 4 { 5 } else { 9 }) {
            0 => {
                if self.pick(2) == 1 {
                    self.all(&["let", "s"]);
                    if self.pick(3) == 1 {
                        self.put("[");
                        self.expr();
                        self.put("]");
                    }
                    self.put("=");
                }
                self.path();
                self.record();
                self.modifiers();
            }
            1 => {
                self.all(&["let", "p", "=", "plan", "a", ".", "b", "("]);
                self.list(2, ",", Self::argument);
                self.put(")");
                self.modifiers();
            }
            2 => {
                self.all(&["let", "v", "="]);
                self.expr();
            }
            3 => self.all(&["on", "failure", "undo"]),
            4 => {
                self.put("return");
                self.expr();
            }
            5 => {
                self.all(&["stage", "s"]);
                self.modifiers();
                self.body(&[], Self::statement);
            }
            6 => {
                self.comprehension();
                self.body(&[], Self::statement);
            }
            7 => {
                self.put("if");
                self.expr();
                self.body(&[], Self::statement);
                match self.pick(4) {
                    1 => self.body(&["else"], Self::statement),
                    2 => {
                        self.all(&["else", "if"]);
                        self.expr();
                        self.body(&[], Self::statement);
                    }
                    _ => {}
                }
            }
            _ => {
                self.all(&["gate", "g", "=", "a", ".", "b"]);
                self.record();
                self.modifiers();
                self.put("expect");
                self.expr();
                self.modifiers();
            }
        }
        self.depth -= 1;
    }

    fn test_statement(&mut self) {
        self.depth += 1;
        match self.pick(if self.depth > 4 { 4 } else { 6 }) {
            0 => {
                self.put("expect");
                self.expr();
            }
            1 => {
                self.put("expect");
                self.expr();
                self.of(&["requires", "denies", "allows"]);
                if self.pick(2) == 1 {
                    self.put("\"A-1\"");
                }
            }
            2 => {
                self.all(&["expect", "deny", "\"A-1\"", "from", "p", "on"]);
                self.record();
            }
            3 => {
                self.all(&["let", "x", "="]);
                self.expr();
            }
            4 => {
                self.all(&["for", "x", "in"]);
                self.expr();
                self.body(&[], Self::test_statement);
            }
            _ => {
                self.all(&["for", "any", "x", ":"]);
                self.ty();
                self.body(&[], Self::test_statement);
            }
        }
        self.depth -= 1;
    }
}
