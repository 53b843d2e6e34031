//! Looking for values in bytes, however they are written there.

use std::collections::{BTreeSet, HashMap};

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use regex::bytes::{Regex, RegexBuilder};

/// A value that must not be found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Canary {
    /// What it is, for the report: the value itself is not shown.
    pub name: String,
    pub value: String,
}

/// Finds canaries in clear, in base64, base64url, base32 and hex, as they are and in upper, lower and title case.
pub struct Search {
    forms: HashMap<Vec<u8>, String>,
    regex: Regex,
}

impl Search {
    pub fn new(canaries: &[Canary]) -> Self {
        let mut forms = HashMap::new();
        for canary in canaries {
            for (case, value) in cases(&canary.value) {
                for (form, bytes) in encodings(value.as_bytes()) {
                    assert!(
                        bytes.len() >= 8,
                        "`{}` is too short to be told from chance",
                        canary.name
                    );
                    forms
                        .entry(bytes)
                        .or_insert_with(|| format!("{} ({case}, {form})", canary.name));
                }
            }
        }
        let literals: Vec<String> = forms
            .keys()
            .map(|bytes| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect())
            .collect();
        let regex = RegexBuilder::new(&literals.join("|"))
            .unicode(false)
            .size_limit(1 << 30)
            .build()
            .unwrap();
        Self { forms, regex }
    }

    /// What is found in `bytes`, each once.
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<&str> {
        self.regex.find_iter(bytes).map(|found| &*self.forms[found.as_bytes()]).collect()
    }
}

fn cases(value: &str) -> [(&'static str, String); 4] {
    let mut title = String::new();
    let mut inside = false;
    for char in value.chars() {
        if inside {
            title.extend(char.to_lowercase());
        } else {
            title.extend(char.to_uppercase());
        }
        inside = char.is_alphanumeric();
    }
    [
        ("as it is", value.to_owned()),
        ("lower case", value.to_lowercase()),
        ("upper case", value.to_uppercase()),
        ("title case", title),
    ]
}

/// A value in the middle of encoded bytes has as many forms as the encoding has alignments; the characters at its
/// ends depend on its neighbours and are left out.
fn encodings(value: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("clear", value.to_vec()),
        ("hex", HEXLOWER.encode(value).into_bytes()),
        ("hex", HEXUPPER.encode(value).into_bytes()),
        ("json", serde_json::to_vec(&String::from_utf8_lossy(value)).unwrap()),
    ];
    let alphabets = [
        ("base64", &BASE64_NOPAD, 3, 6),
        ("base64url", &BASE64URL_NOPAD, 3, 6),
        ("base32", &BASE32_NOPAD, 5, 5),
    ];
    for (name, encoding, group, bits) in alphabets {
        for lead in 0..group {
            let mut bytes = vec![0; lead];
            bytes.extend_from_slice(value);
            let (first, last) = ((lead * 8).div_ceil(bits), bytes.len() * 8 / bits);
            let text = encoding.encode(&bytes)[first..last].to_owned();
            if name == "base32" {
                forms.push((name, text.to_lowercase().into_bytes()));
            }
            forms.push((name, text.into_bytes()));
        }
    }
    forms
}

#[test]
fn a_planted_value_is_found_in_every_form_and_at_every_alignment() {
    let canary = Canary { name: "name".into(), value: "Zqx Ñandú Canario".into() };
    let search = Search::new(std::slice::from_ref(&canary));
    let (upper, lower) = (canary.value.to_uppercase(), canary.value.to_lowercase());
    for value in [&canary.value, &upper, &lower] {
        for lead in ["", "a", "ab", "abc", "abcd"] {
            let around = format!("{lead}{value}xyz");
            for text in [
                around.clone(),
                BASE64_NOPAD.encode(around.as_bytes()),
                BASE64URL_NOPAD.encode(around.as_bytes()),
                BASE32_NOPAD.encode(around.as_bytes()),
                BASE32_NOPAD.encode(around.as_bytes()).to_lowercase(),
                HEXLOWER.encode(around.as_bytes()),
                HEXUPPER.encode(around.as_bytes()),
            ] {
                let found = search.find(format!("... {text} ...").as_bytes());
                assert!(!found.is_empty(), "{text}");
            }
        }
    }
    assert!(search.find(b"Zqx \xc3\x91and Canario, enc. and **********").is_empty());
    let masked = "Z****************".as_bytes();
    assert!(search.find(masked).is_empty());
}
