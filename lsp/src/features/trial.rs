//! Edits tried on a copy of the sources: whether every name in them still means what it did, and whether they still compile.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem::Finder;
use ordain_compiler::editor::{self, Meaning, hir};
use ordain_compiler::{Content, DataFile, DataFormat, Database, Item, Package, Part, SourceFile, file_items};
use ordain_compiler::{file_findings, package_findings};
use ordain_diagnostics::{Diagnostic, Severity, TextRange};
use ordain_graph::Function;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::names;
use crate::world::Snapshot;

/// New texts for ranges of files, by their paths.
pub(crate) type Edits = BTreeMap<SmolStr, Vec<(TextRange, String)>>;

/// How many bytes of sources are all compiled again. Of more, only those files are that the edits or the new name are in.
const MOST_BYTES: usize = 8 << 20;

/// Changes of the names in some sources.
pub(crate) struct Trial<'a> {
    /// The edits; those of one file are sorted and apart from each other.
    pub(crate) edits: &'a Edits,
    /// The declaration that gets another name, where it is one that does.
    pub(crate) renamed: Option<Item<'a>>,
    /// The new name.
    pub(crate) new: &'a str,
}

impl Trial<'_> {
    /// Compiles the sources as they would be.
    ///
    /// # Errors
    /// A name would mean something else than now, or there would be an error that is not there now; in the user's words.
    pub(crate) fn run(&self, snapshot: &Snapshot) -> Result<(), String> {
        let db = &snapshot.db;
        let copy = copied(snapshot, self.edits);
        let own = |file: &&SourceFile| file.package(db) != snapshot.std;
        let bytes: usize = snapshot.files.values().filter(own).map(|file| file.content(db).text().len()).sum();
        let finder = Finder::new(self.new.as_bytes());
        let affected = |file: &&SourceFile| {
            bytes <= MOST_BYTES
                || self.edits.contains_key(file.path(db))
                || finder.find(file.content(db).text().as_bytes()).is_some()
        };
        let mut files: Vec<SourceFile> = snapshot.files.values().filter(own).filter(affected).copied().collect();
        // What is edited is the likeliest to be wrong, and the best to be told of.
        files.sort_by_key(|file| (!self.edits.contains_key(file.path(db)), file.path(db).clone()));
        let renamed = self.renamed.map(|item| Renamed::of(snapshot, item, self.new));
        let shift = Shift { edits: self.edits };
        let compare = |(before, after): &mut (Snapshot, Snapshot), file| {
            Compared { before, after, shift, renamed: renamed.as_ref() }.file(file).err()
        };
        // Every clone of a database is a thread's own.
        let compared = files.into_par_iter().map_with((snapshot.clone(), copy.clone()), compare);
        compared.find_map_first(|wrong| wrong).map_or(Ok(()), Err)?;
        if bytes > MOST_BYTES {
            return Ok(());
        }
        Compared { before: snapshot, after: &copy, shift, renamed: renamed.as_ref() }.packages()
    }
}

/// A database of its own with the sources of a snapshot as edits leave them.
fn copied(snapshot: &Snapshot, edits: &Edits) -> Snapshot {
    let from = &snapshot.db;
    let mut copy = Copy { from, db: from.emptied(), packages: FxHashMap::default(), edits };
    let std = copy.package(snapshot.std);
    let packages = snapshot.packages.iter().map(|package| copy.package(*package)).collect();
    let files = snapshot.files.iter().map(|(path, &file)| (path.clone(), copy.source(file))).collect();
    let db = copy.db;
    Snapshot {
        db,
        documents: snapshot.documents.clone(),
        files: Arc::new(files),
        packages,
        std,
        folders: Vec::new(),
        client: snapshot.client.clone(),
        settings: snapshot.settings.clone(),
        publisher: snapshot.publisher.clone(),
        scratch: None,
    }
}

struct Copy<'a> {
    from: &'a Database,
    db: Database,
    packages: FxHashMap<Package, Package>,
    edits: &'a Edits,
}

