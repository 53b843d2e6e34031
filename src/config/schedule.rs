//! When a scheduled source is read next. Pure: the clock is an argument.
//!
//! A time that does not exist because clocks are put forward moves to the end of the gap; one that exists twice
//! happens once for a fixed hour and goes on for a repeating one, as `cron` has always done it. On a holiday
//! nothing happens; the missed run is not made up for, the next one reads everything that has come.

use std::{cmp::Ordering, collections::BTreeSet, str::FromStr};

use croner::{
    CivilDate, CivilDateTime, CivilTime, Cron, CronDateTime, Resolution, Weekday, errors::CronError,
};
use jiff::{
    SignedDuration, Timestamp, ZonedDateTime,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use super::pipeline::ScheduleConfig;

/// A compiled schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    holidays: BTreeSet<Date>,
}

/// Which key of a schedule cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleFault {
    /// `cron` or `zone`.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
}

/// So many holidays in a row mean that a schedule never runs.
const MOST_SKIPPED: usize = 20_000;

impl Schedule {
    /// Compiles a configured schedule.
    ///
    /// # Errors
    /// A line that is not cron or a zone that does not exist.
    pub fn compile(config: &ScheduleConfig) -> Result<Self, ScheduleFault> {
        let cron = Cron::from_str(&config.cron).map_err(|cause| ScheduleFault {
            key: "cron",
            message: format!("`{}` is not a cron line: {}", config.cron, lower(&cause.to_string())),
        })?;
        let zone = TimeZone::get(&config.zone).map_err(|_| ScheduleFault {
            key: "zone",
            message: format!("there is no time zone `{}`", config.zone),
        })?;
        Ok(Self { cron, zone, holidays: config.holidays.iter().copied().collect() })
    }

    /// The first time strictly after `now` at which the source is to be read, or `None` if there never is one.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let mut at = Moment(now.to_zoned_datetime(self.zone.clone()));
        for _ in 0..MOST_SKIPPED {
            at = self.cron.find_next_occurrence(&at, false).ok()?;
            if !self.holidays.contains(&at.0.date()) {
                return Some(at.0.timestamp());
            }
            // Nothing else of this day counts, however often the line matches.
            let last = at.0.date().at(23, 59, 59, 0).to_zoned_datetime(self.zone.clone()).ok()?;
            if last.timestamp() > at.0.timestamp() {
                at = Moment(last);
            }
        }
        None
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A point in time in a zone, as the cron search needs it.
#[derive(Clone)]
struct Moment(ZonedDateTime);

impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let local = self.0.datetime();
        let part = |value: i8| u32::from(value.unsigned_abs());
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(
                local.year().into(),
                part(local.month()),
                part(local.day()),
            ),
            CivilTime::from_parts_unchecked(
                part(local.hour()),
                part(local.minute()),
                part(local.second()),
            ),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        let sunday_is_zero = self.0.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(sunday_is_zero.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let part = |value: u32| i8::try_from(value).map_err(|_| CronError::InvalidDate);
        let local = DateTime::new(
            i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?,
            part(civil.month())?,
            part(civil.day())?,
            part(civil.hour())?,
            part(civil.minute())?,
            part(civil.second())?,
            0,
        )
        .map_err(|_| CronError::InvalidDate)?;
        let zoned = self.0.time_zone().to_ambiguous_zoned_datetime(local);
        let time = |zoned: Result<ZonedDateTime, jiff::Error>| {
            zoned.map(Moment).map_err(|_| CronError::InvalidTime)
        };
        Ok(match zoned.offset() {
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(time(zoned.compatible())?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(time(zoned.clone().earlier())?, time(zoned.later())?)
            }
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(cron: &str, holidays: &[&str]) -> Schedule {
        let holidays = holidays.iter().map(|day| day.parse().unwrap()).collect();
        let zone = "Europe/Madrid".to_owned();
        Schedule::compile(&ScheduleConfig { cron: cron.to_owned(), zone, holidays }).unwrap()
    }

    fn next(schedule: &Schedule, now: &str) -> String {
        let next = schedule.next_after(now.parse().unwrap()).unwrap();
        next.to_zoned_datetime(TimeZone::get("Europe/Madrid").unwrap())
            .strftime("%F %H:%M %z")
            .to_string()
    }

    #[test]
    fn the_next_run_is_strictly_later_and_in_the_zone_of_the_schedule() {
        let daily = schedule("30 6 * * *", &[]);
        assert_eq!(next(&daily, "2026-01-10T05:29:59Z"), "2026-01-10 06:30 +0100");
        assert_eq!(next(&daily, "2026-01-10T05:30:00Z"), "2026-01-11 06:30 +0100");
        assert_eq!(next(&daily, "2026-07-10T05:00:00Z"), "2026-07-11 06:30 +0200");
    }

    #[test]
    fn working_days_and_last_days_are_known() {
        let weekly = schedule("0 8 * * MON-FRI", &[]);
        assert_eq!(next(&weekly, "2026-01-09T12:00:00Z"), "2026-01-12 08:00 +0100");
        let last = schedule("0 22 L * *", &[]);
        assert_eq!(next(&last, "2026-02-10T12:00:00Z"), "2026-02-28 22:00 +0100");
    }

    #[test]
    fn nothing_runs_on_a_holiday_however_often_the_line_matches() {
        let often = schedule("*/5 * * * *", &["2026-01-06", "2026-01-07"]);
        assert_eq!(next(&often, "2026-01-05T22:56:00Z"), "2026-01-08 00:00 +0100");
    }

    #[test]
    fn a_time_lost_to_summer_time_is_not_lost() {
        let nightly = schedule("30 2 * * *", &[]);
        let at = next(&nightly, "2026-03-29T00:00:00Z");
        assert!(at.starts_with("2026-03-29 03:"), "{at}");
    }

    #[test]
    fn a_time_that_comes_twice_runs_once() {
        let nightly = schedule("30 2 * * *", &[]);
        let first = nightly.next_after("2026-10-24T12:00:00Z".parse().unwrap()).unwrap();
        let second = nightly.next_after(first).unwrap();
        assert!(second.duration_since(first) > SignedDuration::from_hours(20), "{first} {second}");
    }

    #[test]
    fn a_line_that_never_matches_and_one_that_is_no_line_are_told_apart() {
        assert_eq!(schedule("0 0 30 2 *", &[]).next_after(Timestamp::UNIX_EPOCH), None);
        let config = ScheduleConfig {
            cron: "61 * * * *".into(),
            zone: "Europe/Madrid".into(),
            holidays: vec![],
        };
        assert_eq!(Schedule::compile(&config).unwrap_err().key, "cron");
    }
}
