//! Sealing what may hold personal data before it leaves the process: AES-256-GCM-SIV, which forgives a repeated
//! nonce. The associated data says what the box is and where it belongs, so a box moved elsewhere does not open.

use std::fmt;

use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit, Nonce,
    aead::{Aead, AeadCore, OsRng, Payload},
};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

const ALGORITHM: &str = "A256GCMSIV";

/// A sealing key with the name it is stored under. `Debug` shows the name only.
#[derive(Clone)]
pub struct SealKey {
    kid: String,
    cipher: Aes256GcmSiv,
}

impl SealKey {
    /// A key of 32 bytes, named so that a later rotation knows which one opens what.
    pub fn new(kid: impl Into<String>, key: &[u8; 32]) -> Self {
        Self { kid: kid.into(), cipher: Aes256GcmSiv::new(&(*key).into()) }
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Seals `plain`. `context` is not stored; opening needs the same bytes.
    ///
    /// # Errors
    /// [`SealedBadly`] beyond the cipher's limit of 64 GiB.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Sealed, SealedBadly> {
        let nonce = Aes256GcmSiv::generate_nonce(&mut OsRng);
        let sealed = self
            .cipher
            .encrypt(&nonce, Payload { msg: plain, aad: context })
            .map_err(|_| SealedBadly::Refused)?;
        Ok(Sealed {
            alg: ALGORITHM.to_owned(),
            kid: self.kid.clone(),
            nonce: BASE64.encode(&nonce),
            sealed: BASE64.encode(&sealed),
        })
    }

    /// Opens what was sealed with this key for the same context.
    ///
    /// # Errors
    /// Another key, another context, or damaged.
    pub fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Vec<u8>, SealedBadly> {
        if sealed.alg != ALGORITHM {
            return Err(SealedBadly::Algorithm);
        }
        if sealed.kid != self.kid {
            return Err(SealedBadly::OtherKey);
        }
        let nonce: [u8; 12] = BASE64
            .decode(sealed.nonce.as_bytes())
            .ok()
            .and_then(|nonce| nonce.try_into().ok())
            .ok_or(SealedBadly::Damaged)?;
        let sealed = BASE64.decode(sealed.sealed.as_bytes()).map_err(|_| SealedBadly::Damaged)?;
        self.cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: &sealed, aad: context })
            .map_err(|_| SealedBadly::Refused)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A sealed box as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// `A256GCMSIV`.
    pub alg: String,
    /// The name of the key.
    pub kid: String,
    /// 12 bytes, base64.
    pub nonce: String,
    /// Cipher text and tag, base64.
    #[serde(rename = "box")]
    pub sealed: String,
}

/// A box that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedBadly {
    /// Written by another version.
    #[error("it is sealed with an unknown algorithm")]
    Algorithm,
    /// The configured key has another name.
    #[error("it is sealed with another key")]
    OtherKey,
    /// Not base64, or a nonce of the wrong length.
    #[error("the sealed box is damaged")]
    Damaged,
    /// Another key of the same name, another place, or damaged.
    #[error("the key does not open it here")]
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_opens_only_with_its_key_and_in_its_place() {
        let key = SealKey::new("state-1", &[7; 32]);
        let sealed = key.seal(b"NIF;12345678Z", b"here").unwrap();
        assert_eq!(key.open(&sealed, b"here").unwrap(), b"NIF;12345678Z");
        assert_eq!(key.open(&sealed, b"there"), Err(SealedBadly::Refused));
        let other = SealKey::new("state-2", &[7; 32]);
        assert_eq!(other.open(&sealed, b"here"), Err(SealedBadly::OtherKey));
        let same_name = SealKey::new("state-1", &[8; 32]);
        assert_eq!(same_name.open(&sealed, b"here"), Err(SealedBadly::Refused));
        let mut damaged = sealed.clone();
        damaged.sealed.pop();
        assert_eq!(key.open(&damaged, b"here"), Err(SealedBadly::Damaged));
    }

    #[test]
    fn neither_key_nor_plain_text_is_shown() {
        let key = SealKey::new("state-1", &[0x41; 32]);
        let sealed = key.seal(b"secret", b"").unwrap();
        let shown = format!("{key:?} {sealed:?}");
        assert!(!shown.contains("AAAA") && !shown.contains("65, 65") && !shown.contains("secret"));
    }
}
