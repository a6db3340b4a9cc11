//! Where, and which: `environment` and `entity`.

use chumsky::prelude::*;

use super::expr::expr;
use super::primitive::{Separator, Tokens, members, name, open_body, path, tok};
use super::record::field;
use super::state::{In, Outcome};
use super::types::ty;
use crate::ast::{EntityDecl, EnvironmentDecl, EnvironmentMember};
use crate::token::TokenKind;

/// `: T { … }`
pub(super) fn environment(inp: &mut In<'_, '_>) -> Outcome<EnvironmentDecl> {
    let ty = inp.parse(tok(TokenKind::Colon).ignore_then(ty()))?;
    open_body(inp)?;
    let members = members(inp, TokenKind::RBrace, Separator::CommaOrLine, member, |_| None)?;
    Ok(EnvironmentDecl { ty, members })
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

/// `: T { … }`
pub(super) fn entity(inp: &mut In<'_, '_>) -> Outcome<EntityDecl> {
    let ty = inp.parse(tok(TokenKind::Colon).ignore_then(ty()))?;
    open_body(inp)?;
    let fields = members(inp, TokenKind::RBrace, Separator::CommaOrLine, field, |_| None)?;
    Ok(EntityDecl { ty, fields })
}
