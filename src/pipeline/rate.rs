//! How fast records move: the mean over the last minute, in constant space.

use std::time::{Duration, Instant};

/// Slots of the window, and how long each is.
const SLOTS: usize = 12;
const SLOT: Duration = Duration::from_secs(5);

/// Records per second over the last minute, or since the first ones, if that is shorter.
#[derive(Debug, Clone)]
pub struct Rate {
    start: Instant,
    slots: [u64; SLOTS],
    /// The number of the newest slot, counted from the start.
    newest: u64,
}

impl Rate {
    /// A rate of nothing, measured from `now` on.
    pub fn new(now: Instant) -> Self {
        Self { start: now, slots: [0; SLOTS], newest: 0 }
    }

    /// Counts records that moved at `now`, which only goes forward.
    pub fn add(&mut self, now: Instant, records: u64) {
        self.turn(now);
        let at = (self.newest % SLOTS as u64) as usize;
        self.slots[at] = self.slots[at].saturating_add(records);
    }

    /// Records per second at `now`. Never more than what moved in the last second or longer says.
    pub fn per_second(&self, now: Instant) -> f64 {
        let mut turned = self.clone();
        turned.turn(now);
        let sum: u64 = turned.slots.iter().sum();
        let age = now.saturating_duration_since(self.start);
        // The newest slot has only begun: the window is what it and the full ones before it cover.
        let begun = age.saturating_sub(SLOT * u32::try_from(turned.newest).unwrap_or(u32::MAX));
        let covered = age.min(SLOT * (SLOTS as u32 - 1) + begun).max(Duration::from_secs(1));
        sum as f64 / covered.as_secs_f64()
    }

    fn turn(&mut self, now: Instant) {
        let slot = now.saturating_duration_since(self.start).as_secs() / SLOT.as_secs();
        let passed = slot.saturating_sub(self.newest).min(SLOTS as u64);
        for number in 1..=passed {
            let at = ((slot - passed + number) % SLOTS as u64) as usize;
            self.slots[at] = 0;
        }
        self.newest = self.newest.max(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_steady_flow_has_its_rate_from_the_first_second_on() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        for second in 1..=300 {
            rate.add(after(start, second), 100);
            let now = rate.per_second(after(start, second));
            assert!((95.0..=105.0).contains(&now), "{second}: {now}");
        }
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        rate.add(after(start, 10), 6000);
        assert!((rate.per_second(after(start, 20)) - 300.0).abs() < 1.0);
        assert!(rate.per_second(after(start, 64)) > 90.0);
        assert!(rate.per_second(after(start, 75)) < f64::EPSILON);
        rate.add(after(start, 3600), 60);
        assert!((rate.per_second(after(start, 3600)) - 60.0 / 55.0).abs() < 0.01);
    }
}
