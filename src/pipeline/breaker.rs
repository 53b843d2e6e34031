//! The circuit breaker: a feed that has turned bad as a whole stops the pipeline instead of filling the
//! quarantine with a million records.

use serde::{Deserialize, Serialize};

/// When to stop: more than `rejects` refused records among `of` consecutive ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerLimit {
    /// So many may be refused.
    pub rejects: u64,
    /// Among so many.
    pub of: u64,
}

/// Counts records in windows of `of`, in two halves, so that a burst across the end of one window is seen by
/// the next. The breaker never needs a full window to trip: 201 refused of the first 201 are more than 200 of
/// 1 000.
#[derive(Debug)]
pub struct Breaker {
    limit: BreakerLimit,
    halves: [Half; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Half {
    records: u64,
    rejects: u64,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(limit: BreakerLimit) -> Self {
        Self { limit, halves: [Half::default(); 2] }
    }

    /// Its limit.
    pub fn limit(&self) -> BreakerLimit {
        self.limit
    }

    /// Counts a batch. `true` means: stop, and do not publish this batch.
    pub fn trips(&mut self, records: u64, rejects: u64) -> bool {
        let half = &mut self.halves[1];
        half.records += records;
        half.rejects += rejects;
        let rejects = self.halves[0].rejects + self.halves[1].rejects;
        if self.halves[1].records >= self.limit.of.div_ceil(2) {
            self.halves = [self.halves[1], Half::default()];
        }
        rejects > self.limit.rejects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: BreakerLimit = BreakerLimit { rejects: 200, of: 1_000 };

    #[test]
    fn a_feed_that_is_all_bad_trips_before_a_window_is_full() {
        let mut breaker = Breaker::new(LIMIT);
        assert!(!breaker.trips(200, 200));
        assert!(breaker.trips(1, 1));
    }

    #[test]
    fn a_steady_share_below_the_limit_never_trips() {
        let mut breaker = Breaker::new(LIMIT);
        for _ in 0..10_000 {
            assert!(!breaker.trips(100, 9));
        }
    }

    #[test]
    fn a_burst_across_the_end_of_a_window_is_seen() {
        let mut breaker = Breaker::new(LIMIT);
        assert!(!breaker.trips(500, 150));
        assert!(breaker.trips(100, 51));
    }

    #[test]
    fn old_rejects_are_forgotten() {
        let mut breaker = Breaker::new(LIMIT);
        assert!(!breaker.trips(100, 100));
        for _ in 0..4 {
            assert!(!breaker.trips(500, 0));
        }
        assert!(!breaker.trips(150, 150));
    }
}
