//! Names and addresses in one text, taken apart.
//!
//! Nobody can do this for certain, so that every result says how far it is to be trusted, and no word is lost: what
//! is not understood is the part `rest`. A word comes out as it was written, in one part only; of an address, the
//! kind of way comes out as the word that code tables know. The caller publishes the whole text beside the parts.

mod address;
mod name;

/// How a text is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Splitter {
    /// `JUAN PEREZ LOPEZ`; or `PEREZ LOPEZ, JUAN`.
    Name,
    /// `PEREZ LOPEZ JUAN`; or with a comma as above.
    SurnamesFirst,
    /// `PEREZ LOPEZ`, without a given name.
    Surnames,
    /// `C/ MAYOR 12 3º B 28013 MADRID`, and as in Mexico.
    Address,
}

/// What a text has been taken apart into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Prefix,
    Given,
    Family,
    Family2,
    ThoroughfareType,
    Thoroughfare,
    Number,
    Interior,
    Block,
    Lot,
    CrossStreets,
    Neighbourhood,
    PostCode,
    Locality,
    Rest,
    Confidence,
}

const NAME_PARTS: [(&str, Part); 6] = [
    ("prefix", Part::Prefix),
    ("given", Part::Given),
    ("family", Part::Family),
    ("family2", Part::Family2),
    ("rest", Part::Rest),
    ("confidence", Part::Confidence),
];

const ADDRESS_PARTS: [(&str, Part); 12] = [
    ("thoroughfareType", Part::ThoroughfareType),
    ("thoroughfare", Part::Thoroughfare),
    ("number", Part::Number),
    ("interior", Part::Interior),
    ("block", Part::Block),
    ("lot", Part::Lot),
    ("crossStreets", Part::CrossStreets),
    ("neighbourhood", Part::Neighbourhood),
    ("postCode", Part::PostCode),
    ("locality", Part::Locality),
    ("rest", Part::Rest),
    ("confidence", Part::Confidence),
];

impl Splitter {
    /// The words in mapping files.
    pub(crate) const WORDS: [(&'static str, Splitter); 4] = [
        ("es.name", Splitter::Name),
        ("es.surnames_first", Splitter::SurnamesFirst),
        ("es.surnames", Splitter::Surnames),
        ("es.address", Splitter::Address),
    ];

    /// The parts it gives, with their words.
    pub(crate) fn parts(self) -> &'static [(&'static str, Part)] {
        if self == Splitter::Address { &ADDRESS_PARTS } else { &NAME_PARTS }
    }

    /// Appends one part of `text`, its words with one blank between them; nothing if it has none.
    pub(crate) fn part(self, part: Part, text: &str, out: &mut String) {
        let mut found = Found { part, out, parts: 0 };
        let confidence = match self {
            Splitter::Address => address::split(text, &mut found),
            _ => name::split(self, text, &mut found),
        };
        if part == Part::Confidence {
            out.push_str(match confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            });
        }
    }
}

/// How far a result is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Confidence {
    /// Other readings are as likely.
    Low,
    /// It follows a rule that has exceptions.
    Medium,
    /// The text itself says what is what.
    High,
}

/// Takes the words of all parts and keeps those of one.
struct Found<'a> {
    part: Part,
    out: &'a mut String,
    /// The parts that were there, one bit each.
    parts: u32,
}

impl Found<'_> {
    fn put(&mut self, part: Part, word: &str) {
        self.parts |= 1 << part as u32;
        if part == self.part && !word.is_empty() {
            if !self.out.is_empty() {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
    }

    fn put_all(&mut self, part: Part, words: &[&str]) {
        for word in words {
            self.put(part, word);
        }
    }

    fn has(&self, part: Part) -> bool {
        self.parts & 1 << part as u32 != 0
    }
}

/// Whether `word` is one of `words`, whatever its case and with or without a point behind.
fn is_one_of(word: &str, words: &[&str]) -> bool {
    let word = word.strip_suffix('.').unwrap_or(word);
    words.iter().any(|known| {
        let mut chars = word.chars().flat_map(char::to_uppercase);
        known.chars().all(|expected| chars.next() == Some(expected)) && chars.next().is_none()
    })
}

#[cfg(test)]
mod tests;
