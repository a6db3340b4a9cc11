//! Declarations: what all of them have, and the simple ones.

use chumsky::prelude::*;

use super::block::{block, optional_type};
use super::capability::{adapter, capability};
use super::environment::{entity, environment};
use super::expr::{expr, take_expr};
use super::plan::plan;
use super::policy::{gate, policy};
use super::primitive::{
    Parses, Separator, Tokens, members, name, open_body, path, range_of, rule, take_name, take_path, tok,
};
use super::state::{In, Outcome};
use super::string::plain_string;
use super::test::test;
use super::types::{member_name, ty};
use super::want::Want;
use crate::ast::{
    Allow, Block, ConstDecl, EnumDecl, Expr, ExprKind, FnDecl, Ident, Item, ItemKind, Param, Path, Type, TypeDecl,
    TypeKind, Use, UseName, Variant,
};
use crate::token::TokenKind;

/// What stands at the top level.
pub(super) enum TopLevel {
    Item(Box<Item>),
    Use(Use),
}

/// One declaration with its documentation and annotations.
pub(super) fn top_level<'s>() -> impl Parses<'s, TopLevel> {
    rule(|inp| {
        let start = inp.at();
        let mut docs = inp.peek_ref().and_then(|token| inp.state().docs_before(token));
        let mut allows = Vec::new();
        while inp.kind() == TokenKind::At {
            let before = inp.save();
            match allow(inp) {
                Ok(allow) => allows.push(allow),
                Err(_) => {
                    inp.state().report();
                    inp.rewind(before);
                    inp.skip();
                    while inp.kind() != TokenKind::End && inp.kind() != TokenKind::At && inp.same_line(0) {
                        inp.skip();
                    }
                }
            }
            let later = inp.peek_ref().and_then(|token| inp.state().docs_before(token));
            docs = docs.or(later);
        }
        if inp.kind() == TokenKind::Use {
            docs.iter().for_each(|docs| inp.state().leave_docs(docs));
            return import(inp, allows).map(TopLevel::Use);
        }
        let (name, kind) = declaration(inp)?;
        let mut range = inp.range_from(start);
        if let Some(docs) = &docs {
            range = range.cover(docs.range);
        }
        Ok(TopLevel::Item(Box::new(Item { docs, allows, name, kind, broken: false, range })))
    })
}

/// `@allow ORD0207 because "…"`
fn allow(inp: &mut In<'_, '_>) -> Outcome<Allow> {
    let start = inp.at();
    inp.take(TokenKind::At)?;
    inp.take(TokenKind::Allow)?;
    let code = if inp.kind().is_name() && inp.kind() != TokenKind::Because {
        take_name(inp)?
    } else {
        return inp.fail(Want::Code);
    };
    let reason = inp.parse(tok(TokenKind::Because).ignore_then(plain_string()))?;
    Ok(Allow { code, reason, range: inp.range_from(start) })
}

/// The name and the rest of a declaration; its first word decides.
fn declaration(inp: &mut In<'_, '_>) -> Outcome<(Path, ItemKind)> {
    let word = inp.kind();
    if !word.is_item_word() {
        return inp.fail(Want::Declaration);
    }
    inp.skip();
    Ok(match word {
        TokenKind::Capability => (take_path(inp)?, ItemKind::Capability(capability(inp))),
        TokenKind::Adapter => (take_path(inp)?, ItemKind::Adapter(adapter(inp))),
        TokenKind::Test => {
            let start = inp.at();
            let name = inp.parse(plain_string())?;
            let text = name.as_text().unwrap_or_default().into();
            let range = inp.range_from(start);
            (Path { parts: vec![Ident { name: text, range }], range }, ItemKind::Test(test(inp)))
        }
        _ => {
            let name = take_name(inp)?;
            let kind = match word {
                TokenKind::Type => ItemKind::Type(type_alias(inp)),
                TokenKind::Enum => ItemKind::Enum(EnumDecl { variants: kept(inp, variants).unwrap_or_default() }),
                TokenKind::Fn => ItemKind::Fn(function(inp)),
                TokenKind::Const => ItemKind::Const(constant(inp)),
                TokenKind::Environment => ItemKind::Environment(environment(inp)),
                TokenKind::Entity => ItemKind::Entity(entity(inp)),
                TokenKind::Policy => ItemKind::Policy(policy(inp)),
                TokenKind::Gate => ItemKind::Gate(gate(inp)),
                _ => ItemKind::Plan(plan(inp)),
            };
            let range = name.range;
            (Path { parts: vec![name], range }, kind)
        }
    })
}

