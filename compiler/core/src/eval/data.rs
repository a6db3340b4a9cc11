//! Data from outside: the files that sources name, as values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ordain_data::{DataError, Format, JsonPlaces, Node, NodeKind, Pointer, json_fault, pointer_at};
use ordain_diagnostics::{Diagnostic, TextRange, codes};
use ordain_graph::Value;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::json::document_json;
use super::reading::{MAX_MESSAGE, short};
use super::{Context, Document, Eval, Evaluator, Fault};
use crate::data_pattern::DataPattern;
use crate::db::{Content, DataFile, Db, MAX_DATA_BYTES, MAX_SOURCE_BYTES, Package};
use crate::hir::{Arg, ExprId, ExprKind};
use crate::items::file_items;
use crate::types::{Anchor, DataFormat, Resolution, Ty};

/// The data files the sources of a package name, whether they exist or not, and the patterns of others; for its loader.
pub fn data_references(db: &dyn Db, package: Package) -> BTreeSet<SmolStr> {
    package.files(db).values().flat_map(|&file| file_items(db, file).data(db).iter().cloned()).collect()
}

/// The path of a data file in its package, and the digest of its bytes.
pub(crate) fn data_digest(db: &dyn Db, file: DataFile) -> (SmolStr, SmolStr) {
    let digest = Sha256::digest(file.content(db).text().as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    (file.name(db).clone(), format!("sha256:{hex}").into())
}

#[salsa::tracked]
fn parsed(db: &dyn Db, file: DataFile, format: DataFormat) -> Result<Node, DataError> {
    let format = match format {
        DataFormat::Json => Format::Json,
        DataFormat::Yaml => Format::Yaml,
        DataFormat::YamlDocuments => Format::YamlDocuments,
        DataFormat::Toml => Format::Toml,
        DataFormat::Csv => Format::Csv,
        DataFormat::Hcl => Format::Hcl,
        DataFormat::Ini => Format::Ini,
        DataFormat::Dotenv => Format::Dotenv,
        DataFormat::Properties => Format::Properties,
        DataFormat::Xml => Format::Xml,
        DataFormat::FrontMatter => Format::FrontMatter,
        DataFormat::Markdown => Format::Markdown,
        DataFormat::Dockerfile => Format::Dockerfile,
    };
    ordain_data::parse(format, file.content(db).text())
}

/// The file that a call of a data function reads, and how; nothing for any other expression.
pub(crate) fn data_call(db: &dyn Db, cx: &Context<'_>, expr: ExprId) -> Option<Source> {
    let ExprKind::Call { callee, args } = &cx.tree[expr].kind else { return None };
    let Some(Resolution::Data(format)) = cx.facts.resolutions.get(callee) else { return None };
    let path = Evaluator::literal_path(cx, args)?;
    let file = *cx.item.file(db).package(db).data(db).get(&path)?;
    Some(Source { file, format: *format })
}

/// The files that a call of a data function with a pattern reads, by path, and how; none for any other expression.
pub(crate) fn data_calls(db: &dyn Db, cx: &Context<'_>, expr: ExprId) -> Vec<(SmolStr, Source)> {
    let ExprKind::Call { callee, args } = &cx.tree[expr].kind else { return Vec::new() };
    let Some(Resolution::Data(format)) = cx.facts.resolutions.get(callee) else { return Vec::new() };
    let Some(pattern) = Evaluator::literal_path(cx, args).as_deref().and_then(DataPattern::of) else {
        return Vec::new();
    };
    let files = cx.item.file(db).package(db).data(db);
    let matching = files.iter().filter(|(path, _)| pattern.matches(path));
    matching.map(|(path, &file)| (path.clone(), Source { file, format: *format })).collect()
}

/// The text of the JSON file that a call of a data function reads, where there is one.
pub(crate) fn json_text<'db>(db: &'db dyn Db, cx: &Context<'_>, expr: ExprId) -> Option<&'db str> {
    let ExprKind::Call { args, .. } = &cx.tree[expr].kind else { return None };
    let source = data_call(db, cx, expr)?;
    match source.file.content(db) {
        Content::Text(text) if source.format == DataFormat::Json => {
            stays_inside(&Evaluator::literal_path(cx, args)?).then_some(&**text)
        }
        _ => None,
    }
}

/// A text of JSON of more bytes is looked through for faults before a tree is made of it.
const LARGE: usize = 8 << 20;

/// A data file and how it is read.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub(super) file: DataFile,
    pub(super) format: DataFormat,
}

