//! Event ids: the same record, the same id, for ever.
//!
//! An id is the first 16 bytes of SHA-256 over two parts, in lower-case base32 without padding:
//!
//! ```text
//! prefix   len source, source, len split, split, len unit, unit, zeros up to a multiple of 64 bytes
//! suffix   'o', ordinal as 8 bytes                  (Identity::Ordinal)
//!          'b', len bytes, bytes                    (Identity::Bytes)
//!          event index as 4 bytes
//! ```
//!
//! Lengths are 4 bytes, all numbers big endian. The lengths make the encoding injective; the zeros let the hash state after
//! the prefix be kept per unit, so that the id of a record costs one compression of SHA-256. (That is also why the
//! compression is called directly: cloning and finishing a hasher costs as much again.) The layout is a
//! stored format: changing it would give every old record a new id.

use std::{fmt, str};

use acequia_api::{Identity, RowRef};
use sha2::block_api::compress256;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const BLOCK: usize = 64;

/// The initial chaining value of SHA-256 (FIPS 180-4, 5.3.3).
const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The id of an event: 26 characters of lower-case base32, 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 26]);

impl EventId {
    /// As characters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("invariant: the alphabet is ASCII")
    }

    /// As ASCII octets.
    pub fn as_bytes(&self) -> &[u8; 26] {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What all ids of one unit share, hashed once.
#[derive(Debug, Clone)]
pub struct UnitDigest {
    /// The chaining value of SHA-256 after the prefix.
    state: [u32; 8],
    prefix_len: usize,
}

impl UnitDigest {
    /// `source` is the CloudEvents source, `split` and `unit` the ids that the connector gives.
    pub fn new(source: &str, split: &str, unit: &str) -> Self {
        let mut prefix = Vec::new();
        for part in [source, split, unit] {
            prefix.extend((part.len() as u32).to_be_bytes());
            prefix.extend(part.as_bytes());
        }
        prefix.resize(prefix.len().next_multiple_of(BLOCK), 0);
        let mut state = SHA256_START;
        compress256(&mut state, prefix.as_chunks().0);
        Self { state, prefix_len: prefix.len() }
    }

    /// The id of the event `index` of the record with this number in the unit.
    pub fn ordinal(&self, ordinal: u64, index: u32) -> EventId {
        const SUFFIX: usize = 13;
        let mut block = [0; BLOCK];
        block[0] = b'o';
        block[1..9].copy_from_slice(&ordinal.to_be_bytes());
        block[9..SUFFIX].copy_from_slice(&index.to_be_bytes());
        block[SUFFIX] = 0x80;
        Self::close(self.state, block, self.prefix_len + SUFFIX)
    }

    /// The id of the event `index` of the record with this identity in the unit.
    pub fn bytes(&self, identity: &[u8], index: u32) -> EventId {
        let len = (identity.len() as u32).to_be_bytes();
        self.finish(&[b"b", &len, identity, &index.to_be_bytes()])
    }

    /// The id of the event `index` of a row of this unit.
    pub fn row(&self, row: RowRef<'_>, index: u32) -> EventId {
        match row.meta().identity {
            Identity::Ordinal(ordinal) => self.ordinal(ordinal, index),
            Identity::Bytes(span) => self.bytes(row.batch().bytes(span), index),
        }
    }

    /// The end of SHA-256 as FIPS 180-4 has it: the suffix, a one bit, zeros, the length of everything in bits.
    fn finish(&self, suffix: &[&[u8]]) -> EventId {
        let mut state = self.state;
        let mut block = [0; BLOCK];
        let (mut filled, mut len) = (0, self.prefix_len);
        for mut part in suffix.iter().copied() {
            len += part.len();
            while filled + part.len() >= BLOCK {
                let (now, later) = part.split_at(BLOCK - filled);
                block[filled..].copy_from_slice(now);
                compress256(&mut state, &[block]);
                (part, filled, block) = (later, 0, [0; BLOCK]);
            }
            block[filled..][..part.len()].copy_from_slice(part);
            filled += part.len();
        }
        block[filled] = 0x80;
        if filled >= BLOCK - 8 {
            compress256(&mut state, &[block]);
            block = [0; BLOCK];
        }
        Self::close(state, block, len)
    }

    /// The last block, which has room for the length of everything.
    fn close(mut state: [u32; 8], mut block: [u8; BLOCK], len: usize) -> EventId {
        block[BLOCK - 8..].copy_from_slice(&(len as u64 * 8).to_be_bytes());
        compress256(&mut state, &[block]);
        let [a, b, c, d, ..] = state.map(u128::from);
        EventId(base32(a << 96 | b << 64 | c << 32 | d))
    }
}

/// The id of one event of one row; see [`UnitDigest`] for many rows of a unit.
pub fn event_id(source: &str, split: &str, row: RowRef<'_>, index: u32) -> EventId {
    UnitDigest::new(source, split, &row.batch().unit_of(row.meta().unit).id).row(row, index)
}

/// 128 bits in lower-case base32.
pub(super) fn base32(bits: u128) -> [u8; 26] {
    let mut text = [0; 26];
    let (eights, _) = text.as_chunks_mut::<8>();
    for (at, letters) in eights.iter_mut().enumerate() {
        *letters = eight_letters((bits >> (88 - 40 * at)) as u64);
    }
    text[24] = ALPHABET[(bits >> 3) as usize & 31];
    text[25] = ALPHABET[(bits << 2) as usize & 31];
    text
}

/// The lowest forty bits as eight letters, all at once: halves are moved apart until five bits stand in each octet.
fn eight_letters(bits: u64) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    /// Letters come before digits in the alphabet, and after them in ASCII.
    const LETTERS: u64 = 26;
    const BACK: u64 = b'a' as u64 + LETTERS - b'2' as u64;
    let twenties = (bits & 0xff_fff0_0000) << 12 | bits & 0xf_ffff;
    let tens = (twenties & 0x000f_fc00_000f_fc00) << 6 | twenties & 0x0000_03ff_0000_03ff;
    let fives = (tens & 0x03e0_03e0_03e0_03e0) << 3 | tens & 0x001f_001f_001f_001f;
    // The highest bit of an octet becomes one where a digit is to stand.
    let digits = (fives + ONES * (0x80 - LETTERS)) >> 7 & ONES;
    (fives + ONES * u64::from(b'a') - digits * BACK).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sha2::{Digest, Sha256};

    use super::*;

    /// Expected values from Python, where they can be computed again:
    /// ```python
    /// import hashlib, base64, struct
    /// n = lambda b: struct.pack(">I", len(b)) + b
    /// p = n(b"acequia://villaclara/permits") + n(b"drop") + n(b"sha256:ab12")
    /// p += bytes(-len(p) % 64)
    /// i = lambda s: base64.b32encode(hashlib.sha256(p + s).digest()[:16]).decode().lower().rstrip("=")
    /// i(b"o" + struct.pack(">QI", 12, 0)); i(b"b" + n(b"\x00\x01") + struct.pack(">I", 3))
    /// ```
    #[test]
    fn ids_are_those_that_the_stored_format_prescribes() {
        let unit = UnitDigest::new("acequia://villaclara/permits", "drop", "sha256:ab12");
        assert_eq!(unit.ordinal(12, 0).as_str(), "szr43al5k3agcvt2zgzpvmirqi");
        assert_eq!(unit.bytes(&[0, 1], 3).as_str(), "rcc7l5putmcl6iptuu5no2vkx4");
    }

    #[test]
    fn ids_differ_in_every_part_that_makes_them() {
        let mut seen = HashSet::new();
        let mut made = 0;
        for (source, split, unit) in [
            ("s", "p", "u"),
            ("sp", "", "u"),
            ("s", "pu", ""),
            ("s", "", "pu"),
            ("s", "p", "v"),
            ("s\0", "p", "u"),
        ] {
            let unit = UnitDigest::new(source, split, unit);
            for ordinal in 0..50 {
                for index in 0..4 {
                    seen.insert(unit.ordinal(ordinal, index));
                    seen.insert(unit.bytes(&ordinal.to_be_bytes(), index));
                    made += 2;
                }
            }
            seen.insert(unit.bytes(b"", 0));
            seen.insert(unit.bytes(b"\0\0\0\0", 0));
            made += 2;
        }
        assert_eq!(seen.len(), made);
    }

    /// The whole encoding through an ordinary hasher.
    fn plainly(parts: [&str; 3], identity: &[u8], index: u32) -> String {
        let mut text = Vec::new();
        for part in parts {
            text.extend((part.len() as u32).to_be_bytes());
            text.extend(part.as_bytes());
        }
        text.resize(text.len().next_multiple_of(BLOCK), 0);
        text.push(b'b');
        text.extend((identity.len() as u32).to_be_bytes());
        text.extend(identity);
        text.extend(index.to_be_bytes());
        data_encoding::BASE32_NOPAD.encode(&Sha256::digest(text)[..16]).to_lowercase()
    }

    #[test]
    fn the_kept_state_gives_what_hashing_everything_gives() {
        let long = "u".repeat(3 * BLOCK);
        for len in 0..3 * BLOCK {
            let (unit, identity) = (&long[..len], &long.as_bytes()[..3 * BLOCK - len]);
            for identity in [identity, unit.as_bytes()] {
                let id = UnitDigest::new("source", "split", unit).bytes(identity, 7);
                assert_eq!(id.as_str(), plainly(["source", "split", unit], identity, 7));
            }
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let bits = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978_u128;
        let expected = data_encoding::BASE32_NOPAD.encode(&bits.to_be_bytes()).to_lowercase();
        assert_eq!(base32(bits), expected.as_bytes());
        assert_eq!(&base32(u128::MAX), b"77777777777777777777777774");
    }
}
