//! Baselines: findings that were there when a gate was introduced. They are listed, and count no more; new ones do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ordain_compiler::GateFinding;
use ordain_loader::{Workspace, find_root};
use serde_json::{Value as Json, json};

use super::{Ran, State};
use crate::{Failure, output};

/// The format's name and version.
const FORMAT: &str = "ordain.baseline/2";

/// The version before, which named pointers too: they are not read any more.
const OLD_FORMAT: &str = "ordain.baseline/1";

/// What a finding is known by: its gate, its policy, its file and what it says. Lines and places in the document are not
/// part of it, for they move when something is written above.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    gate: String,
    policy: String,
    path: String,
    message: String,
}

impl Key {
    fn of(gate: &str, finding: &GateFinding, home: &Home) -> Self {
        let diagnostic = &finding.diagnostic;
        Self {
            gate: gate.to_owned(),
            policy: finding.policy.to_string(),
            path: home.relative(&diagnostic.primary.path),
            message: diagnostic.message.clone(),
        }
    }
}

/// The folder that paths in a baseline are relative to: that of the package, wherever the command is run.
pub(super) struct Home {
    /// As it stands in front of paths in findings.
    folder: String,
    /// The files of the standard library, which are in no folder.
    std: BTreeSet<String>,
}

impl Home {
    pub(super) fn of(workspace: &Workspace, package: &Path) -> Self {
        let db = &workspace.db;
        // A lone source has no manifest, and lies where it was named.
        let lone = find_root(package).is_err();
        let source = workspace.root.files(db).values().next().filter(|_| lone).map(|file| file.path(db));
        let inside = source.unwrap_or_else(|| workspace.root.manifest_path(db));
        let folder = inside.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let std = workspace.std.files(db).values().map(|file| file.path(db).to_string()).collect();
        Self { folder, std }
    }

    /// A path as it is seen from here.
    fn relative(&self, path: &str) -> String {
        if self.std.contains(path) {
            return path.to_owned();
        }
        let parts = |path| -> Vec<&str> { str::split(path, '/').filter(|part| !matches!(*part, "" | ".")).collect() };
        let (home, path) = (parts(&self.folder), parts(path));
        let common = home.iter().zip(&path).take_while(|(one, other)| one == other).count();
        let up = home[common..].iter().map(|_| "..");
        up.chain(path[common..].iter().copied()).collect::<Vec<_>>().join("/")
    }
}

/// Findings, and how often each of them was there.
#[derive(Default)]
pub(super) struct Baseline(BTreeMap<Key, usize>);

impl Baseline {
    /// What a file holds.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| Failure(format!("`{shown}`: {error}")))?;
        let json: Json = serde_json::from_str(&text).map_err(|error| Failure(format!("`{shown}`: {error}")))?;
        let anew = "write it anew with `--update-baseline`";
        if json["format"] != FORMAT && json["format"] != OLD_FORMAT {
            return Err(Failure(format!("`{shown}` is no baseline: its format is not `{FORMAT}`\n  {anew}")));
        }
        let malformed = || Failure(format!("`{shown}`: `findings` is missing or malformed\n  {anew}"));
        let mut known = BTreeMap::new();
        for finding in json["findings"].as_array().ok_or_else(malformed)? {
            let part = |name: &str| finding[name].as_str().map(str::to_owned).ok_or_else(malformed);
            let key =
                Key { gate: part("gate")?, policy: part("policy")?, path: part("path")?, message: part("message")? };
            let count = match &finding["count"] {
                Json::Null => 1,
                count => count.as_u64().and_then(|count| usize::try_from(count).ok()).ok_or_else(malformed)?,
            };
            let slot: &mut usize = known.entry(key).or_default();
            *slot = slot.saturating_add(count);
        }
        Ok(Self(known))
    }

    /// Takes what is known out of what a gate found, and counts what was known and is not found any more.
    pub(super) fn take(&self, ran: &mut Ran, home: &Home) {
        let name = &ran.name;
        let mut left: BTreeMap<&Key, usize> =
            self.0.iter().filter(|(key, _)| key.gate == *name).map(|(key, count)| (key, *count)).collect();
        let before = ran.run.findings.len();
        ran.run.findings.retain(|finding| {
            let known = finding.exempt.is_none().then(|| left.get_mut(&Key::of(name, finding, home))).flatten();
            match known {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            }
        });
        ran.known = before - ran.run.findings.len();
        // Of what could not be asked nobody knows what it would have found.
        if ran.run.faults.is_empty() {
            let asked = left.iter().filter(|(key, _)| !ran.run.unasked.iter().any(|policy| *policy == key.policy));
            ran.stale = asked.map(|(_, count)| count).sum();
        }
    }

    /// How many findings there are of gates that the package does not have.
    pub(super) fn of_no_gate(&self, gates: &[String]) -> usize {
        self.0.iter().filter(|(key, _)| !gates.contains(&key.gate)).map(|(_, count)| count).sum()
    }

    /// What the gates found, and what was known before of those gates of the package that were not run.
    pub(super) fn updated(self, ran: &[Ran], gates: &[String], home: &Home) -> Self {
        let was_run =
            |name: &String| ran.iter().any(|gate| gate.name == *name && !matches!(gate.state, State::Skipped(_)));
        let mut known = self.0;
        known.retain(|key, _| gates.contains(&key.gate) && !was_run(&key.gate));
        for gate in ran {
            for finding in gate.run.findings.iter().filter(|finding| finding.exempt.is_none()) {
                *known.entry(Key::of(&gate.name, finding, home)).or_default() += 1;
            }
        }
        Self(known)
    }

    /// Writes it to a file.
    pub(super) fn write(&self, file: &Path) -> Result<(), Failure> {
        let row = |(key, count): (&Key, &usize)| {
            json!({
                "gate": key.gate, "policy": key.policy, "path": key.path, "message": key.message, "count": count,
            })
        };
        let found: Vec<Json> = self.0.iter().map(row).collect();
        let text = serde_json::to_string_pretty(&json!({ "format": FORMAT, "findings": found }))?;
        output::write(Some(file), format!("{text}\n").as_bytes())?;
        Ok(())
    }
}
