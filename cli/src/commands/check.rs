//! `ordain check`

use std::path::Path;

use ordain_compiler::check_package;
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_loader::Workspace;

use super::{package, watch};
use crate::args::FindingsFormat;
use crate::output::findings;
use crate::{Failure, Outcome};

/// What to check, and how to show what is found.
pub(crate) struct Check<'a> {
    pub(crate) path: &'a Path,
    pub(crate) format: &'a FindingsFormat,
    pub(crate) deny_warnings: bool,
}

impl Check<'_> {
    /// Checks once.
    pub(crate) fn once(&self) -> Result<Outcome, Failure> {
        let found = self.show(&package::load(self.path)?)?;
        let failed = found.iter().any(|finding| finding.severity == Severity::Error);
        Ok(if failed { Outcome::Findings } else { Outcome::Fine })
    }

    /// Checks, and again after every change, until it is interrupted.
    pub(crate) fn watch(&self) -> Result<Outcome, Failure> {
        watch::watch(self.path, &[], |workspace| {
            if self.show(workspace)?.is_empty() {
                let count = workspace.packages.iter().map(|package| package.files(&workspace.db).len()).sum::<usize>();
                anstream::eprintln!("no findings in {count} file{}", if count == 1 { "" } else { "s" });
            }
            Ok(())
        })
    }

    /// Shows what is found, and gives it back.
    fn show(&self, workspace: &Workspace) -> Result<Vec<Diagnostic>, Failure> {
        let mut found: Vec<Diagnostic> =
            workspace.packages.iter().flat_map(|&package| check_package(&workspace.db, package)).collect();
        if self.deny_warnings {
            for finding in &mut found {
                if finding.severity == Severity::Warning {
                    finding.severity = Severity::Error;
                }
            }
        }
        findings::show(&found, &workspace.texts(), self.format)?;
        Ok(found)
    }
}
