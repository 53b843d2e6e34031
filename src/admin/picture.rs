//! The status of a daemon as data: what `/status` gives and `acequia status` prints.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use acequia_api::{Alarm, Position, UnitState, UnitStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::Counts,
    pipeline::{
        failure::Failure,
        state::{State, Stop},
    },
    supervisor::Handle,
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
    /// The pipelines, by name.
    pub pipelines: Vec<PipelinePicture>,
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
    /// What became of all records since this process started.
    pub counts: Counts,
    /// Events that refer to the claim store instead of holding their data, since this process started.
    #[serde(default)]
    pub claims: u64,
    /// Refused records by code.
    pub rejects: BTreeMap<String, u64>,
    /// When it runs next, if it is scheduled.
    pub next_run: Option<Timestamp>,
    /// What it reads from.
    pub units: UnitsPicture,
    /// What somebody should look at.
    pub alarms: Vec<Alarm>,
    /// Where every split stands; on the control socket only, since a position may hold keys of the source.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub positions: HashMap<String, Position>,
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
        latest.truncate(UNITS);
        let text = |position: (std::sync::Arc<str>, Position)| (position.0.to_string(), position.1);
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
            counts: status.counts,
            claims: status.claims,
            rejects: owned(handle.status.rejects()),
            next_run: status.next_run,
            units: UnitsPicture { counts: board.counts(), latest },
            alarms: board.alarms(),
            positions: if positions {
                status.positions.into_iter().map(text).collect()
            } else {
                HashMap::new()
            },
        }
    }

    /// Files whose content had been published before.
    pub fn duplicates(&self) -> u64 {
        self.units.counts.get(&UnitState::Duplicate).copied().unwrap_or_default()
    }
}

fn owned(rejects: BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    rejects.into_iter().map(|(code, count)| (code.to_owned(), count)).collect()
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
