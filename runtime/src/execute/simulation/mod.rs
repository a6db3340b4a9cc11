//! Simulation: the machine that executes plans, in a world that a seed draws, with everything going wrong in it that can.
//!
//! A seed gives a plan and a world: adapters that fail, crash, lie, time out, ignore their time, answer late or twice and have their effect late; a disk that is
//! full, or says that it failed and has written all the same; processes that end in the midst of whatever they do, and
//! come back; operators who cancel; people who agree, reject and take it back; a second process that goes on while the first one still believes that it may.
//! Whatever happens, what [`check`] says holds.
//!
//! `ORDAIN_SEEDS` says how many seeds are tried, and `ORDAIN_SEED` tries a single one, in every test, and shows its journal
//! where it fails.

mod check;
mod durable;
mod earth;
mod people;
mod plan;
mod told;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use serde_json::Value as Json;

use super::limits::Limits;
use super::machine::{Goal, Machine, Settled};
use super::past::Past;
use super::preflight::{self, Prepared};
use super::world::{Returned, advance};
use crate::adapters::Reach;
use crate::approval::Docket;
use crate::journal::StepEvent;
use crate::report::State;
use crate::vault::Vault;
use earth::{Crash, Earth, Faults, Process};

/// How often a simulated execution may be gone on with before it has to be through.
const MOST_LIVES: usize = 200;

/// Executes the plan of a seed in the world of a seed, to its end.
fn simulate(seed: u64, faults: Faults) -> Earth {
    let drawn = plan::draw(seed);
    let adapters = plan::adapters();
    let adapters = Reach::builtin(&adapters);
    // Somebody may ask for it to be undone, and whoever does has the ways to.
    let prepared = preflight::prepare(&drawn.plan, &adapters, Goal::Undo, None, Some(&people::APPROVERS))
        .expect("the plan is sound");
    let mut earth = Earth::new(seed, faults, &drawn, &prepared);
    let mut lives = 0;
    loop {
        lives += 1;
        assert!(lives < MOST_LIVES, "it does not end");
        let shared = Rc::new(RefCell::new(earth));
        let ended = live(&shared, &prepared, &drawn.limits);
        // INVARIANT: the processes are gone.
        earth = Rc::into_inner(shared).expect("nobody else has it").into_inner();
        match (ended, earth.end) {
            // An execution that was cancelled can be gone on with; mostly it is.
            (_, Some(State::Cancelled)) if earth.draw(0.9) => earth.end = None,
            // What waits goes on until people have agreed to all of it.
            (settled, Some(State::Waiting)) => {
                assert!(settled.is_none_or(|settled| settled.state == State::Waiting), "it is reported otherwise");
                earth.end = None;
                earth.talk();
            }
            (_, Some(end)) if end != State::Undone && earth.is_to_be_undone() => earth.end = None,
            (Some(settled), Some(end)) => {
                assert_eq!(settled.state, end, "what is reported is what is written down");
                return earth;
            }
            // It ended, and the process did before it could say so.
            (None, Some(_)) => return earth,
            (_, None) => {}
        }
    }
}

/// One process, and sometimes another that takes its work over while it lives, until they have ended.
fn live(shared: &Rc<RefCell<Earth>>, prepared: &Prepared<'_>, limits: &Limits) -> Option<Settled> {
    let vault = Vault::default();
    let mut processes = vec![Some(begin(shared, prepared, limits, &vault))];
    let mut settled = None;
    while processes.iter().any(Option::is_some) {
        if processes.len() == 1 && shared.borrow_mut().takes_over() {
            processes.push(Some(begin(shared, prepared, limits, &vault)));
        }
        let alive: Vec<usize> = (0..processes.len()).filter(|at| processes[*at].is_some()).collect();
        let at = alive[shared.borrow_mut().below(alive.len())];
        // INVARIANT: it is one of those that live.
        let (mut process, mut machine, mut returned) = processes[at].take().expect("it lives");
        let went = catch_unwind(AssertUnwindSafe(|| advance(&mut machine, &mut process, &mut returned)));
        match went {
            Ok(true) => processes[at] = Some((process, machine, returned)),
            Ok(false) => {
                let came = machine.settled();
                if came.journal.is_ok() {
                    settled = Some(came);
                }
            }
            Err(crash) if crash.is::<Crash>() => {}
            Err(failed) => std::panic::resume_unwind(failed),
        }
    }
    settled
}

