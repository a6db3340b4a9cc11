//! `git.checkout` and `git.discard`: bring a revision of another repository into a folder, and take the folder away.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::{Observed, StepContext, StepError};
use super::repository::{Besides, Repository, is_empty};
use super::{Login, names, refuse};
use crate::reason::Reason;

/// The setting that says what a folder is a checkout of.
const OF: &str = "ordain.repository";

/// The ref that stands where the checkout began, whatever was committed on it since.
const BASE: &str = "refs/ordain/base";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checkout {
    repository: String,
    revision: String,
    path: String,
    depth: Option<u32>,
    login: Option<Login>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Discard {
    repository: String,
    path: String,
}

pub(super) fn checkout(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Checkout = step.inputs()?;
    let from = names::repository(step, &inputs.repository)?;
    let revision = names::short_name(&inputs.revision)?;
    let path = step.workspace().path(&inputs.path)?;
    step.workspace().ensure_directory(&path)?;
    let repository = Repository { folder: step.workspace().directory(&inputs.path)? };
    repository.settle(step)?;
    prepare(step, &repository, &inputs)?;
    let besides = Besides { login: inputs.login.as_ref().map(|login| (from.as_str(), login)), ..Besides::default() };
    let depth = inputs.depth.map(|depth| format!("--depth={depth}"));
    let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
    arguments.extend(depth.as_deref());
    let (spec, fetched) = (format!("+{revision}:refs/ordain/fetched"), "refs/ordain/fetched");
    arguments.extend(["--", from.as_str(), spec.as_str()]);
    repository.with(step, &arguments, &besides)?;
    let commit = repository.known(step, fetched)?;
    repository.ask(step, &["checkout", "--quiet", "--detach", "--no-recurse-submodules", &commit, "--"])?;
    repository.ask(step, &["update-ref", BASE, &commit])?;
    Ok(json!({ "path": path.text(), "commit": commit }))
}

/// Makes sure that the folder is a checkout of that repository, and of nothing else.
fn prepare(step: &StepContext<'_>, repository: &Repository, inputs: &Checkout) -> Result<(), StepError> {
    let of = if repository.exists() { origin(step, repository)? } else { None };
    match of {
        Some(of) if of == inputs.repository => return Ok(()),
        Some(of) => return refuse(format!("`{}` is a checkout of `{of}`", inputs.path)),
        None => {}
    }
    let empty = is_empty(&repository.folder)
        .map_err(|error| StepError::new(Reason::FileFailed, format!("`{}`: {error}", inputs.path)))?;
    // A try that was killed leaves a repository without a commit.
    if !empty || repository.leads_elsewhere() || repository.exists() && repository.commit(step, "HEAD")?.is_some() {
        return refuse(format!("`{}` is there, and is not empty", inputs.path));
    }
    repository.ask(step, &["init", "--quiet", "--template=", "--initial-branch=main"])?;
    repository.ask(step, &["config", "--local", OF, &inputs.repository])?;
    Ok(())
}

/// What the folder is a checkout of, where a step has made it.
fn origin(step: &StepContext<'_>, repository: &Repository) -> Result<Option<String>, StepError> {
    let ran = repository.run(step, &["config", "--local", "--get", OF], &Besides::default())?;
    Ok(ran.status.success().then(|| ran.line()))
}

pub(super) fn discard(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Discard = step.inputs()?;
    let path = step.workspace().path(&inputs.path)?;
    if step.workspace().kind(&path)?.is_none() {
        return Ok(json!({ "removed": false }));
    }
    let repository = Repository { folder: step.workspace().directory(&inputs.path)? };
    let of = if repository.exists() { origin(step, &repository)? } else { None };
    if of.as_ref() != Some(&inputs.repository) {
        // A try of the checkout that failed early, or of this one that was killed, leaves next to nothing.
        let empty = is_empty(&repository.folder).unwrap_or(false);
        let bare = !repository.exists() || repository.commit(step, "HEAD")?.is_none();
        if !(empty && bare) || repository.leads_elsewhere() {
            return refuse(format!("`{}` is not a checkout of `{}`", inputs.path, inputs.repository));
        }
    }
    Ok(json!({ "removed": step.workspace().remove_directory(&path, true)? }))
}

pub(super) fn observe(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Checkout = step.inputs()?;
    let path = step.workspace().path(&inputs.path)?;
    if step.workspace().kind(&path)?.is_none() {
        return Ok(Observed::Absent);
    }
    let repository = Repository { folder: step.workspace().directory(&inputs.path)? };
    let of = if repository.exists() { origin(step, &repository)? } else { None };
    let (Some(of), Some(head)) = (of, repository.commit(step, "HEAD")?) else { return Ok(Observed::Absent) };
    // Commits upon it do not make it another checkout.
    let commit = match repository.commit(step, BASE)? {
        Some(base) if repository.holds(step, &["merge-base", "--is-ancestor", &base, &head])? => base,
        _ => head,
    };
    let clean = repository.ask(step, &["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    let revision = clean.then_some(&inputs.revision);
    Ok(Observed::Present {
        inputs: json!({ "path": inputs.path, "repository": of, "revision": revision }),
        outputs: json!({ "path": path.text(), "commit": commit }),
    })
}

pub(super) fn observe_discarded(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Discard = step.inputs()?;
    let there = step.workspace().kind(&step.workspace().path(&inputs.path)?)?.is_some();
    let inputs = json!({ "path": inputs.path });
    Ok(if there { Observed::Present { inputs, outputs: json!({}) } } else { Observed::Absent })
}
