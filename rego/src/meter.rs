//! Counting what an evaluation uses.
//!
//! The interpreter asks a source of time at every step whether it is late. The one it gets here knows no time: each
//! question is one step. It also looks how deep the stack has grown, so a chain of rules ends in an error and never in
//! an overflow. An evaluation has a thread of its own, and the counts belong to that thread.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use regorus::utils::limits::{TimeSource, set_time_source};

use crate::limits::Limits;

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    Steps(u64),
    Bytes(u64),
    Depth,
    Patience,
}

impl Exhausted {
    pub(crate) fn message(self) -> String {
        match self {
            Self::Steps(steps) => format!("the policy took more than {steps} steps"),
            Self::Bytes(bytes) => format!("the policy produced more than {bytes} bytes"),
            Self::Patience => "nobody waits for the policy any more".to_owned(),
            Self::Depth => "rules or expressions lead too deep into each other".to_owned(),
        }
    }
}

#[derive(Clone, Copy)]
struct Meter {
    limits: Limits,
    steps: u64,
    bytes: u64,
    /// The address of something on the stack where the evaluation began.
    base: usize,
    exhausted: Option<Exhausted>,
}

thread_local! {
    static METER: Cell<Option<Meter>> = const { Cell::new(None) };
    /// Set by the caller once it has stopped waiting.
    static ABANDONED: RefCell<Arc<AtomicBool>> = RefCell::default();
}

/// How far the stack may grow before an evaluation ends. The thread has four times as much, for what the interpreter
/// does between two steps.
pub(crate) const MAX_STACK: usize = 128 << 20;

/// The limit that the interpreter is given: any count above it means that a bound has been reached.
pub(crate) const NOT_LATE: Duration = Duration::from_secs(1);

struct Steps;

impl TimeSource for Steps {
    fn now(&self) -> Option<Duration> {
        let here = 0_u8;
        let address = std::ptr::from_ref(&here).addr();
        METER.with(|cell| {
            let Some(mut meter) = cell.get() else { return Some(Duration::ZERO) };
            meter.steps += 1;
            if meter.exhausted.is_none() {
                if meter.steps > meter.limits.steps {
                    meter.exhausted = Some(Exhausted::Steps(meter.limits.steps));
                } else if ABANDONED.with_borrow(|abandoned| abandoned.load(Ordering::Relaxed)) {
                    meter.exhausted = Some(Exhausted::Patience);
                } else if meter.base.abs_diff(address) > MAX_STACK {
                    meter.exhausted = Some(Exhausted::Depth);
                }
            }
            cell.set(Some(meter));
            Some(if meter.exhausted.is_some() { NOT_LATE * 2 } else { Duration::ZERO })
        })
    }
}

/// Begins counting in this thread, until `abandoned` is set.
pub(crate) fn start(limits: Limits, abandoned: Arc<AtomicBool>) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // It fails where another source stands already. Only this crate uses the interpreter, so none does.
        let _ = set_time_source(&Steps);
    });
    ABANDONED.set(abandoned);
    let here = 0_u8;
    let base = std::ptr::from_ref(&here).addr();
    METER.with(|cell| cell.set(Some(Meter { limits, steps: 0, bytes: 0, base, exhausted: None })));
}

/// What ran out in this thread, if anything did.
pub(crate) fn exhausted() -> Option<Exhausted> {
    METER.with(Cell::get).and_then(|meter| meter.exhausted)
}

/// How many bytes may still be produced.
pub(crate) fn bytes_left() -> u64 {
    METER.with(Cell::get).map_or(0, |meter| meter.limits.bytes.saturating_sub(meter.bytes))
}

/// Counts bytes that are about to be, or have been, produced.
pub(crate) fn charge(bytes: u64) -> Result<(), Exhausted> {
    METER.with(|cell| {
        let Some(mut meter) = cell.get() else { return Ok(()) };
        meter.bytes = meter.bytes.saturating_add(bytes);
        let result = if meter.bytes > meter.limits.bytes {
            let exhausted = *meter.exhausted.get_or_insert(Exhausted::Bytes(meter.limits.bytes));
            Err(exhausted)
        } else {
            Ok(())
        };
        cell.set(Some(meter));
        result
    })
}
