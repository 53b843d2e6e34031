//! What the parts of a pipeline tell its driver.

use std::sync::Arc;

use acequia_api::{Position, StateView};
use uuid::Uuid;

use super::{failure::Failure, refused::RowName};
use crate::{
    checkpoint::{Checkpoint, Counts, Routing},
    publish::Terms,
};

/// One report. It travels with the number of the life it belongs to, so that what a dropped life still says is
/// recognised and ignored.
#[derive(Debug)]
pub enum Report {
    /// Committer: the previous life is over.
    Fenced,
    /// Committer: what was committed before.
    Recovered(Recovered),
    /// Committer: a transaction is committed.
    Committed(Committed),
    /// Committer: the answer to a flush. What was not at a boundary is left to the next life.
    Flushed,
    /// The source is open and so many splits are being read.
    Opened(usize),
    /// A split has something although the pipeline rests.
    Work,
    /// A split has ended.
    Ended,
    /// Someone cannot go on.
    Failed(Failure),
    /// Committer: Kafka refused a record; which one is known where every record was sent by itself.
    Refused(Failure, Option<RowName>),
    /// Whose claim is the newest.
    Claim {
        /// Whether it is that of this instance.
        own: bool,
    },
    /// Who else owns the pipeline.
    Owner {
        /// The other instance, if there is one and it lives.
        alive: Option<Uuid>,
    },
}

/// What the committer found stored.
#[derive(Debug)]
pub struct Recovered {
    /// Where every split stands.
    pub checkpoint: Checkpoint,
    /// The committed keyed state.
    pub state: SharedState,
    /// Whether nothing was ever committed.
    pub first_run: bool,
    /// What the cluster and the registry say about events.
    pub terms: Terms,
}

/// A committed transaction.
#[derive(Debug)]
pub struct Committed {
    /// Its number.
    pub seq: u64,
    /// What it held.
    pub counts: Counts,
    /// How many events in it refer to the claim store.
    pub claims: u64,
    /// How many rows in it are rejects because Kafka refused them before.
    pub put_aside: u64,
    /// Which mappings took its rows.
    pub routing: Routing,
    /// The splits that it moved.
    pub steps: Vec<Step>,
}

/// A split that a transaction moved.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub split: Arc<str>,
    /// Where it stands now.
    pub position: Position,
    /// What became of its records.
    pub counts: Counts,
}

/// A view of keyed state that can be handed on.
#[derive(Clone)]
pub struct SharedState(pub Arc<dyn StateView>);

impl std::fmt::Debug for SharedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedState")
    }
}
