//! Several policies over one subject: loops over the same list are one, elements go to the policies that ask for their
//! like only, and several threads look at them. The elements of a list that was passed over are read for that, some at a
//! time, and forgotten.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bumpalo::Bump;
use ordain_data::JsonStart;
use ordain_graph::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Programs;
use super::asked::Loose;
use super::expr::{Id, PolicyCode};
use super::read::{Arenas, Manner, Passed, document};
use super::run::{Machine, Rounds, Run, STEPS, Said, constants};
use super::val::Val;

/// How many elements are looked at in one go.
const CHUNK: usize = 512;

/// For each text that is asked for, the policies that ask for it, with the guard that holds then.
type ByText<'a> = FxHashMap<&'a str, Vec<(u32, usize)>>;

/// What a group goes over.
enum Over<'a> {
    /// What is held.
    Held(Rounds<'a>),
    /// A list that was passed over: its place among those that may be.
    Passed(u32),
}

/// Policies whose first loop goes over the same.
struct Group<'a> {
    pairs: bool,
    over: Over<'a>,
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

/// What a thread takes on.
enum Job<'j> {
    /// Rounds of a group.
    Rounds(usize, Range<usize>),
    /// A part of a list that was passed over, up to a place.
    Part(&'j Passed, JsonStart, usize),
}

/// How much of a document is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// The least bytes of a part of a list that is read in parts; nothing where all of it is held.
    pub(crate) part: Option<usize>,
    /// How many values may be held at once; nothing where they need not be counted.
    pub(crate) most: Option<usize>,
}

/// Decides policies over a text of JSON that has a shape; nothing where it is no sound document of that shape. `None` for
/// a policy that gave up.
pub(crate) fn judge(
    programs: &Programs,
    codes: &[&PolicyCode],
    (shape, text): (u32, &str),
    holding: Holding,
    as_of: Option<Date>,
) -> Run<Vec<Option<Said>>> {
    let loose = match holding.part {
        Some(_) => Loose::of(programs, shape, codes),
        None => Loose::default(),
    };
    let most = holding.most.unwrap_or(usize::MAX);
    let manner = Manner { ahead: loose.ahead.as_ref(), part: holding.part.unwrap_or(usize::MAX), most };
    // Where values are counted, one thread reads what is held.
    let mut arenas = Arenas::for_text(if holding.most.is_none() { text.len() } else { 0 });
    let (arena, parts) = arenas.split();
    let document = document(programs, shape, text, manner, (arena, parts))?;
    let reading = Rest { text, loose: &loose, passed: &document.passed, most };
    decide_with(programs, codes, &[document.value], &reading, arena, as_of)
}

/// Decides policies over a subject, given the values of the names it binds. `None` for a policy that gave up.
pub(crate) fn decide<'a>(
    programs: &'a Programs,
    codes: &[&'a PolicyCode],
    subjects: &[Val<'a>],
    arena: &'a Bump,
    as_of: Option<Date>,
) -> Vec<Option<Said>> {
    let nothing = Rest { text: "", loose: &Loose::default(), passed: &[], most: 0 };
    decide_with(programs, codes, subjects, &nothing, arena, as_of).unwrap_or_else(|_| vec![None; codes.len()])
}

/// What is still to be read of a document.
struct Rest<'r> {
    text: &'r str,
    loose: &'r Loose,
    passed: &'r [Passed],
    /// How many values may be held at once.
    most: usize,
}

impl Rest<'_> {
    /// The list that an expression of a first loop goes over, if it was passed over.
    fn passed(&self, source: Id) -> Option<u32> {
        let list = *self.loose.sources.get(&source)?;
        self.passed.iter().any(|passed| passed.list == list).then_some(list)
    }
}

fn decide_with<'a>(
    programs: &'a Programs,
    codes: &[&'a PolicyCode],
    subjects: &[Val<'a>],
    rest: &Rest<'_>,
    arena: &'a Bump,
    as_of: Option<Date>,
) -> Run<Vec<Option<Said>>> {
    let consts = constants(programs, arena)?;
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
        let over = match rest.passed(source) {
            Some(list) => Ok(Over::Passed(list)),
            None => machine.over(source).map(Over::Held),
        };
        match over {
            Ok(over) => groups.push(group(codes, over, pairs, &policies)),
            Err(_) => policies.iter().for_each(|&policy| said[policy as usize] = None),
        }
    }
    let found = machine.found();
    let state = State {
        lost: codes.iter().map(|_| AtomicBool::new(false)).collect(),
        spent: codes.iter().map(|_| AtomicU64::new(0)).collect(),
    };
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        if let Over::Held(rounds) = &group.over {
            let length = rounds.len();
            let starts = (0..length).step_by(CHUNK);
            jobs.extend(starts.map(|start| Job::Rounds(place, start..length.min(start + CHUNK))));
        }
    }
    for passed in rest.passed {
        jobs.extend(passed.parts.ranges().map(|(start, end)| Job::Part(passed, start, end)));
    }
    let looking = Looking { programs, consts, found: &found, codes, groups: &groups, state: &state, as_of };
    let look = |job: &Job<'_>| match job {
        Job::Rounds(place, range) => Ok(looking.rounds(&groups[*place], range.clone())),
        Job::Part(passed, start, end) => looking.part(passed, rest, *start, *end),
    };
    // A few elements are looked at sooner than other threads are woken.
    let parts: Run<Vec<Vec<(u32, Said)>>> =
        if jobs.len() > 1 { jobs.par_iter().map(look).collect() } else { jobs.iter().map(look).collect() };
    for (policy, part) in parts?.into_iter().flatten() {
        if let Some(whole) = &mut said[policy as usize] {
            whole.append(part);
        }
    }
    for (at, said) in said.iter_mut().enumerate() {
        if state.lost[at].load(Ordering::Relaxed) || state.spent[at].load(Ordering::Relaxed) > STEPS {
            *said = None;
        }
    }
    Ok(said)
}

