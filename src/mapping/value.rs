//! Values as mappings see them: typed, exact, borrowed from the record batch.
//!
//! A [`Value`] is `Copy` and owns nothing, so that decoding, comparing and writing it costs no allocation. What
//! a cell of a batch says only together with its batch (the characters behind a span, the fields of a group)
//! a value says by itself. Decimals never pass through floating point, and times count ticks of 100 ns, the
//! finest that any supported database knows.

mod arithmetic;
mod decimal;
mod interval;
mod json;
mod kind;
mod nested;
mod octets;
mod sum;
mod temporal;

use std::{cmp::Ordering, io::Write};

use acequia_api::{Cell, ColumnType, RecordBatch};

pub(in crate::mapping) use decimal::power as power_of_ten;
pub use decimal::{Decimal, MAX_DIGITS};
pub use interval::Interval;
pub(in crate::mapping) use json::append;
pub use json::{write_json_string, write_json_text};
pub use kind::{TYPE_WORDS, Type, TypeError};
pub use nested::{Group, List};
pub use octets::Octets;
pub(in crate::mapping) use sum::Sum;
pub use temporal::{
    Civil, MAX_DATE, MIN_DATE, TICKS_PER_DAY, TICKS_PER_SECOND, civil_of, days_in_month, days_of,
    is_leap, write_date, write_instant, write_time, write_timestamp,
};

