//! `ordain lsp`

use super::package;
use crate::{Failure, Outcome};

/// Serves until the client says so. One that is gone without a word is an error, as the protocol has it.
pub(crate) fn run() -> Result<Outcome, Failure> {
    Ok(if ordain_lsp::serve(package::database())? { Outcome::Fine } else { Outcome::Findings })
}
