//! The encoder: one mapped record to one CloudEvents 1.0 event.
//!
//! Everything that is the same for all events of a mapping is rendered once; per event only the id, the key,
//! the times and places and the data are appended to the batch's arena.

use std::sync::Arc;

use acequia_api::{RecordError, RowRef};

use super::{
    EventBatch, EventId,
    batch::{EventWriter, Seal},
    binary::Binary,
    claim::ClaimedData,
    origin::Origin,
    structured::Structured,
};
use crate::model::AvroWriter;

/// Kafka itself takes longer keys, but nothing that names a thing is this long.
const MAX_KEY_BYTES: usize = 64 << 10;

/// What is the same for every event that one mapping of one split makes.
#[derive(Debug, Clone)]
pub struct EncoderConfig {
    /// Name of the deployment; first part of the event source.
    pub deployment: String,
    /// Name of the pipeline; second part of it.
    pub pipeline: String,
    /// Id of the split that is read.
    pub split: String,
    /// The event type without its last word, as in `permit.v1`.
    pub event_type: String,
    /// URI of the schema of the data.
    pub dataschema: String,
    /// Version of the mapping, a hash of its content.
    pub mapping_version: String,
    /// The most closed privacy class inside the data.
    pub dataclass: &'static str,
    /// Index of the topic in the pipeline's list.
    pub topic: u16,
    /// The most bytes that key, headers and value may have together.
    pub max_event_bytes: usize,
    /// Whether a delete is followed by a tombstone, for compacted topics. In binary mode a delete is its own.
    pub tombstones: bool,
    /// What of the event stands where in a Kafka record.
    pub layout: Layout,
}

/// What of an event stands where in a Kafka record.
#[derive(Debug, Clone, Default)]
pub enum Layout {
    /// All of it in the value, as JSON.
    #[default]
    Structured,
    /// The attributes in headers, the data in the value, as JSON.
    Binary,
    /// The attributes in headers, the data in the value, in Avro behind the id of its schema.
    Avro {
        /// Writes the data.
        writer: Arc<AvroWriter>,
        /// The id under which the registry knows the schema.
        schema: u32,
    },
}

/// What an event says about its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Its whole state.
    Upsert,
    /// That it is gone. The event has no data.
    Delete,
}

/// What a mapping made of a row.
#[derive(Debug, Clone, Copy)]
pub struct Mapped<'a> {
    /// Tells the events of one row apart, in all mappings of the pipeline. It is part of the id, so the same row
    /// must give the same numbers at every reading.
    pub index: u32,
    /// What the event says.
    pub change: Change,
    /// Kafka key and `subject`.
    pub key: &'a str,
    /// The data as a JSON object; not looked at for deletes.
    pub data: &'a [u8],
    /// The checks that failed but were only flagged, separated by commas; empty if none.
    pub quality: &'a str,
}

/// What an event is about.
pub(super) struct Scene<'a> {
    pub(super) origin: &'a Origin,
    pub(super) row: RowRef<'a>,
    pub(super) mapped: &'a Mapped<'a>,
    pub(super) id: EventId,
}

/// Writes an event in its layout.
#[derive(Debug)]
enum Composer {
    Structured(Structured),
    Binary(Binary),
}

/// Encodes the events of one mapping of one split. Keeps what belongs to the unit it last saw, so that the
/// rows of a unit should come together.
#[derive(Debug)]
pub struct Encoder {
    source: String,
    split: String,
    composer: Composer,
    topic: u16,
    max_event_bytes: usize,
    tombstones: bool,
    claim_check: bool,
    origin: Option<Origin>,
}

impl Encoder {
    /// An encoder for one mapping of one split.
    pub fn new(config: EncoderConfig) -> Self {
        let source = event_source(&config.deployment, &config.pipeline);
        let binary = !matches!(config.layout, Layout::Structured);
        Self {
            composer: match &config.layout {
                Layout::Structured => Composer::Structured(Structured::new(&config, &source)),
                Layout::Binary => Composer::Binary(Binary::new(&config, &source, None)),
                Layout::Avro { writer, schema } => {
                    let avro = Some((Arc::clone(writer), *schema));
                    Composer::Binary(Binary::new(&config, &source, avro))
                }
            },
            source,
            split: config.split,
            topic: config.topic,
            // Lengths are kept in 32 bits.
            max_event_bytes: config.max_event_bytes.min(1 << 30),
            tombstones: config.tombstones && !binary,
            claim_check: false,
            origin: None,
        }
    }

