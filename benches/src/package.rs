//! A package of a given size: how its lines spread over its files, in memory and on disk.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use ordain_loader::{Listing, MANIFEST, Tree};

use crate::module::Module;
use crate::random::Random;

/// How large a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many `.ord` files it has; at least one.
    pub files: usize,
    /// How many lines they have in all.
    pub lines: usize,
}

impl Shape {
    /// The size of the large measures: 2,000 files, 1,000,000 lines.
    pub const LARGE: Self = Self { files: 2_000, lines: 1_000_000 };

    /// A package of so many lines, 500 to a file.
    pub fn of_lines(lines: usize) -> Self {
        Self { files: (lines / 500).max(1), lines }
    }

    /// The lines of one file. Sizes differ, from two fifths to eight fifths of the mean.
    fn lines_of(self, index: usize) -> usize {
        let mean = self.lines / self.files;
        let pair = index / 2;
        let last_alone = self.files % 2 == 1 && index == self.files - 1;
        let shift = if last_alone { 0 } else { Random::new(pair as u64).below(mean * 3 / 5) };
        let rest = if index < self.lines % self.files { 1 } else { 0 };
        rest + if index.is_multiple_of(2) { mean + shift } else { mean - shift }
    }
}

/// The path of a file of the package, and its text.
///
/// # Panics
/// The shape has no such file.
pub fn file_text(shape: Shape, index: usize) -> (String, String) {
    assert!(index < shape.files, "the package has {} files", shape.files);
    let module = Module::new(index);
    (module.path(), module.text(shape.lines_of(index)))
}

/// All files of a package, the manifest included.
pub fn generate(shape: Shape) -> MemoryTree {
    let mut files: BTreeMap<String, String> = (0..shape.files).map(|index| file_text(shape, index)).collect();
    files.insert(MANIFEST.to_owned(), "[package]\nname = \"estate\"\nversion = \"0.1.0\"\n".to_owned());
    MemoryTree { files }
}

/// Writes a package below a folder.
///
/// # Errors
/// A file cannot be written.
pub fn write_package(folder: &Path, shape: Shape) -> io::Result<()> {
    for (path, text) in generate(shape).files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// A tree of files that never were on a disk.
#[derive(Clone, Debug)]
pub struct MemoryTree {
    /// Texts by path.
    pub files: BTreeMap<String, String>,
}

impl Tree for MemoryTree {
    fn read(&self, path: &str, _most: usize) -> io::Result<Vec<u8>> {
        self.files.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sources(&self, _folder: &str) -> Listing {
        let files = self.files.keys().filter(|path| path.ends_with(".ord")).cloned().collect();
        Listing { files, errors: Vec::new() }
    }

    fn files(&self, _folder: &str, below: &str) -> Vec<String> {
        self.files.keys().filter(|path| path.starts_with(below)).cloned().collect()
    }

    fn is_inside(&self, _folder: &str, _path: &str) -> bool {
        true
    }

    fn identity(&self, folder: &str) -> String {
        folder.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use ordain_compiler::check_package;
    use ordain_loader::Workspace;

    use super::{Shape, generate};

    #[test]
    fn a_package_has_exactly_the_lines_asked_for() {
        for shape in [Shape { files: 1, lines: 700 }, Shape { files: 7, lines: 5_003 }, Shape::of_lines(20_000)] {
            let tree = generate(shape);
            let sources = tree.files.iter().filter(|(path, _)| path.ends_with(".ord"));
            let (files, lines) =
                sources.fold((0, 0), |(files, lines), (_, text)| (files + 1, lines + text.lines().count()));
            assert_eq!((files, lines), (shape.files, shape.lines));
        }
    }

    #[test]
    fn a_package_checks_without_findings() {
        let check = || {
            let workspace = Workspace::load(&generate(Shape::of_lines(30_000)), "", "");
            let findings = check_package(&workspace.db, workspace.root);
            let texts = workspace.texts();
            let shown: Vec<String> = findings
                .iter()
                .map(|finding| {
                    let at = &finding.primary;
                    let line = texts[at.path.as_str()][..at.range.start as usize].matches('\n').count() + 1;
                    format!("{}:{line} {} {}", at.path, finding.code, finding.message)
                })
                .collect();
            assert_eq!(shown, Vec::<String>::new());
        };
        // Unoptimised code needs more stack than a test thread has.
        let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(check);
        if let Err(panic) = thread.unwrap().join() {
            std::panic::resume_unwind(panic);
        }
    }
}
