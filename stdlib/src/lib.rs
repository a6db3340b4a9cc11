//! The standard library, as sources inside the binary.
//!
//! The sources stand beside this crate's manifest in `std/`, one file a module; a test checks that none is forgotten.

/// Every module: its path below `std/`, and its text.
pub const FILES: &[(&str, &str)] = &[
    ("cloud.ord", include_str!("../std/cloud.ord")),
    ("cluster.ord", include_str!("../std/cluster.ord")),
    ("command.ord", include_str!("../std/command.ord")),
    ("decision.ord", include_str!("../std/decision.ord")),
    ("file.ord", include_str!("../std/file.ord")),
    ("git.ord", include_str!("../std/git.ord")),
    ("github.ord", include_str!("../std/github.ord")),
    ("governance.ord", include_str!("../std/governance.ord")),
    ("http.ord", include_str!("../std/http.ord")),
    ("kubernetes.ord", include_str!("../std/kubernetes.ord")),
    ("registry.ord", include_str!("../std/registry.ord")),
    ("risk.ord", include_str!("../std/risk.ord")),
    ("terraform.ord", include_str!("../std/terraform.ord")),
    ("types.ord", include_str!("../std/types.ord")),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn every_source_is_listed_in_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("std");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder can be read")
            .map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        let listed: Vec<&str> = super::FILES.iter().map(|(path, _)| *path).collect();
        assert_eq!(listed, found);
    }
}
