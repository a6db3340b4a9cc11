//! The kinds of tokens, and what is known of a kind alone.

use logos::Logos;

/// What a token is.
///
/// Words are kinds of their own; all but the [reserved](super::RESERVED_WORDS) ones can also be names.
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
    #[token("with")]
    With,
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
