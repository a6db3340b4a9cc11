//! Hints at steps: what they may do, and their addresses in plans.

use ordain_compiler::editor::reach;
use ordain_syntax::ast::{self, Path, Stmt, StmtKind};

use super::{Hint, Hints};

/// Where a statement stands: what addresses begin with here, and the loops around it.
#[derive(Clone, Default)]
struct Site {
    prefix: String,
    keys: Vec<String>,
}

impl Site {
    /// The keys of the loops, as addresses have them. What they are is known only when a plan is compiled, so their names stand for
    /// them.
    fn suffix(&self) -> String {
        if self.keys.is_empty() { String::new() } else { format!("[{}]", self.keys.join(",")) }
    }
}

impl Hints<'_> {
    /// Hints at the steps of a plan.
    pub(super) fn steps(&mut self, body: &[Stmt]) {
        self.statements(body, &Site::default());
    }

    fn statements(&mut self, body: &[Stmt], site: &Site) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Step { name, index, call, .. } => {
                    self.step(stmt, site, name.as_ref(), index.as_ref(), &call.path);
                }
                StmtKind::SubPlan { name, index, call, .. } => {
                    self.step(stmt, site, name.as_ref(), index.as_ref(), &call.path);
                }
                StmtKind::Gate { name, call, .. } => self.step(stmt, site, Some(name), None, &call.path),
                StmtKind::Stage { name, body, .. } => {
                    let prefix = format!("{}{}{}/", site.prefix, name.name, site.suffix());
                    self.statements(body, &Site { prefix, keys: Vec::new() });
                }
                StmtKind::For { binder, body, .. } => {
                    let mut within = site.clone();
                    within.keys.push(binder.first.name.to_string());
                    self.statements(body, &within);
                }
                StmtKind::If { then, otherwise, .. } => {
                    self.statements(then, site);
                    otherwise.iter().for_each(|body| self.statements(body, site));
                }
                StmtKind::Let { .. }
                | StmtKind::OnFailure(_)
                | StmtKind::Limit { .. }
                | StmtKind::Return(_)
                | StmtKind::Error => {}
            }
        }
    }

    fn step(&mut self, stmt: &Stmt, site: &Site, name: Option<&ast::Ident>, index: Option<&ast::Expr>, path: &Path) {
        let settings = &self.snapshot.settings.inlay_hints;
        let (risk, ids) = (settings.risk, settings.step_ids);
        if let (true, Some(&item)) = (risk, self.named.get(&path.range.end)) {
            let reach = reach(&self.snapshot.db, item);
            let label = format!("{} · {}", reach.effect.name(), reach.risk.name());
            let tooltip = format!("effect {}, risk {}", reach.effect.name(), reach.risk.name());
            let at = path.range.end;
            self.found.push(Hint { at, label, tooltip: Some(tooltip), kind: None, padding: (true, false) });
        }
        let own = match name {
            Some(name) => name.name.to_string(),
            None => path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join("."),
        };
        let address = match index {
            Some(index) => format!("{}{own}[{}]", site.prefix, self.file.slice(index.range)),
            None => format!("{}{own}{}", site.prefix, site.suffix()),
        };
        // Where it is what is written anyway, nothing is to be said.
        let written = index.is_some() && site.prefix.is_empty();
        if ids && address != own && !written {
            let tooltip = format!("its address in plans is `{address}`");
            self.found.push(Hint {
                at: stmt.range.end,
                label: address,
                tooltip: Some(tooltip),
                kind: None,
                padding: (true, false),
            });
        }
    }
}
