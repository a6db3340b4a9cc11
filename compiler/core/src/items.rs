//! From a file's text to its items: the only query that sees positions change.
#![allow(missing_docs, reason = "constructors and setters are generated without")]

use ordain_diagnostics::{Diagnostic, TextRange, codes};
use rayon::prelude::*;
use smol_str::SmolStr;

use crate::db::{Content, Database, Db, MAX_SOURCE_BYTES, Package, SourceFile};
use crate::hir::lower::{self, Misuse};
use crate::hir::{Allowed, Body, ExprKind, Kind, Loc, Signature, Spans, Tree};
use crate::types::DataFormat;

/// A declaration. Its identity is its file, kind and name, so that it survives edits around it.
#[salsa::tracked(debug)]
#[derive(PartialOrd, Ord)]
pub struct Item<'db> {
    /// The file it stands in.
    #[returns(copy)]
    pub file: SourceFile,
    /// What it declares.
    #[returns(copy)]
    pub kind: Kind,
    /// Its name, dotted for some kinds.
    pub name: SmolStr,
    /// What other items can see of it.
    #[tracked]
    pub signature: SignaturePart,
    /// What only it needs.
    #[tracked]
    pub body: BodyPart,
    /// The warnings allowed in it.
    #[tracked]
    pub allows: Box<[Allowed]>,
    /// Where everything stands. INVARIANT: read only to show findings, never while computing facts.
    #[tracked]
    pub places: Places,
}

/// A signature and its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignaturePart {
    /// The signature.
    pub signature: Signature,
    /// What its ids refer to.
    pub tree: Tree,
}

/// A body and its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyPart {
    /// The body.
    pub body: Body,
    /// What its ids refer to.
    pub tree: Tree,
}

/// The part of an item a place belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The signature.
    Signature,
    /// The body.
    Body,
}

/// Where an item and its parts stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The item's start in the file.
    pub start: u32,
    /// The whole item.
    pub range: TextRange,
    /// Its name.
    pub name: TextRange,
    /// Places in the signature.
    pub signature: Spans,
    /// Places in the body.
    pub body: Spans,
}

impl Places {
    /// A place, as a range of the file.
    pub fn range(&self, part: Part, loc: Loc) -> TextRange {
        let spans = match part {
            Part::Signature => &self.signature,
            Part::Body => &self.body,
        };
        spans.get(loc).shift(self.start)
    }
}

/// An import, position-independent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module, or module and declaration where `names` is `None`.
    pub path: Box<[SmolStr]>,
    /// The name it gets.
    pub alias: Option<SmolStr>,
    /// The declarations in braces: dotted name and alias.
    pub names: Option<Box<[ImportName]>>,
}

/// A name in braces: the declaration's, perhaps dotted, and the one it gets here.
pub type ImportName = (SmolStr, Option<SmolStr>);

/// The places of an import, and what is read only with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPlaces {
    /// The declaration without its annotations.
    pub range: TextRange,
    /// The declaration from its first annotation on.
    pub whole: TextRange,
    /// Its path.
    pub path: TextRange,
    /// The names in braces.
    pub names: Box<[TextRange]>,
    /// The warnings allowed in it.
    pub allows: Box<[ImportAllow]>,
}

/// A warning allowed in an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportAllow {
    /// The code as written.
    pub code: SmolStr,
    /// Why it is allowed.
    pub reason: SmolStr,
    /// The code's place.
    pub at: TextRange,
}