impl Copy<'_> {
    fn package(&mut self, old: Package) -> Package {
        if let Some(known) = self.packages.get(&old) {
            return *known;
        }
        let from = self.from;
        let data = old.data(from).iter().map(|(path, file)| {
            let (path_for_people, name, content) = (file.path(from), file.name(from), file.content(from));
            (path.clone(), DataFile::new(&self.db, path_for_people.clone(), name.clone(), content.clone()))
        });
        let data: BTreeMap<SmolStr, DataFile> = data.collect();
        let package = Package::builder(
            old.manifest_path(from).clone(),
            old.manifest(from).clone(),
            Arc::default(),
            Arc::new(data),
            Arc::default(),
            old.load_findings(from).clone(),
        )
        .programs(old.programs(from).clone())
        .new(&self.db);
        // Before what it depends on: a library may import its own modules by the name that everyone uses.
        self.packages.insert(old, package);
        let dependencies =
            old.dependencies(from).iter().map(|(name, other)| (name.clone(), self.package(*other))).collect();
        let files = old.files(from).iter().map(|(module, file)| (module.clone(), self.written(*file, package)));
        let files: BTreeMap<SmolStr, SourceFile> = files.collect();
        use salsa::Setter as _;
        package.set_dependencies(&mut self.db).to(Arc::new(dependencies));
        package.set_files(&mut self.db).to(Arc::new(files));
        package
    }

    /// The copy of a source.
    fn source(&mut self, old: SourceFile) -> SourceFile {
        let package = self.package(old.package(self.from));
        let known = package.files(&self.db).get(old.module(self.from)).copied();
        known.unwrap_or_else(|| self.written(old, package))
    }

    fn written(&self, old: SourceFile, package: Package) -> SourceFile {
        let from = self.from;
        let path = old.path(from);
        let content = match (old.content(from), self.edits.get(path)) {
            (Content::Text(text), Some(edits)) => Content::Text(edited(text, edits).into()),
            (content, _) => content.clone(),
        };
        SourceFile::new(&self.db, path.clone(), old.module(from).clone(), package, content)
    }
}

/// A text after edits.
fn edited(text: &str, edits: &[(TextRange, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, new) in edits {
        out.push_str(text.get(done..range.start as usize).unwrap_or_default());
        out.push_str(new);
        done = range.end as usize;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Where places are after edits.
#[derive(Clone, Copy)]
struct Shift<'a> {
    edits: &'a Edits,
}

impl Shift<'_> {
    fn start(&self, path: &str, at: u32) -> u32 {
        let before = self.edits.get(path).into_iter().flatten().take_while(|(range, _)| range.end <= at);
        before.fold(at, |at, (range, new)| at + new.len() as u32 - (range.end - range.start))
    }
}

/// A declaration before and after it has another name.
struct Renamed {
    path: SmolStr,
    keyword: &'static str,
    old: SmolStr,
    new: SmolStr,
}

impl Renamed {
    fn of<'db>(snapshot: &'db Snapshot, item: Item<'db>, new: &str) -> Self {
        let db = &snapshot.db;
        let (path, keyword) = (item.file(db).path(db).clone(), item.kind(db).keyword());
        Self { path, keyword, old: item.name(db).clone(), new: new.into() }
    }
}

/// What a name means, in words that hold before and after the edits.
#[derive(PartialEq, Eq)]
enum Same {
    Item(SmolStr, &'static str, SmolStr),
    Module(SmolStr),
    Variant(SmolStr, SmolStr, u32),
    Local(Part, u32),
    /// A field by where it is declared, where that is known.
    Field(Option<(SmolStr, u32)>),
    Param(SmolStr, SmolStr, Option<usize>),
    Builtin(Function),
    Data(DataFormat),
    Word(SmolStr),
}

struct Compared<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    shift: Shift<'a>,
    renamed: Option<&'a Renamed>,
}

