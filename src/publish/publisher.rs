//! The transactional publisher of one task.
//!
//! # The protocol
//!
//! ```text
//! fence ──► recover ──► ( begin ──► send … send ──► commit )*  ──► drop
//!   │          │                                       │
//!   │          │                                       └ Ok, disturbed: rotate. Anything else: drop, fence anew
//!   │          └ claim (own transaction) ─► read own partition until the claim ─► compare with the mirror ─► keyed state
//!   └ topics as they must be? ─► init_transactions: every older producer of the id is refused from now on
//! ```
//!
//! One transaction carries, in this order: the events; the quarantined records; the changes of keyed state; one
//! record per advanced split; one head record, last. All of it becomes visible or none.
//!
//! **Recovery is the start path.** There is no abort: whatever goes wrong, the publisher is dropped, its open
//! transaction is settled by the next `fence`, and `recover` reads from the topic what happened. So a kill at any
//! instant, a time-out and a plain start run the same code. It also keeps clear of librdkafka's races between
//! aborting and registering partitions.
//!
//! **No error is believed.** A commit that "requires an abort" may have been committed (a broker answered too
//! late); a commit that succeeded may have been sent twice. The first is why only the topic decides. The second is
//! why a publisher *rotates* after a commit during which a connection failed: Kafka brokers before the second
//! version of the transaction protocol accept a delayed duplicate of the commit request for the *next* transaction of the
//! same producer epoch, and would end it half-way. A new epoch refuses the duplicate. librdkafka speaks only the
//! first version, whatever the broker offers.
//!
//! **The claim** {owner, life} is written in a transaction of its own before anything is read. The partition is then
//! read with `read_committed` until that very record is met. No end of partition, no high watermark and no other
//! task's open transaction can make the recovery read too little: at worst it waits, and says for whom.
//!
//! **Fenced does not mean that there is another instance**: a transaction that Kafka timed out looks the same. Nobody
//! re-initialises on it; the driver waits and asks [`read_newest_claim`] whose claim is the newest.
//!
//! Everything here blocks. It lives on a thread of its own, never on an async worker.

mod start;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use acequia_api::{CancellationToken, RecordBatch, StateChange, StateView};

use super::{
    KafkaConfig, Outgoing, PublishError, RefusedRecord, Schemas, SystemTopics, TopicFacts,
    claim_store::ClaimStore,
    claims,
    outcome::Phase,
    partition::partition_of,
    producer::{About, Parts, SizeLimits, TransactionalProducer},
    quarantine::{Quarantine, Refusal},
    topics,
};
use crate::checkpoint::{
    Chain, ChainLink, Checkpoint, ClaimRecord, Counts, Delta, HeadRecord, Kinship, Mirror,
    MirrorFile, Recovered, STORED_FORMAT, SealKey, SplitRecord, StateRecord, StateStore, StoredKey,
    Task, to_bytes,
};

/// How often the number of partitions is looked at again while running.
const PARTITION_CHECK: Duration = Duration::from_secs(60);

/// What a publisher needs to know.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The cluster; for an embedded one with its bootstrap filled in.
    pub kafka: KafkaConfig,
    /// Who publishes.
    pub task: Task,
    /// The event topics; events name them by their index.
    pub topics: Vec<Arc<str>>,
    /// Where the mirror and the cache of keyed state live; `None` for the development broker, which forgets too.
    pub state_dir: Option<PathBuf>,
    /// Seals positions and keyed state.
    pub state_key: Option<SealKey>,
    /// Seals the raw bytes of quarantined records.
    pub quarantine_key: Option<SealKey>,
    /// The schemas that values are written with; `None` where no value names one.
    pub schemas: Option<Arc<Schemas>>,
    /// Where data is kept that events only refer to; `None` where every event holds its own.
    pub claim_store: Option<PathBuf>,
    /// Send every record as a set of its own and await each batch: slow, and a refusal names the guilty row.
    pub isolate: bool,
    /// A person decided to go on although the checkpoint topic knows less than this host, and says why.
    pub accept_regression: Option<String>,
    /// Ends waiting in [`Publisher::fence`] and [`Publisher::recover`].
    pub cancel: CancellationToken,
}

