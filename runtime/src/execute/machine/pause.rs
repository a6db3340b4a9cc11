//! Pauses between tries.

use std::time::Duration;

use ordain_graph::Retry;
use sha2::{Digest as _, Sha256};

/// The pause after a failed try: the first is the least, each is twice the one before, up to the longest. It is up to a
/// quarter longer than that, so that those who failed together do not come back together; by how much is drawn from
/// the key and the try, so that it is the same wherever it is worked out.
pub(super) fn pause(retry: Retry, failed: u32, key: &str) -> Duration {
    let longest = retry.max.max(retry.min);
    let factor = 1u64.checked_shl(failed - 1).unwrap_or(u64::MAX);
    let pause = retry.min.saturating_mul(factor).min(longest);
    let digest = Sha256::new().chain_update(key).chain_update(failed.to_le_bytes()).finalize();
    let drawn = u64::from(u16::from_le_bytes([digest[0], digest[1]]));
    // A quarter of the pause, times what was drawn over all that could have been.
    let jitter = u128::from(pause) * u128::from(drawn) / (4 << 16);
    Duration::from_millis(pause.saturating_add(u64::try_from(jitter).unwrap_or(u64::MAX)).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_a_little_more_up_to_the_longest() {
        let retry = Retry { times: 9, min: 1_000, max: 30_000 };
        for key in ["a", "b", "c"] {
            for (failed, least) in [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (5, 16_000), (6, 30_000)] {
                let pause = pause(retry, failed, key).as_millis();
                assert!((least..=(least + least / 4).min(30_000)).contains(&pause), "{failed}: {pause}");
            }
        }
        assert_eq!(pause(retry, 200, "a").as_millis(), 30_000);
        assert_eq!(pause(Retry { times: 1, min: 0, max: 0 }, 1, "a"), Duration::ZERO);
        let most = Retry { times: 1, min: u64::MAX, max: u64::MAX };
        assert_eq!(pause(most, 1, "a"), Duration::from_millis(u64::MAX));
    }

    #[test]
    fn those_who_failed_together_do_not_come_back_together() {
        let retry = Retry { times: 9, min: 1_000, max: 30_000 };
        let pauses: std::collections::BTreeSet<_> = (0..100).map(|at| pause(retry, 1, &at.to_string())).collect();
        assert!(pauses.len() > 60, "{pauses:?}");
        assert_eq!(pause(retry, 1, "a"), pause(retry, 1, "a"));
    }
}
