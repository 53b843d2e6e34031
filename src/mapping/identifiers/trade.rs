//! Goods and books.

use super::digits::digits;

/// 8, 12, 13 or 14 digits; from the right, the sum of the digits times 1 and 3 in turn is a multiple of ten.
pub(super) fn gtin(text: &[u8]) -> bool {
    matches!(text.len(), 8 | 12 | 13 | 14)
        && text.iter().all(u8::is_ascii_digit)
        && text
            .iter()
            .rev()
            .zip([1, 3].into_iter().cycle())
            .map(|(byte, weight)| u32::from(byte - b'0') * weight)
            .sum::<u32>()
            .is_multiple_of(10)
}

/// The one of 13 digits.
pub(super) fn ean13(text: &[u8]) -> bool {
    text.len() == 13 && gtin(text)
}

/// The old one with a check character that may be X for 10, or the one of 13 digits in the ranges 978 and 979.
pub(super) fn isbn(text: &[u8]) -> bool {
    let [head @ .., last] = text else { return false };
    if let Some(head) = digits::<9>(head) {
        let check = match last {
            b'X' => 10,
            b'0'..=b'9' => u32::from(last - b'0'),
            _ => return false,
        };
        let sum: u32 = head.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        return (sum + check).is_multiple_of(11);
    }
    (text.starts_with(b"978") || text.starts_with(b"979")) && ean13(text)
}
