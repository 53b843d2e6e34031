//! What a source shows to operators: the state of its units and the alarms that are up.
//!
//! A board is written by the source from any thread and read by the console, `acequia status` and the
//! metrics. It is advisory and lives in memory; what must survive is keyed state. It is bounded: of units that
//! are finished only the latest are remembered.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a unit (a file, a page) stands on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitState {
    /// Noticed, nothing decided.
    Seen,
    /// Not complete yet, or held back until an earlier one arrives.
    Waiting,
    /// Being read.
    Reading,
    /// All its records are committed.
    Committed,
    /// Committed and moved out of the way.
    Archived,
    /// Reported as the same content as an earlier one; not published.
    Duplicate,
    /// Refused as a whole.
    Quarantined,
}

impl UnitState {
    /// Whether nothing more happens to a unit in this state.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Archived | Self::Duplicate | Self::Quarantined)
    }
}

/// One line of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitStatus {
    /// What people call it, escaped for printing by whoever prints it.
    pub name: String,
    /// Where it stands.
    pub state: UnitState,
    /// Since when.
    pub since: Timestamp,
    /// Records read from it so far.
    pub records: u64,
    /// Octets of it that are left to read, where the source knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_left: Option<u64>,
    /// Why it waits or was refused, for people.
    pub note: Option<String>,
}

/// What there is still to read, as far as the source has looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Units that nobody has begun to read.
    pub waiting: u64,
    /// Units that are being read, or read and not committed.
    pub reading: u64,
    /// Octets left in both, where the source knows of any.
    pub bytes: Option<u64>,
}

/// Something an operator should look at, up until it is cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// A stable code such as `files.sequence_gap`.
    pub code: String,
    /// What it is about, so that several may be up under one code.
    pub subject: String,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

/// Finished units that are remembered.
const REMEMBERED: usize = 200;
/// Unfinished units and alarms that are shown; more are only counted.
const SHOWN: usize = 10_000;

#[derive(Debug, Default)]
struct Inner {
    open: BTreeMap<String, UnitStatus>,
    done: VecDeque<UnitStatus>,
    counts: BTreeMap<UnitState, u64>,
    alarms: BTreeMap<(String, String), Alarm>,
}

/// The board of one source.
#[derive(Debug, Default)]
pub struct Board(Mutex<Inner>);

impl Board {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the state of a unit. The time changes only when the state does.
    pub fn set(&self, name: &str, state: UnitState, records: u64, note: Option<String>) {
        let mut inner = self.lock();
        let known = inner.open.get(name).filter(|unit| unit.state == state);
        let since = known.map_or_else(Timestamp::now, |unit| unit.since);
        if known.is_none() {
            *inner.counts.entry(state).or_default() += 1;
        }
        let left = inner.open.get(name).and_then(|unit| unit.bytes_left);
        let bytes_left = left.filter(|_| state != UnitState::Committed && !state.is_final());
        let unit = UnitStatus { name: name.to_owned(), state, since, records, bytes_left, note };
        if state.is_final() {
            inner.open.remove(name);
            inner.done.push_front(unit);
            inner.done.truncate(REMEMBERED);
        } else if inner.open.len() < SHOWN || inner.open.contains_key(name) {
            inner.open.insert(name.to_owned(), unit);
        }
    }

    /// Says how many octets of a unit are left to read; no effect when the unit is not open.
    pub fn left(&self, name: &str, bytes: u64) {
        if let Some(unit) = self.lock().open.get_mut(name) {
            unit.bytes_left = Some(bytes);
        }
    }

    /// What there is still to read. Of more than ten thousand units, ten thousand are counted.
    pub fn backlog(&self) -> Backlog {
        let mut backlog = Backlog::default();
        for unit in self.lock().open.values() {
            match unit.state {
                UnitState::Seen | UnitState::Waiting => backlog.waiting += 1,
                UnitState::Reading => backlog.reading += 1,
                _ => continue,
            }
            if let Some(bytes) = unit.bytes_left {
                backlog.bytes = Some(backlog.bytes.unwrap_or_default() + bytes);
            }
        }
        backlog
    }

    /// Forgets a unit that went away without being finished.
    pub fn forget(&self, name: &str) {
        self.lock().open.remove(name);
    }

    /// Puts an alarm up; putting the same one up again keeps its time.
    pub fn raise(&self, code: &str, subject: &str, message: impl Into<String>) {
        let mut inner = self.lock();
        let key = (code.to_owned(), subject.to_owned());
        let since = inner.alarms.get(&key).map_or_else(Timestamp::now, |alarm| alarm.since);
        if inner.alarms.len() < SHOWN || inner.alarms.contains_key(&key) {
            let message = message.into();
            inner.alarms.insert(key.clone(), Alarm { code: key.0, subject: key.1, message, since });
        }
    }

    /// Takes an alarm down; no effect when it is not up.
    pub fn clear(&self, code: &str, subject: &str) {
        self.lock().alarms.remove(&(code.to_owned(), subject.to_owned()));
    }

    /// The units: unfinished ones by name, then finished ones, latest first.
    pub fn units(&self) -> Vec<UnitStatus> {
        let inner = self.lock();
        inner.open.values().chain(&inner.done).cloned().collect()
    }

    /// How many times a unit has entered each state since the source was opened.
    pub fn counts(&self) -> BTreeMap<UnitState, u64> {
        self.lock().counts.clone()
    }

    /// The alarms that are up.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.lock().alarms.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_units_are_bounded_and_latest_first() {
        let board = Board::default();
        for n in 0..REMEMBERED + 5 {
            board.set(&format!("f{n}"), UnitState::Reading, 1, None);
            board.set(&format!("f{n}"), UnitState::Archived, 2, None);
        }
        let units = board.units();
        assert_eq!(units.len(), REMEMBERED);
        assert_eq!(units[0].name, format!("f{}", REMEMBERED + 4));
        assert_eq!(board.counts()[&UnitState::Archived], REMEMBERED as u64 + 5);
    }

    #[test]
    fn the_backlog_is_what_is_not_committed_with_its_octets() {
        let board = Board::default();
        assert_eq!(board.backlog(), Backlog::default());
        board.set("a", UnitState::Seen, 0, None);
        board.left("a", 100);
        board.set("b", UnitState::Seen, 0, None);
        board.left("b", 50);
        board.set("a", UnitState::Reading, 3, None);
        assert_eq!(board.backlog(), Backlog { waiting: 1, reading: 1, bytes: Some(150) });
        board.left("a", 40);
        assert_eq!(board.backlog().bytes, Some(90));
        board.set("a", UnitState::Committed, 9, None);
        assert_eq!(board.backlog(), Backlog { waiting: 1, reading: 0, bytes: Some(50) });
        board.left("nobody", 7);
        assert_eq!(board.backlog().bytes, Some(50));
    }

    #[test]
    fn an_alarm_is_up_until_it_is_cleared_and_keeps_its_time() {
        let board = Board::default();
        board.raise("files.sequence_gap", "003", "003 is missing");
        let since = board.alarms()[0].since;
        board.raise("files.sequence_gap", "003", "003 is still missing");
        assert_eq!((board.alarms().len(), board.alarms()[0].since), (1, since));
        board.clear("files.sequence_gap", "003");
        assert!(board.alarms().is_empty());
    }
}
