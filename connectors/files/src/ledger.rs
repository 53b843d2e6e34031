//! What is remembered: positions, and the ledger of files in keyed state. Both are stored forms and are read for
//! ever; fixtures in `tests/fixtures` hold every version.
//!
//! The ledger knows a file by the SHA-256 of its content as it was dropped. It is committed in the same
//! transaction as the last records of the file, so that it never says "read" too early nor too late.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use acequia_api::{Position, RecordError, SourceError, StateChange, StateView};
use acequia_formats::DecoderState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::folder::FileStatus;

/// Where reading stands in a drop directory; layout 1.
#[allow(
    clippy::large_enum_variant,
    reason = "one at a time, made for a batch and not for a record"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FilePosition {
    /// Behind the end of the file with this content.
    After {
        /// SHA-256 of it, in hexadecimal.
        file: String,
        /// How many files with this content were in hand before it.
        #[serde(default, skip_serializing_if = "is_zero")]
        again: u32,
    },
    /// Inside a file.
    Inside(Inside),
}

/// A place inside a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inside {
    /// SHA-256 of its content.
    pub(crate) file: String,
    /// How many files with this content were in hand before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) again: u32,
    /// Its name when it was read, for messages: it is found by its content.
    pub(crate) name: String,
    /// Its size, which spares hashing what cannot be it.
    pub(crate) size: u64,
    /// What tells that it has not been touched since, which spares hashing what must be it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stamp: Option<Stamp>,
    /// Which member of a zip file, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) part: usize,
    /// Records in the members before, rejects counted too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) before: u64,
    /// Records refused so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) rejected: u64,
    /// Where the decoder stands.
    pub(crate) state: DecoderState,
}

/// The status of a file that was being read. The device is left out: it changes when a disk is mounted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stamp {
    inode: u64,
    modified: (i64, u64),
    changed: (i64, u64),
}

impl From<FileStatus> for Stamp {
    fn from(status: FileStatus) -> Self {
        let FileStatus { inode, modified, changed, .. } = status;
        Self { inode, modified, changed }
    }
}

fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl FilePosition {
    pub(crate) fn encode(&self) -> Result<Position, SourceError> {
        Position::encode(1, self)
    }

    pub(crate) fn decode(position: &Position) -> Result<Self, SourceError> {
        position.decode()
    }
}

/// How a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Read to its end.
    Done,
    /// Read in part; the rest is refused.
    Partial,
    /// Refused as a whole.
    Quarantined,
}

/// Why a file was refused: shapes and places, no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    pub(crate) code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) line: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) column: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) byte: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

impl From<&RecordError> for Reason {
    fn from(error: &RecordError) -> Self {
        let place = error.place.unwrap_or_default();
        Self {
            code: error.code.to_owned(),
            field: error.field.as_deref().map(str::to_owned),
            line: place.line,
            column: place.column,
            byte: place.byte,
            detail: error.detail.clone(),
        }
    }
}

/// The layout of lines of the ledger that this version writes.
pub(crate) const LAYOUT: u16 = 1;

/// A line of the ledger; layout 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) layout: u16,
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) outcome: Outcome,
    /// Of a file that was refused as a whole: tells it from the same content dropped again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stamp: Option<Stamp>,
    /// Records read, rejects counted too.
    pub(crate) records: u64,
    pub(crate) rejected: u64,
    /// The first reasons, for files that were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reasons: Vec<Reason>,
}

const SEQUENCE: &str = "sequence";
const ARRIVAL: &str = "arrival";

/// The committed ledger, and over it what this life has written and may not be committed yet.
pub(crate) struct Ledger {
    committed: Arc<dyn StateView>,
    written: Mutex<HashMap<String, Entry>>,
}

impl Ledger {
    pub(crate) fn new(committed: Arc<dyn StateView>) -> Self {
        Self { committed, written: Mutex::default() }
    }

    /// What is known of this content.
    pub(crate) fn get(&self, hash: &str) -> Result<Option<Entry>, SourceError> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match written.get(hash) {
            Some(entry) => Ok(Some(entry.clone())),
            None => {
                let entry: Option<Entry> = self.read(&file_key(hash))?;
                if entry.as_ref().is_some_and(|entry| entry.layout > LAYOUT) {
                    return Err(unreadable(&file_key(hash)));
                }
                Ok(entry)
            }
        }
    }

    /// Notes a line, and gives the change that commits it.
    pub(crate) fn put(&self, hash: &str, entry: &Entry) -> Result<StateChange, SourceError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(hash.to_owned(), entry.clone());
        change(&file_key(hash), entry)
    }

    /// Lets go of a line that is committed, once the committed state shows it.
    pub(crate) fn release(&self, hash: &str) {
        if let Ok(Some(_)) = self.committed.get(&file_key(hash)) {
            self.written.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
        }
    }

    /// The last number taken of a numbered sequence, as committed.
    pub(crate) fn sequence(&self) -> Result<Option<u64>, SourceError> {
        self.read(SEQUENCE)
    }

    pub(crate) fn put_sequence(number: u64) -> Result<StateChange, SourceError> {
        change(SEQUENCE, &number)
    }

    /// When the last file arrived, as committed.
    pub(crate) fn arrival(&self) -> Result<Option<Timestamp>, SourceError> {
        self.read(ARRIVAL)
    }

    pub(crate) fn put_arrival(at: Timestamp) -> Result<StateChange, SourceError> {
        change(ARRIVAL, &at)
    }

    fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SourceError> {
        let Some(value) = self.committed.get(key)? else { return Ok(None) };
        serde_json::from_slice(&value).map(Some).map_err(|cause| unreadable(key).because(cause))
    }
}

fn unreadable(key: &str) -> SourceError {
    SourceError::operator(
        "files.ledger_unreadable",
        format!("the stored state `{key}` cannot be read by this version"),
    )
    .hint("it was written by a newer version; use that one")
}

fn file_key(hash: &str) -> String {
    format!("file/{hash}")
}

fn change<T: Serialize>(key: &str, value: &T) -> Result<StateChange, SourceError> {
    let value = serde_json::to_vec(value).map_err(|cause| {
        SourceError::bug("files.bug", "a line of the ledger could not be written").because(cause)
    })?;
    Ok(StateChange { key: key.to_owned(), value: Some(value) })
}

#[cfg(test)]
mod tests {
    use acequia_api::MemoryState;

    use super::*;

    #[test]
    fn every_stored_line_is_read_as_it_was_written_and_a_newer_one_is_refused() {
        let state = Arc::new(MemoryState::default());
        let ledger = Ledger::new(Arc::clone(&state) as _);
        for stored in [
            include_str!("../tests/fixtures/ledger-done-v1.json"),
            include_str!("../tests/fixtures/ledger-refused-v1.json"),
            include_str!("../tests/fixtures/ledger-refused-stamp-v1.json"),
        ] {
            let stored = stored.trim_end();
            let store = |text: &str| {
                let (key, value) = (file_key("x"), Some(text.as_bytes().to_vec()));
                state.apply(&[StateChange { key, value }]);
                ledger.get("x")
            };
            let entry = store(stored).unwrap().unwrap();
            assert_eq!(serde_json::to_string(&entry).unwrap(), stored);
            let newer = stored.replace("\"layout\":1", "\"layout\":2");
            assert_eq!(store(&newer).unwrap_err().code(), "files.ledger_unreadable");
        }
    }
}
