//! Which places mean nothing any more, because of a mistake that has been reported.

use super::State;
use crate::token::{Token, TokenFlags, TokenKind};

impl State<'_> {
    /// Whether token `at` means nothing, because a finding that has been reported already makes it stand where it stands:
    /// a delimiter without its partner, a broken string on its line, or a mistake before it
    /// there.
    pub(in crate::parser) fn is_moot(&self, at: usize) -> bool {
        let place = self.tokens.get(at).or(self.tokens.last()).map_or(0, |token| token.range.start);
        if self.doubt.is_some_and(|doubt| doubt <= place && self.on_one_line(doubt, place)) {
            return true;
        }
        if self.follows_odd_character(at) {
            return true;
        }
        let unclosed = |at: usize| self.tokens.get(at).is_some_and(|token| token.flags.has(TokenFlags::UNCLOSED));
        unclosed(at) || at.checked_sub(1).is_some_and(unclosed) || self.on_reported_line(at)
    }

    /// Whether the lexer left something out right before token `at`.
    fn follows_odd_character(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|at| self.tokens.get(at)) else { return false };
        let end = self.tokens.get(at).map_or(self.text.len() as u32, |token| token.range.start);
        let first = self.lexical.partition_point(|start| *start < before.range.end);
        self.lexical.get(first).is_some_and(|start| *start < end && self.on_one_line(before.range.end, *start))
    }

    fn on_reported_line(&self, at: usize) -> bool {
        const REACH: usize = 64;
        let broken = |token: &Token| {
            token.flags.has(TokenFlags::REPORTED)
                && matches!(
                    token.kind,
                    TokenKind::Str | TokenKind::StrTail | TokenKind::BadLiteral | TokenKind::RawStr | TokenKind::Regex
                )
        };
        let at = at.min(self.tokens.len());
        for token in self.tokens[..at].iter().rev().take(REACH) {
            if broken(token) {
                return true;
            }
            if token.on_new_line() {
                break;
            }
        }
        self.tokens[at..].iter().take(REACH).take_while(|token| !token.on_new_line()).any(broken)
    }

    /// Whether no line ends between two near offsets.
    pub(super) fn on_one_line(&self, start: u32, end: u32) -> bool {
        const REACH: u32 = 400;
        end - start < REACH && !self.text.as_bytes()[start as usize..end as usize].contains(&b'\n')
    }
}
