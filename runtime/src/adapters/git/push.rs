//! `git.push` and `git.reset`: refs of another repository, moved on, or set whatever they stand at.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::{Observed, StepContext, StepError};
use super::repository::{Besides, Repository};
use super::{Login, names, refuse};

/// What stands for a ref that was not there.
const NOTHING: &str = "nothing";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    path: String,
    revision: String,
    repository: String,
    #[serde(rename = "ref")]
    reference: String,
    login: Option<Login>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    path: String,
    repository: String,
    #[serde(rename = "ref")]
    reference: String,
    from: Option<String>,
    to: Option<String>,
    login: Option<Login>,
}

pub(super) fn push(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Push = step.inputs()?;
    let url = names::repository(step, &inputs.repository)?;
    let reference = names::reference(&inputs.reference)?;
    let repository = Repository::open(step, &inputs.path)?;
    repository.settle(step)?;
    let commit = repository.known(step, names::revision(&inputs.revision)?)?;
    let besides = Besides { login: inputs.login.as_ref().map(|login| (url.as_str(), login)), ..Besides::default() };
    let pushed = what_is_pushed(step, &repository, &inputs.revision, reference, &commit)?;
    let current = current(step, &repository, &url, reference, &besides)?;
    // A try that is not known to have worked may have moved it already: what was there before is what the first one saw.
    let previous = repository.note(step, current.as_deref().unwrap_or(NOTHING))?;
    if current.as_deref() != Some(pushed.as_str()) {
        let spec = format!("{pushed}:{reference}");
        let arguments =
            ["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--", &url, &spec];
        repository.with(step, &arguments, &besides)?;
    }
    let previous = (previous != NOTHING).then_some(previous);
    Ok(json!({ "commit": commit, "object": pushed, "previous": previous }))
}

/// The object that a ref is to name: the tag itself where a tag is pushed under its name, and the commit otherwise.
fn what_is_pushed(
    step: &StepContext<'_>,
    repository: &Repository,
    revision: &str,
    reference: &str,
    commit: &str,
) -> Result<String, StepError> {
    if reference == format!("refs/tags/{revision}") && repository.commit(step, reference)?.is_some() {
        return repository.ask(step, &["rev-parse", "--verify", "--end-of-options", reference]);
    }
    Ok(commit.to_owned())
}

pub(super) fn reset(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Reset = step.inputs()?;
    let url = names::repository(step, &inputs.repository)?;
    let reference = names::reference(&inputs.reference)?;
    let [from, to] = [&inputs.from, &inputs.to].map(|one| one.as_deref().map(names::commit).transpose());
    let (from, to) = (from?, to?);
    let repository = Repository::open(step, &inputs.path)?;
    repository.settle(step)?;
    let besides = Besides { login: inputs.login.as_ref().map(|login| (url.as_str(), login)), ..Besides::default() };
    let current = current(step, &repository, &url, reference, &besides)?;
    if current.as_deref() == to {
        return Ok(json!({ "changed": false }));
    }
    if current.as_deref() != from {
        let stands = current.as_deref().unwrap_or(NOTHING);
        return refuse(format!("`{reference}` stands at {stands}, and not at {}", from.unwrap_or(NOTHING)));
    }
    let lease = format!("--force-with-lease={reference}:{}", from.unwrap_or_default());
    let spec = format!("{}:{reference}", to.unwrap_or_default());
    let arguments =
        ["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", &lease, "--", &url, &spec];
    repository.with(step, &arguments, &besides)?;
    Ok(json!({ "changed": true }))
}

/// What a ref of another repository names.
fn current(
    step: &StepContext<'_>,
    repository: &Repository,
    url: &str,
    reference: &str,
    besides: &Besides<'_>,
) -> Result<Option<String>, StepError> {
    let listed = repository.with(step, &["ls-remote", "--quiet", "--refs", "--", url, reference], besides)?;
    // The pattern also finds refs that end with it.
    let found = listed.lines().find_map(|line| line.split_once('\t').filter(|(_, name)| *name == reference));
    Ok(found.map(|(object, _)| object.to_owned()))
}

pub(super) fn observe(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Push = step.inputs()?;
    let url = names::repository(step, &inputs.repository)?;
    let reference = names::reference(&inputs.reference)?;
    let repository = Repository::open(step, &inputs.path)?;
    let besides = Besides { login: inputs.login.as_ref().map(|login| (url.as_str(), login)), ..Besides::default() };
    let Some(current) = current(step, &repository, &url, reference, &besides)? else { return Ok(Observed::Absent) };
    let Some(commit) = repository.commit(step, names::revision(&inputs.revision)?)? else {
        return Ok(Observed::Unknown);
    };
    let pushed = what_is_pushed(step, &repository, &inputs.revision, reference, &commit)?;
    // Whoever pushed upon it has kept it, as far as that is known here.
    let kept = repository.commit(step, &current)?.is_some()
        && repository.holds(step, &["merge-base", "--is-ancestor", &commit, &current])?;
    let object = if kept { &pushed } else { &current };
    Ok(Observed::Present {
        inputs: json!({ "repository": inputs.repository, "ref": reference }),
        outputs: json!({ "object": object }),
    })
}

pub(super) fn observe_reset(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Reset = step.inputs()?;
    let url = names::repository(step, &inputs.repository)?;
    let reference = names::reference(&inputs.reference)?;
    let repository = Repository::open(step, &inputs.path)?;
    let besides = Besides { login: inputs.login.as_ref().map(|login| (url.as_str(), login)), ..Besides::default() };
    Ok(match current(step, &repository, &url, reference, &besides)? {
        None => Observed::Absent,
        Some(current) => Observed::Present {
            inputs: json!({ "repository": inputs.repository, "ref": reference, "to": current }),
            outputs: json!({}),
        },
    })
}
