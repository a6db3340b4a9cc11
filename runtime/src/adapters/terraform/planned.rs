//! `terraform.plan` and `terraform.discard`: make a plan that can be looked at, and throw it away.

use serde_json::{Value as Json, json};

use super::super::tool::{Manner, settle};
use super::super::{StepContext, StepError};
use super::changes::Changes;
use super::place::{Place, broken};
use super::redact::redact;
use super::{Discard, Plan};
use crate::reason::Reason;
use crate::workspace::{Inside, digest_text};

/// The largest document that becomes an output, in bytes.
const MAX_OUTPUT: usize = 16 << 20;

pub(super) fn plan(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Plan = step.inputs()?;
    settle(step, Manner::Swift)?;
    let place = Place::open(step, &inputs.root, &inputs.state)?;
    let out = step.workspace().path(&inputs.out)?;
    let report = inputs.report.as_deref().map(|path| step.workspace().path(path)).transpose()?;
    place.init(step)?;
    let target = step.workspace().target(&out)?;
    place.plan(step, &target, &[])?;
    let mut document = place.document(step, &target)?;
    let changes = Changes::of(&document);
    redact(&mut document);
    let text = document.to_string();
    if text.len() > MAX_OUTPUT {
        let message = format!("the plan's document is larger than {MAX_OUTPUT} bytes");
        return Err(StepError::new(Reason::CommandFailed, message));
    }
    if let Some(report) = report {
        let text = step.vault().redact(&text);
        step.workspace().write(&report, None, &mut text.as_bytes(), step.key().get(..16).unwrap_or_default())?;
    }
    Ok(json!({ "path": out.text(), "digest": digest_of(step, &out)?, "changes": changes, "document": document }))
}

pub(super) fn discard(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Discard = step.inputs()?;
    let mut removed = false;
    for path in [Some(inputs.out), inputs.report].into_iter().flatten() {
        removed |= step.workspace().remove(&step.workspace().path(&path)?)?;
    }
    Ok(json!({ "removed": removed }))
}

/// The digest of a file in the workspace.
pub(super) fn digest_of(step: &StepContext<'_>, path: &Inside) -> Result<String, StepError> {
    use sha2::{Digest as _, Sha256};
    use std::io::Read as _;
    let (mut file, _) = step.workspace().read(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digest_text(hash)),
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) => return Err(broken(std::path::Path::new(&path.text()), &error)),
        }
    }
}
