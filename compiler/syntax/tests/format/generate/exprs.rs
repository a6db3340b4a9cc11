//! Expressions, types and parameters.

use super::Writer;

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

impl Writer<'_> {
    pub(super) fn expr(&mut self) {
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

    pub(super) fn argument(&mut self) {
        if self.pick(3) == 1 {
            self.name();
            self.put(":");
        }
        self.expr();
    }

    pub(super) fn comprehension(&mut self) {
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

    pub(super) fn block(&mut self) {
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

    pub(super) fn record(&mut self) {
        self.put("{");
        self.list(4, ",", Self::entry);
        self.put("}");
    }

    pub(super) fn entry(&mut self) {
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

    pub(super) fn ty(&mut self) {
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

    pub(super) fn record_type(&mut self) {
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

    pub(super) fn params(&mut self) {
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
}
