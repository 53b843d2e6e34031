//! Quarantined records: what was refused, where it stands, why, and, if there is a key, what it was.
//!
//! They travel in the same transaction as the events of their batch, so a checkpoint never passes over a record
//! that is neither published nor quarantined. What is in clear names shapes and places only. The raw bytes are
//! sealed with the quarantine key; without a key they do not leave the process, and the place leads back to them.

use std::sync::Arc;

use acequia_api::{Identity, Place, RecordBatch, RecordError, RowMeta, Stage};
use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::PublishError;
use crate::checkpoint::{SealKey, Sealed, SealedBadly};

const FORMAT: u64 = 1;
/// No more errors than this are kept of one record.
const MAX_ERRORS: usize = 100;

/// A quarantined record as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantined {
    /// 1.
    pub format: u64,
    /// The same for the same record refused by the same mapping, also the Kafka key: a replay that is refused
    /// again replaces nothing and confuses nobody.
    pub id: String,
    /// The pipeline.
    pub pipeline: String,
    /// The split.
    pub split: String,
    /// The unit that it stands in: a file.
    pub unit: UnitName,
    /// Its number in the unit, where records are numbered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ordinal: Option<u64>,
    /// Where a person finds it.
    pub place: StoredPlace,
    /// Where it was refused.
    pub stage: Stage,
    /// The mapping that refused it, `name@version`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mapping: Option<Arc<str>>,
    /// Everything that is wrong with it.
    pub errors: Vec<StoredRecordError>,
    /// Length of the raw record.
    pub raw_bytes: u64,
    /// The raw record, sealed; absent without a key, and where it would not fit into the topic.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw: Option<Sealed>,
}

/// A unit, by identity and by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitName {
    /// For a file the hash of its content.
    pub id: Arc<str>,
    /// For a file its name.
    pub name: Arc<str>,
}

/// A [`Place`] as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredPlace {
    /// From 1; 0 = unknown.
    pub line: u64,
    /// From 1; 0 = unknown.
    pub column: u32,
    /// From 0.
    pub byte: u64,
}

impl From<Place> for StoredPlace {
    fn from(place: Place) -> Self {
        Self { line: place.line, column: place.column, byte: place.byte }
    }
}

/// A [`RecordError`] as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRecordError {
    /// The stable code.
    pub code: String,
    /// The field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<Arc<str>>,
    /// Expected and found shape.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// A place more exact than that of the record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<StoredPlace>,
}

/// What a record was refused by.
pub(super) struct Refusal<'a> {
    pub(super) records: &'a RecordBatch,
    pub(super) meta: &'a RowMeta,
    pub(super) mapping: Option<&'a Arc<str>>,
    pub(super) errors: &'a [RecordError],
}

/// Makes the quarantined records of one pipeline.
#[derive(Debug)]
pub(super) struct Quarantine {
    pub(super) topic: Arc<str>,
    pub(super) pipeline: Arc<str>,
    pub(super) key: Option<SealKey>,
    /// The largest value that the topic takes.
    pub(super) max_value_bytes: usize,
}

impl Quarantine {
    pub(super) fn record(
        &self,
        split: &str,
        refusal: &Refusal<'_>,
    ) -> Result<Quarantined, PublishError> {
        let Refusal { records, meta, mapping, errors } = *refusal;
        let unit = records.unit_of(meta.unit);
        let raw = records.bytes(meta.raw);
        let ordinal = match meta.identity {
            Identity::Ordinal(ordinal) => Some(ordinal),
            Identity::Bytes(_) => None,
        };
        let mut record = Quarantined {
            format: FORMAT,
            id: reject_id(&self.pipeline, split, records, meta, mapping.map(|name| &**name)),
            pipeline: self.pipeline.to_string(),
            split: split.to_owned(),
            unit: UnitName { id: Arc::clone(&unit.id), name: Arc::clone(&unit.name) },
            ordinal,
            place: meta.place.into(),
            stage: errors.first().map_or(Stage::Decode, |error| error.stage),
            mapping: mapping.cloned(),
            errors: errors.iter().take(MAX_ERRORS).map(stored).collect(),
            raw_bytes: raw.len() as u64,
            raw: None,
        };
        // Base64 takes four bytes for three; the rest of the record is small beside the margin.
        let fits = raw.len() / 3 * 4 + (32 << 10) <= self.max_value_bytes;
        if let Some(key) = &self.key
            && fits
            && !raw.is_empty()
        {
            let sealed = key.seal(raw, &record.context(&self.topic)).map_err(|cause| {
                PublishError::operator(
                    "publish.quarantine_key",
                    "a rejected record could not be sealed",
                )
                .because(cause)
            })?;
            record.raw = Some(sealed);
        }
        Ok(record)
    }
}

impl Quarantined {
    /// Reads a record of the quarantine topic.
    ///
    /// # Errors
    /// `publish.quarantine_unreadable`: not ours, damaged, or written by a newer version.
    pub fn parse(value: &[u8]) -> Result<Self, PublishError> {
        let record: Self = serde_json::from_slice(value).map_err(|_| unreadable())?;
        if record.format == FORMAT { Ok(record) } else { Err(unreadable()) }
    }

    /// The raw record, unsealed; `None` when it was not kept. `topic` is where the record stands: a sealed record
    /// that was moved does not open.
    ///
    /// # Errors
    /// See [`SealedBadly`].
    pub fn open(&self, topic: &str, key: &SealKey) -> Result<Option<Vec<u8>>, SealedBadly> {
        self.raw.as_ref().map(|raw| key.open(raw, &self.context(topic))).transpose()
    }

    /// What the sealed bytes are bound to.
    fn context(&self, topic: &str) -> Vec<u8> {
        let parts = (topic, &self.pipeline, &self.split, &self.unit.id, self.ordinal, &self.id);
        serde_json::to_vec(&parts).expect("invariant: texts and a number are JSON")
    }
}

fn unreadable() -> PublishError {
    PublishError::operator(
        "publish.quarantine_unreadable",
        "a record of the quarantine topic cannot be read by this version",
    )
    .hint("a newer acequia or another program wrote it")
}

fn stored(error: &RecordError) -> StoredRecordError {
    StoredRecordError {
        code: error.code.to_owned(),
        field: error.field.clone(),
        detail: error.detail.clone(),
        place: error.place.map(StoredPlace::from),
    }
}

fn reject_id(
    pipeline: &str,
    split: &str,
    records: &RecordBatch,
    meta: &RowMeta,
    mapping: Option<&str>,
) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"reject");
    part(pipeline.as_bytes());
    part(split.as_bytes());
    part(records.unit_of(meta.unit).id.as_bytes());
    match meta.identity {
        Identity::Ordinal(ordinal) => part(&ordinal.to_be_bytes()),
        Identity::Bytes(span) => part(records.bytes(span)),
    }
    // The name without the version: the same record refused by a corrected mapping is the same reject.
    part(mapping.unwrap_or_default().split('@').next().unwrap_or_default().as_bytes());
    BASE32_NOPAD.encode(&hash.finalize()[..16]).to_ascii_lowercase()
}

#[cfg(test)]
#[path = "quarantine/tests.rs"]
mod tests;
