//! Literals.

use std::sync::LazyLock;

use sqlparser::ast::{DataType, TimezoneInfo};

use super::tree::Constant;
use crate::mapping::{
    decode::{self, DecodeSpec, Decoder},
    value::{Decimal, Interval, MAX_DIGITS, TICKS_PER_SECOND, Type, Value, power_of_ten},
};

/// Why a literal is none: message and help.
pub(super) type LiteralError = (String, String);

/// A number as SQL writes it, `12`, `1.5`, `.5` or `5.`, of at most 38 digits.
pub(super) fn number(text: &str, negative: bool) -> Result<Constant, LiteralError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err((
            format!("`{text}` is no plain number"),
            "write it with digits and a point only".to_owned(),
        ));
    }
    let whole = if text.starts_with('.') { "0" } else { "" };
    let plain = format!("{whole}{}", text.strip_suffix('.').unwrap_or(text));
    let value = Decimal::parse(&plain).ok_or_else(|| {
        ("the number has more than 38 digits".to_owned(), "compare it as text".to_owned())
    })?;
    let value = if negative { -value } else { value };
    Ok(match value.to_i64() {
        Some(int) if value.scale == 0 => Constant::Int(int),
        _ => Constant::Decimal(value),
    })
}

/// A literal with its type in front, such as `DATE '2021-01-31'`; `None` for a type that has none.
pub(super) fn typed(kind: &DataType, text: &str) -> Option<Result<Constant, LiteralError>> {
    let (decoder, example) = match kind {
        DataType::Date => (&*DATE, "DATE '2021-01-31'"),
        DataType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            (&*TIME, "TIME '23:59:59'")
        }
        DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            (&*TIMESTAMP, "TIMESTAMP '2021-01-31 23:59:59'")
        }
        DataType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => {
            (&*INSTANT, "TIMESTAMPTZ '2021-01-31 23:59:59+01:00'")
        }
        DataType::Uuid => (&*UUID, "UUID '0f8fad5b-d9cb-469f-a165-70867728950e'"),
        _ => return None,
    };
    let constant = match decoder.decode(text) {
        Ok(Value::Date(value)) => Constant::Date(value),
        Ok(Value::Time(value)) => Constant::Time(value),
        Ok(Value::Timestamp(value)) => Constant::Timestamp(value),
        Ok(Value::Instant(value)) => Constant::Instant(value),
        Ok(Value::Uuid(value)) => Constant::Uuid(value),
        _ => {
            let message = format!("`{text}` is no {}", decoder.kind());
            return Some(Err((message, format!("write for instance {example}"))));
        }
    };
    Some(Ok(constant))
}

/// A whole number as a cast reads it: digits with a sign, of any size up to 128 bits.
pub(super) fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // What needs more than 128 bits needs more than 64 all the more.
    let most = if text.starts_with('-') { i128::MIN } else { i128::MAX };
    Some(text.parse().unwrap_or(most))
}

/// A decimal as a cast reads it: sign, digits with or without a point, exponent. The inner `None` says that it
/// is a number but needs more than 38 digits.
#[expect(
    clippy::option_option,
    reason = "no number, and a number that is too long, are two answers"
)]
pub(super) fn decimal(text: &str) -> Option<Option<Decimal>> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, exponent) = match rest.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, integer(exponent)?),
        None => (rest, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let figures = || whole.bytes().chain(fraction.bytes());
    if figures().next().is_none() || !figures().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(assemble(figures(), fraction.len(), exponent, negative))
}

