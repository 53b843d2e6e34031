//! What is expected to come: the next number of a sequence, the next file of a feed.

use std::{ffi::OsStr, time::Duration};

use acequia_api::Board;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use regex::Regex;

use crate::config::{Arrival, Sequence};

/// Numbered files.
pub(super) struct Numbering {
    regex: Regex,
    hold_for: Option<Duration>,
    last: Option<u64>,
    /// The missing number that holds, and since when.
    gap: Option<(u64, Duration)>,
}

impl Numbering {
    /// Goes on after the number `last`.
    pub(super) fn new(sequence: &Sequence, last: Option<u64>) -> Result<Self, regex::Error> {
        Ok(Self {
            regex: Regex::new(&format!("^(?:{})$", sequence.pattern))?,
            hold_for: sequence.hold_for.map(|period| period.0),
            last,
            gap: None,
        })
    }

    pub(super) fn number(&self, name: &OsStr) -> Option<u64> {
        self.regex.captures(name.to_str()?)?.get(1)?.as_str().parse().ok()
    }

    /// A file has been taken; gives the highest number taken so far, for files that have one.
    pub(super) fn taken(&mut self, name: &OsStr) -> Option<u64> {
        let number = self.number(name)?;
        self.last = self.last.max(Some(number));
        self.last
    }

    /// Whether the number of this file is above every number taken so far.
    pub(super) fn advances(&self, name: &OsStr) -> bool {
        self.number(name).is_some_and(|number| Some(number) > self.last)
    }

    /// The missing number that holds this file back. A number below the last one is late, and is read.
    pub(super) fn holds(&self, name: &OsStr) -> Option<u64> {
        let (number, next) = (self.number(name)?, self.last?.checked_add(1)?);
        (number > next).then_some(next)
    }

    /// Puts the alarm up while a number is missing, and passes over it if that is allowed. The first file ever
    /// begins the sequence, whatever its number.
    pub(super) fn watch<'a>(
        &mut self,
        names: impl Iterator<Item = &'a OsStr>,
        now: Duration,
        board: &Board,
    ) {
        let next = self.last.and_then(|last| last.checked_add(1));
        let first = names.filter_map(|name| self.number(name)).filter(|n| Some(*n) >= next).min();
        let Some(next) = next else {
            self.last = first.and_then(|first| first.checked_sub(1));
            return;
        };
        let missing = first.filter(|first| *first > next);
        if let Some((number, _)) = self.gap
            && (missing.is_none() || number != next)
        {
            board.clear("files.sequence_gap", &number.to_string());
            self.gap = None;
        }
        let Some(first) = missing else { return };
        let since = self.gap.get_or_insert((next, now)).1;
        if self.hold_for.is_some_and(|hold| now.saturating_sub(since) >= hold) {
            let message = format!("{next} to {} did not come and were passed over", first - 1);
            board.raise("files.sequence_skipped", &next.to_string(), message);
            board.clear("files.sequence_gap", &next.to_string());
            (self.last, self.gap) = (Some(first - 1), None);
        } else {
            let message = format!("number {next} is missing; {first} and later are held");
            board.raise("files.sequence_gap", &next.to_string(), message);
        }
    }
}

/// Days within which the last deadline is looked for: longer than any row of holidays.
const LOOK_BACK: i64 = 100;

/// Whether a feed is overdue, and what to tell. A deadline before the source was first opened does not count.
pub(super) fn overdue(
    arrival: &Arrival,
    now: Timestamp,
    last: Option<Timestamp>,
    opened: Timestamp,
) -> Option<String> {
    if let Some(every) = arrival.every {
        let since = last.unwrap_or(opened);
        let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        return (age > every.0).then(|| format!("no file has come since {since}"));
    }
    let by = arrival.by?;
    let zone = arrival.zone.as_deref().map_or(Ok(TimeZone::UTC), TimeZone::get).ok()?;
    let today = zone.to_datetime(now).date();
    let deadline = (0..LOOK_BACK)
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .filter(|day| {
            arrival.days.as_ref().is_none_or(|days| days.iter().any(|d| d.is(day.weekday())))
        })
        .filter(|day| !arrival.holidays.contains(day))
        .filter_map(|day| zone.to_timestamp(day.to_datetime(by)).ok())
        .find(|deadline| *deadline <= now)?;
    let window = deadline.checked_sub(arrival.window.0).ok()?;
    let came = last.is_some_and(|last| last >= window);
    let counts = opened <= deadline || last.is_some();
    (counts && !came).then(|| format!("no file has come for the deadline of {deadline}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn late(arrival: &str, now: &str, last: Option<&str>) -> bool {
        let arrival: Arrival = serde_json::from_str(arrival).unwrap();
        overdue(&arrival, at(now), last.map(at), at("2026-01-01T00:00:00Z")).is_some()
    }

    #[test]
    fn a_deadline_is_local_time_on_its_days() {
        // 06:30 in Madrid is 05:30Z in winter and 04:30Z in summer; 2026-03-02 is a Monday.
        let by = r#"{"by": "06:30", "zone": "Europe/Madrid", "days": ["mon", "tue", "wed", "thu", "fri"]}"#;
        assert!(!late(by, "2026-03-02T05:29:00Z", Some("2026-02-27T05:00:00Z")));
        assert!(late(by, "2026-03-02T05:30:00Z", Some("2026-02-27T05:00:00Z")));
        assert!(!late(by, "2026-03-02T05:30:00Z", Some("2026-03-02T05:10:00Z")));
        assert!(late(by, "2026-07-06T04:31:00Z", Some("2026-07-03T04:00:00Z")));
        assert!(!late(by, "2026-03-01T12:00:00Z", Some("2026-02-27T05:00:00Z")), "not on a Sunday");
        assert!(
            late(by, "2026-03-03T05:31:00Z", Some("2026-03-02T08:00:00Z")),
            "late yesterday is not today"
        );
    }

    #[test]
    fn nothing_is_expected_on_a_holiday_and_the_deadline_before_it_still_counts() {
        // Good Friday and Easter Monday of 2026.
        let by = r#"{"by": "06:30", "days": ["mon", "tue", "wed", "thu", "fri"],
            "holidays": ["2026-04-03", "2026-04-06"]}"#;
        let thursday = Some("2026-04-02T06:00:00Z");
        for now in ["2026-04-03T07:00:00Z", "2026-04-06T07:00:00Z", "2026-04-07T06:29:00Z"] {
            assert!(!late(by, now, thursday), "{now}");
            assert!(late(by, now, Some("2026-04-01T06:00:00Z")), "{now}: Thursday's did not come");
        }
        assert!(late(by, "2026-04-07T06:30:00Z", thursday));
    }

    #[test]
    fn a_feed_with_a_rhythm_is_overdue_after_it() {
        let every = r#"{"every": "24h"}"#;
        assert!(!late(every, "2026-03-02T05:00:00Z", Some("2026-03-01T05:00:00Z")));
        assert!(late(every, "2026-03-02T05:00:01Z", Some("2026-03-01T05:00:00Z")));
    }

    #[test]
    fn a_deadline_before_the_first_day_does_not_count() {
        let arrival: Arrival = serde_json::from_str(r#"{"by": "06:30"}"#).unwrap();
        let opened = at("2026-03-02T09:00:00Z");
        assert_eq!(overdue(&arrival, at("2026-03-02T10:00:00Z"), None, opened), None);
        assert!(overdue(&arrival, at("2026-03-03T06:31:00Z"), None, opened).is_some());
    }
}
