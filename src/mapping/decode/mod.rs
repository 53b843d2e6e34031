//! Decoding: what one entry of a mapping's `from:` section does to one cell.
//!
//! Text from a legacy system is read *strictly*: a value either is exactly what the entry declares, or the
//! record is refused with a code and the shape of what was found. Nothing is rounded, guessed, padded or
//! replaced by null, and no value ever stands in a message: digits are shown as `9` and letters as `A`.
//!
//! Order: trim, compare with `null_if` and `sentinel`, read. A cell that has a type already (from a database) is converted only
//! where nothing is lost.

mod cell;
mod codes;
mod compile;
mod expected;
mod fields;
mod moment;
mod months;
mod number;
mod numeric;
mod pattern;
mod shape;
mod spec;
mod zone;

use acequia_api::{Cell, ColumnType, RecordBatch};

pub use codes::CODES;
pub use compile::compile;
pub use shape::shape;
pub use spec::{DecodeSpec, Gap, Language, Overlap, Sign, SpecError, Trim};

use super::value::{Octets, Type, Value, parse_uuid};
pub(in crate::mapping) use fields::is_postgres;
use moment::Moment;
use number::NumberForm;
pub(in crate::mapping) use zone::Zone;

/// A compiled entry of `from:`. Immutable; shared between threads.
#[derive(Debug, Clone)]
pub struct Decoder {
    kind: Type,
    kernel: Kernel,
    trim: Trim,
    /// Text of which nothing is taken off and nothing is missing.
    verbatim: bool,
    null_texts: Box<[Box<str>]>,
    /// What the texts of `null_if` mean in the type, for cells that have it already.
    null_values: Box<[Value<'static>]>,
    /// As those of `null_if`, for days that stand for no day; the event is marked.
    sentinel_texts: Box<[Box<str>]>,
    sentinel_values: Box<[Value<'static>]>,
    code: &'static str,
    expected: Box<str>,
}

/// How a text is read.
#[derive(Debug, Clone)]
enum Kernel {
    Text,
    Bool {
        true_if: Box<[Box<str>]>,
        false_if: Box<[Box<str>]>,
    },
    Int(NumberForm),
    Decimal {
        form: NumberForm,
        precision: u8,
        scale: u8,
    },
    Float(NumberForm),
    Moment(Moment),
    Uuid,
    Hex,
    Base64,
    /// Lists and groups, whose fields have decoders of their own.
    Nested,
}

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// One of [`CODES`].
    pub code: &'static str,
    /// Expected and found shape, as in `expected DD/MM/YYYY, found 99/99/9999: there is no such day`; never the
    /// value.
    pub shape: String,
}

/// The code of what is doubtful about a value that was read as declared: a day that stands for no day, a local
/// time that a rule had to decide. The event says so.
type Doubt = Option<&'static str>;

const SENTINEL: Doubt = Some("decode.sentinel");

/// What was wrong, before it is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Fault {
    Form,
    TooLarge,
    TooFine,
    /// Not nothing, and yet it would become 0.
    TooSmall,
    /// One mark that may separate the fraction or thousands, and nothing declared.
    Ambiguous,
    NegativeZero,
    NoSuchDay,
    NoSuchTime,
    Gap,
    Overlap,
    /// The type of the cell does not convert.
    Type,
}

impl Decoder {
    /// The type of what comes out. Not always the declared one: a `timestamp` with a `zone` becomes a
    /// `timestamptz`.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// What a text should look like, in words.
    pub(in crate::mapping) fn expected(&self) -> &str {
        &self.expected
    }

