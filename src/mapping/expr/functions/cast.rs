//! `CAST` and `::`, and the few conversions that need no word.
//!
//! Text becomes another type only here, where it is said. Decimals round half away from zero to whole numbers, floats
//! half to even, as in PostgreSQL; a float becomes a decimal of 15 significant digits. Dates and times are read in ISO
//! 8601. A point in time has no date without a place: say `AT TIME ZONE` first.

use super::{
    CAST, Env, Function, Nulls, OUT_OF_RANGE, Outcome, Param, Resource, as_float, as_number,
    as_timestamp, gives,
};
use crate::mapping::{
    expr::literal,
    value::{Decimal, TICKS_PER_DAY, Type, Value, parse_uuid},
};

/// Significant digits of a float that a decimal takes: what every float keeps (`DBL_DIG`).
const FLOAT_DIGITS: usize = 15;

const fn to(params: &'static [Param], body: super::Body) -> Function {
    Function::new("cast", params, gives::same, body)
}

/// A cast to the type that it has already.
pub(super) static SAME: Function = to(&[Param::Comparable], |_, a| Ok(a[0]));
static TEXT_TO_INT: Function = to(&[Param::Text], |_, a| {
    read(a, |text| {
        let number = literal::integer(text).ok_or(CAST)?;
        i64::try_from(number).map(Value::Int).map_err(|_| OUT_OF_RANGE)
    })
});
static TEXT_TO_NUMBER: Function = to(&[Param::Text], |env, a| {
    match read(a, |text| {
        literal::decimal(text).ok_or(CAST)?.map(Value::Decimal).ok_or(OUT_OF_RANGE)
    })? {
        Value::Decimal(decimal) => sized(env, decimal),
        other => Ok(other),
    }
});
static TEXT_TO_FLOAT: Function = to(&[Param::Text], |_, a| {
    read(a, |text| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let value: f64 = text.parse().ok().filter(|_| plain).ok_or(CAST)?;
        let zero = value == 0.0
            && text.bytes().take_while(|b| !b"eE".contains(b)).any(|b| (b'1'..=b'9').contains(&b));
        if value.is_finite() && !zero { Ok(Value::Float(value)) } else { Err(OUT_OF_RANGE) }
    })
});
static TEXT_TO_BOOL: Function = to(&[Param::Text], |_, a| {
    read(a, |text| {
        let is = |word: &str, least: usize| {
            text.len() >= least
                && word.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
        };
        if is("true", 1) || is("yes", 1) || is("on", 2) || text == "1" {
            Ok(Value::Bool(true))
        } else if is("false", 1) || is("no", 1) || is("off", 2) || text == "0" {
            Ok(Value::Bool(false))
        } else {
            Err(CAST)
        }
    })
});
static TEXT_TO_DATE: Function =
    to(&[Param::Text], |_, a| read(a, |text| moment(&Type::Date, text)));
static TEXT_TO_TIME: Function =
    to(&[Param::Text], |_, a| read(a, |text| moment(&Type::Time, text)));
static TEXT_TO_TIMESTAMP: Function =
    to(&[Param::Text], |_, a| read(a, |text| moment(&Type::Timestamp, text)));
static TEXT_TO_INSTANT: Function =
    to(&[Param::Text], |_, a| read(a, |text| moment(&Type::Instant, text)));
static TEXT_TO_UUID: Function =
    to(&[Param::Text], |_, a| read(a, |text| parse_uuid(text).map(Value::Uuid).ok_or(CAST)));
