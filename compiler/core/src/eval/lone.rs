//! Lone expressions: `ordain eval`.

use ordain_diagnostics::{Code, TextRange, codes};
use ordain_graph::Value;
use smol_str::SmolStr;

use super::{Context, Evaluator, Fault, InputDocument, without_declaration};
use crate::db::Db;
use crate::hir::lower::Lowering;
use crate::items::{Item, Part};
use crate::types::{Finding, infer_expression};

/// The value of a lone expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Lone {
    /// Its value.
    pub value: Value,
    /// Its type, as users write it.
    pub ty: String,
}

/// What is wrong with a lone expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneFinding {
    /// Which kind of mistake it is.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where in the expression's text.
    pub range: TextRange,
}

/// Evaluates a text as an expression, with the names that are in scope in an item's file.
///
/// # Errors
/// The text is no expression, or it has no value.
pub fn eval_text<'db>(db: &'db dyn Db, item: Item<'db>, text: &str) -> Result<Lone, Vec<LoneFinding>> {
    eval_text_with(db, item, text, &[])
}

/// As [`eval_text`], with documents under names of their own.
///
/// # Errors
/// The text is no expression, or it has no value.
pub fn eval_text_with<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    text: &str,
    documents: &[(SmolStr, InputDocument<'db>)],
) -> Result<Lone, Vec<LoneFinding>> {
    let (expr, errors) = ordain_syntax::parse_expr(text);
    if !errors.is_empty() {
        let findings = errors.into_iter();
        return Err(findings
            .map(|error| LoneFinding { code: error.code, message: error.message, help: error.help, range: error.range })
            .collect());
    }
    let mut lowering = Lowering::new(0);
    let root = lowering.expr(expr);
    let (tree, spans) = lowering.finish();
    let lone = |finding: &Finding<'_>| LoneFinding {
        code: finding.code,
        message: finding.message.clone(),
        help: finding.help.clone(),
        // A finding elsewhere, in what the expression calls, has no place in it.
        range: if finding.at.item == item { spans.get(finding.at.loc) } else { TextRange::default() },
    };
    let locals: Vec<_> = documents.iter().map(|(name, document)| (name.clone(), document.ty.clone())).collect();
    let (facts, ty, findings) = infer_expression(db, item, &tree, root, None, &locals);
    let errors: Vec<LoneFinding> = findings.iter().filter(|finding| !finding.is_warning()).map(lone).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut cx = Context::new(item, Part::Body, &tree, &facts);
    cx.locals = documents.iter().map(|(name, document)| (name.clone(), document.value.clone())).collect();
    match Evaluator::new(db).eval(&mut cx, root) {
        Ok(value) => Ok(Lone { value: without_declaration(value), ty: ty.display(db) }),
        Err(fault) => Err(vec![match *fault {
            Fault::Source(finding) => lone(&finding),
            Fault::Data(diagnostic) => LoneFinding {
                code: diagnostic.code,
                message: diagnostic.message.clone(),
                help: diagnostic.help.clone(),
                range: TextRange::default(),
            },
            Fault::Silent => LoneFinding {
                code: codes::UNKNOWN_NAME,
                message: "it needs something that has errors".into(),
                help: Some("run `ordain check`".into()),
                range: TextRange::default(),
            },
        }]),
    }
}
