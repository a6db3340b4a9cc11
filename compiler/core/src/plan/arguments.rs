//! The arguments of a plan, from text.

use ordain_diagnostics::{Diagnostic, codes};
use ordain_graph::Value;
use smol_str::SmolStr;

use crate::db::Db;
use crate::eval::{Context, Evaluator, declared_value};
use crate::hir::lower::Lowering;
use crate::hir::{ExprKind, Kind};
use crate::items::{Item, Part};
use crate::resolve::{items_of, resolve};
use crate::types::{Anchor, Finding, Sig, Ty, infer_expression, signature};

/// Why arguments do not fit a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// The parameter, or the name that is none.
    pub name: SmolStr,
    /// What is wrong, as a finding at the plan.
    pub diagnostic: Box<Diagnostic>,
}

/// The values of a plan's parameters, from `name=text` pairs. A text is an expression of the language, or, where a
/// string or a type with a textual form is expected, the text itself; the name of an environment stands for it.
pub fn bind_arguments<'db>(
    db: &'db dyn Db,
    plan: Item<'db>,
    given: &[(SmolStr, String)],
) -> Result<Value, Vec<ArgumentError>> {
    let Sig::Plan { params, .. } = &signature(db, plan).sig else { return Ok(Value::record([])) };
    let mut errors = Vec::new();
    let mut fail = |name: &SmolStr, code, message: String, help: Option<String>| {
        let mut finding = Finding::new(code, Anchor::name_of(plan), message);
        finding.help = help;
        errors.push(ArgumentError { name: name.clone(), diagnostic: Box::new(finding.locate(db)) });
    };
    for (at, (name, _)) in given.iter().enumerate() {
        if !params.iter().any(|param| param.name == *name) {
            let similar = crate::similar::best(name, params.iter().map(|param| param.name.as_str()));
            let message = format!("plan `{}` has no parameter `{name}`", plan.name(db));
            fail(name, codes::INVALID_ARGUMENT, message, similar.map(|similar| format!("did you mean `{similar}`?")));
        } else if given[..at].iter().any(|(known, _)| known == name) {
            fail(name, codes::INVALID_ARGUMENT, format!("argument `{name}` is given twice"), None);
        }
    }
    let mut values = Vec::new();
    for param in params {
        let value = match given.iter().find(|(name, _)| *name == param.name) {
            Some((_, text)) => match value(db, plan, &param.ty, text) {
                Ok(value) => value,
                Err((message, help)) => {
                    let message = format!("argument `{}`: {message}", param.name);
                    fail(&param.name, codes::INVALID_ARGUMENT, message, help);
                    continue;
                }
            },
            None => match param.default {
                Some(default) => match Evaluator::new(db).eval(&mut Context::signature(db, plan), default) {
                    Ok(value) => value,
                    Err(fault) => {
                        let (message, help) = refusal(db, &fault, &param.ty);
                        let message = format!("the default of `{}`: {message}", param.name);
                        fail(&param.name, codes::INVALID_ARGUMENT, message, help);
                        continue;
                    }
                },
                None if matches!(param.ty.peel(db), Ty::Optional(_)) => Value::None,
                None => {
                    let message = format!("plan `{}` needs argument `{}`", plan.name(db), param.name);
                    let help = format!("give it: --arg {}=…  (of type `{}`)", param.name, param.ty.display(db));
                    fail(&param.name, codes::MISSING_ARGUMENT, message, Some(help));
                    continue;
                }
            },
        };
        values.push((param.name.clone(), value));
    }
    if errors.is_empty() { Ok(Value::record(values)) } else { Err(errors) }
}

type Refusal = (String, Option<String>);

