//! The status of a daemon as data: what `/status` gives and `acequia status` prints.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use acequia_api::{Alarm, Backlog, Position, UnitState, UnitStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::{Counts, Progress, Recovered, Routing},
    pipeline::{
        failure::Failure,
        state::{State, Stop},
        status::SplitStatus,
    },
    supervisor::{Handle, Reloaded},
};

/// Units shown with a pipeline; all are counted.
const UNITS: usize = 200;

/// A daemon at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DaemonPicture {
    /// Its version.
    pub version: String,
    /// The name of the deployment.
    pub deployment: String,
    /// When it started.
    pub started: Timestamp,
    /// Whether every pipeline makes progress.
    pub ready: bool,
    /// What came of the last reload, if there was one.
    #[serde(default)]
    pub reload: Option<ReloadPicture>,
    /// The pipelines, by name.
    pub pipelines: Vec<PipelinePicture>,
}

/// A reload. With a failure, everything runs on as before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReloadPicture {
    /// When.
    pub at: Timestamp,
    /// Why the configuration on disk is not the one that runs.
    pub failure: Option<FailurePicture>,
    /// Whether `acequia.yaml` itself changed, which takes effect at the next start.
    pub restart: bool,
}

/// A pipeline at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PipelinePicture {
    /// Its name.
    pub name: String,
    /// Whom to call.
    pub owner: Option<String>,
    /// Where its events go.
    pub topics: Vec<String>,
    /// Where it is in its life: `running`, `paused`, `done`, `failed`, …
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether it makes progress or has nothing to do.
    pub ready: bool,
    /// What it failed with, or recovers from.
    pub failure: Option<FailurePicture>,
    /// Failures since the last commit.
    pub failures: u32,
    /// When the last transaction was committed by this process.
    pub last_commit: Option<Timestamp>,
    /// The number of the last transaction.
    pub transaction: Option<u64>,
    /// How often it went through its start in this process.
    pub life: u64,
    /// Records read and committed per second, over the last minute.
    pub records_per_second: f64,
    /// What there is still to read, as far as the source has looked.
    pub backlog: Backlog,
    /// What became of all records since this process started.
    pub counts: Counts,
    /// Events that refer to the claim store instead of holding their data, since this process started.
    #[serde(default)]
    pub claims: u64,
    /// Which of its mappings took the records, since this process started.
    #[serde(default)]
    pub routing: Routing,
    /// Refused records by code.
    pub rejects: BTreeMap<String, u64>,
    /// When it runs next, if it is scheduled.
    pub next_run: Option<Timestamp>,
    /// What it reads from.
    pub units: UnitsPicture,
    /// What somebody should look at.
    pub alarms: Vec<Alarm>,
    /// The splits of the source that have committed anything, by name.
    pub splits: Vec<SplitPicture>,
}

/// A split at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SplitPicture {
    /// Its name.
    pub split: String,
    /// Records read and committed per second, over the last minute.
    pub records_per_second: f64,
    /// What became of its records since this process started.
    pub counts: Counts,
    /// When this process last committed records of it.
    pub last_commit: Option<Timestamp>,
    /// Where it stands; on the control socket only, since a position may hold keys of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// What a pipeline has committed, as Kafka has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredPicture {
    /// The number of the last transaction; none when nothing was ever committed.
    pub transaction: Option<u64>,
    /// The splits, by name.
    pub splits: Vec<StoredSplit>,
}

/// What is committed of a split.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredSplit {
    /// Its name.
    pub split: String,
    /// Where it stands.
    pub position: Position,
    /// What became of its records since its first run.
    pub counts: Counts,
    /// The mappings that they went through, with their versions.
    pub mappings: Vec<String>,
}

impl From<&Recovered> for StoredPicture {
    fn from(stored: &Recovered) -> Self {
        let one = |(split, progress): (&Arc<str>, &Progress)| StoredSplit {
            split: split.to_string(),
            position: progress.position.clone(),
            counts: progress.counts,
            mappings: progress.lineage.mappings.iter().map(ToString::to_string).collect(),
        };
        Self {
            transaction: stored.head.as_ref().map(|head| head.seq),
            splits: stored.checkpoint.splits().map(one).collect(),
        }
    }
}

