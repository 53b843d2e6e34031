//! The encoder: one mapped record to one CloudEvents 1.0 event in structured JSON.
//!
//! Everything that is the same for all events of a mapping is rendered once; per event only the id, the key,
//! the times and places and the data are appended to the batch's arena.

use acequia_api::{RecordError, RowRef};

use super::{
    EventBatch, EventId,
    batch::Seal,
    claim::ClaimedData,
    json::{attribute, instant},
    origin::Origin,
};

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
    /// The most bytes that key and value may have together.
    pub max_event_bytes: usize,
    /// Whether a delete is followed by a tombstone, for compacted topics.
    pub tombstones: bool,
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

/// Constant text of an event, cut where something of the record is put in.
#[derive(Debug)]
struct Frame {
    /// After the id, up to the subject.
    until_subject: String,
    /// After subject and time, up to the source position.
    until_position: String,
    /// After the source position.
    after_position: String,
    /// The same up to the data, for an event without marks.
    until_data: String,
}

/// What an event is about.
struct Scene<'a> {
    origin: &'a Origin,
    row: RowRef<'a>,
    mapped: &'a Mapped<'a>,
    id: EventId,
}

/// Encodes the events of one mapping of one split. Keeps what belongs to the unit it last saw, so that the
/// rows of a unit should come together.
#[derive(Debug)]
pub struct Encoder {
    source: String,
    split: String,
    upsert: Frame,
    delete: Frame,
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
        Self {
            upsert: Frame::new(&config, &source, Change::Upsert),
            delete: Frame::new(&config, &source, Change::Delete),
            source,
            split: config.split,
            topic: config.topic,
            // Lengths are kept in 32 bits.
            max_event_bytes: config.max_event_bytes.min(1 << 30),
            tombstones: config.tombstones,
            claim_check: false,
            origin: None,
        }
    }

    /// Instead of refusing an event that is too large for its data, makes one that refers to it; see
    /// [`EventBatch::claims`].
    #[must_use]
    pub fn with_claim_check(mut self) -> Self {
        self.claim_check = true;
        self
    }

    /// Names in every event the snapshots of the reference tables that were looked up in, as
    /// [`Mapping::lookups`](crate::mapping::Mapping::lookups) has them; where there are none, nothing.
    #[must_use]
    pub fn with_lookups(mut self, snapshots: &[String]) -> Self {
        if !snapshots.is_empty() {
            let attribute = format!(r#","lookups":{}"#, quoted(&snapshots.join(",")));
            for frame in [&mut self.upsert, &mut self.delete] {
                frame.after_position.push_str(&attribute);
                frame.until_data = format!(r#"{},"data":"#, frame.after_position);
            }
        }
        self
    }

    /// Appends the event of `row`, and the tombstone after a delete where there is to be one. Gives its id.
    ///
    /// # Errors
    /// `encode.key_empty`, `encode.key_too_large`, `encode.key_control`, `encode.too_large`. Then nothing is
    /// left in `out`.
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
        let frame = match mapped.change {
            Change::Upsert => &self.upsert,
            Change::Delete => &self.delete,
        };
        let id = origin.digest.row(row, mapped.index);
        let mut event = out.event(mapped.key.as_bytes());
        let scene = Scene { origin, row, mapped: &mapped, id };
        frame.write(event.value(), &scene, None)?;
        let mut bytes = mapped.key.len() + event.value_len();
        let mut claim = None;
        if bytes > self.max_event_bytes && self.claim_check && mapped.change == Change::Upsert {
            let data = claim.insert(ClaimedData::of(mapped.data));
            event.restart();
            frame.write(event.value(), &scene, Some(data))?;
            bytes = mapped.key.len() + event.value_len();
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

impl Frame {
    const START: &'static [u8] = br#"{"specversion":"1.0","id":""#;

    fn new(config: &EncoderConfig, source: &str, change: Change) -> Self {
        let (word, content) = match change {
            Change::Upsert => {
                let schema = quoted(&config.dataschema);
                let content =
                    format!(r#","datacontenttype":"application/json","dataschema":{schema}"#);
                ("upserted", content)
            }
            Change::Delete => ("deleted", String::new()),
        };
        let after_position = format!(r#"","dataclass":{}"#, quoted(config.dataclass));
        Self {
            until_subject: format!(
                r#"","source":{},"type":{},"subject":""#,
                quoted(source),
                quoted(&format!("{}.{word}", config.event_type)),
            ),
            until_position: format!(
                r#"{content},"mappingversion":{},"sourceposition":""#,
                quoted(&config.mapping_version),
            ),
            until_data: format!(r#"{after_position},"data":"#),
            after_position,
        }
    }

    fn write(
        &self,
        out: &mut Vec<u8>,
        scene: &Scene<'_>,
        claim: Option<&ClaimedData<'_>>,
    ) -> Result<(), RecordError> {
        let Scene { origin, row, mapped, id } = *scene;
        out.extend_from_slice(Self::START);
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(self.until_subject.as_bytes());
        if !attribute(out, mapped.key) {
            return Err(RecordError::encode("encode.key_control"));
        }
        out.push(b'"');
        if let Some(time) = row.meta().source_time {
            write_time(out, time);
        }
        out.extend_from_slice(self.until_position.as_bytes());
        origin.write(out, row.meta());
        if mapped.change == Change::Upsert && mapped.quality.is_empty() && claim.is_none() {
            out.extend_from_slice(self.until_data.as_bytes());
            out.extend_from_slice(mapped.data);
            out.push(b'}');
            return Ok(());
        }
        out.extend_from_slice(self.after_position.as_bytes());
        if !mapped.quality.is_empty() {
            write_quality(out, mapped.quality);
        }
        if let Some(claim) = claim {
            claim.write(out);
        } else if mapped.change == Change::Upsert {
            out.extend_from_slice(br#","data":"#);
            out.extend_from_slice(mapped.data);
        }
        out.push(b'}');
        Ok(())
    }
}

/// A time that RFC 3339 cannot write is absent, like one that the source does not have.
fn write_time(out: &mut Vec<u8>, ticks: i64) {
    let start = out.len();
    out.extend_from_slice(br#","time":""#);
    if instant(out, ticks) {
        out.push(b'"');
    } else {
        out.truncate(start);
    }
}

fn write_quality(out: &mut Vec<u8>, quality: &str) {
    let start = out.len();
    out.extend_from_slice(br#","quality":""#);
    if attribute(out, quality) {
        out.push(b'"');
    } else {
        debug_assert!(false, "invariant: quality names fields and checks");
        out.truncate(start);
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
