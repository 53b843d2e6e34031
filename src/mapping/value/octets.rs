//! Octets as they lie in the batch, or as text that stands for them.

use std::{cmp::Ordering, fmt};

/// A run of octets that owns nothing. Text in hexadecimal or base64 was checked when it was decoded and is
/// turned into octets only while it is read, so that decoding needs no buffer. Equality and order go by the
/// octets, however they are kept.
#[derive(Clone, Copy)]
pub struct Octets<'a>(Form<'a>);

#[derive(Clone, Copy)]
enum Form<'a> {
    Raw(&'a [u8]),
    /// An even number of hexadecimal digits.
    Hex(&'a [u8]),
    /// Canonical base64 with its padding.
    Base64(&'a [u8]),
}

impl<'a> Octets<'a> {
    /// Octets as they are.
    pub fn raw(octets: &'a [u8]) -> Self {
        Self(Form::Raw(octets))
    }

    /// Octets written as pairs of hexadecimal digits, if that is what `text` is.
    pub fn hex(text: &'a str) -> Option<Self> {
        let digits = text.as_bytes();
        (digits.len().is_multiple_of(2) && digits.iter().all(|byte| hex_digit(*byte).is_some()))
            .then_some(Self(Form::Hex(digits)))
    }

    /// Octets written in base64 (RFC 4648 section 4, with padding, without line breaks, no stray bits), if
    /// that is what `text` is.
    pub fn base64(text: &'a str) -> Option<Self> {
        let symbols = text.as_bytes();
        let padding = symbols.iter().rev().take_while(|byte| **byte == b'=').count();
        let body = &symbols[..symbols.len() - padding];
        if !symbols.len().is_multiple_of(4) || padding > 2 {
            return None;
        }
        if !body.iter().all(|byte| sextet(*byte).is_some()) {
            return None;
        }
        let spare = body.last().and_then(|byte| sextet(*byte)).unwrap_or(0);
        let stray = match padding {
            1 => spare & 0b11,
            2 => spare & 0b1111,
            _ => 0,
        };
        (stray == 0).then_some(Self(Form::Base64(symbols)))
    }

    /// How many octets there are.
    pub fn len(&self) -> usize {
        match self.0 {
            Form::Raw(octets) => octets.len(),
            Form::Hex(digits) => digits.len() / 2,
            Form::Base64(symbols) => {
                let padding = symbols.iter().rev().take_while(|byte| **byte == b'=').count();
                symbols.len() / 4 * 3 - padding
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octet at `index`.
    pub fn get(&self, index: usize) -> Option<u8> {
        if index >= self.len() {
            return None;
        }
        match self.0 {
            Form::Raw(octets) => octets.get(index).copied(),
            Form::Hex(digits) => {
                Some(hex_digit(digits[2 * index])? << 4 | hex_digit(digits[2 * index + 1])?)
            }
            Form::Base64(symbols) => {
                let group = index / 3 * 4;
                let at = |offset: usize| sextet(*symbols.get(group + offset)?);
                Some(match index % 3 {
                    0 => at(0)? << 2 | at(1)? >> 4,
                    1 => at(1)? << 4 | at(2)? >> 2,
                    _ => at(2)? << 6 | at(3)?,
                })
            }
        }
    }

    /// The octets in order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + use<'a> {
        let octets = *self;
        (0..octets.len()).filter_map(move |index| octets.get(index))
    }

    /// Appends the octets themselves.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.0 {
            Form::Raw(octets) => out.extend_from_slice(octets),
            _ => out.extend(self.iter()),
        }
    }

    /// Appends them in base64 with padding.
    pub fn write_base64(&self, out: &mut Vec<u8>) {
        if let Form::Base64(symbols) = self.0 {
            return out.extend_from_slice(symbols);
        }
        let mut octets = self.iter();
        while let Some(first) = octets.next() {
            let (second, third) = (octets.next(), octets.next());
            let bits = u32::from(first) << 16
                | u32::from(second.unwrap_or(0)) << 8
                | u32::from(third.unwrap_or(0));
            let symbol = |shift: u32| ALPHABET[(bits >> shift & 63) as usize];
            out.extend_from_slice(&[
                symbol(18),
                symbol(12),
                if second.is_some() { symbol(6) } else { b'=' },
                if third.is_some() { symbol(0) } else { b'=' },
            ]);
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// The value of a hexadecimal digit in either case.
pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => return None,
    })
}

impl Ord for Octets<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Form::Raw(a), Form::Raw(b)) => a.cmp(b),
            _ => self.iter().cmp(other.iter()),
        }
    }
}

impl PartialOrd for Octets<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Octets<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Octets<'_> {}

impl fmt::Debug for Octets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
