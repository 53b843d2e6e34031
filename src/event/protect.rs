//! Pseudonyms and encrypted values.
//!
//! ```text
//! pseudonym   p1.<key>.<base32 of the first 16 bytes of HMAC-SHA-256(domain key; domain, version, value)>
//! encrypted   e1.a256gcmsiv.<key>.<base64url of nonce, ciphertext, tag>
//! ```
//!
//! `<key>` is the name of the key, so keys can be changed; `p1` and `e1` are the versions of these layouts. The
//! normalisation version inside a pseudonym is 1: the text exactly as the mapping gives it. Mappings that are to meet in a
//! domain must bring the value into one form before (`case`, `strip`, …).
//!
//! A **pseudonym** joins events of one person inside a domain; another domain has another key, so its pseudonyms are not
//! linkable without the deployment's key. National ids can be enumerated, which is why this is a MAC and no salted hash. It stays
//! personal data.
//!
//! **A new key** is put into the first line of the file; the old ones stay below it. From the next start on, events carry the
//! name of the new key. What a consumer sees of that: a person has one pseudonym per key, `p1.k1.…` before and `p1.k2.…`
//! after, and the two do not join; where they must, the pipeline is backfilled. Encrypted values of any key of the file stay
//! readable, and [`Keys::pseudonyms`] gives every pseudonym that a value ever had, so that a person's events are found.
//! A key that is taken out of the file ends both.
//!
//! **Encryption is deterministic**, because the same record must give the same bytes at every reading: the nonce is a MAC over
//! key name, field path and value. Whoever sees the events can therefore see that two values *of the same field* are equal,
//! and nothing more: another field has another nonce and is bound to its path as associated data. AES-GCM-SIV was chosen because a repeated nonce then
//! reveals exactly this equality. Where even equality must not show, do not publish the field. The length of a value shows, too.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{PoisonError, RwLock},
};

use aes_gcm_siv::{
    Aes256GcmSiv, Nonce,
    aead::{AeadInPlace, KeyInit},
};
use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use secrecy::ExposeSecret;

use crate::mapping::protect::{KeyNames, Protector};

use super::{
    id::base32,
    keys::{HmacSha256, KeyRing, keyed, update_with_len},
};

const NORMALISATION: u8 = 1;
const ALGORITHM: &str = "a256gcmsiv";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Values up to this size are encrypted without an allocation.
const SMALL: usize = 1024;

/// The keys that protect values in events: one ring for pseudonyms, one for each key name of `encrypt`.
///
/// Shows none of them. Fails closed: with a key that is not there, it writes nothing. [`check`](crate::mapping)
/// sees to it that mappings only name keys that are.
#[derive(Default)]
pub struct Keys {
    pseudonym: Option<KeyRing>,
    domains: RwLock<BTreeMap<String, HmacSha256>>,
    encryption: BTreeMap<String, (KeyRing, Cipher)>,
}

impl Keys {
    /// No keys at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The fixed keys of tests: every domain, and one encryption key called `test`.
    pub fn test() -> Self {
        Self::none().with_pseudonym(KeyRing::test()).with_encryption("test", KeyRing::test())
    }

    /// Makes pseudonyms with this ring, in any domain.
    #[must_use]
    pub fn with_pseudonym(mut self, ring: KeyRing) -> Self {
        self.pseudonym = Some(ring);
        self.domains = RwLock::default();
        self
    }

    /// Encrypts with this ring what mappings encrypt with `name`.
    #[must_use]
    pub fn with_encryption(mut self, name: &str, ring: KeyRing) -> Self {
        if let Some(cipher) = Cipher::new(&ring, ring.current(), name) {
            self.encryption.insert(name.to_owned(), (ring, cipher));
        }
        self
    }

    /// Whether pseudonyms can be made.
    pub fn makes_pseudonyms(&self) -> bool {
        self.pseudonym.is_some()
    }

    /// The key names that can be encrypted with.
    pub fn encryption_names(&self) -> impl Iterator<Item = &str> {
        self.encryption.keys().map(String::as_str)
    }

