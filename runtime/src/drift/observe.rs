//! Asking adapters to look, many at a time, each only for so long.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ordain_graph::{Contract, PlanGraph};
use serde_json::Value as Json;
use smol_str::SmolStr;

use super::Unsaid;
use crate::adapters::{Observed, Reach, StepContext, Surroundings, Try};
use crate::clock;
use crate::execute::{Call, bind};
use crate::reason::Reason;

/// More threads than this do not help.
const MOST_THREADS: usize = 1024;

/// A step that is looked at.
pub(super) struct Question<'a> {
    pub(super) plan: &'a PlanGraph,
    pub(super) contract: &'a Contract,
    pub(super) adapter: Option<&'a SmolStr>,
    /// The key that the adapter was called with when it did it, or any other.
    pub(super) key: String,
    pub(super) inputs: Arc<Json>,
    /// How long it may take.
    pub(super) within: Duration,
}

/// Who is asked, and where.
pub(super) struct Asking<'a> {
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) parallel: NonZeroUsize,
}

/// An adapter that is asked what it is once, however many steps it is asked about.
type Bound<'a> = Arc<OnceLock<Result<Call<'a>, Unsaid>>>;

/// Who is asked, by capability, version of its contract and adapter.
type Bindings<'k, 'a> = HashMap<(&'k SmolStr, &'k SmolStr, Option<&'k SmolStr>), Bound<'a>>;

impl Asking<'_> {
    /// Asks all questions. The answers stand in their order, and one that fails is in the way of no other.
    pub(super) fn all<'a>(&self, questions: &'a [Question<'a>], reach: &'a Reach<'a>) -> Vec<Result<Observed, Unsaid>> {
        let next = AtomicUsize::new(0);
        let known: Mutex<Bindings<'_, 'a>> = Mutex::default();
        let answers: Vec<OnceLock<Result<Observed, Unsaid>>> = questions.iter().map(|_| OnceLock::new()).collect();
        let work = || {
            while let Some((at, question)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                questions.get(at).map(|question| (at, question))
            } {
                let slot = {
                    // A poisoned lock means a panic elsewhere; the map itself is whole.
                    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                    let Contract { capability, version, .. } = question.contract;
                    known.entry((capability, version, question.adapter)).or_default().clone()
                };
                let call = slot.get_or_init(|| {
                    bind(question.plan, reach, question.contract, question.adapter)
                        .map_err(|why| Unsaid::new("adapter_missing", self.surroundings.vault.redact(&why.to_string())))
                });
                let answer = call.clone().and_then(|call| self.ask(question, &call));
                // INVARIANT: each place is asked for once.
                let _ = answers[at].set(answer);
            }
        };
        let threads = self.parallel.get().min(questions.len()).min(MOST_THREADS);
        std::thread::scope(|scope| {
            for number in 1..threads {
                let builder = std::thread::Builder::new().name(format!("look-{number}"));
                // Fewer threads do as well, and this one is there.
                if builder.spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        let lost = || Err(Unsaid::of(Reason::AdapterCrashed, "nobody answered"));
        answers.into_iter().map(|answer| answer.into_inner().unwrap_or_else(lost)).collect()
    }

    fn ask(&self, question: &Question<'_>, call: &Call<'_>) -> Result<Observed, Unsaid> {
        let vault = self.surroundings.vault;
        if self.surroundings.cancel.is_cancelled() {
            return Err(Unsaid::of(Reason::Cancelled, "not asked any more, because looking was cancelled"));
        }
        let context = StepContext {
            contract: call.contract,
            attempt: Try { key: &question.key, number: 1, in_doubt: false, undoes: None },
            inputs: &question.inputs,
            deadline: clock::instant().checked_add(question.within),
            surroundings: self.surroundings,
            tell: &|_| {},
        };
        let observed = call.adapter.call(&context, |adapter, step| adapter.observe(step));
        observed.map_err(|error| Unsaid::of(error.reason, vault.redact(&error.message)))
    }
}
