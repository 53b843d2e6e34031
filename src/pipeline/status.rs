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

use super::{failure::Failure, state::State};
use crate::{checkpoint::Counts, event::EventBatch};

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
    /// How many events refer to the claim store instead of holding their data, since this process started.
    pub claims: u64,
    /// Where every split stands.
    pub positions: Vec<(Arc<str>, Position)>,
    /// When a scheduled pipeline runs next.
    pub next_run: Option<Timestamp>,
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
                claims: 0,
                positions: Vec::new(),
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
