//! Values: what expressions of the language evaluate to, at compile time and at run time.
//!
//! A value may hold *residuals*: parts that are not known before execution and are kept as expressions over the
//! outputs of steps. A residual is data, never source.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::fields::Fields;

/// A value, perhaps with parts that are not known yet. Cheap to clone.
///
/// `Ord` is total and arbitrary between kinds; within a kind it is the language's own order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// `none`
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number; arithmetic on it is checked.
    Int(i64),
    /// An exact decimal; compared by value, so `1.0 == 1.00`.
    Decimal(Decimal),
    /// Text.
    String(SmolStr),
    /// An amount of data, in bytes.
    Bytes(u64),
    /// A span of time, in milliseconds.
    Duration(u64),
    /// A semantic version (SemVer 2.0.0); ordered by precedence, then by text.
    SemVer(Arc<semver::Version>),
    /// An absolute URL (WHATWG), in normal form.
    Url(SmolStr),
    /// `algorithm:hex`, lower case.
    Digest(SmolStr),
    /// A day of the proleptic Gregorian calendar.
    Date(Date),
    /// A variant of an enum: its index in declaration order, and its name.
    Variant(u32, SmolStr),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A map, ordered by key. Keys are strings, numbers, variants, versions or dates.
    Map(Arc<BTreeMap<Value, Value>>),
    /// A set, ordered.
    Set(Arc<std::collections::BTreeSet<Value>>),
    /// A record, with its fields in name order.
    Record(Arc<Fields>),
    /// A secret, by reference only: never its content.
    Secret(SecretRef),
    /// A part not known before execution.
    Residual(Arc<Residual>),
}

/// Names a secret without holding it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    /// The name under which a secret source knows it, such as `shop/database-password`.
    pub name: SmolStr,
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

/// An expression over the outputs of steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Residual {
    /// An output of a step, or a part of it.
    Output {
        /// The step.
        node: NodeRef,
        /// Field names from the output record inwards; empty for the whole record.
        path: Vec<SmolStr>,
    },
    /// The value under test in a refinement's predicate.
    It,
    /// An operation whose arguments hold at least one residual.
    Apply {
        /// What to do, by its stable name (see `ops`).
        op: Op,
        /// The arguments in order.
        args: Vec<Value>,
    },
}

/// Names a node of a plan graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeRef {
    /// By position, while a graph is being built and ids are not computed yet.
    Index(u32),
    /// By id, in a finished graph.
    Id(NodeId),
}

/// `sha256:` and 64 lower-case hex digits.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct NodeId(#[schemars(with = "String")] pub SmolStr);

/// The operations a residual can hold; also what the compiler's evaluator applies to known values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `(bool) -> bool`
    Not,
    /// Minus sign: `Int` or `Decimal`.
    Neg,
    /// `(a, b) -> bool`, false decides early.
    And,
    /// `(a, b) -> bool`, true decides early.
    Or,
    /// `a ?? b`
    Coalesce,
    /// Equality.
    Eq,
    /// Inequality.
    Ne,
    /// Order.
    Lt,
    /// Order.
    Le,
    /// Order.
    Gt,
    /// Order.
    Ge,
    /// `x in xs`: element of a list or set, key of a map, substring of a string.
    In,
    /// `+`: numbers, bytes, durations, strings, lists.
    Add,
    /// `-`: numbers, bytes, durations, sets.
    Sub,
    /// `*`: numbers; bytes or durations by a number.
    Mul,
    /// `/`: numbers (`Int / Int` truncates towards zero); bytes or durations by a number.
    Div,
    /// `%`: numbers.
    Rem,
    /// `a..b` as a list of `Int`.
    Range,
    /// `a..=b` as a list of `Int`.
    RangeInclusive,
    /// `base.name`; the second argument is the name as a string.
    Field,
    /// `base?.name`
    OptionalField,
    /// `base[index]`
    Index,
    /// `base[index]` of untyped data, where what is not there is `none`.
    OptionalIndex,
    /// The parts of an interpolated string, joined by their display text.
    Interpolate,
    /// `if c { a } else { b }` with all three as arguments.
    If,
    /// A call of a built-in function by its index in the table of `functions`; the arguments follow.
    Call(Function),
}

macro_rules! functions {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $min:literal..=$max:literal;)*) => {
        /// The built-in functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Function { $($(#[doc = $doc])* $variant,)* }

        impl Function {
            /// Every built-in function, in the order of the reference.
            pub const ALL: &[Function] = &[$(Function::$variant),*];

            /// Its name in the language.
            pub const fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)* }
            }

            /// The least and the greatest number of arguments.
            pub const fn arity(self) -> (usize, usize) {
                match self { $(Function::$variant => ($min, $max),)* }
            }

            /// What it does, in Markdown.
            pub const fn docs(self) -> &'static str {
                match self { $(Function::$variant => concat!($($doc, "\n"),*),)* }
            }
        }
    };
}

