//! What changed, as far as patterns say that it is looked at.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ordain_diagnostics::codes;
use ordain_graph::Value;

use crate::db::Db;
use crate::eval::{Context, Eval, Evaluator, Fault};
use crate::hir::{ExprId, Subject};
use crate::items::Item;

/// The name of the list of files in a change.
const FILES: &str = "files";

/// Patterns of `on change`: of paths from the root of the repository, in which `*` stands within a name and `**` for
/// folders.
#[derive(Clone, Debug)]
pub struct ChangePatterns {
    set: GlobSet,
}

impl ChangePatterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// The first that is none, or that no path can match, in a sentence.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            if pattern.starts_with('/') || pattern.split('/').any(|part| matches!(part, "." | "..")) {
                let why = "patterns of `on change` begin at the root of the git repository";
                return Err(format!("no path can match `{pattern}`: {why}"));
            }
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`{pattern}` is no pattern: {}", error.kind()))?);
        }
        Ok(Self { set: set.build().map_err(|error| error.to_string())? })
    }

    /// Whether a path is one of those that they stand for.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// What a policy sees of a change: the files of its own patterns. Nothing where it has patterns and there is no such
/// file; where it has none, all.
pub(super) fn seen<'db>(
    db: &'db dyn Db,
    policy: Item<'db>,
    subject: &Subject,
    change: Value,
) -> Eval<'db, Option<Value>> {
    let Some(globs) = subject.globs.filter(|_| subject.kind.text == "change") else { return Ok(Some(change)) };
    let patterns = patterns(db, policy, globs)?;
    if patterns.is_empty() {
        return Ok(Some(change));
    }
    let patterns = ChangePatterns::new(&patterns)
        .map_err(|message| Fault::new(codes::INCOMPLETE_POLICY, Context::body(db, policy).expr_at(globs), message))?;
    let Value::Record(fields) = &change else { return Ok(Some(change)) };
    let Some(Value::List(files)) = fields.get(FILES) else { return Ok(Some(change)) };
    let is_seen = |file: &&Value| match file {
        Value::Record(file) => match file.get("path") {
            Some(Value::String(path)) => patterns.matches(path),
            _ => true,
        },
        _ => true,
    };
    let files: Vec<Value> = files.iter().filter(is_seen).cloned().collect();
    if files.is_empty() {
        return Ok(None);
    }
    let mut fields = fields.as_ref().clone();
    fields.insert(FILES.into(), Value::list(files));
    Ok(Some(Value::Record(fields.into())))
}

/// The patterns that an expression in the body of a declaration lists.
pub(super) fn patterns<'db>(db: &'db dyn Db, item: Item<'db>, globs: ExprId) -> Eval<'db, Vec<String>> {
    let value = Evaluator::new(db).eval(&mut Context::body(db, item), globs)?;
    match &value {
        Value::List(globs) => Ok(globs.iter().filter_map(|glob| ordain_graph::display(glob).ok()).collect()),
        _ => Err(crate::eval::not_known(Context::body(db, item).expr_at(globs))),
    }
}
