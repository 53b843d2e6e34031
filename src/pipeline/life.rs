//! One life of a pipeline: everything that is dropped together when something fails.
//!
//! ```text
//!   committer thread ◄── orders ── split tasks ◄── readers (own threads)
//!         │ committed                                   ▲ opened from
//!         └──► driver ──── positions ────► keeper task ─┘ the source
//! ```
//!
//! The keeper owns the source after its readers have been opened, because `committed` needs it exclusively. A
//! life is over when its tracker is: tasks, and through [`OpenContext::life`] the threads of the source, hold
//! tokens of it. The next life opens its source only then, so that two readers of one split never overlap.

use std::{collections::BTreeMap, sync::Arc};

use acequia_api::{OpenContext, Position, Source, Split};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    committer::Order,
    failure::Failure,
    parcel,
    refused::RowName,
    report::Report,
    spec::Spec,
    split,
    stage::{Judge, Stage},
    status::StatusCell,
};
use crate::{checkpoint::Checkpoint, publish::Terms};

/// Where the splits stand, as told to the keeper.
pub type Positions = BTreeMap<Arc<str>, Position>;

/// The handles by which a driver holds a life.
#[derive(Debug)]
pub struct Life {
    /// Its number.
    pub number: u64,
    /// Cancels everything in it.
    pub cancel: CancellationToken,
    /// Stops fetching; what is mapped still reaches the committer.
    pub stop: CancellationToken,
    /// To the committer; `None` once it is closed.
    pub orders: Option<mpsc::Sender<Order>>,
    /// Told to the splits when the pipeline rests.
    pub resting: watch::Sender<bool>,
    /// Told to the keeper after each commit; `None` once nothing more will be committed.
    pub positions: Option<watch::Sender<Positions>>,
    /// Everything that runs in it.
    pub tracker: TaskTracker,
    /// The split tasks among them.
    pub splits: TaskTracker,
    /// Splits still being read.
    pub reading: usize,
}

impl Life {
    /// A life without tasks.
    pub fn new(number: u64, orders: mpsc::Sender<Order>) -> Self {
        Self {
            number,
            cancel: CancellationToken::new(),
            stop: CancellationToken::new(),
            orders: Some(orders),
            resting: watch::channel(false).0,
            positions: Some(watch::channel(Positions::new()).0),
            tracker: TaskTracker::new(),
            splits: TaskTracker::new(),
            reading: 0,
        }
    }

    /// Lets everything in it end.
    pub fn end(&mut self) {
        self.stop.cancel();
        self.cancel.cancel();
        self.orders = None;
        self.positions = None;
        self.tracker.close();
    }
}

/// What opening needs.
#[derive(Debug)]
pub struct Opening {
    /// What the pipeline is.
    pub spec: Arc<Spec>,
    /// What to show.
    pub status: Arc<StatusCell>,
    /// Where the splits stand.
    pub checkpoint: Checkpoint,
    /// What holds for its events.
    pub terms: Terms,
    /// Rows that Kafka refused and that are to be rejected.
    pub refused: Vec<RowName>,
    /// For the source; its judge of whole units is added.
    pub context: OpenContext,
    /// To the committer.
    pub orders: mpsc::Sender<Order>,
    /// See [`Life`].
    pub resting: watch::Receiver<bool>,
    /// See [`Life`].
    pub positions: watch::Receiver<Positions>,
    /// See [`Life`].
    pub stop: CancellationToken,
    /// See [`Life`].
    pub tracker: TaskTracker,
    /// See [`Life`].
    pub splits: TaskTracker,
    /// The tracker of the life before.
    pub previous: Option<TaskTracker>,
    /// To the driver.
    pub reports: mpsc::Sender<(u64, Report)>,
    /// The number of the life.
    pub number: u64,
}

impl Opening {
    /// Opens source and readers, reports, and keeps the source until nothing more is committed.
    pub async fn run(mut self) {
        if let Some(previous) = self.previous.take() {
            previous.wait().await;
        }
        let cancel = self.context.cancel.clone();
        let opened = tokio::select! {
            () = cancel.cancelled() => return,
            opened = self.open() => opened,
        };
        let reports = self.reports.clone();
        match opened {
            Err(failure) => {
                let _ = reports.send((self.number, Report::Failed(failure))).await;
            }
            Ok((source, splits)) => {
                let _ = reports.send((self.number, Report::Opened(splits.len()))).await;
                keep(source, &splits, self.positions).await;
            }
        }
    }

    async fn open(&self) -> Result<(Box<dyn Source>, Vec<Split>), Failure> {
        let judge = Judge::new(&self.spec, &self.terms)?;
        let context = OpenContext { precheck: Some(Arc::new(judge)), ..self.context.clone() };
        let mut source = self.spec.connector.open(self.spec.source.clone(), context).await?;
        let splits = source.splits().await?;
        for split in &splits {
            let resume = self.checkpoint.position(&split.id).cloned();
            if let Some(position) = &resume {
                // Told again in case the last life ended between its commit and this.
                acknowledge(&mut *source, split, position).await;
            }
            let reader = source.reader(split, resume.as_ref()).await?;
            let status = Some(Arc::clone(&self.status));
            let refused = self.refused.iter().filter(|name| name.is_in(&split.id));
            let stage = Stage::new(&self.spec, &split.id, &self.terms, status)?
                .putting_aside(refused.cloned().collect());
            let ports = split::Ports {
                orders: self.orders.clone(),
                empties: parcel::circulation(&split.id, self.spec.limits),
                resting: self.resting.clone(),
                stop: self.stop.clone(),
            };
            let (reports, number) = (self.reports.clone(), self.number);
            let activity = self.status.activity.clone();
            let task = async move {
                if let Some(report) = split::run(reader, stage, resume, ports, activity).await {
                    let _ = reports.send((number, report)).await;
                }
            };
            self.tracker.spawn(self.splits.track_future(task));
        }
        Ok((source, splits))
    }
}

/// Tells the source what is committed, until nothing more will be.
async fn keep(mut source: Box<dyn Source>, splits: &[Split], mut told: watch::Receiver<Positions>) {
    let mut known = Positions::new();
    loop {
        let last = told.changed().await.is_err();
        let now = told.borrow_and_update().clone();
        for split in splits {
            let Some(position) = now.get(&split.id) else { continue };
            if known.get(&split.id) != Some(position) {
                acknowledge(&mut *source, split, position).await;
            }
        }
        known = now;
        if last {
            return;
        }
    }
}

async fn acknowledge(source: &mut dyn Source, split: &Split, position: &Position) {
    if let Err(error) = source.committed(split, position).await {
        let failure = Failure::from(error);
        tracing::warn!(
            split = &*split.id,
            code = failure.code,
            error = failure.message,
            "the source could not be told what is committed; it will be told again"
        );
    }
}
