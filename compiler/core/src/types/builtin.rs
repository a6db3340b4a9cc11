//! What the language brings along: built-in types and the types of built-in functions.

use std::sync::Arc;

use ordain_graph::Function;

use super::Ty;
use crate::db::Db;

/// The names of the built-in types.
pub(crate) const TYPE_NAMES: &[&str] = &[
    "Bool", "Bytes", "Date", "Decimal", "Digest", "Duration", "Int", "Json", "List", "Map", "Ref", "Secret", "SemVer",
    "Set", "String", "Url",
];

/// A format of data files that sources can read: `json("…")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataFormat {
    /// RFC 8259
    Json,
    /// YAML 1.2
    Yaml,
    /// A stream of YAML documents
    YamlDocuments,
    /// TOML 1.0
    Toml,
    /// RFC 4180, with a header
    Csv,
    /// HCL 2, as Terraform's sources are written in
    Hcl,
    /// INI
    Ini,
    /// Environment files: `NAME=value`
    Dotenv,
    /// Java properties
    Properties,
    /// XML 1.0
    Xml,
    /// The head of a Markdown file
    FrontMatter,
    /// Markdown, with its head
    Markdown,
    /// Dockerfiles
    Dockerfile,
}

impl DataFormat {
    /// All formats, with the names of the functions that read them.
    const ALL: [(&'static str, Self); 13] = [
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("yaml_documents", Self::YamlDocuments),
        ("toml", Self::Toml),
        ("csv", Self::Csv),
        ("hcl", Self::Hcl),
        ("ini", Self::Ini),
        ("dotenv", Self::Dotenv),
        ("properties", Self::Properties),
        ("xml", Self::Xml),
        ("front_matter", Self::FrontMatter),
        ("markdown", Self::Markdown),
        ("dockerfile", Self::Dockerfile),
    ];

    /// The names of the functions that read data.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(name, _)| name)
    }

    /// The format that a function of this name reads.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, format)| format)
    }

    /// The format that a file's name tells, as such files are commonly named.
    pub fn of_file(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        Some(match extension {
            _ if name.starts_with(".env") => Self::Dotenv,
            _ if name.starts_with("dockerfile") || name.starts_with("containerfile") => Self::Dockerfile,
            Some("json" | "sarif" | "tfstate") => Self::Json,
            Some("yaml" | "yml") => Self::Yaml,
            Some("hcl" | "tfvars") => Self::Hcl,
            Some("cfg" | "conf") => Self::Ini,
            Some("markdown") => Self::FrontMatter,
            Some(extension) => {
                Self::ALL.into_iter().map(|(_, format)| format).find(|each| each.extension() == extension)?
            }
            None => return None,
        })
    }

    /// What the names of its files commonly end in.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml | Self::YamlDocuments => "yaml",
            Self::Toml => "toml",
            Self::Csv => "csv",
            Self::Hcl => "tf",
            Self::Ini => "ini",
            Self::Dotenv => "env",
            Self::Properties => "properties",
            Self::Xml => "xml",
            Self::FrontMatter | Self::Markdown => "md",
            Self::Dockerfile => "dockerfile",
        }
    }
}

/// The function that names a secret.
pub(crate) const SECRET: &str = "secret";

/// The function that gives untyped data a type.
pub(crate) const TYPED: &str = "typed";

/// The built-in function of that name.
pub(crate) fn function(name: &str) -> Option<Function> {
    Function::ALL.iter().copied().find(|function| function.name() == name)
}

/// Whether a function only moves the elements of a collection around, so that they may be steps, too.
pub(crate) fn takes_handles(function: Function) -> bool {
    use Function as F;
    matches!(function, F::Len | F::First | F::Last | F::Keys | F::Values | F::Reverse | F::Flatten)
}

