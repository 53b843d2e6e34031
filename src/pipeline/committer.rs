//! The thread that owns the publisher: it takes parcels, fills transactions and commits them.
//!
//! Every call that changes a Kafka transaction blocks, so none is made on a runtime worker. One thread lives for
//! one life of a pipeline: it fences, recovers, publishes until its orders end or something fails, reports why,
//! and drops the producer. It never aborts a transaction: dropping the producer leaves it to the next life,
//! which fences it, and that is the only way out there is.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use acequia_api::ErrorClass;
use tokio::{runtime, sync::mpsc, time};

use super::{
    failure::Failure,
    group::{Advance, Group, GroupLimits},
    parcel::Parcel,
    refused::RowName,
    report::{Committed, Recovered, Report, SharedState, Step},
};
use crate::{
    checkpoint::{Counts, Delta, Routing},
    publish::{self, Notice, PublishError, Publisher},
};

/// What the committer is told.
#[derive(Debug)]
pub enum Order {
    /// Publish this.
    Parcel(Box<Parcel>),
    /// Commit what can be committed and say so.
    Flush,
    /// Take no more orders, commit what is there and let the producer go. Whoever orders something afterwards finds
    /// nobody.
    Rest,
}

/// Parcels that may wait in front of the committer.
const QUEUE: usize = 2;
/// How often a silent committer looks after its producer.
const TEND: Duration = Duration::from_secs(60);
/// A silent task commits so often, well below the seven days after which Kafka forgets a transactional id.
const KEEP_ALIVE: Duration = Duration::from_secs(6 * 3600);

/// What a committer needs to start.
#[derive(Debug)]
pub struct Setup {
    /// Name of the thread.
    pub name: String,
    /// Number of the life.
    pub life: u64,
    /// Whom and what to publish as.
    pub publisher: publish::Setup,
    /// When to commit.
    pub limits: GroupLimits,
    /// The thread of the previous life; its producer and its state cache must be closed first.
    pub previous: Option<JoinHandle<()>>,
    /// Where reports go.
    pub reports: mpsc::Sender<(u64, Report)>,
}

/// Starts a committer; it begins to fence at once.
///
/// # Errors
/// `Transient` when the operating system refuses a thread.
pub fn start(setup: Setup) -> Result<(mpsc::Sender<Order>, JoinHandle<()>), Failure> {
    let (orders, receiver) = mpsc::channel(QUEUE);
    let runtime = runtime::Handle::current();
    let handle = thread::Builder::new()
        .name(setup.name.clone())
        .spawn(move || live(setup, receiver, &runtime))
        .map_err(|cause| {
            let message = format!("the publishing thread could not be started: {cause}");
            Failure::new(ErrorClass::Transient, "pipeline.thread", message)
        })?;
    Ok((orders, handle))
}

fn live(mut setup: Setup, orders: mpsc::Receiver<Order>, runtime: &runtime::Handle) {
    if let Some(previous) = setup.previous.take() {
        // A panic of the previous life was reported by it; all that matters here is that it is over.
        let _ = previous.join();
    }
    let (life, reports) = (setup.life, setup.reports.clone());
    let told = |report| reports.blocking_send((life, report)).is_ok();
    let mut blamed = None;
    let ended = recovered(&setup, &told).and_then(|publisher| {
        let Some(publisher) = publisher else { return Ok(()) };
        let group = Group::new(setup.limits);
        let last_commit = Instant::now();
        let extras = Extras::default();
        let (told, resting) = (&told, false);
        Committer { publisher, group, orders, runtime, told, last_commit, resting, extras }
            .run(&mut blamed)
    });
    if let Err(error) = ended {
        let refuses = error.code() == publish::REFUSED;
        let failure = Failure::from(error);
        told(if refuses { Report::Refused(failure, blamed) } else { Report::Failed(failure) });
    }
}

fn recovered(
    setup: &Setup,
    told: &dyn Fn(Report) -> bool,
) -> Result<Option<Publisher>, PublishError> {
    let mut publisher = Publisher::fence(setup.publisher.clone())?;
    if !told(Report::Fenced) {
        return Ok(None);
    }
    let pipeline = Arc::clone(&setup.publisher.task.pipeline);
    let start = publisher.recover(&mut |notice| note(&pipeline, &notice))?;
    let report = Recovered {
        terms: publisher.terms(),
        first_run: start.recovered.head.is_none(),
        checkpoint: start.recovered.checkpoint,
        state: SharedState(publisher.state()),
    };
    Ok(told(Report::Recovered(report)).then_some(publisher))
}

