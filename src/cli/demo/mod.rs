//! `acequia demo`: the example deployment over the feeds of a fictional town hall, from drop directory to committed
//! event, in one process and one second.
//!
//! Nothing of it is staged: the deployment is the one in `config/example`, the pipelines are the real ones, only
//! the broker is the development broker. What is shown was read back from it by a consumer.

mod codes;
pub mod content;
mod show;

pub use codes::CODES;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    ops::ControlFlow,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use acequia_api::{ErrorClass, UnitState};

use super::{CliError, Exit, Terminal, deployment};
use crate::{
    config::{self, Deployment},
    connectors::registry,
    diagnostic,
    event::KeyRing,
    pipeline::{failure::Failure, state::Stop},
    publish::{KafkaConfig, Quarantined, SystemTopics, read_all},
    supervisor::{Fleet, Supervisor, startup},
};

/// What the demonstration is told.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DemoArgs {
    /// Show every event and every rejected record, not only some of each
    #[arg(long)]
    pub all: bool,
    /// Stay until Ctrl-C, so that any Kafka client can read the events from the development broker
    #[arg(long)]
    pub keep: bool,
}

/// An event as a consumer read it.
#[derive(Debug)]
pub struct Published {
    /// The topic.
    pub topic: Arc<str>,
    /// The CloudEvent.
    pub event: serde_json::Value,
    /// The same as it was written.
    pub text: Vec<u8>,
}

/// What one pipeline did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Records read.
    pub read: u64,
    /// Records that became events.
    pub published: u64,
    /// Records refused.
    pub rejected: u64,
    /// Records that no mapping takes.
    pub filtered: u64,
    /// Files whose content had been there before.
    pub duplicates: u64,
    /// Refused records by code.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// All that is shown.
#[derive(Debug)]
pub struct Performance {
    /// Where the development broker listens.
    pub bootstrap: String,
    /// The events in the order of their topics and places.
    pub events: Vec<Published>,
    /// The refused records.
    pub rejects: Vec<Quarantined>,
    /// Per pipeline.
    pub outcomes: BTreeMap<Arc<str>, Outcome>,
    /// From the first look at the directories to the last commit.
    pub took: Duration,
}

pub(super) fn verb(args: &DemoArgs, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let runtime = deployment::runtime()?;
    let color = terminal.color;
    runtime.block_on(run(args, color, terminal))?;
    Ok(Exit::Ok)
}

/// Runs the demonstration and shows it on `out`.
///
/// # Errors
/// What keeps the pipelines from running, which on a working machine is nothing; and errors of `out`.
pub async fn run(args: &DemoArgs, color: bool, out: &mut impl Write) -> Result<(), Failure> {
    let stage = Stage::set()?;
    let deployment = stage.load()?;
    let began = Instant::now();
    let ground = startup::prepare(&deployment, registry(), true)?;
    let mut supervisor = Supervisor::new(None);
    let plan = startup::plan(&deployment, &ground.around)?;
    let fleet = supervisor.fleet();
    supervisor.apply(plan).await;
    let stops = supervisor.finished().await;
    let took = began.elapsed();
    if let Some((name, _)) = stops.iter().find(|(_, stop)| **stop != Stop::Done) {
        let failed = fleet.get(name).and_then(|handle| handle.status.read().failure);
        return Err(failed.unwrap_or_else(|| {
            Failure::new(ErrorClass::Bug, "demo.stopped", format!("pipeline `{name}` stopped"))
        }));
    }
    let mut shown = read_back(&deployment, &fleet, &ground.around.kafka).await?;
    shown.took = took;
    show::performance(&shown, &stage.directory, args, color, out).map_err(printing)?;
    if args.keep {
        // Whether the signal handler can be set up or not, the demonstration ends here.
        let _ = tokio::signal::ctrl_c().await;
    }
    Ok(())
}

fn printing(cause: io::Error) -> Failure {
    Failure::new(ErrorClass::Operator, "demo.output", format!("nothing can be printed: {cause}"))
}