/// `use a.b`, `use a.b as c`, `use a.b.{x, y.z as w}`
fn import(inp: &mut In<'_, '_>, allows: Vec<Allow>) -> Outcome<Use> {
    let start = inp.at();
    inp.take(TokenKind::Use)?;
    let path = take_path(inp)?;
    if inp.kind() == TokenKind::Dot && inp.kind_at(1) == TokenKind::LBrace {
        inp.skip();
        inp.skip();
        let names = members(
            inp,
            TokenKind::RBrace,
            Separator::CommaOrLine,
            |inp| inp.parse(path_and_alias().map(|(path, alias)| UseName { path, alias })),
            |_| None,
        )?;
        return Ok(Use { allows, path, alias: None, names: Some(names), range: inp.range_from(start) });
    }
    let alias = inp.parse(alias())?;
    Ok(Use { allows, path, alias, names: None, range: inp.range_from(start) })
}

fn path_and_alias<'s>() -> impl Parses<'s, (Path, Option<Ident>)> {
    path().then(alias())
}

/// `as name`, or nothing
fn alias<'s>() -> impl Parses<'s, Option<Ident>> {
    rule(|inp| if inp.eat(TokenKind::As) { take_name(inp).map(Some) } else { Ok(None) })
}

/// Parses a part of a declaration whose name is known. Where it fails, that is reported and the rest of the declaration is
/// skipped: the declaration stays, so that its name is known to the others.
pub(super) fn kept<'s, 'p, T>(inp: &mut In<'s, 'p>, part: impl FnOnce(&mut In<'s, 'p>) -> Outcome<T>) -> Option<T> {
    if inp.state().given_up {
        return None;
    }
    let found = part(inp).ok();
    if found.is_none() {
        inp.state().report();
        inp.state().given_up = true;
        while inp.next().is_some() {}
    }
    found
}

/// A type that is not there.
pub(super) fn missing_type(inp: &mut In<'_, '_>) -> Type {
    let end = inp.at();
    Type { kind: TypeKind::Error, range: range_of(inp.state().tokens, end, end) }
}

/// An expression that is not there.
fn missing_expr(inp: &mut In<'_, '_>) -> Expr {
    let end = inp.at();
    Expr { kind: ExprKind::Error, range: range_of(inp.state().tokens, end, end) }
}

/// `= T`
fn type_alias(inp: &mut In<'_, '_>) -> TypeDecl {
    let ty = kept(inp, |inp| inp.parse(tok(TokenKind::Eq).ignore_then(ty())));
    TypeDecl { ty: ty.unwrap_or_else(|| missing_type(inp)) }
}

/// `: T = value`, the type optional
fn constant(inp: &mut In<'_, '_>) -> ConstDecl {
    let ty = kept(inp, |inp| inp.parse(optional_type()));
    let value = kept(inp, |inp| inp.parse(tok(TokenKind::Eq).ignore_then(expr())));
    ConstDecl { ty: ty.flatten(), value: value.unwrap_or_else(|| missing_expr(inp)) }
}

/// `{ a, b }`
fn variants(inp: &mut In<'_, '_>) -> Outcome<Vec<Variant>> {
    open_body(inp)?;
    members(
        inp,
        TokenKind::RBrace,
        Separator::CommaOrLine,
        |inp| {
            let docs = inp.peek_ref().and_then(|token| inp.state().docs_before(token));
            Ok(Variant { docs, name: member_name(inp)? })
        },
        |_| None,
    )
}

/// `(x: T) -> U = value` or `(x: T) -> U { … }`
fn function(inp: &mut In<'_, '_>) -> FnDecl {
    let params = kept(inp, parameters);
    let result = kept(inp, |inp| inp.parse(tok(TokenKind::Arrow).ignore_then(ty())));
    let short = inp.kind() != TokenKind::LBrace;
    let body = kept(inp, body);
    FnDecl {
        params: params.unwrap_or_default(),
        result: result.unwrap_or_else(|| missing_type(inp)),
        body: body.unwrap_or_else(|| {
            let result = missing_expr(inp);
            let range = result.range;
            Block { lets: Vec::new(), result, range }
        }),
        short,
    }
}

/// `= value` or `{ … }`
fn body(inp: &mut In<'_, '_>) -> Outcome<Block> {
    if inp.kind() == TokenKind::LBrace {
        return block(inp);
    }
    inp.take(TokenKind::Eq)?;
    let value = take_expr(inp)?;
    let range = value.range;
    Ok(Block { lets: Vec::new(), result: value, range })
}

/// `(x: T, y: U = value)`
pub(super) fn parameters(inp: &mut In<'_, '_>) -> Outcome<Vec<Param>> {
    inp.take(TokenKind::LParen)?;
    members(inp, TokenKind::RParen, Separator::Comma, |inp| inp.parse(parameter()), |_| None)
}

fn parameter<'s>() -> impl Parses<'s, Param> {
    let default = rule(|inp| if inp.eat(TokenKind::Eq) { take_expr(inp).map(Some) } else { Ok(None) });
    name().then_ignore(tok(TokenKind::Colon)).then(ty()).then(default).map(|((name, ty), default)| Param {
        name,
        ty,
        default,
    })
}
