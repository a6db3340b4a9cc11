//! What goes in and what comes out, and the names of pages.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Package;
use crate::{html, markdown};

/// A package's sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageSource {
    /// Its name, with which imports may begin.
    pub name: String,
    /// Its version, as the manifest gives it.
    pub version: String,
    /// What it is for: plain text.
    pub description: Option<String>,
    /// Module paths, such as `deploy.web`, and the modules' texts, in any order.
    pub modules: Vec<(String, String)>,
}

/// How pages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GitHub-flavoured Markdown.
    Markdown,
    /// HTML that needs nothing but itself: no scripts, no other files.
    Html,
}

impl Format {
    /// What the names of pages end with.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its file's name, without folders: ASCII letters, digits, `.`, `-` and `_`. No two pages have names that differ only
    /// in case.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// The page about the package as a whole, without its extension.
pub(crate) const INDEX: &str = "index";

/// The longest part of a page's name that comes from its module's path.
const MAX_STEM: usize = 120;

/// The pages of a package's documentation: the index first, then one for each module, by module path. The same sources
/// give the same pages, whatever the order of the modules. A text that does not parse gives what can be made of it.
pub fn render(package: &PackageSource, format: Format) -> Vec<Page> {
    let package = Package::of(package, format);
    let index = match format {
        Format::Markdown => markdown::index(&package),
        Format::Html => html::index(&package),
    };
    let mut pages = vec![Page { path: format!("{INDEX}.{}", format.extension()), text: index }];
    pages.extend(package.modules.iter().enumerate().map(|(at, module)| Page {
        path: module.page.clone(),
        text: match format {
            Format::Markdown => markdown::module(&package, at),
            Format::Html => html::module(&package, at),
        },
    }));
    pages
}

/// The names of the pages of modules, which are safe and different on every file system.
pub(crate) fn page_names<'a>(modules: impl Iterator<Item = &'a str>, format: Format) -> Vec<String> {
    let mut names = Distinct::default();
    names.give(INDEX);
    modules
        .map(|module| {
            let mut stem: String = module
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
                .take(MAX_STEM)
                .collect();
            // A leading dot would hide the file or name a folder.
            if stem.is_empty() || stem.starts_with('.') {
                stem.insert(0, '_');
            }
            let name = names.give(&stem);
            format!("{name}.{}", format.extension())
        })
        .collect()
}

/// Gives names that differ in more than case: one that is taken gets a number.
#[derive(Default)]
pub(crate) struct Distinct {
    taken: BTreeSet<String>,
    /// The number that a name gets next, where it has been asked for before.
    numbers: BTreeMap<String, usize>,
}

impl Distinct {
    /// The name, or the name with a number.
    pub(crate) fn give(&mut self, name: &str) -> String {
        let number = self.numbers.entry(name.to_lowercase()).or_insert(1);
        let mut given = name.to_owned();
        while !self.taken.insert(given.to_lowercase()) {
            *number += 1;
            given = format!("{name}-{number}");
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, page_names};

    #[test]
    fn names_stay_in_their_folder_and_apart() {
        let modules = ["a.b", "A.b", "index", "../../etc/passwd", "", "é", "a/b", ".."];
        let names = page_names(modules.into_iter(), Format::Html);
        assert_eq!(
            names,
            [
                "a.b.html",
                "A.b-2.html",
                "index-2.html",
                "_.._.._etc_passwd.html",
                "_.html",
                "_-2.html",
                "a_b.html",
                "_...html",
            ]
        );
    }
}
