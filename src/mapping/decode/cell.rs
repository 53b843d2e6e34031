//! Cells that bring their own type, as those of a database do.

use acequia_api::ColumnType;

use super::{
    Doubt, Fault, Kernel, contains,
    moment::{Moment, MomentKind, in_range},
    number::fit,
};
use crate::mapping::value::{Decimal, MAX_DATE, MIN_DATE, TICKS_PER_DAY, Value};

/// The largest whole number up to which floats of 64 bits have every one.
const EXACT_FLOAT: u64 = 1 << 53;

impl Kernel {
    /// Whether a value of a column of `kind` can ever be converted.
    pub(super) fn accepts(&self, kind: &ColumnType) -> bool {
        use ColumnType as Column;
        if matches!(kind, Column::Text) {
            return !matches!(self, Self::Nested);
        }
        match self {
            Self::Text | Self::Uuid => matches!(kind, Column::Uuid),
            Self::Bool { .. } => matches!(kind, Column::Bool | Column::Int),
            Self::Int(_) | Self::Decimal { .. } => {
                matches!(kind, Column::Int | Column::Decimal { .. })
            }
            Self::Float(_) => matches!(kind, Column::Float | Column::Int),
            Self::Moment(moment) if matches!(kind, Column::Int) => moment.digits().is_some(),
            Self::Moment(moment) => match moment.kind {
                MomentKind::Date | MomentKind::Timestamp => {
                    matches!(kind, Column::Date | Column::Timestamp)
                }
                MomentKind::Time => matches!(kind, Column::Time),
                MomentKind::Instant => {
                    matches!(kind, Column::Instant)
                        || moment.zone.is_some() && matches!(kind, Column::Timestamp)
                }
            },
            Self::Hex | Self::Base64 => matches!(kind, Column::Bytes),
            Self::Nested => matches!(kind, Column::List(_) | Column::Group(_)),
        }
    }

    /// The same value in the declared type, if that loses nothing. Ranges are checked even where the type is
    /// the declared one already: what does not fit into an event is refused here.
    pub(super) fn convert<'a>(
        &self,
        value: Value<'a>,
        doubt: &mut Doubt,
    ) -> Result<Value<'a>, Fault> {
        Ok(match (self, value) {
            (Self::Text, Value::Text(_))
            | (Self::Bool { .. }, Value::Bool(_))
            | (Self::Int(_), Value::Int(_))
            | (Self::Uuid, Value::Uuid(_))
            | (Self::Hex | Self::Base64, Value::Bytes(_))
            | (Self::Nested, Value::List(_) | Value::Group(_)) => value,
            (Self::Bool { true_if, false_if }, Value::Int(number)) => {
                Value::Bool(truth(number, true_if, false_if)?)
            }
            (Self::Int(_), Value::Decimal(number)) => {
                let whole = number.with_scale(0).ok_or(Fault::TooFine)?;
                Value::Int(whole.to_i64().ok_or(Fault::TooLarge)?)
            }
            (Self::Decimal { precision, scale, .. }, Value::Int(number)) => {
                Value::Decimal(fit(Decimal::from(number), *precision, *scale)?)
            }
            (Self::Decimal { precision, scale, .. }, Value::Decimal(number)) => {
                Value::Decimal(fit(number, *precision, *scale)?)
            }
            (Self::Float(_), Value::Float(number)) if number.is_finite() => value,
            (Self::Float(_), Value::Int(number)) if number.unsigned_abs() <= EXACT_FLOAT => {
                Value::Float(number as f64)
            }
            (Self::Float(_), Value::Float(_) | Value::Int(_)) => return Err(Fault::TooLarge),
            (Self::Moment(moment), Value::Int(number)) => of_number(moment, number, doubt)?,
            (Self::Moment(moment), value) => of_moment(moment, value, doubt)?,
            _ => return Err(Fault::Type),
        })
    }
}

fn of_moment<'a>(moment: &Moment, value: Value<'a>, doubt: &mut Doubt) -> Result<Value<'a>, Fault> {
    Ok(match (moment.kind, value) {
        (MomentKind::Date, Value::Date(days)) => Value::Date(day(days)?),
        (MomentKind::Date, Value::Timestamp(ticks)) => {
            if in_range(ticks)? % TICKS_PER_DAY != 0 {
                return Err(Fault::Type);
            }
            Value::Date((ticks / TICKS_PER_DAY) as i32)
        }
        (MomentKind::Time, Value::Time(ticks)) if (0..TICKS_PER_DAY).contains(&ticks) => value,
        (MomentKind::Time, Value::Time(_)) => return Err(Fault::NoSuchTime),
        (MomentKind::Timestamp, Value::Timestamp(ticks)) => Value::Timestamp(in_range(ticks)?),
        (MomentKind::Timestamp, Value::Date(days)) => {
            Value::Timestamp(i64::from(day(days)?) * TICKS_PER_DAY)
        }
        (MomentKind::Instant, Value::Instant(ticks)) => Value::Instant(in_range(ticks)?),
        (MomentKind::Instant, Value::Timestamp(ticks)) => {
            let zone = moment.zone.as_ref().ok_or(Fault::Type)?;
            Value::Instant(in_range(zone.instant(in_range(ticks)?, doubt)?)?)
        }
        _ => return Err(Fault::Type),
    })
}

/// A number whose digits are those of the pattern, zeros in front left out; or one that counts.
fn of_number(moment: &Moment, number: i64, doubt: &mut Doubt) -> Result<Value<'static>, Fault> {
    use std::io::Write;
    let width = moment.digits().ok_or(Fault::Type)?;
    let mut buffer = [0; 40];
    let mut rest = &mut buffer[..];
    write!(rest, "{number:0width$}").map_err(|_| Fault::TooLarge)?;
    let left = rest.len();
    let text = std::str::from_utf8(&buffer[..buffer.len() - left]).map_err(|_| Fault::Form)?;
    moment.read(text, doubt)
}

fn day(days: i32) -> Result<i32, Fault> {
    if (MIN_DATE..=MAX_DATE).contains(&days) { Ok(days) } else { Err(Fault::NoSuchDay) }
}

/// The truth value that a number stands for, by the words that it would be written as.
fn truth(number: i64, true_if: &[Box<str>], false_if: &[Box<str>]) -> Result<bool, Fault> {
    let is = |words: &[Box<str>]| {
        if (0..10).contains(&number) {
            let digit = [b'0' + number as u8];
            return std::str::from_utf8(&digit).is_ok_and(|digit| contains(words, digit));
        }
        words.iter().any(|word| word.parse() == Ok(number) && !word.starts_with(['+', '0']))
    };
    match (is(true_if), is(false_if)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(Fault::Form),
    }
}
