//! Text verbs: small repairs of a text between producing it and looking it up.
//!
//! They run in one order whatever the order of the keys: `normalize`, `ascii`, `collapse`, `strip`,
//! `replace`, `split`, `slice`, `case`, `pad`, `kind_of`. Lengths and positions count characters.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

use super::{
    identifiers::Identifier,
    split::{Part, Splitter},
};

/// One verb.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verb {
    /// Unicode's composed form: `e` with a combining accent becomes `é`.
    Nfc,
    /// The same, and ligatures, full-width letters and the like become what they stand for.
    Nfkc,
    /// Letters with diacritics become their base letters; a character without an ASCII form stays.
    Ascii,
    /// Runs of white space become one blank, none is left at the ends.
    Collapse,
    /// These characters go.
    Strip(Vec<char>),
    /// Each text on the left becomes that on the right, one pair after the other.
    Replace(Vec<(String, String)>),
    /// One part of a name or an address; nothing where it has none.
    Split(Splitter, Part),
    /// Whether a tax number is a person's or an organisation's; nothing where it is no such number.
    KindOf(TaxNumber),
    /// `len` characters from the `from`th (from 1) on.
    Slice {
        from: usize,
        len: usize,
    },
    /// The last `len` characters.
    Last(usize),
    Upper,
    Lower,
    /// The first letter of every word upper, the others lower.
    Title,
    /// To at least `to` characters, in front.
    PadLeft {
        to: usize,
        with: char,
    },
    /// To at least `to` characters, behind.
    PadRight {
        to: usize,
        with: char,
    },
}

/// Tax numbers that tell what kind of taxpayer has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaxNumber {
    /// NIF and NIE of persons, CIF of organisations.
    Spanish,
    /// RFC: thirteen characters of a person, twelve of an organisation.
    Mexican,
}

impl TaxNumber {
    pub(crate) const WORDS: [(&'static str, TaxNumber); 2] =
        [("es.tax_id", TaxNumber::Spanish), ("mx.rfc", TaxNumber::Mexican)];

    /// `person`, `organization`, or nothing where it fails its check.
    fn kind(self, text: &str) -> &'static str {
        let is = |number: Identifier| number.holds(text);
        let (person, organization) = match self {
            Self::Spanish => (is(Identifier::Nif) || is(Identifier::Nie), is(Identifier::Cif)),
            Self::Mexican => {
                let (good, person) = (is(Identifier::Rfc), text.chars().count() == 13);
                // The two generic numbers stand for anybody.
                let generic = matches!(text, "XAXX010101000" | "XEXX010101000");
                (good && person && !generic, good && !person)
            }
        };
        match (person, organization) {
            (true, _) => "person",
            (_, true) => "organization",
            _ => "",
        }
    }
}

impl Verb {
    /// Whether what it makes empty is no value.
    pub(crate) fn finds_nothing(&self) -> bool {
        matches!(self, Verb::Split(..) | Verb::KindOf(_))
    }