/// A failure, for people.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FailurePicture {
    /// What the engine does about it.
    pub class: String,
    /// A stable code.
    pub code: String,
    /// What could not be done.
    pub message: String,
    /// What a person can do.
    pub hint: Option<String>,
}

/// The units (files, pages) of a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnitsPicture {
    /// How many there are now in each state that is not the end of their way.
    pub now: BTreeMap<UnitState, u64>,
    /// How many have entered each state since the source was opened.
    pub counts: BTreeMap<UnitState, u64>,
    /// Unfinished ones by name, then the latest finished ones; not more than two hundred.
    pub latest: Vec<UnitStatus>,
}

impl PipelinePicture {
    /// A picture of a pipeline; with positions only for who may see them.
    pub fn of(handle: &Handle, patience: Duration, positions: bool) -> Self {
        let status = handle.status.read();
        let board = &handle.status.board;
        let mut latest = board.units();
        let mut open = BTreeMap::new();
        for unit in latest.iter().filter(|unit| !unit.state.is_final()) {
            *open.entry(unit.state).or_default() += 1;
        }
        latest.truncate(UNITS);
        let now = Instant::now();
        let split = |known: SplitStatus| SplitPicture {
            split: known.split.to_string(),
            records_per_second: rounded(known.rate.per_second(now)),
            counts: known.counts,
            last_commit: known.last_commit,
            position: positions.then_some(known.position),
        };
        Self {
            name: handle.name.to_string(),
            owner: handle.owner.clone(),
            topics: handle.topics.iter().map(ToString::to_string).collect(),
            state: word(status.state).to_owned(),
            since: status.since,
            ready: handle.status.is_ready(patience),
            failure: status.failure.map(FailurePicture::from),
            failures: status.failures,
            last_commit: status.last_commit,
            transaction: status.seq,
            life: status.life,
            records_per_second: rounded(status.rate.per_second(now)),
            backlog: board.backlog(),
            counts: status.counts,
            claims: status.claims,
            routing: status.routing,
            rejects: owned(handle.status.rejects()),
            next_run: status.next_run,
            units: UnitsPicture { now: open, counts: board.counts(), latest },
            alarms: board.alarms(),
            splits: status.splits.into_iter().map(split).collect(),
        }
    }

    /// Files whose content had been published before.
    pub fn duplicates(&self) -> u64 {
        self.units.counts.get(&UnitState::Duplicate).copied().unwrap_or_default()
    }
}

/// Nobody reads more than a tenth of a record.
fn rounded(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

fn owned(rejects: BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    rejects.into_iter().map(|(code, count)| (code.to_owned(), count)).collect()
}

impl From<Reloaded> for ReloadPicture {
    fn from(Reloaded { at, outcome }: Reloaded) -> Self {
        let restart = outcome.as_ref().is_ok_and(|changes| changes.restart);
        Self { at, failure: outcome.err().map(FailurePicture::from), restart }
    }
}

impl From<Failure> for FailurePicture {
    fn from(failure: Failure) -> Self {
        let class = serde_json::to_value(failure.class).ok();
        Self {
            class: class.and_then(|class| class.as_str().map(str::to_owned)).unwrap_or_default(),
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
        }
    }
}

/// Every word for a state, as in pictures and metrics.
pub(super) const WORDS: [&str; 12] = [
    "fencing",
    "recovering",
    "running",
    "resting",
    "backoff",
    "contested",
    "standby",
    "draining",
    "paused",
    "done",
    "cancelled",
    "failed",
];

/// A state in one word.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Fencing => "fencing",
        State::Recovering => "recovering",
        State::Running => "running",
        State::Resting => "resting",
        State::Backoff => "backoff",
        State::Contested => "contested",
        State::Standby => "standby",
        State::Draining => "draining",
        State::Paused => "paused",
        State::Stopped(Stop::Done) => "done",
        State::Stopped(Stop::Cancelled) => "cancelled",
        State::Stopped(Stop::Failed(_)) => "failed",
    }
}
