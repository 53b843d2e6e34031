//! Starts the pipelines of a deployment, replaces those whose configuration changed, and ends them.
//!
//! Pipelines know nothing of each other: one that fails, stops or is reloaded disturbs no other. A reload compares
//! fingerprints; a pipeline whose files are the same is not touched.

mod codes;
pub mod daemon;
pub mod startup;

pub use codes::CODES;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use acequia_api::{CancellationToken, ErrorClass};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time,
};

use crate::{
    checkpoint::Recovered,
    pipeline::{
        driver::{Command, Driver},
        failure::Failure,
        spec::Spec,
        state::{State, Stop},
        status::StatusCell,
    },
    publish::{self, Presence, Reposition},
};

/// A pipeline to be run, and what it was compiled from.
#[derive(Debug)]
pub struct Planned {
    /// What to run.
    pub spec: Spec,
    /// Equal for equal configuration, mappings and tables.
    pub fingerprint: [u8; 32],
    /// Whom to call.
    pub owner: Option<String>,
}

/// What others may see of a running pipeline and tell it.
#[derive(Debug, Clone)]
pub struct Handle {
    /// Its name.
    pub name: Arc<str>,
    /// Whom to call.
    pub owner: Option<String>,
    /// Its topics.
    pub topics: Vec<Arc<str>>,
    /// What it does.
    pub status: Arc<StatusCell>,
    commands: mpsc::Sender<Command>,
    publisher: Arc<publish::Setup>,
    /// Whether the last command was to pause.
    paused: Arc<AtomicBool>,
}

impl Handle {
    /// Pauses or resumes it. Asking twice is the same as asking once.
    pub fn tell(&self, command: Command) {
        let paused = match command {
            Command::Pause => Some(true),
            Command::Resume => Some(false),
            Command::Reposition(..) => None,
        };
        // A full queue already holds as many commands as nobody gives by hand.
        if self.commands.try_send(command).is_ok()
            && let Some(paused) = paused
        {
            self.paused.store(paused, Ordering::Relaxed);
        }
    }

    /// Whether it is paused or about to be. A pause told to a pipeline that has stopped means nothing.
    fn is_held(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
            && !matches!(self.status.read().state, State::Stopped(_))
    }

    /// What it has committed until now, read from Kafka.
    ///
    /// # Errors
    /// See [`publish::read_checkpoint`].
    pub async fn stored(&self) -> Result<Recovered, Failure> {
        let setup = Arc::clone(&self.publisher);
        let read = tokio::task::spawn_blocking(move || {
            publish::read_checkpoint(&setup.kafka, &setup.task, setup.state_key.as_ref())
        });
        let panicked =
            |_| Failure::new(ErrorClass::Bug, "pipeline.unknown", "reading positions panicked");
        Ok(read.await.map_err(panicked)??)
    }

    /// Changes where it stands, and gives the number of the transaction that did it.
    ///
    /// # Errors
    /// `pipeline.not_held` unless it is paused or stopped by a failure; else as for its start.
    pub async fn reposition(&self, wanted: Reposition) -> Result<u64, Failure> {
        let (answer, done) = oneshot::channel();
        let gone = || {
            let message = format!("`{}` is being stopped", self.name);
            Failure::new(ErrorClass::Transient, "pipeline.not_held", message)
        };
        self.commands.try_send(Command::Reposition(wanted, answer)).map_err(|_| gone())?;
        done.await.map_err(|_| gone())?
    }
}

/// The running pipelines, for the console and the command line. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Fleet(Arc<RwLock<BTreeMap<Arc<str>, Handle>>>);

impl Fleet {
    /// All of them, by name.
    pub fn all(&self) -> Vec<Handle> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The one of this name.
    pub fn get(&self, name: &str) -> Option<Handle> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<Arc<str>, Handle>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

#[derive(Debug)]
struct Running {
    fingerprint: [u8; 32],
    cancel: CancellationToken,
    task: JoinHandle<Stop>,
    ended: Option<Stop>,
}

impl Running {
    /// Waits for its end; a panic counts as a bug. Waiting may be broken off and repeated.
    async fn end(&mut self) -> Stop {
        if let Some(stop) = self.ended {
            return stop;
        }
        let stop = (&mut self.task).await.unwrap_or(Stop::Failed(ErrorClass::Bug));
        *self.ended.insert(stop)
    }
}

/// What a reload did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Pipelines that were not there before.
    pub started: Vec<Arc<str>>,
    /// Pipelines whose configuration changed.
    pub replaced: Vec<Arc<str>>,
    /// Pipelines that are no longer there.
    pub stopped: Vec<Arc<str>>,
    /// Whether `acequia.yaml` itself changed, which takes effect at the next start of the daemon.
    pub restart: bool,
}