static INT_TO_BOOL: Function = to(&[Param::Int], |_, a| match a {
    [Value::Int(int)] => Ok(Value::Bool(*int != 0)),
    _ => Ok(Value::Null),
});
static BOOL_TO_INT: Function = to(&[Param::Bool], |_, a| match a {
    [Value::Bool(truth)] => Ok(Value::Int(i64::from(*truth))),
    _ => Ok(Value::Null),
});
static INT_TO_NUMBER: Function = to(&[Param::Int], |env, a| match a {
    [Value::Int(int)] => sized(env, Decimal::from(*int)),
    _ => Ok(Value::Null),
});
static NUMBER_TO_NUMBER: Function = to(&[Param::Number], |env, a| match a {
    [Value::Decimal(decimal)] => sized(env, *decimal),
    _ => Ok(Value::Null),
});
static NUMBER_TO_INT: Function = to(&[Param::Number], |_, a| match a {
    [Value::Decimal(decimal)] => {
        decimal.rounded(0).and_then(Decimal::to_i64).map(Value::Int).ok_or(OUT_OF_RANGE)
    }
    _ => Ok(Value::Null),
});
static FLOAT_TO_INT: Function = to(&[Param::Float], |_, a| match a {
    [Value::Float(float)] => {
        let whole = float.round_ties_even();
        // The largest whole number has no float; the first that is too large is 2^63.
        let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole);
        if fits { Ok(Value::Int(whole as i64)) } else { Err(OUT_OF_RANGE) }
    }
    _ => Ok(Value::Null),
});
static FLOAT_TO_NUMBER: Function = to(&[Param::Float], |env, a| match a {
    [Value::Float(float)] => {
        let shown = format!("{float:.*e}", FLOAT_DIGITS - 1);
        let decimal = match literal::decimal(&shown).flatten() {
            // Too small for 38 digits after the point, but a type says how many there are to be.
            None if float.abs() < 1.0 && env.resource.is_some() => {
                literal::decimal(&format!("{float:.38}")).flatten()
            }
            decimal => decimal,
        }
        .ok_or(OUT_OF_RANGE)?;
        let shortest = if env.resource.is_none() { decimal.normalised() } else { decimal };
        sized(env, shortest)
    }
    _ => Ok(Value::Null),
});
static TIMESTAMP_TO_DATE: Function = to(&[Param::Timestamp], |_, a| match a {
    [Value::Timestamp(ticks)] => Ok(Value::Date(ticks.div_euclid(TICKS_PER_DAY) as i32)),
    _ => Ok(Value::Null),
});
static TIMESTAMP_TO_TIME: Function = to(&[Param::Timestamp], |_, a| match a {
    [Value::Timestamp(ticks)] => Ok(Value::Time(ticks.rem_euclid(TICKS_PER_DAY))),
    _ => Ok(Value::Null),
});
static TO_TEXT: Function = to(&[Param::Comparable], |env, a| {
    Ok(Value::Text(match a[0] {
        Value::Float(float) => env.float(float),
        Value::Timestamp(_) | Value::Instant(_) | Value::Time(_) => env.sql_moment(&a[0]),
        ref other => env.shown(other),
    }))
})
.nulls(Nulls::Strict);

impl<'a> Env<'a> {
    /// A float with as few digits as say which it is, in PostgreSQL's form.
    fn float(self, float: f64) -> &'a str {
        use std::fmt::Write;
        let mut text = bumpalo::collections::String::new_in(&self.arena.bump);
        let exponent = if float == 0.0 { 0 } else { exponent_of(float) };
        // Writing into memory cannot fail.
        let _ = if !float.is_finite() {
            let word = if float.is_nan() { "NaN" } else { "Infinity" };
            write!(text, "{}{word}", if float < 0.0 { "-" } else { "" })
        } else if (-4..15).contains(&exponent) {
            write!(text, "{float}")
        } else {
            let shown = format!("{float:e}");
            let (digits, power) = shown.split_once('e').unwrap_or((&shown, "0"));
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
            write!(text, "{digits}e{sign}{power:0>2}")
        };
        text.into_bump_str()
    }

    /// A time or a timestamp as SQL writes it: a blank between date and time, no zeros after the last digit of the
    /// fraction, `+00` for a point in time.
    fn sql_moment(self, value: &Value<'_>) -> &'a str {
        let shown = self.shown(value);
        let (local, zone) = shown.strip_suffix('Z').map_or((shown, ""), |local| (local, "+00"));
        let local = if local.contains('.') { local.trim_end_matches('0') } else { local };
        let mut text = bumpalo::collections::String::new_in(&self.arena.bump);
        match local.split_once('T') {
            Some((date, time)) => text.extend([date, " ", time, zone]),
            None => text.extend([local, zone]),
        }
        text.into_bump_str()
    }
}

