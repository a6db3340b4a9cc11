//! Documents against types: what a document holds becomes a value, and what does not fit is told at its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use ordain_data::{Key, Node, NodeKind};
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use ordain_graph::{Fields, Value, untyped};
use smol_str::SmolStr;

use super::{Context, Eval, Evaluator, Fault};
use crate::db::Package;
use crate::hir::ExprId;
use crate::types::{Anchor, DataFormat, FieldTy, RecordTy, Ty, alias_target};

impl<'db> Evaluator<'_, 'db> {
    /// Untyped data as a value of the type that the expression has; what does not fit is told there.
    pub(super) fn typed(&self, cx: &Context<'db>, expr: ExprId, arg: ExprId, value: &Value) -> Eval<'db> {
        let mut size = 0;
        let Some(node) = node(value, &mut size) else { return Err(super::not_known(cx.expr_at(arg))) };
        self.spend(cx, expr, size)?;
        let ty = &cx.facts.types[expr.0 as usize];
        let place = Place::Source(cx.expr_at(arg));
        let package = cx.item.file(self.db).package(self.db);
        let reading = Document { evaluator: self, place, package, text: false, elements: false };
        reading.read(&node, ty, &mut Vec::new())
    }
}

/// Untyped data as a document without places, and how many values it has; nothing where a part of it is not known yet.
fn node(value: &Value, size: &mut u64) -> Option<Node> {
    *size += 1;
    let kind = match value {
        Value::None => NodeKind::Null,
        Value::Bool(value) => NodeKind::Bool(*value),
        Value::Int(value) => NodeKind::Int(*value),
        Value::Decimal(value) => NodeKind::Decimal(value.normalize()),
        Value::String(text) => NodeKind::String(text.clone()),
        Value::List(elements) => NodeKind::List(elements.iter().map(|each| node(each, size)).collect::<Option<_>>()?),
        Value::Record(fields) => {
            let entry = |(name, value): (&SmolStr, &Value)| {
                Some((Key { name: name.clone(), range: TextRange::default() }, node(value, size)?))
            };
            NodeKind::Map(fields.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Node { range: TextRange::default(), kind })
}

/// Where mistakes are told.
#[derive(Clone, Copy)]
enum Place<'a, 'db> {
    /// In the file, at the value.
    File(&'a SmolStr),
    /// In the source that gives the data a type.
    Source(Anchor<'db>),
}

/// Reads a document against a type.
pub(crate) struct Document<'a, 'b, 'db> {
    evaluator: &'a Evaluator<'b, 'db>,
    place: Place<'a, 'db>,
    /// Whose types entities can be of.
    package: Package,
    /// Whether every scalar is text that stands for a value, as in CSV.
    text: bool,
    /// Whether values are elements of XML, which do not tell one from a list of one, nor nothing from an empty record.
    elements: bool,
}

impl<'a, 'b, 'db> Document<'a, 'b, 'db> {
    /// The file of a format.
    pub(super) fn of_file(
        evaluator: &'a Evaluator<'b, 'db>,
        path: &'a SmolStr,
        package: Package,
        format: DataFormat,
    ) -> Self {
        let text = match format {
            DataFormat::Csv | DataFormat::Ini | DataFormat::Dotenv | DataFormat::Properties | DataFormat::Xml => true,
            DataFormat::Json
            | DataFormat::Yaml
            | DataFormat::YamlDocuments
            | DataFormat::Toml
            | DataFormat::Hcl
            | DataFormat::FrontMatter
            | DataFormat::Markdown
            | DataFormat::Dockerfile => false,
        };
        Self { evaluator, place: Place::File(path), package, text, elements: format == DataFormat::Xml }
    }

    /// A document of a format with types of its own, as JSON has them.
    pub(crate) fn new(evaluator: &'a Evaluator<'b, 'db>, path: &'a SmolStr, package: Package) -> Self {
        Self { evaluator, place: Place::File(path), package, text: false, elements: false }
    }

    fn mismatch(&self, node: &Node, pointer: &[String], message: String) -> Box<Fault<'db>> {
        let message = short(&message, MAX_MESSAGE);
        let within = if pointer.is_empty() { "at the top".to_owned() } else { format!("at /{}", pointer.join("/")) };
        let within = short(&within, MAX_MESSAGE);
        match self.place {
            Place::File(path) => {
                let finding = Diagnostic::new(codes::DATA_MISMATCH, path.clone(), node.range, message).label(within);
                Box::new(Fault::Data(Box::new(finding)))
            }
            Place::Source(at) => Fault::new(codes::DATA_MISMATCH, at, format!("{message} {within}")),
        }
    }

    pub(crate) fn read(&self, node: &Node, ty: &Ty<'db>, pointer: &mut Vec<String>) -> Eval<'db> {
        let db = self.evaluator.db;
        let expected = |this: &Self, pointer: &[String]| {
            this.mismatch(node, pointer, format!("expected `{}`, found {}", ty.display(db), describe(&node.kind)))
        };
        Ok(match (ty, &node.kind) {
            (Ty::Alias(item), kind) => {
                let target = alias_target(db, *item);
                // Messages show the name of a record type, not what is in it.
                return match (&target, self.entries(kind)) {
                    (Ty::Record(record), Some(entries)) => self.record(node, record, entries, ty, pointer),
                    (Ty::Record(_), None) => Err(expected(self, pointer)),
                    _ => self.read(node, &target, pointer),
                };
            }
            (Ty::Refined(base, demand), _) => {
                let value = self.read(node, base, pointer)?;
                demand
                    .check_with(&value, self.evaluator.db.patterns())
                    .map_err(|error| self.mismatch(node, pointer, error.to_string()))?;
                value
            }
            (Ty::Optional(_), NodeKind::Null) => Value::None,
            (Ty::Optional(_), NodeKind::String(text)) if self.text && text.is_empty() => Value::None,
            (Ty::Optional(inner), _) => return self.read(node, inner, pointer),
            (Ty::Json, _) => untyped(node),
            (Ty::Bool, NodeKind::Bool(value)) => Value::Bool(*value),
            (Ty::Int, NodeKind::Int(value)) => Value::Int(*value),
            (Ty::Int, NodeKind::Decimal(value)) if value.fract().is_zero() => {
                Value::Int(value.trunc().try_into().map_err(|_| expected(self, pointer))?)
            }
            (Ty::Decimal, NodeKind::Int(value)) => Value::Decimal((*value).into()),
            (Ty::Decimal, NodeKind::Decimal(value)) => Value::Decimal(*value),
            (Ty::Bytes, NodeKind::Int(value)) => {
                Value::Bytes(u64::try_from(*value).map_err(|_| expected(self, pointer))?)
            }
            (Ty::String, NodeKind::String(text)) => Value::String(text.as_str().into()),
            (Ty::Bool, NodeKind::String(text)) if self.text && matches!(text.as_str(), "true" | "false") => {
                Value::Bool(text.as_str() == "true")
            }
            (Ty::Int, NodeKind::String(text)) if self.text => {
                Value::Int(text.trim().parse().map_err(|_| expected(self, pointer))?)
            }
            (Ty::Decimal, NodeKind::String(text)) if self.text => {
                Value::Decimal(text.trim().parse().map_err(|_| expected(self, pointer))?)
            }
            (Ty::Url, NodeKind::String(text)) => Value::parse_url(text).ok_or_else(|| expected(self, pointer))?,
            (Ty::Digest, NodeKind::String(text)) => Value::parse_digest(text).ok_or_else(|| expected(self, pointer))?,
            (Ty::SemVer, NodeKind::String(text)) => Value::parse_semver(text).ok_or_else(|| expected(self, pointer))?,
            (Ty::Date, NodeKind::String(text)) => Value::parse_date(text).ok_or_else(|| expected(self, pointer))?,
            (Ty::Duration, NodeKind::String(text)) => {
                Value::parse_duration(text).ok_or_else(|| expected(self, pointer))?
            }
            (Ty::Bytes, NodeKind::String(text)) => Value::parse_bytes(text).ok_or_else(|| expected(self, pointer))?,
            (Ty::Enum(_), NodeKind::String(text)) => {
                let (_, variants) = ty.variants(db).ok_or_else(|| expected(self, pointer))?;
                match variants.iter().position(|variant| variant.as_str() == text.as_str()) {
                    Some(index) => Value::Variant(index as u32, variants[index].clone()),
                    None => {
                        let similar = crate::similar::best(text, variants.iter().map(SmolStr::as_str));
                        let hint = similar.map_or_else(String::new, |similar| format!(", did you mean `{similar}`?"));
                        let message = format!("`{}` has no variant `{text}`{hint}", ty.display(db));
                        return Err(self.mismatch(node, pointer, message));
                    }
                }
            }
            (Ty::List(element), NodeKind::List(elements)) => Value::list(self.elements(elements, element, pointer)?),
            (Ty::Set(element), NodeKind::List(elements)) => {
                Value::Set(Arc::new(self.elements(elements, element, pointer)?.into_iter().collect()))
            }
            (Ty::List(element), _) if self.elements => Value::list([self.read(node, element, pointer)?]),
            (Ty::Set(element), _) if self.elements => {
                Value::Set(Arc::new([self.read(node, element, pointer)?].into_iter().collect()))
            }
            (Ty::Map(entry), kind) => {
                let entries = self.entries(kind).ok_or_else(|| expected(self, pointer))?;
                let mut map = BTreeMap::new();
                for (key, value) in entries {
                    pointer.push(escape(&key.name));
                    let name = Node { range: key.range, kind: NodeKind::String(key.name.as_str().into()) };
                    let reading = Document { text: true, ..*self };
                    let name = reading.read(&name, &entry.0, pointer)?;
                    map.insert(name, self.read(value, &entry.1, pointer)?);
                    pointer.pop();
                }
                Value::Map(Arc::new(map))
            }
            (Ty::Record(record), kind) => {
                let entries = self.entries(kind).ok_or_else(|| expected(self, pointer))?;
                self.record(node, record, entries, ty, pointer)?
            }
            (Ty::Ref(target), _) => return self.reference(node, target, pointer),
            (Ty::Error, _) => return Err(Box::new(Fault::Silent)),
            _ => return Err(expected(self, pointer)),
        })
    }

    /// A reference: `{ "type": "User", "id": "ana" }`, also below `__entity` as others write it, or only the id where the
    /// declared type is the entity's own.
    fn reference(&self, node: &Node, target: &Ty<'db>, pointer: &[String]) -> Eval<'db> {
        let db = self.evaluator.db;
        let inner = node.get("__entity").unwrap_or(node);
        let text = |name: &str| match inner.get(name).map(|node| &node.kind) {
            Some(NodeKind::String(text)) => Some(text),
            _ => None,
        };
        let named = match (&inner.kind, target, text("type"), text("id")) {
            (NodeKind::String(id), Ty::Alias(item), ..) => {
                return Ok(super::reference_to(db, *item, id.clone()));
            }
            (NodeKind::Map(_), _, Some(ty), Some(id)) => crate::policy::named_entity(db, self.package, ty, id),
            _ => {
                let ty = Ty::Ref(Arc::new(target.clone())).display(db);
                let found = describe(&node.kind);
                Err(format!("expected `{ty}`, a `type` and an `id`, found {found}"))
            }
        };
        let value = named.map_err(|message| self.mismatch(node, pointer, message))?;
        let item = super::parts(&value).and_then(|(ty, _)| crate::item_by_name(db, self.package, ty));
        if item.is_none_or(|item| !crate::types::refers_to(db, item, target)) {
            let ty = Ty::Ref(Arc::new(target.clone())).display(db);
            return Err(self.mismatch(node, pointer, format!("expected `{ty}`, found a reference to another type")));
        }
        Ok(value)
    }

    /// What a value has by name, if it can be an object.
    fn entries<'n>(&self, kind: &'n NodeKind) -> Option<&'n [(ordain_data::Key, Node)]> {
        match kind {
            NodeKind::Map(entries) => Some(entries),
            NodeKind::String(text) if self.elements && text.is_empty() => Some(&[]),
            _ => None,
        }
    }

    fn elements(&self, nodes: &[Node], ty: &Ty<'db>, pointer: &mut Vec<String>) -> Eval<'db, Vec<Value>> {
        let mut values = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            pointer.push(index.to_string());
            values.push(self.read(node, ty, pointer)?);
            pointer.pop();
        }
        Ok(values)
    }

    /// Whether null stands for a field that is left out: one with a default that cannot be `none`. Many programs write so
    /// what they have nothing to say about.
    fn is_left_out(&self, field: &FieldTy<'db>) -> bool {
        field.default.is_some() && !matches!(field.ty.peel(self.evaluator.db), Ty::Optional(_) | Ty::Json)
    }

    /// Members that the type does not declare are left out: documents of other tools have more than one looks at.
    fn record(
        &self,
        node: &Node,
        record: &RecordTy<'db>,
        entries: &[(ordain_data::Key, Node)],
        ty: &Ty<'db>,
        pointer: &mut Vec<String>,
    ) -> Eval<'db> {
        let mut values = Fields::with_capacity(record.fields.len());
        for field in &record.fields {
            let given = entries.iter().find(|(key, _)| key.name.as_str() == field.name.as_str());
            let given = given.filter(|(_, value)| value.kind != NodeKind::Null || !self.is_left_out(field));
            let value = match (given, field.default) {
                (Some((_, value)), _) => {
                    pointer.push(escape(&field.name));
                    let value = self.read(value, &field.ty, pointer)?;
                    pointer.pop();
                    value
                }
                (None, Some(default)) => self.evaluator.default(default)?,
                (None, None) if matches!(field.ty.peel(self.evaluator.db), Ty::Optional(_)) => Value::None,
                (None, None) => {
                    let shown = ty.display(self.evaluator.db);
                    let message = format!("`{shown}` needs `{}`, which is missing here", field.name);
                    return Err(self.mismatch(node, pointer, message));
                }
            };
            values.insert(field.name.clone(), value);
        }
        Ok(Value::Record(Arc::new(values)))
    }
}

/// How many characters of what others wrote a message holds.
pub(super) const MAX_MESSAGE: usize = 300;

/// The beginning of a long text.
pub(super) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A part of a JSON pointer (RFC 6901).
fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn describe(kind: &NodeKind) -> String {
    match kind {
        NodeKind::Null => "null".into(),
        NodeKind::Bool(value) => format!("`{value}`"),
        NodeKind::Int(value) => format!("the number `{value}`"),
        NodeKind::Decimal(value) => format!("the number `{value}`"),
        NodeKind::BigNumber(text) => format!("the number `{}`", short(text, 40)),
        NodeKind::String(text) if text.chars().count() <= 40 => format!("the text `{}`", text.as_str()),
        NodeKind::String(_) => "a text".into(),
        NodeKind::List(_) => "a list".into(),
        NodeKind::Map(_) => "an object".into(),
    }
}
