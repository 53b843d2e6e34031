//! VAT numbers of Austria, Belgium, Cyprus, France, Greece, Ireland, Italy, the Netherlands, Portugal and Northern
//! Ireland, each without its country.

use super::super::{
    digits::{digits, is_digits, luhn_sum, mod_97, number, weighted},
    france as french,
};

/// `U` and Luhn's sum over seven digits, to which the check digit is four less.
pub(super) fn austria(text: &[u8]) -> bool {
    let [b'U', rest @ ..] = text else { return false };
    digits::<8>(rest)
        .is_some_and(|digits| (luhn_sum(&digits[..7]) + digits[7] + 4).is_multiple_of(10))
}

/// The number of the enterprise: 0 or, since 2023, 1 in front; 97 less the remainder by 97.
pub(super) fn belgium(text: &[u8]) -> bool {
    text.len() == 10
        && matches!(text[0], b'0' | b'1')
        && number(text).is_some_and(|all| 97 - all / 100 % 97 == all % 100)
}

/// Eight digits, those in odd places through a table, and the letter of the sum by 26. None begins with 12.
pub(super) fn cyprus(text: &[u8]) -> bool {
    const IN_ODD_PLACES: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let [head @ .., letter] = text else { return false };
    let Some(digits) = digits::<8>(head) else { return false };
    let value = |(at, digit): (usize, &u32)| {
        if at % 2 == 0 { IN_ODD_PLACES[*digit as usize] } else { *digit }
    };
    let sum: u32 = digits.iter().enumerate().map(value).sum();
    digits[..2] != [1, 2] && u32::from(*letter) == u32::from(b'A') + sum % 26
}

/// Two characters of a key and the enterprise. Keys of digits can be checked; the numbers of Monaco begin with 000 and
/// belong to no enterprise of the register.
pub(super) fn france(text: &[u8]) -> bool {
    if text.len() != 11 {
        return false;
    }
    let (key, enterprise) = text.split_at(2);
    let Some(siren) = number(enterprise) else { return false };
    let letter = |byte: &u8| byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O');
    let keyed = match number(key) {
        Some(key) => key == (12 + 3 * (siren % 97)) % 97,
        None => key.iter().all(|byte| byte.is_ascii_digit() || letter(byte)),
    };
    keyed && siren != 0 && (french::siren(enterprise) || enterprise.starts_with(b"000"))
}

pub(super) fn greece(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|digits| {
        let sum = weighted(&digits[..8], &[256, 128, 64, 32, 16, 8, 4, 2]);
        digits != [0; 9] && sum % 11 % 10 == digits[8]
    })
}

/// Seven digits, a check letter by 23 and since 2013 perhaps a second letter, which counts nine times; or the old form,
/// a letter, `+` or `*` in second place, whose first digit is read after the others.
pub(super) fn ireland(text: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let Some((front, letters)) = text.split_at_checked(7) else { return false };
    let mut plain = [b'0'; 7];
    if matches!(front[1], b'A'..=b'Z' | b'+' | b'*') && letters.len() == 1 {
        plain[1..6].copy_from_slice(&front[2..]);
        plain[6] = front[0];
    } else {
        plain.copy_from_slice(front);
    }
    let (check, second) = match letters {
        [check] | [check, b'W'] => (check, 0),
        [check, second @ b'A'..=b'I'] => (check, u32::from(second - b'A') + 1),
        _ => return false,
    };
    digits::<7>(&plain).is_some_and(|digits| {
        let sum = weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]) + 9 * second;
        *check == LETTERS[(sum % 23) as usize]
    })
}

/// Seven digits of the holder, three of the office (of a province, or one of the central ones), Luhn's check digit.
pub(super) fn italy(text: &[u8]) -> bool {
    digits::<11>(text).is_some_and(|digits| {
        let office = digits[7] * 100 + digits[8] * 10 + digits[9];
        digits[..7] != [0; 7]
            && matches!(office, 1..=201 | 888 | 999)
            && luhn_sum(&digits).is_multiple_of(10)
    })
}

/// Nine digits, `B`, two digits from 01 on: those of companies keep the check of their tax number, those of the
/// self-employed since 2020 have one over the whole.
pub(super) fn netherlands(whole: &[u8], text: &[u8]) -> bool {
    let [head @ .., b'B', s, t] = text else { return false };
    let Some(digits) = digits::<9>(head) else { return false };
    let (check, sum) = (digits[8], weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]));
    digits != [0; 9]
        && is_digits(&[*s, *t])
        && [*s, *t] != *b"00"
        && (sum % 11 == check || mod_97(whole.iter().copied()) == Some(1))
}

pub(super) fn portugal(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|digits| {
        let check = 11 - weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        digits[0] != 0 && digits[8] == if check > 9 { 0 } else { check }
    })
}

/// Nine digits by 97, or twelve of which the last three are a branch; a department below 500 after `GD`, a health
/// authority from 500 on after `HA`. Since 2010 the sum may be 42 or 55 off, in numbers that do not begin with 0.
pub(super) fn northern_ireland(text: &[u8]) -> bool {
    match text {
        [b'G', b'D', rest @ ..] => digits::<3>(rest).is_some_and(|digits| digits[0] < 5),
        [b'H', b'A', rest @ ..] => digits::<3>(rest).is_some_and(|digits| digits[0] >= 5),
        _ if text.len() == 12 && is_digits(text) => standard_british(&text[..9]),
        _ => standard_british(text),
    }
}

fn standard_british(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|digits| {
        let rest = weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
        digits[..7] != [0; 7] && (rest == 0 || digits[0] != 0 && matches!(rest, 42 | 55))
    })
}
