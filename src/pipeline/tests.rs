//! The pipeline as a whole, against the development broker: its driver, its committer and a source that is all in
//! memory, so that every fetch, failure and position is in the hands of the test.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use acequia_api::{
    BoxFuture, CancellationToken, Column, Connector, ErrorClass, Fetched, Finding, OpenContext,
    Place, Position, Reader, RecordBatch, RecordError, Replay, RowMeta, Schema, Source,
    SourceError, Split, Unit,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{
    breaker::BreakerLimit,
    driver::{Command, Driver},
    group::GroupLimits,
    routing::Rules,
    spec::{Spec, Target},
    state::{State, Stop, Timing},
    status::StatusCell,
};
use crate::{
    checkpoint::Task,
    diagnostic::{self, SourceFile},
    event::{EncoderConfig, Keys, Layout},
    mapping::{self, Mapping, Texts, protect::AnyKeys},
    publish::{
        self, DevBroker, Durability, EventTopic, KafkaConfig, Setup, SystemTopics, TopicPlan,
        read_all,
    },
};

mod bad_inputs;
mod kafka;
mod stage;

const MODEL: &str = "\
model: note
version: 1
title: A note
fields:
  noteNumber: { type: text, required: true, class: internal }
  size: { type: int, class: internal }
";

const MAPPING: &str = "\
mapping: notes
to: note/1
when: \"KIND <> 'X'\"
from:
  ID: text
  KIND: text
  SIZE: { type: int, null_if: [\"\"] }
key: noteNumber
fields:
  noteNumber: ID
  size: SIZE
";

/// What the source in memory has and how it behaves.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// `(id, kind, size)`.
    pub(crate) records: Vec<(String, &'static str, String)>,
    /// Positions before which a fetch fails once, and how.
    pub(crate) failures: Mutex<BTreeMap<u64, ErrorClass>>,
    /// Positions told as committed.
    pub(crate) committed: Mutex<Vec<u64>>,
    /// How often it was opened.
    pub(crate) opened: AtomicU64,
    /// Whether it waits for more instead of ending.
    pub(crate) endless: bool,
    /// How many of the last records are not there yet.
    pub(crate) to_come: AtomicU64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoConfig {}

struct Memory(Arc<Script>);

impl Connector for Memory {
    const KIND: &'static str = "memory";
    type Config = NoConfig;
    type Source = MemorySource;

    async fn open(&self, _: NoConfig, cx: OpenContext) -> Result<MemorySource, SourceError> {
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        Ok(MemorySource { script: Arc::clone(&self.0), rows: cx.limits.max_rows })
    }
}

struct MemorySource {
    script: Arc<Script>,
    rows: usize,
}

impl Source for MemorySource {
    fn replay(&self) -> Replay {
        Replay::FromPosition
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Finding>, SourceError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn splits(&mut self) -> BoxFuture<'_, Result<Vec<Split>, SourceError>> {
        Box::pin(async { Ok(vec![Split { id: "all".into(), schema: None }]) })
    }

    fn reader<'a>(
        &'a mut self,
        _: &'a Split,
        resume: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, SourceError>> {
        Box::pin(async move {
            let next = resume.map_or(Ok(0), Position::decode)?;
            let reader = MemoryReader { script: Arc::clone(&self.script), rows: self.rows, next };
            Ok(Box::new(reader) as Box<dyn Reader>)
        })
    }

    fn committed<'a>(
        &'a mut self,
        _: &'a Split,
        position: &'a Position,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            self.script.committed.lock().unwrap().push(position.decode()?);
            Ok(())
        })
    }
}

struct MemoryReader {
    script: Arc<Script>,
    rows: usize,
    next: u64,
}

