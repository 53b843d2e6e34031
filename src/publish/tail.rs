//! Reading published records, as `acequia tail`, `acequia quarantine` and the demo show them.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    Message, Offset, Timestamp, TopicPartitionList,
    consumer::Consumer,
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Header, Headers},
};

use super::{
    KafkaConfig, PublishError,
    cluster::Cluster,
    outcome::{self, Phase},
    reader::{Consuming, consumer, is_passing},
};
use crate::event::in_json;

/// How long [`read_all`] waits for a sign of life.
const SILENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// Where following begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailFrom {
    /// At the oldest record of every partition.
    Beginning,
    /// At what comes next.
    End,
    /// So many records before the end of every partition.
    Last(u32),
}

/// A committed record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Milliseconds since 1970 that Kafka keeps with it.
    pub timestamp_ms: Option<i64>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// Names and values of the headers, in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The value; `None` for a tombstone and for an event without data in binary mode.
    pub value: Option<Vec<u8>>,
}

impl TailRecord {
    /// The event in it as JSON, whatever mode it was published in; see [`in_json`].
    pub fn event(&self) -> Option<String> {
        let headers = self.headers.iter().map(|(name, value)| (&**name, &**value));
        in_json(headers, self.value.as_deref())
    }
}

/// Follows topics with `read_committed`, without a consumer group: it commits nothing and disturbs nobody. Order
/// holds within a partition.
pub struct Tail {
    consumer: Consuming,
    topics: Vec<Arc<str>>,
    partitions: usize,
    id: String,
}

impl Tail {
    /// Begins to follow `topics`; `id` names us in messages and in the broker's log.
    ///
    /// # Errors
    /// `publish.topic_missing`, `publish.unreachable`, `publish.denied`.
    pub fn open(
        kafka: &KafkaConfig,
        id: &str,
        topics: &[Arc<str>],
        from: TailFrom,
    ) -> Result<Self, PublishError> {
        let names: BTreeSet<Arc<str>> = topics.iter().cloned().collect();
        let found = Cluster::open(kafka, id)?.describe_partitions(&names)?;
        let offset = match from {
            TailFrom::Beginning => Offset::Beginning,
            TailFrom::End => Offset::End,
            TailFrom::Last(count) => Offset::OffsetTail(i64::from(count)),
        };
        let failed = |error: &KafkaError, topic: Option<&str>| {
            outcome::error(Phase::Read, outcome::code_of(error), id, topic, None)
        };
        let mut list = TopicPartitionList::new();
        for name in &names {
            let Some(facts) = found.get(name) else {
                let code = RDKafkaErrorCode::UnknownTopic;
                return Err(outcome::error(Phase::Read, code, id, Some(name), None));
            };
            for partition in 0..facts.partitions {
                list.add_partition_offset(name, partition, offset)
                    .map_err(|error| failed(&error, Some(name)))?;
            }
        }
        let consumer = consumer(kafka, id, "read_committed", POLL)?;
        consumer.assign(&list).map_err(|error| failed(&error, None))?;
        let partitions = list.count();
        Ok(Self { consumer, topics: names.into_iter().collect(), partitions, id: id.to_owned() })
    }

    /// The next record; `None` when none came in time.
    ///
    /// # Errors
    /// What librdkafka does not retry by itself.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<TailRecord>, PublishError> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.poll(left)? {
                Polled::Record(record) => return Ok(Some(record)),
                Polled::Nothing | Polled::End(_) if left.is_zero() => return Ok(None),
                Polled::Nothing | Polled::End(_) => {}
            }
        }
    }

    fn poll(&self, timeout: Duration) -> Result<Polled, PublishError> {
        match self.consumer.poll(timeout) {
            None => Ok(Polled::Nothing),
            Some(Ok(message)) => Ok(self.record(&message).map_or(Polled::Nothing, Polled::Record)),
            Some(Err(KafkaError::PartitionEOF(partition))) => Ok(Polled::End(partition)),
            Some(Err(error)) => match outcome::code_of(&error) {
                code if is_passing(code) => Ok(Polled::Nothing),
                code => Err(outcome::error(Phase::Read, code, &self.id, None, None)),
            },
        }
    }

    fn record(&self, message: &BorrowedMessage<'_>) -> Option<TailRecord> {
        let topic = self.topics.iter().find(|topic| &***topic == message.topic())?;
        Some(TailRecord {
            topic: Arc::clone(topic),
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: match message.timestamp() {
                Timestamp::NotAvailable => None,
                Timestamp::CreateTime(ms) | Timestamp::LogAppendTime(ms) => Some(ms),
            },
            key: message.key().map(<[u8]>::to_vec),
            headers: headers(message),
            value: message.payload().map(<[u8]>::to_vec),
        })
    }
}

fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, Vec<u8>)> {
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    let owned = |header: Header<'_, &[u8]>| {
        (header.key.to_owned(), header.value.unwrap_or_default().to_vec())
    };
    headers.map(owned).collect()
}

enum Polled {
    Record(TailRecord),
    End(i32),
    Nothing,
}

/// Visits every record of one topic that was committed before the call, in order within each partition, until
/// the visitor breaks.
///
/// # Errors
/// As for [`Tail`]; `publish.unreachable` after half a minute of silence.
pub fn read_all(
    kafka: &KafkaConfig,
    id: &str,
    topic: &Arc<str>,
    visit: &mut dyn FnMut(TailRecord) -> ControlFlow<()>,
) -> Result<(), PublishError> {
    let tail = Tail::open(kafka, id, std::slice::from_ref(topic), TailFrom::Beginning)?;
    let mut ended = BTreeSet::new();
    let mut heard = Instant::now();
    while ended.len() < tail.partitions {
        match tail.poll(POLL)? {
            Polled::Record(record) => {
                heard = Instant::now();
                if visit(record).is_break() {
                    break;
                }
            }
            Polled::End(partition) => {
                heard = Instant::now();
                ended.insert(partition);
            }
            Polled::Nothing if heard.elapsed() > SILENCE => {
                let code = RDKafkaErrorCode::OperationTimedOut;
                return Err(outcome::error(Phase::Read, code, id, Some(topic), None));
            }
            Polled::Nothing => {}
        }
    }
    Ok(())
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tail").field("topics", &self.topics).finish_non_exhaustive()
    }
}