/// One value. `Null` is the absence of a value, never an empty text.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Value<'a> {
    /// No value.
    #[default]
    Null,
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Binary floating point; finite wherever decoding made it.
    Float(f64),
    /// Exact decimal.
    Decimal(Decimal),
    /// Days since 1970-01-01, proleptic Gregorian.
    Date(i32),
    /// Ticks of 100 ns since midnight.
    Time(i64),
    /// Local date and time in ticks of 100 ns since 1970-01-01T00:00:00.
    Timestamp(i64),
    /// Point in time in ticks of 100 ns since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Length of time; only inside expressions.
    Interval(Interval),
    /// Characters.
    Text(&'a str),
    /// UUID, in the order in which its hexadecimal digits are written.
    Uuid([u8; 16]),
    /// Octets.
    Bytes(Octets<'a>),
    /// Elements of a repeated field.
    List(List<'a>),
    /// Fields of a nested record.
    Group(Group<'a>),
}

/// A cell that cannot be a [`Value`]: a number of more than 38 digits, or text that its column calls a UUID and
/// that is none. Only a connector that breaks its contract makes the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoValue;

impl<'a> Value<'a> {
    /// The value of a cell of `batch`, whose column is of `kind`. Nothing is converted except that a number
    /// kept as text becomes a decimal and a UUID kept as text becomes a UUID.
    ///
    /// # Errors
    /// [`NoValue`].
    pub fn from_cell(
        cell: Cell,
        batch: &'a RecordBatch,
        kind: &'a ColumnType,
    ) -> Result<Self, NoValue> {
        Ok(match cell {
            Cell::Null => Self::Null,
            Cell::Bool(value) => Self::Bool(value),
            Cell::Int(value) => Self::Int(value),
            Cell::Float(value) => Self::Float(value),
            Cell::Decimal { mantissa, scale } => {
                Self::Decimal(Decimal::new(i128::from(mantissa), scale).ok_or(NoValue)?)
            }
            Cell::Number(span) => Self::Decimal(Decimal::parse(batch.text(span)).ok_or(NoValue)?),
            Cell::Date(days) => Self::Date(days),
            Cell::Time(ticks) => Self::Time(ticks),
            Cell::Timestamp(ticks) => Self::Timestamp(ticks),
            Cell::Instant(ticks) => Self::Instant(ticks),
            Cell::Text(span) if *kind == ColumnType::Uuid => {
                Self::Uuid(parse_uuid(batch.text(span)).ok_or(NoValue)?)
            }
            Cell::Text(span) => Self::Text(batch.text(span)),
            Cell::Bytes(span) => Self::Bytes(Octets::raw(batch.bytes(span))),
            Cell::List(span) => match kind {
                ColumnType::List(schema) => Self::List(List::new(batch, batch.cells(span), schema)),
                _ => return Err(NoValue),
            },
            Cell::Group(span) => match kind {
                ColumnType::Group(schema) => {
                    Self::Group(Group::new(batch, batch.cells(span), schema))
                }
                _ => return Err(NoValue),
            },
        })
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The characters, if it is text.
    pub fn as_text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Order as PostgreSQL has it: text by code point (collation `C`), numbers by value whatever their type
    /// (a float makes the comparison one of floats, `NaN` equal to itself and above all others), `false` before
    /// `true`, a date as its midnight beside a timestamp. `None` when one is null or the types do not compare.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        use Value::{Bool, Bytes, Date, Instant, Int, Interval, Text, Time, Timestamp, Uuid};
        Some(match (self, other) {
            (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Int(a), Int(b)) => a.cmp(b),
            (Bool(a), Bool(b)) => a.cmp(b),
            (Date(a), Date(b)) => a.cmp(b),
            (Time(a), Time(b)) | (Timestamp(a), Timestamp(b)) | (Instant(a), Instant(b)) => {
                a.cmp(b)
            }
            (Date(a), Timestamp(b)) => midnight(*a).cmp(b),
            (Timestamp(a), Date(b)) => a.cmp(&midnight(*b)),
            (Uuid(a), Uuid(b)) => a.cmp(b),
            (Interval(a), Interval(b)) => a.cmp(b),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (a, b) => return compare_numbers(a, b),
        })
    }

    /// Appends the value as plain text: what a key, a template or a CSV shows. Numbers without exponent except
    /// for floats, times in ISO 8601, bytes in base64, lists and groups as JSON, nothing for `Null`.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Int(value) => decimal::write_integer(out, i128::from(*value), 0),
            // Writing into a vector cannot fail.
            Self::Float(value) => drop(write!(out, "{value:?}")),
            Self::Decimal(value) => value.write(out),
            Self::Date(days) => write_date(out, *days),
            Self::Time(ticks) => write_time(out, *ticks),
            Self::Timestamp(ticks) => write_timestamp(out, *ticks),
            Self::Instant(ticks) => write_instant(out, *ticks),
            Self::Interval(interval) => interval.write(out),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Uuid(uuid) => write_uuid(out, *uuid),
            Self::Bytes(octets) => octets.write_base64(out),
            Self::List(list) => list.write_json(out),
            Self::Group(group) => group.write_json(out),
        }
    }

    /// Appends the value as JSON: integers and finite floats as numbers, decimals as strings (a JSON number is
    /// read as floating point by most), times as ISO 8601 strings, bytes in base64, a float without a number
    /// and `Null` as `null`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Float(value) if !value.is_finite() => out.extend_from_slice(b"null"),
            Self::Text(text) => write_json_string(out, text),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::List(_) | Self::Group(_) => {
                self.write_text(out);
            }
            Self::Decimal(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::Timestamp(_)
            | Self::Instant(_)
            | Self::Interval(_)
            | Self::Uuid(_)
            | Self::Bytes(_) => {
                out.push(b'"');
                self.write_text(out);
                out.push(b'"');
            }
        }
    }
}

fn midnight(days: i32) -> i64 {
    i64::from(days).saturating_mul(TICKS_PER_DAY)
}

fn compare_numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (exact(a), exact(b)) {
        return Some(a.cmp(&b));
    }
    let (a, b) = (approximate(a)?, approximate(b)?);
    Some(a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())))
}

fn exact(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Int(value) => Some(Decimal::from(*value)),
        Value::Decimal(value) => Some(*value),
        _ => None,
    }
}

fn approximate(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Decimal(value) => Some(value.to_f64()),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// Reads `8-4-4-4-12` hexadecimal digits in either case; nothing else is a UUID.
pub fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut uuid = [0; 16];
    let mut at = 0;
    for octet in &mut uuid {
        if matches!(at, 8 | 13 | 18 | 23) {
            if bytes[at] != b'-' {
                return None;
            }
            at += 1;
        }
        *octet = octets::hex_digit(bytes[at])? << 4 | octets::hex_digit(bytes[at + 1])?;
        at += 2;
    }
    Some(uuid)
}

fn write_uuid(out: &mut Vec<u8>, uuid: [u8; 16]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (at, octet) in uuid.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.push(DIGITS[usize::from(octet >> 4)]);
        out.push(DIGITS[usize::from(octet & 15)]);
    }
}

#[cfg(test)]
mod tests;
