//! The contract between the engine and a connector.
//!
//! ```text
//! Connector::open ──► Source ──► splits() ──► reader(split, resume) ──► fetch(batch) … fetch(batch)
//!                        ▲                                                     │
//!                        └──────────── committed(split, position) ◄── commit ──┘
//! ```
//!
//! The engine pulls: it lends a batch, the reader fills it. Backpressure is simply not asking. Recovery is the
//! start path: after any failure the engine drops source and readers and opens them anew at what was
//! committed, so a connector needs no second way to become correct again.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio_util::{sync::CancellationToken, task::task_tracker::TaskTrackerToken};

use crate::{BatchLimits, Board, Position, RecordBatch, Reject, Schema, SourceError, StateView};

/// A boxed future: one allocation per *batch*, never per record.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A kind of legacy system. Stateless; one value of it stands in the daemon's registry.
pub trait Connector: Send + Sync + 'static {
    /// The word after `connector:` in a pipeline, also its cargo feature: `files`, `odbc`.
    const KIND: &'static str;
    /// What stands beside `connector:`. It must refuse unknown keys, its field docs are the reference, and its
    /// `Debug` must not show a secret.
    type Config: DeserializeOwned + JsonSchema + Send;
    /// What opening gives.
    type Source: Source;

    /// What can be found wrong with a configuration without touching the system. Every mistake, not the first.
    fn validate(&self, config: &Self::Config) -> Vec<ConfigFault> {
        let _ = config;
        Vec::new()
    }

    /// Opens the system. Called again after every failure; nothing it does may depend on an earlier life.
    ///
    /// # Errors
    /// `Operator` for what a person must change, `Transient` for what may go away.
    fn open(
        &self,
        config: Self::Config,
        cx: OpenContext,
    ) -> impl Future<Output = Result<Self::Source, SourceError>> + Send;
}

/// A mistake in a connector's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The keys that lead to it from the top of the connector's part: `["complete", "marker"]`.
    pub path: Vec<String>,
    /// A stable code, `config.…`.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

/// A column that the mappings of a pipeline use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedColumn {
    /// Its name, exactly.
    pub name: String,
    /// Its encoding, where the mapping says that it differs from that of the source.
    pub encoding: Option<String>,
}

/// What to read: default deny. A column that no mapping uses does not leave the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Projection {
    /// Everything: previews and drafts only.
    #[default]
    All,
    /// These, in this order, whatever order the source has. A missing one is an error of the source.
    Only(Vec<WantedColumn>),
}

/// Maps a batch without publishing it and tells what would be refused, for sources that must judge a whole unit
/// (`on_bad_record: reject_file`) before any record of it is published.
pub trait Precheck: Send + Sync {
    /// Appends a reject for every row that a mapping would refuse. Pure: the same batch, the same answer.
    fn refused(&self, batch: &RecordBatch, into: &mut Vec<Reject>);
}

/// What the engine gives to a source when it opens it.
#[derive(Clone)]
pub struct OpenContext {
    /// The name of the pipeline, for messages and thread names.
    pub pipeline: Arc<str>,
    /// The columns that are wanted.
    pub projection: Projection,
    /// The committed keyed state of the pipeline.
    pub state: Arc<dyn StateView>,
    /// Where to show units and alarms.
    pub board: Arc<Board>,
    /// The limits of the batches that will be lent.
    pub limits: BatchLimits,
    /// Drain: end every split where it stands when nothing is left to read, instead of waiting for more.
    pub once: bool,
    /// Look, and leave no trace: claim nothing, move nothing, write nothing. Nothing read is ever committed.
    pub preview: bool,
    /// The mappings of the pipeline as judges; absent in previews.
    pub precheck: Option<Arc<dyn Precheck>>,
    /// Cancelled when the source must let go; blocking threads look at it between units of work.
    pub cancel: CancellationToken,
    /// Held by everything of the source that is still at work, threads above all. The engine opens the source
    /// again only when every clone of it is gone, so that two readers of one split never overlap.
    pub life: Option<TaskTrackerToken>,
}

impl std::fmt::Debug for OpenContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenContext")
            .field("pipeline", &self.pipeline)
            .field("once", &self.once)
            .finish_non_exhaustive()
    }
}

/// Whether the same rows can be read again, on which the delivery guarantee rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replay {
    /// From any position the source ever gave: exactly once is possible.
    FromPosition,
    /// Only what it has put into a durable spool of its own before acknowledging.
    Spool,
    /// Not at all: at least once is the most that can be promised.
    None,
}

/// An independently resumable, ordered part of a source: a table, a drop directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Stable name, part of every event id and the key of its checkpoint.
    pub id: Arc<str>,
    /// Its columns as far as they are known before reading; a text file may not know.
    pub schema: Option<Arc<Schema>>,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Works, but should be changed.
    Warning,
    /// Does not work.
    Error,
}

/// One result of a check against the real system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How serious.
    pub severity: Severity,
    /// A stable code.
    pub code: String,
    /// What was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// An opened source. Methods are called one at a time.
pub trait Source: Send + 'static {
    /// What the source can promise about reading again.
    fn replay(&self) -> Replay;

    /// Reach, authentication, least privilege. Reads no record and changes nothing.
    ///
    /// # Errors
    /// When the check itself could not be done; what it found wrong are findings.
    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Finding>, SourceError>>;

    /// The splits there are now. Ids are stable across calls and restarts.
    ///
    /// # Errors
    /// As for [`Connector::open`].
    fn splits(&mut self) -> BoxFuture<'_, Result<Vec<Split>, SourceError>>;

    /// A reader of one split from `resume`, or from the configured beginning. At most one reader of a split
    /// lives at a time.
    ///
    /// # Errors
    /// `Lost` when the source no longer has what follows `resume`; never a silent start from elsewhere.
    fn reader<'a>(
        &'a mut self,
        split: &'a Split,
        resume: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, SourceError>>;

    /// Everything up to `position` is durable in Kafka: archive, acknowledge. Advisory and idempotent: it is
    /// called again for the same position after a restart, and an error is logged, not retried.
    ///
    /// # Errors
    /// Whatever went wrong, for the log.
    fn committed<'a>(
        &'a mut self,
        split: &'a Split,
        position: &'a Position,
    ) -> BoxFuture<'a, Result<(), SourceError>>;
}

/// What a fetch gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// Rows, rejects, state or a new position are in the batch. An empty batch with a new position is a
    /// heartbeat.
    Batch,
    /// Nothing now. The batch is untouched.
    Idle {
        /// Ask again after this.
        retry_in: Duration,
    },
    /// The split is exhausted and will stay so; only with [`OpenContext::once`] or for finite sources.
    End,
}

/// Reads one split in order.
pub trait Reader: Send {
    /// Appends rows to the lent, empty batch, and [finishes](RecordBatch::finish) it if it stops where reading
    /// can resume. After an error the reader is dropped.
    ///
    /// Cancellation: dropping the future may lose the batch, never the ability to read the same rows again
    /// through a new reader.
    ///
    /// # Errors
    /// See [`SourceError`]. A record that cannot be read is not an error but a reject in the batch.
    fn fetch<'a>(
        &'a mut self,
        batch: &'a mut RecordBatch,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>>;
}
