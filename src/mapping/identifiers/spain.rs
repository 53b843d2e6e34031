//! Spain.

use super::digits::{digits, doubled, is_digits, number};

/// The letters of DNI and NIE, by the remainder of the number by 23.
const CONTROL_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Eight digits and the letter of their remainder; K, L and M stand for no digit.
pub(super) fn nif(text: &[u8]) -> bool {
    let [head @ .., letter] = text else { return false };
    let digits = match head {
        [b'K' | b'L' | b'M', digits @ ..] if digits.len() == 7 => digits,
        _ if head.len() == 8 => head,
        _ => return false,
    };
    number(digits).is_some_and(|number| CONTROL_LETTERS[(number % 23) as usize] == *letter)
}

/// X, Y and Z stand for 0, 1 and 2.
pub(super) fn nie(text: &[u8]) -> bool {
    let [first @ b'X'..=b'Z', digits @ .., letter] = text else { return false };
    digits.len() == 7
        && number(digits).is_some_and(|number| {
            let number = u64::from(first - b'X') * 10_000_000 + number;
            CONTROL_LETTERS[(number % 23) as usize] == *letter
        })
}

/// A letter, seven digits, a control that some kinds of organisation write as a digit, some as a letter, and all those
/// of abroad (whose digits begin with 00) may write as a letter.
pub(super) fn cif(text: &[u8]) -> bool {
    let [kind, middle @ .., control] = text else { return false };
    let Some(digits) = digits::<7>(middle) else { return false };
    let value = |(at, digit): (usize, &u32)| if at % 2 == 0 { doubled(*digit) } else { *digit };
    let sum: u32 = digits.iter().enumerate().map(value).sum();
    let check = (10 - sum % 10) % 10;
    let (digit, letter) = (b'0' + check as u8, b"JABCDEFGHI"[check as usize]);
    match kind {
        b'A' | b'B' | b'E' | b'H' if digits[..2] != [0, 0] => *control == digit,
        b'P' | b'Q' | b'R' | b'S' | b'W' | b'N' => *control == letter,
        b'A'..=b'H' | b'J' | b'U' | b'V' => *control == digit || *control == letter,
        _ => false,
    }
}

/// Any of the three.
pub(super) fn tax_id(text: &[u8]) -> bool {
    nif(text) || nie(text) || cif(text)
}

/// Nine characters: `E` of the state, `A` of a region, `L` local, `U` a university, `J` of justice, `I` another
/// institution, `O` an office, perhaps a second letter, and digits; or `GE`, a unit of economic management.
pub(super) fn dir3(text: &[u8]) -> bool {
    let number = match text {
        [b'G', b'E', rest @ ..] => rest,
        [b'A' | b'E' | b'I' | b'J' | b'L' | b'O' | b'U', rest @ ..] => match rest {
            [b'A'..=b'Z', rest @ ..] => rest,
            rest => rest,
        },
        _ => return false,
    };
    text.len() == 9 && is_digits(number)
}
