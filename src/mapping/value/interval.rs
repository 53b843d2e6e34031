//! Lengths of time, as SQL has them: months, days and time of day are kept apart, because a month has no fixed
//! number of days and a day of a time zone no fixed number of hours.

use std::cmp::Ordering;

use super::{
    Civil, TICKS_PER_DAY, TICKS_PER_SECOND, civil_of, days_in_month, days_of,
    decimal::write_integer,
};

/// A length of time. Its parts may have different signs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interval {
    /// Calendar months.
    pub months: i32,
    /// Calendar days.
    pub days: i32,
    /// Ticks of 100 ns.
    pub ticks: i64,
}

impl Interval {
    /// The sum, part by part; `None` where a part becomes too large.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            ticks: self.ticks.checked_add(other.ticks)?,
        })
    }

    /// The opposite; `None` where a part has none.
    pub fn checked_neg(self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            ticks: self.ticks.checked_neg()?,
        })
    }

    /// Every part so many times; `None` where a part becomes too large.
    pub fn checked_mul(self, times: i64) -> Option<Self> {
        let part = |part: i32| i32::try_from(i64::from(part).checked_mul(times)?).ok();
        Some(Self {
            months: part(self.months)?,
            days: part(self.days)?,
            ticks: self.ticks.checked_mul(times)?,
        })
    }

    /// What is `self` after `local`, in ticks: first the months, where the day of the month becomes the last one if
    /// there is none of its number, then the days, then the time. `None` outside the years 1 to 9999.
    pub fn after(self, local: i64) -> Option<i64> {
        let mut day = i32::try_from(local.div_euclid(TICKS_PER_DAY)).ok()?;
        if self.months != 0 {
            let Civil { year, month, day: of_month } = civil_of(day);
            let months = (i64::from(year) * 12 + i64::from(month) - 1)
                .checked_add(i64::from(self.months))?;
            let year = i32::try_from(months.div_euclid(12)).ok()?;
            let month = months.rem_euclid(12) as u8 + 1;
            day = days_of(year, month, of_month.min(days_in_month(year, month)))?;
        }
        let day = i64::from(day) + i64::from(self.days);
        let ticks = day
            .checked_mul(TICKS_PER_DAY)?
            .checked_add(local.rem_euclid(TICKS_PER_DAY))?
            .checked_add(self.ticks)?;
        let last = i32::try_from(ticks.div_euclid(TICKS_PER_DAY)).ok()?;
        (super::MIN_DATE..=super::MAX_DATE).contains(&last).then_some(ticks)
    }

    /// From `earlier` to `later` in calendar units, years and months first, as people count an age; negative where
    /// they stand in the other order. Both in ticks.
    pub fn age(later: i64, earlier: i64) -> Self {
        if later < earlier {
            let Self { months, days, ticks } = Self::age(earlier, later);
            return Self { months: -months, days: -days, ticks: -ticks };
        }
        let (to, from) = (Self::parts(later), Self::parts(earlier));
        let (mut months, mut days, mut ticks) = (to.0 - from.0, to.1 - from.1, to.2 - from.2);
        if ticks < 0 {
            ticks += TICKS_PER_DAY;
            days -= 1;
        }
        // A borrowed month is as long as the month from which is counted; one is always enough.
        if days < 0 {
            days +=
                i32::from(days_in_month(from.0.div_euclid(12), from.0.rem_euclid(12) as u8 + 1));
            months -= 1;
        }
        Self { months, days, ticks }
    }

    /// Months since the year 0, day of the month, ticks of the day.
    fn parts(local: i64) -> (i32, i32, i64) {
        let Civil { year, month, day } = civil_of(local.div_euclid(TICKS_PER_DAY) as i32);
        (year * 12 + i32::from(month) - 1, i32::from(day), local.rem_euclid(TICKS_PER_DAY))
    }

    /// Ticks, a month being 30 days: how SQL compares them.
    fn length(&self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(TICKS_PER_DAY)
            + i128::from(self.ticks)
    }

    /// Appends it as an ISO 8601 duration, such as `P1Y2M3DT4H5M6.5S`.
    pub fn write(self, out: &mut Vec<u8>) {
        out.push(b'P');
        let start = out.len();
        let part = |out: &mut Vec<u8>, value: i64, unit: u8| {
            if value != 0 {
                write_integer(out, i128::from(value), 0);
                out.push(unit);
            }
        };
        part(out, i64::from(self.months / 12), b'Y');
        part(out, i64::from(self.months % 12), b'M');
        part(out, i64::from(self.days), b'D');
        if self.ticks != 0 || out.len() == start {
            out.push(b'T');
            let seconds = self.ticks / TICKS_PER_SECOND;
            part(out, seconds / 3600, b'H');
            part(out, seconds / 60 % 60, b'M');
            let rest = self.ticks % (60 * TICKS_PER_SECOND);
            if rest != 0 || out.last() == Some(&b'T') {
                let fraction = super::Decimal { mantissa: i128::from(rest), scale: 7 }.normalised();
                fraction.write(out);
                out.push(b'S');
            }
        }
    }
}

impl Ord for Interval {
    fn cmp(&self, other: &Self) -> Ordering {
        self.length().cmp(&other.length())
    }
}

impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Interval {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Interval {}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(year: i32, month: u8, day: u8) -> i64 {
        i64::from(days_of(year, month, day).unwrap()) * TICKS_PER_DAY
    }

    #[test]
    fn a_month_after_the_31st_is_the_last_day_of_the_next() {
        let month = Interval { months: 1, ..Interval::default() };
        assert_eq!(month.after(local(2023, 1, 31)), Some(local(2023, 2, 28)));
        assert_eq!(month.after(local(2024, 1, 31)), Some(local(2024, 2, 29)));
        assert_eq!(month.after(local(9999, 12, 1)), None);
    }

    #[test]
    fn an_age_counts_years_and_months_before_days() {
        // `SELECT age(DATE '2001-04-10', DATE '1957-06-13')` of a PostgreSQL: 43 years 9 mons 27 days.
        let age = Interval::age(local(2001, 4, 10), local(1957, 6, 13));
        assert_eq!((age.months, age.days, age.ticks), (43 * 12 + 9, 27, 0));
        let back = Interval::age(local(1957, 6, 13), local(2001, 4, 10));
        assert_eq!((back.months, back.days), (-43 * 12 - 9, -27));
    }

    #[test]
    fn it_is_written_as_an_iso_duration() {
        let mut out = Vec::new();
        Interval { months: 14, days: 3, ticks: 36_615_000_000 }.write(&mut out);
        out.push(b' ');
        Interval::default().write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "P1Y2M3DT1H1M1.5S PT0S");
    }
}
