//! Dates and times as Avro counts them, from the forms in which events write them.

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// `2021-02-03` as days since 1970-01-01.
pub(super) fn date(text: &[u8]) -> Option<i32> {
    let ([_, _, _, _, b'-', _, _, b'-', _, _], Some((year, rest))) =
        (text, text.split_at_checked(4))
    else {
        return None;
    };
    let (year, month, day) = (digits(year)?, digits(&rest[1..3])? as usize, digits(&rest[4..])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(month.checked_sub(1)?)?;
    if !(1..=length).contains(&day) {
        return None;
    }
    // Leap days of the years before, counted from year 0, which is one itself.
    let before = year - 1;
    let leaps = if year == 0 { 0 } else { before / 4 - before / 100 + before / 400 + 1 };
    let in_year: i64 = lengths[..month - 1].iter().sum();
    Some((year * 365 + leaps + in_year + day - 1 - DAYS_TO_1970) as i32)
}

/// Days from 0000-01-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_528;

/// `13:05:00` with or without a fraction as microseconds since midnight; finer digits are cut off.
pub(super) fn time(text: &[u8]) -> Option<i64> {
    let (clock, fraction) = text.split_at_checked(8)?;
    let [_, _, b':', _, _, b':', _, _] = clock else { return None };
    let (hour, minute) = (digits(&clock[..2])?, digits(&clock[3..5])?);
    let second = digits(&clock[6..])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = match fraction {
        [] => 0,
        [b'.', finer @ ..] if !finer.is_empty() && finer.iter().all(u8::is_ascii_digit) => {
            let mut six = *b"000000";
            let kept = finer.len().min(six.len());
            six[..kept].copy_from_slice(&finer[..kept]);
            digits(&six)?
        }
        _ => return None,
    };
    Some((hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + micros)
}

/// `2021-02-03T13:05:00` as microseconds since 1970-01-01T00:00:00, as if both were in one zone.
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    let (day, clock) = text.split_at_checked(10)?;
    let clock = clock.strip_prefix(b"T")?;
    Some(i64::from(date(day)?) * SECONDS_PER_DAY * MICROS_PER_SECOND + time(clock)?)
}

/// `2021-02-03T12:05:00Z` as microseconds since 1970-01-01T00:00:00Z.
pub(super) fn instant(text: &[u8]) -> Option<i64> {
    timestamp(text.strip_suffix(b"Z")?)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_has_the_number_that_jiff_gives_it() {
        let epoch = jiff::civil::date(1970, 1, 1);
        let mut day = jiff::civil::date(0, 1, 1);
        let mut expected = (day - epoch).get_days();
        while day.year() < 9999 || day < jiff::civil::date(9999, 12, 31) {
            assert_eq!(date(day.to_string().as_bytes()), Some(expected), "{day}");
            (day, expected) = (day.tomorrow().unwrap(), expected + 1);
        }
    }

    #[test]
    fn what_is_no_date_or_time_is_none() {
        for text in [
            "2021-02-29",
            "1900-02-29",
            "2021-13-01",
            "2021-00-01",
            "2021-01-00",
            "+12021-01-01",
            "2021-1-1",
            "",
        ] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
        for text in
            ["24:00:00", "00:60:00", "00:00:60", "00:00", "00:00:00.", "00:00:00.x", "ñ0:00:00"]
        {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        for text in ["2021-02-03T13:05:00", "2021-02-03 13:05:00Z", "Z"] {
            assert_eq!(instant(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn digits_finer_than_microseconds_are_cut_off_before_1970_too() {
        assert_eq!(time(b"23:59:59.9999999"), Some(86_399_999_999));
        assert_eq!(timestamp(b"1969-12-31T23:59:59.9999999"), Some(-1));
        assert_eq!(instant(b"1970-01-01T00:00:01.5Z"), Some(1_500_000));
    }
}
