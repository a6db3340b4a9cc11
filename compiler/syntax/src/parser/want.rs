//! What the parser expected where it failed, and how to say so.

use crate::token::TokenKind;

/// Something larger than a token that the parser expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Want {
    Expression,
    Type,
    Name,
    Pattern,
    String,
    PlainString,
    Regex,
    Field,
    Path,
    Verdict,
    Code,
    Number,
    Declaration,
    Statement,
    TestStatement,
    Requirement,
    Change,
    Step,
    Limit,
    Failure,
}

impl Want {
    const ALL: [Self; 20] = [
        Self::Expression,
        Self::Type,
        Self::Name,
        Self::Pattern,
        Self::String,
        Self::PlainString,
        Self::Regex,
        Self::Field,
        Self::Path,
        Self::Verdict,
        Self::Code,
        Self::Number,
        Self::Declaration,
        Self::Statement,
        Self::TestStatement,
        Self::Requirement,
        Self::Change,
        Self::Step,
        Self::Limit,
        Self::Failure,
    ];

    const fn describe(self) -> &'static str {
        match self {
            Self::Expression => "an expression",
            Self::Type => "a type",
            Self::Name => "a name",
            Self::Pattern => "a pattern",
            Self::String => "a string",
            Self::PlainString => "a string without interpolation",
            Self::Regex => "a regular expression in quotes",
            Self::Field => "a field",
            Self::Path => "a name, perhaps with dots",
            Self::Verdict => "`requires`, `denies`, `warns` or `allows`",
            Self::Code => "a diagnostic code",
            Self::Number => "a number",
            Self::Declaration => "a declaration",
            Self::Statement => "a statement such as `let`, `for` or `a.b { … }`",
            Self::TestStatement => "`let`, `for` or `expect`",
            Self::Requirement => "`approval` or `gate`",
            Self::Change => "`change`",
            Self::Step => "a step such as `a.b { … }`",
            Self::Limit => "`effect` or `risk`",
            Self::Failure => "`failure`",
        }
    }
}

/// A set of things expected at one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    kinds: u128,
    wants: u32,
}

impl Expected {
    pub(super) const fn of_kind(kind: TokenKind) -> Self {
        Self { kinds: 1 << kind as u8, wants: 0 }
    }

    pub(super) const fn of(want: Want) -> Self {
        Self { kinds: 0, wants: 1 << want as u8 }
    }

    pub(super) const fn union(self, other: Self) -> Self {
        Self { kinds: self.kinds | other.kinds, wants: self.wants | other.wants }
    }

    pub(super) const fn is_empty(self) -> bool {
        self.kinds == 0 && self.wants == 0
    }

    pub(super) const fn contains(self, kind: TokenKind) -> bool {
        self.kinds & (1 << kind as u8) != 0
    }

    /// Whether it is this and nothing else.
    pub(super) const fn is_only(self, want: Want) -> bool {
        self.kinds == 0 && self.wants == 1 << want as u8
    }

    /// The set in words: "a type", "`,` or `]`".
    pub(super) fn describe(self) -> String {
        let mut words: Vec<String> = Want::ALL
            .into_iter()
            .filter(|want| self.wants & (1 << *want as u8) != 0)
            .map(|want| want.describe().to_owned())
            .collect();
        for kind in ALL_TEXTS.iter().filter(|(kind, _)| self.kinds & (1 << *kind as u8) != 0) {
            words.push(format!("`{}`", kind.1));
        }
        match words.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [init @ .., last] => format!("{} or {last}", init.join(", ")),
        }
    }
}

/// Every kind with a fixed spelling that the parser can name as expected.
const ALL_TEXTS: &[(TokenKind, &str)] = {
    use TokenKind as K;
    &[
        (K::Comma, ","),
        (K::Colon, ":"),
        (K::Dot, "."),
        (K::Eq, "="),
        (K::Arrow, "->"),
        (K::FatArrow, "=>"),
        (K::LBrace, "{"),
        (K::LBracket, "["),
        (K::LParen, "("),
        (K::RBrace, "}"),
        (K::RBracket, "]"),
        (K::RParen, ")"),
        (K::Gt, ">"),
        (K::In, "in"),
        (K::For, "for"),
        (K::Else, "else"),
        (K::Let, "let"),
        (K::To, "to"),
        (K::From, "from"),
        (K::On, "on"),
        (K::Times, "times"),
        (K::Expect, "expect"),
        (K::Because, "because"),
        (K::Allow, "allow"),
        (K::Check, "check"),
        (K::Undo, "undo"),
    ]
};

const _: () = assert!((TokenKind::End as u8) < 128, "the set of kinds has 128 places");