    /// Appends the pseudonym of `value` in `domain`. Deterministic.
    pub fn pseudonym(&self, domain: &str, value: &str, out: &mut String) {
        let Some(ring) = &self.pseudonym else { return };
        let Some(mac) = self.domain(ring, domain) else { return };
        write_pseudonym(mac, ring.current(), domain, value, out);
    }

    /// The pseudonyms of `value` in `domain` under every key of the ring, the current one first: all under which
    /// events of the past may carry it.
    pub fn pseudonyms(&self, domain: &str, value: &str) -> Vec<String> {
        let names =
            self.pseudonym.iter().flat_map(|ring| ring.names().map(move |name| (ring, name)));
        let made = names.filter_map(|(ring, name)| {
            let key = ring.derive(name, "pseudonym", domain)?;
            let mut out = String::new();
            write_pseudonym(keyed(key.expose_secret()), name, domain, value, &mut out);
            Some(out)
        });
        made.collect()
    }

    /// The name of the key that new pseudonyms are made with.
    pub fn pseudonym_key(&self) -> Option<&str> {
        self.pseudonym.as_ref().map(KeyRing::current)
    }

    /// The name of the key that is now used for what mappings encrypt with `name`.
    pub fn encryption_key(&self, name: &str) -> Option<&str> {
        self.encryption.get(name).map(|(ring, _)| ring.current())
    }

    /// Appends `value`, encrypted with the key called `key` and bound to `field_path`. Deterministic.
    pub fn encrypt(&self, key: &str, field_path: &str, value: &str, out: &mut String) {
        let Some((ring, cipher)) = self.encryption.get(key) else { return };
        let len = NONCE_BYTES + value.len() + TAG_BYTES;
        let mut small = [0; NONCE_BYTES + SMALL + TAG_BYTES];
        let mut large = Vec::new();
        let sealed = if let Some(sealed) = small.get_mut(..len) {
            sealed
        } else {
            large.resize(len, 0);
            &mut large[..]
        };
        if cipher.seal(field_path, value.as_bytes(), sealed).is_some() {
            out.extend(["e1.", ALGORITHM, ".", ring.current(), "."]);
            BASE64URL_NOPAD.encode_append(sealed, out);
        }
    }

    /// Reads a value that [`encrypt`](Self::encrypt) wrote for the same key name and field path, also with an older key
    /// of the ring. Nothing if it is not one.
    pub fn decrypt(&self, key: &str, field_path: &str, text: &str) -> Option<String> {
        let (ring, _) = self.encryption.get(key)?;
        let mut parts = text.split('.');
        let (version, algorithm) = (parts.next()?, parts.next()?);
        let (name, sealed) = (parts.next()?, parts.next()?);
        if version != "e1" || algorithm != ALGORITHM || parts.next().is_some() {
            return None;
        }
        let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let plain = Cipher::new(ring, name, key)?.open(field_path, &sealed)?;
        String::from_utf8(plain).ok()
    }

    /// The MAC of a domain, derived once.
    fn domain(&self, ring: &KeyRing, domain: &str) -> Option<HmacSha256> {
        let known = self.domains.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(mac) = known.get(domain) {
            return Some(mac.clone());
        }
        drop(known);
        let key = ring.derive(ring.current(), "pseudonym", domain)?;
        let mac = keyed(key.expose_secret());
        let mut known = self.domains.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(domain.to_owned(), mac.clone());
        Some(mac)
    }
}

impl Protector for Keys {
    fn pseudonym(&self, domain: &str, value: &str, out: &mut String) {
        Keys::pseudonym(self, domain, value, out);
    }

    fn encrypt(&self, key: &str, context: &str, value: &str, out: &mut String) {
        Keys::encrypt(self, key, context, value, out);
    }
}

impl KeyNames for Keys {
    /// Every domain has a key of its own, derived from the one ring: any name will do.
    fn domains(&self) -> Vec<&str> {
        if self.makes_pseudonyms() { vec!["*"] } else { Vec::new() }
    }

    fn keys(&self) -> Vec<&str> {
        self.encryption_names().collect()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("pseudonym", &self.pseudonym)
            .field("encryption", &self.encryption.keys())
            .finish_non_exhaustive()
    }
}

