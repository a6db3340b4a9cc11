//! Documents that somebody gives from outside, read as a type: `ordain eval --input`, `ordain policy explain --input`.

use ordain_diagnostics::{Diagnostic, codes};
use ordain_graph::Value;
use smol_str::SmolStr;

use super::data::Source;
use super::{Evaluator, Fault};
use crate::db::{DataFile, Db};
use crate::items::Item;
use crate::types::{Anchor, DataFormat, Ty, lone_type};

/// A document with the type it was read as.
#[derive(Clone, Debug)]
pub struct InputDocument<'db> {
    pub(crate) ty: Ty<'db>,
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// Why a document cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// The text that names its type names none.
    Type {
        /// What is wrong with it.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// The document is not what its type says, at the place in it.
    Data(Box<Diagnostic>),
}

impl<'db> InputDocument<'db> {
    /// What it holds.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Its type, as users write it.
    pub fn ty(&self, db: &'db dyn Db) -> String {
        self.ty.display(db)
    }

    /// The path of its file.
    pub fn path(&self, db: &'db dyn Db) -> &'db SmolStr {
        self.source.file.path(db)
    }
}

/// Reads a file as a type, written as in a source, with the names in scope that an item's file has.
///
/// # Errors
/// There is no such type, or the file does not hold what it says.
pub fn read_document<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    file: DataFile,
    format: DataFormat,
    ty: &str,
) -> Result<InputDocument<'db>, DocumentError> {
    let ty = lone_type(db, item, ty)
        .map_err(|finding| DocumentError::Type { message: finding.message, help: finding.help })?;
    read_document_as(db, item, file, format, ty)
}

/// As [`read_document`], where the type is known.
pub(crate) fn read_document_as<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    file: DataFile,
    format: DataFormat,
    ty: Ty<'db>,
) -> Result<InputDocument<'db>, DocumentError> {
    let package = item.file(db).package(db);
    let value = Evaluator::new(db).read_file(package, file, format, &ty).map_err(|fault| {
        let found = match *fault {
            Fault::Data(diagnostic) => return DocumentError::Data(diagnostic),
            // A default of the type cannot be had.
            other => other.locate(db),
        };
        let (path, range) = Anchor::name_of(item).locate(db);
        let silent = || Diagnostic::new(codes::NOT_KNOWN_YET, path, range, "the type of the document has errors");
        DocumentError::Data(Box::new(found.unwrap_or_else(silent)))
    })?;
    Ok(InputDocument { ty, value, source: Source { file, format } })
}