impl Reader for MemoryReader {
    fn fetch<'a>(
        &'a mut self,
        batch: &'a mut RecordBatch,
    ) -> BoxFuture<'a, Result<Fetched, SourceError>> {
        Box::pin(async move {
            let to_come = self.script.to_come.load(Ordering::SeqCst);
            let total = self.script.records.len() as u64 - to_come;
            if self.next == total {
                return Ok(if self.script.endless {
                    Fetched::Idle { retry_in: Duration::from_millis(5) }
                } else {
                    Fetched::End
                });
            }
            let end = (self.next + self.rows as u64).min(total);
            let mut failures = self.script.failures.lock().unwrap();
            if let Some(at) = failures.range(self.next..end).next().map(|(at, _)| *at) {
                let class = failures.remove(&at).unwrap_or(ErrorClass::Bug);
                return Err(SourceError::new(class, "memory.failed", "the script says so"));
            }
            batch.set_schema(&Schema::new(["ID", "KIND", "SIZE"].map(Column::text).to_vec()));
            let unit = batch.unit(&Arc::new(Unit { id: "memory".into(), name: "memory".into() }));
            for n in self.next..end {
                let (id, kind, size) = &self.script.records[n as usize];
                let mut row = batch.row();
                let mut meta = RowMeta::ordinal(unit, n + 1, Place::line(n + 1, 0));
                if *kind == "bad" {
                    let error = RecordError::decode("decode.test");
                    row.reject(vec![error], meta, id.as_bytes()).unwrap();
                    continue;
                }
                for text in [id, *kind, size] {
                    row.text(text).unwrap();
                }
                meta.raw = row.put(id.as_bytes()).unwrap();
                row.commit(meta);
            }
            self.next = end;
            batch.finish(Position::encode(1, &end)?);
            Ok(Fetched::Batch)
        })
    }
}

fn mapping() -> Arc<Mapping> {
    compiled("notes", MAPPING)
}

/// Another mapping of the same records, for those of another kind.
fn mapping_of(name: &str, when: &str) -> Arc<Mapping> {
    let text = MAPPING.replacen("mapping: notes", &format!("mapping: {name}"), 1);
    let (before, after) = text.split_once("when: ").unwrap();
    let after = after.split_once('\n').unwrap().1;
    compiled(name, &format!("{before}when: {when:?}\n{after}"))
}

fn compiled(name: &str, mapping: &str) -> Arc<Mapping> {
    let texts = Texts {
        mappings: vec![SourceFile::new("notes.yaml", mapping)],
        models: vec![SourceFile::new("note.yaml", MODEL)],
        ..Texts::default()
    };
    let (library, found) = mapping::check(&texts, &AnyKeys);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    Arc::clone(&library.mappings[name])
}

pub(crate) struct Rig {
    broker: DevBroker,
    kafka: KafkaConfig,
    topic: Arc<str>,
    deployment: String,
    pub(crate) script: Arc<Script>,
    pub(crate) status: Arc<StatusCell>,
    cancel: CancellationToken,
}

impl Rig {
    pub(crate) fn new(script: Script) -> Self {
        let broker = DevBroker::start().unwrap();
        let kafka = KafkaConfig { embedded: true, ..KafkaConfig::default() }
            .embedded_at(broker.bootstrap());
        let topic: Arc<str> = "t.note.v1".into();
        let event = EventTopic {
            name: Arc::clone(&topic),
            partitions: 2,
            compact: false,
            retention_ms: None,
        };
        broker.create_topics(&TopicPlan::new("t", Durability::default(), &[event])).unwrap();
        Self {
            broker,
            kafka,
            topic,
            deployment: "t".into(),
            script: Arc::new(script),
            status: Arc::default(),
            cancel: CancellationToken::new(),
        }
    }

    pub(crate) fn spec(&self) -> Spec {
        let mapping = mapping();
        let encoder = EncoderConfig {
            deployment: "t".into(),
            pipeline: "notes".into(),
            split: String::new(),
            event_type: mapping.model.topic(),
            dataschema: "acequia://t/schemas/note/1".into(),
            mapping_version: mapping.version.clone(),
            dataclass: mapping.class.name(),
            topic: 0,
            max_event_bytes: 100_000,
            tombstones: false,
            layout: Layout::default(),
        };
        let timing = Timing { first_backoff: Duration::from_millis(1), ..Timing::default() };
        Spec {
            name: "notes".into(),
            connector: Box::leak(Box::new(Memory(Arc::clone(&self.script)))),
            source: serde_json::json!({}),
            projection: acequia_api::Projection::All,
            targets: vec![Target { mapping, encoder }],
            rules: Rules::default(),
            protector: Arc::new(Keys::test()),
            breaker: None,
            limits: acequia_api::BatchLimits { max_rows: 7, ..Default::default() },
            group: GroupLimits { records: 20, ..GroupLimits::default() },
            publisher: Setup {
                kafka: self.kafka.clone(),
                task: Task {
                    deployment: self.deployment.as_str().into(),
                    pipeline: "notes".into(),
                    task: "0".into(),
                    owner: uuid::Uuid::new_v4(),
                    host: None,
                },
                topics: vec![Arc::clone(&self.topic)],
                state_dir: None,
                state_key: None,
                quarantine_key: None,
                schemas: None,
                claim_store: None,
                isolate: false,
                accept_regression: None,
                cancel: CancellationToken::new(),
            },
            ask_first: false,
            once: !self.script.endless,
            schedule: None,
            rest_after: Duration::from_secs(60),
            timing,
        }
    }

