//! The built-in adapter for files and directories.

mod observe;

use std::io::Read as _;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{Adapter, Description, Observed, StepContext, StepError};
use crate::reason::Reason;
use crate::workspace::digest_text;

/// The largest file that `file.read` gives as an output, in bytes.
const MAX_READ: u64 = 16 << 20;

/// `file.*` and `directory.*`
pub(super) struct Files;

impl Adapter for Files {
    fn describe(&self) -> Result<Description, StepError> {
        Ok(Description::first(&[
            "file.write",
            "file.remove",
            "file.read",
            "file.copy",
            "directory.ensure",
            "directory.remove",
        ]))
    }

    fn apply(&self, step: &StepContext<'_>) -> Result<Json, StepError> {
        match step.capability() {
            "file.write" => write(step),
            "file.remove" => remove(step),
            "file.read" => read(step),
            "file.copy" => copy(step),
            "directory.ensure" => ensure_directory(step),
            "directory.remove" => remove_directory(step),
            other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of files"))),
        }
    }

    fn observe(&self, step: &StepContext<'_>) -> Result<Observed, StepError> {
        observe::observe(step)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    content: String,
    mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoveDirectory {
    path: String,
    recursive: bool,
}

fn write(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Write = step.inputs()?;
    let mode = match &inputs.mode {
        None => None,
        Some(text) => match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o777 => Some(mode),
            _ => {
                let message = format!("`{text}` is not a file mode such as `0644`");
                return Err(StepError::new(Reason::InputMismatch, message));
            }
        },
    };
    let path = step.workspace().path(&inputs.path)?;
    let written = step.workspace().write(&path, mode, &mut inputs.content.as_bytes(), tag(step))?;
    Ok(json!({ "path": path.text(), "digest": written.digest, "bytes": written.bytes }))
}

fn remove(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Only = step.inputs()?;
    let removed = step.workspace().remove(&step.workspace().path(&inputs.path)?)?;
    Ok(json!({ "removed": removed }))
}

fn read(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Only = step.inputs()?;
    let path = step.workspace().path(&inputs.path)?;
    let fail = |why: String| StepError::new(Reason::FileFailed, format!("`{}` {why}", path.text()));
    let (file, _) = step.workspace().read(&path)?;
    let mut bytes = Vec::new();
    file.take(MAX_READ + 1).read_to_end(&mut bytes).map_err(|error| fail(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_READ {
        return Err(fail("is larger than 16 MiB".into()));
    }
    let digest = digest_text(Sha256::new_with_prefix(&bytes));
    let content = String::from_utf8(bytes).map_err(|_| fail("is not UTF-8 text".into()))?;
    Ok(json!({ "content": content, "digest": digest }))
}

fn copy(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Copy = step.inputs()?;
    let (mut file, mode) = step.workspace().read(&step.workspace().path(&inputs.from)?)?;
    let to = step.workspace().path(&inputs.to)?;
    let written = step.workspace().write(&to, Some(mode), &mut file, tag(step))?;
    Ok(json!({ "path": to.text(), "digest": written.digest, "bytes": written.bytes }))
}

fn ensure_directory(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Only = step.inputs()?;
    let path = step.workspace().path(&inputs.path)?;
    let created = step.workspace().ensure_directory(&path)?;
    Ok(json!({ "path": path.text(), "created": created }))
}

fn remove_directory(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: RemoveDirectory = step.inputs()?;
    let path = step.workspace().path(&inputs.path)?;
    Ok(json!({ "removed": step.workspace().remove_directory(&path, inputs.recursive)? }))
}

/// Marks temporary files of a step, the same for every try, so that a later one clears what an earlier one left.
fn tag<'a>(step: &'a StepContext<'_>) -> &'a str {
    let key = step.key();
    key.get(..16).unwrap_or(key)
}
