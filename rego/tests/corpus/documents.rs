//! Documents of any format as JSON, and the folder of the corpus.

use std::path::{Path, PathBuf};

use ordain_compiler::document_json;
use ordain_data::{Format, NodeKind, line_column, parse};
use serde_json::Value;

use crate::skipping::skipped;

/// The folder that `ORDAIN_CORPUS` names; says that a test is skipped where it does not.
pub fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        skipped("ORDAIN_CORPUS is not set");
    }
    folder.map(PathBuf::from)
}

/// The documents of a file, or why it has none.
pub fn documents(path: &Path) -> Result<Vec<Value>, String> {
    let format = Format::of_path(&path.to_string_lossy()).ok_or("the format is not read")?;
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let stream = format == Format::Yaml;
    let format = if stream { Format::YamlDocuments } else { format };
    let root = parse(format, &text).map_err(|error| {
        let (line, column) = line_column(&text, error.range.start);
        format!("{line}:{column}: {error}")
    })?;
    let nodes = match root.kind {
        NodeKind::List(nodes) if stream => nodes,
        _ => vec![root],
    };
    Ok(nodes.iter().map(document_json).collect())
}

/// The one document of a file.
pub fn document(path: &Path) -> Value {
    let mut documents = documents(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(documents.len(), 1, "{}", path.display());
    documents.remove(0)
}