/// What came of the last reload.
#[derive(Debug, Clone)]
pub struct Reloaded {
    /// When.
    pub at: Timestamp,
    /// What changed, or why everything runs on as before.
    pub outcome: Result<Changes, Failure>,
}

/// Runs the pipelines of a deployment.
#[derive(Debug, Default)]
pub struct Supervisor {
    running: BTreeMap<Arc<str>, Running>,
    fleet: Fleet,
    presence: Option<Arc<Presence>>,
}

/// Commands that may wait for a pipeline.
const COMMANDS: usize = 8;

impl Supervisor {
    /// A supervisor without pipelines.
    pub fn new(presence: Option<Arc<Presence>>) -> Self {
        Self { presence, ..Self::default() }
    }

    /// The running pipelines.
    pub fn fleet(&self) -> Fleet {
        self.fleet.clone()
    }

    /// Makes the running pipelines those that are planned: starts, replaces and ends what differs, each replaced
    /// one after it has committed what it had in hand. One that was paused is replaced by a paused one. Nothing else is
    /// touched.
    ///
    /// Dropped before it is done, it has told those that are to end to do so, and [`stop`](Self::stop) waits for them.
    pub async fn apply(&mut self, planned: Vec<Planned>) -> Changes {
        let mut changes = Changes::default();
        let wanted: BTreeMap<Arc<str>, [u8; 32]> =
            planned.iter().map(|plan| (Arc::clone(&plan.spec.name), plan.fingerprint)).collect();
        let gone: Vec<Arc<str>> = self
            .running
            .iter()
            .filter(|(name, running)| wanted.get(*name) != Some(&running.fingerprint))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        let held: BTreeSet<Arc<str>> =
            gone.iter().filter(|name| self.is_held(name)).cloned().collect();
        for running in gone.iter().filter_map(|name| self.running.get(name)) {
            running.cancel.cancel();
        }
        for name in &gone {
            if let Some(running) = self.running.get_mut(name) {
                running.end().await;
            }
            self.running.remove(name);
            self.fleet.change(|fleet| drop(fleet.remove(name)));
            if !wanted.contains_key(name) {
                changes.stopped.push(Arc::clone(name));
            }
        }
        for plan in planned {
            let name = Arc::clone(&plan.spec.name);
            if self.running.contains_key(&name) {
                continue;
            }
            let replaced = gone.contains(&name);
            self.start(plan, held.contains(&name));
            if replaced { changes.replaced.push(name) } else { changes.started.push(name) }
        }
        changes
    }

    fn is_held(&self, name: &str) -> bool {
        self.fleet.get(name).is_some_and(|handle| handle.is_held())
    }

    fn start(&mut self, plan: Planned, held: bool) {
        let Planned { spec, fingerprint, owner } = plan;
        let name = Arc::clone(&spec.name);
        let status = Arc::new(StatusCell::default());
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let cancel = CancellationToken::new();
        let handle = Handle {
            name: Arc::clone(&name),
            owner,
            topics: spec.publisher.topics.clone(),
            status: Arc::clone(&status),
            commands,
            publisher: Arc::new(spec.publisher.clone()),
            paused: Arc::new(AtomicBool::new(held)),
        };
        let driver =
            Driver::new(Arc::new(spec), status, self.presence.clone(), cancel.clone(), inbox);
        let task = tokio::spawn(driver.held(held).run());
        self.fleet.change(|fleet| drop(fleet.insert(Arc::clone(&name), handle)));
        self.running.insert(name, Running { fingerprint, cancel, task, ended: None });
    }

    /// Waits until every pipeline has ended by itself, which only those do that run once. Gives how each ended;
    /// a panic counts as a bug. May be broken off and asked again.
    pub async fn finished(&mut self) -> BTreeMap<Arc<str>, Stop> {
        let mut stops = BTreeMap::new();
        for (name, running) in &mut self.running {
            stops.insert(Arc::clone(name), running.end().await);
        }
        self.running.clear();
        stops
    }

    /// Ends every pipeline: fetching stops, what is mapped is committed. What has not ended after `within` is left
    /// behind; nothing is lost by that, the next start reads it again. Gives the names of those.
    pub async fn stop(mut self, within: Duration) -> Vec<Arc<str>> {
        for running in self.running.values() {
            running.cancel.cancel();
        }
        let deadline = time::Instant::now() + within;
        let mut left = Vec::new();
        for (name, running) in &mut self.running {
            if time::timeout_at(deadline, running.end()).await.is_err() {
                left.push(Arc::clone(name));
            }
        }
        left
    }
}

#[cfg(test)]
mod tests;
