//! Money: accounts, legal entities, cards.

use super::digits::mod_97;

/// The countries of the IBAN register and the length of their numbers: release 101 of SWIFT's register, 89 countries.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 \
    DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 \
    IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 \
    MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 \
    SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Country, two check digits from 02 to 98, the account; the first four characters moved to the end, the remainder
/// by 97 is 1.
pub(super) fn iban(text: &[u8]) -> bool {
    let [a, b, c, d, account @ ..] = text else { return false };
    let length = LENGTHS.as_bytes().chunks(5).find(|entry| entry[..2] == [*a, *b]);
    let known = length.is_some_and(|entry| {
        usize::from(entry[2] - b'0') * 10 + usize::from(entry[3] - b'0') == text.len()
    });
    let check = c.is_ascii_digit()
        && d.is_ascii_digit()
        && !matches!([*c, *d], [b'0', b'0' | b'1'] | [b'9', b'9']);
    known && check && mod_97(account.iter().chain(&text[..4]).copied()) == Some(1)
}

/// Eighteen letters or digits and two check digits.
pub(super) fn lei(text: &[u8]) -> bool {
    text.len() == 20
        && text[18..].iter().all(u8::is_ascii_digit)
        && mod_97(text.iter().copied()) == Some(1)
}

/// Two digits or more, whose sum, every second from the right doubled, is a multiple of ten.
pub(super) fn luhn(text: &[u8]) -> bool {
    if text.len() < 2 || !text.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = |(at, byte): (usize, &u8)| {
        let digit = u32::from(byte - b'0');
        if at % 2 == 1 { super::digits::doubled(digit) } else { digit }
    };
    text.iter().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}
