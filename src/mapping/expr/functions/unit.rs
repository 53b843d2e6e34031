//! Parts of dates and times by name, for `extract` and `date_trunc`.

use super::{Constant, Resource, Unfit};
use crate::diagnostic::suggest;

/// A part of a date or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping::expr) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    /// Monday is 1, Sunday 7.
    IsoDayOfWeek,
    /// Sunday is 0.
    DayOfWeek,
    DayOfYear,
    /// ISO 8601: week 1 has the first Thursday.
    Week,
    Month,
    Quarter,
    Year,
    /// The year to which an ISO week belongs.
    IsoYear,
    Decade,
    Century,
    Millennium,
    /// Seconds since 1970-01-01.
    Epoch,
}

const UNITS: &[(&str, Unit)] = &[
    ("microseconds", Unit::Microsecond),
    ("milliseconds", Unit::Millisecond),
    ("second", Unit::Second),
    ("minute", Unit::Minute),
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("isodow", Unit::IsoDayOfWeek),
    ("dow", Unit::DayOfWeek),
    ("doy", Unit::DayOfYear),
    ("week", Unit::Week),
    ("month", Unit::Month),
    ("quarter", Unit::Quarter),
    ("year", Unit::Year),
    ("isoyear", Unit::IsoYear),
    ("decade", Unit::Decade),
    ("century", Unit::Century),
    ("millennium", Unit::Millennium),
    ("epoch", Unit::Epoch),
];

impl Unit {
    fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        UNITS.iter().find(|(name, _)| *name == word).map(|(_, unit)| *unit)
    }

    /// Whether something can be cut to it.
    fn cuts(self) -> bool {
        !matches!(
            self,
            Self::IsoDayOfWeek | Self::DayOfWeek | Self::DayOfYear | Self::IsoYear | Self::Epoch
        )
    }

    /// Whether a date without time has it.
    fn of_date(self) -> bool {
        !matches!(
            self,
            Self::Microsecond | Self::Millisecond | Self::Second | Self::Minute | Self::Hour
        )
    }

    /// Whether a time of day has it.
    fn of_time(self) -> bool {
        !self.of_date() || self == Self::Epoch
    }

    /// Whether a length of time has it.
    fn of_interval(self) -> bool {
        self.cuts() && self != Self::Week || self == Self::Epoch
    }
}

fn unit(
    arguments: &[Option<&Constant>],
    fits: impl Fn(Unit) -> bool,
    owner: &str,
) -> Result<Option<Resource>, Unfit> {
    let Some(Constant::Text(word)) = arguments[0] else { return Ok(None) };
    let known = || UNITS.iter().filter(|(_, unit)| fits(*unit)).map(|(name, _)| *name);
    match Unit::parse(word).filter(|unit| fits(*unit)) {
        Some(unit) => Ok(Some(Resource::Unit(unit))),
        None => {
            let help = match suggest(word, known()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
            };
            Err(Unfit::new(0, format!("{owner} has no part `{word}`"), help))
        }
    }
}

pub(super) fn cut(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    unit(arguments, Unit::cuts, "`date_trunc`")
}

pub(super) fn of_date(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    unit(arguments, Unit::of_date, "a date")
}

pub(super) fn of_time(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    unit(arguments, Unit::of_time, "a time")
}

pub(super) fn of_timestamp(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    unit(arguments, |_| true, "a timestamp")
}

pub(super) fn of_interval(arguments: &[Option<&Constant>]) -> Result<Option<Resource>, Unfit> {
    unit(arguments, Unit::of_interval, "an interval")
}
