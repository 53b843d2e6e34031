//! Where a record came from: what makes it *itself*, and where a person finds it.
//!
//! The two are kept apart. **Identity** (unit and [`Identity`]) goes into the event id, so it must not depend
//! on where batches are cut, on the clock or on the path a file was dropped at. The **place** (line, byte) is
//! for people and may be absent.

use std::{fmt, sync::Arc};

use crate::Span;

/// A thing that holds records and has an identity of its own: a file, a response page, a snapshot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What makes it the same unit again: for a file the hash of its content.
    pub id: Arc<str>,
    /// What people call it: for a file its name. Escaped by whoever prints it.
    pub name: Arc<str>,
}

/// Index of a [`Unit`] registered in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitId(pub(crate) u32);

/// What tells a record from the others of its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Identity {
    /// Record number in the unit, from 1.
    Ordinal(u64),
    /// Bytes that the connector chose (a log position, a key), put with [`RowWriter::identity`](crate::RowWriter::identity).
    Bytes(Span),
}

/// Where a person finds it. Lines and columns count from 1, bytes from 0; 0 means unknown for lines and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters as the source counts them, from 1.
    pub column: u32,
    /// Byte from the start of the decoded (decompressed, not transcoded) unit.
    pub byte: u64,
}

impl Place {
    /// A line and byte without a column.
    pub fn line(line: u64, byte: u64) -> Self {
        Self { line, column: 0, byte }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "byte {}", self.byte),
            (line, 0) => write!(f, "line {line}, byte {}", self.byte),
            (line, column) => write!(f, "line {line}, column {column}, byte {}", self.byte),
        }
    }
}

/// What happened to the record in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Op {
    /// It is there; the source does not say whether it was before.
    #[default]
    Upsert,
    /// It was not there before.
    Insert,
    /// It was there before with other content.
    Update,
    /// It is gone. The row carries at least its key.
    Delete,
}

/// Which source transaction a record belongs to, for sources that know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transaction {
    /// The source's own name of it, bytes in the batch.
    pub id: Span,
    /// Order inside it, from 0.
    pub ordinal: u64,
    /// Whether it is the last record of it.
    pub last: bool,
}

/// What travels beside the cells of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowMeta {
    /// What happened to it.
    pub op: Op,
    /// The unit it stands in.
    pub unit: UnitId,
    /// What tells it from the others of the unit.
    pub identity: Identity,
    /// Where a person finds it.
    pub place: Place,
    /// The source's own time of the change, in ticks of 100 ns since 1970-01-01T00:00:00Z. Never our clock.
    pub source_time: Option<i64>,
    /// The source's transaction.
    pub transaction: Option<Transaction>,
    /// The raw bytes it was decoded from, for quarantine; empty where the source has none.
    pub raw: Span,
    /// The row before the change, as a `Group`, where the source has it.
    pub before: Option<Span>,
}

impl RowMeta {
    /// A record known by its number in the unit: the usual case of files.
    pub fn ordinal(unit: UnitId, ordinal: u64, place: Place) -> Self {
        Self {
            op: Op::Upsert,
            unit,
            identity: Identity::Ordinal(ordinal),
            place,
            source_time: None,
            transaction: None,
            raw: Span::default(),
            before: None,
        }
    }
}