impl Compared<'_> {
    fn file(&self, file: SourceFile) -> Result<(), String> {
        // Nothing else would notice here that a new text waits to be taken in.
        salsa::Database::unwind_if_revision_cancelled(&self.before.db);
        let path = file.path(&self.before.db);
        let Some(&copy) = self.after.files.get(path) else { return Ok(()) };
        let old = file_items(&self.before.db, file).items(&self.before.db);
        let new = file_items(&self.after.db, copy).items(&self.after.db);
        let errors = || self.errors(file_findings(&self.after.db, copy), || file_findings(&self.before.db, file));
        if old.len() == new.len() {
            if let Err(other) = self.imports(file, copy) {
                // That two names clash says more.
                return errors().and(Err(other));
            }
            for (&old, &new) in old.iter().zip(new) {
                self.item(path, old, new, errors)?;
            }
        }
        errors()
    }

    /// The names in the imports.
    fn imports(&self, file: SourceFile, copy: SourceFile) -> Result<(), String> {
        let meanings = |snapshot: &Snapshot, file: SourceFile, after: bool| {
            let uses = ordain_syntax::parse(file.content(&snapshot.db).text()).file.uses;
            let all = names::imported(snapshot, file, &uses);
            all.iter().map(|(_, meaning)| self.same(snapshot, None, meaning, after)).collect::<Vec<_>>()
        };
        if meanings(self.before, file, false) == meanings(self.after, copy, true) {
            return Ok(());
        }
        Err(format!("with this name, an import of `{}` would mean something else", file.path(&self.before.db)))
    }

    /// The names in a declaration.
    fn item(
        &self,
        path: &str,
        old: Item<'_>,
        new: Item<'_>,
        errors: impl Fn() -> Result<(), String>,
    ) -> Result<(), String> {
        let (before, after) = (meanings(self.before, old), meanings(self.after, new));
        if before.len() != after.len() {
            // What has no meaning any more is in error.
            errors()?;
        }
        let same = |(_, meaning): &(TextRange, &Meaning<'_>), snapshot, item, after| {
            self.same(snapshot, Some(item), meaning, after)
        };
        let other = before
            .iter()
            .zip(&after)
            .find(|(one, other)| same(one, self.before, old, false) != same(other, self.after, new, true));
        let place = match other {
            Some(((range, _), _)) => Some(*range),
            None => before.get(after.len()).map(|(range, _)| *range),
        };
        let name = old.name(&self.before.db);
        match place {
            Some(range) => {
                let text = old.file(&self.before.db).content(&self.before.db).text();
                let written = text.get(range.start as usize..range.end as usize).unwrap_or_default();
                Err(format!("with this name, `{written}` in `{name}` of `{path}` would mean something else"))
            }
            None if after.len() > before.len() => {
                Err(format!("with this name, `{name}` of `{path}` would mean something else"))
            }
            None => Ok(()),
        }
    }

    /// What is wrong with packages as a whole.
    fn packages(&self) -> Result<(), String> {
        for (&old, &new) in self.before.packages.iter().zip(&self.after.packages) {
            self.errors(package_findings(&self.after.db, new), || package_findings(&self.before.db, old))?;
        }
        Ok(())
    }

    /// Whether there are only such errors as there were before.
    fn errors(&self, after: Vec<Diagnostic>, before: impl FnOnce() -> Vec<Diagnostic>) -> Result<(), String> {
        let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
        let mut after = after.into_iter().filter(is_error).peekable();
        if after.peek().is_none() {
            return Ok(());
        }
        let mut known: Vec<_> = before()
            .into_iter()
            .filter(is_error)
            .map(|finding| {
                let path = finding.primary.path;
                let start = self.shift.start(&path, finding.primary.range.start);
                (finding.code, path, start)
            })
            .collect();
        for finding in after {
            let place = (finding.code, finding.primary.path.clone(), finding.primary.range.start);
            match known.iter().position(|known| *known == place) {
                Some(at) => drop(known.swap_remove(at)),
                None => {
                    let path = &finding.primary.path;
                    return Err(format!("with this name, there would be an error in `{path}`: {}", finding.message));
                }
            }
        }
        Ok(())
    }

    /// What a name in an item means, `after` the edits or before.
    fn same<'db>(&self, snapshot: &'db Snapshot, home: Option<Item<'db>>, meaning: &Meaning<'db>, after: bool) -> Same {
        let db = &snapshot.db;
        let start = |file: SourceFile, at: u32| if after { at } else { self.shift.start(file.path(db), at) };
        match meaning {
            Meaning::Item(item) => {
                Same::Item(item.file(db).path(db).clone(), item.kind(db).keyword(), self.name(snapshot, *item, after))
            }
            Meaning::Module(module) => Same::Module(module.path(db).clone()),
            Meaning::Variant(item, index) => {
                Same::Variant(item.file(db).path(db).clone(), self.name(snapshot, *item, after), *index)
            }
            Meaning::Local(binding, _) => {
                let at =
                    home.map(|home| start(home.file(db), editor::range(db, home, binding.part, binding.loc).start));
                Same::Local(binding.part, at.unwrap_or_default())
            }
            Meaning::Field(field, _) => Same::Field(editor::field_place(db, field).map(|(item, part, loc)| {
                let at = start(item.file(db), editor::range(db, item, part, loc).start);
                (item.file(db).path(db).clone(), at)
            })),
            Meaning::Param(item, name, _) => {
                let params = match &item.signature(db).signature {
                    hir::Signature::Fn { params, .. } | hir::Signature::Plan { params, .. } => params.as_ref(),
                    _ => &[],
                };
                let at = params.iter().position(|param| param.name.text == *name);
                Same::Param(item.file(db).path(db).clone(), self.name(snapshot, *item, after), at)
            }
            Meaning::Builtin(function) => Same::Builtin(*function),
            Meaning::Data(format) => Same::Data(*format),
            Meaning::Word(word) => Same::Word(word.clone()),
        }
    }

    /// The name of an item before the edits.
    fn name<'db>(&self, snapshot: &'db Snapshot, item: Item<'db>, after: bool) -> SmolStr {
        let db = &snapshot.db;
        let name = item.name(db);
        let renamed = self.renamed.filter(|renamed| {
            after
                && renamed.new == *name
                && renamed.path == *item.file(db).path(db)
                && renamed.keyword == item.kind(db).keyword()
        });
        renamed.map_or_else(|| name.clone(), |renamed| renamed.old.clone())
    }
}

/// The names in an item and what they mean, by their places; of `{ name }` the field stands before the value.
fn meanings<'db>(snapshot: &'db Snapshot, item: Item<'db>) -> Vec<(TextRange, &'db Meaning<'db>)> {
    let mut all: Vec<(TextRange, &Meaning<'db>)> =
        names::of_item(snapshot, item).map(|(_, range, mark)| (range, &mark.meaning)).collect();
    all.sort_by_key(|(range, meaning)| (range.start, !matches!(meaning, Meaning::Field(..)), range.end));
    all.dedup();
    all
}
