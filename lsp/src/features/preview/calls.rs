//! Where the steps of plans are called.

use std::collections::BTreeMap;

use ordain_diagnostics::TextRange;
use ordain_syntax::ast;
use smol_str::SmolStr;
use tower_lsp::ls_types::Location;

use crate::world::Snapshot;

/// The statements of plans, by file: where a step is called as a whole.
#[derive(Default)]
pub(super) struct Calls(BTreeMap<SmolStr, Vec<TextRange>>);

impl Calls {
    /// The statement around the name of what is called.
    pub(super) fn around(&mut self, snapshot: &Snapshot, path: &SmolStr, range: TextRange) -> Option<Location> {
        let known = self.0.entry(path.clone()).or_insert_with(|| {
            let text = snapshot.file_at(path).map(|file| file.text).unwrap_or_default();
            let mut ranges = Vec::new();
            for item in ordain_syntax::parse(&text).file.items {
                if let ast::ItemKind::Plan(plan) = item.kind {
                    statements(&plan.body, &mut ranges);
                }
            }
            ranges
        });
        let around = known.iter().filter(|known| known.start <= range.start && range.end <= known.end);
        let narrowest = around.min_by_key(|known| known.end - known.start).copied();
        snapshot.location(path, narrowest.unwrap_or(range))
    }
}

fn statements(body: &[ast::Stmt], ranges: &mut Vec<TextRange>) {
    for stmt in body {
        match &stmt.kind {
            ast::StmtKind::Step { .. } | ast::StmtKind::SubPlan { .. } | ast::StmtKind::Gate { .. } => {
                ranges.push(stmt.range);
            }
            ast::StmtKind::Stage { body, .. } | ast::StmtKind::For { body, .. } => statements(body, ranges),
            ast::StmtKind::If { then, otherwise, .. } => {
                statements(then, ranges);
                statements(otherwise.as_deref().unwrap_or_default(), ranges);
            }
            _ => {}
        }
    }
}
