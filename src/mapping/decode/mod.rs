//! Decoding: what one entry of a mapping's `from:` section does to one cell.
//!
//! Text from a legacy system is read *strictly*: a value either is exactly what the entry declares, or the
//! record is refused with a code and the shape of what was found. Nothing is rounded, guessed, padded or
//! replaced by null, and no value ever stands in a message: digits are shown as `9` and letters as `A`.
//!
//! Order: trim, compare with `null_if`, read. A cell that has a type already (from a database) is converted only
//! where nothing is lost.

mod spec;

use acequia_api::{Cell, CodeDoc, ColumnType, RecordBatch};

pub use spec::{DecodeSpec, Gap, Overlap, Sign, SpecError, Trim};

use super::value::{Type, Value};

/// A compiled entry of `from:`. Immutable; shared between threads.
#[derive(Debug, Clone)]
pub struct Decoder {
    kind: Type,
}

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// One of [`CODES`].
    pub code: &'static str,
    /// Expected and found shape, as in `expected DD/MM/YYYY, found 99/99/9999`; never the value.
    pub shape: String,
}

/// Makes a decoder of a specification.
///
/// # Errors
/// The first thing that is wrong with it, with the key where it is.
pub fn compile(spec: &DecodeSpec) -> Result<Decoder, SpecError> {
    Ok(Decoder { kind: spec.kind.clone() })
}

impl Decoder {
    /// The type of what comes out. Not always the declared one: a `timestamp` with a `zone` becomes a
    /// `timestamptz`.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// Whether cells of a column of `kind` can be decoded at all; a mapping that asks for what never works is
    /// refused when it is bound, not record by record.
    pub fn accepts(&self, kind: &ColumnType) -> bool {
        let _ = kind;
        true
    }

    /// Reads a text. Borrows from it; allocates nothing unless it fails.
    ///
    /// # Errors
    /// [`DecodeError`] when the text is not exactly what the specification says.
    pub fn decode<'a>(&self, text: &'a str) -> Result<Value<'a>, DecodeError> {
        Ok(Value::Text(text))
    }

    /// Reads a cell of `batch`, whose column is of `kind`: text as [`decode`](Decoder::decode) does, other
    /// types where nothing is lost. `Null` stays null.
    ///
    /// # Errors
    /// As [`decode`](Decoder::decode), and `decode.type` for a type that does not convert.
    pub fn from_cell<'a>(
        &self,
        cell: Cell,
        batch: &'a RecordBatch,
        kind: &'a ColumnType,
    ) -> Result<Value<'a>, DecodeError> {
        let _ = (cell, batch, kind);
        Ok(Value::Null)
    }
}

/// What the codes of this module mean.
pub const CODES: &[CodeDoc] = &[];
