//! Numbers of the European Union: VAT and customs.
//!
//! The forms are those of VIES. The check digits of every country are checked, as far as its numbers have any: the key of
//! a French number that is not two digits and a Latvian personal code without a date of birth are taken by form.

mod eastern;
mod western;

use super::{
    digits::{digits, is_digits, luhn_sum, mod_11_10, number, sums_to, weighted},
    france, spain,
};

/// The country as VIES writes it (`EL` is Greece, `XI` Northern Ireland) and its number.
pub(super) fn vat(text: &[u8]) -> bool {
    let [a, b, rest @ ..] = text else { return false };
    match &[*a, *b] {
        b"AT" => western::austria(rest),
        b"BE" => western::belgium(rest),
        b"BG" => eastern::bulgaria(rest),
        b"CY" => western::cyprus(rest),
        b"CZ" => eastern::czechia(rest),
        b"DE" => digits::<9>(rest).is_some_and(|digits| digits[0] != 0 && mod_11_10(&digits)),
        b"DK" => rest.first() != Some(&b'0') && sums_to::<8>(rest, [2, 7, 6, 5, 4, 3, 2, 1], 11),
        b"EE" => sums_to::<9>(rest, [3, 7, 1, 3, 7, 1, 3, 7, 1], 10),
        b"EL" => western::greece(rest),
        b"ES" => spain::tax_id(rest),
        b"FI" => sums_to::<8>(rest, [7, 9, 10, 5, 8, 4, 2, 1], 11),
        b"FR" => western::france(rest),
        b"HR" => digits::<11>(rest).is_some_and(|digits| mod_11_10(&digits)),
        b"HU" => sums_to::<8>(rest, [9, 7, 3, 1, 9, 7, 3, 1], 10),
        b"IE" => western::ireland(rest),
        b"IT" => western::italy(rest),
        b"LT" => eastern::lithuania(rest),
        b"LU" => luxembourg(rest),
        b"LV" => eastern::latvia(rest),
        b"MT" => malta(rest),
        b"NL" => western::netherlands(text, rest),
        b"PL" => digits::<10>(rest).is_some_and(|digits| {
            digits != [0; 10]
                && weighted(&digits[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digits[9]
        }),
        b"PT" => western::portugal(rest),
        b"RO" => eastern::romania(rest),
        b"SE" => digits::<12>(rest).is_some_and(|digits| {
            digits[..10] != [0; 10]
                && luhn_sum(&digits[..10]).is_multiple_of(10)
                && digits[10..] != [0, 0]
        }),
        b"SI" => eastern::slovenia(rest),
        b"SK" => eastern::slovakia(rest),
        b"XI" => western::northern_ireland(rest),
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
            b"FR" if rest.len() == 14 && is_digits(rest) => france::siret(rest),
            _ => true,
        }
}

fn luxembourg(text: &[u8]) -> bool {
    text.len() == 8 && number(text).is_some_and(|all| all != 0 && all / 100 % 89 == all % 100)
}

/// Six digits and two of a check, from 01 to 37.
fn malta(text: &[u8]) -> bool {
    digits::<8>(text).is_some_and(|digits| {
        let check = 37 - weighted(&digits[..6], &[3, 4, 6, 7, 8, 9]) % 37;
        digits[0] != 0 && digits[6] * 10 + digits[7] == check
    })
}
