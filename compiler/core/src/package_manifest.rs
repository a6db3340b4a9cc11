//! Manifests: `ordain.toml`.

use std::collections::BTreeMap;

use ordain_diagnostics::{Diagnostic, TextRange, codes};
use smol_str::SmolStr;

use crate::db::{Content, Db, Package};
use crate::similar;

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The package's name.
    pub name: SmolStr,
    /// Where the manifest says so; `None` where it gives no name, or none that can be one.
    pub name_range: Option<TextRange>,
    /// Its version (SemVer).
    pub version: SmolStr,
    /// What it is for.
    pub description: Option<SmolStr>,
    /// The packages it depends on, by the name its sources use.
    pub dependencies: BTreeMap<SmolStr, Dependency>,
}

/// A dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its folder, relative to this package's.
    pub path: SmolStr,
    /// Where the manifest says so.
    pub range: TextRange,
}

/// A manifest and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedManifest {
    /// What could be read of it, defaults for the rest.
    pub manifest: Manifest,
    /// The findings.
    pub findings: Vec<Diagnostic>,
}

/// The manifest of a package.
#[salsa::tracked]
pub fn manifest(db: &dyn Db, package: Package) -> ParsedManifest {
    let path = package.manifest_path(db);
    match package.manifest(db) {
        Content::Text(text) => parse_manifest(path, text),
        unreadable => ParsedManifest {
            manifest: Manifest::unnamed(),
            findings: vec![crate::items::unreadable_finding(path, unreadable)],
        },
    }
}

impl Manifest {
    fn unnamed() -> Self {
        Self {
            name: "package".into(),
            name_range: None,
            version: "0.0.0".into(),
            description: None,
            dependencies: BTreeMap::new(),
        }
    }
}

/// Reads a manifest's text. Its loader uses this too, to find the dependencies.
pub fn parse_manifest(path: &SmolStr, text: &str) -> ParsedManifest {
    let mut reader = Reader { path, findings: Vec::new() };
    let mut manifest = Manifest::unnamed();
    match toml_span::parse(text) {
        Ok(mut root) => {
            if let toml_span::value::ValueInner::Table(table) = root.take() {
                reader.root(table, &mut manifest);
            }
        }
        Err(error) => {
            let range = range(error.span);
            reader.findings.push(Diagnostic::new(codes::INVALID_MANIFEST, path.clone(), range, format!("{error}")));
        }
    }
    ParsedManifest { manifest, findings: reader.findings }
}

fn range(span: toml_span::Span) -> TextRange {
    TextRange::new(span.start as u32, span.end as u32)
}

struct Reader<'a> {
    path: &'a SmolStr,
    findings: Vec<Diagnostic>,
}

type Table<'de> = toml_span::value::Table<'de>;

impl Reader<'_> {
    fn root(&mut self, root: Table<'_>, manifest: &mut Manifest) {
        let mut named = false;
        for (key, mut value) in root {
            let inner = value.take();
            match (key.name.as_ref(), inner) {
                ("package", toml_span::value::ValueInner::Table(table)) => {
                    named = true;
                    self.package(table, range(value.span), manifest);
                }
                ("dependencies", toml_span::value::ValueInner::Table(table)) => self.dependencies(table, manifest),
                ("package" | "dependencies", _) => self.wrong(range(value.span), &key.name, "a table"),
                (other, _) => self.unknown(range(key.span), other, &["package", "dependencies"]),
            }
        }
        if !named {
            let message = "the manifest has no `[package]` table";
            let finding = Diagnostic::new(codes::INVALID_MANIFEST, self.path.clone(), TextRange::default(), message)
                .help("begin it with `[package]`, a `name` and a `version`");
            self.findings.push(finding);
        }
    }

    fn package(&mut self, table: Table<'_>, whole: TextRange, manifest: &mut Manifest) {
        let mut named = false;
        for (key, mut value) in table {
            let at = range(value.span);
            let text = match value.take() {
                toml_span::value::ValueInner::String(text) => Some(SmolStr::from(text.as_ref())),
                _ => None,
            };
            match (key.name.as_ref(), text) {
                ("name", Some(name)) => {
                    named = true;
                    // The standard library itself comes with the binary, under a path no package has.
                    if is_package_name(&name) || self.path == "std/ordain.toml" {
                        manifest.name = name;
                        manifest.name_range = Some(at);
                    } else {
                        let message = format!("`{name}` cannot be the name of a package");
                        let finding = Diagnostic::new(codes::INVALID_MANIFEST, self.path.clone(), at, message)
                            .help("begin with a lower-case letter and use `a-z`, `0-9` and `_`; `std` is taken");
                        self.findings.push(finding);
                    }
                }
                ("version", Some(version)) => match semver::Version::parse(&version) {
                    Ok(_) => manifest.version = version,
                    Err(_) => self.wrong(at, "version", "a version such as \"0.1.0\""),
                },
                ("description", Some(text)) => manifest.description = Some(text),
                ("name" | "version" | "description", None) => self.wrong(at, &key.name, "a string"),
                (other, _) => self.unknown(range(key.span), other, &["name", "version", "description"]),
            }
        }
        if !named {
            let finding =
                Diagnostic::new(codes::INVALID_MANIFEST, self.path.clone(), whole, "the package has no `name`");
            self.findings.push(finding);
        }
    }

    fn dependencies(&mut self, table: Table<'_>, manifest: &mut Manifest) {
        for (key, mut value) in table {
            let at = range(value.span);
            let toml_span::value::ValueInner::Table(fields) = value.take() else {
                self.wrong(at, &key.name, "a table such as `{ path = \"../other\" }`");
                continue;
            };
            if !is_package_name(&key.name) {
                self.wrong(range(key.span), &key.name, "a name that a source can write");
                continue;
            }
            let mut path = None;
            for (field, mut value) in fields {
                match (field.name.as_ref(), value.take()) {
                    ("path", toml_span::value::ValueInner::String(text)) => path = Some(SmolStr::from(text.as_ref())),
                    ("path", _) => self.wrong(range(value.span), "path", "a string"),
                    (other, _) => self.unknown(range(field.span), other, &["path"]),
                }
            }
            match path {
                Some(path) => {
                    manifest.dependencies.insert(key.name.as_ref().into(), Dependency { path, range: at });
                }
                None => self.wrong(at, &key.name, "a table with a `path`"),
            }
        }
    }

    fn wrong(&mut self, at: TextRange, key: &str, expected: &str) {
        let message = format!("`{key}` must be {expected}");
        self.findings.push(Diagnostic::new(codes::INVALID_MANIFEST, self.path.clone(), at, message));
    }

    fn unknown(&mut self, at: TextRange, key: &str, known: &[&str]) {
        let mut finding =
            Diagnostic::new(codes::UNKNOWN_MANIFEST_KEY, self.path.clone(), at, format!("unknown key `{key}`"));
        finding = match similar::best(key, known.iter().copied()) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")).fix(
                format!("replace with `{similar}`"),
                at,
                similar.as_str(),
                false,
            ),
            None => finding.help(format!("known here: {}", known.join(", "))),
        };
        self.findings.push(finding);
    }
}

/// Whether a name can be that of a package: an identifier in lower case, other than `std`.
fn is_package_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name != "std"
}
