//! Decoders: bytes to records, without any input or output of their own.
//!
//! A [`Format`] is configuration; opened for a [`Projection`] it is a [`Decoder`], which reads one unit (a file,
//! a member of an archive, a response) from a `BufRead` that is handed to it and appends rows and rejects to a
//! lent [`RecordBatch`].
//!
//! ```text
//! decoder(projection) ──► head(input) ──► decode(input, unit, batch) … decode ──► End
//!                                │              ▲
//!                                └─ resume(state)┘   the caller has placed the input at `state.byte`
//! ```
//!
//! What a decoder promises: the same bytes give the same rows with the same record numbers, places and raw
//! bytes wherever batches are cut and wherever reading resumes; memory is bounded by the configuration whatever
//! the bytes are; no bytes make it panic; a record that does not fit its description is a [`Reject`] in its
//! place, a unit that cannot be trusted as a whole is [`DecodeFailure::Unit`]; no value of a record stands in
//! any message.
//!
//! [`Reject`]: acequia_api::Reject

use std::{io, sync::Arc};

use acequia_api::{
    CodeDoc, ConfigFault, Projection, RecordBatch, RecordError, Schema, SourceError, Unit,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod csv;
mod encoding;

pub use csv::CsvConfig;

/// Every error code that this crate gives, with what a person can do about it.
pub const CODES: &[CodeDoc] = csv::CODES;

/// How the bytes of a unit become records: `format: { csv: { delimiter: ";" } }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Format {
    /// Delimited text.
    Csv(CsvConfig),
}

impl Format {
    /// Everything that is wrong with the configuration by itself. The paths begin with the name of the format.
    pub fn validate(&self) -> Vec<ConfigFault> {
        match self {
            Format::Csv(config) => config.validate(),
        }
    }

    /// A decoder for one unit at a time that delivers what `projection` asks for.
    ///
    /// # Errors
    /// `Operator` with the first mistake of the configuration or an encoding of a column that is not known.
    pub fn decoder(&self, projection: &Projection) -> Result<Box<dyn Decoder>, SourceError> {
        match self {
            Format::Csv(config) => csv::decoder(config, projection),
        }
    }
}

/// Reads the records of one unit in order.
///
/// The decoder reads ahead: between two calls for the same unit the caller hands in the same input and does not
/// touch it. To read from elsewhere, or another unit, it calls [`head`](Decoder::head) and, if it does not begin
/// at the beginning, [`resume`](Decoder::resume). After an error only `head` may follow.
pub trait Decoder: Send {
    /// Reads what stands before the first record (byte order mark, skipped lines, header) from the start of a
    /// unit, and forgets whatever was read before.
    ///
    /// # Errors
    /// [`DecodeFailure::Unit`] when the unit is not what the configuration says: another encoding, another
    /// delimiter, a wanted column that is missing or there twice.
    fn head(&mut self, input: &mut dyn io::BufRead) -> Result<(), DecodeFailure>;

    /// Takes up the state at a record boundary, which an earlier decoder of the same unit and configuration
    /// gave. Called after [`head`](Decoder::head); the next [`decode`](Decoder::decode) gets an input that
    /// stands at `state.byte`.
    fn resume(&mut self, state: &DecoderState);

    /// Appends rows and rejects until the batch is full, whatever its fill was, or the unit ends. Sets the
    /// schema of the batch. The number of a row's record is its [`Identity::Ordinal`], from 1, rejects counted
    /// too; its place is in the bytes of the unit.
    ///
    /// [`Identity::Ordinal`]: acequia_api::Identity::Ordinal
    ///
    /// # Errors
    /// [`DecodeFailure`]; rows appended before it stay in the batch.
    ///
    /// # Panics
    /// When the batch holds rows of another [`schema`](Decoder::schema).
    fn decode(
        &mut self,
        input: &mut dyn io::BufRead,
        unit: &Arc<Unit>,
        batch: &mut RecordBatch,
    ) -> Result<Decoded, DecodeFailure>;

    /// Where reading stands: after the last row or reject that was appended. Small; `byte` is where an input
    /// must be placed to go on.
    fn state(&self) -> DecoderState;

    /// The columns of the rows, known after [`head`](Decoder::head). With [`Projection::Only`] the same for
    /// every unit of a format.
    fn schema(&self) -> Option<&Arc<Schema>>;

    /// What was counted since the start of the unit, across resumption.
    fn notes(&self) -> Notes {
        self.state().notes
    }
}

/// How far a call of [`Decoder::decode`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded {
    /// The batch is full; [`Decoder::state`] is a point to resume at.
    Full,
    /// The unit is at its end, and its completeness and trailer have been verified.
    End,
}

