//! One life of a transactional producer: librdkafka with the settings that the protocol rests on.
//!
//! A `BaseProducer` on the publisher's own thread, because the polling thread of the others costs a hundredth
//! of a core for every idle pipeline and makes every commit wait for its next turn. Only failed deliveries are
//! reported back: a transaction is all or nothing, so a success carries no news, and reporting it would cost
//! the publisher's thread a visit per record.

use std::{
    cell::Cell,
    thread,
    time::{Duration, Instant},
};

use acequia_api::CancellationToken;
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
    util::Timeout,
};

use super::{
    KafkaConfig, PublishError, RefusedRecord,
    context::{Context, Failure, is_aftermath},
    outcome::{self, Phase},
};
use crate::event::Headers;

const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);
const SOCKET_TIMEOUT: Duration = Duration::from_secs(20);
/// How long fencing is tried before the driver backs off.
const FENCE_DEADLINE: Duration = Duration::from_secs(60);
const FENCE_SLICE: Duration = Duration::from_millis(500);
/// How long failed deliveries may take to be reported.
const SETTLE_DEADLINE: Duration = Duration::from_secs(2);
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// What holds unless the deployment tunes it.
const USUAL: &[(&str, &str)] =
    &[("linger.ms", "5"), ("compression.type", "lz4"), ("queue.buffering.max.kbytes", "65536")];
/// Errors are looked for once in so many records.
const POLL_EVERY: u32 = 512;

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

/// What a record consists of.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) key: &'a [u8],
    pub(super) headers: Headers<'a>,
    pub(super) value: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// A record without headers.
    pub(super) fn new(key: &'a [u8], value: Option<&'a [u8]>) -> Self {
        Self { key, headers: Headers::NONE, value }
    }
}

/// What a commit was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CommitReport {
    /// A connection broke in this life or the answer took long: a delayed duplicate of the commit request may
    /// still be on its way, so this producer must not begin another transaction. The whole life counts and not only
    /// the time of the commit, because librdkafka keeps a second failure like the first to itself for a while.
    pub(super) disturbed: bool,
}

