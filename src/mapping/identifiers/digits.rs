//! What the rules of several identifiers have in common.

/// The values of `text`, if it is `N` digits.
pub(super) fn digits<const N: usize>(text: &[u8]) -> Option<[u32; N]> {
    let text: &[u8; N] = text.try_into().ok()?;
    text.iter().all(u8::is_ascii_digit).then(|| text.map(|byte| u32::from(byte - b'0')))
}

/// Whether there are digits only.
pub(super) fn is_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// The number that `text` writes, if it is one to 18 digits.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if !(1..=18).contains(&text.len()) {
        return None;
    }
    text.iter().try_fold(0u64, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// The sum of the digits, each times its weight.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Whether `text` is `N` digits, not all 0, whose weighted sum is a multiple.
pub(super) fn sums_to<const N: usize>(text: &[u8], weights: [u32; N], modulus: u32) -> bool {
    digits::<N>(text).is_some_and(|digits| {
        digits != [0; N] && weighted(&digits, &weights).is_multiple_of(modulus)
    })
}

/// The sum of the digits, every second from the right doubled and taken as the sum of its own digits.
pub(super) fn luhn_sum(digits: &[u32]) -> u32 {
    let value = |(at, digit): (usize, &u32)| if at % 2 == 1 { doubled(*digit) } else { *digit };
    digits.iter().rev().enumerate().map(value).sum()
}

/// Twice a digit, as the sum of its digits.
pub(super) fn doubled(digit: u32) -> u32 {
    digit * 2 / 10 + digit * 2 % 10
}

/// The remainder by 97 of a text in which letters stand for 10 to 35; none for other characters.
pub(super) fn mod_97(text: impl IntoIterator<Item = u8>) -> Option<u32> {
    text.into_iter().try_fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    })
}

/// ISO 7064 MOD 11,10.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((last, head)) = digits.split_last() else { return false };
    let rest = head.iter().fold(10, |product, digit| match (product + digit) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    (rest + last) % 10 == 1
}

/// The month and the day of such texts, if there is such a day in the year.
pub(super) fn is_day(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}
