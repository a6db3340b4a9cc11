//! What must hold: `policy` and `gate`.

use chumsky::prelude::*;

use super::block::binding;
use super::clause::{Clauses, clauses, optional, ranged, unknown_clause};
use super::expr::{expr, for_in, take_expr, take_list};
use super::item::kept;
use super::primitive::{Parses, Separator, Tokens, members, name, path, rule, take_name, take_path, tok};
use super::state::{In, Outcome};
use super::string::{plain_string, string};
use super::types::{take_type, ty};
use super::want::Want;
use crate::ast::{
    Expr, GateClause, GateDecl, Ident, Outcome as Verdict, Path, PolicyClause, PolicyClauseKind, PolicyDecl, PolicyRef,
    RuleSource, Subject, Type,
};
use crate::token::TokenKind;

/// The clauses of a policy.
pub(super) const POLICY: Clauses = Clauses {
    of: "a policy",
    words: &[
        "code", "severity", "on", "for", "let", "when", "unless", "deny", "warn", "permit", "forbid", "require",
        "escalate", "because", "with", "exempt",
    ],
};

/// The clauses of a gate.
pub(super) const GATE: Clauses = Clauses { of: "a gate", words: &["on", "input", "check"] };

/// `from rego "…" { … }`, the source optional
pub(super) fn policy(inp: &mut In<'_, '_>) -> PolicyDecl {
    let from = if inp.eat(TokenKind::From) { kept(inp, rule_source) } else { None };
    PolicyDecl { from, clauses: kept(inp, |inp| clauses(inp, policy_clause)).unwrap_or_default() }
}

/// `rego "x.rego"` or `rego ["x.rego", "lib.rego"]`
fn rule_source(inp: &mut In<'_, '_>) -> Outcome<RuleSource> {
    let language = take_name(inp)?;
    let start = inp.at();
    if !inp.eat(TokenKind::LBracket) {
        let file = inp.parse(plain_string())?;
        return Ok(RuleSource { language, files: vec![file], list: None });
    }
    let files = members(inp, TokenKind::RBracket, Separator::Comma, |inp| inp.parse(plain_string()), |_| None)?;
    Ok(RuleSource { language, files, list: Some(inp.range_from(start)) })
}

fn policy_clause(inp: &mut In<'_, '_>) -> Outcome<PolicyClause> {
    use PolicyClauseKind as Kind;
    let start = inp.at();
    let word = inp.kind();
    let kind = match word {
        TokenKind::For => {
            let (binder, iter) = inp.parse(for_in(expr()))?;
            Kind::For { binder, iter }
        }
        TokenKind::Let => Kind::Let(binding(inp)?),
        _ => {
            let parsed = match word {
                TokenKind::Code => inp.parse(after(plain_string().map(Kind::Code))),
                TokenKind::Severity => inp.parse(after(name().map(Kind::Severity))),
                TokenKind::On => inp.parse(after(rule(subject).map(Kind::On))),
                TokenKind::When => inp.parse(after(expr().map(Kind::When))),
                TokenKind::Unless => inp.parse(after(expr().map(Kind::Unless))),
                TokenKind::Because => inp.parse(after(string().map(Kind::Because))),
                TokenKind::With => inp.parse(after(expr().map(Kind::With))),
                TokenKind::Exempt => inp.parse(after(exempt())),
                TokenKind::Deny => inp.parse(after(message().map(Verdict::Deny).map(Kind::Outcome))),
                TokenKind::Warn => inp.parse(after(message().map(Verdict::Warn).map(Kind::Outcome))),
                TokenKind::Forbid => inp.parse(after(message().map(Verdict::Forbid).map(Kind::Outcome))),
                TokenKind::Permit => {
                    inp.skip();
                    Ok(Kind::Outcome(Verdict::Permit))
                }
                TokenKind::Require => inp.parse(after(rule(requirement).map(Kind::Outcome))),
                TokenKind::Escalate => {
                    let to = tok(TokenKind::To).ignore_then(name());
                    inp.parse(after(to.map(Verdict::Escalate).map(Kind::Outcome)))
                }
                _ => return unknown_clause(inp, &POLICY),
            };
            parsed?
        }
    };
    Ok(PolicyClause { kind, range: inp.range_from(start) })
}

/// What follows the first word of a clause.
fn after<'s, T>(rest: impl Parses<'s, T>) -> impl Parses<'s, T> {
    any().ignore_then(rest)
}