    /// Instead of refusing an event that is too large for its data, makes one that refers to it; see
    /// [`EventBatch::claims`]. Not with Avro, which has no value to put in the place of the data.
    #[must_use]
    pub fn with_claim_check(mut self) -> Self {
        self.claim_check = match &self.composer {
            Composer::Structured(_) => true,
            Composer::Binary(binary) => !binary.is_avro(),
        };
        self
    }

    /// Names in every event the snapshots of the reference tables that were looked up in, as
    /// [`Mapping::lookups`](crate::mapping::Mapping::lookups) has them; where there are none, nothing.
    #[must_use]
    pub fn with_lookups(mut self, snapshots: &[String]) -> Self {
        if !snapshots.is_empty() {
            let names = snapshots.join(",");
            match &mut self.composer {
                Composer::Structured(structured) => structured.name_lookups(&names),
                Composer::Binary(binary) => binary.name_lookups(&names),
            }
        }
        self
    }

    /// Appends the event of `row`, and the tombstone after a delete where there is to be one. Gives its id.
    ///
    /// # Errors
    /// `encode.key_empty`, `encode.key_too_large`, `encode.key_control`, `encode.too_large`, `encode.avro_value`. Then
    /// nothing is left in `out`.
    pub fn push(
        &mut self,
        out: &mut EventBatch,
        row: RowRef<'_>,
        mapped: Mapped<'_>,
    ) -> Result<EventId, RecordError> {
        check_key(mapped.key)?;
        let unit = row.batch().unit_of(row.meta().unit);
        let origin = match &mut self.origin {
            Some(origin) if origin.is_of(unit) => origin,
            other => other.insert(Origin::new(&self.source, &self.split, unit)),
        };
        let id = origin.digest.row(row, mapped.index);
        let mut event = out.event(mapped.key.as_bytes());
        let scene = Scene { origin, row, mapped: &mapped, id };
        self.composer.write(&mut event, &scene, None)?;
        let mut bytes = event.room();
        let mut claim = None;
        if bytes > self.max_event_bytes && self.claim_check && mapped.change == Change::Upsert {
            let data = claim.insert(ClaimedData::of(mapped.data));
            event.restart();
            self.composer.write(&mut event, &scene, Some(data))?;
            bytes = event.room();
        }
        if bytes > self.max_event_bytes {
            let shape = format!("{bytes} bytes, at most {}", self.max_event_bytes);
            return Err(RecordError::encode("encode.too_large").detail(shape));
        }
        let seal = Seal {
            id,
            topic: self.topic,
            row: row.index() as u32,
            tombstone: self.tombstones && mapped.change == Change::Delete,
        };
        event.keep(seal, claim);
        Ok(id)
    }
}

impl Composer {
    fn write(
        &mut self,
        event: &mut EventWriter<'_>,
        scene: &Scene<'_>,
        claim: Option<&ClaimedData<'_>>,
    ) -> Result<(), RecordError> {
        match self {
            Self::Structured(structured) => structured.write(event, scene, claim),
            Self::Binary(binary) => binary.write(event, scene, claim),
        }
    }
}

impl EncoderConfig {
    /// The attribute `type` of events of one kind.
    pub(super) fn type_of(&self, change: Change) -> String {
        let word = match change {
            Change::Upsert => "upserted",
            Change::Delete => "deleted",
        };
        format!("{}.{word}", self.event_type)
    }
}

/// The CloudEvents `source` of a pipeline, which is part of its event ids.
pub fn event_source(deployment: &str, pipeline: &str) -> String {
    format!("acequia://{deployment}/{pipeline}")
}

fn check_key(key: &str) -> Result<(), RecordError> {
    if key.is_empty() {
        return Err(RecordError::encode("encode.key_empty"));
    }
    if key.len() > MAX_KEY_BYTES {
        let shape = format!("{} bytes, at most {MAX_KEY_BYTES}", key.len());
        return Err(RecordError::encode("encode.key_too_large").detail(shape));
    }
    Ok(())
}
