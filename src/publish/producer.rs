//! One life of a transactional producer: librdkafka with the settings that the protocol rests on.
//!
//! A `BaseProducer` on the publisher's own thread, because the polling thread of the others costs a hundredth
//! of a core for every idle pipeline and makes every commit wait for its next turn. Only failed deliveries are
//! reported back: a transaction is all or nothing, so a success carries no news, and reporting it would cost
//! the publisher's thread a visit per record.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use acequia_api::CancellationToken;
use rdkafka::{
    ClientConfig, ClientContext, Message,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext},
    util::Timeout,
};

use super::{
    KafkaConfig, PublishError, RefusedRecord,
    outcome::{self, Judgement, Phase},
    security::Security,
};

const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);
const SOCKET_TIMEOUT: Duration = Duration::from_secs(20);
/// How long fencing is tried before the driver backs off.
const FENCE_DEADLINE: Duration = Duration::from_secs(60);
const FENCE_SLICE: Duration = Duration::from_millis(500);
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
const QUEUE_KIB: &str = "65536";
/// Errors are looked for once in so many records.
const POLL_EVERY: u32 = 512;

/// What our clients hear from librdkafka: errors, failed deliveries, the wish for a new token.
pub(super) struct Context {
    security: Security,
    failed: AtomicBool,
    failure: Mutex<Option<Failure>>,
    disturbances: AtomicU64,
    last: Mutex<Option<(RDKafkaErrorCode, String)>>,
}

/// The first delivery that failed.
#[derive(Debug, Clone)]
struct Failure {
    code: RDKafkaErrorCode,
    topic: String,
    token: usize,
}

impl Context {
    pub(super) fn new(security: &Security) -> Self {
        Self {
            security: security.clone(),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            disturbances: AtomicU64::new(0),
            last: Mutex::new(None),
        }
    }

    /// The newest error of a connection, with what librdkafka says about it.
    pub(super) fn last_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", facility, "{message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(target: "kafka", facility, "{message}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = outcome::code_of(&error);
        self.disturbances.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(target: "kafka", code = ?code, "{reason}");
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, reason.to_owned()));
    }

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        Ok(self.security.token()?)
    }
}

impl ConsumerContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, token: usize) {
        if let Err((error, message)) = result {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| Failure {
                code: outcome::code_of(error),
                topic: message.topic().to_owned(),
                token,
            });
            self.failed.store(true, Ordering::Release);
        }
    }
}

/// What a record to be sent is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum About {
    /// A row of the `send`-th batch of the transaction.
    Row(RefusedRecord),
    /// A record of ours.
    Ours,
}

impl About {
    fn token(self) -> usize {
        match self {
            Self::Ours => 0,
            Self::Row(row) => ((row.send as usize + 1) << 32) | row.row as usize,
        }
    }

    fn of(token: usize) -> Option<RefusedRecord> {
        let send = (token >> 32) as u32;
        Some(RefusedRecord { send: send.checked_sub(1)?, row: token as u32 })
    }
}

/// What a commit was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CommitReport {
    /// A connection failed or the answer took long: a delayed duplicate of the commit request may still be on
    /// its way, so this producer must not begin another transaction.
    pub(super) disturbed: bool,
}

/// A transactional producer.
pub(super) struct TransactionalProducer {
    producer: BaseProducer<Context>,
    id: String,
    since_poll: u32,
}

/// `max.message.bytes` over the topics of a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizeLimits {
    /// The smallest: no set of records may be larger, or Kafka would refuse innocent ones together.
    pub(super) smallest: usize,
    /// The largest.
    pub(super) largest: usize,
}

impl TransactionalProducer {
    pub(super) fn create(
        kafka: &KafkaConfig,
        id: &str,
        limits: SizeLimits,
    ) -> Result<Self, PublishError> {
        let config = settings(kafka, id, limits);
        let producer = config
            .create_with_context(Context::new(&kafka.security))
            .map_err(|error| client_error(&error, id))?;
        Ok(Self { producer, id: id.to_owned(), since_poll: 0 })
    }

