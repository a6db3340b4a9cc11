//! What the name of a file says about its format.

use crate::parse::Format;

impl Format {
    /// The format of a file, by its name and extension; none where they do not tell.
    ///
    /// Parts of the path are separated by `/`. Names and extensions are compared without regard to ASCII case. A file
    /// whose whole name is an extension, such as `.env`, counts as having it, and so does `.env.production`.
    ///
    /// ```
    /// use ordain_data::Format;
    ///
    /// assert_eq!(Format::of_path("network/main.tf"), Some(Format::Hcl));
    /// assert_eq!(Format::of_path("Dockerfile"), Some(Format::Dockerfile));
    /// assert_eq!(Format::of_path("notes.txt"), None);
    /// ```
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if matches!(name.as_str(), "dockerfile" | "containerfile")
            || name.starts_with("dockerfile.")
            || name.starts_with("containerfile.")
        {
            return Some(Self::Dockerfile);
        }
        if name.starts_with(".env.") {
            return Some(Self::Dotenv);
        }
        match name.as_str() {
            "cargo.lock" | "poetry.lock" | "pipfile" | "uv.lock" => return Some(Self::Toml),
            ".editorconfig" | ".gitconfig" | ".gitmodules" | ".npmrc" => return Some(Self::Ini),
            _ => {}
        }
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension {
            "json" | "tfstate" | "sarif" | "geojson" | "webmanifest" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            "csv" => Self::Csv,
            "tf" | "tfvars" | "hcl" | "nomad" => Self::Hcl,
            "env" => Self::Dotenv,
            "ini" | "cfg" => Self::Ini,
            "properties" => Self::Properties,
            "xml" | "xsd" | "svg" | "pom" | "csproj" | "props" | "plist" => Self::Xml,
            "md" | "markdown" => Self::FrontMatter,
            "dockerfile" => Self::Dockerfile,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn tells_by_name_and_extension() {
        for (path, expected) in [
            ("a/b/plan.json", Some(Format::Json)),
            ("a/.github/workflows/CI.YML", Some(Format::Yaml)),
            ("Cargo.toml", Some(Format::Toml)),
            ("rows.csv", Some(Format::Csv)),
            ("main.tf", Some(Format::Hcl)),
            ("prod.auto.tfvars", Some(Format::Hcl)),
            ("main.tf.json", Some(Format::Json)),
            (".env", Some(Format::Dotenv)),
            ("deploy/.env.production", Some(Format::Dotenv)),
            ("sample.env", Some(Format::Dotenv)),
            ("setup.cfg", Some(Format::Ini)),
            ("log4j.properties", Some(Format::Properties)),
            ("pom.xml", Some(Format::Xml)),
            ("docs/README.md", Some(Format::FrontMatter)),
            ("images/web/Dockerfile", Some(Format::Dockerfile)),
            ("Dockerfile.test", Some(Format::Dockerfile)),
            ("web.dockerfile", Some(Format::Dockerfile)),
            ("", None),
            ("json", None),
            ("a.tf/readme", None),
            ("x.txt", None),
            ("ü.", None),
        ] {
            assert_eq!(Format::of_path(path), expected, "{path}");
        }
    }
}