fn note(pipeline: &str, notice: &Notice) {
    let Notice::WaitingForTransaction { topic, partition, blocker } = notice;
    tracing::warn!(
        pipeline,
        topic,
        partition,
        blocker,
        "waiting for another open transaction to end"
    );
}

struct Committer<'a> {
    publisher: Publisher,
    group: Group,
    orders: mpsc::Receiver<Order>,
    runtime: &'a runtime::Handle,
    told: &'a dyn Fn(Report) -> bool,
    last_commit: Instant,
    resting: bool,
    extras: Extras,
}

/// What a transaction holds beside what its counts tell.
#[derive(Debug, Default)]
struct Extras {
    claims: u64,
    put_aside: u64,
    routing: Routing,
}

/// What the next moment brings.
enum Next {
    Order(Order),
    Due,
    Silence,
    Closed,
}

impl Committer<'_> {
    /// Runs until the orders end. After a refusal `blamed` is the row, if it is known.
    fn run(mut self, blamed: &mut Option<RowName>) -> Result<(), PublishError> {
        loop {
            match self.next() {
                Next::Order(Order::Parcel(parcel)) => self.take(parcel, blamed)?,
                Next::Due => self.commit()?,
                Next::Silence => self.tend()?,
                Next::Closed if self.resting => return self.commit_rest(),
                Next::Closed => return Ok(()),
                // What was ordered before still comes, then the end.
                Next::Order(Order::Rest) => {
                    self.resting = true;
                    self.orders.close();
                }
                Next::Order(Order::Flush) => {
                    self.commit_rest()?;
                    (self.told)(Report::Flushed);
                }
            }
        }
    }

    /// Commits what can be committed.
    fn commit_rest(&mut self) -> Result<(), PublishError> {
        if self.group.is_empty() || !self.group.at_boundary() {
            return Ok(());
        }
        self.commit()
    }

    fn next(&mut self) -> Next {
        let now = Instant::now();
        let due = self.group.due(now);
        if due.is_some_and(|due| due <= now) {
            return Next::Due;
        }
        let until = due.unwrap_or(now + TEND);
        let received = self
            .runtime
            .block_on(async { time::timeout_at(until.into(), self.orders.recv()).await });
        match received {
            Ok(Some(order)) => Next::Order(order),
            Ok(None) => Next::Closed,
            Err(_) if due.is_some() => Next::Due,
            Err(_) => Next::Silence,
        }
    }

    /// Keeps Kafka from forgetting the id of a task that has nothing to say.
    fn tend(&mut self) -> Result<(), PublishError> {
        if self.group.is_empty() && self.last_commit.elapsed() >= KEEP_ALIVE {
            self.last_commit = Instant::now();
            self.publisher.keep_alive()?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        mut parcel: Box<Parcel>,
        blamed: &mut Option<RowName>,
    ) -> Result<(), PublishError> {
        if self.group.is_empty() {
            self.publisher.begin()?;
        }
        let mappings = &parcel.lineage.mappings;
        let sent = self.publisher.send(&parcel.split, mappings, &parcel.records, &parcel.events);
        if sent.is_err()
            && self.publisher.isolates()
            && let Some(record) = self.publisher.refused()
        {
            *blamed = Some(RowName::of(&parcel.split, parcel.records.at(record.row as usize)));
        }
        sent?;
        let advance = Advance {
            from: parcel.from.clone(),
            to: parcel.records.resume().cloned(),
            lineage: parcel.lineage.clone(),
            counts: parcel.counts,
        };
        self.extras.put_aside += parcel.put_aside;
        self.extras.routing.take(&mut parcel.routing);
        self.extras.claims += parcel.events.claims().len() as u64;
        let bytes = parcel.records.size() + parcel.events.size();
        self.group.add(&parcel.split, advance, bytes, Instant::now());
        parcel.return_home();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), PublishError> {
        let deltas = self.group.take();
        let mut counts = Counts::default();
        for delta in &deltas {
            counts.add(delta.counts);
        }
        let committed = self.publisher.commit(&deltas, counts)?;
        self.last_commit = Instant::now();
        let step =
            |delta: Delta| Step { split: delta.split, position: delta.to, counts: delta.counts };
        let steps = deltas.into_iter().map(step).collect();
        let Extras { claims, put_aside, routing } = std::mem::take(&mut self.extras);
        let seq = committed.seq;
        let committed_now = Committed { seq, counts, claims, put_aside, routing, steps };
        (self.told)(Report::Committed(committed_now));
        if committed.rotate {
            return Err(PublishError::new(
                ErrorClass::Transient,
                "publish.rotate",
                "a connection failed during a commit that succeeded: the producer is replaced",
            ));
        }
        Ok(())
    }
}
