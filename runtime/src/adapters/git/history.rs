//! `git.commit`, `git.tag`, and what takes them back: history in a working tree's own repository.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::{Observed, StepContext, StepError};
use super::repository::{Besides, Repository};
use super::{Person, names, refuse};
use crate::reason::Reason;

/// The trailer that names the step which made a commit or a tag.
const TRAILER: &str = "Ordain-Key";

/// The longest message, in bytes.
const LONGEST: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commit {
    path: String,
    files: Vec<String>,
    message: String,
    author: Person,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Uncommit {
    path: String,
    commit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    path: String,
    name: String,
    revision: String,
    message: String,
    author: Person,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Untag {
    path: String,
    name: String,
}

pub(super) fn commit(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Commit = step.inputs()?;
    let message = signed(step, &inputs.message, &inputs.author)?;
    let repository = Repository::open(step, &inputs.path)?;
    repository.settle(step)?;
    let made = |commit: &str, made: bool| json!({ "commit": commit, "made": made });
    if (step.is_in_doubt() || step.attempt() > 1)
        && let Some(done) = made_by(step, &repository, step.key())?
    {
        return Ok(made(&done, true));
    }
    let files = files(step, &inputs)?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    repository.ask(step, &[&["add", "--all", "--force", "--"], files.as_slice()].concat())?;
    if repository.ask(step, &[&["status", "--porcelain", "--"], files.as_slice()].concat())?.is_empty() {
        return match repository.commit(step, "HEAD")? {
            Some(head) => Ok(made(&head, false)),
            None => refuse("there is nothing to commit, and no commit yet"),
        };
    }
    let message = format!("--message={message}");
    let arguments = ["commit", "--quiet", "--no-verify", "--no-edit", "--cleanup=whitespace", &message, "--only", "--"];
    let besides = Besides { person: Some(&inputs.author), ..Besides::default() };
    repository.with(step, &[&arguments, files.as_slice()].concat(), &besides)?;
    Ok(made(&repository.known(step, "HEAD")?, true))
}

pub(super) fn uncommit(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Uncommit = step.inputs()?;
    let commit = names::commit(&inputs.commit)?;
    let repository = Repository::open(step, &inputs.path)?;
    repository.settle(step)?;
    let key = step.undoes().unwrap_or(step.key());
    // A step that found nothing to commit made none, and one that was taken back already is not at the top.
    let message = repository.ask(step, &["log", "-1", "--format=%B", "--end-of-options", commit])?;
    if !has_key(&message, key) {
        return Ok(json!({ "removed": false }));
    }
    let Some(head) = repository.commit(step, "HEAD")? else { return Ok(json!({ "removed": false })) };
    if head != commit {
        if repository.holds(step, &["merge-base", "--is-ancestor", commit, &head])? {
            return refuse(format!("commits stand upon `{commit}`: it cannot be taken back alone"));
        }
        return Ok(json!({ "removed": false }));
    }
    match repository.commit(step, &format!("{commit}^"))? {
        // The files stay as they are: those who wrote them take them back.
        Some(parent) => repository.ask(step, &["reset", "--quiet", "--mixed", &parent, "--"])?,
        None => repository.ask(step, &["update-ref", "-d", "HEAD", commit])?,
    };
    Ok(json!({ "removed": true }))
}

pub(super) fn tag(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Tag = step.inputs()?;
    let name = names::short_name(&inputs.name)?;
    let message = signed(step, &inputs.message, &inputs.author)?;
    let repository = Repository::open(step, &inputs.path)?;
    repository.settle(step)?;
    let commit = repository.known(step, names::revision(&inputs.revision)?)?;
    match repository.commit(step, &format!("refs/tags/{name}"))? {
        Some(there) if there == commit => return Ok(json!({ "commit": commit })),
        Some(there) => return refuse(format!("the tag `{name}` is there, and names `{there}`")),
        None => {}
    }
    let message = format!("--message={message}");
    let besides = Besides { person: Some(&inputs.author), ..Besides::default() };
    let arguments = ["tag", "--annotate", "--no-sign", "--cleanup=whitespace", &message, "--", name, &commit];
    repository.with(step, &arguments, &besides)?;
    Ok(json!({ "commit": commit }))
}

pub(super) fn untag(step: &StepContext<'_>) -> Result<Json, StepError> {
    let inputs: Untag = step.inputs()?;
    let name = names::short_name(&inputs.name)?;
    let repository = Repository::open(step, &inputs.path)?;
    repository.settle(step)?;
    let reference = format!("refs/tags/{name}");
    if repository.commit(step, &reference)?.is_none() {
        return Ok(json!({ "removed": false }));
    }
    if let Some(key) = step.undoes() {
        let message = repository.ask(step, &["cat-file", "-p", &reference])?;
        // It was there before, and the step left it as it was.
        if !has_key(&message, key) {
            return Ok(json!({ "removed": false }));
        }
    }
    repository.ask(step, &["update-ref", "-d", &reference])?;
    Ok(json!({ "removed": true }))
}

pub(super) fn observe_commit(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Commit = step.inputs()?;
    let Some(repository) = there(step, &inputs.path)? else { return Ok(Observed::Absent) };
    let Some(commit) = made_by(step, &repository, step.key())? else { return Ok(Observed::Absent) };
    let files = files(step, &inputs)?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let clean = repository.ask(step, &[&["status", "--porcelain", "--"], files.as_slice()].concat())?.is_empty();
    let told = clean.then_some(&inputs.files);
    Ok(Observed::Present {
        inputs: json!({ "path": inputs.path, "files": told }),
        outputs: json!({ "commit": commit }),
    })
}

pub(super) fn observe_uncommitted(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Uncommit = step.inputs()?;
    let commit = names::commit(&inputs.commit)?;
    let Some(repository) = there(step, &inputs.path)? else { return Ok(Observed::Absent) };
    let Some(head) = repository.commit(step, "HEAD")? else { return Ok(Observed::Absent) };
    let known = repository.commit(step, commit)?.is_some();
    if known && repository.holds(step, &["merge-base", "--is-ancestor", commit, &head])? {
        return Ok(Observed::Present { inputs: json!({ "path": inputs.path, "commit": commit }), outputs: json!({}) });
    }
    Ok(Observed::Absent)
}

pub(super) fn observe_tag(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Tag = step.inputs()?;
    tagged(step, &inputs.path, &inputs.name)
}

pub(super) fn observe_untagged(step: &StepContext<'_>) -> Result<Observed, StepError> {
    let inputs: Untag = step.inputs()?;
    Ok(match tagged(step, &inputs.path, &inputs.name)? {
        Observed::Present { inputs, .. } => Observed::Present { inputs, outputs: json!({}) },
        other => other,
    })
}

fn tagged(step: &StepContext<'_>, path: &str, name: &str) -> Result<Observed, StepError> {
    let Some(repository) = there(step, path)? else { return Ok(Observed::Absent) };
    Ok(match repository.commit(step, &format!("refs/tags/{}", names::short_name(name)?))? {
        Some(commit) => {
            Observed::Present { inputs: json!({ "path": path, "name": name }), outputs: json!({ "commit": commit }) }
        }
        None => Observed::Absent,
    })
}

/// The repository of a working tree, where there is one.
fn there(step: &StepContext<'_>, path: &str) -> Result<Option<Repository>, StepError> {
    let inside = step.workspace().path(path)?;
    if step.workspace().kind(&inside)?.is_none() {
        return Ok(None);
    }
    let repository = Repository { folder: step.workspace().directory(path)? };
    Ok(repository.exists().then_some(repository))
}

/// The files of a commit as Git takes them: none of them the repository itself.
fn files(step: &StepContext<'_>, inputs: &Commit) -> Result<Vec<String>, StepError> {
    let checked = inputs.files.iter().map(|file| {
        let text = step.workspace().path(file)?.text();
        if text.split('/').any(|part| part.eq_ignore_ascii_case(".git")) || text == "." {
            let message = format!("`{file}` is no file that can be committed");
            return Err(StepError::new(Reason::PathRefused, message));
        }
        Ok(text)
    });
    checked.collect()
}

/// A message with the key of the step at its end.
fn signed(step: &StepContext<'_>, message: &str, author: &Person) -> Result<String, StepError> {
    let refuse = |message: &str| Err(StepError::new(Reason::InputMismatch, message));
    if message.trim().is_empty() || message.len() > LONGEST || message.contains('\0') {
        return refuse("the message is empty, longer than 64 KiB, or holds a NUL character");
    }
    let odd = |text: &str| text.trim().is_empty() || text.contains(['<', '>', '\n', '\0']);
    if odd(&author.name) || odd(&author.email) {
        return refuse("the author's name or address is empty, or holds a character that Git does not take");
    }
    Ok(format!("{}\n\n{TRAILER}: {}\n", message.trim_end(), step.key()))
}

fn has_key(message: &str, key: &str) -> bool {
    message.lines().any(|line| line == format!("{TRAILER}: {key}"))
}

/// The commit that a step has made, among those that `HEAD` stands upon.
fn made_by(step: &StepContext<'_>, repository: &Repository, key: &str) -> Result<Option<String>, StepError> {
    if repository.commit(step, "HEAD")?.is_none() {
        return Ok(None);
    }
    let pattern = format!("--grep={TRAILER}: {key}");
    let found = repository.ask(step, &["log", "-1", "--format=%H", "--fixed-strings", &pattern, "HEAD", "--"])?;
    Ok((!found.is_empty()).then_some(found))
}