/// What a life begins with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where every split stands, the last head, and who was before.
    pub recovered: Recovered,
    /// How the topic is related to what this host knew. Never a regression, unless it was accepted.
    pub kinship: Kinship,
}

/// What a life learns about its events before the first.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// What key, headers and value of an event may have together, per topic of the setup.
    pub event_bytes: Arc<[usize]>,
    /// The id of the schema, per schema of the setup; empty where no value names one.
    pub schema_ids: Arc<[u32]>,
}

/// What a commit gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The sequence number of the transaction.
    pub seq: u64,
    /// The batch is committed, but this publisher must not be used again: drop it and fence anew before the next
    /// one.
    pub rotate: bool,
}

/// The transactional publisher of one task. See the module's documentation for the protocol.
#[derive(Debug)]
pub struct Publisher {
    setup: Setup,
    id: String,
    system: SystemTopics,
    partition: i32,
    partitions: Vec<i32>,
    limits: Vec<usize>,
    quarantine: Quarantine,
    quarantine_partitions: i32,
    producer: TransactionalProducer,
    cluster: String,
    checked: Instant,
    mirror: Option<MirrorFile>,
    claim_store: Option<ClaimStore>,
    schema_ids: Arc<[u32]>,
    state: StateStore,
    keeps_deletions: Duration,
    checkpoint: Checkpoint,
    head: Option<HeadRecord>,
    chain: Chain,
    open: Option<OpenTransaction>,
}

#[derive(Debug)]
struct OpenTransaction {
    link: ChainLink,
    sends: u32,
    state: Vec<StateChange>,
    forgotten: Vec<Arc<str>>,
    source_clock: Option<i64>,
}

impl Publisher {
    /// Checks the topics, learns the ids of the schemas and becomes the only producer of the task: every older one is refused from now on.
    ///
    /// # Errors
    /// `Operator` for missing or unfit topics, rights and credentials, and for schemas that the registry refuses; `Transient` when the
    /// cluster or the registry cannot be reached or the setup's token is cancelled.
    pub fn fence(setup: Setup) -> Result<Self, PublishError> {
        let id = setup.task.transactional_id();
        let system = SystemTopics::of(&setup.task.deployment);
        let found = start::examine(&setup, &system, &id)?;
        let schema_ids = match &setup.schemas {
            Some(schemas) => schemas.ids(&setup.cancel)?,
            None => Arc::default(),
        };
        let of = |name: &Arc<str>| found.get(name).cloned().unwrap_or_default();
        let partitions = setup.topics.iter().map(|name| of(name).partitions).collect();
        let limits: Vec<usize> =
            setup.topics.iter().map(|name| of(name).max_message_bytes()).collect();
        let all = found.values().map(TopicFacts::max_message_bytes);
        let sizes = SizeLimits {
            smallest: all.clone().min().unwrap_or(topics::DEFAULT_MAX_MESSAGE_BYTES),
            largest: all.max().unwrap_or(topics::DEFAULT_MAX_MESSAGE_BYTES),
        };
        let producer = TransactionalProducer::create(&setup.kafka, &id, sizes, setup.isolate)?;
        producer.init(&setup.cancel)?;
        let cluster = producer.cluster_id()?;
        let facts = of(&system.quarantine);
        let quarantine = Quarantine {
            topic: Arc::clone(&system.quarantine),
            pipeline: Arc::clone(&setup.task.pipeline),
            key: setup.quarantine_key.clone(),
            max_value_bytes: facts.room(),
        };
        let state_dir = setup.state_dir.as_deref();
        let claim_store = setup.claim_store.as_deref();
        let claim_store =
            claim_store.map(|directory| ClaimStore::open(directory, &setup.task)).transpose()?;
        Ok(Self {
            partition: partition_of(id.as_bytes(), topics::SYSTEM_PARTITIONS),
            mirror: state_dir.map(|directory| MirrorFile::new(directory, &setup.task)),
            claim_store,
            schema_ids,
            state: StateStore::open(state_dir, &setup.task)?,
            keeps_deletions: of(&system.state).keeps_deletions(),
            quarantine_partitions: facts.partitions,
            id,
            system,
            partitions,
            limits,
            quarantine,
            producer,
            cluster,
            checked: Instant::now(),
            checkpoint: Checkpoint::default(),
            head: None,
            chain: Chain::default(),
            open: None,
            setup,
        })
    }

