//! Where, and which: `environment` and `entity`.

use chumsky::prelude::*;
use ordain_diagnostics::codes;

use super::expr::expr;
use super::item::{kept, missing_type};
use super::primitive::{Separator, Tokens, members, name, open_body, path, tok};
use super::record::field;
use super::state::{In, Outcome};
use super::types::ty;
use crate::ast::{EntityDecl, EnvironmentDecl, EnvironmentMember, Type, TypeKind};
use crate::error::SyntaxError;
use crate::token::TokenKind;

/// `: T { … }`
pub(super) fn environment(inp: &mut In<'_, '_>) -> EnvironmentDecl {
    let (ty, members) = typed_body(inp, member);
    EnvironmentDecl { ty, members }
}

/// `: T { … }`
pub(super) fn entity(inp: &mut In<'_, '_>) -> EntityDecl {
    let (ty, fields) = typed_body(inp, field);
    EntityDecl { ty, fields }
}

/// A type and the members after it.
fn typed_body<'s, T>(inp: &mut In<'s, '_>, member: impl Fn(&mut In<'s, '_>) -> Outcome<T>) -> (Type, Vec<T>) {
    let ty = kept(inp, declared_type);
    let all = kept(inp, |inp| {
        open_body(inp)?;
        members(inp, TokenKind::RBrace, Separator::CommaOrLine, member, |_| None)
    });
    (ty.unwrap_or_else(|| missing_type(inp)), all.unwrap_or_default())
}

/// `: T` before a body. Braces that nothing follows are the body, so that the type is what is missing.
fn declared_type(inp: &mut In<'_, '_>) -> Outcome<Type> {
    inp.take(TokenKind::Colon)?;
    if inp.kind() != TokenKind::LBrace || followed_by_body(inp) {
        return inp.parse(ty());
    }
    let (at, range) = (inp.at(), inp.previous().map(|token| token.range).unwrap_or_default());
    let error = SyntaxError::new(codes::UNEXPECTED_TOKEN, range, "expected a type after `:`, found the body")
        .help("the type says which fields there are");
    inp.state().report_as(at, error);
    Ok(Type { kind: TypeKind::Error, range })
}

/// Whether a second opening brace comes right after the braces that come next.
fn followed_by_body(inp: &mut In<'_, '_>) -> bool {
    let mut depth = 0_usize;
    for ahead in 0.. {
        let kind = inp.kind_at(ahead);
        if kind.is_opener() {
            depth += 1;
        } else if kind.is_closer() {
            depth = depth.saturating_sub(1);
        } else if kind == TokenKind::End {
            return false;
        }
        if depth == 0 {
            // After a lone record, a refinement may follow, too.
            return inp.kind_at(ahead + 1) != TokenKind::End;
        }
    }
    false
}

/// A fact, a binding or a group. `bind` and `group` before a colon are facts of that name.
fn member(inp: &mut In<'_, '_>) -> Outcome<EnvironmentMember> {
    let start = inp.at();
    let word = inp.kind_at(1).is_name() && inp.same_line(1);
    match inp.kind() {
        TokenKind::Bind if word => {
            let parser = tok(TokenKind::Bind).ignore_then(path()).then_ignore(tok(TokenKind::To)).then(path());
            let (capability, adapter) = inp.parse(parser)?;
            Ok(EnvironmentMember::Bind { capability, adapter, range: inp.range_from(start) })
        }
        TokenKind::Group if word => {
            let parser = tok(TokenKind::Group).ignore_then(name()).then_ignore(tok(TokenKind::Eq)).then(expr());
            let (name, members) = inp.parse(parser)?;
            Ok(EnvironmentMember::Group { name, members, range: inp.range_from(start) })
        }
        _ => field(inp).map(EnvironmentMember::Fact),
    }
}