impl Source {
    /// The path of the file, and the range of what a pointer leads to; nothing where it leads nowhere. `places` are
    /// those of the file's text that are known already.
    pub fn place<'db>(
        self,
        db: &'db dyn Db,
        pointer: &Pointer,
        places: &mut Option<JsonPlaces<'db>>,
    ) -> Option<(SmolStr, TextRange)> {
        let range = match self.format {
            // A tree of a large text takes many times its memory.
            DataFormat::Json => {
                places.get_or_insert_with(|| JsonPlaces::new(self.file.content(db).text())).find(pointer)?
            }
            _ => pointer.find(parsed(db, self.file, self.format).as_ref().ok()?)?.range,
        };
        Some((self.file.path(db).clone(), TextRange::new(range.start, range.end)))
    }

    /// How many elements the list has that the file holds.
    pub(crate) fn len(self, db: &dyn Db) -> usize {
        match parsed(db, self.file, self.format).as_ref().map(|root| &root.kind) {
            Ok(NodeKind::List(elements)) => elements.len(),
            _ => 0,
        }
    }

    /// What the file says where a pointer leads to, as it stands there: whatever the type leaves out is in it. Nothing where
    /// it says nothing.
    pub(crate) fn json(self, db: &dyn Db, pointer: &Pointer) -> Option<Json> {
        if !pointer.as_str().is_empty() {
            return pointer.find(parsed(db, self.file, self.format).as_ref().ok()?).map(document_json);
        }
        // Whoever asks has read the file: it is sound, and only a number can be beyond what this reader takes.
        let quick = match self.format {
            DataFormat::Json => serde_json::from_str(self.file.content(db).text()).ok(),
            _ => None,
        };
        quick.or_else(|| parsed(db, self.file, self.format).as_ref().ok().map(document_json))
    }

    /// The innermost value that begins a line, counted from one.
    pub(crate) fn in_line(self, db: &dyn Db, line: u32) -> Option<Pointer> {
        let root = parsed(db, self.file, self.format).as_ref().ok()?;
        let text = self.file.content(db).text();
        let before: usize = text.split_inclusive('\n').take(line.checked_sub(1)? as usize).map(str::len).sum();
        let rest = &text[before..];
        let indentation = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        Some(pointer_at(root, u32::try_from(before + indentation).ok()?))
    }
}

/// The data file of a path that an item names.
pub(crate) fn data_file<'db>(db: &'db dyn Db, path: &str, at: Anchor<'db>) -> Eval<'db, DataFile> {
    check_inside(path, at)?;
    let Some(&file) = at.item.file(db).package(db).data(db).get(path) else {
        return Err(Fault::helped(
            codes::DATA_NOT_FOUND,
            at,
            format!("there is no file `{path}`"),
            "paths are relative to the folder of the package's manifest",
        ));
    };
    Ok(file)
}

fn check_inside<'db>(path: &str, at: Anchor<'db>) -> Eval<'db, ()> {
    if stays_inside(path) {
        return Ok(());
    }
    Err(Fault::helped(
        codes::PATH_LEAVES_PACKAGE,
        at,
        format!("`{path}` does not stay in the package"),
        "write a path relative to the package's folder, with `/` between its parts and without `..`",
    ))
}

/// Whether a data file is text, and no more of it than may be held.
pub(crate) fn readable<'db>(db: &'db dyn Db, file: DataFile) -> Eval<'db, ()> {
    let path = file.path(db);
    let mut finding = match file.content(db).readable(path) {
        Ok(text) if text.len() <= MAX_DATA_BYTES => return Ok(()),
        Ok(text) => {
            let bytes = text.len();
            let message = format!("{bytes} bytes are more than the {MAX_DATA_BYTES} a data file may have as a whole");
            let help = "split the file, or let policies look at nothing but single elements of its lists of JSON";
            Box::new(Diagnostic::new(codes::DATA_MALFORMED, path.clone(), TextRange::default(), message).help(help))
        }
        Err(finding) => finding,
    };
    finding.code = codes::DATA_MALFORMED;
    Err(Box::new(Fault::Data(finding)))
}

