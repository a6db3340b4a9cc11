//! Sources that end too early, at every byte: a finding or a smaller package, never a crash.
//!
//! A process for each of some ten thousand texts would take an hour, so the texts of a source become the modules of one
//! package, each cut at another byte.

use std::collections::BTreeSet;
use std::fs;

use crate::package::{Package, example};

/// Two sources that hold most of the language, between them.
const SOURCES: [(&str, &str); 2] = [("shop", "site.ord"), ("montage", "main.ord")];

/// The package whose module `cut_N` is the first `N` bytes of a source. The modules that the source imports are there,
/// too, so that what remains of it means what it meant.
fn cut_at_every_byte(name: &str, source: &str) -> (Package, usize) {
    let package = Package::example(name);
    let bytes = fs::read(example(name).join(source)).unwrap();
    for end in 0..bytes.len() {
        package.write(&format!("cut_{end}.ord"), &bytes[..end]);
    }
    (package, bytes.len())
}

#[test]
fn a_source_may_end_at_every_byte() {
    for (name, source) in SOURCES {
        let (package, count) = cut_at_every_byte(name, source);
        let run = package.run(&["check", "--format", "short"]).exits(1);
        let text = run.text() + &run.stderr;
        let faulty: BTreeSet<&str> =
            text.lines().filter_map(|line| line.split_once(".ord:")).map(|(file, _)| file).collect();
        let faulty = faulty.iter().filter(|file| file.starts_with("cut_")).count();
        // A cut inside of a comment or between two declarations leaves a sound source.
        assert!(faulty > count / 2, "{source}: only {faulty} of {count} have findings");
        // What cannot be parsed cannot be formatted, and is named.
        package.run(&["fmt", "--check"]).exits(2).says("cut_");
    }
}