/// `env: T`
fn typed_name<'s>() -> impl Parses<'s, (Ident, Type)> {
    name().then_ignore(tok(TokenKind::Colon)).then(ty())
}

/// `step in env: Target`, `input: T`, `entity app: Application`, `change ["…"]`
fn subject(inp: &mut In<'_, '_>) -> Outcome<Subject> {
    let kind = take_name(inp)?;
    let mut subject = Subject { kind, binding: None, environment: None, globs: None };
    if inp.eat(TokenKind::Colon) {
        subject.binding = Some((subject.kind.clone(), take_type(inp)?));
    } else if inp.kind().is_name() && inp.same_line(0) && inp.kind_at(1) == TokenKind::Colon {
        subject.binding = Some(inp.parse(typed_name())?);
    }
    if inp.kind() == TokenKind::LBracket {
        subject.globs = Some(take_list(inp)?);
    }
    if inp.eat(TokenKind::In) {
        subject.environment = Some(inp.parse(typed_name())?);
    }
    Ok(subject)
}

/// The message of a verdict, on its line, or nothing.
fn message<'s>() -> impl Parses<'s, Option<Expr>> {
    rule(|inp| {
        let none = !inp.same_line(0) || inp.kind().is_closer() || inp.kind() == TokenKind::Because;
        if none { Ok(None) } else { take_expr(inp).map(Some) }
    })
}

/// `approval from sre count 2` or `gate healthy`
fn requirement(inp: &mut In<'_, '_>) -> Outcome<Verdict> {
    if inp.word() == "approval" {
        inp.skip();
        let parser = tok(TokenKind::From).ignore_then(name()).then(optional(TokenKind::Count));
        return inp.parse(parser.map(|(group, count)| Verdict::RequireApproval { group, count }));
    }
    if inp.eat(TokenKind::Gate) {
        return take_name(inp).map(Verdict::RequireGate);
    }
    inp.fail(Want::Requirement)
}

/// `target in ["…"] until 2027-03-01 see adr_0007`
fn exempt<'s>() -> impl Parses<'s, PolicyClauseKind> {
    let see = rule(|inp| -> Outcome<Option<Path>> {
        if inp.eat(TokenKind::See) { take_path(inp).map(Some) } else { Ok(None) }
    });
    expr().then(optional(TokenKind::Until)).then(see).map(|((condition, until), see)| PolicyClauseKind::Exempt {
        condition,
        until,
        see,
    })
}

/// The body of a gate.
pub(super) fn gate(inp: &mut In<'_, '_>) -> GateDecl {
    GateDecl { clauses: kept(inp, |inp| clauses(inp, gate_clause)).unwrap_or_default() }
}

fn gate_clause(inp: &mut In<'_, '_>) -> Outcome<GateClause> {
    match inp.kind() {
        TokenKind::On => {
            let change = rule(|inp| {
                if inp.word() != "change" {
                    return inp.fail(Want::Change);
                }
                inp.skip();
                take_expr(inp)
            });
            ranged(inp, change, |globs, range| GateClause::OnChange { globs, range })
        }
        TokenKind::Input => {
            let input = typed_name().then_ignore(tok(TokenKind::Eq)).then(expr());
            ranged(inp, input, |((name, ty), value), range| GateClause::Input { name, ty, value, range })
        }
        TokenKind::Check => {
            let policies = tok(TokenKind::LBracket).ignore_then(rule(policy_refs));
            ranged(inp, policies, |policies, range| GateClause::Check { policies, range })
        }
        _ => unknown_clause(inp, &GATE),
    }
}

/// `no_public_bucket, std.cloud.*, not std.cloud.no_deletion]`
fn policy_refs(inp: &mut In<'_, '_>) -> Outcome<Vec<PolicyRef>> {
    let reference = rule(|inp| {
        // A policy, or a module, may have that name.
        let not = inp.kind() == TokenKind::Not
            && !matches!(inp.kind_at(1), TokenKind::Dot | TokenKind::Comma | TokenKind::RBracket);
        if not {
            inp.skip();
        }
        let path = inp.parse(path())?;
        let all = inp.kind() == TokenKind::Dot && inp.kind_at(1) == TokenKind::Star;
        if all {
            inp.skip();
            inp.skip();
        }
        Ok(PolicyRef { not, path, all })
    });
    members(inp, TokenKind::RBracket, Separator::Comma, move |inp| inp.parse(reference), |_| None)
}
