//! Type references to types.

use std::sync::Arc;

use ordain_diagnostics::{Code, codes};
use ordain_graph::{Demand, Value};
use smol_str::SmolStr;

use super::{Anchor, DefaultRef, DefaultTree, FieldTy, Finding, RecordTy, Ty, refine};
use crate::db::{Db, SourceFile};
use crate::hir::{FieldDecl, Kind, Loc, Name, PathRef, Refinement, Tree, TypeId, TypeRefKind};
use crate::items::{Item, Part};
use crate::resolve::{ImportPlace, PathError, resolve};

/// Lowers the type references of one part of an item.
pub(super) struct TypeLowering<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    file: SourceFile,
    part: Part,
    tree: &'db Tree,
    /// Where the defaults of fields are found again; nowhere for a lone expression, whose tree nobody keeps.
    home: Option<DefaultTree<'db>>,
    findings: Vec<Finding<'db>>,
    imports: Vec<ImportPlace>,
}

impl<'db> TypeLowering<'db> {
    pub(super) fn signature(db: &'db dyn Db, item: Item<'db>) -> Self {
        Self::new(db, item, Part::Signature, &item.signature(db).tree)
    }

    pub(super) fn new(db: &'db dyn Db, item: Item<'db>, part: Part, tree: &'db Tree) -> Self {
        let home = Some(DefaultTree::Part(part));
        Self { db, item, file: item.file(db), part, tree, home, findings: Vec::new(), imports: Vec::new() }
    }

    /// With the tree that has the defaults of fields.
    pub(super) fn at_home(self, home: Option<DefaultTree<'db>>) -> Self {
        Self { home, ..self }
    }

    pub(super) fn finish(self) -> (Box<[Finding<'db>]>, Box<[ImportPlace]>) {
        (self.findings.into(), self.imports.into())
    }

    fn at(&self, loc: Loc) -> Anchor<'db> {
        Anchor { item: self.item, part: self.part, loc }
    }