/// `digits / 10^fraction * 10^exponent`, if it has at most 38 digits.
fn assemble(
    digits: impl Iterator<Item = u8>,
    fraction: usize,
    exponent: i128,
    negative: bool,
) -> Option<Decimal> {
    let mut mantissa: i128 = 0;
    for digit in digits {
        mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let scale = i128::try_from(fraction).ok()?.checked_sub(exponent)?;
    let value = if scale < 0 {
        if mantissa == 0 {
            return Some(Decimal::ZERO);
        }
        let power = u8::try_from(-scale).ok().filter(|power| *power <= MAX_DIGITS)?;
        Decimal::new(mantissa.checked_mul(power_of_ten(power))?, 0)?
    } else {
        Decimal::new(mantissa, u8::try_from(scale).ok()?)?
    };
    Some(if negative { -value } else { value })
}

/// A date or a time in ISO 8601, as a cast reads it.
pub(super) fn moment(kind: &Type, text: &str) -> Option<Constant> {
    let decoder = match kind {
        Type::Date => &DATE,
        Type::Time => &TIME,
        Type::Timestamp => &TIMESTAMP,
        Type::Instant => &INSTANT,
        _ => return None,
    };
    if *kind == Type::Instant && has_hours_only(text) {
        return Constant::of(&decoder.decode(&format!("{text}:00")).ok()?);
    }
    Constant::of(&decoder.decode(text).ok()?)
}

/// Whether a point in time ends with an offset of whole hours, `+01`: SQL writes it so.
fn has_hours_only(text: &str) -> bool {
    let (Some(clock), [.., b'+' | b'-', tens, ones]) = (text.find(':'), text.as_bytes()) else {
        return false;
    };
    clock + 3 < text.len() && tens.is_ascii_digit() && ones.is_ascii_digit()
}

/// A length of time, as in `INTERVAL '1 year 2 months 3 days 04:05:06'`.
pub(super) fn interval(text: &str) -> Option<Interval> {
    let mut total = Interval::default();
    let mut words = text.split_ascii_whitespace().peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        let part = if word.contains(':') {
            Interval { ticks: clock(word)?, ..Interval::default() }
        } else {
            of_unit(decimal(word)??, words.next()?)?
        };
        total = total.checked_add(part)?;
    }
    Some(total)
}

/// `hours:minutes[:seconds]`, with a sign.
fn clock(word: &str) -> Option<i64> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let mut parts = digits.split(':');
    let (hours, minutes) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?);
    let seconds = decimal(parts.next().unwrap_or("0"))??;
    if minutes > 59
        || parts.next().is_some()
        || !(Decimal::ZERO..Decimal::from(60)).contains(&seconds)
    {
        return None;
    }
    let ticks = (i64::from(hours) * 3600 + i64::from(minutes) * 60) * TICKS_PER_SECOND
        + i64::try_from(seconds.with_scale(7)?.mantissa).ok()?;
    Some(if negative { -ticks } else { ticks })
}

/// So many of a unit. Only seconds may have a fraction: half a month has no length.
fn of_unit(number: Decimal, unit: &str) -> Option<Interval> {
    let unit = unit.to_ascii_lowercase();
    let unit = unit.strip_suffix('s').unwrap_or(&unit);
    if matches!(unit, "second" | "sec") {
        let ticks = i64::try_from(number.with_scale(7)?.mantissa).ok()?;
        return Some(Interval { ticks, ..Interval::default() });
    }
    let whole = number.to_i64()?;
    let months = |each: i64| {
        let months = i32::try_from(whole.checked_mul(each)?).ok()?;
        Some(Interval { months, ..Interval::default() })
    };
    let days = |each: i64| {
        let days = i32::try_from(whole.checked_mul(each)?).ok()?;
        Some(Interval { days, ..Interval::default() })
    };
    let ticks = |each: i64| {
        let ticks = whole.checked_mul(each * TICKS_PER_SECOND)?;
        Some(Interval { ticks, ..Interval::default() })
    };
    match unit {
        "century" | "centurie" => months(1200),
        "decade" => months(120),
        "year" => months(12),
        "month" | "mon" => months(1),
        "week" => days(7),
        "day" => days(1),
        "hour" => ticks(3600),
        "minute" | "min" => ticks(60),
        _ => None,
    }
}

/// Whether a text would be a literal of `kind`, for suggestions.
pub(super) fn would_be(text: &str, kind: &Type) -> bool {
    match kind {
        Type::Int | Type::Decimal { .. } | Type::Float => Decimal::parse(text).is_some(),
        Type::Date => DATE.decode(text).is_ok(),
        Type::Time => TIME.decode(text).is_ok(),
        Type::Timestamp => TIMESTAMP.decode(text).is_ok(),
        Type::Instant => INSTANT.decode(text).is_ok(),
        Type::Uuid => UUID.decode(text).is_ok(),
        _ => false,
    }
}

static DATE: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Date));
static TIME: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Time));
static TIMESTAMP: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Timestamp));
static INSTANT: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Instant));
static UUID: LazyLock<Decoder> = LazyLock::new(|| plain(Type::Uuid));

fn plain(kind: Type) -> Decoder {
    decode::compile(&DecodeSpec::of(kind)).expect("invariant: a type alone is a specification")
}