/// The power of ten of the first digit.
fn exponent_of(float: f64) -> i32 {
    let shown = format!("{float:e}");
    shown.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// What a text says, blanks around it left out.
fn read<'a>(arguments: &[Value<'a>], parse: impl FnOnce(&'a str) -> Outcome<'a>) -> Outcome<'a> {
    match arguments {
        [Value::Text(text)] => parse(text.trim_matches(|char: char| char.is_ascii_whitespace())),
        _ => Ok(Value::Null),
    }
}

fn moment<'a>(kind: &Type, text: &str) -> Outcome<'a> {
    literal::moment(kind, text).map(|constant| constant.into_value()).ok_or(CAST)
}

/// In the digits that the type has.
fn sized(env: Env<'_>, decimal: Decimal) -> Outcome<'_> {
    let Some(Resource::Digits(precision, scale)) = env.resource else {
        return Ok(Value::Decimal(decimal));
    };
    decimal
        .rounded(i32::from(*scale))
        .filter(|rounded| rounded.integer_digits() <= precision - scale)
        .map(Value::Decimal)
        .ok_or(OUT_OF_RANGE)
}

/// The function that converts between two types where it is said, and what it needs to know about the target.
pub(in crate::mapping::expr) fn cast(
    from: &Type,
    target: &Type,
) -> Option<(&'static Function, Option<Resource>)> {
    use Type::{Bool, Date, Decimal, Float, Instant, Int, Number, Text, Time, Timestamp, Uuid};
    let digits = match target {
        Decimal { precision, scale } => Some(Resource::Digits(*precision, *scale)),
        _ => None,
    };
    let function: &'static Function = match (from, target) {
        (Text, Int) => &TEXT_TO_INT,
        (Text, Decimal { .. } | Number) => &TEXT_TO_NUMBER,
        (Text, Float) => &TEXT_TO_FLOAT,
        (Text, Bool) => &TEXT_TO_BOOL,
        (Text, Date) => &TEXT_TO_DATE,
        (Text, Time) => &TEXT_TO_TIME,
        (Text, Timestamp) => &TEXT_TO_TIMESTAMP,
        (Text, Instant) => &TEXT_TO_INSTANT,
        (Text, Uuid) => &TEXT_TO_UUID,
        (Int, Bool) => &INT_TO_BOOL,
        (Bool, Int) => &BOOL_TO_INT,
        (Int, Decimal { .. } | Number) => &INT_TO_NUMBER,
        (Decimal { .. } | Number, Decimal { .. } | Number) => &NUMBER_TO_NUMBER,
        (Decimal { .. } | Number, Int) => &NUMBER_TO_INT,
        (Int | Decimal { .. } | Number, Float) => as_float(),
        (Float, Int) => &FLOAT_TO_INT,
        (Float, Decimal { .. } | Number) => &FLOAT_TO_NUMBER,
        (Date, Timestamp) => as_timestamp(),
        (Timestamp, Date) => &TIMESTAMP_TO_DATE,
        (Timestamp, Time) => &TIMESTAMP_TO_TIME,
        (
            Int | Decimal { .. } | Number | Float | Bool | Date | Time | Timestamp | Instant | Uuid,
            Text,
        ) => &TO_TEXT,
        (a, b) if a == b => &SAME,
        _ => return None,
    };
    Some((function, digits))
}

/// The function that makes a value of the wider type where two types meet; none where nothing is to be done.
pub(in crate::mapping::expr) fn convert(from: &Type, target: &Type) -> Option<&'static Function> {
    match (from, target) {
        (Type::Int, Type::Number | Type::Decimal { .. }) => Some(as_number()),
        (Type::Int | Type::Number | Type::Decimal { .. }, Type::Float) => Some(as_float()),
        (Type::Date, Type::Timestamp) => Some(as_timestamp()),
        _ => None,
    }
}
