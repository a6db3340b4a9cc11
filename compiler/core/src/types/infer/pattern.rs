//! `match`: patterns, coverage, unreachable arms.

use ordain_diagnostics::codes;
use ordain_graph::Value;
use smol_str::SmolStr;

use super::super::ty::Ty;
use super::super::{coerce, refine};
use super::marking::Meaning;
use super::{Finding, Infer, Resolution};
use crate::hir::{Arm, ExprId, Kind, Loc, PathRef, Pattern, PatternKind};
use crate::items::Item;

/// What the arms so far cover.
struct Coverage {
    /// Everything.
    all: bool,
    /// Variants by index, booleans as 0 and 1.
    variants: Vec<usize>,
    /// Literals.
    literals: Vec<Value>,
    /// `none`.
    none: bool,
    /// Whether a pattern is mistaken: what it was meant to cover is not known.
    mistaken: bool,
}

impl<'db> Infer<'db> {
    pub(super) fn match_expr(
        &mut self,
        expr: ExprId,
        subject: ExprId,
        arms: &[Arm],
        expected: Option<&Ty<'db>>,
    ) -> Ty<'db> {
        let subject_ty = self.infer(subject, None);
        if matches!(subject_ty.peel(self.db), Ty::Secret(_)) {
            let finding = self.finding(codes::SECRET_OPERATION, self.loc(subject), "a secret cannot be matched");
            self.report(finding);
        }
        let mut coverage =
            Coverage { all: false, variants: Vec::new(), literals: Vec::new(), none: false, mistaken: false };
        let mut result: Option<Ty<'db>> = None;
        for arm in arms {
            let mark = self.locals.len();
            let mut dead: Vec<Loc> = Vec::new();
            for pattern in &arm.patterns {
                if !self.pattern(pattern, &subject_ty, &mut coverage, arm.guard.is_some()) {
                    dead.push(pattern.loc);
                }
            }
            if coverage.mistaken {
                dead.clear();
            }
            if dead.len() == arm.patterns.len()
                && let Some(&loc) = dead.first()
            {
                let finding = self
                    .finding(codes::UNREACHABLE_ARM, loc, "this arm is never reached")
                    .help("the arms before it cover all its values; remove it or move it up");
                self.report(finding);
            } else {
                for loc in dead {
                    let finding = self
                        .finding(codes::UNREACHABLE_ARM, loc, "this alternative is never reached")
                        .help("what stands before it covers its values; remove it");
                    self.report(finding);
                }
            }
            if let Some(guard) = arm.guard {
                self.check(guard, &Ty::Bool);
            }
            let ty = self.branch(arm.body, expected);
            self.leave(mark);
            result = Some(match result {
                None => ty,
                Some(before) => match coerce::join(self.db, &before, &ty) {
                    Some(joined) => joined,
                    None => {
                        let message = format!("the arms differ: `{}` and `{}`", self.show(&before), self.show(&ty));
                        let finding = self.finding(codes::TYPE_MISMATCH, self.loc(arm.body), message);
                        self.report(finding);
                        Ty::Error
                    }
                },
            });
        }
        self.exhaustive(self.loc(expr), &subject_ty, &coverage);
        expected.cloned().or(result).unwrap_or(Ty::Error)
    }

    /// Looks at one pattern; gives whether some value can still reach it.
    fn pattern(&mut self, pattern: &Pattern, subject: &Ty<'db>, coverage: &mut Coverage, guarded: bool) -> bool {
        let reachable = !coverage.all;
        match &pattern.kind {
            PatternKind::Wildcard => {
                let reachable = reachable && !self.is_complete(subject, coverage);
                coverage.all |= !guarded;
                reachable
            }
            PatternKind::Name(name) => match subject.variants(self.db) {
                Some((item, variants)) => match variants.iter().position(|variant| variant == name) {
                    Some(index) => {
                        self.mark(pattern.loc, || Meaning::Variant(item, index as u32));
                        reachable & self.variant(pattern.loc, index, name, coverage, guarded)
                    }
                    None => {
                        self.spot_pattern(name, subject);
                        let similar = crate::similar::best(name, variants.iter().map(SmolStr::as_str));
                        let message = format!("`{}` has no variant `{name}`", item.name(self.db));
                        let mut finding =
                            self.finding(codes::UNKNOWN_VARIANT, pattern.loc, message).did_you_mean(similar);
                        finding.help.get_or_insert_with(|| "use `_` for all other values".into());
                        self.report(finding);
                        coverage.mistaken = true;
                        true
                    }
                },
                None => {
                    self.spot_pattern(name, subject);
                    let name = crate::hir::Name { text: name.clone(), loc: pattern.loc };
                    // Below an arm for `none`, what is left is there.
                    let bound = match subject.peel(self.db) {
                        Ty::Optional(inner) if coverage.none => (*inner).clone(),
                        _ => subject.clone(),
                    };
                    self.bind_let(&name, bound);
                    let reachable = reachable && !self.is_complete(subject, coverage);
                    coverage.all |= !guarded;
                    reachable
                }
            },
            PatternKind::Variant(path) => {
                let parts: Vec<SmolStr> = path.parts.iter().map(|part| part.text.clone()).collect();
                if let Some(last) = parts.last() {
                    self.spot_pattern(last, subject);
                }
                self.mark_path(&path.places());
                let found = self.resolve(&parts);
                let reported = found.as_ref().is_err_and(|error| error.reported);
                let of = found.as_ref().ok().map(|found| found.item).filter(|item| item.kind(self.db) == Kind::Enum);
                let variant = found.ok().filter(|found| found.consumed + 1 == parts.len()).and_then(|found| {
                    let (item, variants) = Ty::Enum(found.item).variants(self.db)?;
                    let index = variants.iter().position(|variant| Some(variant) == parts.last())?;
                    Some((item, index))
                });
                match variant {
                    Some((item, index)) => {
                        let fits = match subject.peel_optional(self.db) {
                            Ty::Enum(subject) => subject == item,
                            Ty::Error => true,
                            _ => false,
                        };
                        if !fits {
                            let message = format!(
                                "the pattern is of `{}`, the subject of `{}`",
                                item.name(self.db),
                                self.show(subject)
                            );
                            let finding = self.finding(codes::TYPE_MISMATCH, pattern.loc, message);
                            self.report(finding);
                            coverage.mistaken = true;
                            return true;
                        }
                        let name = parts.last().cloned().unwrap_or_default();
                        self.mark(path.loc(), || Meaning::Variant(item, index as u32));
                        reachable & self.variant(pattern.loc, index, &name, coverage, guarded)
                    }
                    None => {
                        if !reported {
                            let finding = self.unknown_variant(path, of);
                            self.report(finding);
                        }
                        coverage.mistaken = true;
                        true
                    }
                }
            }
            PatternKind::Literal(literal) => {
                let ty = self.infer(*literal, Some(subject));
                self.pattern_fits(pattern.loc, &ty, subject);
                let Some(value) = refine::literal(self.tree, *literal) else { return reachable };
                let fresh = match &value {
                    Value::None => {
                        let fresh = !coverage.none;
                        coverage.none |= !guarded;
                        fresh
                    }
                    Value::Bool(truth) => {
                        let index = usize::from(*truth);
                        return reachable & self.variant(pattern.loc, index, &SmolStr::default(), coverage, guarded);
                    }
                    value => !coverage.literals.contains(value),
                };
                if !guarded {
                    coverage.literals.push(value);
                }
                reachable && fresh
            }
            PatternKind::Range { low, high, .. } => {
                for bound in [*low, *high] {
                    let ty = self.infer(bound, Some(subject));
                    self.pattern_fits(pattern.loc, &ty, subject);
                }
                if let (Some(low), Some(high)) = (refine::literal(self.tree, *low), refine::literal(self.tree, *high))
                    && low > high
                {
                    let finding = self.finding(codes::UNREACHABLE_ARM, pattern.loc, "the range is empty");
                    self.report(finding);
                }
                reachable
            }
        }
    }

    fn unknown_variant(&self, path: &PathRef, of: Option<Item<'db>>) -> Finding<'db> {
        let message = format!("no variant named `{}`", path.text());
        let finding = self.finding(codes::UNKNOWN_VARIANT, path.loc(), message);
        match (of.and_then(|item| Ty::Enum(item).variants(self.db)), path.parts.last()) {
            (Some((_, variants)), Some(last)) => {
                finding.did_you_mean(crate::similar::best(&last.text, variants.iter().map(SmolStr::as_str)))
            }
            _ => finding.meant(self.db, &path.places(), true, |kind| kind == Kind::Enum),
        }
    }

    fn pattern_fits(&mut self, loc: Loc, ty: &Ty<'db>, subject: &Ty<'db>) {
        let (pattern, peeled) = (ty.peel(self.db), subject.peel(self.db));
        let fits = match (&pattern, &peeled) {
            (Ty::None, Ty::Optional(_) | Ty::Json | Ty::Error | Ty::None) => true,
            (Ty::None, _) => false,
            (_, Ty::Json) => true,
            _ => coerce::join(self.db, &pattern, &subject.peel_optional(self.db)).is_some(),
        };
        if !fits {
            let message = format!("the pattern is `{}`, the subject `{}`", self.show(ty), self.show(subject));
            let finding = self.finding(codes::TYPE_MISMATCH, loc, message);
            self.report(finding);
        }
    }

    fn variant(&mut self, loc: Loc, index: usize, name: &SmolStr, coverage: &mut Coverage, guarded: bool) -> bool {
        if !name.is_empty() {
            self.facts.targets.insert(loc, Resolution::Variant(index as u32, name.clone()));
        }
        let fresh = !coverage.variants.contains(&index);
        if !guarded {
            coverage.variants.push(index);
        }
        fresh
    }

    /// Whether the arms so far cover every value that can be named.
    fn is_complete(&self, subject: &Ty<'db>, coverage: &Coverage) -> bool {
        let optional = matches!(subject.peel(self.db), Ty::Optional(_) | Ty::None);
        if optional && !coverage.none {
            return false;
        }
        let count = match subject.peel_optional(self.db) {
            Ty::Bool => 2,
            Ty::Enum(_) => subject.variants(self.db).map_or(usize::MAX, |(_, variants)| variants.len()),
            _ => return false,
        };
        (0..count).all(|index| coverage.variants.contains(&index))
    }

    fn exhaustive(&mut self, loc: Loc, subject: &Ty<'db>, coverage: &Coverage) {
        if coverage.all || coverage.mistaken {
            return;
        }
        let mut missing: Vec<String> = Vec::new();
        let optional = matches!(subject.peel(self.db), Ty::Optional(_) | Ty::None);
        if optional && !coverage.none {
            missing.push("`none`".into());
        }
        match subject.peel_optional(self.db) {
            Ty::Error => return,
            Ty::Bool => {
                for (index, name) in ["`false`", "`true`"].into_iter().enumerate() {
                    if !coverage.variants.contains(&index) {
                        missing.push(name.into());
                    }
                }
            }
            Ty::Enum(_) => {
                if let Some((_, variants)) = subject.variants(self.db) {
                    for (index, name) in variants.iter().enumerate() {
                        if !coverage.variants.contains(&index) {
                            missing.push(format!("`{name}`"));
                        }
                    }
                }
            }
            Ty::None => {}
            _ => missing.push("`_`".into()),
        }
        if !missing.is_empty() {
            self.lacks_arms(loc, &missing);
            let finding = self
                .finding(codes::MATCH_NOT_EXHAUSTIVE, loc, format!("no arm for {}", missing.join(", ")))
                .help("add the missing arms, or `_ => …` for all of them");
            self.report(finding);
        }
    }
}