    /// Whether a refusal names the guilty row, see [`Setup::isolate`].
    pub fn isolates(&self) -> bool {
        self.setup.isolate
    }

    /// The record that Kafka refused, after an error with the code [`REFUSED`](super::REFUSED); exact if the publisher
    /// [isolates](Setup::isolate).
    pub fn refused(&self) -> Option<RefusedRecord> {
        self.producer.refused()
    }

    /// The committed keyed state. It follows every commit.
    pub fn state(&self) -> Arc<dyn StateView> {
        self.state.view()
    }

    /// Where every split stands after the last commit.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The head of the last committed transaction.
    pub fn head(&self) -> Option<&HeadRecord> {
        self.head.as_ref()
    }

    /// How many bytes key, headers and value of an event for topic `index` may have together.
    pub fn max_event_bytes(&self, index: u16) -> usize {
        let limit = self.limits.get(usize::from(index)).copied();
        topics::room_in(limit.unwrap_or(topics::DEFAULT_MAX_MESSAGE_BYTES))
    }

    /// What holds for the events of this life.
    pub fn terms(&self) -> Terms {
        let topics = 0..u16::try_from(self.limits.len()).unwrap_or(u16::MAX);
        Terms {
            event_bytes: topics.map(|topic| self.max_event_bytes(topic)).collect(),
            schema_ids: Arc::clone(&self.schema_ids),
        }
    }

    /// Opens a transaction. Begin late: from the first record on it holds back every `read_committed` consumer,
    /// and Kafka ends it after a minute.
    ///
    /// # Errors
    /// See [`PublishError`]; `publish.partitions_changed` when a topic has other partitions than at the start.
    pub fn begin(&mut self) -> Result<(), PublishError> {
        self.check_partitions()?;
        self.producer.begin()?;
        self.open = Some(OpenTransaction {
            link: self.chain.link(),
            sends: 0,
            state: Vec::new(),
            forgotten: Vec::new(),
            source_clock: self.head.as_ref().and_then(|head| head.source_clock),
        });
        Ok(())
    }

    /// Sends a batch: its events, its rejected records, its changes of keyed state; the data that events refer to is
    /// kept before. `mappings` are the mappings of
    /// the pipeline, `name@version`, in its order. Waits while Kafka is slower than we are.
    ///
    /// # Errors
    /// See [`PublishError`]. The transaction is lost; drop the publisher.
    pub fn send(
        &mut self,
        split: &str,
        mappings: &[Arc<str>],
        records: &RecordBatch,
        events: &impl Outgoing,
    ) -> Result<(), PublishError> {
        let open = self.open.as_mut().ok_or_else(no_transaction)?;
        let send = open.sends;
        open.sends += 1;
        if let Some(store) = &mut self.claim_store {
            events.claims().try_for_each(|data| store.keep(&data))?;
        }
        let (topics, partitions) = (&self.setup.topics, &self.partitions);
        let producer = &mut self.producer;
        events.each_event(|event| {
            let index = usize::from(event.topic);
            let (Some(topic), Some(count)) = (topics.get(index), partitions.get(index)) else {
                return Err(PublishError::bug(
                    "publish.unknown_topic",
                    "an event names a topic that the task does not have",
                ));
            };
            open.link.add(event.id);
            let about = About::Row(RefusedRecord { send, row: event.row });
            let partition = partition_of(event.key, *count);
            let parts = Parts { key: event.key, headers: event.headers, value: event.value };
            producer.send(topic, partition, parts, about)
        })?;
        if self.setup.isolate {
            self.producer.settle(Phase::Send)?;
        }
        self.send_rejects(split, mappings, records, events)?;
        self.send_state(records)?;
        if let Some(open) = &mut self.open {
            let newest = records.rows().filter_map(|row| row.meta().source_time).max();
            open.source_clock = open.source_clock.max(newest);
        }
        Ok(())
    }

