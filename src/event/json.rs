//! Text as JSON strings and times as RFC 3339, appended without allocation.

/// Appends `text` as the inside of a JSON string. Gives `false`, having appended an unspecified part of it,
/// when it holds what a CloudEvents attribute may not: a control character or a noncharacter.
pub(super) fn attribute(out: &mut Vec<u8>, text: &str) -> bool {
    // Without a way out in the middle the whole text is looked at at once.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        out.extend_from_slice(text.as_bytes());
        return true;
    }
    for char in text.chars() {
        if char.is_control() || is_noncharacter(char) {
            return false;
        }
        if matches!(char, '"' | '\\') {
            out.push(b'\\');
        }
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    true
}

/// Appends `text` as it is. Gives `false`, having appended nothing, when it holds what an attribute may not.
pub(super) fn plain_attribute(out: &mut Vec<u8>, text: &str) -> bool {
    let good = !text.chars().any(|char| char.is_control() || is_noncharacter(char));
    if good {
        out.extend_from_slice(text.as_bytes());
    }
    good
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

fn is_noncharacter(char: char) -> bool {
    let code = char as u32;
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

/// Appends a number in decimal.
pub(super) fn number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    while number >= 10 {
        // Two digits for one division.
        let pair = (number % 100) as u8;
        number /= 100;
        start -= 2;
        digits[start] = b'0' + pair / 10;
        digits[start + 1] = b'0' + pair % 10;
    }
    if number > 0 || start == digits.len() {
        start -= 1;
        digits[start] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[start..]);
}

const TICKS_PER_SECOND: i64 = 10_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Appends an instant in ticks of 100 ns since 1970 as RFC 3339 in UTC, with as many digits of the second as it needs.
/// Gives `false`, having appended nothing, for years that RFC 3339 cannot write (before 0 or after 9999).
pub(super) fn instant(out: &mut Vec<u8>, ticks: i64) -> bool {
    let seconds = ticks.div_euclid(TICKS_PER_SECOND);
    let mut fraction = ticks.rem_euclid(TICKS_PER_SECOND) as u64;
    let second_of_day = seconds.rem_euclid(SECONDS_PER_DAY) as u64;
    let Some((year, month, day)) = date(seconds.div_euclid(SECONDS_PER_DAY)) else {
        return false;
    };
    padded(out, year, 4);
    for (mark, value) in [
        (b'-', month),
        (b'-', day),
        (b'T', second_of_day / 3600),
        (b':', second_of_day / 60 % 60),
        (b':', second_of_day % 60),
    ] {
        out.push(mark);
        padded(out, value, 2);
    }
    if fraction != 0 {
        let mut width = 7;
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        out.push(b'.');
        padded(out, fraction, width);
    }
    out.push(b'Z');
    true
}

fn padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for place in out[start..].iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a number of days since 1970-01-01 in the proleptic Gregorian calendar, if the year is from 0 to
/// 9999. Counts from 0000-03-01, so that the leap day is the last of its year and months follow a linear rule.
fn date(days: i64) -> Option<(u64, u64, u64)> {
    const DAYS_PER_ERA: u64 = 146_097;
    let days = u64::try_from(days + 719_468 + DAYS_PER_ERA as i64).ok()?;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = (era * 400 + year_of_era + u64::from(month <= 2)).checked_sub(400)?;
    (year <= 9999).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc3339(ticks: i64) -> Option<String> {
        let mut out = Vec::new();
        instant(&mut out, ticks).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn instants_are_those_that_jiff_writes() {
        let mut rng = fastrand::Rng::with_seed(7);
        let (first, last) = (-62_167_219_200, 253_402_207_200);
        for _ in 0..20_000 {
            let second = rng.i64(first..last);
            let nanosecond = [0, 100, 120_000_000, 999_999_900][rng.usize(..4)];
            let expected = jiff::Timestamp::new(second, nanosecond).unwrap().to_string();
            let ticks = second * TICKS_PER_SECOND + i64::from(nanosecond) / 100;
            assert_eq!(rfc3339(ticks), Some(expected));
        }
        assert_eq!(rfc3339(first * TICKS_PER_SECOND).as_deref(), Some("0000-01-01T00:00:00Z"));
    }

    #[test]
    fn years_that_rfc_3339_cannot_write_are_left_out() {
        for ticks in [i64::MIN, i64::MAX, -62_167_219_201 * TICKS_PER_SECOND] {
            assert_eq!(rfc3339(ticks), None);
        }
    }

    #[test]
    fn attributes_are_escaped_as_json_and_refuse_what_cloudevents_forbids() {
        for text in ["A-17", "C:\\x \"y\"", "Núñez/Ñ €", "\u{202e}x"] {
            let mut out = vec![b'"'];
            assert!(attribute(&mut out, text));
            out.push(b'"');
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
        let mut out = Vec::new();
        assert!(plain_attribute(&mut out, "C:\\x \"y\" Ñ"));
        assert_eq!(out, "C:\\x \"y\" Ñ".as_bytes());
        for text in ["a\tb", "\0", "a\u{7f}", "a\u{85}", "\u{fdd0}", "\u{1ffff}"] {
            assert!(!attribute(&mut Vec::new(), text), "{text:?}");
            assert!(!plain_attribute(&mut Vec::new(), text), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for value in [0, 7, 10, 99, 100, 105, 1_234, 12_345, 1_000_000, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(out, value.to_string().as_bytes());
        }
    }
}
