//! Claim checks: the data of an event that its topic does not take is kept elsewhere, and the event says where.
//!
//! ```json
//! {…,"dataclass":"personal","dataref":"9f86d08…0f00a08.json","datasize":1204113,"datasha256":"9f86d08…0f00a08"}
//! ```
//!
//! `dataref` is the attribute of that name from the CloudEvents extension for claim checks, a URI reference relative
//! to the place of the claim store, wherever a consumer sees that. What it leads to is byte for byte what `data` would
//! have held. Named by its content, the data of the same record is the same file at every reading, and whoever fetches
//! it can tell by `datasize` and `datasha256` that it is whole.
//!
//! This module only says what is to be kept; keeping it is the publisher's business.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::json::number;

/// Data that is kept beside its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedData<'a> {
    /// The data, a JSON object.
    pub bytes: &'a [u8],
    /// Its SHA-256.
    pub digest: [u8; 32],
}

impl<'a> ClaimedData<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, digest: Sha256::digest(bytes).into() }
    }

    /// The `dataref` that leads to it: a file name without anything to escape.
    pub fn reference(&self) -> String {
        format!("{}.json", self.hash())
    }

    /// The attribute `datasha256`.
    pub(super) fn hash(&self) -> String {
        HEXLOWER.encode(&self.digest)
    }

    /// Appends the attributes of the event that take the place of its data.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#","dataref":""#);
        out.extend_from_slice(self.reference().as_bytes());
        out.extend_from_slice(br#"","datasize":"#);
        number(out, self.bytes.len() as u64);
        out.extend_from_slice(br#","datasha256":""#);
        out.extend_from_slice(self.hash().as_bytes());
        out.push(b'"');
    }
}