    /// Forgets the position of a split in the open transaction: it starts again as its source says. Only a person
    /// decides that.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn forget(&mut self, split: &str) -> Result<(), PublishError> {
        let open = self.open.as_mut().ok_or_else(no_transaction)?;
        open.forgotten.push(Arc::from(split));
        let key = StoredKey::split(&self.setup.task, split).to_bytes();
        let topic = &self.system.checkpoints;
        self.producer.send(topic, self.partition, Parts::new(&key, None), About::Ours)
    }

    /// Commits the open transaction with the steps that the splits took; `counts` is what became of its rows.
    ///
    /// After `Ok` everything is durable, and the mirror and the keyed state show it. After an error nothing is
    /// known until the next life has recovered.
    ///
    /// # Errors
    /// `Bug` when a step does not begin where its split stands, found before anything of it is sent; else see
    /// [`PublishError`].
    pub fn commit(&mut self, deltas: &[Delta], counts: Counts) -> Result<Committed, PublishError> {
        let open = self.open.take().ok_or_else(no_transaction)?;
        let mut checkpoint = self.checkpoint.clone();
        for split in &open.forgotten {
            checkpoint.remove(split);
        }
        for delta in deltas {
            checkpoint.apply(delta).map_err(|mismatch| {
                PublishError::bug("publish.step_mismatch", mismatch.to_string())
            })?;
        }
        self.send_splits(&checkpoint, deltas)?;
        let chain = open.link.close();
        let head = self.next_head(chain, counts, open.source_clock);
        let key = StoredKey::head(&self.setup.task).to_bytes();
        let value = to_bytes(&head);
        let topic = &self.system.checkpoints;
        let parts = Parts::new(&key, Some(&value));
        self.producer.send(topic, self.partition, parts, About::Ours)?;
        if let Some(store) = &mut self.claim_store {
            store.sync()?;
        }
        let report = self.producer.commit()?;

        self.checkpoint = checkpoint;
        self.chain = chain;
        let committed = Committed { seq: head.seq, rotate: report.disturbed };
        if let Some(mirror) = &self.mirror {
            mirror.store(&Mirror::of(&head))?;
        }
        self.head = Some(head);
        self.state.committed(&open.state)?;
        Ok(committed)
    }

    /// Commits a transaction without records, so that Kafka does not forget the id of an idle task.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin) and [`commit`](Self::commit).
    pub fn keep_alive(&mut self) -> Result<Committed, PublishError> {
        self.begin()?;
        self.commit(&[], Counts::default())
    }

    /// Makes the next `begin` look at the partitions.
    #[cfg(test)]
    pub(super) fn expire_partition_check(&mut self) {
        self.checked = Instant::now().checked_sub(PARTITION_CHECK).unwrap();
    }

    fn check_partitions(&mut self) -> Result<(), PublishError> {
        if self.checked.elapsed() < PARTITION_CHECK {
            return Ok(());
        }
        for (topic, &expected) in self.setup.topics.iter().zip(&self.partitions) {
            let found = self.producer.partition_count(topic)?;
            if found != expected {
                return Err(PublishError::operator(
                    "publish.partitions_changed",
                    format!("topic `{topic}` had {expected} partitions at the start and has {found} now"),
                )
                .hint("keys would move to other partitions and lose their order; decide what consumers need, then restart the pipeline"));
            }
        }
        self.checked = Instant::now();
        Ok(())
    }

    fn send_rejects(
        &mut self,
        split: &str,
        mappings: &[Arc<str>],
        records: &RecordBatch,
        events: &impl Outgoing,
    ) -> Result<(), PublishError> {
        for reject in records.rejects() {
            let refusal =
                Refusal { records, meta: &reject.meta, mapping: None, errors: &reject.errors };
            self.send_reject(split, &refusal)?;
        }
        for reject in events.rejects() {
            let row = records.at(reject.row as usize);
            let refusal = Refusal {
                records,
                meta: row.meta(),
                mapping: reject.mapping.and_then(|number| mappings.get(usize::from(number))),
                errors: reject.errors,
            };
            self.send_reject(split, &refusal)?;
        }
        Ok(())
    }

    fn send_reject(&mut self, split: &str, refusal: &Refusal<'_>) -> Result<(), PublishError> {
        let record = self.quarantine.record(split, refusal)?;
        let key = record.id.as_bytes();
        let partition = partition_of(key, self.quarantine_partitions);
        let value = to_bytes(&record);
        let parts = Parts::new(key, Some(&value));
        self.producer.send(&self.quarantine.topic, partition, parts, About::Ours)
    }

    fn send_state(&mut self, records: &RecordBatch) -> Result<(), PublishError> {
        let seal = self.setup.state_key.as_ref();
        for change in records.state() {
            let key = StoredKey::state(&self.setup.task, &change.key);
            let value = match &change.value {
                Some(value) => Some(to_bytes(&StateRecord::new(value, &key, seal)?)),
                None => None,
            };
            let key = key.to_bytes();
            let parts = Parts::new(&key, value.as_deref());
            self.producer.send(&self.system.state, self.partition, parts, About::Ours)?;
        }
        if let Some(open) = &mut self.open {
            open.state.extend_from_slice(records.state());
        }
        Ok(())
    }

    fn send_splits(
        &mut self,
        checkpoint: &Checkpoint,
        deltas: &[Delta],
    ) -> Result<(), PublishError> {
        let advanced: BTreeSet<&Arc<str>> = deltas.iter().map(|delta| &delta.split).collect();
        for split in advanced {
            let Some(progress) = checkpoint.progress(split) else { continue };
            let key = StoredKey::split(&self.setup.task, split);
            let record = SplitRecord::new(progress, &key, self.setup.state_key.as_ref())?;
            let (key, value) = (key.to_bytes(), to_bytes(&record));
            let topic = &self.system.checkpoints;
            let parts = Parts::new(&key, Some(&value));
            self.producer.send(topic, self.partition, parts, About::Ours)?;
        }
        Ok(())
    }

    fn next_head(&self, chain: Chain, counts: Counts, source_clock: Option<i64>) -> HeadRecord {
        let before = self.head.as_ref();
        let mut total = before.map(|head| head.total).unwrap_or_default();
        total.add(counts);
        HeadRecord {
            format: STORED_FORMAT,
            seq: before.map_or(0, |head| head.seq) + 1,
            owner: self.setup.task.owner,
            cluster: self.cluster.clone(),
            chain: chain.to_string(),
            counts,
            total,
            source_clock,
        }
    }
}

/// The newest decided claim of a task: after `Fenced`, whose claim it is tells whether another instance took over
/// (its owner differs) or Kafka only ended a transaction that took too long.
///
/// # Errors
/// See [`PublishError`].
pub fn read_newest_claim(
    kafka: &KafkaConfig,
    task: &Task,
    cancel: &CancellationToken,
) -> Result<Option<ClaimRecord>, PublishError> {
    claims::read_newest(kafka, task, cancel)
}

fn no_transaction() -> PublishError {
    PublishError::bug("publish.no_transaction", "records were sent outside a transaction")
}
