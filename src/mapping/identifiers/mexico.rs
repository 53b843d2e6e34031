//! Mexico.

use super::digits::{digits, is_day, weighted};

/// Federal entities of birth; `NE` is abroad.
const ENTITIES: [&[u8; 2]; 33] = [
    b"AS", b"BC", b"BS", b"CC", b"CL", b"CM", b"CS", b"CH", b"DF", b"DG", b"GT", b"GR", b"HG",
    b"JC", b"MC", b"MN", b"MS", b"NT", b"NL", b"OC", b"PL", b"QT", b"QR", b"SP", b"SL", b"SR",
    b"TC", b"TS", b"TL", b"VZ", b"YN", b"ZS", b"NE",
];

/// Words that the register does not let stand in front: it writes their second letter as X (annex 2).
const UNSUITABLE: &str = "BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO FETO \
    GETA GUEI GUEY JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA LOCO \
    LOKA LOKO MAME MAMO MEAR MEAS MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO PUTA \
    PUTO QULO RATA ROBA ROBE ROBO RUIN SENO TETA VACA VAGA VAGO VAKA VUEI VUEY WUEI WUEY";

/// Four letters of which the second is a vowel or X, date of birth, sex (X since 2023), entity, three consonants, a
/// character against duplicates, a check digit. The character before the last tells the century: a digit before 2000,
/// a letter since.
pub(super) fn curp(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 18]>::try_from(text) else { return false };
    let Some([y, yy, m, mm, d, dd]) = digits::<6>(&text[4..10]) else { return false };
    let century = match text[16] {
        b'0'..=b'9' => 1900,
        b'A'..=b'Z' => 2000,
        _ => return false,
    };
    let consonant =
        |byte: &u8| byte.is_ascii_uppercase() && !matches!(byte, b'A' | b'E' | b'I' | b'O' | b'U');
    let formed = text[..4].iter().all(u8::is_ascii_uppercase)
        && matches!(text[1], b'A' | b'E' | b'I' | b'O' | b'U' | b'X')
        && !UNSUITABLE.as_bytes().chunks(5).any(|word| word[..4] == text[..4])
        && is_day(century + y * 10 + yy, m * 10 + mm, d * 10 + dd)
        && matches!(text[10], b'H' | b'M' | b'X')
        && ENTITIES.iter().any(|entity| entity[..] == text[11..13])
        && text[13..16].iter().all(consonant);
    // Ñ has its place in the row of values, and is never written.
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte.saturating_sub(b'A')) + 11,
    };
    let sum: u32 =
        text[..17].iter().zip((2..=18).rev()).map(|(byte, weight)| value(*byte) * weight).sum();
    formed && u32::from(text[17]) == u32::from(b'0') + (10 - sum % 10) % 10
}

/// Three letters of a company or four of a person, a date, two characters of SAT and its check digit. `Ñ` takes two
/// octets and counts as one character; it and `&` stand in names only. The generic numbers of SAT are for the public and
/// for foreigners. SAT has given out numbers whose check digit is wrong: one in some seventy.
pub(super) fn rfc(text: &[u8]) -> bool {
    if matches!(text, b"XAXX010101000" | b"XEXX010101000") {
        return true;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let mut values = [0u32; 13];
    let mut count = 0;
    for character in text.chars() {
        let Some(place) = values.get_mut(count) else { return false };
        *place = match rfc_value(character) {
            Some(value) => value,
            None => return false,
        };
        count += 1;
    }
    let letters = match count {
        12 => 3,
        13 => 4,
        _ => return false,
    };
    let (name, rest) = values[..count].split_at(letters);
    let [y, yy, m, mm, d, dd, one, two, check] = *rest else { return false };
    let date = [y, yy, m, mm, d, dd].iter().all(|value| *value <= 9);
    // The century is not told: a leap day of the year 00 is one of 2000.
    let day = date && is_day(2000 + y * 10 + yy, m * 10 + mm, d * 10 + dd);
    // A company's number is read with a blank in front, which has the value 37.
    let blank = if letters == 3 { 37 * 13 } else { 0 };
    let weights = (2..=if letters == 3 { 12 } else { 13 }).rev();
    let sum: u32 =
        values[..count - 1].iter().zip(weights).map(|(value, weight)| value * weight).sum();
    name.iter().all(|value| *value > 9)
        && ![one, two].iter().any(|value| matches!(value, 24 | 38))
        && day
        && check <= 10
        && (11 - (sum + blank) % 11) % 11 == check
}

fn rfc_value(character: char) -> Option<u32> {
    Some(match character {
        '0'..='9' => character as u32 - '0' as u32,
        'A'..='N' => character as u32 - 'A' as u32 + 10,
        '&' => 24,
        'O'..='Z' => character as u32 - 'O' as u32 + 25,
        'Ñ' => 38,
        _ => return None,
    })
}

/// Bank, place, account, check digit: 18 digits.
pub(super) fn clabe(text: &[u8]) -> bool {
    let Some(digits) = digits::<18>(text) else { return false };
    let weights = [3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1];
    // The check digit makes the sum a multiple of ten.
    weighted(&digits, &weights).is_multiple_of(10)
}
