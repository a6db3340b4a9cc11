//! What requests are answered from: everything as it was at one moment.

use std::sync::Arc;

use ordain_compiler::{Content, Database, Package, SourceFile, Text};
use ordain_diagnostics::TextRange;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tower_lsp::ls_types::{Location, Position, Range, Uri};

use super::{Client, Documents, Publisher, Settings, standard};
use crate::text::{Encoding, Lines, path_of, uri_of};

/// Everything as it was at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) db: Database,
    pub(crate) documents: Arc<Documents>,
    pub(crate) files: Arc<FxHashMap<SmolStr, SourceFile>>,
    /// The packages with sources of their own.
    pub(crate) packages: Vec<Package>,
    pub(crate) std: Package,
    /// The packages with their folders.
    pub(crate) folders: Vec<(Package, String)>,
    pub(crate) client: Arc<Client>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) publisher: Publisher,
    /// The file that something is completed in.
    pub(crate) scratch: Option<SourceFile>,
}

/// A source and its text.
pub(crate) struct File {
    /// The source.
    pub(crate) source: SourceFile,
    /// Its path.
    pub(crate) path: SmolStr,
    /// Its text.
    pub(crate) text: Text,
    /// The text's lines.
    pub(crate) lines: Lines,
    encoding: Encoding,
}

impl File {
    /// The offset of a position.
    pub(crate) fn offset(&self, position: Position) -> u32 {
        self.lines.offset(&self.text, position, self.encoding)
    }

    /// The offsets of a range.
    pub(crate) fn offsets(&self, range: Range) -> TextRange {
        self.lines.offsets(&self.text, range, self.encoding)
    }

    /// A range as positions.
    pub(crate) fn range(&self, range: TextRange) -> Range {
        self.lines.range(&self.text, range, self.encoding)
    }

    /// What stands in a range.
    pub(crate) fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

impl Snapshot {
    /// The source that a document is.
    pub(crate) fn file(&self, uri: &Uri) -> Option<File> {
        self.file_at(&standard::inverse(&path_of(uri)))
    }

    /// The source at one of the compiler's paths.
    pub(crate) fn file_at(&self, path: &str) -> Option<File> {
        let source = *self.files.get(path)?;
        Some(self.file_of(source))
    }

    /// A source with its text.
    pub(crate) fn file_of(&self, source: SourceFile) -> File {
        let path = source.path(&self.db).clone();
        let text = match source.content(&self.db) {
            Content::Text(text) => text.clone(),
            _ => Text::default(),
        };
        let lines = match self.documents.get(&path) {
            Some(document) if *document.text == *text => document.lines.clone(),
            _ => Lines::new(&text),
        };
        File { source, path, text, lines, encoding: self.client.encoding }
    }

    /// The client's name for one of the compiler's paths.
    pub(crate) fn uri(&self, path: &str) -> Option<Uri> {
        match self.documents.get(path) {
            Some(document) => Some(document.uri.clone()),
            None => uri_of(&standard::openable(path)?),
        }
    }

    /// A range of one of the compiler's files.
    pub(crate) fn location(&self, path: &str, range: TextRange) -> Option<Location> {
        Some(Location { uri: self.uri(path)?, range: self.range_in(path, range)? })
    }

    /// A range of one of the compiler's files, data and manifests among them, as positions.
    pub(crate) fn range_in(&self, path: &str, range: TextRange) -> Option<Range> {
        if let Some(file) = self.file_at(path) {
            return Some(file.range(range));
        }
        let text = self.other_text(path)?;
        Some(Lines::new(text).range(text, range, self.client.encoding))
    }

    /// The text of a manifest or data file.
    fn other_text(&self, path: &str) -> Option<&Text> {
        let contents = self.packages.iter().flat_map(|package| {
            let manifest = (*package.manifest_path(&self.db) == path).then(|| package.manifest(&self.db));
            let data = package.data(&self.db).values().filter(move |data| *data.path(&self.db) == path);
            manifest.into_iter().chain(data.map(|data| data.content(&self.db)))
        });
        contents.into_iter().find_map(|content| match content {
            Content::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The day on which exemptions are judged: today.
    pub(crate) fn today(&self) -> Option<ordain_graph::Date> {
        let text = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        match ordain_graph::Value::parse_date(&text) {
            Some(ordain_graph::Value::Date(date)) => Some(date),
            _ => None,
        }
    }
}