/// Appends the pseudonym that `mac`, keyed for the domain, makes with the key called `name`.
fn write_pseudonym(mut mac: HmacSha256, name: &str, domain: &str, value: &str, out: &mut String) {
    update_with_len(&mut mac, domain.as_bytes());
    mac.update(&[NORMALISATION]);
    update_with_len(&mut mac, value.as_bytes());
    out.push_str("p1.");
    out.push_str(name);
    out.push('.');
    let digest = mac.finalize().into_bytes();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    out.extend(base32(u128::from_be_bytes(first)).map(char::from));
}

/// Cipher and nonce MAC of one key of a ring for one key name.
struct Cipher {
    aead: Aes256GcmSiv,
    nonce: HmacSha256,
}

impl Cipher {
    fn new(ring: &KeyRing, name: &str, use_as: &str) -> Option<Self> {
        let key = ring.derive(name, "encrypt", use_as)?;
        let nonce = ring.derive(name, "nonce", use_as)?;
        Some(Self {
            aead: Aes256GcmSiv::new(key.expose_secret().into()),
            nonce: keyed(nonce.expose_secret()),
        })
    }

    /// Fills `sealed` with nonce, ciphertext and tag.
    fn seal(&self, field_path: &str, plain: &[u8], sealed: &mut [u8]) -> Option<()> {
        let mut mac = self.nonce.clone();
        update_with_len(&mut mac, field_path.as_bytes());
        update_with_len(&mut mac, plain);
        let digest = mac.finalize().into_bytes();
        let (nonce, rest) = sealed.split_at_mut_checked(NONCE_BYTES)?;
        let (text, tag) = rest.split_at_mut_checked(plain.len())?;
        nonce.copy_from_slice(&digest[..NONCE_BYTES]);
        text.copy_from_slice(plain);
        let nonce = Nonce::from_slice(nonce);
        let made = self.aead.encrypt_in_place_detached(nonce, field_path.as_bytes(), text).ok()?;
        tag.copy_from_slice(&made);
        Some(())
    }

