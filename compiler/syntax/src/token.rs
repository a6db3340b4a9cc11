//! Tokens: what a text is cut into.

use logos::Logos;
use ordain_diagnostics::TextRange;

/// What a token is.
///
/// Words are kinds of their own; all but the [reserved](RESERVED_WORDS) ones can also be names.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[logos(skip r"[ \t\r\n]+")]
#[repr(u8)]
#[expect(missing_docs, reason = "words and signs are named after their spelling")]
pub enum TokenKind {
    /// A name that is no word of the language.
    #[regex(r"[\p{XID_Start}_][\p{XID_Continue}]*")]
    Ident,
    #[token("let")]
    Let,
    #[token("for")]
    For,
    #[token("in")]
    In,
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[token("match")]
    Match,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[token("none")]
    None,
    #[token("use")]
    Use,
    #[token("return")]
    Return,
    #[token("type")]
    Type,
    #[token("enum")]
    Enum,
    #[token("fn")]
    Fn,
    #[token("const")]
    Const,
    #[token("capability")]
    Capability,
    #[token("adapter")]
    Adapter,
    #[token("environment")]
    Environment,
    #[token("entity")]
    Entity,
    #[token("policy")]
    Policy,
    #[token("gate")]
    Gate,
    #[token("test")]
    Test,
    #[token("plan")]
    Plan,
    #[token("as")]
    As,
    #[token("where")]
    Where,
    #[token("matching")]
    Matching,
    #[token("not")]
    Not,
    #[token("allow")]
    Allow,
    #[token("because")]
    Because,
    #[token("version")]
    Version,
    #[token("input")]
    Input,
    #[token("output")]
    Output,
    #[token("effect")]
    Effect,
    #[token("risk")]
    Risk,
    #[token("key")]
    Key,
    #[token("undo")]
    Undo,
    #[token("retry")]
    Retry,
    #[token("times")]
    Times,
    #[token("backoff")]
    Backoff,
    #[token("timeout")]
    Timeout,
    #[token("provides")]
    Provides,
    #[token("run")]
    Run,
    #[token("bind")]
    Bind,
    #[token("to")]
    To,
    #[token("group")]
    Group,
    #[token("after")]
    After,
    #[token("on")]
    On,
    #[token("stage")]
    Stage,
    #[token("expect")]
    Expect,
    #[token("limit")]
    Limit,
    #[token("code")]
    Code,
    #[token("severity")]
    Severity,
    #[token("when")]
    When,
    #[token("unless")]
    Unless,
    #[token("deny")]
    Deny,
    #[token("warn")]
    Warn,
    #[token("permit")]
    Permit,
    #[token("forbid")]
    Forbid,
    #[token("require")]
    Require,
    #[token("from")]
    From,
    #[token("count")]
    Count,
    #[token("escalate")]
    Escalate,
    #[token("exempt")]
    Exempt,
    #[token("until")]
    Until,
    #[token("see")]
    See,
    #[token("check")]
    Check,
    #[token("any")]
    Any,
    /// `1_000`; where a number starts, the lexer looks further by hand.
    #[regex("[0-9]")]
    Int,
    /// `1.50`
    Decimal,
    /// `20GiB`
    Bytes,
    /// `1h30m`
    Duration,
    /// `1.4.0-rc.1`
    SemVer,
    /// `2027-03-01`
    Date,
    /// A literal that is none; reported.
    BadLiteral,
    /// A whole string; as matched by `logos`, its opening quote.
    #[token("\"")]
    Str,
    /// A whole raw string: `r"…"`, `r#"…"#`.
    #[regex("r#*\"")]
    RawStr,
    /// A string after `matching`.
    Regex,
    /// A string up to its first interpolation, the `{` included.
    StrHead,
    /// Between two interpolations, from `}` to `{`.
    StrMid,
    /// After the last interpolation, the `}` included.
    StrTail,
    /// `// …`
    #[regex(r"//[^\n]*", allow_greedy = true)]
    Comment,
    /// `/// …`
    DocComment,
    /// `//! …`
    FileDoc,
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(".")]
    Dot,
    #[token("..")]
    DotDot,
    #[token("..=")]
    DotDotEq,
    #[token("?")]
    Question,
    #[token("?.")]
    QuestionDot,
    #[token("??")]
    QuestionQuestion,
    #[token("->")]
    Arrow,
    #[token("=>")]
    FatArrow,
    #[token("=")]
    Eq,
    #[token("==")]
    EqEq,
    #[token("!=")]
    BangEq,
    #[token("<")]
    Lt,
    #[token("<=")]
    Le,
    #[token(">")]
    Gt,
    #[token(">=")]
    Ge,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("!")]
    Bang,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
    #[token("|")]
    Pipe,
    #[token("^")]
    Caret,
    #[token("~")]
    Tilde,
    #[token("@")]
    At,
    /// The end of the tokens; never in a list of tokens.
    End,
}

/// The words that can never be names.
pub const RESERVED_WORDS: &[&str] =
    &["let", "for", "in", "if", "else", "match", "true", "false", "none", "use", "return"];

