//! How often a source may send: a token bucket each, on the clock that is given.

use super::super::time::Instant;
use std::collections::BTreeMap;

/// A source's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Deliveries that may come at once.
    pub burst: u32,
    /// Deliveries a minute that may come on and on.
    pub per_minute: u32,
}

impl Default for Rate {
    /// Generous: a backlog of 100,000 at once, and 10,000 a second from then on.
    fn default() -> Self {
        Self { burst: 100_000, per_minute: 600_000 }
    }
}

/// One delivery. A bucket gains `per_minute` of these units a millisecond.
const DELIVERY: u64 = 60_000;

struct Bucket {
    level: u64,
    at: Instant,
}

/// A bucket for each source.
#[derive(Default)]
pub struct Buckets(BTreeMap<String, Bucket>);

impl Buckets {
    /// Takes one delivery out of a source's bucket.
    ///
    /// # Errors
    /// Whole seconds until there is one again, at least 1; nothing is taken.
    pub fn take(&mut self, source: &str, rate: Rate, now: Instant) -> Result<(), u64> {
        let full = u64::from(rate.burst).saturating_mul(DELIVERY);
        let gain = u64::from(rate.per_minute);
        let refilled = |bucket: &Bucket| {
            // A clock set back fills nothing.
            let passed = u64::try_from(now.0.saturating_sub(bucket.at.0)).unwrap_or(0);
            bucket.level.saturating_add(passed.saturating_mul(gain)).min(full)
        };
        let level = self.0.get(source).map_or(full, refilled);
        if let Some(left) = level.checked_sub(DELIVERY) {
            self.0.insert(source.to_owned(), Bucket { level: left, at: now });
            return Ok(());
        }
        self.0.insert(source.to_owned(), Bucket { level, at: now });
        let missing = DELIVERY.saturating_sub(level);
        Err(missing.div_ceil(gain.max(1)).div_ceil(1000).max(1))
    }

    /// Forgets the buckets of sources that are not in force any more.
    pub fn keep_only(&mut self, source: &str) {
        self.0.retain(|own, _| own == source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, per_minute: 30 };

    #[test]
    fn a_burst_passes_then_as_many_as_time_gives() {
        let mut buckets = Buckets::default();
        for _ in 0..3 {
            assert_eq!(buckets.take("A", RATE, Instant(0)), Ok(()));
        }
        assert_eq!(buckets.take("A", RATE, Instant(0)), Err(2));
        assert_eq!(buckets.take("A", RATE, Instant(500)), Err(2));
        assert_eq!(buckets.take("A", RATE, Instant(1_001)), Err(1));
        assert_eq!(buckets.take("A", RATE, Instant(2_000)), Ok(()));
        assert_eq!(buckets.take("A", RATE, Instant(2_000)), Err(2));
        assert_eq!(buckets.take("B", RATE, Instant(2_000)), Ok(()), "each source has its own");
        for _ in 0..3 {
            assert_eq!(buckets.take("A", RATE, Instant(i64::MAX)), Ok(()));
        }
        assert!(buckets.take("A", RATE, Instant(i64::MAX)).is_err(), "no more than the burst is saved up");
    }

    #[test]
    fn a_clock_set_back_fills_nothing_and_locks_nobody_out() {
        let mut buckets = Buckets::default();
        let rate = Rate { burst: 1, per_minute: 60 };
        assert_eq!(buckets.take("A", rate, Instant(1_000_000)), Ok(()));
        assert_eq!(buckets.take("A", rate, Instant(0)), Err(1));
        assert_eq!(buckets.take("A", rate, Instant(1_000)), Ok(()));
        assert_eq!(buckets.take("A", rate, Instant(i64::MIN)), Err(1));
    }
}