fn value<'db>(db: &'db dyn Db, plan: Item<'db>, ty: &Ty<'db>, text: &str) -> Result<Value, Refusal> {
    if !matches!(ty.peel_optional(db), Ty::String)
        && let Some(item) = declared(db, plan, text)
    {
        return declared_value(db, item)
            .value
            .clone()
            .ok_or_else(|| (format!("`{text}` has no value, because it has errors"), None));
    }
    let evaluator = Evaluator::new(db);
    let at = Anchor::name_of(plan);
    let textual =
        matches!(ty.peel_optional(db), Ty::String | Ty::Url | Ty::Digest | Ty::SemVer | Ty::Date | Ty::Enum(_));
    if textual && !text.starts_with('"') && !text.starts_with("r\"") && text != "none" {
        let value = Value::String(text.into());
        return evaluator.normalise(value, ty, at).map_err(|fault| refusal(db, &fault, ty));
    }
    let (expr, errors) = ordain_syntax::parse_expr(text);
    if let Some(error) = errors.into_iter().next() {
        return Err((error.message, error.help.or_else(|| Some(expected(db, ty)))));
    }
    let mut lowering = Lowering::new(0);
    let root = lowering.expr(expr);
    let (tree, _) = lowering.finish();
    if tree.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Plan(_))) {
        return Err(("a plan is not a value".into(), None));
    }
    with_expression(db, plan, &tree, root, ty)
}

/// The environment or entity that a text names: as in the plan's file, or by its name in the package or in the module it
/// stands in, where only one has that name.
fn declared<'db>(db: &'db dyn Db, plan: Item<'db>, text: &str) -> Option<Item<'db>> {
    let named = |item: &Item<'db>| matches!(item.kind(db), Kind::Environment | Kind::Entity);
    let parts: Vec<SmolStr> = text.split('.').map(SmolStr::from).collect();
    if let Ok(found) = resolve(db, plan.file(db), &parts)
        && found.consumed == parts.len()
        && named(&found.item)
    {
        return Some(found.item);
    }
    let package = plan.file(db).package(db);
    let is = |item: &Item<'db>| {
        let Some(before) = text.strip_suffix(item.name(db).as_str()) else { return false };
        let module = item.file(db).module(db);
        before.is_empty()
            || before.strip_suffix('.').is_some_and(|before| before == module)
            || crate::qualified_name(db, *item) == text
    };
    let known = [Kind::Environment, Kind::Entity].into_iter().flat_map(|kind| items_of(db, package, kind)).copied();
    let mut found = known.filter(is);
    found.next().filter(|_| found.next().is_none())
}

fn with_expression<'db>(
    db: &'db dyn Db,
    plan: Item<'db>,
    tree: &crate::hir::Tree,
    root: crate::hir::ExprId,
    ty: &Ty<'db>,
) -> Result<Value, Refusal> {
    let (facts, _, findings) = infer_expression(db, plan, tree, root, Some(ty), &[]);
    if let Some(finding) = findings.iter().find(|finding| !finding.is_warning()) {
        return Err((finding.message.clone(), finding.help.clone().or_else(|| Some(expected(db, ty)))));
    }
    let mut cx = Context::new(plan, Part::Body, tree, &facts);
    let evaluator = Evaluator::new(db);
    evaluator
        .eval(&mut cx, root)
        .and_then(|value| evaluator.normalise(value, ty, Anchor::name_of(plan)))
        .map_err(|fault| refusal(db, &fault, ty))
}

fn refusal<'db>(db: &'db dyn Db, fault: &crate::eval::Fault<'db>, ty: &Ty<'db>) -> Refusal {
    match fault {
        crate::eval::Fault::Source(finding) => {
            (finding.message.clone(), finding.help.clone().or_else(|| Some(expected(db, ty))))
        }
        crate::eval::Fault::Data(diagnostic) => (diagnostic.message.clone(), diagnostic.help.clone()),
        crate::eval::Fault::Silent => ("it has no value".into(), None),
    }
}

fn expected<'db>(db: &'db dyn Db, ty: &Ty<'db>) -> String {
    format!("it is of type `{}`", ty.display(db))
}