/// The words that mean something in some places and are names elsewhere.
pub const CONTEXTUAL_WORDS: &[&str] = &[
    "type",
    "enum",
    "fn",
    "const",
    "capability",
    "adapter",
    "environment",
    "entity",
    "policy",
    "gate",
    "test",
    "plan",
    "as",
    "where",
    "matching",
    "not",
    "allow",
    "because",
    "version",
    "input",
    "output",
    "effect",
    "risk",
    "key",
    "undo",
    "retry",
    "times",
    "backoff",
    "timeout",
    "provides",
    "run",
    "bind",
    "to",
    "group",
    "after",
    "on",
    "stage",
    "expect",
    "limit",
    "code",
    "severity",
    "when",
    "unless",
    "deny",
    "warn",
    "permit",
    "forbid",
    "require",
    "from",
    "count",
    "escalate",
    "exempt",
    "until",
    "see",
    "check",
    "any",
];

impl TokenKind {
    /// Whether it is a comment of any kind.
    pub const fn is_comment(self) -> bool {
        matches!(self, Self::Comment | Self::DocComment | Self::FileDoc)
    }

    /// Whether it is a name or a word.
    pub const fn is_word(self) -> bool {
        (self as u8) <= (Self::Any as u8)
    }

    /// Whether it is a word that can never be a name.
    pub const fn is_reserved(self) -> bool {
        (self as u8) >= (Self::Let as u8) && (self as u8) <= (Self::Return as u8)
    }

    /// Whether it can be a name.
    pub const fn is_name(self) -> bool {
        self.is_word() && !self.is_reserved()
    }

    /// Whether a declaration can start with it.
    pub const fn is_item_word(self) -> bool {
        matches!(self, Self::Use) || ((self as u8) >= (Self::Type as u8) && (self as u8) <= (Self::Plan as u8))
    }

    /// Whether it is a whole literal, broken or not; a regular expression is none.
    pub(crate) const fn is_literal(self) -> bool {
        matches!(
            self,
            Self::Int
                | Self::Decimal
                | Self::Bytes
                | Self::Duration
                | Self::SemVer
                | Self::Date
                | Self::BadLiteral
                | Self::Str
                | Self::RawStr
                | Self::True
                | Self::False
                | Self::None
        )
    }

    /// Whether it opens something that must be closed.
    pub const fn is_opener(self) -> bool {
        matches!(self, Self::LParen | Self::LBrace | Self::LBracket | Self::StrHead)
    }

    /// Whether it closes what an opener opened.
    pub const fn is_closer(self) -> bool {
        matches!(self, Self::RParen | Self::RBrace | Self::RBracket | Self::StrTail)
    }

    /// What closes an opener; [`TokenKind::End`] for all other kinds.
    pub const fn closer(self) -> Self {
        match self {
            Self::LParen => Self::RParen,
            Self::LBrace => Self::RBrace,
            Self::LBracket => Self::RBracket,
            Self::StrHead => Self::StrTail,
            _ => Self::End,
        }
    }

    /// Its spelling, where it has only one.
    pub const fn text(self) -> Option<&'static str> {
        Some(match self {
            Self::LParen => "(",
            Self::RParen => ")",
            Self::LBrace => "{",
            Self::RBrace => "}",
            Self::LBracket => "[",
            Self::RBracket => "]",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Dot => ".",
            Self::DotDot => "..",
            Self::DotDotEq => "..=",
            Self::Question => "?",
            Self::QuestionDot => "?.",
            Self::QuestionQuestion => "??",
            Self::Arrow => "->",
            Self::FatArrow => "=>",
            Self::Eq => "=",
            Self::EqEq => "==",
            Self::BangEq => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Star => "*",
            Self::Slash => "/",
            Self::Percent => "%",
            Self::Bang => "!",
            Self::AndAnd => "&&",
            Self::OrOr => "||",
            Self::Pipe => "|",
            Self::Caret => "^",
            Self::Tilde => "~",
            Self::At => "@",
            Self::StrHead | Self::StrTail => "\"",
            _ => return None,
        })
    }
}

/// What else is known of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenFlags(u8);

impl TokenFlags {
    /// A line break stands before it.
    pub const NEWLINE: Self = Self(1);
    /// It stands in the first column of its line.
    pub const COLUMN_0: Self = Self(2);
    /// Doc comments stand before it.
    pub const DOCUMENTED: Self = Self(4);
    /// The lexer has reported something about it.
    pub const REPORTED: Self = Self(8);
    /// It is not in the text: it was added to mend it.
    pub const VIRTUAL: Self = Self(16);
    /// It stands after a delimiter of its line that is never closed, so that nobody knows what it belongs to.
    pub const UNCLOSED: Self = Self(32);

    /// Whether all of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With `other` set, too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// What else is known of it.
    pub flags: TokenFlags,
    /// Its place.
    pub range: TextRange,
}

impl Token {
    /// Its spelling in the text it was cut from.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.range.start as usize..self.range.end as usize).unwrap_or_default()
    }

    /// Whether a line break stands before it.
    pub const fn on_new_line(&self) -> bool {
        self.flags.has(TokenFlags::NEWLINE)
    }
}
