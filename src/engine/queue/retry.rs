//! When an event is tried again: exponential backoff with jitter, on simulated time.

use super::seal::StateKeys;
use crate::engine::time::Instant;

/// Tries of one event before it is given up on: the first one and five more.
pub const ATTEMPTS: usize = 6;
/// Wait before the second try, in milliseconds, before jitter. It doubles with each further one.
const BASE_MILLIS: i64 = 5_000;
/// The longest wait of the connector's own choosing, in milliseconds.
const CAP_MILLIS: i64 = 300_000;

/// When to try again after `failed` tries that failed, the last of them at `now`; none when that was the last.
///
/// The wait is between half and the whole of 5 s · 2^(failed − 1), at most 300 s; where in that range is a keyed
/// hash of the event's `reference` and the try, so that a run repeats exactly and events that failed together do not come
/// back together. What the receiver asks for (`Retry-After`, RFC 9110, section 10.2.3; seconds) is never undercut.
pub fn next_try(
    failed: usize,
    now: Instant,
    retry_after: Option<u32>,
    reference: &str,
    keys: &StateKeys,
) -> Option<Instant> {
    if failed >= ATTEMPTS {
        return None;
    }
    let doublings = u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let whole = BASE_MILLIS.saturating_mul(1 << doublings).min(CAP_MILLIS);
    let [high, low, ..] = keys.fold_for_log("jitter", &format!("{reference}\0{failed}"));
    let share = i64::from(u16::from_be_bytes([high, low]));
    let wait = whole / 2 + (whole / 2) * share / i64::from(u16::MAX);
    let asked = i64::from(retry_after.unwrap_or(0)).saturating_mul(1000);
    Some(Instant(now.0.saturating_add(wait.max(asked))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(failed: usize, retry_after: Option<u32>, correlation: &str) -> Option<i64> {
        let keys = StateKeys::new("seed", "seed").unwrap();
        next_try(failed, Instant(1_000), retry_after, correlation, &keys).map(|at| at.0 - 1_000)
    }

    #[test]
    fn waits_double_up_to_a_cap_and_end() {
        for failed in 1..ATTEMPTS {
            let whole = 5_000 << (failed - 1);
            let wait = wait(failed, None, "run-000001").unwrap();
            assert!((whole / 2..=whole).contains(&wait), "{failed}: {wait}");
        }
        assert_eq!(wait(ATTEMPTS, None, "run-000001"), None);
        assert_eq!(wait(usize::MAX, Some(1), "run-000001"), None);
    }

    #[test]
    fn the_receivers_wish_is_never_undercut_and_never_shortens() {
        assert_eq!(wait(1, Some(3600), "run-000001"), Some(3_600_000));
        assert_eq!(wait(1, Some(0), "run-000001"), wait(1, None, "run-000001"));
    }

    #[test]
    fn jitter_repeats_and_spreads() {
        let waits: std::collections::BTreeSet<_> =
            (0..50).map(|n| wait(3, None, &format!("run-{n:06}")).unwrap()).collect();
        assert!(waits.len() > 40, "{waits:?}");
        assert_eq!(wait(3, None, "run-000007"), wait(3, None, "run-000007"));
    }
}
