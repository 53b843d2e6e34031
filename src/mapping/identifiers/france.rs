//! France.

use super::digits::{digits, luhn_sum, number};

/// Nine digits of which not all are 0.
pub(super) fn siren(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|digits| digits != [0; 9] && luhn_sum(&digits).is_multiple_of(10))
}

/// The enterprise and five digits of the establishment. La Poste has more establishments than check digits: theirs,
/// the seat excepted, have a sum of digits that is a multiple of five.
pub(super) fn siret(text: &[u8]) -> bool {
    const LA_POSTE: &[u8] = b"356000000";
    let Some(digits) = digits::<14>(text) else { return false };
    siren(&text[..9])
        && (luhn_sum(&digits).is_multiple_of(10)
            || text.starts_with(LA_POSTE) && digits.iter().sum::<u32>().is_multiple_of(5))
}

/// Sex, year, month, department, commune, order, and a key of two digits.
pub(super) fn nir(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 15]>::try_from(text) else { return false };
    let mut plain = *text;
    // Corsica counts as 19 and 18.
    match &text[5..7] {
        b"2A" => plain[5..7].copy_from_slice(b"19"),
        b"2B" => plain[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    let (Some(body), Some(key)) = (number(&plain[..13]), number(&plain[13..])) else {
        return false;
    };
    let (month, department) = (body / 100_000_000 % 100, body / 1_000_000 % 100);
    // 20 to 42 and 50 to 99 stand for months that are not known.
    matches!(text[0], b'1'..=b'4' | b'7' | b'8')
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && department != 0
        && key == 97 - body % 97
}
