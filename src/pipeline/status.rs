//! What an operator sees of a pipeline. Written by its driver, read by the console, `status` and the metrics.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use acequia_api::{Board, Position, RecordBatch};
use jiff::Timestamp;

use super::{
    failure::Failure,
    rate::Rate,
    report::{Committed, Step},
    state::State,
};
use crate::{
    checkpoint::{Checkpoint, Counts, Routing},
    event::EventBatch,
};

/// A picture of a pipeline at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// Where it is in its life.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// The failure that it is in, or recovers from; gone with the next commit.
    pub failure: Option<Failure>,
    /// Transient failures since the last commit.
    pub failures: u32,
    /// When the last transaction was committed by this process.
    pub last_commit: Option<Timestamp>,
    /// The number of the last transaction.
    pub seq: Option<u64>,
    /// What became of all records since this process started.
    pub counts: Counts,
    /// How many lives it has had in this process: how often it went through its start.
    pub life: u64,
    /// Records read and committed lately.
    pub rate: Rate,
    /// How many events refer to the claim store instead of holding their data, since this process started.
    pub claims: u64,
    /// Which mappings took the records, since this process started.
    pub routing: Routing,
    /// Where every split stands, by name.
    pub splits: Vec<SplitStatus>,
    /// When a scheduled pipeline runs next.
    pub next_run: Option<Timestamp>,
}

/// A split at one moment.
#[derive(Debug, Clone)]
pub struct SplitStatus {
    /// Its name.
    pub split: Arc<str>,
    /// Where it stands.
    pub position: Position,
    /// What became of its records since this process started.
    pub counts: Counts,
    /// When this process last committed records of it.
    pub last_commit: Option<Timestamp>,
    /// Records read and committed lately.
    pub rate: Rate,
}

impl Status {
    /// Takes note of what was stored when a life began.
    pub(super) fn recovered(&mut self, checkpoint: &Checkpoint) {
        let known = std::mem::take(&mut self.splits);
        let now = Instant::now();
        for (split, progress) in checkpoint.splits() {
            let position = progress.position.clone();
            let before = known.iter().find(|known| known.split == *split);
            self.splits.push(match before {
                Some(before) => SplitStatus { position, ..before.clone() },
                None => SplitStatus::new(split, position, now),
            });
        }
    }

    /// Takes note of a transaction.
    pub(super) fn committed(&mut self, mut committed: Committed) {
        let (now, at) = (Instant::now(), Timestamp::now());
        self.last_commit = Some(at);
        self.seq = Some(committed.seq);
        self.counts.add(committed.counts);
        self.rate.add(now, committed.counts.rows_in);
        self.claims += committed.claims;
        self.routing.take(&mut committed.routing);
        for Step { split, position, counts } in committed.steps {
            let index = match self.splits.binary_search_by(|known| known.split.cmp(&split)) {
                Ok(index) => index,
                Err(index) => {
                    self.splits.insert(index, SplitStatus::new(&split, position.clone(), now));
                    index
                }
            };
            let known = &mut self.splits[index];
            known.position = position;
            known.last_commit = Some(at);
            known.counts.add(counts);
            known.rate.add(now, counts.rows_in);
        }
    }
}

impl SplitStatus {
    fn new(split: &Arc<str>, position: Position, now: Instant) -> Self {
        Self {
            split: Arc::clone(split),
            position,
            counts: Counts::default(),
            last_commit: None,
            rate: Rate::new(now),
        }
    }
}

/// The shared, living form of it.
#[derive(Debug)]
pub struct StatusCell {
    inner: Mutex<Status>,
    rejects: Mutex<BTreeMap<&'static str, u64>>,
    /// Units and alarms of the source.
    pub board: Arc<Board>,
    /// Whether records are moving.
    pub activity: Activity,
}

impl Default for StatusCell {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Status {
                state: State::Fencing,
                since: Timestamp::now(),
                failure: None,
                failures: 0,
                last_commit: None,
                seq: None,
                counts: Counts::default(),
                life: 0,
                rate: Rate::new(Instant::now()),
                splits: Vec::new(),
                claims: 0,
                routing: Routing::default(),
                next_run: None,
            }),
            rejects: Mutex::default(),
            board: Arc::default(),
            activity: Activity::default(),
        }
    }
}