    /// Reads a text. Borrows from it; allocates nothing unless it fails.
    ///
    /// # Errors
    /// [`DecodeError`] when the text is not exactly what the specification says.
    pub fn decode<'a>(&self, text: &'a str) -> Result<Value<'a>, DecodeError> {
        let mut value = Value::Null;
        self.read_text(text, &mut None, &mut value)?;
        Ok(value)
    }

    /// As [`decode`](Decoder::decode), into a place that is there already: a value that is handed from function to function is
    /// copied as often. `doubt` as in [`from_cell_marked`](Decoder::from_cell_marked); where reading fails, `into` stays as it
    /// was.
    ///
    /// # Errors
    /// As [`decode`](Decoder::decode).
    #[inline]
    pub fn read_text<'a>(
        &self,
        text: &'a str,
        doubt: &mut Option<&'static str>,
        into: &mut Value<'a>,
    ) -> Result<(), DecodeError> {
        let trimmed = match self.trim {
            Trim::None => text,
            Trim::Left => text.trim_start(),
            Trim::Right => text.trim_end(),
            Trim::Both => text.trim(),
        };
        if contains(&self.null_texts, trimmed) {
            *into = Value::Null;
            return Ok(());
        }
        if contains(&self.sentinel_texts, trimmed) {
            *doubt = SENTINEL;
            *into = Value::Null;
            return Ok(());
        }
        self.kernel.read(trimmed, doubt, into).map_err(|fault| self.refuse(fault, &shape(trimmed)))
    }

    /// Whether every text is its own value, so that there is nothing to decode.
    #[inline]
    pub fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    /// Whether cells of a column of `kind` can be decoded at all; a mapping that asks for what never works is
    /// refused when it is bound, not record by record.
    pub fn accepts(&self, kind: &ColumnType) -> bool {
        self.kernel.accepts(kind)
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
        self.from_cell_marked(cell, batch, kind, &mut None)
    }

    /// As [`from_cell`](Decoder::from_cell); sets `doubt` to the code of what is doubtful about the value, if
    /// something is: `decode.sentinel`, `decode.time_gap`, `decode.time_overlap`.
    ///
    /// # Errors
    /// As [`from_cell`](Decoder::from_cell).
    pub fn from_cell_marked<'a>(
        &self,
        cell: Cell,
        batch: &'a RecordBatch,
        kind: &'a ColumnType,
        doubt: &mut Option<&'static str>,
    ) -> Result<Value<'a>, DecodeError> {
        let refuse = |fault| self.refuse(fault, &Type::of_column(kind).to_string());
        match cell {
            Cell::Null => return Ok(Value::Null),
            Cell::Text(span) => {
                let mut value = Value::Null;
                self.read_text(batch.text(span), doubt, &mut value)?;
                return Ok(value);
            }
            _ => {}
        }
        let value = Value::from_cell(cell, batch, kind).map_err(|_| refuse(Fault::TooLarge))?;
        let value = self.kernel.convert(value, doubt).map_err(refuse)?;
        if self.sentinel_values.contains(&value) {
            *doubt = SENTINEL;
            return Ok(Value::Null);
        }
        Ok(if self.null_values.contains(&value) { Value::Null } else { value })
    }

    #[cold]
    fn refuse(&self, fault: Fault, found: &str) -> DecodeError {
        let (code, why) = match fault {
            Fault::Form => (self.code, ""),
            Fault::TooLarge => (self.code, ": the number is too large"),
            Fault::TooFine => (self.code, ": too many digits after the point"),
            Fault::TooSmall => (self.code, ": the number is too small and would become 0"),
            Fault::Ambiguous => (
                self.code,
                ": its mark may be of the fraction or of thousands; say which: `decimal`",
            ),
            Fault::NegativeZero => (self.code, ": zero has no sign"),
            Fault::NoSuchDay => (self.code, ": there is no such day"),
            Fault::NoSuchTime => (self.code, ": there is no such time"),
            Fault::Gap => ("decode.time_gap", ": clocks were set forward over this time"),
            Fault::Overlap => ("decode.time_overlap", ": this time happened twice"),
            Fault::Type => ("decode.type", ": this type does not convert without loss"),
        };
        DecodeError { code, shape: format!("expected {}, found {found}{why}", self.expected) }
    }
}

impl Kernel {
    fn read<'a>(
        &self,
        text: &'a str,
        doubt: &mut Doubt,
        into: &mut Value<'a>,
    ) -> Result<(), Fault> {
        match self {
            Self::Text => *into = Value::Text(text),
            Self::Bool { true_if, .. } if contains(true_if, text) => *into = Value::Bool(true),
            Self::Bool { false_if, .. } if contains(false_if, text) => *into = Value::Bool(false),
            Self::Bool { .. } => return Err(Fault::Form),
            Self::Int(form) => *into = Value::Int(form.int(text)?),
            Self::Decimal { form, precision, scale } => {
                *into = Value::Decimal(form.decimal(text, *precision, *scale)?);
            }
            Self::Float(form) => *into = Value::Float(form.float(text)?),
            Self::Moment(moment) => *into = moment.read(text, doubt)?,
            Self::Uuid => *into = Value::Uuid(parse_uuid(text).ok_or(Fault::Form)?),
            Self::Hex => *into = Value::Bytes(Octets::hex(text).ok_or(Fault::Form)?),
            Self::Base64 => *into = Value::Bytes(Octets::base64(text).ok_or(Fault::Form)?),
            Self::Nested => return Err(Fault::Type),
        }
        Ok(())
    }
}

fn contains(words: &[Box<str>], text: &str) -> bool {
    words.iter().any(|word| **word == *text)
}

#[cfg(test)]
mod tests;