    /// Appends what becomes of `text`.
    pub(crate) fn run(&self, text: &str, out: &mut String) {
        match self {
            Verb::Nfc if is_nfc_quick(text.chars()) == IsNormalized::Yes => out.push_str(text),
            Verb::Nfc => out.extend(text.nfc()),
            Verb::Nfkc if is_nfkc_quick(text.chars()) == IsNormalized::Yes => out.push_str(text),
            Verb::Nfkc => out.extend(text.nfkc()),
            Verb::Split(splitter, part) => splitter.part(*part, text, out),
            Verb::KindOf(number) => out.push_str(number.kind(text)),
            Verb::Ascii => text.chars().for_each(|char| ascii(char, out)),
            Verb::Collapse => collapse(text, out),
            Verb::Strip(chars) => out.extend(text.chars().filter(|char| !chars.contains(char))),
            Verb::Replace(pairs) => replace(text, pairs, out),
            Verb::Slice { from, len } => {
                out.extend(text.chars().skip(from.saturating_sub(1)).take(*len));
            }
            Verb::Last(len) => {
                let skip = text.chars().count().saturating_sub(*len);
                out.extend(text.chars().skip(skip));
            }
            Verb::Upper => text.chars().for_each(|char| upper(char, out)),
            Verb::Lower => text.chars().for_each(|char| lower(char, out)),
            Verb::Title => title(text, out),
            Verb::PadLeft { to, with } => {
                out.extend(std::iter::repeat_n(*with, to.saturating_sub(text.chars().count())));
                out.push_str(text);
            }
            Verb::PadRight { to, with } => {
                out.push_str(text);
                out.extend(std::iter::repeat_n(*with, to.saturating_sub(text.chars().count())));
            }
        }
    }
}

fn collapse(text: &str, out: &mut String) {
    for (number, word) in text.split_whitespace().enumerate() {
        if number > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn replace(text: &str, pairs: &[(String, String)], out: &mut String) {
    // Every pair works on the result of the one before, in place: texts are short.
    let start = out.len();
    out.push_str(text);
    for (find, with) in pairs {
        let mut at = start;
        while let Some(found) = out[at..].find(find.as_str()) {
            let from = at + found;
            out.replace_range(from..from + find.len(), with);
            at = from + with.len();
        }
    }
}

// Nearly all letters are ASCII, for which the full rules of Unicode are slow.

fn upper(char: char, out: &mut String) {
    if char.is_ascii() {
        out.push(char.to_ascii_uppercase());
    } else {
        out.extend(char.to_uppercase());
    }
}

fn lower(char: char, out: &mut String) {
    if char.is_ascii() {
        out.push(char.to_ascii_lowercase());
    } else {
        out.extend(char.to_lowercase());
    }
}

fn title(text: &str, out: &mut String) {
    let mut inside = false;
    for char in text.chars() {
        if inside {
            lower(char, out);
        } else {
            upper(char, out);
        }
        inside = char.is_alphanumeric();
    }
}

fn ascii(char: char, out: &mut String) {
    let plain = match char {
        _ if char.is_ascii() => return out.push(char),
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => "A",
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ð' | 'Ď' | 'Đ' => "D",
        'ð' | 'ď' | 'đ' => "d",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ŀ' | 'Ł' => "L",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' => "N",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' => "O",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' | 'Ș' => "S",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'Ţ' | 'Ť' | 'Ț' => "T",
        'ţ' | 'ť' | 'ț' => "t",
        'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'Ý' | 'Ŷ' | 'Ÿ' => "Y",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        'Æ' => "AE",
        'æ' => "ae",
        'Œ' => "OE",
        'œ' => "oe",
        'ß' => "ss",
        'Þ' => "TH",
        'þ' => "th",
        // Combining marks: the base letter came before.
        '\u{300}'..='\u{36f}' => "",
        '\u{a0}' | '\u{2007}' | '\u{202f}' => " ",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '–' | '—' | '‐' | '‑' => "-",
        _ => return out.push(char),
    };
    out.push_str(plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(verb: Verb, text: &str) -> String {
        let mut out = String::new();
        verb.run(text, &mut out);
        out
    }

    #[test]
    fn normal_forms_are_those_of_unicode() {
        assert_eq!(run(Verb::Nfc, "Nu\u{303}ez"), "Nu\u{303}ez".nfc().to_string());
        assert_eq!(run(Verb::Nfc, "Mari\u{301}a"), "Mar\u{ed}a");
        assert_eq!(run(Verb::Nfc, "\u{fb01}n"), "\u{fb01}n");
        assert_eq!(run(Verb::Nfkc, "\u{fb01}n \u{ff21}\u{ff11}"), "fin A1");
        assert_eq!(run(Verb::Nfkc, "María 12"), "María 12");
    }

    #[test]
    fn verbs_count_characters_and_not_bytes() {
        assert_eq!(run(Verb::Slice { from: 2, len: 2 }, "ñandú"), "an");
        assert_eq!(run(Verb::Slice { from: 4, len: 9 }, "ñandú"), "dú");
        assert_eq!(run(Verb::Last(2), "ñandú"), "dú");
        assert_eq!(run(Verb::PadLeft { to: 4, with: '0' }, "ñú"), "00ñú");
        assert_eq!(run(Verb::PadRight { to: 3, with: ' ' }, "ñandú"), "ñandú");
    }

    #[test]
    fn verbs_repair_what_legacy_systems_leave() {
        assert_eq!(run(Verb::Collapse, "  MARÍA\t DEL  MAR "), "MARÍA DEL MAR");
        assert_eq!(run(Verb::Title, "MARÍA DEL MAR"), "María Del Mar");
        assert_eq!(run(Verb::Ascii, "Ñuñoa – Ça\u{301} ß 東"), "Nunoa - Ca ss 東");
        assert_eq!(run(Verb::Strip(vec!['.', '-']), "12.345-Z"), "12345Z");
        let pairs = vec![("a".to_owned(), "aa".to_owned()), ("aa".to_owned(), "b".to_owned())];
        assert_eq!(run(Verb::Replace(pairs), "xax"), "xbx");
        assert_eq!(run(Verb::Upper, "straße"), "STRASSE");
    }
}
