//! Key files and key rings.
//!
//! A key file is text, one key a line, the current one first:
//!
//! ```text
//! # pseudonyms of villaclara
//! k2: 3q2+7w…=
//! k1: AAECAw…=
//! ```
//!
//! The name of a key is written beside everything made with it, so that a file keeps old keys for reading while new
//! values are made with the first. No key is used directly: each use has a key derived for it.

use std::fmt;

use aes_gcm_siv::{
    Aes256GcmSiv,
    aead::{KeyInit as _, OsRng},
};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;

pub(super) type HmacSha256 = Hmac<Sha256>;

const KEY_BYTES: usize = 32;
const MAX_NAME: usize = 16;

/// One named key of 32 bytes.
struct Key {
    name: String,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

/// The keys of one file, at least one, the current one first. Shows nothing of them, and wipes them when dropped.
pub struct KeyRing(Vec<Key>);

/// A key file that cannot be used; says where, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no key in it.
    #[error("the key file holds no key")]
    Empty,
    /// A line is not `name: base64`.
    #[error("line {0} of the key file is not `name: base64`")]
    Line(usize),
    /// A name is not 1 to 16 characters of `a-z`, `0-9` and `-`.
    #[error("the name of the key in line {0} is not 1 to 16 characters of `a-z`, `0-9` and `-`")]
    Name(usize),
    /// A key is not 32 bytes in base64.
    #[error("the key in line {0} is not 32 bytes in base64")]
    Length(usize),
    /// A name stands there twice.
    #[error("line {0} of the key file repeats the name of an earlier key")]
    Repeated(usize),
}

impl KeyError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        "keys.unreadable"
    }
}

impl KeyRing {
    /// Reads the text of a key file. Blank lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, key) = line.split_once(':').ok_or(KeyError::Line(number))?;
            let key = parse_key(name.trim(), key.trim(), number)?;
            if keys.iter().any(|earlier| earlier.name == key.name) {
                return Err(KeyError::Repeated(number));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self(keys)) }
    }

    /// A line for a key file with a new random key, ending in a line feed.
    ///
    /// # Panics
    /// When the operating system has no random numbers to give.
    pub fn generate(name: &str) -> String {
        let key =
            SecretBox::new(Box::new(<[u8; KEY_BYTES]>::from(Aes256GcmSiv::generate_key(OsRng))));
        format!("{name}: {}\n", BASE64.encode(key.expose_secret()))
    }

    /// The ring of tests and demonstrations: always the same, named `test`, and worth nothing.
    pub fn test() -> Self {
        let bytes = SecretBox::new(Box::new([0x41; KEY_BYTES]));
        Self(vec![Key { name: "test".to_owned(), bytes }])
    }

    /// The name of the key that new values are made with.
    pub fn current(&self) -> &str {
        &self.0[0].name
    }

    /// The names of all keys, the current one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| &*key.name)
    }

    /// A key for one use: HMAC-SHA-256 of the named key over `purpose` and `label`, each with its length before
    /// it. Nothing if there is no key of that name.
    pub fn derive(&self, name: &str, purpose: &str, label: &str) -> Option<DerivedKey> {
        let key = self.0.iter().find(|key| key.name == name)?;
        let mut mac = keyed(key.bytes.expose_secret());
        for part in [purpose, label] {
            update_with_len(&mut mac, part.as_bytes());
        }
        Some(SecretBox::new(Box::new(mac.finalize().into_bytes().into())))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
    }
}

/// A key derived for one use.
pub(super) type DerivedKey = SecretBox<[u8; KEY_BYTES]>;

pub(super) fn keyed(key: &[u8; KEY_BYTES]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("invariant: HMAC takes keys of any length")
}

pub(super) fn update_with_len(mac: &mut HmacSha256, part: &[u8]) {
    mac.update(&(part.len() as u64).to_be_bytes());
    mac.update(part);
}

fn parse_key(name: &str, text: &str, line: usize) -> Result<Key, KeyError> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(known) {
        return Err(KeyError::Name(line));
    }
    let decoded = BASE64.decode(text.as_bytes()).map(SecretBox::<[u8]>::from);
    let decoded = decoded.map_err(|_| KeyError::Length(line))?;
    let bytes =
        <[u8; KEY_BYTES]>::try_from(decoded.expose_secret()).map_err(|_| KeyError::Length(line))?;
    Ok(Key { name: name.to_owned(), bytes: SecretBox::new(Box::new(bytes)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_generated_file_is_read_back_and_no_two_are_equal() {
        let (one, two) = (KeyRing::generate("k1"), KeyRing::generate("k1"));
        assert_ne!(one, two);
        let ring = KeyRing::parse(&format!("# comment\n\n{one}k0: {SOME}\n")).unwrap();
        assert_eq!(ring.current(), "k1");
        assert!(ring.derive("k0", "p", "l").is_some());
        assert!(ring.derive("k2", "p", "l").is_none());
    }

    #[test]
    fn every_mistake_in_a_key_file_is_named_with_its_line() {
        for (text, expected) in [
            (String::new(), KeyError::Empty),
            ("# only\n".into(), KeyError::Empty),
            (SOME.into(), KeyError::Line(1)),
            (format!("\nK1: {SOME}"), KeyError::Name(2)),
            (format!("aaaaaaaaaaaaaaaaa: {SOME}"), KeyError::Name(1)),
            (format!("k1: {SOME}x"), KeyError::Length(1)),
            ("k1: AAEC".into(), KeyError::Length(1)),
            (format!("k1: {SOME}\nk1: {SOME}"), KeyError::Repeated(2)),
        ] {
            let error = KeyRing::parse(&text).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("AAEC"));
        }
    }

    #[test]
    fn debug_shows_names_only() {
        let ring = KeyRing::parse(&format!("k1: {SOME}")).unwrap();
        assert_eq!(format!("{ring:?}"), r#"["k1"]"#);
    }

    #[test]
    fn keys_for_different_uses_differ() {
        let ring = KeyRing::test();
        let key = |purpose, label| *ring.derive("test", purpose, label).unwrap().expose_secret();
        assert_ne!(key("pseudonym", "citizen"), key("pseudonym", "patient"));
        assert_ne!(key("pseudonym", "citizen"), key("encrypt", "citizen"));
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }
}
