//! Protection of personal values: what a mapping asks for, and the one who holds the keys.
//!
//! The mapping knows names of domains and keys, never a key. Whoever starts the program checks with [`KeyNames`]
//! that all of them exist, so that protecting a value cannot fail later.

/// The names that the deployment has keys for.
pub trait KeyNames {
    /// The domains for pseudonyms.
    fn domains(&self) -> Vec<&str>;
    /// The keys for encryption.
    fn keys(&self) -> Vec<&str>;
}

/// Protects single values. Deterministic: the same key, name and value give the same text.
pub trait Protector: Send + Sync {
    /// Appends the pseudonym of `value` in `domain`: the same person, the same pseudonym, in this domain only.
    fn pseudonym(&self, domain: &str, value: &str, out: &mut String);

    /// Appends `value` encrypted with the key called `key`; `context` (the path of the field) is bound to it, so
    /// that a value cannot be moved to another field unnoticed.
    fn encrypt(&self, key: &str, context: &str, value: &str, out: &mut String);
}

/// Any name counts as known: for checking mappings where no deployment is at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyKeys;

impl KeyNames for AnyKeys {
    fn domains(&self) -> Vec<&str> {
        vec!["*"]
    }

    fn keys(&self) -> Vec<&str> {
        vec!["*"]
    }
}

/// The fixed test keys of the `tests` section: recognisable, worthless outside of tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestProtector;

impl Protector for TestProtector {
    fn pseudonym(&self, domain: &str, value: &str, out: &mut String) {
        tag(out, "test-pseudonym", domain, value);
    }

    fn encrypt(&self, key: &str, context: &str, value: &str, out: &mut String) {
        tag(out, "test-encrypted", key, &format!("{context}\n{value}"));
    }
}

fn tag(out: &mut String, kind: &str, name: &str, value: &str) {
    use sha2::{Digest, Sha256};
    let hash = Sha256::new().chain_update(name).chain_update([0]).chain_update(value).finalize();
    out.push_str(kind);
    out.push(':');
    out.push_str(name);
    out.push(':');
    out.push_str(&data_encoding::BASE32_NOPAD.encode(&hash[..10]).to_lowercase());
}