fn group<'a>(codes: &[&'a PolicyCode], over: Over<'a>, pairs: bool, policies: &[u32]) -> Group<'a> {
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

/// What all threads look at, and with.
struct Looking<'l> {
    programs: &'l Programs,
    consts: &'l [Val<'l>],
    /// The values that hold for the whole subject.
    found: &'l [Option<Val<'l>>],
    codes: &'l [&'l PolicyCode],
    groups: &'l [Group<'l>],
    state: &'l State,
    as_of: Option<Date>,
}

impl Looking<'_> {
    /// What policies say about some rounds that are held.
    fn rounds(&self, group: &Group<'_>, range: Range<usize>) -> Vec<(u32, Said)> {
        let mut said = Vec::new();
        let arena = Bump::new();
        if let Over::Held(rounds) = &group.over {
            let mut machine = Machine::with(self.programs, self.consts, self.found, &arena);
            for at in range {
                self.look(&mut machine, group, rounds.get(at, group.pairs), at, &mut said);
            }
        }
        said
    }

    /// Reads the elements of a part of a list, and what policies say about them.
    fn part(&self, passed: &Passed, rest: &Rest<'_>, start: JsonStart, end: usize) -> Run<Vec<(u32, Said)>> {
        let mut said = Vec::new();
        let mut arena = Bump::new();
        let JsonStart { mut at, mut index } = start;
        while at < end {
            let read = passed.elements((self.programs, self.consts), rest.text, (at, end), rest.most, &arena)?;
            let mut machine = Machine::with(self.programs, self.consts, self.found, &arena);
            let groups =
                self.groups.iter().filter(|group| matches!(group.over, Over::Passed(list) if list == passed.list));
            for group in groups {
                for (offset, element) in read.values.iter().enumerate() {
                    let at = index + offset;
                    let bound = if group.pairs { (Val::Int(at as i64), *element) } else { (*element, Val::None) };
                    self.look(&mut machine, group, bound, at, &mut said);
                }
            }
            (at, index) = (read.next, index + read.values.len());
            arena.reset();
        }
        Ok(said)
    }

    /// What the policies of a group say about a round.
    fn look<'a>(
        &self,
        machine: &mut Machine<'a>,
        group: &Group<'_>,
        bound: (Val<'a>, Val<'a>),
        at: usize,
        said: &mut Vec<(u32, Said)>,
    ) {
        for &policy in &group.always {
            self.policy(machine, policy, bound, (at, None), said);
        }
        for (key, policies) in &group.indices {
            // Only what always has a value is asked for.
            if let Ok(Val::Str(text)) = machine.of_element(*key, bound.0)
                && let Some(policies) = policies.get(text)
            {
                for &(policy, guard) in policies {
                    self.policy(machine, policy, bound, (at, Some(guard)), said);
                }
            }
        }
    }

    fn policy<'a>(
        &self,
        machine: &mut Machine<'a>,
        policy: u32,
        bound: (Val<'a>, Val<'a>),
        (at, skipped): (usize, Option<usize>),
        said: &mut Vec<(u32, Said)>,
    ) {
        let place = policy as usize;
        let (lost, spent) = (&self.state.lost[place], &self.state.spent[place]);
        if lost.load(Ordering::Relaxed) {
            return;
        }
        machine.left = STEPS;
        match machine.element(self.codes[place], bound, at, skipped, self.as_of) {
            Ok(part) if part.is_nothing() => {}
            Ok(part) => said.push((policy, part)),
            Err(_) => lost.store(true, Ordering::Relaxed),
        }
        let steps = STEPS - machine.left;
        if steps > 0 && spent.fetch_add(steps, Ordering::Relaxed) + steps > STEPS {
            lost.store(true, Ordering::Relaxed);
        }
    }
}

impl<'a> Machine<'a> {
    fn over(&mut self, source: Id) -> Run<Rounds<'a>> {
        let value = self.framed(self.most(), source)?;
        super::run::rounds(value)
    }

    /// A part of an element.
    fn of_element(&mut self, part: Id, element: Val<'a>) -> Run<Val<'a>> {
        self.frame(1);
        self.set(0, element);
        self.eval(part)
    }
}
