//! What stands in the bodies of declarations: clauses and statements.

use super::Writer;

impl Writer<'_> {
    pub(super) fn capability_clause(&mut self) {
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

    pub(super) fn policy_clause(&mut self) {
        match self.pick(11) {
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
            9 => {
                self.put("with");
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

    pub(super) fn statement(&mut self) {
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

    pub(super) fn test_statement(&mut self) {
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
