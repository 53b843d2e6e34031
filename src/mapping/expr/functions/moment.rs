//! Dates, times and lengths of time.
//!
//! Dates are of the years 1 to 9999; what would lie outside is refused. Points in time have the parts that they have
//! in UTC: for those of another place say `AT TIME ZONE` first. `extract` gives a whole number but for seconds,
//! milliseconds and `epoch`.

use super::{
    ARGUMENT, CAST, Constant, Env, Function, OUT_OF_RANGE, Outcome,
    Param::{Date, Instant, Int, Interval as Length, Literal, Text as Chars, Time, Timestamp},
    Resource, Unfit, Unit, gives, unit,
};
use crate::mapping::{
    decode::{self, DecodeSpec},
    value::{
        Civil, Decimal, Interval, MAX_DATE, MIN_DATE, TICKS_PER_DAY, TICKS_PER_SECOND, Type, Value,
        civil_of, days_of,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("+", &[Date, Int], gives::date, |_, a| match *a {
        [Value::Date(date), Value::Int(days)] => date_at(i64::from(date).checked_add(days)),
        _ => Ok(Value::Null),
    }),
    Function::new("+", &[Int, Date], gives::date, |_, a| match *a {
        [Value::Int(days), Value::Date(date)] => date_at(i64::from(date).checked_add(days)),
        _ => Ok(Value::Null),
    }),
    Function::new("-", &[Date, Int], gives::date, |_, a| match *a {
        [Value::Date(date), Value::Int(days)] => date_at(i64::from(date).checked_sub(days)),
        _ => Ok(Value::Null),
    }),
    Function::new("-", &[Date, Date], gives::int, |_, a| match *a {
        [Value::Date(a), Value::Date(b)] => Ok(Value::Int(i64::from(a) - i64::from(b))),
        _ => Ok(Value::Null),
    }),
    Function::new("+", &[Date, Time], gives::timestamp, |_, a| match *a {
        [Value::Date(date), Value::Time(time)] => {
            Ok(Value::Timestamp(i64::from(date) * TICKS_PER_DAY + time))
        }
        _ => Ok(Value::Null),
    }),
    Function::new("+", &[Timestamp, Length], gives::timestamp, |_, a| later(a, false)),
    Function::new("-", &[Timestamp, Length], gives::timestamp, |_, a| later(a, true)),
    Function::new("+", &[Instant, Length], gives::instant, |_, a| later(a, false)),
    Function::new("-", &[Instant, Length], gives::instant, |_, a| later(a, true)),
    Function::new("+", &[Time, Length], gives::time, |_, a| later(a, false)),
    Function::new("-", &[Time, Length], gives::time, |_, a| later(a, true)),
    Function::new("-", &[Timestamp, Timestamp], gives::interval, |_, a| between(a)),
    Function::new("-", &[Instant, Instant], gives::interval, |_, a| between(a)),
    Function::new("-", &[Time, Time], gives::interval, |_, a| match *a {
        [Value::Time(a), Value::Time(b)] => {
            Ok(Value::Interval(Interval { ticks: a - b, ..Interval::default() }))
        }
        _ => Ok(Value::Null),
    }),
    Function::new("+", &[Length, Length], gives::interval, |_, a| match *a {
        [Value::Interval(a), Value::Interval(b)] => length(a.checked_add(b)),
        _ => Ok(Value::Null),
    }),
    Function::new("-", &[Length, Length], gives::interval, |_, a| match *a {
        [Value::Interval(a), Value::Interval(b)] => {
            length(b.checked_neg().and_then(|b| a.checked_add(b)))
        }
        _ => Ok(Value::Null),
    }),
    Function::new("*", &[Length, Int], gives::interval, |_, a| match *a {
        [Value::Interval(a), Value::Int(times)] => length(a.checked_mul(times)),
        _ => Ok(Value::Null),
    }),
    Function::new("*", &[Int, Length], gives::interval, |_, a| match *a {
        [Value::Int(times), Value::Interval(a)] => length(a.checked_mul(times)),
        _ => Ok(Value::Null),
    }),
    Function::new("age", &[Timestamp, Timestamp], gives::interval, |_, a| match *a {
        [Value::Timestamp(later), Value::Timestamp(earlier)] => {
            Ok(Value::Interval(Interval::age(later, earlier)))
        }
        _ => Ok(Value::Null),
    }),
    Function::new("make_date", &[Int, Int, Int], gives::date, |_, a| match *a {
        [Value::Int(year), Value::Int(month), Value::Int(day)] => {
            let small = |part| u8::try_from(part).ok();
            i32::try_from(year)
                .ok()
                .zip(small(month))
                .zip(small(day))
                .and_then(|((year, month), day)| days_of(year, month, day))
                .map(Value::Date)
                .ok_or(OUT_OF_RANGE)
        }
        _ => Ok(Value::Null),
    }),
    Function::new("to_date", &[Chars, Literal], gives::date, read).prepare(date_pattern),
    Function::new("to_timestamp", &[Chars, Literal], gives::timestamp, read)
        .prepare(timestamp_pattern),
    Function::new("date_trunc", &[Literal, Timestamp], gives::timestamp, cut).prepare(unit::cut),
    Function::new("date_trunc", &[Literal, Instant], gives::instant, cut).prepare(unit::cut),
    Function::new("extract", &[Literal, Date], part, extract).prepare(unit::of_date),
    Function::new("extract", &[Literal, Timestamp], part, extract).prepare(unit::of_timestamp),
    Function::new("extract", &[Literal, Instant], part, extract).prepare(unit::of_timestamp),
    Function::new("extract", &[Literal, Time], part, extract).prepare(unit::of_time),
    Function::new("extract", &[Literal, Length], part, extract).prepare(unit::of_interval),
];

fn date_at<'a>(days: Option<i64>) -> Outcome<'a> {
    days.and_then(|days| i32::try_from(days).ok())
        .filter(|days| (MIN_DATE..=MAX_DATE).contains(days))
        .map(Value::Date)
        .ok_or(OUT_OF_RANGE)
}

fn length<'a>(interval: Option<Interval>) -> Outcome<'a> {
    interval.map(Value::Interval).ok_or(OUT_OF_RANGE)
}

/// Something after or before by a length. A time of day goes around the clock.
fn later<'a>(arguments: &[Value<'a>], before: bool) -> Outcome<'a> {
    let [from, Value::Interval(length)] = arguments else { return Ok(Value::Null) };
    let length = if before { length.checked_neg() } else { Some(*length) }.ok_or(OUT_OF_RANGE)?;
    Ok(match *from {
        Value::Timestamp(from) => Value::Timestamp(length.after(from).ok_or(OUT_OF_RANGE)?),
        Value::Instant(from) => Value::Instant(length.after(from).ok_or(OUT_OF_RANGE)?),
        Value::Time(from) => {
            Value::Time((from + length.ticks.rem_euclid(TICKS_PER_DAY)).rem_euclid(TICKS_PER_DAY))
        }
        _ => Value::Null,
    })
}

