//! A world in memory: packages without a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordain_compiler::{Content, DataFile, DataPattern, Database, Package, SourceFile, check_package, data_references};
use ordain_diagnostics::{Diagnostic, Severity};
use ordain_rego::RegoRules;
use salsa::Setter as _;
use smol_str::SmolStr;

pub struct World {
    pub db: Database,
    pub package: Package,
    pub texts: BTreeMap<String, String>,
}

fn package(db: &mut Database, name: &str, prefix: &str, files: &[(&str, &str)]) -> Package {
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    let package = Package::new(
        db,
        format!("{prefix}ordain.toml").into(),
        Content::Text(manifest.into()),
        Arc::default(),
        Arc::default(),
        Arc::default(),
        Arc::default(),
    );
    let files = files
        .iter()
        .map(|(path, text)| {
            let module = SmolStr::from(path.trim_end_matches(".ord").replace('/', "."));
            let content = Content::Text((*text).into());
            (module.clone(), SourceFile::new(db, format!("{prefix}{path}").into(), module, package, content))
        })
        .collect();
    package.set_files(db).to(Arc::new(files));
    package
}

impl World {
    /// The package whose files stand in one text: a line `//- path` begins another file.
    pub fn of(text: &str) -> Self {
        let files = files(text);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Self::new(&files)
    }

    /// A package of `.ord` files and data files, with the standard library.
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self::in_database(Database::running(Arc::new(RegoRules::default())), files)
    }

    pub fn in_database(mut db: Database, files: &[(&str, &str)]) -> Self {
        let std = package(&mut db, "std", "std/", ordain_stdlib::FILES);
        let sources: Vec<(&str, &str)> = files.iter().filter(|(path, _)| path.ends_with(".ord")).copied().collect();
        let root = package(&mut db, "test", "", &sources);
        for package in [root, std] {
            package.set_dependencies(&mut db).to(Arc::new([("std".into(), std)].into()));
        }
        let mut data = BTreeMap::new();
        let named = data_references(&db, root).into_iter().flat_map(|path| match DataPattern::of(&path) {
            Some(pattern) => {
                files.iter().map(|(path, _)| (*path).into()).filter(|path: &SmolStr| pattern.matches(path)).collect()
            }
            None => vec![path],
        });
        for path in named.collect::<BTreeSet<SmolStr>>() {
            if let Some((_, text)) = files.iter().find(|(known, _)| *known == path) {
                let content = Content::Text((*text).into());
                let name = format!("test:{path}");
                data.insert(path.clone(), DataFile::new(&db, path.clone(), name.into(), content));
            }
        }
        root.set_data(&mut db).to(Arc::new(data));
        let std_texts = ordain_stdlib::FILES.iter().map(|(path, text)| (format!("std/{path}"), (*text).to_owned()));
        let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).chain(std_texts);
        Self { db, package: root, texts: texts.collect() }
    }

    pub fn edit(&mut self, path: &str, text: &str) {
        let module = path.trim_end_matches(".ord").replace('/', ".");
        let file = self.package.files(&self.db)[module.as_str()];
        file.set_content(&mut self.db).to(Content::Text(text.into()));
        self.texts.insert(path.into(), text.into());
    }

    pub fn findings(&self) -> Vec<Diagnostic> {
        check_package(&self.db, self.package)
    }

    /// One line a finding, with what it points at.
    pub fn show(&self, findings: &[Diagnostic]) -> String {
        let mut out = String::new();
        for finding in findings {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let place = |label: &ordain_diagnostics::Label| {
                let empty = String::new();
                let text = self.texts.get(label.path.as_str()).unwrap_or(&empty);
                let (start, end) = (label.range.start as usize, label.range.end as usize);
                let line = text[..start.min(text.len())].matches('\n').count() + 1;
                let shown: String = text.get(start..end).unwrap_or("?").chars().take(40).collect();
                format!("{}:{line} `{}`", label.path, shown.replace('\n', "⏎"))
            };
            out.push_str(&format!(
                "{severity}[{}] {}\n  at {}",
                finding.code,
                finding.message,
                place(&finding.primary)
            ));
            if !finding.primary.message.is_empty() {
                out.push_str(&format!(" — {}", finding.primary.message));
            }
            out.push('\n');
            for label in &finding.related {
                out.push_str(&format!("  also {} — {}\n", place(label), label.message));
            }
            if let Some(help) = &finding.help {
                out.push_str(&format!("  help: {help}\n"));
            }
            for fix in &finding.fixes {
                let safe = if fix.safe { "safe" } else { "maybe" };
                let edits: Vec<String> = fix.edits.iter().map(|edit| format!("{:?}", edit.text)).collect();
                out.push_str(&format!("  fix ({safe}): {} {}\n", fix.title, edits.join(" ")));
            }
        }
        out
    }
}

fn files(text: &str) -> Vec<(String, String)> {
    let mut files = vec![("main.ord".to_owned(), String::new())];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("//- ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => {
                if let Some((_, text)) = files.last_mut() {
                    text.push_str(line);
                }
            }
        }
    }
    files.retain(|(_, text)| !text.is_empty());
    files
}

/// Runs with the stack that the command gives its threads.
pub fn with_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
