//! Text as a JSON string.

/// Appends `text` as a JSON string with its quotes.
pub fn write_json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_json_text(out, text);
    out.push(b'"');
}

/// Appends `text` as the inside of a JSON string. Escaped is what RFC 8259 demands (quote, backslash, control
/// characters below U+0020), nothing else: the rest stays UTF-8.
#[inline]
pub fn write_json_text(out: &mut Vec<u8>, text: &str) {
    if needs_escape(text.as_bytes()) {
        write_escaped(out, text.as_bytes());
    } else {
        append(out, text.as_bytes());
    }
}

/// Appends octets. Short ones, as nearly all texts and names of fields are, go over in two pieces of a known size that
/// overlap: calling `memcpy` would cost more than copying.
#[inline]
pub(in crate::mapping) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        8..=16 => halves::<8>(out, bytes),
        17..=32 => halves::<16>(out, bytes),
        4..=7 => halves::<4>(out, bytes),
        _ => out.extend_from_slice(bytes),
    }
}

/// At least `N` octets and at most twice as many.
#[inline]
fn halves<const N: usize>(out: &mut Vec<u8>, bytes: &[u8]) {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return out.extend_from_slice(bytes);
    };
    let begin = out.len();
    out.reserve(2 * N);
    out.extend_from_slice(first);
    out.truncate(begin + bytes.len() - N);
    out.extend_from_slice(last);
}

#[cold]
fn write_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut clean = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[clean..at]);
        clean = at + 1;
        if escape == b'u' {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
    }
    out.extend_from_slice(&bytes[clean..]);
}

/// Whether a byte does not stand for itself; eight bytes at a time, for nearly no text has one. The last eight are
/// looked at together, even if that means twice at some of them.
#[inline]
fn needs_escape(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        let mut found = escapes_in(u64::from_le_bytes(*last));
        for word in bytes.as_chunks::<8>().0 {
            found |= escapes_in(u64::from_le_bytes(*word));
        }
        return found != 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return escapes_in(u64::from(first) << 32 | u64::from(last)) != 0;
    }
    bytes.iter().any(|&byte| ESCAPES[usize::from(byte)] != 0)
}

/// Not zero if one of eight bytes needs an escape: in its place the highest bit is set.
fn escapes_in(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // With its highest bit set no byte borrows from its neighbour.
    let below = |word: u64, limit: u64| !((word | HIGH) - ONES * limit) & !word & HIGH;
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    below(word, 0x20) | below(quote, 1) | below(backslash, 1)
}

/// What follows the backslash for each byte; 0 for a byte that stands for itself.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_every_length_are_appended_whole() {
        let bytes: Vec<u8> = (0..80).collect();
        for begin in 0..4 {
            for end in begin..bytes.len() {
                let mut out = b"before".to_vec();
                append(&mut out, &bytes[begin..end]);
                assert_eq!(out, [b"before", &bytes[begin..end]].concat());
            }
        }
    }

    #[test]
    fn every_byte_is_escaped_wherever_it_stands() {
        for length in 1..=20 {
            for place in 0..length {
                for byte in 0..0x80u8 {
                    let mut bytes = vec![b'x'; length];
                    bytes[place] = byte;
                    let found = needs_escape(&bytes);
                    assert_eq!(found, byte < 0x20 || matches!(byte, b'"' | b'\\'), "{byte:#x}");
                }
                assert!(!needs_escape(&"é€".repeat(length).into_bytes()));
            }
        }
    }
}
