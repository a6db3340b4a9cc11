//! Paths of data files that stand for several: `decisions/*.md`.

use globset::{GlobBuilder, GlobMatcher};

/// A path with `*` for a part of a name, or `**` for any folders.
#[derive(Clone, Debug)]
pub struct DataPattern {
    matcher: GlobMatcher,
    folder: String,
}

impl DataPattern {
    /// The pattern that a path is; `None` for one that names a single file.
    pub fn of(path: &str) -> Option<Self> {
        let star = path.find('*')?;
        // Nothing but stars has a meaning of its own: names of files may hold brackets and braces.
        let glob = path.split('*').map(globset::escape).collect::<Vec<_>>().join("*");
        let matcher = GlobBuilder::new(&glob).literal_separator(true).build().ok()?.compile_matcher();
        let folder = path[..star].rfind('/').map_or("", |end| &path[..end]);
        Some(Self { matcher, folder: folder.to_owned() })
    }

    /// Whether it stands for a file, too.
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }

    /// The folder that all files are below; empty for that of the package.
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_names_and_folders() {
        assert!(DataPattern::of("decisions/0001.md").is_none());
        for (pattern, folder, yes, no) in [
            ("decisions/*.md", "decisions", "decisions/0001.md", "decisions/old/0001.md"),
            ("a/**/x-*.yaml", "a", "a/b/c/x-1.yaml", "a/b/c/y-1.yaml"),
            ("a/**/x-*.yaml", "a", "a/x-1.yaml", "b/x-1.yaml"),
            ("*/[a].json", "", "b/[a].json", "b/a.json"),
            (".github/workflows/*.yml", ".github/workflows", ".github/workflows/ci.yml", ".github/ci.yml"),
        ] {
            let found = DataPattern::of(pattern).expect("it has a star");
            assert_eq!(found.folder(), folder);
            assert!(found.matches(yes), "{pattern} {yes}");
            assert!(!found.matches(no), "{pattern} {no}");
        }
    }
}