/// Whole days and the rest, both with the sign of the difference.
fn between<'a>(arguments: &[Value<'a>]) -> Outcome<'a> {
    let ([Value::Timestamp(later), Value::Timestamp(earlier)]
    | [Value::Instant(later), Value::Instant(earlier)]) = *arguments
    else {
        return Ok(Value::Null);
    };
    let ticks = later.checked_sub(earlier).ok_or(OUT_OF_RANGE)?;
    let days = i32::try_from(ticks / TICKS_PER_DAY).map_err(|_| OUT_OF_RANGE)?;
    Ok(Value::Interval(Interval { months: 0, days, ticks: ticks % TICKS_PER_DAY }))
}

fn date_pattern(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    pattern(arguments, Type::Date)
}

fn timestamp_pattern(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    pattern(arguments, Type::Timestamp)
}

fn pattern(arguments: &[Option<&Constant>], kind: Type) -> Result<Option<Resource>, Unfit> {
    let Some(Constant::Text(format)) = arguments[1] else { return Ok(None) };
    if !decode::is_postgres(format) {
        let message = format!("`{format}` is no pattern of PostgreSQL");
        return Err(Unfit::new(
            1,
            message,
            "decode such texts in `from`, with `format`".to_owned(),
        ));
    }
    let spec = DecodeSpec { format: Some((**format).to_owned()), ..DecodeSpec::of(kind) };
    match decode::compile(&spec) {
        Ok(decoder) => Ok(Some(Resource::Decoder(decoder))),
        Err(error) => Err(Unfit::new(1, error.message, error.help)),
    }
}

