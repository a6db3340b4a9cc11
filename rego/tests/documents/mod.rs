//! Documents of any format as JSON, and the folder of the corpus.

use std::path::{Path, PathBuf};

use ordain_data::{Format, Node, NodeKind, parse, parse_yaml_documents};
use serde_json::{Map, Value};

/// The folder that `ORDAIN_CORPUS` names; says that a test is skipped where it does not.
pub fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("ORDAIN_CORPUS").filter(|folder| !folder.is_empty());
    if folder.is_none() {
        println!("skipped: ORDAIN_CORPUS is not set");
    }
    folder.map(PathBuf::from)
}

/// The documents of a file; none where the format is not read.
pub fn documents(path: &Path) -> Option<Vec<Value>> {
    let format = Format::of_path(&path.to_string_lossy())?;
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = match format {
        Format::Yaml => parse_yaml_documents(&text),
        format => parse(format, &text).map(|node| vec![node]),
    };
    Some(read.unwrap_or_else(|error| panic!("{}: {error}", path.display())).iter().map(json).collect())
}

/// The one document of a file.
pub fn document(path: &Path) -> Value {
    let mut documents = documents(path).unwrap_or_else(|| panic!("{}: the format is not read", path.display()));
    assert_eq!(documents.len(), 1, "{}", path.display());
    documents.remove(0)
}

fn json(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(truth) => Value::Bool(*truth),
        NodeKind::Int(number) => Value::from(*number),
        NodeKind::Decimal(number) => number.to_string().parse().expect("a decimal is a number of JSON"),
        NodeKind::BigNumber(text) | NodeKind::String(text) => Value::from(text.as_str()),
        NodeKind::List(items) => items.iter().map(json).collect(),
        NodeKind::Map(entries) => {
            Value::Object(entries.iter().map(|(key, node)| (key.name.to_string(), json(node))).collect::<Map<_, _>>())
        }
    }
}
