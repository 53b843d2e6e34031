//! VAT numbers of Bulgaria, Czechia, Lithuania, Latvia, Romania, Slovenia and Slovakia, each without its country.

use super::super::digits::{digits, is_day, is_digits, weighted};

/// Nine digits of a company; ten of a citizen, a foreigner or somebody else, three rules of which one must hold.
pub(super) fn bulgaria(text: &[u8]) -> bool {
    if let Some(digits) = digits::<9>(text) {
        let sum = |first: u32| (first..).zip(&digits[..8]).map(|(weight, digit)| weight * digit);
        let check = match sum(1).sum::<u32>() % 11 {
            10 => sum(3).sum::<u32>() % 11 % 10,
            rest => rest,
        };
        return digits != [0; 9] && check == digits[8];
    }
    digits::<10>(text).is_some_and(|digits| {
        let sum = |weights: [u32; 9]| weighted(&digits[..9], &weights);
        let citizen = is_bulgarian_birthday(&digits)
            && sum([2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digits[9];
        let foreigner = sum([21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == digits[9];
        let other = (11 - sum([4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == digits[9];
        digits != [0; 10] && (citizen || foreigner || other)
    })
}

/// Months of the 19th century are 20 more, those of the 21st 40.
fn is_bulgarian_birthday(digits: &[u32; 10]) -> bool {
    let (year, month) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]);
    let (century, month) = match month {
        1..=12 => (1900, month),
        21..=32 => (1800, month - 20),
        41..=52 => (2000, month - 40),
        _ => return false,
    };
    is_day(century + year, month, digits[4] * 10 + digits[5])
}

/// Eight digits of a company, nine that begin with 6 of a group or of a person without a birth number, or a birth
/// number, which has a check digit since 1954.
pub(super) fn czechia(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 7] = [8, 7, 6, 5, 4, 3, 2];
    match text.len() {
        8 => digits::<8>(text).is_some_and(|digits| {
            let check = match (11 - weighted(&digits[..7], &WEIGHTS) % 11) % 11 {
                0 => 1,
                check => check % 10,
            };
            digits[0] != 9 && digits[7] == check
        }),
        9 => digits::<9>(text).is_some_and(|digits| {
            if digits[0] == 6 {
                return (weighted(&digits[1..8], &WEIGHTS) % 11 + 8) % 10 == digits[8];
            }
            match digits[0] * 10 + digits[1] {
                year @ 0..=53 => is_czech_birthday(1900 + year, &digits),
                year @ 80..=99 => is_czech_birthday(1800 + year, &digits),
                _ => false,
            }
        }),
        10 => digits::<10>(text).is_some_and(|digits| {
            let rest = digits[..9].iter().fold(0, |rest, digit| (rest * 10 + digit) % 11);
            is_birthday_of_ten(&digits) && rest % 10 == digits[9]
        }),
        _ => false,
    }
}

/// Birth numbers have ten digits since 1954.
fn is_birthday_of_ten(digits: &[u32; 10]) -> bool {
    let year = digits[0] * 10 + digits[1];
    is_czech_birthday(if year < 54 { 2000 } else { 1900 } + year, digits)
}

/// Months of women are 50 more; 20 more where the day's numbers ran out.
fn is_czech_birthday(year: u32, digits: &[u32]) -> bool {
    let month = match digits[2] * 10 + digits[3] {
        month @ (1..=12 | 21..=32 | 51..=62 | 71..=82) => month % 50 % 20,
        _ => return false,
    };
    is_day(year, month, digits[4] * 10 + digits[5])
}

/// Nine digits of a company or twelve of a person, a 1 before the check digit, which a second row of weights gives
/// where the first leaves 10.
pub(super) fn lithuania(text: &[u8]) -> bool {
    let read = digits::<9>(text).map(|digits| check_of_lithuania(&digits));
    read.or_else(|| digits::<12>(text).map(|digits| check_of_lithuania(&digits))) == Some(true)
}

fn check_of_lithuania(digits: &[u32]) -> bool {
    let [head @ .., one, check] = digits else { return false };
    let sum = |skipped: usize| {
        let weights = (1..=9).cycle().skip(skipped);
        head.iter().chain([one]).zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>()
    };
    let rest = match sum(0) % 11 {
        10 => sum(2) % 11 % 10,
        rest => rest,
    };
    *one == 1 && rest == *check
}

/// Eleven digits: a company from 4 on; below, the personal code of somebody, from 32 on without date and check digit.
pub(super) fn latvia(text: &[u8]) -> bool {
    digits::<11>(text).is_some_and(|digits| match digits[0] * 10 + digits[1] {
        40.. => {
            let sum = weighted(&digits[..10], &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6]) % 11;
            digits[10] == if sum == 4 { 0 } else { (14 - sum) % 11 }
        }
        32..40 => true,
        day => {
            // 1101 less the sum; the weights here are those of the rule, less eleven.
            let sum = 1 + weighted(&digits[..10], &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
            let year = 1800 + digits[6] * 100 + digits[4] * 10 + digits[5];
            digits[6] <= 2
                && is_day(year, digits[2] * 10 + digits[3], day)
                && sum % 11 % 10 == digits[10]
        }
    })
}

/// Two to ten digits, the weights from the right, the sum times ten by eleven.
pub(super) fn romania(text: &[u8]) -> bool {
    if !(2..=10).contains(&text.len()) || text[0] == b'0' || !is_digits(text) {
        return false;
    }
    let digits = || text.iter().rev().map(|byte| u32::from(byte - b'0'));
    let weights = [0, 2, 3, 5, 7, 1, 2, 3, 5, 7];
    let sum: u32 = digits().zip(weights).map(|(digit, weight)| digit * weight).sum();
    digits().next() == Some(sum * 10 % 11 % 10)
}

pub(super) fn slovenia(text: &[u8]) -> bool {
    digits::<8>(text).is_some_and(|digits| {
        let check = 11 - weighted(&digits[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
        digits[0] != 0 && check != 11 && digits[7] == check % 10
    })
}

/// A multiple of eleven that begins with no 0: third digits of 0, 1 and 5 only in birth numbers.
pub(super) fn slovakia(text: &[u8]) -> bool {
    digits::<10>(text).is_some_and(|digits| {
        let rest = digits.iter().fold(0, |rest, digit| (rest * 10 + digit) % 11);
        digits[0] != 0
            && rest == 0
            && (!matches!(digits[2], 0 | 1 | 5) || is_birthday_of_ten(&digits))
    })
}