/// A file's items and imports.
#[salsa::tracked(debug)]
pub struct FileItems<'db> {
    /// The declarations in source order.
    #[tracked]
    pub items: Box<[Item<'db>]>,
    /// The imports in source order.
    #[tracked]
    pub imports: Box<[Import]>,
    /// The imports' places.
    #[tracked]
    pub import_places: Box<[ImportPlaces]>,
    /// The data files that expressions name, as they are written.
    #[tracked]
    pub data: Box<[SmolStr]>,
    /// The declarations with syntax errors in them, sorted: what is missing in them is reported already.
    #[tracked]
    pub broken: Box<[Item<'db>]>,
    /// What the parser and the lowering found.
    #[tracked]
    pub findings: Box<[Diagnostic]>,
}

/// Parses a file and lowers it to items.
#[salsa::tracked(returns(copy))]
pub fn file_items(db: &dyn Db, file: SourceFile) -> FileItems<'_> {
    let path = file.path(db);
    let text = match file.content(db) {
        Content::Text(text) => text,
        unreadable => {
            let findings = Box::new([unreadable_finding(path, unreadable)]);
            let nothing = (Box::default(), Box::default(), Box::default());
            return FileItems::new(db, nothing.0, nothing.1, nothing.2, Box::default(), Box::default(), findings);
        }
    };
    let parsed = ordain_syntax::parse(text);
    let mut findings: Vec<Diagnostic> = parsed.errors.into_iter().map(|error| syntax_finding(path, error)).collect();
    let (mut misuses, mut data, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    let (mut imports, mut import_places) = (Vec::new(), Vec::new());
    for import in parsed.file.uses {
        import_places.push(ImportPlaces {
            range: import.range,
            whole: import.allows.first().map_or(import.range, |first| first.range.cover(import.range)),
            path: import.path.range,
            names: import.names.iter().flatten().map(|name| name.path.range).collect(),
            allows: import.allows.iter().map(import_allow).collect(),
        });
        imports.push(lower_import(import));
    }
    let items = parsed
        .file
        .items
        .into_iter()
        .map(|item| {
            let is_broken = item.broken;
            let mut own = Vec::new();
            let lowered = lower::item(item, &mut own);
            if !is_broken {
                misuses.append(&mut own);
            }
            if let Body::Policy(policy) = &lowered.body {
                let files = policy.from.iter().flat_map(|source| &source.files);
                data.extend(files.map(|file| file.text.clone()));
            }
            data.extend(data_paths(&lowered.sig_tree).chain(data_paths(&lowered.body_tree)));
            let item = Item::new(
                db,
                file,
                lowered.kind,
                lowered.name,
                SignaturePart { signature: lowered.signature, tree: lowered.sig_tree },
                BodyPart { body: lowered.body, tree: lowered.body_tree },
                lowered.allows,
                Places {
                    start: lowered.start,
                    range: lowered.range,
                    name: lowered.name_range,
                    signature: lowered.sig_spans,
                    body: lowered.body_spans,
                },
            );
            if is_broken {
                broken.push(item);
            }
            item
        })
        .collect();
    broken.sort_unstable();
    findings.extend(misuses.into_iter().map(|misuse| misuse_finding(path, misuse)));
    FileItems::new(db, items, imports.into(), import_places.into(), data.into(), broken.into(), findings.into())
}

/// The data files that a tree's expressions name.
fn data_paths(tree: &Tree) -> impl Iterator<Item = SmolStr> + '_ {
    tree.exprs.iter().filter_map(|expr| {
        let ExprKind::Call { callee, args } = &expr.kind else { return None };
        let ExprKind::Name(name) = &tree[*callee].kind else { return None };
        DataFormat::named(name)?;
        match &tree[args.first()?.value].kind {
            ExprKind::Str(path) => Some(path.clone()),
            _ => None,
        }
    })
}

/// Parses every file of a package on the threads of the current pool, so that what needs all of them finds them done.
pub fn parse_package(db: &Database, package: Package) {
    let files: Vec<SourceFile> = package.files(db).values().copied().collect();
    files.into_par_iter().for_each_with(db.clone(), |db, file| {
        file_items(db, file);
    });
}

fn import_allow(allow: &ordain_syntax::ast::Allow) -> ImportAllow {
    let reason = allow.reason.as_text().unwrap_or_default().into();
    ImportAllow { code: allow.code.name.clone(), reason, at: allow.code.range }
}

