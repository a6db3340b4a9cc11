//! Each `name.ord` of the fixtures has its expected text beside it in `name.formatted.ord`. Run with
//! `UPDATE_FIXTURES=1` to write the expected texts anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tree;

/// The inputs, without the expected texts.
pub fn inputs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format");
    let mut inputs: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of fixtures exists")
        .map(|entry| entry.expect("an entry of the folder can be read").path())
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(".ord") && !path.ends_with(".formatted.ord")))
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn every_fixture_is_formatted_as_expected() {
    let mut wrong = Vec::new();
    for input in inputs() {
        println!("{}", input.display());
        let text = fs::read_to_string(&input).expect("a fixture can be read");
        let formatted = tree::check(&text);
        let expected = input.with_extension("formatted.ord");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&expected, &formatted).expect("an expected text can be written");
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&formatted) {
            wrong.push(format!("--- {}\n{formatted}", input.display()));
        }
    }
    assert!(wrong.is_empty(), "formatted otherwise than expected:\n{}", wrong.join("\n"));
}
