//! Real files that others wrote, from the folder that `ORDAIN_CORPUS` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ordain_data::{Format, line_column, parse, parse_yaml_documents};

const FOLDERS: [&str; 4] = ["terraform-plans", "dags-scientific", "dags-argo", "github-workflows"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// What the file gives: the number of its documents, or what is wrong with it.
fn outcome(format: Format, bytes: &[u8]) -> Result<usize, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("no UTF-8 from byte {} on", error.valid_up_to()))?;
    let documents = match format {
        Format::Yaml => parse_yaml_documents(text).map(|documents| documents.len()),
        format => parse(format, text).map(|_| 1),
    };
    documents.map_err(|error| {
        let (line, column) = line_column(text, error.range.start);
        format!("{line}:{column}: {error}")
    })
}

#[test]
fn every_file_is_read_or_refused() {
    let Some(corpus) = std::env::var_os("ORDAIN_CORPUS") else {
        println!("skipped: ORDAIN_CORPUS is not set");
        return;
    };
    let mut read: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for folder in FOLDERS {
        let mut paths = Vec::new();
        files(&Path::new(&corpus).join(folder), &mut paths);
        paths.sort();
        for path in paths {
            let format = match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => Format::Json,
                Some("yaml" | "yml") => Format::Yaml,
                _ => continue,
            };
            let bytes = std::fs::read(&path).expect("the file can be read");
            let counts = read.entry(folder).or_default();
            match outcome(format, &bytes) {
                Ok(_) => counts.0 += 1,
                Err(message) => {
                    counts.1 += 1;
                    println!("refused {}: {message}", path.strip_prefix(&corpus).unwrap_or(&path).display());
                    let other = format == Format::Json
                        && std::str::from_utf8(&bytes)
                            .is_ok_and(|text| serde_json::from_str::<serde_json::Value>(text).is_ok());
                    assert!(!other || message.contains("given twice"), "another reader takes {}", path.display());
                }
            }
        }
    }
    for (folder, (sound, refused)) in &read {
        println!("{folder}: {sound} read, {refused} refused");
        assert!(sound > refused, "{folder}");
    }
    assert_eq!(read.len(), FOLDERS.len(), "a folder has no files");
}