functions! {
    /// `len(x) -> Int`: the length of a string (in Unicode scalar values), list, map or set.
    Len = "len", 1..=1;
    /// `sum(xs: List<N>) -> N`: the sum of whole numbers, decimals, bytes or durations; 0 for no `Int`s.
    Sum = "sum", 1..=1;
    /// `min(xs: List<T>) -> T?`: the least element, `none` for an empty list.
    Min = "min", 1..=1;
    /// `max(xs: List<T>) -> T?`: the greatest element, `none` for an empty list.
    Max = "max", 1..=1;
    /// `any(xs: List<Bool>) -> Bool`: whether one element is true.
    Any = "any", 1..=1;
    /// `all(xs: List<Bool>) -> Bool`: whether every element is true.
    All = "all", 1..=1;
    /// `count(xs: List<Bool>) -> Int`: how many elements are true.
    Count = "count", 1..=1;
    /// `first(xs: List<T>) -> T?`: the first element.
    First = "first", 1..=1;
    /// `last(xs: List<T>) -> T?`: the last element.
    Last = "last", 1..=1;
    /// `keys(m: Map<K, V>) -> List<K>`: the keys in order.
    Keys = "keys", 1..=1;
    /// `values(m: Map<K, V>) -> List<V>`: the values in the order of their keys.
    Values = "values", 1..=1;
    /// `get(m: Map<K, V>, key: K) -> V?`: the value of a key, or the element of a list at a position, where there is one.
    Get = "get", 2..=2;
    /// `sort(xs: List<T>) -> List<T>`: the elements in ascending order.
    Sort = "sort", 1..=1;
    /// `reverse(xs: List<T>) -> List<T>`: the elements in opposite order.
    Reverse = "reverse", 1..=1;
    /// `unique(xs: List<T>) -> List<T>`: every element once, where it stood first.
    Unique = "unique", 1..=1;
    /// `flatten(xs: List<List<T>>) -> List<T>`: the elements of the elements.
    Flatten = "flatten", 1..=1;
    /// `set(xs: List<T>) -> Set<T>`: the elements without order or repetition.
    SetOf = "set", 1..=1;
    /// `list(s: Set<T>) -> List<T>`: the elements of a set in ascending order.
    ListOf = "list", 1..=1;
    /// `join(xs: List<String>, separator: String) -> String`: one string of many.
    Join = "join", 2..=2;
    /// `split(s: String, separator: String) -> List<String>`: the parts between separators.
    Split = "split", 2..=2;
    /// `lower(s: String) -> String`: lower case.
    Lower = "lower", 1..=1;
    /// `upper(s: String) -> String`: upper case.
    Upper = "upper", 1..=1;
    /// `trim(s: String) -> String`: without white space at both ends.
    Trim = "trim", 1..=1;
    /// `replace(s: String, from: String, to: String) -> String`: every occurrence replaced.
    Replace = "replace", 3..=3;
    /// `starts_with(s: String, prefix: String) -> Bool`
    StartsWith = "starts_with", 2..=2;
    /// `ends_with(s: String, suffix: String) -> Bool`
    EndsWith = "ends_with", 2..=2;
    /// `matches(s: String, pattern: String) -> Bool`: whether the whole string matches the regular expression.
    Matches = "matches", 2..=2;
    /// `in_network(address: String, network: String) -> Bool?`: whether an IP address lies in a network such as `10.0.0.0/8`.
    InNetwork = "in_network", 2..=2;
    /// `find(s: String, pattern: String) -> String?`: the first part that matches the regular expression.
    Find = "find", 2..=2;
    /// `trim_prefix(s: String, prefix: String) -> String`: without the prefix, where it has it.
    TrimPrefix = "trim_prefix", 2..=2;
    /// `trim_suffix(s: String, suffix: String) -> String`: without the suffix, where it has it.
    TrimSuffix = "trim_suffix", 2..=2;
    /// `string(x) -> String`: the text that interpolation would show.
    StringOf = "string", 1..=1;
    /// `int(s: String) -> Int?`: the whole number a text or decimal stands for.
    IntOf = "int", 1..=1;
    /// `decimal(x) -> Decimal?`: the decimal a text or whole number stands for.
    DecimalOf = "decimal", 1..=1;
    /// `abs(n: N) -> N`: the number without its sign.
    Abs = "abs", 1..=1;
    /// `round(value: Decimal, places: Int) -> Decimal`: rounded to that many places, 0 to 28, half to even.
    Round = "round", 2..=2;
    /// `sha256(s: String) -> Digest`: the digest of the UTF-8 bytes.
    Sha256 = "sha256", 1..=1;
    /// `semver(s: String) -> SemVer?`: the version a text stands for.
    SemVerOf = "semver", 1..=1;
    /// `url(s: String) -> Url?`: the absolute URL a text stands for.
    UrlOf = "url", 1..=1;
    /// `parse_json(s: String) -> Json?`: the data a text holds as JSON (RFC 8259).
    ParseJson = "parse_json", 1..=1;
    /// `json_type(x: Json?) -> String`: `null`, `boolean`, `number`, `string`, `array` or `object`.
    JsonType = "json_type", 1..=1;
}