async fn read_back(
    deployment: &Deployment,
    fleet: &Fleet,
    kafka: &KafkaConfig,
) -> Result<Performance, Failure> {
    let mut outcomes = BTreeMap::new();
    let mut topics: Vec<Arc<str>> = Vec::new();
    for handle in fleet.all() {
        let counts = handle.status.read().counts;
        let boards = handle.status.board.counts();
        let outcome = Outcome {
            read: counts.rows_in,
            published: counts.published,
            rejected: counts.rejected,
            filtered: counts.filtered,
            duplicates: boards.get(&UnitState::Duplicate).copied().unwrap_or_default(),
            reasons: handle.status.rejects(),
        };
        outcomes.insert(Arc::clone(&handle.name), outcome);
        topics.extend(handle.topics);
    }
    let quarantine = SystemTopics::of(&deployment.daemon.deployment).quarantine;
    let kafka = kafka.clone();
    let bootstrap = kafka.bootstrap.clone().unwrap_or_default();
    // Consumers block.
    let read = tokio::task::spawn_blocking(move || consume(&kafka, &topics, &quarantine));
    let (events, rejects) = read
        .await
        .map_err(|_| Failure::new(ErrorClass::Bug, "demo.reader", "the consumer panicked"))??;
    Ok(Performance { bootstrap, events, rejects, outcomes, took: Duration::ZERO })
}

/// Every topic by a consumer of its own, side by side: most of their time is waiting for the broker.
fn consume(
    kafka: &KafkaConfig,
    topics: &[Arc<str>],
    quarantine: &Arc<str>,
) -> Result<(Vec<Published>, Vec<Quarantined>), Failure> {
    let read = |topic: &Arc<str>| {
        let mut values = Vec::new();
        read_all(kafka, "acequia-demo", topic, &mut |record| {
            // Tombstones say nothing that their delete has not said.
            values.extend(record.value);
            ControlFlow::Continue(())
        })?;
        Ok::<_, Failure>(values)
    };
    let mut events = Vec::new();
    let mut rejects = Vec::new();
    thread::scope(|scope| {
        let readers: Vec<_> =
            topics.iter().map(|topic| (topic, scope.spawn(|| read(topic)))).collect();
        let refused = scope.spawn(|| read(quarantine));
        let panicked = |_| Failure::new(ErrorClass::Bug, "demo.reader", "a consumer panicked");
        for (topic, reader) in readers {
            let values = reader.join().map_err(panicked)??;
            let published = |text: Vec<u8>| {
                let event = serde_json::from_slice(&text).ok()?;
                Some(Published { topic: Arc::clone(topic), event, text })
            };
            events.extend(values.into_iter().filter_map(published));
        }
        let values = refused.join().map_err(panicked)??;
        rejects.extend(values.iter().filter_map(|value| Quarantined::parse(value).ok()));
        Ok::<_, Failure>(())
    })?;
    rejects.sort_by(|a, b| (&a.unit.name, a.place.line).cmp(&(&b.unit.name, b.place.line)));
    Ok((events, rejects))
}

/// The deployment and its feeds in a directory of their own, removed at the end.
#[derive(Debug)]
struct Stage {
    directory: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A leftover in the temporary directory harms nobody.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Stage {
    fn set() -> Result<Self, Failure> {
        let name = format!("acequia-demo-{}", uuid::Uuid::new_v4().simple());
        let stage = Self { directory: std::env::temp_dir().join(name) };
        stage.fill().map_err(|cause| {
            let shown = stage.directory.display();
            let message = format!("the demonstration cannot be set up in `{shown}`: {cause}");
            Failure::new(ErrorClass::Operator, "demo.directory", message)
        })?;
        Ok(stage)
    }

    fn fill(&self) -> io::Result<()> {
        for (path, text) in content::DEPLOYMENT {
            self.write(path, text.as_bytes(), 0o644)?;
        }
        for path in content::KEY_FILES {
            self.write(path, KeyRing::generate("demo").as_bytes(), 0o600)?;
        }
        for feed in content::FEEDS {
            for (name, bytes) in feed.files {
                self.write(&format!("drop/{}/{name}", feed.pipeline), bytes, 0o644)?;
            }
        }
        Ok(())
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(mode).open(path)?.write_all(bytes)
    }

    fn load(&self) -> Result<Deployment, Failure> {
        let options = config::Options { registry: registry(), secrets: true };
        let (deployment, found) = config::load(&self.directory.join("acequia.yaml"), options);
        deployment.ok_or_else(|| {
            let text = diagnostic::render(&found, false);
            let message = format!("the example is broken:\n{text}");
            Failure::new(ErrorClass::Bug, "demo.deployment", message)
        })
    }
}
