//! Dates, times and instants out of their parts.

use super::{Doubt, Fault, numeric::Count, pattern::Pattern, zone::Zone};
use crate::mapping::value::{
    MAX_DATE, MIN_DATE, TICKS_PER_DAY, TICKS_PER_SECOND, Value, days_in_month, days_of, is_leap,
};

/// What one element of a pattern tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Year,
    ShortYear,
    Century,
    Month,
    Day,
    DayOfYear,
    Hour,
    Hour12,
    Meridiem,
    Minute,
    Second,
    Fraction,
    OffsetHour,
    OffsetMinute,
}

/// What a text said, not yet checked against the calendar.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    pub(super) year: u32,
    /// Centuries after the 1900s.
    pub(super) century: u32,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) day_of_year: u32,
    pub(super) hour: u32,
    pub(super) pm: bool,
    pub(super) minute: u32,
    pub(super) second: u32,
    /// Ticks of 100 ns.
    pub(super) fraction: u32,
    /// Whether the offset is west of Greenwich.
    pub(super) west: bool,
    pub(super) offset_hour: u32,
    pub(super) offset_minute: u32,
}

impl Parts {
    /// Keeps a number of `digits` digits.
    pub(super) fn set(&mut self, field: Field, value: u32, digits: usize) {
        match field {
            Field::Year | Field::ShortYear => self.year = value,
            Field::Century => self.century = value,
            // Never more than two digits.
            Field::Month => self.month = value as u8,
            Field::Day => self.day = value as u8,
            Field::DayOfYear => self.day_of_year = value,
            Field::Hour | Field::Hour12 => self.hour = value,
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
            Field::Fraction => {
                self.fraction = (digits..7).fold(value, |value, _| value * 10);
            }
            Field::OffsetHour => self.offset_hour = value,
            Field::OffsetMinute => self.offset_minute = value,
            Field::Meridiem => {}
        }
    }
}

/// Which kind of value comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MomentKind {
    Date,
    Time,
    Timestamp,
    Instant,
}

/// A compiled way of reading dates and times.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) kind: MomentKind,
    pub(super) pattern: Pattern,
    /// The text is a number that counts, and not what the pattern says.
    pub(super) count: Option<Count>,
    /// The pattern has two-digit years: those below it are of the 2000s.
    pub(super) pivot: Option<u32>,
    /// The pattern tells the century.
    pub(super) century: bool,
    /// The pattern tells the day by its number in the year.
    pub(super) ordinal: bool,
    /// The pattern has hours of half a day.
    pub(super) halves: bool,
    /// Where the text was written, if it does not say its offset.
    pub(super) zone: Option<Zone>,
}

impl Moment {
    /// Reads a text.
    pub(super) fn read(&self, text: &str, doubt: &mut Doubt) -> Result<Value<'static>, Fault> {
        if let Some(count) = self.count {
            return self.counted(count, text, doubt);
        }
        let parts = self.pattern.read(text)?;
        Ok(match self.kind {
            MomentKind::Date => Value::Date(self.date(&parts)?),
            MomentKind::Time => Value::Time(self.time(&parts)?),
            MomentKind::Timestamp => Value::Timestamp(self.local(&parts)?),
            MomentKind::Instant => {
                let local = self.local(&parts)?;
                let instant = match &self.zone {
                    Some(zone) => zone.instant(local, doubt)?,
                    None => local - offset(&parts)?,
                };
                Value::Instant(in_range(instant)?)
            }
        })
    }

    /// How many digits a number has that is such a moment; none if a number cannot be one.
    pub(super) fn digits(&self) -> Option<usize> {
        if self.count.is_some() { Some(1) } else { self.pattern.digits() }
    }

    fn counted(
        &self,
        count: Count,
        text: &str,
        doubt: &mut Doubt,
    ) -> Result<Value<'static>, Fault> {
        Ok(match (self.kind, &self.zone) {
            (MomentKind::Date, _) => Value::Date(count.day(text)?),
            (MomentKind::Instant, Some(zone)) => {
                Value::Instant(in_range(zone.instant(count.moment(text)?, doubt)?)?)
            }
            (MomentKind::Instant, None) => Value::Instant(count.moment(text)?),
            _ => Value::Timestamp(count.moment(text)?),
        })
    }

    fn local(&self, parts: &Parts) -> Result<i64, Fault> {
        Ok(i64::from(self.date(parts)?) * TICKS_PER_DAY + self.time(parts)?)
    }

    fn date(&self, parts: &Parts) -> Result<i32, Fault> {
        let year = match self.pivot {
            Some(pivot) if parts.year < pivot => 2000 + parts.year,
            Some(_) => 1900 + parts.year,
            None if self.century => 1900 + parts.century * 100 + parts.year,
            None => parts.year,
        } as i32;
        let (month, day) = if self.ordinal {
            month_and_day(year, parts.day_of_year)?
        } else {
            (parts.month, parts.day)
        };
        days_of(year, month, day).ok_or(Fault::NoSuchDay)
    }

    fn time(&self, parts: &Parts) -> Result<i64, Fault> {
        let hour = match self.halves {
            true if !(1..=12).contains(&parts.hour) => return Err(Fault::NoSuchTime),
            true => parts.hour % 12 + if parts.pm { 12 } else { 0 },
            false => parts.hour,
        };
        if hour > 23 || parts.minute > 59 || parts.second > 59 {
            return Err(Fault::NoSuchTime);
        }
        let seconds = i64::from(hour * 3600 + parts.minute * 60 + parts.second);
        Ok(seconds * TICKS_PER_SECOND + i64::from(parts.fraction))
    }
}

fn month_and_day(year: i32, day_of_year: u32) -> Result<(u8, u8), Fault> {
    if day_of_year == 0 || day_of_year > 365 + u32::from(is_leap(year)) {
        return Err(Fault::NoSuchDay);
    }
    let mut rest = day_of_year;
    for month in 1..=12 {
        let length = u32::from(days_in_month(year, month));
        if rest <= length {
            return Ok((month, rest as u8));
        }
        rest -= length;
    }
    Err(Fault::NoSuchDay)
}

/// The offset in ticks, east positive.
fn offset(parts: &Parts) -> Result<i64, Fault> {
    if parts.offset_hour > 15 || parts.offset_minute > 59 {
        return Err(Fault::NoSuchTime);
    }
    let ticks = i64::from(parts.offset_hour * 60 + parts.offset_minute) * 60 * TICKS_PER_SECOND;
    Ok(if parts.west { -ticks } else { ticks })
}

/// A moment, if it is of the years 1 to 9999.
pub(super) fn in_range(ticks: i64) -> Result<i64, Fault> {
    let first = i64::from(MIN_DATE) * TICKS_PER_DAY;
    let end = (i64::from(MAX_DATE) + 1) * TICKS_PER_DAY;
    if (first..end).contains(&ticks) { Ok(ticks) } else { Err(Fault::NoSuchDay) }
}