impl Value {
    /// A record of the given fields.
    pub fn record(fields: impl IntoIterator<Item = (SmolStr, Value)>) -> Self {
        Self::Record(Arc::new(fields.into_iter().collect()))
    }

    /// A list of the given elements.
    pub fn list(elements: impl IntoIterator<Item = Value>) -> Self {
        Self::List(Arc::new(elements.into_iter().collect()))
    }

    /// A string.
    pub fn string(text: impl Into<SmolStr>) -> Self {
        Self::String(text.into())
    }

    /// An operation that waits for execution.
    pub fn apply(op: Op, args: Vec<Value>) -> Self {
        Self::Residual(Arc::new(Residual::Apply { op, args }))
    }

    /// The value with other references to nodes, where `to` gives one.
    pub fn renamed(&self, to: &dyn Fn(&NodeRef) -> Option<NodeRef>) -> Self {
        let each = |value: &Self| value.renamed(to);
        match self {
            Self::Residual(residual) => match residual.as_ref() {
                Residual::Output { node, path } => match to(node) {
                    Some(node) => Self::Residual(Arc::new(Residual::Output { node, path: path.clone() })),
                    None => self.clone(),
                },
                Residual::Apply { op, args } => Self::apply(*op, args.iter().map(each).collect()),
                Residual::It => self.clone(),
            },
            known if known.is_known() => known.clone(),
            Self::List(elements) => Self::list(elements.iter().map(each)),
            Self::Set(elements) => Self::Set(Arc::new(elements.iter().map(each).collect())),
            Self::Map(entries) => {
                Self::Map(Arc::new(entries.iter().map(|(key, value)| (each(key), each(value))).collect()))
            }
            Self::Record(fields) => Self::record(fields.iter().map(|(name, value)| (name.clone(), each(value)))),
            other => other.clone(),
        }
    }

    /// Whether no part of the value waits for execution.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Residual(_) => false,
            Self::List(elements) => elements.iter().all(Self::is_known),
            Self::Set(elements) => elements.iter().all(Self::is_known),
            Self::Map(entries) => entries.iter().all(|(key, value)| key.is_known() && value.is_known()),
            Self::Record(fields) => fields.values().all(Self::is_known),
            _ => true,
        }
    }
}

/// The type of a value at a contract's boundary, as it stands in a plan graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Any JSON.
    Json,
    /// A truth value; JSON boolean.
    Bool,
    /// A whole number; JSON number, or a decimal string beyond ±(2^53 − 1).
    Int,
    /// An exact decimal; JSON string.
    Decimal,
    /// Text; JSON string.
    String,
    /// An amount of data; JSON number of bytes, as for `Int`.
    Bytes,
    /// A span of time; JSON number of milliseconds.
    Duration,
    /// A semantic version; JSON string.
    SemVer,
    /// An absolute URL; JSON string.
    Url,
    /// A digest; JSON string.
    Digest,
    /// A day; JSON string `YYYY-MM-DD`.
    Date,
    /// A variant, by name; JSON string. The names are in declaration order.
    Enum(Arc<Vec<SmolStr>>),
    /// A list; JSON array.
    List(Arc<Shape>),
    /// A set; JSON array in ascending order.
    Set(Arc<Shape>),
    /// A map; JSON object, keys by their text.
    Map(Arc<Shape>, Arc<Shape>),
    /// A record; JSON object without other members.
    Record(Arc<BTreeMap<SmolStr, Shape>>),
    /// May be absent: JSON null or no member.
    Optional(Arc<Shape>),
    /// Secret: in a plan `{"$secret": …}` or a residual, in an adapter's hands the content.
    Secret(Arc<Shape>),
    /// A base shape and what is demanded of its values.
    Refined(Arc<Shape>, Arc<Demand>),
}

/// What a refined shape demands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Demand {
    /// The value lies in a range; bounds are of the base's kind, `max` is included.
    Range {
        /// The least value.
        min: Value,
        /// The greatest value.
        max: Value,
        /// Whether `max` itself is allowed.
        inclusive: bool,
    },
    /// The length lies between two bounds, both included.
    Length(u64, u64),
    /// The whole string matches a regular expression (the syntax of the `regex` crate).
    Matching(SmolStr),
    /// A condition over `it` ([`Residual::It`]).
    Predicate(Value),
}