    fn start(&self, spec: Spec) -> (mpsc::Sender<Command>, tokio::task::JoinHandle<Stop>) {
        let (commands, inbox) = mpsc::channel(4);
        let status = Arc::clone(&self.status);
        let driver = Driver::new(Arc::new(spec), status, None, self.cancel.clone(), inbox);
        (commands, tokio::spawn(driver.run()))
    }

    async fn run(&self, spec: Spec) -> Stop {
        self.start(spec).1.await.unwrap()
    }

    /// Waits until the status is as asked; a test that waits in vain fails by its own time-out.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&StatusCell) -> bool) {
        let wait = async {
            while !is(&self.status) {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(waited.is_ok(), "{what}: {:?}", self.status.read());
    }

    fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        read_all(&self.kafka, "test", &self.topic, &mut |record| {
            keys.push(String::from_utf8(record.key.unwrap()).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
        keys.sort();
        keys
    }

    fn quarantined(&self) -> usize {
        let mut count = 0;
        let topic = SystemTopics::of("t").quarantine;
        read_all(&self.kafka, "test", &topic, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
        count
    }
}

pub(crate) fn records(count: usize) -> Vec<(String, &'static str, String)> {
    (0..count).map(|n| (format!("n-{n:04}"), "A", n.to_string())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_drained_once_and_told_what_is_committed() {
    let rig = Rig::new(Script { records: records(100), ..Script::default() });
    assert_eq!(rig.run(rig.spec()).await, Stop::Done);
    let keys = rig.keys();
    assert_eq!(keys.len(), 100);
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(rig.script.committed.lock().unwrap().last(), Some(&100));
    assert!(!rig.broker.bootstrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_records_go_to_quarantine_and_their_neighbours_are_published() {
    let mut all = records(50);
    all[10].1 = "bad";
    all[20].2 = "twelve".into();
    all[30].1 = "X";
    let rig = Rig::new(Script { records: all, ..Script::default() });
    assert_eq!(rig.run(rig.spec()).await, Stop::Done);
    let counts = rig.status.read().counts;
    assert_eq!(
        (counts.rows_in, counts.published, counts.rejected, counts.filtered),
        (50, 47, 2, 1)
    );
    assert_eq!((rig.keys().len(), rig.quarantined()), (47, 2));
    let reasons: Vec<_> = rig.status.rejects().into_iter().collect();
    assert_eq!(reasons, [("decode.int", 1), ("decode.test", 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_mapping_and_what_several_take_is_seen_and_goes_where_the_pipeline_says() {
    for (rules, expected) in [
        (Rules::default(), (49, 0, 1)),
        (Rules { none_rejects: true, several_rejects: false }, (49, 1, 0)),
        (Rules { none_rejects: true, several_rejects: true }, (39, 11, 0)),
    ] {
        let mut all = records(50);
        all[30].1 = "X";
        let rig = Rig::new(Script { records: all, ..Script::default() });
        let mut spec = rig.spec();
        let encoder = spec.targets[0].encoder.clone();
        let mapping = mapping_of("few", "KIND <> 'X' AND SIZE < 10");
        spec.targets.push(Target { mapping, encoder });
        spec.rules = rules;
        assert_eq!(rig.run(spec).await, Stop::Done);
        let status = rig.status.read();
        let (counts, routing) = (status.counts, status.routing);
        assert_eq!((counts.published, counts.rejected, counts.filtered), expected, "{rules:?}");
        assert_eq!(rig.quarantined() as u64, counts.rejected);
        let took: Vec<_> =
            routing.mappings.iter().map(|route| (route.taken, route.filtered)).collect();
        assert_eq!(took, [(49, 1), (10, 40)]);
        assert_eq!((routing.none, routing.several), (1, 10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transient_failure_reopens_the_source_at_the_last_commit_and_loses_nothing() {
    let script = Script { records: records(100), ..Script::default() };
    script
        .failures
        .lock()
        .unwrap()
        .extend([(30, ErrorClass::Transient), (77, ErrorClass::Transient)]);
    let rig = Rig::new(script);
    assert_eq!(rig.run(rig.spec()).await, Stop::Done);
    assert_eq!(rig.script.opened.load(Ordering::SeqCst), 3);
    let mut keys = rig.keys();
    // The development broker shows records of transactions that were never committed: what counts here is that
    // none is missing. That none is published twice is proven against a real Kafka.
    keys.dedup();
    assert_eq!(keys.len(), 100);
    assert_eq!(rig.status.read().counts.rows_in, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_needs_a_person_stops_and_a_resume_goes_on_from_there() {
    let script = Script { records: records(40), endless: true, ..Script::default() };
    script.failures.lock().unwrap().insert(21, ErrorClass::Operator);
    let rig = Rig::new(script);
    let (commands, task) = rig.start(rig.spec());
    let stopped = State::Stopped(Stop::Failed(ErrorClass::Operator));
    rig.until("stops", |status| status.read().state == stopped).await;
    assert_eq!(rig.status.read().failure.unwrap().code, "memory.failed");
    commands.send(Command::Resume).await.unwrap();
    rig.until("goes on", |status| status.read().counts.rows_in == 40).await;
    rig.cancel.cancel();
    assert_eq!(task.await.unwrap(), Stop::Cancelled);
    assert_eq!(rig.script.committed.lock().unwrap().last(), Some(&40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_and_a_resume_goes_on_without_repeating() {
    let rig = Rig::new(Script { records: records(60), endless: true, ..Script::default() });
    let (commands, task) = rig.start(rig.spec());
    rig.until("reads", |status| status.read().counts.rows_in == 60).await;
    commands.send(Command::Pause).await.unwrap();
    rig.until("pauses", |status| status.read().state == State::Paused).await;
    commands.send(Command::Resume).await.unwrap();
    rig.until("runs", |status| status.read().state == State::Running).await;
    rig.cancel.cancel();
    assert_eq!(task.await.unwrap(), Stop::Cancelled);
    assert_eq!((rig.status.read().counts.rows_in, rig.keys().len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_75_a_feed_that_is_all_bad_trips_the_breaker_and_fills_no_quarantine() {
    let mut all = records(5000);
    for record in &mut all {
        record.2 = "bad".into();
    }
    let rig = Rig::new(Script { records: all, endless: true, ..Script::default() });
    let mut spec = rig.spec();
    spec.breaker = Some(BreakerLimit { rejects: 50, of: 100 });
    let (_commands, task) = rig.start(spec);
    let stopped = State::Stopped(Stop::Failed(ErrorClass::Operator));
    rig.until("stops", |status| status.read().state == stopped).await;
    assert_eq!(rig.status.read().failure.unwrap().code, "pipeline.breaker");
    assert!(rig.quarantined() <= 50);
    rig.cancel.cancel();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_pipeline_rests_and_wakes_when_the_source_has_work() {
    let to_come = AtomicU64::new(5);
    let rig =
        Rig::new(Script { records: records(10), endless: true, to_come, ..Script::default() });
    let mut spec = rig.spec();
    spec.name = "silent".into();
    spec.rest_after = Duration::from_millis(50);
    let (_commands, task) = rig.start(spec);
    rig.until("rests", |status| status.read().state == State::Resting).await;
    assert_eq!(rig.keys().len(), 5);
    rig.until("lets its producer go", |_| !has_thread("silent-publish")).await;
    rig.script.to_come.store(0, Ordering::SeqCst);
    rig.until("wakes", |status| status.read().counts.published == 10).await;
    assert_eq!(rig.keys().len(), 10);
    rig.cancel.cancel();
    assert_eq!(task.await.unwrap(), Stop::Cancelled);
}

/// Whether a thread of this process has this name, of at most fifteen letters.
fn has_thread(name: &str) -> bool {
    std::fs::read_dir("/proc/self/task").unwrap().any(|thread| {
        // A thread may end while it is looked at.
        let named = std::fs::read_to_string(thread.unwrap().path().join("comm"));
        named.is_ok_and(|named| named.trim_end() == name)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_that_its_topic_does_not_take_is_kept_beside_the_event_and_counted() {
    let mut all = records(5);
    all[1].0 = "v".repeat(3000);
    let rig = Rig::new(Script { records: all, ..Script::default() });
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("claims");
    let mut spec = rig.spec();
    // The key alone takes the room of three thousand bytes; the data holds it once more.
    spec.targets[0].encoder.max_event_bytes = 3000 + 3000 + 1100;
    spec.targets[0].encoder.dataschema = "x".repeat(500);
    spec.publisher.claim_store = Some(store.clone());
    assert_eq!(rig.run(spec).await, Stop::Done);
    let status = rig.status.read();
    assert_eq!((status.counts.published, status.counts.rejected, status.claims), (5, 0, 1));
    let files: Vec<_> = std::fs::read_dir(&store).unwrap().collect();
    assert_eq!(files.len(), 1);
}