fn begin<'p>(
    shared: &Rc<RefCell<Earth>>,
    prepared: &'p Prepared<'p>,
    limits: &Limits,
    vault: &'p Vault,
) -> (Process, Machine<'p>, Vec<Returned>) {
    let past = Past::read(prepared, &shared.borrow().journal).expect("the journal is readable");
    let process = Process::new(shared.clone());
    let goal = if shared.borrow().undoing { Goal::Undo } else { Goal::Apply };
    let docket = Docket::new(prepared.plan, "simulated".into(), prepared.plan.hash(), Some(&people::APPROVERS));
    (process, Machine::new(prepared, vault, "simulated".into(), docket, limits, goal, past), Vec::new())
}

/// How each node ended, with its outputs or the reason.
fn outcomes(earth: &Earth) -> BTreeMap<&str, Json> {
    let last = earth.journal.iter().filter_map(|step| match step.event {
        StepEvent::Succeeded => Some((step.address.as_str(), step.data["outputs"].clone())),
        StepEvent::Failed => Some((step.address.as_str(), step.data["reason"].clone())),
        _ => None,
    });
    last.collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.replace('_', "").parse().ok())
}

/// Tries so many seeds of those that are asked for, or the one. Which one fails is told. Gives how many there were.
fn each_seed(share: impl Fn(u64) -> u64, mut attempt: impl FnMut(u64)) -> u64 {
    let (first, count) = match number("ORDAIN_SEED") {
        Some(single) => (single, 1),
        None => (0, share(number("ORDAIN_SEEDS").unwrap_or(10_000))),
    };
    for seed in first..first + count {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| attempt(seed))) {
            eprintln!("it fails with ORDAIN_SEED={seed}");
            std::panic::resume_unwind(cause);
        }
    }
    count
}

#[test]
fn whatever_goes_wrong_an_execution_keeps_its_promises() {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut forged = 0;
    let tried = each_seed(
        |seeds| seeds,
        |seed| {
            let earth = simulate(seed, Faults::all());
            let plan = plan::draw(seed).plan;
            earth.told.holds(&plan, earth.end);
            // One in four is enough to see that what cannot have been is found.
            if seed % 4 == 0 {
                forged += earth.told.forged(&plan, &mut fastrand::Rng::with_seed(seed));
            }
            if number("ORDAIN_SEED").is_some() {
                eprintln!("{}", earth.story());
            }
            for (what, times) in &earth.seen {
                *seen.entry(what).or_default() += times;
            }
            *seen.entry(earth.end.map_or("unended", State::name)).or_default() += 1;
        },
    );
    eprintln!("{tried} seeds: {seen:?}, {forged} forged logs");
    if tried >= 10_000 {
        assert!(forged >= 2_000, "{forged}");
        // A simulation in which nothing goes wrong says nothing.
        for what in
            earth::FAULTS.iter().chain(&["succeeded", "failed", "undone", "partly_undone", "cancelled", "waited"])
        {
            assert!(seen.get(what).is_some_and(|times| *times >= 20), "{what} is hardly seen: {seen:?}");
        }
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    each_seed(
        |seeds| seeds / 50,
        |seed| {
            let (one, other) = (simulate(seed, Faults::all()), simulate(seed, Faults::all()));
            assert_eq!(one.story(), other.story());
        },
    );
}

/// Where each failure concerns only what hangs on it, it does not matter when processes end or disks fail.
#[test]
fn crashes_change_nothing() {
    let mut compared = 0;
    let tried = each_seed(
        |seeds| seeds / 4,
        |seed| {
            let calm = simulate(seed, Faults::of_adapters());
            if calm.stops {
                return;
            }
            let disturbed = simulate(seed, Faults::without_operators());
            assert_eq!(outcomes(&calm), outcomes(&disturbed));
            assert_eq!(calm.end, disturbed.end);
            compared += 1;
        },
    );
    assert!(tried < 1_000 || compared > 100, "{compared}");
}

/// What is printed leads back to the seed, whatever the world was that it failed in.
#[test]
fn a_seed_that_fails_is_told_and_found_again() {
    let fails = |seed: u64| catch_unwind(|| each_seed(|_| 40, |at| assert!(at != seed, "seed {at}")));
    if number("ORDAIN_SEED").is_none() {
        assert_eq!(fails(100).ok(), Some(40));
        let cause = fails(17).expect_err("one of them fails");
        assert_eq!(cause.downcast_ref::<String>().map(String::as_str), Some("seed 17"));
    }
}
