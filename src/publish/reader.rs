//! Reading one partition of ours from a known place to a known end.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use acequia_api::CancellationToken;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};

use super::{
    KafkaConfig, PublishError,
    context::Context,
    outcome::{self, Phase},
    producer::{cancelled, client_error},
};
use crate::checkpoint::{StoredAt, StoredKey};

/// How long a broker may keep a request for lack of records. Short, because a request under way holds up the next one.
const FETCH_WAIT: Duration = Duration::from_millis(10);
const POLL: Duration = Duration::from_millis(100);
/// How long the end of the partition is stared at before looking for who holds it back.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long no broker may answer.
const SILENCE: Duration = Duration::from_secs(60);
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);
const WATERMARKS_TIMEOUT: Duration = Duration::from_secs(10);

/// Something that a person may want to know while a start takes long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The partition is held back by an open transaction; it ends by itself, at the latest with its time-out.
    WaitingForTransaction {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Whose transaction it is: `pipeline/task` or `pipeline`, or the offset where it begins.
        blocker: String,
    },
}

/// Where a reading ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// At what is decided now.
    Decided,
    /// When the visitor has met what it looks for, however long an open transaction holds it back.
    Met,
}

pub(super) type Visit<'v> = dyn FnMut(Option<&[u8]>, Option<&[u8]>, &StoredAt) -> Result<ControlFlow<()>, PublishError>
    + 'v;

/// A consumer of single partitions, without a consumer group.
pub(super) struct PartitionReader<'k> {
    kafka: &'k KafkaConfig,
    id: &'k str,
    consumer: Consuming,
}

/// A consumer that is let go of in the background: closing it takes a tenth of a second, which no start should wait
/// for.
pub(super) struct Consuming(Option<BaseConsumer<Context>>);

impl std::ops::Deref for Consuming {
    type Target = BaseConsumer<Context>;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().expect("invariant: the consumer is taken only on drop")
    }
}

impl Drop for Consuming {
    fn drop(&mut self) {
        if let Some(consumer) = self.0.take() {
            let builder = std::thread::Builder::new().name("kafka-consumer-drop".to_owned());
            drop(builder.spawn(move || drop(consumer)));
        }
    }
}

/// What to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'t> {
    pub(super) topic: &'t std::sync::Arc<str>,
    pub(super) partition: i32,
    /// From this offset on, or from the start.
    pub(super) from: Option<i64>,
    pub(super) until: Until,
}

impl<'k> PartitionReader<'k> {
    pub(super) fn open(kafka: &'k KafkaConfig, id: &'k str) -> Result<Self, PublishError> {
        Ok(Self { kafka, id, consumer: consumer(kafka, id, "read_committed", FETCH_WAIT)? })
    }

