//! What is there of files and directories.

use std::io::Read as _;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::super::{Observed, StepContext, StepError};
use super::{Copy, Only, RemoveDirectory, Write};
use crate::reason::Reason;
use crate::workspace::{Inside, Kind, digest_text};

pub(super) fn observe(step: &StepContext<'_>) -> Result<Observed, StepError> {
    match step.capability() {
        "file.write" => {
            let inputs: Write = step.inputs()?;
            let wanted = Some(digest_text(Sha256::new_with_prefix(&inputs.content)));
            let own = |is: bool| json!({ "path": inputs.path, "content": is.then_some(&inputs.content) });
            written(step, &inputs.path, inputs.mode.as_deref(), wanted, &own)
        }
        "file.copy" => {
            let inputs: Copy = step.inputs()?;
            // Without what it is copied from, it is no copy of that.
            let wanted = match entry(step, &inputs.from)? {
                Some((Kind::File, _)) => Some(content(step, &step.workspace().path(&inputs.from)?)?.0),
                _ => None,
            };
            let own = |is: bool| json!({ "to": inputs.to, "from": is.then_some(&inputs.from) });
            written(step, &inputs.to, None, wanted, &own)
        }
        "file.read" => {
            let there = entry(step, &step.inputs::<Only>()?.path)?.is_some();
            if there { present(json!({}), super::read(step)?) } else { Ok(Observed::Absent) }
        }
        "file.remove" => any(step, &step.inputs::<Only>()?.path),
        "directory.remove" => any(step, &step.inputs::<RemoveDirectory>()?.path),
        "directory.ensure" => {
            let inputs: Only = step.inputs()?;
            let path = step.workspace().path(&inputs.path)?;
            match step.workspace().kind(&path)? {
                None => Ok(Observed::Absent),
                Some((Kind::Directory, _)) => present(json!({ "path": inputs.path }), json!({ "path": path.text() })),
                // What is there is something else.
                Some(_) => present(json!({}), json!({ "path": null })),
            }
        }
        other => Err(StepError::new(Reason::Unsupported, format!("`{other}` is not a capability of files"))),
    }
}

fn present(inputs: Json, outputs: Json) -> Result<Observed, StepError> {
    Ok(Observed::Present { inputs, outputs })
}

fn entry(step: &StepContext<'_>, path: &str) -> Result<Option<(Kind, u32)>, StepError> {
    step.workspace().kind(&step.workspace().path(path)?)
}

/// Whether anything of that name is there.
fn any(step: &StepContext<'_>, path: &str) -> Result<Observed, StepError> {
    match entry(step, path)? {
        None => Ok(Observed::Absent),
        Some(_) => present(json!({ "path": path }), json!({})),
    }
}

/// A file with what it holds. Its permission bits are told where the step fixes them; whether it holds what is wanted is
/// told by `own`, and never what else it holds.
fn written(
    step: &StepContext<'_>,
    text: &str,
    mode: Option<&str>,
    wanted: Option<String>,
    own: &dyn Fn(bool) -> Json,
) -> Result<Observed, StepError> {
    let path = step.workspace().path(text)?;
    let Some((kind, found)) = step.workspace().kind(&path)? else { return Ok(Observed::Absent) };
    if kind != Kind::File {
        return present(own(false), json!({ "path": path.text(), "digest": null, "bytes": null }));
    }
    let (digest, bytes) = content(step, &path)?;
    let mut inputs = own(wanted.as_ref() == Some(&digest));
    match mode {
        // The same bits can be written in several ways.
        Some(mode) if u32::from_str_radix(mode, 8) == Ok(found) => inputs["mode"] = mode.into(),
        Some(_) => inputs["mode"] = format!("{found:04o}").into(),
        None => {}
    }
    present(inputs, json!({ "path": path.text(), "digest": digest, "bytes": bytes }))
}