fn read<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match (env.resource, arguments) {
        (Some(Resource::Decoder(decoder)), &[Value::Text(text), ..]) => {
            decoder.decode(text).map_err(|_| CAST)
        }
        _ => Ok(Value::Null),
    }
}

fn unit(env: Env<'_>) -> Option<Unit> {
    match env.resource {
        Some(Resource::Unit(unit)) => Some(*unit),
        _ => None,
    }
}

fn cut<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let Some(unit) = unit(env) else { return Ok(Value::Null) };
    match *arguments {
        [_, Value::Timestamp(local)] => truncated(unit, local).map(Value::Timestamp),
        [_, Value::Instant(utc)] => truncated(unit, utc).map(Value::Instant),
        _ => return Ok(Value::Null),
    }
    .ok_or(ARGUMENT)
}

/// The beginning of the part in which a moment lies.
fn truncated(unit: Unit, ticks: i64) -> Option<i64> {
    let within = |length: i64| Some(ticks.div_euclid(length) * length);
    let day = i32::try_from(ticks.div_euclid(TICKS_PER_DAY)).ok()?;
    let Civil { year, month, .. } = civil_of(day);
    let start = |year: i32, month: u8| Some(i64::from(days_of(year, month, 1)?) * TICKS_PER_DAY);
    // The years 1 to 10 are no whole decade: it begins in the year 0, which does not exist here.
    let years = |length: i32, first: i32| (year - first).div_euclid(length) * length + first;
    match unit {
        Unit::Microsecond => within(TICKS_PER_SECOND / 1_000_000),
        Unit::Millisecond => within(TICKS_PER_SECOND / 1_000),
        Unit::Second => within(TICKS_PER_SECOND),
        Unit::Minute => within(60 * TICKS_PER_SECOND),
        Unit::Hour => within(3600 * TICKS_PER_SECOND),
        Unit::Day => within(TICKS_PER_DAY),
        Unit::Week => Some((i64::from(day) - (i64::from(day) + 3).rem_euclid(7)) * TICKS_PER_DAY),
        Unit::Month => start(year, month),
        Unit::Quarter => start(year, (month - 1) / 3 * 3 + 1),
        Unit::Year => start(year, 1),
        Unit::Decade => start(years(10, 0), 1),
        Unit::Century => start(years(100, 1), 1),
        Unit::Millennium => start(years(1000, 1), 1),
        _ => None,
    }
}

/// Seconds and larger sums of them have a fraction, everything else is whole.
fn part(arguments: &[super::Argument<'_>]) -> Type {
    let unit = match arguments.first().and_then(|first| first.constant) {
        Some(Constant::Text(word)) => word.to_ascii_lowercase(),
        _ => return Type::Number,
    };
    match (&*unit, arguments.get(1).and_then(|of| of.kind.as_ref())) {
        ("epoch", Some(Type::Date)) => Type::Int,
        ("second" | "epoch", _) => Type::Decimal { precision: 25, scale: 7 },
        ("milliseconds", _) => Type::Decimal { precision: 25, scale: 4 },
        ("microseconds", _) => Type::Decimal { precision: 25, scale: 1 },
        _ => Type::Int,
    }
}

fn extract<'a>(env: Env<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (Some(unit), [_, of]) = (unit(env), arguments) else { return Ok(Value::Null) };
    let found = match *of {
        Value::Date(days) if unit == Unit::Epoch => Some(Value::Int(i64::from(days) * 86_400)),
        Value::Date(days) => of_day(unit, days).map(Value::Int),
        Value::Time(ticks) => of_clock(unit, ticks),
        Value::Timestamp(ticks) | Value::Instant(ticks) => match unit {
            Unit::Epoch => Some(seconds(i128::from(ticks), 7)),
            _ => of_clock(unit, ticks.rem_euclid(TICKS_PER_DAY))
                .or_else(|| of_day(unit, ticks.div_euclid(TICKS_PER_DAY) as i32).map(Value::Int)),
        },
        Value::Interval(interval) => of_interval(unit, interval),
        _ => return Ok(Value::Null),
    };
    found.ok_or(ARGUMENT)
}

