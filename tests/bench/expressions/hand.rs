//! The same twenty fields as an engineer would write them by hand for this one feed, over the same cells, with the
//! checks that the mapping makes: dates that exist, numbers that are numbers, texts that JSON may hold.

use acequia_api::{Cell, RowRef};

/// Writes key and `data` of a fee. `None` for a record that does not fit.
pub fn fee(row: RowRef<'_>, key: &mut String, out: &mut Vec<u8>) -> Option<()> {
    let batch = row.batch();
    let cell = |column: usize| match row.cells()[column] {
        Cell::Text(span) => Some(batch.text(span)),
        _ => None,
    };
    let issued = date(cell(3)?)?;
    let base = hundredths(cell(5)?)?;
    let vat = hundredths(cell(6)?)?;
    let discount = match cell(7).filter(|text| !text.is_empty()) {
        Some(text) => Some(hundredths(text)?),
        None => None,
    };
    let post_code = cell(13)?;
    let units = integer(cell(16)?)?;
    let number_of_fee = cell(0).filter(|key| !key.is_empty())?;
    key.clear();
    key.push_str(number_of_fee);
    out.clear();
    text(out, "{\"number\":\"", number_of_fee);
    text(out, "\",\"kind\":\"", cell(1)?);
    let status = cell(2)?;
    text(out, "\",\"status\":\"", status);
    day(out, "\",\"issuedOn\":\"", issued);
    day(out, "\",\"dueOn\":\"", date(cell(4)?)?);
    money(out, "\",\"base\":\"", base);
    money(out, "\",\"vat\":\"", vat);
    out.push(b'"');
    if let Some(discount) = discount {
        money(out, ",\"discount\":\"", discount);
        out.push(b'"');
    }
    text(out, ",\"street\":\"", cell(11)?);
    number(out, "\",\"door\":", integer(cell(12)?)?);
    text(out, ",\"postCode\":\"", post_code);
    text(out, "\",\"town\":\"", cell(14)?);
    text(out, "\",\"phone\":\"", cell(15)?);
    number(out, "\",\"units\":", units);
    text(out, ",\"remarks\":\"", cell(17)?);
    holder(out, cell(9)?, cell(10)?, cell(8)?);
    money(out, "\",\"total\":\"", total(base, vat, discount.unwrap_or(0))?);
    let size = match units {
        ..10 => "small",
        10..30 => "medium",
        30.. => "large",
    };
    text(out, "\",\"size\":\"", size);
    number(out, "\",\"year\":", i64::from(issued.0));
    let near = post_code.starts_with("28") || post_code.starts_with("08");
    text(out, ",\"metropolitan\":", if near && status != "S" { "true}" } else { "false}" });
    Some(())
}

fn holder(out: &mut Vec<u8>, first: &str, second: &str, given: &str) {
    out.extend_from_slice(b"\",\"holder\":\"");
    for surname in [first, second] {
        for upper in surname.chars().flat_map(char::to_uppercase) {
            let mut bytes = [0; 4];
            escaped(out, upper.encode_utf8(&mut bytes));
        }
        out.push(b' ');
    }
    out.pop();
    text(out, ", ", given);
}

/// In hundredths, rounded half away from zero.
fn total(base: i64, vat: i64, discount: i64) -> Option<i64> {
    let exact = base.checked_mul(10_000 + vat)?.checked_sub(discount.checked_mul(10_000)?)?;
    Some((exact + exact.signum() * 5_000) / 10_000)
}

fn date(text: &str) -> Option<(u16, u8, u8)> {
    let &[_, _, b'/', _, _, b'/', ..] = text.as_bytes() else { return None };
    let digits = |range: std::ops::Range<usize>| {
        text.as_bytes()[range].iter().try_fold(0, |sum: u16, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0'))
        })
    };
    if text.len() != 10 {
        return None;
    }
    let (day, month, year) = (digits(0..2)?, digits(3..5)?, digits(6..10)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=last).contains(&day).then_some((year, month as u8, day as u8))
}

fn integer(text: &str) -> Option<i64> {
    let digits = text.as_bytes();
    let mut sum = 0i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        sum = sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    (!digits.is_empty()).then_some(sum)
}

/// `1.234,50` in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once(',')?;
    let mut sum = 0i64;
    for digit in whole.bytes().filter(|byte| *byte != b'.') {
        if !digit.is_ascii_digit() {
            return None;
        }
        sum = sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    (part.len() == 2).then_some(())?;
    sum.checked_mul(100)?.checked_add(integer(part)?)
}

fn text(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    escaped(out, text);
}

fn escaped(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(text.as_bytes());
    } else {
        let quoted = serde_json::to_string(text).expect("a text can be written");
        out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
    }
}

fn number(out: &mut Vec<u8>, before: &str, number: i64) {
    out.extend_from_slice(before.as_bytes());
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

fn money(out: &mut Vec<u8>, before: &str, hundredths: i64) {
    out.extend_from_slice(before.as_bytes());
    if hundredths < 0 {
        out.push(b'-');
    }
    let amount = hundredths.unsigned_abs();
    number(out, "", (amount / 100) as i64);
    out.extend_from_slice(&[b'.', b'0' + (amount / 10 % 10) as u8, b'0' + (amount % 10) as u8]);
}

fn day(out: &mut Vec<u8>, before: &str, (year, month, day): (u16, u8, u8)) {
    out.extend_from_slice(before.as_bytes());
    let two = |value: u8| [b'0' + value / 10, b'0' + value % 10];
    out.extend_from_slice(&two((year / 100) as u8));
    out.extend_from_slice(&two((year % 100) as u8));
    out.push(b'-');
    out.extend_from_slice(&two(month));
    out.push(b'-');
    out.extend_from_slice(&two(day));
}
