//! Postal codes, by form and by the ranges that a country uses.

use super::digits::{digits, is_digits};

/// The province, 01 to 52, and three digits.
pub(super) fn spain(text: &[u8]) -> bool {
    digits::<5>(text).is_some_and(|code| (1..=52).contains(&(code[0] * 10 + code[1])))
}

/// Five digits from 01000 on.
pub(super) fn mexico(text: &[u8]) -> bool {
    digits::<5>(text).is_some_and(|code| code[0] + code[1] > 0)
}

/// A department, 97 and 98 for those overseas, 00 for the forces.
pub(super) fn france(text: &[u8]) -> bool {
    let Some(code) = digits::<5>(text) else { return false };
    match code[0] * 10 + code[1] {
        0 => code != [0; 5],
        department => department != 96 && department <= 98,
    }
}

/// Four digits from 1000 on and three behind a hyphen, which may be wanting.
pub(super) fn portugal(text: &[u8]) -> bool {
    let (place, rest) = match text {
        [place @ .., b'-', a, b, c] => (place, [*a, *b, *c]),
        [place @ .., a, b, c] => (place, [*a, *b, *c]),
        _ => return false,
    };
    digits::<4>(place).is_some_and(|place| place[0] != 0) && is_digits(&rest)
}

/// Five digits from 01001 on; the region 00 is not used.
pub(super) fn germany(text: &[u8]) -> bool {
    digits::<5>(text).is_some_and(|code| code[0] + code[1] > 0 && code[1..] != [0; 4])
}

/// Five digits from 00010 to 98199, Rome and Messina.
pub(super) fn italy(text: &[u8]) -> bool {
    digits::<5>(text).is_some_and(|code| {
        let code = code.iter().fold(0, |all, digit| all * 10 + digit);
        (10..=98_199).contains(&code)
    })
}

/// Five digits from 00501 on, and perhaps four more behind a hyphen.
pub(super) fn united_states(text: &[u8]) -> bool {
    let zip = match text {
        [zip @ .., b'-', a, b, c, d] if is_digits(&[*a, *b, *c, *d]) => zip,
        zip => zip,
    };
    digits::<5>(zip).is_some_and(|code| code.iter().fold(0, |all, digit| all * 10 + digit) >= 501)
}