/// So many ticks, with `scale` digits after the point.
fn seconds<'a>(ticks: i128, scale: u8) -> Value<'a> {
    Value::Decimal(Decimal { mantissa: ticks, scale })
}

fn of_clock<'a>(unit: Unit, ticks: i64) -> Option<Value<'a>> {
    let of_minute = i128::from(ticks % (60 * TICKS_PER_SECOND));
    Some(match unit {
        Unit::Hour => Value::Int(ticks / (3600 * TICKS_PER_SECOND)),
        Unit::Minute => Value::Int(ticks / (60 * TICKS_PER_SECOND) % 60),
        Unit::Second => seconds(of_minute, 7),
        Unit::Millisecond => seconds(of_minute, 4),
        Unit::Microsecond => seconds(of_minute, 1),
        Unit::Epoch => seconds(i128::from(ticks), 7),
        _ => return None,
    })
}

fn of_day(unit: Unit, days: i32) -> Option<i64> {
    let Civil { year, month, day } = civil_of(days);
    let of_year = |year: i32| days_of(year, 1, 1).map_or(0, |first| i64::from(days - first));
    let week_day = (i64::from(days) + 3).rem_euclid(7) + 1;
    let up = |length: i64| (i64::from(year) - 1).div_euclid(length) + 1;
    Some(match unit {
        Unit::Day => i64::from(day),
        Unit::Month => i64::from(month),
        Unit::Year => i64::from(year),
        Unit::Quarter => (i64::from(month) - 1) / 3 + 1,
        Unit::IsoDayOfWeek => week_day,
        Unit::DayOfWeek => week_day % 7,
        Unit::DayOfYear => of_year(year) + 1,
        Unit::Week => of_thursday(days, week_day).1 / 7 + 1,
        Unit::IsoYear => of_thursday(days, week_day).0,
        Unit::Decade => i64::from(year).div_euclid(10),
        Unit::Century => up(100),
        Unit::Millennium => up(1000),
        _ => return None,
    })
}

/// Year and day of the year (from 0) of the Thursday in the same week: ISO 8601 counts weeks by it.
fn of_thursday(days: i32, week_day: i64) -> (i64, i64) {
    let thursday = days + 4 - week_day as i32;
    let Civil { year, month, day } = civil_of(thursday);
    // The year 0 and the year 10000 have no number of their first day here; weeks of both exist.
    let first = days_of(year, 1, 1).unwrap_or_else(|| {
        let before: u32 =
            (1..month).map(|m| u32::from(crate::mapping::value::days_in_month(year, m))).sum();
        thursday - before as i32 - i32::from(day) + 1
    });
    (i64::from(year), i64::from(thursday - first))
}

fn of_interval<'a>(unit: Unit, Interval { months, days, ticks }: Interval) -> Option<Value<'a>> {
    let (years, rest) = (i64::from(months / 12), i64::from(months % 12));
    Some(match unit {
        Unit::Year => Value::Int(years),
        Unit::Month => Value::Int(rest),
        Unit::Quarter => Value::Int(rest / 3 + 1),
        Unit::Decade => Value::Int(years / 10),
        Unit::Century => Value::Int(years / 100),
        Unit::Millennium => Value::Int(years / 1000),
        Unit::Day => Value::Int(i64::from(days)),
        Unit::Hour => Value::Int(ticks / (3600 * TICKS_PER_SECOND)),
        Unit::Epoch => {
            // A year is 365.25 days here, a month 30.
            let hours = i128::from(years) * 8766 + (i128::from(rest) * 30 + i128::from(days)) * 24;
            seconds(hours * 3600 * i128::from(TICKS_PER_SECOND) + i128::from(ticks), 7)
        }
        unit => return of_clock(unit, ticks),
    })
}