/// The digest and the size of what a file holds.
fn content(step: &StepContext<'_>, path: &Inside) -> Result<(String, u64), StepError> {
    let (mut file, _) = step.workspace().read(path)?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        if step.cancellation().is_cancelled() {
            return Err(StepError::new(Reason::Cancelled, "ended because the execution was cancelled"));
        }
        if step.deadline().is_some_and(|deadline| crate::clock::instant() > deadline) {
            return Err(StepError::new(Reason::Timeout, format!("`{}` took too long to read", path.text())));
        }
        let read = file.read(&mut buffer).map_err(|error| {
            StepError::new(Reason::FileFailed, format!("`{}` cannot be read: {error}", path.text()))
        })?;
        if read == 0 {
            return Ok((digest_text(hash), bytes));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Files;
    use super::*;
    use crate::adapters::harness::Bench;

    #[test]
    fn what_was_written_is_found_as_it_is_now() {
        let bench = Bench::new();
        let inputs = json!({ "path": "./a/b", "content": "hello", "mode": "755" });
        let observe = |inputs: &Json| bench.observe(&Files, "file.write", inputs).unwrap();
        assert_eq!(observe(&inputs), Observed::Absent);
        let outputs = bench.apply(&Files, "file.write", &inputs).unwrap();
        assert_eq!(observe(&inputs), Observed::Present { inputs: inputs.clone(), outputs: outputs.clone() });
        let unset = json!({ "path": "a/b", "content": "hello", "mode": null });
        let told = json!({ "path": "a/b", "content": "hello" });
        assert_eq!(observe(&unset), Observed::Present { inputs: told, outputs: outputs.clone() });
        std::fs::write(bench.root().join("a/b"), "changed").unwrap();
        let other = json!({ "path": "a/b", "content": "hello", "mode": "0600" });
        let Observed::Present { inputs: now, outputs: found } = observe(&other) else { panic!("not there") };
        assert_eq!(now, json!({ "path": "a/b", "content": null, "mode": "0755" }));
        assert_eq!(found["bytes"], 7);
        assert_ne!(found["digest"], outputs["digest"]);
        // What governs the removal of a file is the same file.
        let removal = json!({ "path": "a/b" });
        assert!(matches!(bench.observe(&Files, "file.remove", &removal), Ok(Observed::Present { .. })));
        bench.apply(&Files, "file.remove", &removal).unwrap();
        assert_eq!(bench.observe(&Files, "file.remove", &removal), Ok(Observed::Absent));
        assert_eq!(bench.observe(&Files, "file.read", &removal), Ok(Observed::Absent));
    }

    #[test]
    fn what_is_something_else_is_not_taken_for_it() {
        let bench = Bench::new();
        std::fs::create_dir(bench.root().join("there")).unwrap();
        std::fs::write(bench.root().join("file"), "").unwrap();
        std::os::unix::fs::symlink("file", bench.root().join("link")).unwrap();
        for path in ["there", "link"] {
            let inputs = json!({ "path": path, "content": "", "mode": null });
            let Ok(Observed::Present { outputs, .. }) = bench.observe(&Files, "file.write", &inputs) else {
                panic!("`{path}` is not there")
            };
            assert_eq!(outputs["digest"], Json::Null);
        }
        let observe = |path: &str| bench.observe(&Files, "directory.ensure", &json!({ "path": path })).unwrap();
        let directory = Observed::Present { inputs: json!({ "path": "there" }), outputs: json!({ "path": "there" }) };
        assert_eq!(observe("there"), directory);
        let other = Observed::Present { inputs: json!({}), outputs: json!({ "path": null }) };
        assert_eq!(observe("file"), other);
        assert_eq!(observe("file/below"), Observed::Absent);
        assert_eq!(observe("nowhere"), Observed::Absent);
        let outside = bench.observe(&Files, "directory.ensure", &json!({ "path": "../.." }));
        assert_eq!(outside.unwrap_err().reason, Reason::PathRefused);
    }
}