/// Why a unit cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFailure {
    /// The input failed. Nothing is said about the unit.
    #[error("could not read")]
    Io(#[from] io::Error),
    /// The unit as a whole is refused: what follows, or all of it, cannot be trusted. `place` is always set.
    /// See [`incomplete`](DecodeFailure::incomplete) for what may still become readable.
    #[error("{0}")]
    Unit(Box<RecordError>),
}

impl DecodeFailure {
    /// Whether the unit only ends too early, inside its last record or before its trailer, so that one still
    /// being written may become readable.
    pub fn incomplete(&self) -> bool {
        matches!(self, Self::Unit(error)
            if matches!(error.code, csv::INCOMPLETE | csv::TRAILER_MISSING))
    }
}

impl From<RecordError> for DecodeFailure {
    fn from(error: RecordError) -> Self {
        DecodeFailure::Unit(Box::new(error))
    }
}

/// A point between two records of a unit at which reading can resume. Plain data to be stored inside a position;
/// whoever stores it gives it a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoderState {
    /// Bytes of the (decompressed, not transcoded) unit before the next record.
    pub byte: u64,
    /// Line of the next record, from 1.
    pub line: u64,
    /// Data records read, rejects counted too.
    pub record: u64,
    /// What the trailer will be held against.
    #[serde(default, skip_serializing_if = "Totals::is_empty")]
    pub totals: Totals,
    /// What was counted.
    #[serde(default, skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
}

/// Control totals so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// Records counted for the trailer.
    pub count: u64,
    /// The exact sum so far, as a decimal number; empty for none.
    pub sum: String,
    /// Records whose amount could not be read, so that the sum cannot be verified.
    pub unreadable: u64,
    /// Whether the trailer has been read and agreed.
    pub trailer: bool,
}

impl Totals {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is worth knowing about a unit without being wrong, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notes {
    /// A byte order mark was stripped.
    pub byte_order_mark: bool,
    /// The unit holds no record.
    pub empty: bool,
    /// A Ctrl-Z at the very end was taken as the end of the file.
    pub ctrl_z: bool,
    /// The last record has no line end, and that was allowed.
    pub no_final_newline: bool,
    /// Empty lines passed over.
    pub blank_lines: u64,
    /// Comment lines passed over.
    pub comments: u64,
    /// Records of a kind that is declared `skip`.
    pub skipped_records: u64,
    /// Records with stray quotes that `lenient` forgave.
    pub forgiven_quotes: u64,
    /// Records with superfluous empty fields at their end that `lenient` forgave.
    pub forgiven_fields: u64,
    /// Control characters that `control: strip` took away.
    pub stripped_controls: u64,
    /// Fields that look as if UTF-8 had been encoded twice (`Ã¤`); passed unchanged.
    pub double_encoded: u64,
    /// Fields that hold U+FFFD, the scar of a conversion before us; passed unchanged.
    pub replacement_characters: u64,
}

impl Notes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many deviations `lenient` forgave.
    pub(crate) fn forgiven(&self) -> u64 {
        self.forgiven_quotes + self.forgiven_fields
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            byte_order_mark: self.byte_order_mark || other.byte_order_mark,
            empty: self.empty || other.empty,
            ctrl_z: self.ctrl_z || other.ctrl_z,
            no_final_newline: self.no_final_newline || other.no_final_newline,
            blank_lines: self.blank_lines + other.blank_lines,
            comments: self.comments + other.comments,
            skipped_records: self.skipped_records + other.skipped_records,
            forgiven_quotes: self.forgiven_quotes + other.forgiven_quotes,
            forgiven_fields: self.forgiven_fields + other.forgiven_fields,
            stripped_controls: self.stripped_controls + other.stripped_controls,
            double_encoded: self.double_encoded + other.double_encoded,
            replacement_characters: self.replacement_characters + other.replacement_characters,
        }
    }
}

/// Decodes a byte slice from its start to its end, batch after batch, and hands every batch to `each`: what
/// benches and tests need.
///
/// # Errors
/// As [`Decoder::head`] and [`Decoder::decode`]; the rows before the failure have been handed over.
#[doc(hidden)]
pub fn decode_slice(
    decoder: &mut dyn Decoder,
    mut bytes: &[u8],
    unit: &Arc<Unit>,
    batch: &mut RecordBatch,
    mut each: impl FnMut(&RecordBatch),
) -> Result<(), DecodeFailure> {
    decoder.head(&mut bytes)?;
    loop {
        batch.clear();
        let decoded = decoder.decode(&mut bytes, unit, batch);
        each(batch);
        if decoded? == Decoded::End {
            return Ok(());
        }
    }
}
