//! The compiler: sources to findings and plan graphs, incrementally.
//!
//! Phases stand in the order a source goes through them: `items` (text to item trees), `resolve` (names to
//! definitions), `types` (expressions to types), `eval` (total evaluation), `plan` (plans to graphs), `policy` (graphs to
//! verdicts). Data flows
//! downwards only. Nothing here reads a disk, a clock or an environment variable.

mod check;
mod cycle;
mod data_pattern;
mod db;
pub mod editor;
mod engine;
mod eval;
pub mod hir;
mod items;
mod lock;
mod module_path;
mod names;
mod package_manifest;
mod plan;
mod policy;
mod resolve;
mod rules;
mod similar;
mod testing;
mod types;

pub use check::{check_package, file_findings, package_findings};
pub use data_pattern::DataPattern;
pub use db::{
    Content, DataFile, Database, Db, MAX_DATA_BYTES, MAX_DOCUMENT_BYTES, MAX_SOURCE_BYTES, Package, SourceFile, Text,
    unless_cancelled,
};
pub use eval::{
    DocumentError, Fault, InputDocument, Lone, LoneFinding, Source, data_references, document_json, eval_text,
    eval_text_with, plain, read_document, value_json,
};
pub use hir::Kind;
pub use items::{FileItems, Item, Part, file_items, parse_package};
pub use lock::{lock_findings, lock_of, read_lock};
pub use module_path::{Unnameable, unnameable};
pub use ordain_graph::MAX_LOCK_BYTES;
pub use package_manifest::{Dependency, Manifest, ParsedManifest, manifest, parse_manifest};
pub use plan::{ArgumentError, Instantiated, PlanInstance, bind_arguments, instantiate, program_references};
pub use policy::{
    About, Arena, Asking, Authorizer, ChangePatterns, Clause, ClauseKind, ConditionPart, Decided, Decision, Explained,
    ExplainedRequest, GateFinding, GateManner, GateRun, Judged, Prepared, Ruling, Way, WayEnd, explain,
    explain_document, explain_gates, gate_globs, is_compiled, judge, named_policies, policy_code, policy_subject,
    run_gate, run_gate_as,
};
pub use resolve::{items_of, package_items};
pub use rules::{
    ForeignRules, RuleError, RuleErrorPlace, RuleFinding, RuleLanguage, RulePart, RulePlace, RuleRequest, RuleText,
};
pub use testing::{Coverage, Covered, Failure, Point, PointKind, Reached, TestRun, cover_test, run_test};
pub use types::{Anchor, DataFormat, Sig, Ty, signature};

use smol_str::SmolStr;

/// The name of a declaration in plans: its package, its module and its own name, joined by dots.
pub fn qualified_name(db: &dyn Db, item: Item<'_>) -> SmolStr {
    let file = item.file(db);
    let package = &manifest(db, file.package(db)).manifest.name;
    let module = file.module(db);
    if module.is_empty() {
        format!("{package}.{}", item.name(db)).into()
    } else {
        format!("{package}.{module}.{}", item.name(db)).into()
    }
}

/// The declaration of a qualified name, in a package or in one it depends on.
pub fn item_by_name<'db>(db: &'db dyn Db, package: Package, name: &str) -> Option<Item<'db>> {
    let mut open = vec![package];
    let mut seen = Vec::new();
    while let Some(package) = open.pop() {
        if seen.contains(&package) {
            continue;
        }
        seen.push(package);
        let own = &manifest(db, package).manifest.name;
        if let Some(rest) = name.strip_prefix(own.as_str()).and_then(|rest| rest.strip_prefix('.')) {
            let found = package.files(db).iter().find_map(|(module, &file)| {
                let local =
                    if module.is_empty() { rest } else { rest.strip_prefix(module.as_str())?.strip_prefix('.')? };
                resolve::declared(db, file).get(local)
            });
            if found.is_some() {
                return found;
            }
        }
        open.extend(package.dependencies(db).values().copied());
    }
    None
}
