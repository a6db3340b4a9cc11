//! The clock: the only place that reads the time, or draws at random.

use std::io;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use smol_str::{SmolStr, ToSmolStr as _};
use zeroize::Zeroizing;

/// Milliseconds since 1970-01-01 UTC; 0 for a clock that stands before that.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// A moment by a clock that never goes back.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// A name for a new execution: a UUID of version 7 (RFC 9562), so that names sort by time.
pub(crate) fn execution_id() -> SmolStr {
    uuid::Uuid::now_v7().to_smolstr()
}

/// Bytes that nobody can foresee, from the operating system.
pub(crate) fn random<const N: usize>() -> io::Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(bytes)
}