    /// Visits the committed records of a stretch in order. Every record that was decided when the reading
    /// began is visited.
    pub(super) fn read(
        &self,
        stretch: Stretch<'_>,
        cancel: &CancellationToken,
        notice: &mut dyn FnMut(Notice),
        visit: &mut Visit<'_>,
    ) -> Result<(), PublishError> {
        self.assign(stretch)?;
        let mut heard = Instant::now();
        let mut at_end: Option<Instant> = None;
        loop {
            if cancel.is_cancelled() {
                return Err(cancelled(self.id));
            }
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    (heard, at_end) = (Instant::now(), None);
                    let at = StoredAt {
                        topic: std::sync::Arc::clone(stretch.topic),
                        partition: stretch.partition,
                        offset: message.offset(),
                    };
                    if visit(message.key(), message.payload(), &at)?.is_break() {
                        return Ok(());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    if stretch.until == Until::Decided {
                        return Ok(());
                    }
                    heard = Instant::now();
                    at_end.get_or_insert(heard);
                }
                Some(Err(error)) => self.judge(&error, stretch.topic)?,
                None => {}
            }
            match at_end {
                Some(since) if since.elapsed() >= PATIENCE => {
                    notice(self.blocker(stretch)?);
                    (heard, at_end) = (Instant::now(), Some(Instant::now()));
                }
                None if heard.elapsed() > SILENCE => return Err(self.silence(stretch.topic)),
                _ => {}
            }
        }
    }

    fn assign(&self, stretch: Stretch<'_>) -> Result<(), PublishError> {
        // Without knowing the partition's leader librdkafka looks again only after half a second.
        let _ = self.consumer.fetch_metadata(Some(stretch.topic), METADATA_TIMEOUT);
        let mut list = TopicPartitionList::new();
        let from = stretch.from.map_or(Offset::Beginning, Offset::Offset);
        list.add_partition_offset(stretch.topic, stretch.partition, from)
            .and_then(|()| self.consumer.assign(&list))
            .map_err(|error| self.failed(&error, stretch.topic))
    }

    fn judge(&self, error: &KafkaError, topic: &str) -> Result<(), PublishError> {
        if is_passing(outcome::code_of(error)) { Ok(()) } else { Err(self.failed(error, topic)) }
    }

    fn failed(&self, error: &KafkaError, topic: &str) -> PublishError {
        let reason = self.consumer.context().last_error().map(|(_, reason)| reason);
        let code = outcome::code_of(error);
        outcome::error(Phase::Read, code, self.id, Some(topic), reason.as_deref())
    }

    fn silence(&self, topic: &str) -> PublishError {
        let reason = self.consumer.context().last_error().map(|(_, reason)| reason);
        let code = RDKafkaErrorCode::OperationTimedOut;
        outcome::error(Phase::Read, code, self.id, Some(topic), reason.as_deref())
    }

    /// Who holds the end of the partition back: the writer of the first record that is not decided.
    fn blocker(&self, stretch: Stretch<'_>) -> Result<Notice, PublishError> {
        let Stretch { topic, partition, .. } = stretch;
        let dirty = consumer(self.kafka, self.id, "read_uncommitted", FETCH_WAIT)?;
        let end = |consumer: &BaseConsumer<Context>| {
            consumer
                .fetch_watermarks(topic, partition, WATERMARKS_TIMEOUT)
                .map(|(_, end)| end)
                .map_err(|error| self.failed(&error, topic))
        };
        let (stable, end) = (end(&self.consumer)?, end(&dirty)?);
        if stable >= end {
            return Err(PublishError::transient(
                "publish.claim_lost",
                format!("the claim of `{}` is not in `{topic}` partition {partition}", self.id),
            ));
        }
        let key = first_key_from(&dirty, topic, partition, stable);
        let at = StoredAt { topic: std::sync::Arc::clone(topic), partition, offset: stable };
        let blocker = StoredKey::parse(key.as_deref(), &at)
            .map_or_else(|_| format!("unknown, from offset {stable} on"), |key| key.writer());
        Ok(Notice::WaitingForTransaction { topic: topic.to_string(), partition, blocker })
    }
}

fn first_key_from(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Option<Vec<u8>> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset)).ok()?;
    consumer.assign(&list).ok()?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(Ok(message)) = consumer.poll(POLL) {
            return message.key().map(<[u8]>::to_vec);
        }
    }
    None
}

/// A consumer without a group; `wait` is how long a broker may keep a request for lack of records.
pub(super) fn consumer(
    kafka: &KafkaConfig,
    id: &str,
    isolation: &str,
    wait: Duration,
) -> Result<Consuming, PublishError> {
    let mut config = kafka.client(id);
    config
        .set("group.id", id)
        .set("isolation.level", isolation)
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", wait.as_millis().to_string())
        .set("fetch.error.backoff.ms", "100")
        .set("queued.max.messages.kbytes", "16384");
    config
        .create_with_context(Context::new(kafka))
        .map(|consumer| Consuming(Some(consumer)))
        .map_err(|error| client_error(&error, id))
}

/// What librdkafka retries by itself, or what concerns the consumer group that we do not use.
pub(super) fn is_passing(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::GroupAuthorizationFailed
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::CoordinatorLoadInProgress
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
    )
}
