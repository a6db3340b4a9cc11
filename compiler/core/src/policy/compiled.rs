//! Gates by the engine: the documents it can read, and what it says about them.

use bumpalo::Bump;
use ordain_graph::{Date, Value};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::decide::Decided;
use crate::db::{Db, MAX_DATA_BYTES};
use crate::engine::{Compiler, Holding, PolicyCode, Said, Val, decide, judge};
use crate::eval::{Context, json_text};
use crate::hir::{Body, Gate, Policy, Subject};
use crate::items::Item;
use crate::types::{fits_as_it_is, subject_types, written_type};

/// How many values may be held of a document that is too large to be held as a whole. They take up to a hundred bytes each.
const MOST_VALUES: usize = 4 << 20;

/// What the engine says about the inputs of a gate.
#[derive(Default)]
pub(super) struct Compiled<'db> {
    /// By input and policy. A policy that is not there is one for the tree walker.
    said: FxHashMap<(usize, Item<'db>), Said>,
    /// The inputs that are sound documents of their types.
    sound: Vec<usize>,
}

impl<'db> Compiled<'db> {
    /// Reads the documents of a gate and decides policies about them, as far as the engine can. Lists that need not be held
    /// are read in parts of at least so many bytes, if any are.
    pub(super) fn of_gate(
        db: &'db dyn Db,
        item: Item<'db>,
        gate: &Gate,
        policies: &[(Item<'db>, &'db Policy)],
        as_of: Option<Date>,
        part: Option<usize>,
    ) -> Self {
        let mut compiled = Self::default();
        let cx = Context::body(db, item);
        for (at, input) in gate.inputs.iter().enumerate() {
            let Some(text) = json_text(db, &cx, input.value) else { continue };
            let ty = written_type(db, item, input.ty);
            let mut compiler = Compiler::new(db, 1);
            let Some(shape) = compiler.shape(&ty) else { continue };
            let mut items = Vec::new();
            let mut codes: Vec<PolicyCode> = Vec::new();
            for (policy, declared) in policies {
                let Some(subject) = declared.subject.as_ref().filter(|subject| is_about_input(subject)) else {
                    continue;
                };
                let types = subject_types(db, *policy);
                let fitting = types.binding.as_ref().is_some_and(|expected| fits_as_it_is(db, &ty, expected));
                if fitting && let Some(code) = compiler.policy(*policy, &[subject_name(subject)]) {
                    items.push(*policy);
                    codes.push(code);
                }
            }
            let programs = compiler.finish();
            let codes: Vec<&PolicyCode> = codes.iter().collect();
            let holding = Holding { part, most: (text.len() > MAX_DATA_BYTES).then_some(MOST_VALUES) };
            let Ok(said) = judge(&programs, &codes, (shape, text), holding, as_of) else { continue };
            compiled.sound.push(at);
            let said = items.into_iter().zip(said).filter_map(|(policy, said)| Some(((at, policy), said?)));
            compiled.said.extend(said);
        }
        compiled
    }

    /// Whether an input was read, and is a sound document of its type.
    pub(super) fn is_sound(&self, input: usize) -> bool {
        self.sound.contains(&input)
    }

    /// What a policy says about an input.
    pub(super) fn take(&mut self, input: usize, policy: Item<'db>) -> Option<Decided<'db>> {
        let Said { rulings, used, dated, permitted } = self.said.remove(&(input, policy))?;
        Some(Decided { rulings, used, dated, permitted, ..Decided::default() })
    }
}

/// What the engine says about a policy whose names have some values; nothing where that is left to the tree walker.
pub(super) fn by_engine<'db>(
    db: &'db dyn Db,
    policy: Item<'db>,
    locals: &[(SmolStr, Value)],
    as_of: Option<Date>,
) -> Option<Decided<'db>> {
    let mut compiler = Compiler::new(db, locals.len() as u32);
    let names: Vec<SmolStr> = locals.iter().map(|(name, _)| name.clone()).collect();
    let code = compiler.policy(policy, &names)?;
    let programs = compiler.finish();
    let arena = Bump::new();
    let subjects: Option<Vec<Val<'_>>> = locals.iter().map(|(_, value)| Val::borrowed(value, &arena).ok()).collect();
    let Said { rulings, used, dated, permitted } = decide(&programs, &[&code], &subjects?, &arena, as_of).pop()??;
    Some(Decided { rulings, used, dated, permitted, ..Decided::default() })
}

/// Whether the engine decides a policy: it is about a document, and nothing in it is only for the tree walker.
pub fn is_compiled(db: &dyn Db, policy: Item<'_>) -> bool {
    let Body::Policy(declared) = &policy.body(db).body else { return false };
    let subject = declared.subject.as_ref().filter(|subject| is_about_input(subject));
    subject.is_some_and(|subject| Compiler::new(db, 1).policy(policy, &[subject_name(subject)]).is_some())
}

fn is_about_input(subject: &Subject) -> bool {
    subject.kind.text == "input" && subject.environment.is_none()
}

fn subject_name(subject: &Subject) -> SmolStr {
    subject.binding.as_ref().map_or_else(|| subject.kind.text.clone(), |(name, _)| name.text.clone())
}
