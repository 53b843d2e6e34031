//! Calendar arithmetic and ISO 8601, in whole numbers only.
//!
//! The calendar is the proleptic Gregorian one. Days are counted from 1970-01-01, times in ticks of 100 ns.
//! Years are counted inside from the first of March, so that the leap day is the last day of a year and the
//! length of the months before it does not depend on the year.

/// Ticks of 100 ns in a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;

/// Ticks of 100 ns in a day.
pub const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;

/// 0001-01-01, the first day that RFC 3339, SQL and ISO 8601 without agreement can all write.
pub const MIN_DATE: i32 = -719_162;

/// 9999-12-31, the last such day.
pub const MAX_DATE: i32 = 2_932_896;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
const DAYS_PER_400_YEARS: i64 = 146_097;

/// A calendar date taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// Year, astronomical: 0 is 1 BC.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

/// Whether `year` has a 29 February.
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month (1 to 12) of a year has.
pub fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date that exists; `None` for one that does not, or is not of the years 1 to 9999.
pub fn days_of(year: i32, month: u8, day: u8) -> Option<i32> {
    if !(1..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || day == 0
        || day > days_in_month(year, month)
    {
        return None;
    }
    let (march_year, march_month) =
        if month > 2 { (year, i32::from(month) - 3) } else { (year - 1, i32::from(month) + 9) };
    let leap_days =
        march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    // 153 days in each run of five months from March on.
    let day_of_year = (153 * march_month + 2) / 5 + i32::from(day) - 1;
    Some(march_year * 365 + leap_days + day_of_year - EPOCH as i32)
}

/// The date of a day count, for every count there is.
pub fn civil_of(days: i32) -> Civil {
    let day = i64::from(days) + EPOCH;
    let cycle = day.div_euclid(DAYS_PER_400_YEARS);
    let in_cycle = day.rem_euclid(DAYS_PER_400_YEARS);
    let year_of_cycle =
        (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let day_of_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, carry) = if march_month < 10 { (march_month + 3, 0) } else { (march_month - 9, 1) };
    Civil { year: (cycle * 400 + year_of_cycle + carry) as i32, month: month as u8, day: day as u8 }
}

/// Appends `YYYY-MM-DD`. Years outside 0 to 9999 get a sign and as many digits as they need.
pub fn write_date(out: &mut Vec<u8>, days: i32) {
    let Civil { year, month, day } = civil_of(days);
    let mut digits = *b"0000-00-00";
    if !(0..=9999).contains(&year) {
        out.push(if year < 0 { b'-' } else { b'+' });
    }
    let year = year.unsigned_abs();
    if year > 9999 {
        super::decimal::write_integer(out, i128::from(year / 10_000), 0);
    }
    put_two(&mut digits, 0, year / 100 % 100);
    put_two(&mut digits, 2, year % 100);
    put_two(&mut digits, 5, u32::from(month));
    put_two(&mut digits, 8, u32::from(day));
    out.extend_from_slice(&digits);
}

/// Appends `HH:MM:SS` and, if there is a fraction of a second, as few of 3, 6 or 7 digits as hold it: the
/// widths that readers of milliseconds, microseconds and ticks expect.
pub fn write_time(out: &mut Vec<u8>, ticks: i64) {
    let seconds = (ticks.rem_euclid(TICKS_PER_DAY) / TICKS_PER_SECOND) as u32;
    let fraction = ticks.rem_euclid(TICKS_PER_SECOND) as u32;
    let mut digits = *b"00:00:00.0000000";
    put_two(&mut digits, 0, seconds / 3600);
    put_two(&mut digits, 3, seconds / 60 % 60);
    put_two(&mut digits, 6, seconds % 60);
    let length = if fraction == 0 {
        8
    } else {
        put_two(&mut digits, 9, fraction / 100_000);
        put_two(&mut digits, 11, fraction / 1_000 % 100);
        put_two(&mut digits, 13, fraction / 10 % 100);
        digits[15] = b'0' + (fraction % 10) as u8;
        match (fraction % 10_000, fraction % 10) {
            (0, _) => 12,
            (_, 0) => 15,
            _ => 16,
        }
    };
    out.extend_from_slice(&digits[..length]);
}

/// Appends `YYYY-MM-DDTHH:MM:SS[.fraction]`, local: without a zone.
pub fn write_timestamp(out: &mut Vec<u8>, ticks: i64) {
    write_date(out, ticks.div_euclid(TICKS_PER_DAY) as i32);
    out.push(b'T');
    write_time(out, ticks.rem_euclid(TICKS_PER_DAY));
}

/// Appends `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, in UTC as RFC 3339 has it.
pub fn write_instant(out: &mut Vec<u8>, ticks: i64) {
    write_timestamp(out, ticks);
    out.push(b'Z');
}

fn put_two(digits: &mut [u8], at: usize, value: u32) {
    digits[at] = b'0' + (value / 10) as u8;
    digits[at + 1] = b'0' + (value % 10) as u8;
}
