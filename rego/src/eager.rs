//! Arguments below `not`, as OPA understands them.
//!
//! OPA computes the arguments of a call before it, and outside of a negation around it: where an argument has no value,
//! neither has the body. The interpreter finds no value for the call then, so the negation holds. Here each argument is
//! asked for first: `not f(a.b)` becomes `[1 | arg := a.b; not f(a.b)] != []`, on the same line.

use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, Module, Query, Rule, RuleHead, Span};

/// What has to be inserted into a text for that, by ascending offsets. The modules are those of the text.
pub(crate) fn insertions<'a>(modules: impl Iterator<Item = &'a Module>, text: &str) -> Vec<(usize, String)> {
    let mut eager = Eager { text, found: Vec::new(), names: 0 };
    for module in modules {
        for rule in &module.policy {
            eager.rule(rule);
        }
    }
    // What is inserted at one place stays in the order in which it was found.
    eager.found.sort_by_key(|(at, _)| *at);
    eager.found
}

struct Eager<'a> {
    text: &'a str,
    found: Vec<(usize, String)>,
    names: usize,
}

impl Eager<'_> {
    fn rule(&mut self, rule: &Rule) {
        let Rule::Spec { head, bodies, .. } = rule else { return };
        let (args, assign) = match head {
            RuleHead::Compr { refr, assign, .. } => (vec![refr], assign.as_ref()),
            RuleHead::Set { refr, key, .. } => (std::iter::once(refr).chain(key).collect(), None),
            RuleHead::Func { args, assign, .. } => (args.iter().collect(), assign.as_ref()),
        };
        args.into_iter().for_each(|arg| self.expr(arg));
        for assign in assign.into_iter().chain(bodies.iter().filter_map(|body| body.assign.as_ref())) {
            self.expr(&assign.value);
        }
        for body in bodies {
            self.query(&body.query);
        }
    }

    fn query(&mut self, query: &Query) {
        for stmt in &query.stmts {
            match &stmt.literal {
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { key, value, collection, .. } => {
                    key.iter().chain([value, collection]).for_each(|part| self.expr(part));
                }
                Literal::Expr { expr, .. } => self.expr(expr),
                Literal::NotExpr { span, expr } => self.negation(span, expr),
                Literal::Every { domain, query, .. } => {
                    self.expr(domain);
                    self.query(query);
                }
            }
            for modifier in &stmt.with_mods {
                self.expr(&modifier.r#as);
            }
        }
    }

    fn negation(&mut self, span: &Span, expr: &Expr) {
        let mut wanted = Vec::new();
        asked_in(expr, &mut wanted);
        let texts: Vec<&str> = wanted.into_iter().filter_map(|span| repeatable(self.text, span)).collect();
        if !texts.is_empty() {
            let mut before = "[1 | ".to_owned();
            for text in texts {
                self.names += 1;
                before.push_str(&format!("arg__{} := {text}; ", self.names));
            }
            self.found.push((span.start as usize, before));
            // What is inserted inside ends before this does.
            self.expr(expr);
            self.found.push((span.end as usize, "] != []".to_owned()));
        } else {
            self.expr(expr);
        }
    }

    /// Looks for negations inside an expression.
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().for_each(|item| self.expr(item)),
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expr(key);
                    self.expr(value);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term);
                self.query(query);
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.expr(key);
                self.expr(value);
                self.query(query);
            }
            Expr::Call { params, .. } => params.iter().for_each(|param| self.expr(param)),
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::RefDot { refr, .. } => self.expr(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.expr(refr);
                self.expr(index);
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::Membership { key, value, collection, .. } => {
                key.iter().chain([value, collection]).for_each(|part| self.expr(part));
            }
            _ => {}
        }
    }
}

/// The text of an expression, where it can stand on one line.
fn repeatable<'a>(text: &'a str, span: &Span) -> Option<&'a str> {
    let text = text.get(span.start as usize..span.end as usize)?;
    // A comment would reach over what follows.
    (!(text.contains('\n') && text.contains('#'))).then_some(text)
}

/// What has to have a value for an expression below `not` to be asked at all: the arguments of a call, which operators
/// other than equality are, too.
fn asked_in<'e>(expr: &'e Expr, wanted: &mut Vec<&'e Span>) {
    match expr {
        Expr::Call { params, .. } => params.iter().for_each(|param| asked(param, wanted)),
        Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } | Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => {
            inside(lhs, wanted);
            inside(rhs, wanted);
        }
        Expr::BoolExpr { lhs, rhs, .. } | Expr::BinExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } => {
            asked(lhs, wanted);
            asked(rhs, wanted);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).for_each(|part| asked(part, wanted));
        }
        Expr::RefDot { .. } | Expr::RefBrack { .. } => inside(expr, wanted),
        _ => {}
    }
}

