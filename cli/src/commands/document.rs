//! Documents that are named on the command line.

use std::io::{self, Read as _};
use std::path::Path;

use ordain_compiler::{Content, DataFile, DataFormat, DocumentError, MAX_DATA_BYTES};
use ordain_loader::Workspace;
use smol_str::SmolStr;

use crate::Failure;
use crate::args::FindingsFormat;
use crate::output::findings::{self, Texts};

/// What stands for the standard input.
const STDIN: &str = "-";

/// The type of what has none: anything, with safe access.
const UNTYPED: &str = "Json";

/// A document as it is named: `[NAME=]FILE[:TYPE]`.
pub(crate) struct Named<'a> {
    /// Its name in the expression.
    pub(crate) name: &'a str,
    /// Its file, or `-`.
    pub(crate) file: &'a str,
    /// Its type, as written.
    pub(crate) ty: &'a str,
}

impl<'a> Named<'a> {
    /// Takes a text apart. A file of the whole name is meant where there is one.
    pub(crate) fn parse(text: &'a str) -> Self {
        let (name, rest) = match text.split_once('=') {
            Some((name, rest)) if is_name(name) && !Path::new(text).exists() => (name, rest),
            _ => ("input", text),
        };
        let (file, ty) = match split_type(rest) {
            Some((file, ty)) if !Path::new(rest).exists() => (file, ty),
            _ => (rest, UNTYPED),
        };
        Self { name, file, ty }
    }

    /// Reads it into the database of a package, and its text into those that findings point into.
    pub(crate) fn read(
        &self,
        workspace: &Workspace,
        format: Option<&str>,
        texts: &mut Texts,
    ) -> Result<(DataFile, DataFormat), Failure> {
        let known = DataFormat::names().collect::<Vec<_>>().join(", ");
        let format = match format {
            Some(name) => DataFormat::named(name)
                .ok_or_else(|| Failure(format!("there is no format `{name}`; there are {known}")))?,
            None if self.file == STDIN => DataFormat::Json,
            None => DataFormat::of_file(self.file).ok_or_else(|| {
                let shown = self.file;
                Failure(format!("`{shown}`: its name tells no format; name one with `--input-format`: {known}"))
            })?,
        };
        let content = match read(self.file) {
            Err(error) => return Err(Failure(format!("`{}`: {error}", self.file))),
            Ok(content) => content,
        };
        let path: SmolStr = if self.file == STDIN { "stdin".into() } else { self.file.into() };
        if let Content::Text(text) = &content {
            texts.insert(path.to_string(), text.clone());
        }
        Ok((DataFile::new(&workspace.db, path.clone(), path, content), format))
    }

    /// Shows why it cannot be had; what is wrong on the command line is a failure.
    pub(crate) fn show(&self, error: DocumentError, texts: &Texts, format: &FindingsFormat) -> Result<(), Failure> {
        match error {
            DocumentError::Type { message, help } => {
                let help = help.map_or_else(String::new, |help| format!("\n  {help}"));
                Err(Failure(format!("`{}`: {message}{help}", self.file)))
            }
            DocumentError::Data(finding) => Ok(findings::show(&[*finding], texts, format)?),
        }
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The file and the type of `FILE:TYPE`. Names of files may hold colons, and types may: the first colon counts that a
/// file stands in front of, or else the first of all.
fn split_type(text: &str) -> Option<(&str, &str)> {
    let starts = |ty: &str| ty.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '{' | '['));
    let mut splits = text.match_indices(':').map(|(at, _)| (&text[..at], &text[at + 1..])).filter(|(_, ty)| starts(ty));
    let first = splits.clone().next()?;
    Some(splits.find(|(file, _)| *file == STDIN || Path::new(file).exists()).unwrap_or(first))
}

/// What a file holds, or the standard input for `-`. One that is too large is not read.
pub(super) fn read(file: &str) -> io::Result<Content> {
    let limit = MAX_DATA_BYTES as u64;
    let mut bytes = Vec::new();
    if file == STDIN {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
    } else {
        let metadata = std::fs::metadata(file)?;
        if metadata.is_dir() {
            return Err(io::Error::other("it is a folder"));
        }
        if metadata.len() > limit {
            return Ok(Content::TooLarge { bytes: metadata.len(), most: limit });
        }
        // A pipe says nothing of its length.
        std::fs::File::open(file)?.take(limit + 1).read_to_end(&mut bytes)?;
    }
    Ok(Content::from_bytes(bytes, MAX_DATA_BYTES))
}
