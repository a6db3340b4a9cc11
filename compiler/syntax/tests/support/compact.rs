//! Makes a syntax tree readable in a snapshot: the `Debug` text without places and without what is empty.

use std::fmt::Debug;

/// A node of `Debug` text.
#[derive(Debug)]
enum Node {
    Atom(String),
    List(Vec<Node>),
    Struct(String, Vec<(String, Node)>),
    Tuple(String, Vec<Node>),
}

/// The tree of `value` in a compact form.
pub fn compact(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let mut reader = Reader { text: &text, at: 0 };
    let node = reader.node();
    assert_eq!(reader.at, text.len(), "all of the text is read");
    show(&node)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn node(&mut self) -> Node {
        if self.eat("[") {
            return Node::List(self.nodes("]"));
        }
        if self.rest().starts_with('"') {
            let mut end = 1;
            let bytes = self.rest().as_bytes();
            while bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let atom = self.rest()[..=end].to_owned();
            self.at += atom.len();
            return Node::Atom(atom);
        }
        let end = self.rest().find([' ', ',', '(', ')', '[', ']', '{', '}']).unwrap_or(self.rest().len());
        let name = self.rest()[..end].to_owned();
        self.at += end;
        if self.eat("(") {
            return Node::Tuple(name, self.nodes(")"));
        }
        if !self.eat(" { ") {
            return Node::Atom(name);
        }
        let mut fields = Vec::new();
        while !self.eat(" }") {
            self.eat(", ");
            let end = self.rest().find(": ").expect("a field has a colon");
            let field = self.rest()[..end].to_owned();
            self.at += end + 2;
            fields.push((field, self.node()));
        }
        Node::Struct(name, fields)
    }

    fn nodes(&mut self, close: &str) -> Vec<Node> {
        let mut nodes = Vec::new();
        while !self.eat(close) {
            self.eat(", ");
            nodes.push(self.node());
        }
        nodes
    }
}

fn show(node: &Node) -> String {
    match node {
        Node::Atom(atom) => atom.clone(),
        Node::List(nodes) => format!("[{}]", nodes.iter().map(show).collect::<Vec<_>>().join(" ")),
        Node::Tuple(name, nodes) => match (name.as_str(), nodes.as_slice()) {
            ("Literal", [Node::Atom(none)]) if none == "None" => "none".into(),
            ("Some" | "Text" | "Name" | "Literal" | "String" | "Expr", [one]) => show(one),
            _ => format!("({name} {})", nodes.iter().map(show).collect::<Vec<_>>().join(" ")),
        },
        Node::Struct(name, fields) => {
            let mut shown: Vec<(&str, String)> = fields
                .iter()
                .filter(|(field, _)| !field.ends_with("range"))
                .map(|(field, node)| (field.as_str(), show(node)))
                .filter(|(_, value)| !matches!(value.as_str(), "None" | "[]" | "false"))
                .collect();
            match (name.as_str(), shown.as_mut_slice()) {
                ("Ident" | "Docs", [(_, one)]) => one.trim_matches('"').to_owned(),
                ("Path", [("parts", parts)]) => parts.trim_matches(['[', ']']).replace(' ', "."),
                ("StringLit", []) => "\"\"".into(),
                ("StringLit", [(_, parts)]) => parts.replacen('[', "s[", 1),
                ("Block" | "Expr" | "Type" | "Pattern" | "Stmt" | "TestStmt" | "PolicyClause" | "Arg", [(_, one)]) => {
                    one.clone()
                }
                ("Binary", fields) => {
                    let find = |name| fields.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value);
                    format!("({} {} {})", find("op"), find("left"), find("right"))
                }
                (name, fields) => {
                    let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field}={value}")).collect();
                    format!("({name}{}{})", if fields.is_empty() { "" } else { " " }, fields.join(" "))
                }
            }
        }
    }
}
