//! The stored formats, version 1. Every one has a fixture under `fixtures/` that must load for ever.
//!
//! Keys are JSON arrays whose first element names the kind, so that no name can be mistaken for another. Values
//! are JSON objects with `format`; unknown members are refused, because a member that an older version ignores
//! is a member it loses when it writes.

use std::{fmt, sync::Arc};

use acequia_api::Position;
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Counts, Lineage, Progress, SealKey, Sealed, StoredError};

/// The newest layout that this version reads, and the only one it writes.
pub(crate) const STORED_FORMAT: u64 = 1;

/// Which task of which deployment, and which life of it. Its names are also its transactional id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The deployment's name.
    pub deployment: Arc<str>,
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The task inside the pipeline, `0` where there is only one.
    pub task: Arc<str>,
    /// The running process: the same for every life of the task in one process, another in every process.
    pub owner: uuid::Uuid,
    /// Where it runs, for people.
    pub host: Option<Arc<str>>,
}

impl Task {
    /// `<deployment>.<pipeline>.<task>`: stable, from the configuration alone, so that a new process fences
    /// the old one.
    pub fn transactional_id(&self) -> String {
        format!("{}.{}.{}", self.deployment, self.pipeline, self.task)
    }
}

/// Where a stored record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAt {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

impl fmt::Display for StoredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` partition {} offset {}", self.topic, self.partition, self.offset)
    }
}

/// What a record of the checkpoint or state topic is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredKey {
    /// The position of a split.
    Split {
        /// The pipeline.
        pipeline: String,
        /// The split.
        split: String,
    },
    /// The head of a task.
    Head {
        /// The pipeline.
        pipeline: String,
        /// The task.
        task: String,
    },
    /// Who lives.
    Claim {
        /// The pipeline.
        pipeline: String,
        /// The task.
        task: String,
    },
    /// A value of keyed state.
    State {
        /// The pipeline.
        pipeline: String,
        /// The connector's key.
        key: String,
    },
}

impl StoredKey {
    /// The key of a split's record.
    pub fn split(task: &Task, split: &str) -> Self {
        Self::Split { pipeline: task.pipeline.to_string(), split: split.to_owned() }
    }

    /// The key of a task's head record.
    pub fn head(task: &Task) -> Self {
        Self::Head { pipeline: task.pipeline.to_string(), task: task.task.to_string() }
    }

    /// The key of a task's claim, in the checkpoint and in the state topic.
    pub fn claim(task: &Task) -> Self {
        Self::Claim { pipeline: task.pipeline.to_string(), task: task.task.to_string() }
    }

    /// The key of a value of keyed state.
    pub fn state(task: &Task, key: &str) -> Self {
        Self::State { pipeline: task.pipeline.to_string(), key: key.to_owned() }
    }

    fn parts(&self) -> [&str; 3] {
        match self {
            Self::Split { pipeline, split } => ["split", pipeline, split],
            Self::Head { pipeline, task } => ["head", pipeline, task],
            Self::Claim { pipeline, task } => ["claim", pipeline, task],
            Self::State { pipeline, key } => ["state", pipeline, key],
        }
    }

    /// As it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.parts()).expect("invariant: an array of strings is JSON")
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`StoredError`] for anything this program does not write.
    pub fn parse(key: Option<&[u8]>, at: &StoredAt) -> Result<Self, StoredError> {
        let parts = key.and_then(|key| serde_json::from_slice::<[String; 3]>(key).ok());
        let Some([kind, pipeline, last]) = parts else {
            return Err(StoredError::corrupt("key", at));
        };
        Ok(match &*kind {
            "split" => Self::Split { pipeline, split: last },
            "head" => Self::Head { pipeline, task: last },
            "claim" => Self::Claim { pipeline, task: last },
            "state" => Self::State { pipeline, key: last },
            _ => return Err(StoredError::corrupt("key", at)),
        })
    }

    /// Who writes under this key, for messages: `permits` or `permits/0`.
    pub fn writer(&self) -> String {
        match self {
            Self::Split { pipeline, .. } | Self::State { pipeline, .. } => pipeline.clone(),
            Self::Head { pipeline, task } | Self::Claim { pipeline, task } => {
                format!("{pipeline}/{task}")
            }
        }
    }
}

/// A value in clear, or sealed where the deployment has a state key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept<T> {
    /// In clear.
    Plain(T),
    /// Sealed: the JSON of the value.
    Sealed(Sealed),
}

impl<T: Serialize + DeserializeOwned + Clone> Kept<T> {
    /// Keeps `value`, sealed if there is a key; `context` says where it is kept.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn new(value: &T, key: Option<&SealKey>, context: &[u8]) -> Result<Self, StoredError> {
        let Some(key) = key else { return Ok(Self::Plain(value.clone())) };
        let plain = serde_json::to_vec(value).map_err(|_| sealing_failed())?;
        Ok(Self::Sealed(key.seal(&plain, context).map_err(|_| sealing_failed())?))
    }

    /// The value.
    ///
    /// # Errors
    /// `checkpoint.sealed` without the right key.
    pub fn open(
        &self,
        key: Option<&SealKey>,
        context: &[u8],
        at: &StoredAt,
    ) -> Result<T, StoredError> {
        let sealed = match self {
            Self::Plain(value) => return Ok(value.clone()),
            Self::Sealed(sealed) => sealed,
        };
        let refused = |why: &str| {
            StoredError::new(
                "checkpoint.sealed",
                format!("the record at {at} cannot be opened: {why}"),
            )
            .hint("configure the state key with which this deployment ran before")
        };
        let key = key.ok_or_else(|| refused("no state key is configured"))?;
        let plain = key.open(sealed, context).map_err(|why| refused(&why.to_string()))?;
        serde_json::from_slice(&plain).map_err(|_| StoredError::corrupt("sealed value", at))
    }
}

fn sealing_failed() -> StoredError {
    StoredError::new(
        "checkpoint.sealed",
        "a value could not be sealed with the state key".to_owned(),
    )
}

/// The stored position of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRecord {
    /// 1.
    pub format: u64,
    /// Where reading resumes.
    pub position: Kept<Position>,
    /// `name@version` of each mapping.
    pub mapping: Vec<Arc<str>>,
    /// Fingerprint of the source's schema, hexadecimal.
    pub schema: String,
    /// What became of the rows of the split since its first run.
    pub counts: Counts,
}

impl SplitRecord {
    /// What is stored for `progress` under `key`.
    ///
    /// # Errors
    /// When the position cannot be sealed.
    pub fn new(
        progress: &Progress,
        key: &StoredKey,
        seal: Option<&SealKey>,
    ) -> Result<Self, StoredError> {
        Ok(Self {
            format: STORED_FORMAT,
            position: Kept::new(&progress.position, seal, &key.to_bytes())?,
            mapping: progress.lineage.mappings.clone(),
            schema: HEXLOWER.encode(&progress.lineage.schema),
            counts: progress.counts,
        })
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When the position is sealed with another key, or the record is damaged.
    pub fn open(
        &self,
        key: &StoredKey,
        seal: Option<&SealKey>,
        at: &StoredAt,
    ) -> Result<Progress, StoredError> {
        let schema = HEXLOWER
            .decode(self.schema.as_bytes())
            .ok()
            .and_then(|schema| schema.try_into().ok())
            .ok_or_else(|| StoredError::corrupt("split record", at))?;
        Ok(Progress {
            position: self.position.open(seal, &key.to_bytes(), at)?,
            lineage: Lineage { mappings: self.mapping.clone(), schema },
            counts: self.counts,
        })
    }
}

/// The running hash of all event ids of a task: SHA-256 over the chain before and the ids of one transaction.
/// A checker that has the ids can prove that none is missing and none is added.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain([u8; 32]);

impl Chain {
    /// Starts the next link.
    pub fn link(self) -> ChainLink {
        ChainLink(Sha256::new().chain_update(self.0))
    }

    /// Reads the hexadecimal form.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chain({self})")
    }
}

/// A link being made: the ids of the transaction that is open.
#[derive(Debug, Clone)]
pub struct ChainLink(Sha256);

impl ChainLink {
    /// Adds an event id, in the order of sending.
    pub fn add(&mut self, id: &[u8]) {
        self.0.update(id);
    }

    /// The chain after the transaction.
    pub fn close(self) -> Chain {
        Chain(self.0.finalize().into())
    }
}

/// The last record of every transaction of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadRecord {
    /// 1.
    pub format: u64,
    /// Counts the transactions of the task, from 1.
    pub seq: u64,
    /// The process that wrote it.
    pub owner: uuid::Uuid,
    /// The cluster it was written to.
    pub cluster: String,
    /// The [`Chain`] after the transaction, hexadecimal.
    pub chain: String,
    /// What became of the rows of this transaction.
    pub counts: Counts,
    /// The same, since the first run.
    pub total: Counts,
    /// The newest time that the source gave in this transaction or before, in ticks of 100 ns since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_clock: Option<i64>,
}

/// The first record of every life of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRecord {
    /// 1.
    pub format: u64,
    /// The process.
    pub owner: uuid::Uuid,
    /// This life of the task in it: recovery reads until it meets it.
    pub life: uuid::Uuid,
    /// By the clock of the host, for people.
    pub started_at: jiff::Timestamp,
    /// The host, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<Arc<str>>,
}

/// A value of keyed state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRecord {
    /// 1.
    pub format: u64,
    /// The value, base64.
    pub value: Kept<String>,
}

impl StateRecord {
    /// What is stored for `value` under `key`.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn new(value: &[u8], key: &StoredKey, seal: Option<&SealKey>) -> Result<Self, StoredError> {
        let value = Kept::new(&BASE64.encode(value), seal, &key.to_bytes())?;
        Ok(Self { format: STORED_FORMAT, value })
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is sealed with another key, or damaged.
    pub fn open(
        &self,
        key: &StoredKey,
        seal: Option<&SealKey>,
        at: &StoredAt,
    ) -> Result<Vec<u8>, StoredError> {
        let text = self.value.open(seal, &key.to_bytes(), at)?;
        BASE64.decode(text.as_bytes()).map_err(|_| StoredError::corrupt("state record", at))
    }
}

/// Reads a stored value: the format first, so that a newer one is called newer and not corrupt.
pub(super) fn parse<T: DeserializeOwned>(
    what: &str,
    value: &[u8],
    at: &StoredAt,
) -> Result<T, StoredError> {
    #[derive(Deserialize)]
    struct Format {
        format: u64,
    }
    let Format { format } =
        serde_json::from_slice(value).map_err(|_| StoredError::corrupt(what, at))?;
    if format > STORED_FORMAT {
        return Err(StoredError::newer(what, format, at));
    }
    if format == 0 {
        return Err(StoredError::corrupt(what, at));
    }
    serde_json::from_slice(value).map_err(|_| StoredError::corrupt(what, at))
}

/// As it is stored.
pub(crate) fn to_bytes<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(record).expect("invariant: stored records are plain structs")
}

/// Reads a claim.
///
/// # Errors
/// Corrupt or newer.
pub(crate) fn parse_claim(value: &[u8], at: &StoredAt) -> Result<ClaimRecord, StoredError> {
    parse("claim", value, at)
}

/// Reads a value of keyed state.
///
/// # Errors
/// Corrupt, newer, or sealed with another key.
pub(crate) fn parse_state(
    value: &[u8],
    key: &StoredKey,
    seal: Option<&SealKey>,
    at: &StoredAt,
) -> Result<Vec<u8>, StoredError> {
    parse::<StateRecord>("state record", value, at)?.open(key, seal, at)
}

#[cfg(test)]
#[path = "stored/tests.rs"]
mod tests;
