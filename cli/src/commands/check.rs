//! `ordain check`

use std::path::Path;

use ordain_compiler::check_package;
use ordain_diagnostics::{Diagnostic, Severity};

use super::package;
use crate::args::FindingsFormat;
use crate::output::findings;
use crate::{Failure, Outcome};

pub(crate) fn run(path: &Path, format: &FindingsFormat, deny_warnings: bool) -> Result<Outcome, Failure> {
    let workspace = package::load(path)?;
    let mut found: Vec<Diagnostic> =
        workspace.packages.iter().flat_map(|&package| check_package(&workspace.db, package)).collect();
    if deny_warnings {
        for finding in &mut found {
            if finding.severity == Severity::Warning {
                finding.severity = Severity::Error;
            }
        }
    }
    let failed = found.iter().any(|finding| finding.severity == Severity::Error);
    findings::show(&found, &workspace.texts(), format)?;
    Ok(if failed { Outcome::Findings } else { Outcome::Fine })
}