fn lower_import(import: ordain_syntax::ast::Use) -> Import {
    let dotted = |path: &ordain_syntax::ast::Path| -> SmolStr {
        path.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(".").into()
    };
    Import {
        path: import.path.parts.iter().map(|part| part.name.clone()).collect(),
        alias: import.alias.map(|alias| alias.name),
        names: import.names.map(|names| {
            names.into_iter().map(|name| (dotted(&name.path), name.alias.map(|alias| alias.name))).collect()
        }),
    }
}

/// The finding for a file without text.
pub(crate) fn unreadable_finding(path: &SmolStr, content: &Content) -> Diagnostic {
    let start = TextRange::default();
    match content {
        Content::Text(_) => unreachable!("a text is readable"),
        Content::NotUtf8(offset) => {
            // The mark that UTF-16 begins with is no UTF-8, and little else is not from the start.
            let help =
                if *offset == 0 { "save the file as UTF-8; it may be in UTF-16" } else { "save the file as UTF-8" };
            Diagnostic::new(codes::NOT_UTF8, path.clone(), start, format!("not UTF-8 from byte {offset} on")).help(help)
        }
        Content::TooLarge { bytes, most } => {
            let what = if *most == MAX_SOURCE_BYTES as u64 { "source" } else { "data file" };
            let message = format!("{bytes} bytes are more than the {most} a {what} may have");
            Diagnostic::new(codes::SOURCE_TOO_LARGE, path.clone(), start, message).help("split the file")
        }
        Content::Unreadable(reason) => {
            Diagnostic::new(codes::UNREADABLE_FILE, path.clone(), start, format!("cannot be read: {reason}"))
        }
    }
}

fn syntax_finding(path: &SmolStr, error: ordain_syntax::SyntaxError) -> Diagnostic {
    let mut finding = Diagnostic::new(error.code, path.clone(), error.range, error.message);
    if let Some(label) = error.label {
        finding = finding.label(label);
    }
    if let Some(help) = error.help {
        finding = finding.help(help);
    }
    for (range, message) in error.related {
        finding = finding.related(path.clone(), range, message);
    }
    if let Some((title, range, text, safe)) = error.fix {
        finding = finding.fix(title, range, text, safe);
    }
    finding
}

fn misuse_finding(path: &SmolStr, misuse: Misuse) -> Diagnostic {
    match misuse {
        Misuse::Repeated { clause, first, again } => {
            Diagnostic::new(codes::REPEATED_CLAUSE, path.clone(), again, format!("`{clause}` is given twice"))
                .related(path.clone(), first, "first given here")
                .help("keep one of the two")
        }
        Misuse::Missing { clause, of, name, example } => {
            let article = if clause.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            Diagnostic::new(
                codes::MISSING_CLAUSE,
                path.clone(),
                name,
                format!("{of} needs {article} `{clause}` clause"),
            )
            .help(format!("add one, such as `{example}`"))
        }
        Misuse::Misplaced { clause, of, range } => {
            let message = format!("`{clause}` has no meaning after {of}");
            Diagnostic::new(codes::MISPLACED_CLAUSE, path.clone(), range, message).help("put it on the steps inside")
        }
        Misuse::NotAtTop { clause, block, range } => {
            let message = format!("`{clause}` stands at the top of a plan, not in {block}");
            Diagnostic::new(codes::MISPLACED_CLAUSE, path.clone(), range, message)
                .help("move it out of the block; it holds for the whole plan")
        }
        Misuse::Foreign { clause, range, help } => {
            let place =
                if clause == "with" { "whose rules are its own" } else { "whose rules are in another language" };
            let message = format!("`{clause}` has no meaning in a policy {place}");
            Diagnostic::new(codes::MISPLACED_CLAUSE, path.clone(), range, message).help(help)
        }
        Misuse::NoOutcome { name } => {
            Diagnostic::new(codes::INCOMPLETE_POLICY, path.clone(), name, "the policy can decide nothing")
                .help("add an outcome, such as `deny \"…\"` or `require approval from sre count 2`")
        }
    }
}
