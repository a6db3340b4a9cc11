//! The types an item writes, as far as they can be judged only with what other declarations stand for: conditions of
//! refinements and keys of maps.

use ordain_diagnostics::codes;
use ordain_graph::Value;

use super::super::lower::bound_fits;
use super::super::ty::Ty;
use super::super::{TypeLowering, refine};
use super::Infer;
use crate::hir::{ExprId, Loc, Name, Refinement, TypeId, TypeRefKind};

impl<'db> Infer<'db> {
    pub(super) fn written_types(&mut self) {
        let tree = self.tree;
        for (at, reference) in tree.types.iter().enumerate() {
            match &reference.kind {
                TypeRefKind::Refined { base, refinement } => {
                    let base = self.known_ty(*base);
                    self.refinement(&base, refinement, reference.loc);
                }
                TypeRefKind::Path { args, .. } if args.len() == 2 => {
                    if let Ty::Map(entry) = self.known_ty(TypeId(at as u32))
                        && !entry.0.is_key(self.db)
                    {
                        let message = format!("`{}` cannot be a key of a map", self.show(&entry.0));
                        let finding = self
                            .finding(codes::TYPE_MISMATCH, tree[args[0]].loc, message)
                            .help("keys are `String`, `Int`, `SemVer`, `Date`, `Url`, `Digest` or an enum");
                        self.report(finding);
                    }
                }
                _ => {}
            }
        }
    }

    /// A type whose own mistakes are reported where it is lowered.
    fn known_ty(&self, id: TypeId) -> Ty<'db> {
        TypeLowering::new(self.db, self.item, self.part, self.tree).at_home(self.home).ty(id)
    }

    /// Holds a refinement to what its base stands for. Lowering has done it where the base has no name.
    fn refinement(&mut self, base: &Ty<'db>, refinement: &Refinement, loc: Loc) {
        let peeled = base.peel(self.db);
        if peeled == Ty::Error {
            return;
        }
        let tree = self.tree;
        let mut named = base;
        while let Ty::Refined(inner, _) = named {
            named = inner;
        }
        let named = matches!(named, Ty::Alias(_));
        match refinement {
            Refinement::Predicate(condition) => self.condition(&peeled, *condition),
            Refinement::Range(range) if named => {
                let fits = |value: &Value| bound_fits(&peeled, value);
                if let Some((min, max, _)) = refine::bounds(tree, *range)
                    && !(fits(&min) && fits(&max))
                {
                    self.invalid(tree[*range].loc, format!("the bounds are not of type `{}`", self.show(base)));
                }
            }
            Refinement::Length(range)
                if named && !matches!(peeled, Ty::String | Ty::List(_) | Ty::Set(_) | Ty::Map(_)) =>
            {
                self.invalid(tree[*range].loc, format!("`{}` has no length", self.show(base)));
            }
            Refinement::Matching(_) if named && peeled != Ty::String => {
                self.invalid(loc, format!("`matching` refines `String`, not `{}`", self.show(base)));
            }
            _ => {}
        }
    }

    fn invalid(&mut self, loc: Loc, message: String) {
        let finding = self.finding(codes::INVALID_REFINEMENT, loc, message);
        self.report(finding);
    }

    /// Checks a condition over `it`. What is wrong in it is wrong with the refinement.
    fn condition(&mut self, base: &Ty<'db>, condition: ExprId) {
        // Lowering has refused what is no condition over `it`.
        if refine::predicate(self.tree, condition).is_none_or(|value| value.is_known()) {
            return;
        }
        let mark = self.locals.len();
        let known = self.findings.len();
        self.bind(&Name { text: "it".into(), loc: self.loc(condition) }, base.clone());
        self.check(condition, &Ty::Bool);
        self.leave(mark);
        for finding in &mut self.findings[known..] {
            if finding.code != codes::SECRET_OPERATION {
                finding.code = codes::INVALID_REFINEMENT;
            }
        }
    }
}