/// An expression whose value is asked for, unless it has one in any case.
fn asked<'e>(expr: &'e Expr, wanted: &mut Vec<&'e Span>) {
    match expr {
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => {}
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => {}
        Expr::Var { span, .. } if span.text() == "_" => {}
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().for_each(|item| asked(item, wanted)),
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                asked(key, wanted);
                asked(value, wanted);
            }
        }
        other => wanted.push(other.span()),
    }
}

/// A side of an equality, or a way into a value: a part that is not there is what `not` is about, and calls and computed
/// names come before.
fn inside<'e>(expr: &'e Expr, wanted: &mut Vec<&'e Span>) {
    match expr {
        Expr::RefDot { refr, .. } => inside(refr, wanted),
        Expr::RefBrack { refr, index, .. } => {
            inside(refr, wanted);
            asked(index, wanted);
        }
        Expr::Var { .. } => {}
        other => asked(other, wanted),
    }
}

#[cfg(test)]
mod tests {
    use regorus::Engine;

    use super::insertions;
    use crate::rewritten::Rewritten;

    fn rewritten(body: &str) -> String {
        let text = format!("package a\n\nimport rego.v1\n\nr if {{ {body} }}\n");
        let parsed = |text: &str| {
            let mut engine = Engine::new();
            engine.add_policy("a.rego".to_owned(), text.to_owned()).unwrap_or_else(|error| panic!("{text}: {error}"));
            engine
        };
        let result =
            Rewritten::of(&text, &insertions(parsed(&text).get_modules().iter().map(AsRef::as_ref), &text)).text;
        parsed(&result);
        let body = result.split_once("r if { ").and_then(|(_, rest)| rest.rsplit_once(" }"));
        body.expect("is still there").0.to_owned()
    }

    #[test]
    fn arguments_are_asked_for_first() {
        for (body, expected) in [
            ("not f(input.a)", "[1 | arg__1 := input.a; not f(input.a)] != []"),
            ("not f(1, _, \"a\", [], {})", "not f(1, _, \"a\", [], {})"),
            ("not f(x, g({\"a\": y}))", "[1 | arg__1 := x; arg__2 := g({\"a\": y}); not f(x, g({\"a\": y}))] != []"),
            ("not f({\"a\": y.b, \"c\": 1})", "[1 | arg__1 := y.b; not f({\"a\": y.b, \"c\": 1})] != []"),
            ("not input.a", "not input.a"),
            ("not input.a == 1", "not input.a == 1"),
            ("not input.a != 1", "[1 | arg__1 := input.a; not input.a != 1] != []"),
            ("not count(input.a) == 1", "[1 | arg__1 := count(input.a); not count(input.a) == 1] != []"),
            ("not input.a + 1 == 2", "[1 | arg__1 := input.a + 1; not input.a + 1 == 2] != []"),
            ("not input.a[input.b].c", "[1 | arg__1 := input.b; not input.a[input.b].c] != []"),
            ("not \"a\" in input.a", "[1 | arg__1 := input.a; not \"a\" in input.a] != []"),
            ("not f(input.a) with input as y", "[1 | arg__1 := input.a; not f(input.a)] != [] with input as y"),
            ("not f(\n  x.y[\"z\"],\n)\nq", "[1 | arg__1 := x.y[\"z\"]; not f(\n  x.y[\"z\"],\n)] != []\nq"),
            ("not f([x | not g(x.y)])", "not f([x | [1 | arg__1 := x.y; not g(x.y)] != []])"),
            ("every x in y { not f(x) }", "every x in y { [1 | arg__1 := x; not f(x)] != [] }"),
            ("not f(g(\n1, # one\nx))", "not f(g(\n1, # one\nx))"),
            ("not (f(x.y))", "[1 | arg__1 := x.y; not (f(x.y))] != []"),
            ("x := [y | not f(input.y); y := 1]", "x := [y | [1 | arg__1 := input.y; not f(input.y)] != []; y := 1]"),
        ] {
            assert_eq!(rewritten(body), expected, "{body}");
        }
    }
}
