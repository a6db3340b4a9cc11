//! `ordain doc`

use std::path::{Path, PathBuf};

use crate::args::DocFormat;
use crate::{Failure, Outcome};

pub(crate) fn run(_path: &Path, _format: DocFormat, _output: Option<PathBuf>) -> Result<Outcome, Failure> {
    Err(Failure("not built yet".into()))
}
