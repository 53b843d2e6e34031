//! The shape of `pipelines/*.yaml`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::{ByteSize, Percent, Period};

/// One pipeline: a source, what its records become, and where they go.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineConfig {
    /// Its name, unique in the deployment. Part of every event's source and of its transactional id: never change it
    /// later.
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"))]
    pub pipeline: Arc<str>,
    /// Whom to call when it stands still.
    pub owner: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where records come from: `connector: KIND` and what that connector needs.
    pub source: SourceConfig,
    /// The mappings that its records go through, each on its own. Their `when` decides which of them take a record.
    #[schemars(length(min = 1))]
    pub mapping: Vec<String>,
    /// What becomes of a record that no mapping takes. Without it: `filter` with a single mapping, whose `when` was
    /// written to leave something; `reject` with several, between which a record falls that nobody thought of.
    pub unmapped: Option<Unmapped>,
    /// What becomes of a record that several mappings take.
    #[serde(default)]
    pub several: Several,
    /// Where its events go.
    #[serde(default)]
    pub publish: PublishConfig,
    /// When to stop because a whole feed has turned bad.
    #[serde(default)]
    pub breaker: BreakerConfig,
    /// When to read. Without it, always.
    pub schedule: Option<ScheduleConfig>,
    /// How much goes into one transaction.
    #[serde(default)]
    pub batch: BatchConfig,
    /// What a first run does, when there is no position yet.
    #[serde(default)]
    pub initial: Initial,
}

/// What becomes of a record that no mapping takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmapped {
    /// It is left out and counted.
    Filter,
    /// It goes to quarantine.
    Reject,
}

/// What becomes of a record that several mappings take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// Each makes its events.
    #[default]
    Publish,
    /// It goes to quarantine, without an event.
    Reject,
}

/// The source of a pipeline. What stands beside `connector` is the connector's own.
#[derive(Clone, PartialEq, Deserialize)]
pub struct SourceConfig {
    /// The kind of system.
    pub connector: String,
    /// The connector's configuration, already checked by it, with the values of its secrets: never print it.
    #[serde(flatten)]
    pub config: serde_json::Map<String, serde_json::Value>,
}

impl std::fmt::Debug for SourceConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceConfig").field("connector", &self.connector).finish_non_exhaustive()
    }
}

/// Stands for every source in the generated schema until the known connectors are put in its place.
impl JsonSchema for SourceConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "required": ["connector"] })
    }
}

/// Where the events of a pipeline go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PublishConfig {
    /// The topic; `<deployment>.<model>.v<version>` unless said otherwise.
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,249}$"))]
    pub topic: Option<String>,
    /// What of an event stands where in a Kafka record; `structured`, or `binary` with `encoding: avro`.
    pub mode: Option<Mode>,
    /// How the data of an event is written.
    pub encoding: Encoding,
    /// With `encoding: avro`, what the subjects in the schema registry are called.
    pub subject: SubjectName,
    /// Whether a delete is followed by a tombstone, as compacted topics need it. In binary mode the delete is a tombstone
    /// itself, and this says only whether the topic is compacted.
    pub tombstones: bool,
    /// The largest event. The topic's own limit counts too.
    pub max_event: ByteSize,
    /// What becomes of a larger one.
    pub on_too_large: OnTooLarge,
}

impl Default for PublishConfig {
    fn default() -> Self {
        Self {
            topic: None,
            mode: None,
            encoding: Encoding::Json,
            subject: SubjectName::Topic,
            tombstones: true,
            max_event: ByteSize(900 << 10),
            on_too_large: OnTooLarge::Reject,
        }
    }
}

impl PublishConfig {
    /// What of an event stands where: as the pipeline says, or as its encoding wants it.
    pub fn mode(&self) -> Mode {
        self.mode.unwrap_or(match self.encoding {
            Encoding::Json => Mode::Structured,
            Encoding::Avro => Mode::Binary,
        })
    }
}

/// What of an event stands where in a Kafka record: the two content modes of CloudEvents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The whole event is the value.
    Structured,
    /// The attributes are headers, the data is the value.
    Binary,
}

/// How the data of an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As JSON.
    #[default]
    Json,
    /// In Avro, with schemas in `kafka.registry`; always in binary mode.
    Avro,
}

/// What the subjects in a schema registry are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectName {
    /// `<topic>-value`: one schema for the whole topic.
    #[default]
    Topic,
    /// The full name of the record, `permit.v1.Permit`: the same schema in all topics.
    Record,
    /// Both, `<topic>-permit.v1.Permit`: several schemas in a topic, each with a history of its own.
    TopicRecord,
}

impl SubjectName {
    /// The subject of a record in a topic.
    pub fn subject(self, topic: &str, record: &str) -> String {
        match self {
            Self::Topic => format!("{topic}-value"),
            Self::Record => record.to_owned(),
            Self::TopicRecord => format!("{topic}-{record}"),
        }
    }
}

/// What becomes of an event that is larger than allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTooLarge {
    /// The record goes to quarantine.
    #[default]
    Reject,
    /// The event's data is written to a file, and the event holds a pointer to it.
    ClaimCheck(ClaimCheck),
}

/// Where the data of large events is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCheck {
    /// A directory that the consumers of the events can read too.
    #[schemars(extend("format" = "path"))]
    pub directory: PathBuf,
}

/// When a pipeline stops because too many of its records are refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// Stop when more than this share is refused; `100%` never stops.
    pub rejects_above: Percent,
    /// Of this many latest records.
    #[schemars(range(min = 10, max = 10_000_000))]
    pub of: u64,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { rejects_above: "50%".parse().expect("invariant: the default is a share"), of: 1000 }
    }
}

/// When a source is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Minute, hour, day of month, month, day of week; also `L`, `#` and `W`. At each of these times the source is
    /// read until nothing is left.
    pub cron: String,
    /// The time zone of `cron` and `holidays`, such as `Europe/Madrid`.
    #[schemars(extend("format" = "time-zone"))]
    pub zone: String,
    /// Days on which it is not read, `YYYY-MM-DD`.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("items" = {"type": "string", "format": "date"}))]
    pub holidays: Vec<jiff::civil::Date>,
}

/// How much goes into one transaction: whichever limit is met first. A transaction of the source is not cut.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// At most this many records.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_records: u32,
    /// At most this much.
    pub max_bytes: ByteSize,
    /// At most this long after the first record.
    pub max_wait: Period,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            max_records: 100_000,
            max_bytes: ByteSize(16 << 20),
            max_wait: Period(Duration::from_millis(250)),
        }
    }
}

/// What a first run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initial {
    /// Begins with everything that the source has.
    #[default]
    Everything,
    /// Does not begin by itself: a person says where, with `acequia position init`.
    Ask,
}