    fn open(&self, field_path: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES)?;
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
        let mut plain = text.to_vec();
        let nonce = Nonce::from_slice(nonce);
        self.aead
            .decrypt_in_place_detached(nonce, field_path.as_bytes(), &mut plain, tag.into())
            .ok()?;
        Some(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonym(keys: &Keys, domain: &str, value: &str) -> String {
        let mut out = String::new();
        keys.pseudonym(domain, value, &mut out);
        out
    }

    fn encrypted(keys: &Keys, path: &str, value: &str) -> String {
        let mut out = String::new();
        keys.encrypt("test", path, value, &mut out);
        out
    }

    /// Expected value from Python, where it can be computed again:
    /// ```python
    /// import hmac, base64, struct
    /// n = lambda b: struct.pack(">Q", len(b)) + b
    /// m = lambda k, d: hmac.digest(k, d, "sha256")
    /// k = m(b"A" * 32, n(b"pseudonym") + n(b"citizen"))
    /// base64.b32encode(m(k, n(b"citizen") + b"\x01" + n(b"12345678Z"))[:16]).decode().lower().rstrip("=")
    /// ```
    #[test]
    fn pseudonyms_are_those_that_the_stored_format_prescribes() {
        let keys = Keys::test();
        assert_eq!(pseudonym(&keys, "citizen", "12345678Z"), "p1.test.4aoct3gvya34seftvbdelyr5ra");
        assert_eq!(pseudonym(&keys, "citizen", "12345678Z"), "p1.test.4aoct3gvya34seftvbdelyr5ra");
    }

    #[test]
    fn a_pseudonym_depends_on_value_domain_and_key() {
        let keys = Keys::test();
        let other = Keys::none()
            .with_pseudonym(KeyRing::parse(&KeyRing::generate("test")).expect("a ring"));
        let one = pseudonym(&keys, "citizen", "12345678Z");
        assert_ne!(one, pseudonym(&keys, "citizen", "12345678z"));
        assert_ne!(one, pseudonym(&keys, "patient", "12345678Z"));
        assert_ne!(one, pseudonym(&other, "citizen", "12345678Z"));
    }

    /// Expected value from Python, with `n` and `m` as above, where it can be computed again:
    /// ```python
    /// from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
    /// key, nonce_key = (m(b"A" * 32, n(p) + n(b"test")) for p in (b"encrypt", b"nonce"))
    /// nonce = m(nonce_key, n(b"payerAccount") + n("ñ 1".encode()))[:12]
    /// sealed = nonce + AESGCMSIV(key).encrypt(nonce, "ñ 1".encode(), b"payerAccount")
    /// base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    /// ```
    #[test]
    fn encrypted_values_are_those_that_the_stored_format_prescribes() {
        let text = encrypted(&Keys::test(), "payerAccount", "ñ 1");
        assert_eq!(text, "e1.a256gcmsiv.test.Cb02kxTeeAG0o8P-nuojRlPwPpdGr4rwuEarBiXoRFc");
    }

    #[test]
    fn encrypted_values_are_equal_for_one_field_and_bound_to_it() {
        let keys = Keys::test();
        for value in ["", "ES91 2100 0418 4502 0005 1332", &"ñ".repeat(SMALL)] {
            let one = encrypted(&keys, "payerAccount", value);
            assert!(one.starts_with("e1.a256gcmsiv.test."), "{one}");
            assert_eq!(one, encrypted(&keys, "payerAccount", value));
            assert_ne!(one, encrypted(&keys, "payeeAccount", value));
            assert_eq!(keys.decrypt("test", "payerAccount", &one).as_deref(), Some(value));
            assert_eq!(keys.decrypt("test", "payeeAccount", &one), None);
        }
    }

    #[test]
    fn a_damaged_value_is_not_read() {
        let keys = Keys::test();
        let good = encrypted(&keys, "f", "value");
        let last = if good.ends_with('A') { 'E' } else { 'A' };
        let flipped = format!("{}{last}", &good[..good.len() - 1]);
        for bad in
            [&flipped, &good[..good.len() - 4], &good[1..], "e1.a256gcmsiv.test.", "", "...."]
        {
            assert_eq!(keys.decrypt("test", "f", bad), None, "{bad}");
        }
    }

    #[test]
    fn values_encrypted_with_an_older_key_stay_readable() {
        let old = KeyRing::generate("k1");
        let ring = |text: &str| KeyRing::parse(text).expect("a ring");
        let before = Keys::none().with_encryption("test", ring(&old));
        let after = Keys::none()
            .with_encryption("test", ring(&format!("{}{old}", KeyRing::generate("k2"))));
        let text = encrypted(&before, "f", "value");
        assert_eq!(after.decrypt("test", "f", &text).as_deref(), Some("value"));
        assert!(encrypted(&after, "f", "value").starts_with("e1.a256gcmsiv.k2."));
    }

    #[test]
    fn after_a_rotation_new_events_carry_the_new_key_and_the_old_pseudonym_is_still_found() {
        let (old, new) = (KeyRing::generate("k1"), KeyRing::generate("k2"));
        let ring = |text: &str| KeyRing::parse(text).expect("a ring");
        let before = Keys::none().with_pseudonym(ring(&old));
        let after = Keys::none().with_pseudonym(ring(&format!("{new}{old}")));
        let was = pseudonym(&before, "citizen", "12345678Z");
        let is = pseudonym(&after, "citizen", "12345678Z");
        assert!(was.starts_with("p1.k1.") && is.starts_with("p1.k2."), "{was} {is}");
        assert_eq!(after.pseudonyms("citizen", "12345678Z"), [is, was.clone()]);
        assert!(!after.pseudonyms("patient", "12345678Z").contains(&was));
        assert_eq!(after.pseudonym_key(), Some("k2"));
        let without = Keys::none().with_pseudonym(ring(&new));
        assert!(!without.pseudonyms("citizen", "12345678Z").contains(&was), "taken out, gone");
    }

    #[test]
    fn without_a_key_nothing_is_written() {
        let keys = Keys::none();
        assert_eq!(pseudonym(&keys, "citizen", "12345678Z"), "");
        assert_eq!(encrypted(&keys, "f", "12345678Z"), "");
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", Keys::test()),
            r#"Keys { pseudonym: Some(["test"]), encryption: ["test"], .. }"#
        );
    }
}
