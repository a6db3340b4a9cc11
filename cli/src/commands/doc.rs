//! `ordain doc`

use std::path::{Path, PathBuf};

use ordain_compiler::{Manifest, manifest};
use ordain_doc::{Format, PackageSource, render};
use ordain_loader::{Workspace, find_root};

use super::package;
use crate::args::DocFormat;
use crate::{Failure, Outcome, output};

/// Where pages go that were given no folder.
const FOLDER: &str = "ordain-doc";

/// What stands for the standard library.
const STD: &str = "std";

pub(crate) fn run(path: &Path, format: DocFormat, folder: Option<PathBuf>, as_json: bool) -> Result<Outcome, Failure> {
    let (source, home) = source(path)?;
    let folder = folder.unwrap_or_else(|| from_here(&home).join(FOLDER));
    let format = match format {
        DocFormat::Markdown => Format::Markdown,
        DocFormat::Html => Format::Html,
    };
    let pages = render(&source, format);
    let inside = |path: &str| Path::new(path).file_name().is_some_and(|name| name == path);
    if let Some(page) = pages.iter().find(|page| !inside(&page.path)) {
        return Err(Failure(format!("`{}` would be written outside of `{}`", page.path, folder.display())));
    }
    std::fs::create_dir_all(&folder).map_err(|error| Failure(format!("`{}`: {error}", folder.display())))?;
    for page in &pages {
        let file = folder.join(&page.path);
        output::write(Some(&file), page.text.as_bytes())
            .map_err(|error| Failure(format!("`{}`: {error}", file.display())))?;
    }
    if as_json {
        let written: Vec<String> = pages.iter().map(|page| folder.join(&page.path).display().to_string()).collect();
        output::json(&serde_json::json!({ "pages": written }))?;
        return Ok(Outcome::Fine);
    }
    let count = match pages.len() {
        1 => "1 page".to_owned(),
        count => format!("{count} pages"),
    };
    // The index is the first page.
    let index = pages.first().map(|page| folder.join(&page.path)).unwrap_or(folder);
    crate::output::write(None, format!("wrote {count}; begin at {}\n", index.display()).as_bytes())?;
    Ok(Outcome::Fine)
}

/// A folder as people would write it: relative to the current one where it lies below that.
fn from_here(folder: &Path) -> PathBuf {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let below = current.ok().and_then(|current| folder.strip_prefix(current).ok().map(Path::to_path_buf));
    below.unwrap_or_else(|| folder.to_owned())
}

/// The sources of the package at or around a path, and the folder it lives in.
fn source(path: &Path) -> Result<(PackageSource, PathBuf), Failure> {
    // A folder of that name is meant by `./std`.
    if path == Path::new(STD) {
        let workspace = Workspace::single("", ordain_compiler::Content::Text("".into()));
        return Ok((package_source(&workspace, workspace.std), PathBuf::from(".")));
    }
    let workspace = package::load(path)?;
    let home = find_root(path).ok().or_else(|| path.parent().map(Path::to_path_buf)).unwrap_or_default();
    Ok((package_source(&workspace, workspace.root), home))
}

fn package_source(workspace: &Workspace, package: ordain_compiler::Package) -> PackageSource {
    let db = &workspace.db;
    let Manifest { name, version, description, .. } = &manifest(db, package).manifest;
    let modules = package
        .files(db)
        .iter()
        .map(|(module, file)| (module.to_string(), file.content(db).text().to_owned()))
        .collect();
    PackageSource {
        name: name.to_string(),
        version: version.to_string(),
        description: description.as_ref().map(ToString::to_string),
        modules,
    }
}
