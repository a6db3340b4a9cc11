//! Locks: what the lock file of a package would say, and where the one that is there says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use ordain_data::{Format, NodeKind, parse};
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use ordain_graph::{Lock, LockDifference, LockError, LockedBinding, LockedPackage};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::db::{Content, Db, Package};
use crate::eval::data_digest;
use crate::hir::{Kind, PathRef, Signature};
use crate::package_manifest::manifest;
use crate::plan::contract::{adapter, contract};
use crate::resolve::{items_of, resolve};

/// The lock of a package as things are. Of a package with errors it lacks what they are about.
pub fn lock_of(db: &dyn Db, root: Package) -> Lock {
    let mut lock = Lock::default();
    for package in packages(db, root) {
        let name = &manifest(db, package).manifest.name;
        if package != root {
            let version = manifest(db, package).manifest.version.clone();
            lock.packages.insert(name.clone(), LockedPackage { version, digest: package_digest(db, package) });
        }
        bindings(db, package, &mut lock);
    }
    lock
}

/// A package and all that it depends on.
fn packages(db: &dyn Db, root: Package) -> Vec<Package> {
    let mut open = vec![root];
    let mut seen = Vec::new();
    while let Some(package) = open.pop() {
        if !seen.contains(&package) {
            seen.push(package);
            open.extend(package.dependencies(db).values().copied());
        }
    }
    seen
}

/// What the environments of a package bind.
fn bindings(db: &dyn Db, package: Package, lock: &mut Lock) {
    for environment in items_of(db, package, Kind::Environment) {
        let Signature::Environment { binds, .. } = &environment.signature(db).signature else { continue };
        let named = |path: &PathRef| {
            let names: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
            resolve(db, environment.file(db), &names).ok().map(|found| found.item)
        };
        let mut bound = BTreeMap::new();
        for bind in binds {
            let (Some(capability), Some(by)) = (named(&bind.capability), named(&bind.adapter)) else { continue };
            let (Some(contract), Some(adapter)) = (contract(db, capability), adapter(db, by)) else { continue };
            let name = crate::qualified_name(db, by);
            let (digest, version) = (contract.digest(), contract.version.clone());
            let binding = LockedBinding { adapter: name.clone(), contract: digest, version };
            // The first of two is the one that steps go by.
            bound.entry(crate::qualified_name(db, capability)).or_insert(binding);
            lock.adapters.entry(name).or_insert_with(|| (*adapter).clone());
        }
        if !bound.is_empty() {
            lock.bindings.insert(crate::qualified_name(db, *environment), bound);
        }
    }
}

/// The digest of all that decides what a package means to others: its manifest, its sources, the data they read and the
/// programs of its adapters. A missing file is not there.
fn package_digest(db: &dyn Db, package: Package) -> SmolStr {
    let content = |content: &Content| match content {
        Content::Text(text) => digest(text.as_bytes()),
        // It is reported, and told from any text.
        _ => "unreadable".into(),
    };
    let sources = package.files(db).iter().map(|(module, file)| (module.as_str(), content(file.content(db))));
    let data = package.data(db).iter().map(|(path, file)| (path.as_str(), data_digest(db, *file).1));
    let programs = package.programs(db).iter().map(|(path, digest)| (path.as_str(), digest.clone()));
    // A list of lists of texts can be read in one way only.
    let body = serde_json::json!([
        content(package.manifest(db)).as_str(),
        sources.map(|(name, digest)| [name.to_owned(), digest.to_string()]).collect::<BTreeSet<_>>(),
        data.map(|(name, digest)| [name.to_owned(), digest.to_string()]).collect::<BTreeSet<_>>(),
        programs.map(|(name, digest)| [name.to_owned(), digest.to_string()]).collect::<BTreeSet<_>>(),
    ]);
    digest(body.to_string().as_bytes())
}

fn digest(bytes: &[u8]) -> SmolStr {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}").into()
}

/// The lock that a lock file holds.
///
/// # Errors
/// It holds none; the finding says why, and where.
pub fn read_lock(path: &SmolStr, content: &Content) -> Result<Lock, Box<Diagnostic>> {
    let invalid = |at: TextRange, message: String, help: &str| {
        Err(Box::new(Diagnostic::new(codes::INVALID_LOCK, path.clone(), at, message).help(help)))
    };
    let anew = "write it anew with `ordain lock`";
    let text = match content {
        Content::Text(text) => text,
        Content::NotUtf8(offset) => {
            return invalid(TextRange::default(), format!("not UTF-8 from byte {offset} on"), anew);
        }
        Content::TooLarge { bytes, most } => {
            let message = format!("{bytes} bytes are more than the {most} a lock file may have");
            return invalid(TextRange::default(), message, anew);
        }
        Content::Unreadable(reason) => {
            let help = "make it a file that can be read, or remove it";
            return invalid(TextRange::default(), format!("cannot be read: {reason}"), help);
        }
    };
    match Lock::from_json(text.as_bytes()) {
        Ok(lock) => Ok(lock),
        Err(LockError::Malformed { message, line, column }) => invalid(place(text, line, column), message, anew),
        Err(error @ LockError::Format(_)) => {
            let help = "use the version of Ordain that wrote it, or remove it and write it anew";
            invalid(range_of(text, &["format"]), error.to_string(), help)
        }
        Err(error @ LockError::NotCanonical) => invalid(TextRange::default(), error.to_string(), anew),
    }
}

/// Where a lock file says otherwise than the package and what it depends on are. Of a file that holds no lock, why.
pub fn lock_findings(db: &dyn Db, root: Package, path: &SmolStr, content: &Content) -> Vec<Diagnostic> {
    let lock = match read_lock(path, content) {
        Ok(lock) => lock,
        Err(finding) => return vec![*finding],
    };
    let differences = lock.differences(&lock_of(db, root));
    differences.iter().map(|difference| located(difference, path, content.text())).collect()
}

fn located(difference: &LockDifference, path: &SmolStr, text: &str) -> Diagnostic {
    let at = range_of(text, &difference.path());
    Diagnostic::new(codes::LOCK_DIFFERS, path.clone(), at, difference.to_string())
        .help("run `ordain lock` and review what changed")
}

/// Where a member of the lock file stands: a value, or the name in front of a larger one. Where it is not there, the last
/// name on the way to it that is.
fn range_of(text: &str, path: &[&str]) -> TextRange {
    let Ok(root) = parse(Format::Json, text) else { return TextRange::default() };
    let mut found = TextRange::default();
    let mut node = &root;
    for name in path {
        let NodeKind::Map(members) = &node.kind else { return found };
        let Some((key, member)) = members.iter().find(|(key, _)| key.name == *name) else { return found };
        found = if matches!(member.kind, NodeKind::Map(_) | NodeKind::List(_)) { key.range } else { member.range };
        node = member;
    }
    found
}

/// The byte at a line and a column, both from 1.
fn place(text: &str, line: usize, column: usize) -> TextRange {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    // INVARIANT: a lock file is far smaller than four gigabytes.
    TextRange::new(at as u32, end as u32)
}