    /// Becomes the only producer of the id. Returns early when cancelled.
    pub(super) fn init(&self, cancel: &CancellationToken) -> Result<(), PublishError> {
        let started = Instant::now();
        loop {
            self.producer.poll(Duration::ZERO);
            let error = match self.producer.init_transactions(FENCE_SLICE) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.serve();
            if cancel.is_cancelled() {
                return Err(cancelled(&self.id));
            }
            let code = outcome::code_of(&error);
            let retriable = matches!(&error, KafkaError::Transaction(e) if e.is_retriable());
            let last = self.producer.context().last_error();
            if let Some((code, reason)) = &last
                && needs_a_person(*code)
            {
                return Err(outcome::error(
                    Phase::Fence,
                    *code,
                    &self.id,
                    None,
                    Some(reason),
                    None,
                ));
            }
            if !retriable || started.elapsed() > FENCE_DEADLINE {
                let reason = last.as_ref().map(|(_, reason)| &**reason);
                return Err(outcome::error(Phase::Fence, code, &self.id, None, reason, None));
            }
        }
    }

    pub(super) fn begin(&mut self) -> Result<(), PublishError> {
        self.serve();
        self.producer.begin_transaction().map_err(|error| self.failed(Phase::Begin, &error))
    }

    /// Hands a record over. Waits while the queue is full.
    pub(super) fn send(
        &mut self,
        topic: &str,
        partition: i32,
        key: &[u8],
        value: Option<&[u8]>,
        about: About,
    ) -> Result<(), PublishError> {
        let mut record =
            BaseRecord::with_opaque_to(topic, about.token()).partition(partition).key(key);
        record.payload = value;
        self.since_poll += 1;
        if self.since_poll >= POLL_EVERY {
            self.since_poll = 0;
            self.producer.poll(Duration::ZERO);
            self.check_deliveries(Phase::Send)?;
        }
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    self.producer.poll(Duration::from_millis(1));
                    self.check_deliveries(Phase::Send)?;
                }
                Err((error, _)) => {
                    let code = self.root(outcome::code_of(&error));
                    let row = About::of(about.token());
                    return Err(outcome::error(
                        Phase::Send,
                        code,
                        &self.id,
                        Some(topic),
                        None,
                        row,
                    ));
                }
            }
        }
    }

    /// Waits until everything is delivered, then commits. Everything but `Ok` leaves the outcome unknown.
    pub(super) fn commit(&mut self) -> Result<CommitReport, PublishError> {
        self.drain()?;
        let disturbances = || self.producer.context().disturbances.load(Ordering::Relaxed);
        let (before, started) = (disturbances(), Instant::now());
        loop {
            match self.producer.commit_transaction(Timeout::Never) {
                Ok(()) => break,
                Err(KafkaError::Transaction(error))
                    if error.is_retriable()
                        && !error.is_fatal()
                        && !error.txn_requires_abort()
                        && started.elapsed() < MESSAGE_TIMEOUT =>
                {
                    thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(self.failed(Phase::Commit, &error)),
            }
        }
        let took = started.elapsed();
        self.serve();
        self.check_deliveries(Phase::Commit)?;
        Ok(CommitReport { disturbed: disturbances() != before || took >= SOCKET_TIMEOUT / 2 })
    }

    fn drain(&self) -> Result<(), PublishError> {
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::ZERO);
            self.check_deliveries(Phase::Commit)?;
            thread::sleep(Duration::from_micros(300));
        }
        self.check_deliveries(Phase::Commit)
    }

    /// How many partitions a topic has now.
    pub(super) fn partition_count(&self, topic: &str) -> Result<i32, PublishError> {
        let metadata = self
            .producer
            .client()
            .fetch_metadata(Some(topic), METADATA_TIMEOUT)
            .map_err(|error| self.failed(Phase::Describe, &error))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        match found {
            Some(found) if found.error().is_none() => Ok(found.partitions().len() as i32),
            found => {
                let code = found
                    .and_then(rdkafka::metadata::MetadataTopic::error)
                    .map_or(RDKafkaErrorCode::UnknownTopic, RDKafkaErrorCode::from);
                Err(outcome::error(Phase::Describe, code, &self.id, Some(topic), None, None))
            }
        }
    }

    /// The id of the cluster.
    pub(super) fn cluster_id(&self) -> Result<String, PublishError> {
        self.producer.client().fetch_cluster_id(METADATA_TIMEOUT).ok_or_else(|| {
            PublishError::transient(
                "publish.unreachable",
                "the cluster did not tell its id in time",
            )
        })
    }

    /// Serves what librdkafka has to say, without waiting.
    fn serve(&self) {
        for _ in 0..64 {
            self.producer.poll(Duration::ZERO);
            if self.producer.in_flight_count() == 0 {
                break;
            }
        }
    }

    fn check_deliveries(&self, phase: Phase) -> Result<(), PublishError> {
        let context = self.producer.context();
        if !context.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let failure = context.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(Failure { code, topic, token }) = failure else { return Ok(()) };
        let (code, row) = (self.root(code), About::of(token));
        Err(outcome::error(phase, code, &self.id, Some(&topic), None, row))
    }

    fn failed(&self, phase: Phase, error: &KafkaError) -> PublishError {
        let failure =
            self.producer.context().failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let code = self.root(outcome::code_of(error));
        let topic = failure.as_ref().map(|failure| &*failure.topic);
        let row = failure.as_ref().and_then(|failure| About::of(failure.token));
        outcome::error(phase, code, &self.id, topic, None, row)
    }

    /// The fatal error behind a code that only says that there is one, or that our own giving up caused.
    fn root(&self, code: RDKafkaErrorCode) -> RDKafkaErrorCode {
        use RDKafkaErrorCode::{Fatal, PurgeInflight, PurgeQueue, State};
        match code {
            Fatal | PurgeInflight | PurgeQueue | State => {
                self.producer.client().fatal_error().map_or(code, |(fatal, _)| fatal)
            }
            code => code,
        }
    }
}