/// A transactional producer.
pub(super) struct TransactionalProducer {
    producer: BaseProducer<Context>,
    id: String,
    since_poll: u32,
    refused: Cell<Option<RefusedRecord>>,
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
        isolate: bool,
    ) -> Result<Self, PublishError> {
        let mut config = settings(kafka, id, limits);
        if isolate {
            config.set("batch.num.messages", "1");
        }
        let producer = config
            .create_with_context(Context::new(kafka))
            .map_err(|error| client_error(&error, id))?;
        Ok(Self { producer, id: id.to_owned(), since_poll: 0, refused: Cell::new(None) })
    }

    /// Becomes the only producer of the id. Returns early when cancelled.
    pub(super) fn init(&self, cancel: &CancellationToken) -> Result<(), PublishError> {
        let started = Instant::now();
        loop {
            self.producer.poll(Duration::ZERO);
            // Asked for its coordinator before it has a connection, librdkafka asks again only after half a second.
            let _ = self.producer.client().fetch_cluster_id(FENCE_SLICE);
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
            if let Some((code, reason)) = self.producer.context().grave_error() {
                return Err(outcome::error(Phase::Fence, code, &self.id, None, Some(&reason)));
            }
            let last = self.producer.context().last_error();
            if !retriable || started.elapsed() > FENCE_DEADLINE {
                let reason = last.as_ref().map(|(_, reason)| &**reason);
                return Err(outcome::error(Phase::Fence, code, &self.id, None, reason));
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
        parts: Parts<'_>,
        about: About,
    ) -> Result<(), PublishError> {
        let mut record =
            BaseRecord::with_opaque_to(topic, about.token()).partition(partition).key(parts.key);
        record.payload = parts.value;
        if !parts.headers.is_empty() {
            let all = OwnedHeaders::new_with_capacity(parts.headers.count());
            let add = |all: OwnedHeaders, (key, value)| {
                all.insert(Header { key, value: Some::<&[u8]>(value) })
            };
            record.headers = Some(parts.headers.iter().fold(all, add));
        }
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
                    let row = About::of(about.token());
                    return Err(self.error(
                        Phase::Send,
                        outcome::code_of(&error),
                        Some(topic),
                        row,
                    ));
                }
            }
        }
    }

    /// Waits until everything is delivered, then commits. Everything but `Ok` leaves the outcome unknown.
    #[expect(
        clippy::disallowed_methods,
        reason = "the library says only that it may be tried again, not when"
    )]
    pub(super) fn commit(&mut self) -> Result<CommitReport, PublishError> {
        self.settle(Phase::Commit)?;
        let started = Instant::now();
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
        Ok(CommitReport {
            disturbed: self.producer.context().is_disturbed() || took >= SOCKET_TIMEOUT / 2,
        })
    }

    /// Waits until everything handed over is delivered.
    #[expect(
        clippy::disallowed_methods,
        reason = "a poll that waits would hold the deliveries back; this is the shortest pause"
    )]
    pub(super) fn settle(&self, phase: Phase) -> Result<(), PublishError> {
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::ZERO);
            self.check_deliveries(phase)?;
            thread::sleep(Duration::from_micros(300));
        }
        self.check_deliveries(phase)
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
                Err(outcome::error(Phase::Describe, code, &self.id, Some(topic), None))
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
        if !self.producer.context().has_failed_delivery() {
            return Ok(());
        }
        Err(self.error(phase, RDKafkaErrorCode::PurgeQueue, None, None))
    }

    fn failed(&self, phase: Phase, error: &KafkaError) -> PublishError {
        self.error(phase, outcome::code_of(error), None, None)
    }

    /// The error behind `code`. Where that only says that something else went wrong, what went wrong is looked for: a
    /// fatal error, a delivery that failed by itself, or the error that the transaction keeps.
    fn error(
        &self,
        phase: Phase,
        code: RDKafkaErrorCode,
        topic: Option<&str>,
        row: Option<RefusedRecord>,
    ) -> PublishError {
        if !is_aftermath(code) {
            self.blame(code, row);
            return outcome::error(phase, code, &self.id, topic, None);
        }
        let failure = self.settled_failure();
        let refused = failure.as_ref().is_some_and(|failure| outcome::refuses_record(failure.code));
        // What stands behind a refused record arrives out of order, which is fatal and only an aftermath.
        if let Some((fatal, reason)) = self.producer.client().fatal_error()
            && !refused
        {
            return outcome::error(phase, fatal, &self.id, None, Some(&reason));
        }
        if let Some(Failure { code, topic, token }) = failure {
            self.blame(code, About::of(token));
            return outcome::error(phase, code, &self.id, Some(&topic), None);
        }
        // Deliveries are given up only once the transaction is in an error state, and from there nothing is
        // committed any more: the call only tells the error.
        let kept = self.producer.commit_transaction(FENCE_SLICE).err();
        let code = kept.as_ref().map_or(code, outcome::code_of);
        outcome::error(phase, code, &self.id, topic, None)
    }

    /// The record that Kafka refused, after an error that says that it refused one.
    pub(super) fn refused(&self) -> Option<RefusedRecord> {
        self.refused.get()
    }

    fn blame(&self, code: RDKafkaErrorCode, row: Option<RefusedRecord>) {
        self.refused.set(row.filter(|_| outcome::refuses_record(code)));
    }

    /// The delivery that failed by itself, once all that are still under way have been reported.
    #[expect(
        clippy::disallowed_methods,
        reason = "the deliveries come through polls, and a poll that waits would not see the last one"
    )]
    fn settled_failure(&self) -> Option<Failure> {
        let started = Instant::now();
        loop {
            self.producer.poll(Duration::ZERO);
            let failure = self.producer.context().failure();
            if let Some(failure) = failure
                && !is_aftermath(failure.code)
            {
                return Some(failure);
            }
            if self.producer.in_flight_count() == 0 || started.elapsed() > SETTLE_DEADLINE {
                return None;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn settings(kafka: &KafkaConfig, id: &str, limits: SizeLimits) -> ClientConfig {
    let mut config = kafka.client(id);
    let batch = config.get("batch.size").and_then(|size| size.parse().ok()).unwrap_or(1_000_000);
    for (key, usual) in USUAL {
        if config.get(key).is_none() {
            config.set(*key, *usual);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_the_row_again() {
        for row in [RefusedRecord { send: 0, row: 0 }, RefusedRecord { send: 7, row: u32::MAX }] {
            assert_eq!(About::of(About::Row(row).token()), Some(row));
        }
        assert_eq!(About::of(About::Ours.token()), None);
    }

    #[test]
    fn the_settings_of_the_protocol_stand_whatever_is_tuned() {
        let mut kafka = KafkaConfig { bootstrap: Some("k:9092".into()), ..KafkaConfig::default() };
        for (key, value) in [("batch.size", "5000000"), ("linger.ms", "50"), ("acks", "1")] {
            kafka.options.insert(key.into(), super::super::OptionValue::Text(value.into()));
        }
        let config = settings(
            &kafka,
            "town.permits.0",
            SizeLimits { smallest: 100_000, largest: 2_000_000 },
        );
        assert_eq!(
            config.get("batch.size"),
            Some("100000"),
            "no set larger than the smallest topic takes"
        );
        assert_eq!(config.get("message.max.bytes"), Some("2000000"));
        assert_eq!(config.get("linger.ms"), Some("50"));
        assert_eq!(config.get("compression.type"), Some("lz4"));
        assert_eq!(config.get("acks"), Some("all"));
        let millis = |key: &str| config.get(key).unwrap().parse::<u64>().unwrap();
        assert!(millis("message.timeout.ms") < millis("transaction.timeout.ms"));
        assert!(millis("socket.timeout.ms") < millis("transaction.timeout.ms"));
    }

    #[test]
    fn the_password_reaches_the_producer() {
        let kafka: KafkaConfig = serde_json::from_value(serde_json::json!({
            "bootstrap": "k:9093",
            "security": {"tls": {}, "sasl": {"mechanism": "plain", "user": "a", "password": "b"}}
        }))
        .unwrap();
        let limits = SizeLimits { smallest: 1000, largest: 1000 };
        assert_eq!(settings(&kafka, "t", limits).get("sasl.password"), Some("b"));
    }
}
