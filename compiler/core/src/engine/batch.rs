//! Several policies over one subject: loops over the same list are one, elements go to the policies that ask for their
//! like only, and several threads look at them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bumpalo::Bump;
use ordain_graph::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Programs;
use super::expr::{Id, PolicyCode};
use super::run::{Machine, Rounds, STEPS, Said, constants};
use super::val::Val;

/// How many elements are looked at in one go.
const CHUNK: usize = 512;

/// For each text that is asked for, the policies that ask for it, with the guard that holds then.
type ByText<'a> = FxHashMap<&'a str, Vec<(u32, usize)>>;

/// Policies whose first loop goes over the same.
struct Group<'a> {
    pairs: bool,
    over: Rounds<'a>,
    /// Policies that every element meets.
    always: Vec<u32>,
    /// The expressions of which texts are asked for.
    indices: Vec<(Id, ByText<'a>)>,
}

/// What became of the policies while several threads look at them.
struct State {
    /// Those that gave up.
    lost: Vec<AtomicBool>,
    /// The steps that each took.
    spent: Vec<AtomicU64>,
}

/// Decides policies over a subject, given the values of the names it binds. `None` for a policy that gave up.
pub(crate) fn decide<'a>(
    programs: &'a Programs,
    codes: &[&'a PolicyCode],
    subjects: &[Val<'a>],
    arena: &'a Bump,
    as_of: Option<Date>,
) -> Vec<Option<Said>> {
    let Ok(consts) = constants(programs, arena) else { return vec![None; codes.len()] };
    let consts: &'a [Val<'a>] = arena.alloc_slice_copy(&consts);
    let mut machine = Machine::new(programs, consts, subjects, arena);
    let mut said: Vec<Option<Said>> = vec![Some(Said::default()); codes.len()];
    let mut looping: Vec<(Id, bool, Vec<u32>)> = Vec::new();
    let mut known: FxHashMap<(Id, bool), usize> = FxHashMap::default();
    for (at, code) in codes.iter().enumerate() {
        machine.left = STEPS;
        match (machine.starts(code), &code.first) {
            (Err(_), _) => said[at] = None,
            (Ok(false), _) => {}
            (Ok(true), None) => said[at] = machine.whole(code, as_of).ok(),
            (Ok(true), Some(first)) => {
                let place = *known.entry((first.source, first.pairs)).or_insert_with(|| {
                    looping.push((first.source, first.pairs, Vec::new()));
                    looping.len() - 1
                });
                looping[place].2.push(at as u32);
            }
        }
    }
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (source, pairs, policies) in looping {
        machine.left = STEPS;
        match machine.over(source) {
            Ok(over) => groups.push(group(codes, over, pairs, &policies)),
            Err(_) => policies.iter().for_each(|&policy| said[policy as usize] = None),
        }
    }
    let found = machine.found();
    let state = State {
        lost: codes.iter().map(|_| AtomicBool::new(false)).collect(),
        spent: codes.iter().map(|_| AtomicU64::new(0)).collect(),
    };
    let chunks: Vec<(usize, Range<usize>)> = groups
        .iter()
        .enumerate()
        .flat_map(|(place, group)| {
            let length = group.over.len();
            (0..length).step_by(CHUNK).map(move |start| (place, start..length.min(start + CHUNK)))
        })
        .collect();
    let look = |(place, range): &(usize, Range<usize>)| {
        let arena = Bump::new();
        let machine = Machine::with(programs, consts, &found, &arena);
        chunk(machine, codes, &groups[*place], range.clone(), &state, as_of)
    };
    // A few elements are looked at sooner than other threads are woken.
    let parts: Vec<Vec<(u32, Said)>> =
        if chunks.len() > 1 { chunks.par_iter().map(look).collect() } else { chunks.iter().map(look).collect() };
    for (policy, part) in parts.into_iter().flatten() {
        if let Some(whole) = &mut said[policy as usize] {
            whole.append(part);
        }
    }
    for (at, said) in said.iter_mut().enumerate() {
        if state.lost[at].load(Ordering::Relaxed) || state.spent[at].load(Ordering::Relaxed) > STEPS {
            *said = None;
        }
    }
    said
}

fn group<'a>(codes: &[&'a PolicyCode], over: Rounds<'a>, pairs: bool, policies: &[u32]) -> Group<'a> {
    let mut group = Group { pairs, over, always: Vec::new(), indices: Vec::new() };
    for &policy in policies {
        let index = codes[policy as usize].first.as_ref().and_then(|first| first.index.as_ref());
        let Some((guard, key, texts)) = index else {
            group.always.push(policy);
            continue;
        };
        let place = group.indices.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            group.indices.push((*key, FxHashMap::default()));
            group.indices.len() - 1
        });
        for text in texts {
            let policies = group.indices[place].1.entry(text.as_str()).or_default();
            // A text that is given twice is asked for once.
            if policies.last().is_none_or(|(last, _)| *last != policy) {
                policies.push((policy, *guard));
            }
        }
    }
    group
}

fn chunk<'a>(
    mut machine: Machine<'a>,
    codes: &[&'a PolicyCode],
    group: &Group<'a>,
    range: Range<usize>,
    state: &State,
    as_of: Option<Date>,
) -> Vec<(u32, Said)> {
    let mut said = Vec::new();
    for at in range {
        let bound = group.over.get(at, group.pairs);
        let mut look = |machine: &mut Machine<'a>, policy: u32, skipped: Option<usize>| {
            let place = policy as usize;
            if state.lost[place].load(Ordering::Relaxed) {
                return;
            }
            machine.left = STEPS;
            match machine.element(codes[place], bound, at, skipped, as_of) {
                Ok(part) if part.is_nothing() => {}
                Ok(part) => said.push((policy, part)),
                Err(_) => state.lost[place].store(true, Ordering::Relaxed),
            }
            let spent = STEPS - machine.left;
            if spent > 0 && state.spent[place].fetch_add(spent, Ordering::Relaxed) + spent > STEPS {
                state.lost[place].store(true, Ordering::Relaxed);
            }
        };
        for &policy in &group.always {
            look(&mut machine, policy, None);
        }
        for (key, policies) in &group.indices {
            // Only what always has a value is asked for.
            if let Ok(Val::Str(text)) = machine.of_element(*key, bound.0)
                && let Some(policies) = policies.get(text)
            {
                for &(policy, guard) in policies {
                    look(&mut machine, policy, Some(guard));
                }
            }
        }
    }
    said
}

impl<'a> Machine<'a> {
    fn over(&mut self, source: Id) -> super::run::Run<Rounds<'a>> {
        let value = self.framed(self.most(), source)?;
        super::run::rounds(value)
    }

    /// A part of an element.
    fn of_element(&mut self, part: Id, element: Val<'a>) -> super::run::Run<Val<'a>> {
        self.frame(1);
        self.set(0, element);
        self.eval(part)
    }
}