impl StatusCell {
    /// The picture now.
    pub fn read(&self) -> Status {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Refused records by the code of their first error, since this process started.
    pub fn rejects(&self) -> BTreeMap<&'static str, u64> {
        self.rejects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count_rejects(&self, records: &RecordBatch, events: &EventBatch) {
        if records.rejects().is_empty() && events.rejects().is_empty() {
            return;
        }
        let decoded = records.rejects().iter().map(|reject| &reject.errors);
        let mapped = events.rejects().iter().map(|reject| &reject.errors);
        let mut known = self.rejects.lock().unwrap_or_else(PoisonError::into_inner);
        for errors in decoded.chain(mapped) {
            if let Some(error) = errors.first() {
                *known.entry(error.code).or_default() += 1;
            }
        }
    }

    /// Whether the pipeline makes progress, as opposed to merely being alive: it runs and either commits or has
    /// nothing to read, or it rests, waits for its schedule, or is paused by a person. A pipeline that has had
    /// records in hand for longer than `patience` without a commit is not ready, whatever its threads do.
    pub fn is_ready(&self, patience: Duration) -> bool {
        let status = self.read();
        match status.state {
            State::Running => self.activity.is_idle() || self.activity.quiet_for() < patience,
            State::Resting | State::Paused | State::Standby | State::Draining => true,
            State::Stopped(super::state::Stop::Done | super::state::Stop::Cancelled) => true,
            State::Stopped(_)
            | State::Fencing
            | State::Recovering
            | State::Backoff
            | State::Contested => false,
        }
    }
}

/// Whether and when records last moved. Cheap enough to be touched per batch.
#[derive(Debug, Clone)]
pub struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    last: AtomicU64,
    idle: AtomicBool,
}

impl Default for Activity {
    fn default() -> Self {
        let shared =
            Shared { start: Instant::now(), last: AtomicU64::new(0), idle: AtomicBool::new(true) };
        Self(Arc::new(shared))
    }
}

impl Activity {
    /// A batch was read.
    pub fn busy(&self) {
        self.0.idle.store(false, Ordering::Relaxed);
    }

    /// A source had nothing to read.
    pub fn idle(&self) {
        self.0.idle.store(true, Ordering::Relaxed);
    }

    /// Something was committed, or a life began.
    pub fn touch(&self) {
        self.0.last.store(self.0.start.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// Whether the source had nothing when it was last asked.
    pub fn is_idle(&self) -> bool {
        self.0.idle.load(Ordering::Relaxed)
    }

    /// Time since the last commit or beginning.
    pub fn quiet_for(&self) -> Duration {
        let last = Duration::from_millis(self.0.last.load(Ordering::Relaxed));
        self.0.start.elapsed().saturating_sub(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_not_liveness_makes_a_pipeline_ready() {
        let cell = StatusCell::default();
        assert!(!cell.is_ready(Duration::from_secs(60)), "it has not begun");
        cell.update(|status| status.state = State::Running);
        assert!(cell.is_ready(Duration::ZERO), "there is nothing to do");
        cell.activity.busy();
        assert!(cell.is_ready(Duration::from_secs(60)), "it may take its time");
        assert!(!cell.is_ready(Duration::ZERO), "it holds records for too long");
    }

    #[test]
    fn a_commit_counts_for_its_pipeline_and_for_the_splits_that_it_moved() {
        let cell = StatusCell::default();
        let counts = |rows_in| Counts { rows_in, published: rows_in, ..Counts::default() };
        let step = |split: &str, rows| Step {
            split: split.into(),
            position: Position::encode(1, &rows).unwrap(),
            counts: counts(rows),
        };
        for (seq, steps) in [(1, vec![step("b", 2)]), (2, vec![step("a", 3), step("b", 4)])] {
            let sum = steps.iter().map(|step| step.counts.rows_in).sum();
            let routing = Routing::default();
            let committed =
                Committed { seq, counts: counts(sum), claims: 0, put_aside: 0, routing, steps };
            cell.update(|status| status.committed(committed));
        }
        let status = cell.read();
        assert_eq!((status.seq, status.counts.rows_in), (Some(2), 9));
        let splits: Vec<_> =
            status.splits.iter().map(|split| (&*split.split, split.counts.rows_in)).collect();
        assert_eq!(splits, [("a", 3), ("b", 6)]);
        assert!(status.rate.per_second(Instant::now()) > 0.0);
    }
}
