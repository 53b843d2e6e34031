//! Moments written as one number that counts from a day: Unix time, the serial dates of spreadsheets.

use super::{Fault, moment::in_range};
use crate::mapping::value::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// What is counted, and from when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Seconds since 1970-01-01T00:00:00Z.
    Unix,
    /// Milliseconds since then.
    UnixMillis,
    /// Days of which the first is 1900-01-01, and the sixtieth the 29 February 1900 that never was.
    Excel1900,
    /// Days since 1904-01-01.
    Excel1904,
}

/// The words for `format`.
pub(super) const WORDS: [(&str, Count); 4] = [
    ("unix", Count::Unix),
    ("unix_ms", Count::UnixMillis),
    ("excel1900", Count::Excel1900),
    ("excel1904", Count::Excel1904),
];

const DAY_1899_12_30: i64 = -25_569;
const DAY_1904_01_01: i64 = -24_107;
const TICKS_PER_MILLISECOND: i64 = TICKS_PER_SECOND / 1000;

impl Count {
    /// Whether days are counted, whose fraction is the time of day, and not instants.
    pub(super) fn is_local(self) -> bool {
        matches!(self, Self::Excel1900 | Self::Excel1904)
    }

    /// What a text should have looked like.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Unix => "seconds since 1970",
            Self::UnixMillis => "milliseconds since 1970",
            Self::Excel1900 => "a serial date from 1900",
            Self::Excel1904 => "a serial date from 1904",
        }
    }

    /// The day of a serial without a fraction.
    pub(super) fn day(self, text: &str) -> Result<i32, Fault> {
        // Seven digits reach beyond the year 9999.
        let serial = whole(text.as_bytes(), 7)?;
        let day = self.day_of(serial)?;
        in_range(day * TICKS_PER_DAY)?;
        i32::try_from(day).map_err(|_| Fault::NoSuchDay)
    }

    /// The moment in ticks. The fraction of a day is rounded to the millisecond, which is as exactly as
    /// spreadsheets keep it.
    pub(super) fn moment(self, text: &str) -> Result<i64, Fault> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let ticks = match self {
            Self::Unix => whole(digits.as_bytes(), 12)? * TICKS_PER_SECOND,
            Self::UnixMillis => whole(digits.as_bytes(), 15)? * TICKS_PER_MILLISECOND,
            Self::Excel1900 | Self::Excel1904 => {
                let (days, fraction) = match digits.split_once('.') {
                    Some((days, fraction)) => (days, millis(fraction.as_bytes())?),
                    None => (digits, 0),
                };
                let day = self.day_of(whole(days.as_bytes(), 7)?)?;
                day * TICKS_PER_DAY + fraction * TICKS_PER_MILLISECOND
            }
        };
        if negative && (self.is_local() || ticks == 0) {
            return Err(Fault::Form);
        }
        in_range(if negative { -ticks } else { ticks })
    }

    fn day_of(self, serial: i64) -> Result<i64, Fault> {
        match (self, serial) {
            (Self::Excel1904, serial) => Ok(DAY_1904_01_01 + serial),
            // Day 0 is shown as 1900-01-00.
            (_, 0 | 60) => Err(Fault::NoSuchDay),
            (_, 1..=59) => Ok(DAY_1899_12_30 + 1 + serial),
            (_, serial) => Ok(DAY_1899_12_30 + serial),
        }
    }
}

/// A number of at most so many digits, without a sign.
fn whole(text: &[u8], most: usize) -> Result<i64, Fault> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Form);
    }
    if text.len() > most {
        return Err(Fault::TooLarge);
    }
    Ok(text.iter().fold(0, |number, byte| number * 10 + i64::from(byte - b'0')))
}

/// A fraction of a day in milliseconds, rounded.
fn millis(fraction: &[u8]) -> Result<i64, Fault> {
    const PER_DAY: i128 = 86_400_000;
    // More digits than a float has say nothing.
    let digits = i128::from(whole(fraction, 18)?);
    let unit = 10i128.pow(fraction.len() as u32);
    i64::try_from((digits * PER_DAY * 2 + unit) / (unit * 2)).map_err(|_| Fault::TooLarge)
}
