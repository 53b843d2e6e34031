//! Numbers of the European Union: VAT and customs.

use super::{
    digits::{digits, luhn_sum, mod_11_10, mod_97, number, weighted},
    france, spain,
};

/// The country as VIES writes it (`EL` is Greece, `XI` Northern Ireland) and its number.
pub(super) fn vat(text: &[u8]) -> bool {
    let [a, b, rest @ ..] = text else { return false };
    match &[*a, *b] {
        b"AT" => austria(rest),
        b"BE" => belgium(rest),
        b"BG" => is_digits(rest, 9..=10),
        b"CY" => matches!(rest, [head @ .., b'A'..=b'Z'] if is_digits(head, 8..=8)),
        b"CZ" => is_digits(rest, 8..=10),
        b"DE" => digits::<9>(rest).is_some_and(|digits| digits[0] != 0 && mod_11_10(&digits)),
        b"DK" => sums_to::<8>(rest, [2, 7, 6, 5, 4, 3, 2, 1], 11),
        b"EE" => sums_to::<9>(rest, [3, 7, 1, 3, 7, 1, 3, 7, 1], 10),
        b"EL" => greece(rest),
        b"ES" => spain::tax_id(rest),
        b"FI" => sums_to::<8>(rest, [7, 9, 10, 5, 8, 4, 2, 1], 11),
        b"FR" => france_vat(rest),
        b"HR" => digits::<11>(rest).is_some_and(|digits| mod_11_10(&digits)),
        b"HU" => sums_to::<8>(rest, [9, 7, 3, 1, 9, 7, 3, 1], 10),
        b"IE" => ireland(rest),
        b"IT" => digits::<11>(rest).is_some_and(|digits| luhn_sum(&digits).is_multiple_of(10)),
        b"LT" => is_digits(rest, 9..=9) || is_digits(rest, 12..=12),
        b"LU" => rest.len() == 8 && number(rest).is_some_and(|all| all / 100 % 89 == all % 100),
        b"LV" => is_digits(rest, 11..=11),
        b"MT" => sums_to::<8>(rest, [3, 4, 6, 7, 8, 9, 10, 1], 37),
        b"NL" => netherlands(text, rest),
        b"PL" => digits::<10>(rest).is_some_and(|digits| {
            weighted(&digits[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digits[9]
        }),
        b"PT" => portugal(rest),
        b"RO" => is_digits(rest, 2..=10),
        b"SE" => digits::<12>(rest).is_some_and(|digits| {
            luhn_sum(&digits[..10]).is_multiple_of(10) && digits[10..] != [0, 0]
        }),
        b"SI" => slovenia(rest),
        b"SK" => rest.len() == 10 && number(rest).is_some_and(|number| number.is_multiple_of(11)),
        b"XI" => {
            is_digits(rest, 9..=9)
                || is_digits(rest, 12..=12)
                || matches!(rest, [b'G', b'D', tail @ ..] | [b'H', b'A', tail @ ..] if is_digits(tail, 3..=3))
        }
        _ => false,
    }
}

/// A country of the customs union and up to 15 characters. The national part is checked where it is known to be
/// another identifier: a tax number in Spain, an establishment in France.
pub(super) fn eori(text: &[u8]) -> bool {
    const COUNTRIES: &str =
        "AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI";
    let [a, b, rest @ ..] = text else { return false };
    let country = [*a, *b];
    let known = COUNTRIES.as_bytes().chunks(3).any(|entry| entry[..2] == country);
    let formed = (1..=15).contains(&rest.len())
        && rest.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    known
        && formed
        && match &country {
            b"ES" if rest.len() == 9 => spain::tax_id(rest),
            b"FR" if is_digits(rest, 14..=14) => france::siret(rest),
            _ => true,
        }
}

fn is_digits(text: &[u8], lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// `N` digits, whose weighted sum is a multiple.
fn sums_to<const N: usize>(text: &[u8], weights: [u32; N], modulus: u32) -> bool {
    digits::<N>(text).is_some_and(|digits| {
        digits != [0; N] && weighted(&digits, &weights).is_multiple_of(modulus)
    })
}

fn austria(text: &[u8]) -> bool {
    let [b'U', rest @ ..] = text else { return false };
    // As Luhn's over the seven before the check digit, which is four less.
    digits::<8>(rest)
        .is_some_and(|digits| (luhn_sum(&digits[..7]) + digits[7] + 4).is_multiple_of(10))
}

fn belgium(text: &[u8]) -> bool {
    text.len() == 10
        && matches!(text[0], b'0' | b'1')
        && number(text).is_some_and(|all| 97 - all / 100 % 97 == all % 100)
}

fn greece(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|digits| {
        let sum = weighted(&digits[..8], &[256, 128, 64, 32, 16, 8, 4, 2]);
        digits != [0; 9] && sum % 11 % 10 == digits[8]
    })
}

/// Two characters of a key and the enterprise. Keys of digits can be checked; those of Monaco, whose numbers begin
/// with 000, belong to no enterprise of the register.
fn france_vat(text: &[u8]) -> bool {
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
    keyed && (france::siren(enterprise) || enterprise.starts_with(b"000"))
}

/// Seven digits and one or two letters, the first a check character; or the form before 2013 with a letter, `+` or
/// `*` in second place. Form only.
fn ireland(text: &[u8]) -> bool {
    match text {
        [first, second, middle @ .., last] if middle.len() == 5 => {
            first.is_ascii_digit()
                && (second.is_ascii_digit()
                    || second.is_ascii_uppercase()
                    || matches!(second, b'+' | b'*'))
                && middle.iter().all(u8::is_ascii_digit)
                && last.is_ascii_uppercase()
        }
        [head @ .., check, last] if head.len() == 7 => {
            head.iter().all(u8::is_ascii_digit)
                && check.is_ascii_uppercase()
                && matches!(last, b'A'..=b'I' | b'W')
        }
        _ => false,
    }
}

/// Nine digits, `B`, two digits: those of companies keep the check of their tax number, those of the self-employed
/// since 2020 have one over the whole.
fn netherlands(whole: &[u8], text: &[u8]) -> bool {
    let [head @ .., b'B', s, t] = text else { return false };
    let Some(digits) = digits::<9>(head) else { return false };
    let (check, sum) = (digits[8], weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]));
    s.is_ascii_digit()
        && t.is_ascii_digit()
        && (sum % 11 == check || mod_97(whole.iter().copied()) == Some(1))
}

fn portugal(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|digits| {
        let check = 11 - weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        digits[0] != 0 && digits[8] == if check > 9 { 0 } else { check }
    })
}

fn slovenia(text: &[u8]) -> bool {
    digits::<8>(text).is_some_and(|digits| {
        let check = 11 - weighted(&digits[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
        digits[0] != 0 && check != 11 && digits[7] == check % 10
    })
}