    fn report(&mut self, code: Code, loc: Loc, message: impl Into<String>) -> &mut Finding<'db> {
        let at = self.at(loc);
        self.findings.push(Finding::new(code, at, message));
        // INVARIANT: pushed on the line above.
        self.findings.last_mut().expect("just pushed")
    }

    /// Reports names that stand twice.
    pub(super) fn distinct<'a>(&mut self, names: impl Iterator<Item = &'a Name>, what: &str) {
        let mut seen: rustc_hash::FxHashMap<&SmolStr, Loc> = rustc_hash::FxHashMap::default();
        for name in names {
            match seen.get(&name.text) {
                Some(&first) => {
                    let first = self.at(first);
                    let finding =
                        self.report(codes::DUPLICATE_FIELD, name.loc, format!("{what} `{}` is given twice", name.text));
                    finding.notes.push(super::Note { at: first, message: "first given here".into() });
                }
                None => {
                    seen.insert(&name.text, name.loc);
                }
            }
        }
    }

    pub(super) fn ty(&mut self, id: TypeId) -> Ty<'db> {
        let tree = self.tree;
        let reference = &tree[id];
        match &reference.kind {
            TypeRefKind::Missing => Ty::Error,
            TypeRefKind::Path { path, args } => self.path(path, args),
            TypeRefKind::List(element) => Ty::List(Arc::new(self.ty(*element))),
            TypeRefKind::Optional(inner) => match self.ty(*inner) {
                already @ Ty::Optional(_) => already,
                inner => Ty::Optional(Arc::new(inner)),
            },
            TypeRefKind::Record(fields) => self.record(fields),
            TypeRefKind::Refined { base, refinement } => {
                let base = self.ty(*base);
                match self.demand(&base, refinement, reference.loc) {
                    Some(demand) => Ty::Refined(Arc::new(base), Arc::new(demand)),
                    None => base,
                }
            }
        }
    }

    fn record(&mut self, fields: &[FieldDecl]) -> Ty<'db> {
        self.distinct(fields.iter().map(|field| &field.name), "field");
        let fields = fields
            .iter()
            .map(|field| FieldTy {
                name: field.name.text.clone(),
                ty: self.ty(field.ty),
                default: field.default.zip(self.home).map(|(expr, tree)| DefaultRef { item: self.item, tree, expr }),
            })
            .collect();
        Ty::Record(Arc::new(RecordTy { fields }))
    }

    fn path(&mut self, path: &PathRef, args: &[TypeId]) -> Ty<'db> {
        let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
        match resolve(self.db, self.file, &parts) {
            Ok(found) if found.consumed == parts.len() => {
                self.imports.extend(found.import);
                self.no_args(path, args);
                match found.item.kind(self.db) {
                    Kind::Type => Ty::Alias(found.item),
                    Kind::Enum => Ty::Enum(found.item),
                    other => {
                        let message = format!("`{}` is {}, not a type", path.text(), other.phrase());
                        let at = Anchor::name_of(found.item);
                        let finding = self.report(codes::WRONG_KIND, path.loc(), message);
                        finding.notes.push(super::Note { at, message: "declared here".into() });
                        Ty::Error
                    }
                }
            }
            Ok(found) => {
                let at = &path.parts[found.consumed.min(path.parts.len() - 1)];
                let message = format!("`{}` has nothing named `{}`", found.item.name(self.db), at.text);
                self.report(codes::UNKNOWN_NAME, at.loc, message);
                Ty::Error
            }
            Err(error) if error.import.is_some() => {
                self.imports.extend(error.import);
                Ty::Error
            }
            Err(error) => match self.builtin(&parts, path, args) {
                Some(ty) => ty,
                None => self.unknown(path, &error),
            },
        }
    }

    fn unknown(&mut self, path: &PathRef, error: &PathError) -> Ty<'db> {
        if error.reported {
            return Ty::Error;
        }
        let part = &path.parts[error.at.min(path.parts.len() - 1)];
        let builtin = match &*path.parts {
            [one] => crate::similar::best(&one.text, super::builtin::TYPE_NAMES.iter().copied()),
            _ => None,
        };
        let message = match &error.module {
            Some(module) => format!("module `{}` has no type `{}`", module.module(self.db), part.text),
            None => format!("no type named `{}`", part.text),
        };
        let finding = Finding::new(codes::UNKNOWN_NAME, self.at(part.loc), message).meant(
            self.db,
            &path.places(),
            false,
            |kind| matches!(kind, Kind::Type | Kind::Enum),
        );
        let builtin = builtin.filter(|_| finding.help.is_none());
        self.findings.push(finding.did_you_mean(builtin));
        Ty::Error
    }

    fn builtin(&mut self, parts: &[SmolStr], path: &PathRef, args: &[TypeId]) -> Option<Ty<'db>> {
        let [name] = parts else { return None };
        let simple = match name.as_str() {
            "Bool" => Ty::Bool,
            "Int" => Ty::Int,
            "Decimal" => Ty::Decimal,
            "String" => Ty::String,
            "Bytes" => Ty::Bytes,
            "Duration" => Ty::Duration,
            "SemVer" => Ty::SemVer,
            "Url" => Ty::Url,
            "Digest" => Ty::Digest,
            "Date" => Ty::Date,
            "Json" => Ty::Json,
            "List" => return Some(Ty::List(Arc::new(self.args(path, args, 1)?.remove(0)))),
            "Set" => return Some(Ty::Set(Arc::new(self.args(path, args, 1)?.remove(0)))),
            "Ref" => return Some(Ty::Ref(Arc::new(self.args(path, args, 1)?.remove(0)))),
            "Secret" => return Some(Ty::Secret(Arc::new(self.args(path, args, 1)?.remove(0)))),
            "Map" => {
                let mut args = self.args(path, args, 2)?;
                let value = args.remove(1);
                return Some(Ty::Map(Arc::new((args.remove(0), value))));
            }
            _ => return None,
        };
        self.no_args(path, args);
        Some(simple)
    }

    /// The arguments of a generic type; as many [`Ty::Error`]s where their number is wrong.
    fn args(&mut self, path: &PathRef, args: &[TypeId], count: usize) -> Option<Vec<Ty<'db>>> {
        if args.len() != count {
            let message = format!("`{}` takes {count} type argument{}", path.text(), if count == 1 { "" } else { "s" });
            self.report(codes::WRONG_ARGUMENTS, path.loc(), message);
            return Some(vec![Ty::Error; count]);
        }
        Some(args.iter().map(|&arg| self.ty(arg)).collect())
    }

    fn no_args(&mut self, path: &PathRef, args: &[TypeId]) {
        if !args.is_empty() {
            self.report(codes::WRONG_ARGUMENTS, path.loc(), format!("`{}` takes no type arguments", path.text()));
        }
    }

    fn demand(&mut self, base: &Ty<'db>, refinement: &Refinement, loc: Loc) -> Option<Demand> {
        let invalid = |this: &mut Self, loc: Loc, message: String| {
            this.report(codes::INVALID_REFINEMENT, loc, message);
            None
        };
        // The base is peeled without looking at other declarations' targets: a signature may not depend on them in a
        // circle. A named base is checked when its values are.
        match refinement {
            Refinement::Range(range) => {
                let at = self.tree[*range].loc;
                let Some((min, max, inclusive)) = refine::bounds(self.tree, *range) else {
                    return invalid(self, at, "the bounds of a refinement are literals, as in `where 1..=50`".into());
                };
                let fits = |value: &Value| bound_fits(strip(base), value);
                if !fits(&min) || !fits(&max) {
                    let message = format!("the bounds are not of type `{}`", base.display(self.db));
                    return invalid(self, at, message);
                }
                let as_decimal = |value: Value| match (strip(base), value) {
                    (Ty::Decimal, Value::Int(value)) => Value::Decimal(value.into()),
                    (_, value) => value,
                };
                let (min, max) = (as_decimal(min), as_decimal(max));
                if min > max || (min == max && !inclusive) {
                    return invalid(self, at, "the range is empty, no value can lie in it".into());
                }
                Some(Demand::Range { min, max, inclusive })
            }
            Refinement::Length(range) => {
                let at = self.tree[*range].loc;
                if !matches!(strip(base), Ty::String | Ty::List(_) | Ty::Set(_) | Ty::Map(_) | Ty::Alias(_) | Ty::Error)
                {
                    let message = format!("`{}` has no length", base.display(self.db));
                    return invalid(self, at, message);
                }
                match refine::bounds(self.tree, *range) {
                    Some((Value::Int(min), Value::Int(max), inclusive)) if min >= 0 => {
                        let max = if inclusive { max } else { max - 1 };
                        if max < min {
                            return invalid(self, at, "the range is empty, no length can lie in it".into());
                        }
                        Some(Demand::Length(min.unsigned_abs(), max.unsigned_abs()))
                    }
                    _ => invalid(self, at, "a length is bounded by whole numbers, as in `where len 1..=63`".into()),
                }
            }
            Refinement::Matching(pattern) => {
                if !matches!(strip(base), Ty::String | Ty::Alias(_) | Ty::Error) {
                    let message = format!("`matching` refines `String`, not `{}`", base.display(self.db));
                    return invalid(self, loc, message);
                }
                if let Some(error) = refine::pattern_error(self.db.patterns(), &pattern.text) {
                    let message = format!("not a regular expression: {error}");
                    self.report(codes::INVALID_PATTERN, pattern.loc, message);
                    return None;
                }
                Some(Demand::Matching(pattern.text.clone()))
            }
            Refinement::Predicate(condition) => {
                let at = self.tree[*condition].loc;
                match refine::predicate(self.tree, *condition) {
                    Some(value) if !value.is_known() => Some(Demand::Predicate(value)),
                    Some(_) => invalid(self, at, "the condition does not look at `it`".into()),
                    None => invalid(
                        self,
                        at,
                        "the condition of a refinement is made of `it`, literals, operators and built-in functions"
                            .into(),
                    ),
                }
            }
        }
    }
}

/// Whether a value can bound a range of a type; a named type is judged where its target is known.
pub(super) fn bound_fits(base: &Ty<'_>, value: &Value) -> bool {
    matches!(
        (base, value),
        (Ty::Alias(_) | Ty::Error, _)
            | (Ty::Int | Ty::Decimal, Value::Int(_))
            | (Ty::Decimal, Value::Decimal(_))
            | (Ty::Bytes, Value::Bytes(_))
            | (Ty::Duration, Value::Duration(_))
            | (Ty::SemVer, Value::SemVer(_))
            | (Ty::Date, Value::Date(_))
    )
}

/// The base below other refinements.
fn strip<'a, 'db>(ty: &'a Ty<'db>) -> &'a Ty<'db> {
    match ty {
        Ty::Refined(base, _) => strip(base),
        other => other,
    }
}