/// The type of a built-in function's result for arguments of these (peeled) types, or what it expects instead of the
/// argument at an index.
pub(crate) fn result<'db>(
    db: &'db dyn Db,
    function: Function,
    args: &[Ty<'db>],
) -> Result<Ty<'db>, (usize, &'static str)> {
    use Function as F;
    let peeled: Vec<Ty<'db>> = args.iter().map(|arg| arg.peel(db)).collect();
    if peeled.contains(&Ty::Error) {
        return Ok(Ty::Error);
    }
    let optional = |ty: Ty<'db>| match ty {
        already @ Ty::Optional(_) => already,
        ty => Ty::Optional(Arc::new(ty)),
    };
    let list = |ty: Ty<'db>| Ty::List(Arc::new(ty));
    let string_at = |index: usize| match peeled.get(index) {
        Some(Ty::String | Ty::Url) | None => Ok(()),
        Some(_) => Err((index, "String")),
    };
    let elements = |what: &'static str| match &peeled[0] {
        Ty::List(element) | Ty::Set(element) => Ok((**element).clone()),
        _ => Err((0, what)),
    };
    let bools = || match elements("List<Bool>")?.peel(db) {
        Ty::Bool | Ty::Error => Ok(()),
        _ => Err((0, "List<Bool>")),
    };
    Ok(match function {
        F::Len => match &peeled[0] {
            Ty::String | Ty::List(_) | Ty::Set(_) | Ty::Map(_) => Ty::Int,
            _ => return Err((0, "a string, list, set or map")),
        },
        F::Sum => match elements("a list of numbers")?.peel(db) {
            number @ (Ty::Int | Ty::Decimal | Ty::Bytes | Ty::Duration | Ty::Error) => number,
            _ => return Err((0, "a list of numbers, bytes or durations")),
        },
        F::Min | F::Max => {
            let element = elements("List<T>")?;
            if !element.is_ordered(db) {
                return Err((0, "a list of values that have an order"));
            }
            optional(element)
        }
        F::Any | F::All => {
            bools()?;
            Ty::Bool
        }
        F::Count => {
            bools()?;
            Ty::Int
        }
        F::First | F::Last => optional(elements("List<T>")?),
        F::Keys | F::Values => match &peeled[0] {
            Ty::Map(entry) => list(if function == F::Keys { entry.0.clone() } else { entry.1.clone() }),
            _ => return Err((0, "Map<K, V>")),
        },
        F::Get => match (&peeled[0], &peeled[1]) {
            (Ty::List(element), Ty::Int) => optional((**element).clone()),
            (Ty::List(_), _) => return Err((1, "Int")),
            (Ty::Map(entry), key) if super::coerce::fit(db, key, &entry.0).is_ok() => optional(entry.1.clone()),
            (Ty::Map(_), _) => return Err((1, "the type of the map's keys")),
            _ => return Err((0, "a map or a list")),
        },
        F::Sort => {
            let element = elements("List<T>")?;
            if !element.is_ordered(db) {
                return Err((0, "a list of values that have an order"));
            }
            list(element)
        }
        F::Reverse | F::Unique => list(elements("List<T>")?),
        F::Flatten => match elements("List<List<T>>")?.peel(db) {
            Ty::List(inner) => Ty::List(inner),
            Ty::Error => Ty::Error,
            _ => return Err((0, "List<List<T>>")),
        },
        F::SetOf => Ty::Set(Arc::new(elements("List<T>")?)),
        F::ListOf => match &peeled[0] {
            Ty::Set(element) => list((**element).clone()),
            _ => return Err((0, "Set<T>")),
        },
        F::Join => {
            match elements("List<String>")?.peel(db) {
                Ty::String | Ty::Error => {}
                _ => return Err((0, "List<String>")),
            }
            string_at(1)?;
            Ty::String
        }
        F::Split => {
            string_at(0)?;
            string_at(1)?;
            list(Ty::String)
        }
        F::Lower | F::Upper | F::Trim => {
            string_at(0)?;
            Ty::String
        }
        F::Replace => {
            (0..3).try_for_each(string_at)?;
            Ty::String
        }
        F::TrimPrefix | F::TrimSuffix => {
            (0..2).try_for_each(string_at)?;
            Ty::String
        }
        F::Find => {
            (0..2).try_for_each(string_at)?;
            optional(Ty::String)
        }
        F::ParseJson => {
            string_at(0)?;
            optional(Ty::Json)
        }
        F::JsonType => match peeled[0].peel_optional(db) {
            Ty::Json => Ty::String,
            _ => return Err((0, "Json")),
        },
        F::StartsWith | F::EndsWith | F::Matches => {
            (0..2).try_for_each(string_at)?;
            Ty::Bool
        }
        F::InNetwork => {
            (0..2).try_for_each(string_at)?;
            optional(Ty::Bool)
        }
        F::StringOf => match &peeled[0] {
            Ty::None => return Err((0, "a value")),
            _ => Ty::String,
        },
        F::IntOf => match &peeled[0] {
            Ty::String | Ty::Decimal | Ty::Int => optional(Ty::Int),
            _ => return Err((0, "a string or a decimal")),
        },
        F::DecimalOf => match &peeled[0] {
            Ty::String | Ty::Decimal | Ty::Int => optional(Ty::Decimal),
            _ => return Err((0, "a string or a whole number")),
        },
        F::Abs => match &peeled[0] {
            number @ (Ty::Int | Ty::Decimal) => number.clone(),
            _ => return Err((0, "a number")),
        },
        F::Round => match (&peeled[0], peeled.get(1)) {
            (Ty::Decimal | Ty::Int, Some(Ty::Int) | None) => Ty::Decimal,
            (Ty::Decimal | Ty::Int, Some(_)) => return Err((1, "Int")),
            _ => return Err((0, "Decimal")),
        },
        F::Sha256 => {
            string_at(0)?;
            Ty::Digest
        }
        F::SemVerOf => {
            string_at(0)?;
            optional(Ty::SemVer)
        }
        F::UrlOf => {
            string_at(0)?;
            optional(Ty::Url)
        }
    })
}

/// The fields that values of a scalar type have.
pub(crate) fn scalar_field<'db>(ty: &Ty<'db>, name: &str) -> Option<Ty<'db>> {
    let optional = |ty| Ty::Optional(Arc::new(ty));
    Some(match (ty, name) {
        (Ty::SemVer, "major" | "minor" | "patch") => Ty::Int,
        (Ty::SemVer, "pre") => Ty::String,
        (Ty::Url, "scheme" | "path") => Ty::String,
        (Ty::Url, "host") => optional(Ty::String),
        (Ty::Url, "port") => optional(Ty::Int),
        (Ty::Date, "year" | "month" | "day") => Ty::Int,
        (Ty::Bytes, "bytes") => Ty::Int,
        (Ty::Duration, "seconds" | "milliseconds") => Ty::Int,
        _ => return None,
    })
}

/// The names of those fields.
pub(crate) fn scalar_fields(ty: &Ty<'_>) -> &'static [&'static str] {
    match ty {
        Ty::SemVer => &["major", "minor", "patch", "pre"],
        Ty::Url => &["scheme", "host", "port", "path"],
        Ty::Date => &["year", "month", "day"],
        Ty::Bytes => &["bytes"],
        Ty::Duration => &["seconds", "milliseconds"],
        _ => &[],
    }
}
