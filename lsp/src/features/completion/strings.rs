//! Inside a string: paths of files, where the compiler reads one there, and codes of policies, where one is expected.

use ordain_compiler::DataFormat;
use ordain_diagnostics::TextRange;
use ordain_syntax::{Token, TokenKind};

use super::list::Suggestions;

/// What describes the package, and is no data of it.
const MANIFEST: &str = "ordain.toml";

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// The path of a file with data.
    Data(DataFormat),
    /// The path of a file with rules, by the ends of its name.
    Rules(&'static [&'static str]),
    /// The path of a program, or of a file that it is given.
    Program,
    /// The code of a policy.
    Code,
}

/// What could stand in the string at an offset.
pub(super) fn complete(found: &mut Suggestions<'_>, text: &str, offset: u32) {
    let lexed = ordain_syntax::lex(text);
    let before: Vec<&Token> =
        lexed.tokens.iter().filter(|token| token.range.start < offset && !token.kind.is_comment()).collect();
    let Some((string, before)) = before.split_last() else { return };
    let Some(kind) = kind(text, before) else { return };
    let start =
        text[string.range.start as usize..offset as usize].find('"').map(|at| string.range.start as usize + at + 1);
    let Some(start) = start else { return };
    let typed = &text[start..offset as usize];
    if typed.contains(['{', '\n', '"']) {
        return;
    }
    if kind == Text::Code {
        return found.policy_codes(TextRange::new(start as u32, offset));
    }
    if typed.contains(' ') || typed.starts_with('/') || typed.contains("..") {
        return;
    }
    let folder = typed.rfind('/').map_or("", |at| &typed[..at]);
    let range = TextRange::new((start + typed.rfind('/').map_or(0, |at| at + 1)) as u32, offset);
    found.files(folder, range, |name| match kind {
        Text::Data(format) => holds(format, name),
        Text::Rules(ends) => ends.iter().any(|end| name.ends_with(end)),
        Text::Program => !name.starts_with('.') && !name.ends_with(".ord") && name != MANIFEST,
        Text::Code => false,
    });
}

/// What the string is that follows these tokens.
fn kind(text: &str, before: &[&Token]) -> Option<Text> {
    let word = |token: &Token| token.text(text);
    let last = before.last()?;
    if last.kind == TokenKind::LParen {
        let called = before.iter().rev().nth(1)?;
        return DataFormat::named(word(called)).map(Text::Data);
    }
    // Of several in brackets, what stands before these says it.
    let mut lead = before;
    if let Some(open) =
        before.iter().rposition(|token| !matches!(token.kind, TokenKind::Str | TokenKind::RawStr | TokenKind::Comma))
        && before[open].kind == TokenKind::LBracket
    {
        lead = &before[..open];
    }
    let (last, rest) = lead.split_last()?;
    match (rest.last().map(|token| token.kind), word(last)) {
        (_, "requires" | "denies" | "warns" | "allows") => Some(Text::Code),
        (Some(TokenKind::Expect), "deny" | "warn" | "require" | "allow" | "permit" | "forbid") => Some(Text::Code),
        (Some(TokenKind::From), "rego") => Some(Text::Rules(&[".rego"])),
        (Some(TokenKind::From), "gatekeeper") => Some(Text::Rules(&[".yaml", ".yml"])),
        (Some(TokenKind::Run), "process") => Some(Text::Program),
        _ => None,
    }
}

/// Whether files of that name commonly hold such data.
fn holds(format: DataFormat, name: &str) -> bool {
    // Of functions that read the same files, one stands for both.
    let same = |format| match format {
        DataFormat::YamlDocuments => DataFormat::Yaml,
        DataFormat::Markdown => DataFormat::FrontMatter,
        other => other,
    };
    name != MANIFEST && DataFormat::of_file(name).map(same) == Some(same(format))
}