/// The fault in a large text of JSON, which is looked for before a tree is made of it.
#[salsa::tracked(returns(ref))]
fn large_fault(db: &dyn Db, file: DataFile) -> Option<DataError> {
    json_fault(file.content(db).text())
}

/// Whether a path stays in the package: relative, with no part that leads up or out.
fn stays_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && !path.contains(['\\', '\0', ':'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

impl<'db> Evaluator<'_, 'db> {
    pub(super) fn read_data(&self, cx: &Context<'db>, expr: ExprId, format: DataFormat, args: &[Arg]) -> Eval<'db> {
        let Some(path) = Self::literal_path(cx, args) else { return Err(Box::new(Fault::Silent)) };
        let at = cx.expr_at(args[0].value);
        let package = cx.item.file(self.db).package(self.db);
        if let Some(pattern) = DataPattern::of(&path) {
            check_inside(&path, at)?;
            let Some(ty) = cx.facts.adjustments.get(&expr) else { return Err(Box::new(Fault::Silent)) };
            let files = package.data(self.db).iter().filter(|(path, _)| pattern.matches(path)).collect::<Vec<_>>();
            if files.is_empty() {
                return Err(Fault::helped(
                    codes::DATA_NOT_FOUND,
                    at,
                    format!("no file matches `{path}`"),
                    "paths are relative to the folder of the package's manifest; `*` stands for a part of a name",
                ));
            }
            let read = |file: DataFile, ty: &Ty<'db>| {
                self.memory.data.borrow_mut().insert(file);
                self.read_file(package, file, format, ty)
            };
            return match ty.peel_optional(self.db) {
                Ty::Map(entry) => {
                    let by_path = |&(path, &file): &(&SmolStr, &DataFile)| {
                        Ok((Value::String(path.clone()), read(file, &entry.1)?))
                    };
                    let files: BTreeMap<Value, Value> = files.iter().map(by_path).collect::<Eval<'db, _>>()?;
                    Ok(Value::Map(Arc::new(files)))
                }
                list @ Ty::List(_) => {
                    let mut all = Vec::new();
                    for (_, file) in files {
                        if let Value::List(documents) = read(*file, &list)? {
                            all.extend(documents.iter().cloned());
                        }
                    }
                    self.normalise(Value::list(all), ty, at)
                }
                _ => Err(Box::new(Fault::Silent)),
            };
        }
        let file = data_file(self.db, &path, at)?;
        self.memory.data.borrow_mut().insert(file);
        let Some(ty) = cx.facts.adjustments.get(&expr) else { return Err(Box::new(Fault::Silent)) };
        self.read_file(package, file, format, ty)
    }

    /// What a file holds, as a type with the names that a package has for it.
    pub(super) fn read_file(&self, package: Package, file: DataFile, format: DataFormat, ty: &Ty<'db>) -> Eval<'db> {
        let shown = file.path(self.db);
        let malformed = |range: TextRange, message: &str, help: Option<&str>| {
            let mut finding = Diagnostic::new(codes::DATA_MALFORMED, shown.clone(), range, short(message, MAX_MESSAGE));
            finding.help = help.map(str::to_owned);
            Box::new(Fault::Data(Box::new(finding)))
        };
        let content = file.content(self.db).text();
        let broken = |error: &DataError| {
            // Each character of such a file is followed or led by this one.
            let wide = content.chars().take(4).any(|c| c == '\0');
            malformed(error.range, &error.message, wide.then_some("save the file as UTF-8; it may be in UTF-16"))
        };
        if content.len() > LARGE
            && format == DataFormat::Json
            && let Some(error) = large_fault(self.db, file)
        {
            return Err(broken(error));
        }
        if content.len() > MAX_SOURCE_BYTES && format != DataFormat::Json {
            let bytes = content.len();
            let message =
                format!("{bytes} bytes are more than the {MAX_SOURCE_BYTES} a data file may have that is not JSON");
            let help = "write it as JSON, or leave out what nothing looks at";
            return Err(malformed(TextRange::default(), &message, Some(help)));
        }
        readable(self.db, file)?;
        match parsed(self.db, file, format) {
            Ok(node) => Document::of_file(self, shown, package, format).read(node, ty, &mut Vec::new()),
            Err(error) => Err(broken(error)),
        }
    }
}