fn settings(kafka: &KafkaConfig, id: &str, limits: SizeLimits) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("linger.ms", "5");
    config.set("compression.type", "lz4");
    config.set("queue.buffering.max.kbytes", QUEUE_KIB);
    let asked = kafka.client(id);
    for (key, value) in asked.config_map() {
        config.set(key, value);
    }
    let batch = asked.get("batch.size").and_then(|size| size.parse().ok()).unwrap_or(1_000_000);
    let millis = |duration: Duration| duration.as_millis().to_string();
    config
        .set("transactional.id", id)
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("delivery.report.only.error", "true")
        .set("batch.size", limits.smallest.min(batch).to_string())
        .set("message.max.bytes", limits.largest.clamp(1000, 1_000_000_000).to_string())
        .set("transaction.timeout.ms", millis(TRANSACTION_TIMEOUT))
        .set("message.timeout.ms", millis(MESSAGE_TIMEOUT))
        .set("socket.timeout.ms", millis(SOCKET_TIMEOUT));
    config
}

/// Whether waiting cannot help.
fn needs_a_person(code: RDKafkaErrorCode) -> bool {
    matches!(
        outcome::judge(code),
        Judgement::Unauthenticated | Judgement::Untrusted | Judgement::Denied(_)
    )
}

/// A client that could not be made. Never repeats a value of the configuration.
pub(super) fn client_error(error: &KafkaError, id: &str) -> PublishError {
    let why = match error {
        KafkaError::ClientConfig(_, description, key, _) => format!("`{key}`: {description}"),
        KafkaError::ClientCreation(why) => why.clone(),
        other => outcome::code_of(other).to_string(),
    };
    PublishError::operator(
        "publish.client",
        format!("could not create the Kafka client of `{id}`: {why}"),
    )
    .hint("check the `kafka` part of the deployment")
}

pub(super) fn cancelled(id: &str) -> PublishError {
    PublishError::transient("publish.cancelled", format!("stopped before `{id}` was ready"))
}

impl std::fmt::Debug for TransactionalProducer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionalProducer").field("id", &self.id).finish_non_exhaustive()
    }
}
