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
//! the prefix be kept per unit, so that the id of a record costs one compression of SHA-256. The layout is a
//! stored format: changing it would give every old record a new id.

use std::{fmt, str};

use acequia_api::{Identity, RowRef};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const BLOCK: usize = 64;

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
pub struct UnitDigest(Sha256);

impl UnitDigest {
    /// `source` is the CloudEvents source, `split` and `unit` the ids that the connector gives.
    pub fn new(source: &str, split: &str, unit: &str) -> Self {
        let mut hash = Sha256::new();
        let mut len = 0;
        for part in [source, split, unit] {
            update_with_len(&mut hash, part.as_bytes());
            len += 4 + part.len();
        }
        hash.update(&[0; BLOCK][..len.next_multiple_of(BLOCK) - len]);
        Self(hash)
    }

    /// The id of the event `index` of the record with this number in the unit.
    pub fn ordinal(&self, ordinal: u64, index: u32) -> EventId {
        let mut suffix = [0; 13];
        suffix[0] = b'o';
        suffix[1..9].copy_from_slice(&ordinal.to_be_bytes());
        suffix[9..].copy_from_slice(&index.to_be_bytes());
        let mut hash = self.0.clone();
        hash.update(suffix);
        finish(hash)
    }

    /// The id of the event `index` of the record with this identity in the unit.
    pub fn bytes(&self, identity: &[u8], index: u32) -> EventId {
        let mut hash = self.0.clone();
        hash.update(b"b");
        update_with_len(&mut hash, identity);
        hash.update(index.to_be_bytes());
        finish(hash)
    }

    /// The id of the event `index` of a row of this unit.
    pub fn row(&self, row: RowRef<'_>, index: u32) -> EventId {
        match row.meta().identity {
            Identity::Ordinal(ordinal) => self.ordinal(ordinal, index),
            Identity::Bytes(span) => self.bytes(row.batch().bytes(span), index),
        }
    }
}

/// The id of one event of one row; see [`UnitDigest`] for many rows of a unit.
pub fn event_id(source: &str, split: &str, row: RowRef<'_>, index: u32) -> EventId {
    UnitDigest::new(source, split, &row.batch().unit_of(row.meta().unit).id).row(row, index)
}

fn update_with_len(hash: &mut Sha256, part: &[u8]) {
    hash.update((part.len() as u32).to_be_bytes());
    hash.update(part);
}

fn finish(hash: Sha256) -> EventId {
    EventId(base32(&hash.finalize().into()))
}

/// The first 16 bytes in lower-case base32.
pub(super) fn base32(digest: &[u8; 32]) -> [u8; 26] {
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    let bits = u128::from_be_bytes(first);
    let mut text = [0; 26];
    for (place, letter) in text.iter_mut().take(25).enumerate() {
        *letter = ALPHABET[(bits >> (123 - 5 * place)) as usize & 31];
    }
    text[25] = ALPHABET[(bits << 2) as usize & 31];
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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

    #[test]
    fn a_prefix_of_exactly_one_block_is_not_padded_to_a_second() {
        let source = "s".repeat(BLOCK - 12);
        let mut plain = Sha256::new();
        plain.update((source.len() as u32).to_be_bytes());
        plain.update(&source);
        plain.update([0; 8]);
        plain.update(b"o\0\0\0\0\0\0\0\x01\0\0\0\0");
        assert_eq!(UnitDigest::new(&source, "", "").ordinal(1, 0), finish(plain));
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let mut digest = [0; 32];
        fastrand::Rng::with_seed(1).fill(&mut digest);
        let expected = data_encoding::BASE32_NOPAD.encode(&digest[..16]).to_lowercase();
        assert_eq!(base32(&digest), expected.as_bytes());
        assert_eq!(&base32(&[0xff; 32]), b"77777777777777777777777774");
    }
}
