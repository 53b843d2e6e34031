//! Whose data a column is: by check digits and forms of values, and by its name.

use super::words::{Hint, Hints};
use crate::{mapping::identifiers::Identifier, model::Class};

/// Identifiers that are looked for in values.
const LOOKED_FOR: [&str; 12] = [
    "es.nif",
    "es.nie",
    "es.cif",
    "mx.curp",
    "mx.rfc",
    "fr.nir",
    "fr.siren",
    "fr.siret",
    "iban",
    "lei",
    "email",
    "phone.e164",
];

/// How many values pass the check of each identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Identifiers([u64; LOOKED_FOR.len()]);

/// What identifiers a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The name of the check.
    pub(super) check: &'static str,
    /// How many values pass.
    pub(super) pass: u64,
}

impl Identifiers {
    /// Takes a trimmed value that stands there `weight` times.
    pub(super) fn see(&mut self, text: &str, weight: u64) {
        let mut buffer = [0; 40];
        let Some(plain) = plain(text, &mut buffer) else { return };
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        let letters = plain.bytes().filter(u8::is_ascii_uppercase).count();
        for (at, count) in self.0.iter_mut().enumerate() {
            if may_be(LOOKED_FOR[at], plain, digits, letters) && holds(LOOKED_FOR[at], plain, text)
            {
                *count += weight;
            }
        }
    }

    /// The identifier that the column holds, out of `values` values. A check digit alone passes one in ten by chance: a
    /// column of another name must pass nearly always, and more than a few times.
    pub(super) fn found(&self, values: u64, hints: &Hints) -> Option<Found> {
        let spanish: u64 = self.0[..3].iter().sum();
        let sums = [("es.tax_id", spanish)];
        let all = LOOKED_FOR.iter().copied().zip(self.0.iter().copied());
        let best =
            sums.into_iter().chain(all).max_by_key(|(check, count)| (*count, strength(check)))?;
        let (check, pass) = best;
        let check = match check {
            "es.tax_id" if self.0[0] == pass => "es.nif",
            "es.tax_id" if self.0[1] == pass => "es.nie",
            "es.tax_id" if self.0[2] == pass => "es.cif",
            other => other,
        };
        let named = hints.class().is_some() || hints.has(Hint::Code);
        let needed = if named { values.div_ceil(2) } else { (values * 9).div_ceil(10) };
        let few = strength(check) == 0 && values < 5;
        (pass > 0 && pass >= needed && (named || !few)).then_some(Found { check, pass })
    }

    /// How many values are by their form what only a person has, whatever the column is.
    pub(super) fn of_persons(&self) -> u64 {
        let all = LOOKED_FOR.iter().zip(self.0);
        all.filter(|(check, _)| class_of(check).is_some()).map(|(_, count)| count).sum()
    }

    /// Values that identify or reach a person, in a column that is something else: so many that the column is theirs.
    pub(super) fn stray(&self, values: u64) -> Option<(Class, &'static str)> {
        let national: u64 = [0, 1, 3].iter().map(|at| self.0[*at]).sum();
        if national * 20 > values {
            return Some((
                Class::PersonalNationalId,
                "some values pass the check of a national identifier",
            ));
        }
        (self.0[10] * 20 > values)
            .then_some((Class::PersonalContact, "some values are e-mail addresses"))
    }
}

/// How seldom the check passes by chance: 0 for a digit alone.
fn strength(check: &str) -> u8 {
    match check {
        "fr.siren" | "fr.siret" | "es.cif" => 0,
        "es.tax_id" => 2,
        _ => 1,
    }
}

/// Upper case without separators, if it is short enough to be an identifier.
fn plain<'b>(text: &str, buffer: &'b mut [u8; 40]) -> Option<&'b str> {
    let mut length = 0;
    for byte in text.bytes() {
        if matches!(byte, b' ' | b'.' | b'-' | b'/') && !text.contains('@') {
            continue;
        }
        if !byte.is_ascii() || length == buffer.len() {
            return None;
        }
        buffer[length] = byte.to_ascii_uppercase();
        length += 1;
    }
    std::str::from_utf8(&buffer[..length]).ok().filter(|plain| plain.len() >= 6)
}

/// What can be ruled out without reading it.
fn may_be(check: &str, plain: &str, digits: usize, letters: usize) -> bool {
    let length = plain.len();
    match check {
        "es.nif" | "es.nie" | "es.cif" => length == 9 && (1..=2).contains(&letters),
        "mx.curp" => length == 18 && letters >= 8,
        "mx.rfc" => matches!(length, 12 | 13) && letters >= 3 && digits >= 6,
        "fr.nir" => length == 15 && digits >= 14,
        "fr.siren" => length == 9 && digits == 9,
        "fr.siret" => length == 14 && digits == 14,
        "iban" => {
            (15..=34).contains(&length) && letters >= 2 && plain.as_bytes()[0].is_ascii_uppercase()
        }
        "lei" => length == 20 && digits >= 2,
        "email" => plain.contains('@'),
        _ => plain.starts_with('+') && digits >= 7,
    }
}

fn holds(check: &str, plain: &str, text: &str) -> bool {
    let identifier = Identifier::WORDS.iter().find(|(word, _)| *word == check);
    let text = if check == "email" { text } else { plain };
    identifier.is_some_and(|(_, identifier)| identifier.holds(text))
}

/// Whether a text is, or has in it, what identifies or reaches a person by its form: an identifier with its check digit,
/// an account, an e-mail address, a telephone. One such value in a shifted row is enough to give a person away.
pub(super) fn is_of_a_person(text: &str) -> bool {
    // An account in groups of four.
    const MOST_GROUPS: usize = 9;
    let around = |c: char| c.is_whitespace() || ",;:|=<>()[]{}\"'".contains(c);
    let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let words: Vec<&str> = text
        .split(around)
        .map(|word| word.trim_end_matches(['.', '-', '/']))
        .filter(|word| !word.is_empty())
        .collect();
    (0..words.len()).any(|first| {
        let groups = &words[first..words.len().min(first + MOST_GROUPS)];
        groups
            .iter()
            .any(|last| is_one_of_a_person(&text[place(words[first])..place(last) + last.len()]))
    })
}

fn is_one_of_a_person(text: &str) -> bool {
    let mut identifiers = Identifiers::default();
    identifiers.see(text, 1);
    identifiers.of_persons() > 0 || is_telephone(text)
}

/// A number as people dial it: with the code of a country, or as it is written in Spain or France.
fn is_telephone(text: &str) -> bool {
    let mut digits = String::new();
    for char in text.chars() {
        match char {
            '0'..='9' | '+' => digits.push(char),
            ' ' | '.' | '-' | '/' | '(' | ')' => {}
            _ => return false,
        }
    }
    let abroad = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00"));
    match (abroad, digits.as_bytes()) {
        (Some(number), _) => (8..=15).contains(&number.len()) && !number.starts_with('0'),
        (None, [b'6'..=b'9', rest @ ..]) => rest.len() == 8,
        (None, [b'0', b'1'..=b'9', rest @ ..]) => rest.len() == 8,
        _ => false,
    }
}

/// Whether it is several words that begin with capitals, as the names of persons are written.
pub(super) fn may_be_a_name(text: &str) -> bool {
    const BETWEEN: [&str; 18] = [
        "de", "del", "la", "las", "los", "el", "y", "e", "i", "da", "do", "dos", "das", "du",
        "des", "le", "van", "von",
    ];
    let mut capitals = 0;
    for word in text.split(|c: char| c.is_whitespace() || ",.".contains(c)) {
        if word.is_empty() || BETWEEN.contains(&word.to_lowercase().as_str()) {
            continue;
        }
        let of_letters = word.chars().all(|c| c.is_alphabetic() || "-'’ªº".contains(c));
        if !of_letters || !word.starts_with(char::is_uppercase) {
            return false;
        }
        capitals += 1;
    }
    capitals > 1
}

/// Whether the check holds for organisations, which are nobody.
pub(super) fn is_of_organisations(found: Option<Found>) -> bool {
    found.is_some_and(|found| class_of(found.check).is_none())
}

/// The class of what passes this check.
fn class_of(check: &str) -> Option<(Class, &'static str)> {
    Some(match check {
        "es.nif" | "es.nie" | "es.tax_id" | "mx.curp" | "mx.rfc" | "fr.nir" => {
            (Class::PersonalNationalId, "a national identifier by its check digit")
        }
        "iban" => (Class::Personal, "accounts by their check digits"),
        "email" => (Class::PersonalContact, "e-mail addresses by their form"),
        "phone.e164" => (Class::PersonalContact, "telephone numbers by their form"),
        _ => return None,
    })
}

/// The class of a column, and why. Without any sign it is internal: nothing is public because nobody has looked.
pub(super) fn class(
    hints: &Hints,
    found: Option<Found>,
    identifiers: &Identifiers,
    values: u64,
) -> (Class, &'static str) {
    let by_value = found.and_then(|found| class_of(found.check));
    // A check that holds for organisations says that it is no person's.
    let organisation = is_of_organisations(found);
    let by_name = hints.class().filter(|(class, _)| {
        !(organisation && matches!(class, Class::PersonalNationalId | Class::Personal))
    });
    let stray = if organisation { None } else { identifiers.stray(values) };
    // Of reasons for the same class the first is shown: `max_by_key` takes the last.
    [stray, by_name, by_value]
        .into_iter()
        .flatten()
        .max_by_key(|(class, _)| *class)
        .unwrap_or((Class::Internal, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, values: &[&str]) -> (Class, Option<&'static str>) {
        let mut identifiers = Identifiers::default();
        for value in values {
            identifiers.see(value, 1);
        }
        let hints = Hints::of(name);
        let count = values.len() as u64;
        let found = identifiers.found(count, &hints);
        (class(&hints, found, &identifiers, count).0, found.map(|found| found.check))
    }

    #[test]
    fn check_digits_tell_what_names_do_not() {
        for (name, values, class, check) in [
            (
                "C7",
                &["12345678Z", "99007919A", "X1234567L"][..],
                Class::PersonalNationalId,
                Some("es.tax_id"),
            ),
            ("C7", &["12.345.678-z", "99007919a"], Class::PersonalNationalId, Some("es.nif")),
            ("C7", &["ES9121000418450200051332"], Class::Personal, Some("iban")),
            ("C7", &["ana@example.org", "eva@example.org"], Class::PersonalContact, Some("email")),
            ("Siren", &["732829320", "404833048"], Class::Internal, Some("fr.siren")),
            ("C7", &["732829320"], Class::Internal, None),
            ("NIF", &["12345678A", "x"], Class::PersonalNationalId, None),
            ("TIPO", &["A", "B"], Class::Internal, None),
            ("C7", &["llamar", "no está", "99007919A"], Class::PersonalNationalId, None),
        ] {
            assert_eq!(judged(name, values), (class, check), "{name} {values:?}");
        }
    }

    #[test]
    fn what_gives_a_person_away_is_found_inside_a_text_too() {
        for text in [
            "12345678Z",
            "12.345.678-z",
            "NIF: 12345678Z",
            "Muñoz (X1234567L)",
            "SABC560626MDFLRN01",
            "ES91 2100 0418 4502 0005 1332",
            "cuenta ES9121000418450200051332.",
            "<ana@example.org>",
            "tel. 600 12 34 56",
            "+34 600-123-456",
            "0034600123456",
            "01 23 45 67 89",
        ] {
            assert!(is_of_a_person(text), "{text}");
        }
        for text in [
            "",
            "OBM",
            "12345678A",
            "Obra mayor",
            "732829320x",
            "28001",
            "2020-01-01",
            "EXP-2020/00123",
        ] {
            assert!(!is_of_a_person(text), "{text}");
        }
    }

    #[test]
    fn names_of_persons_are_several_words_with_capitals() {
        for text in ["Ana Gil", "EVA DE LA FUENTE", "Ibáñez, Luis", "Mª José O'Hara"] {
            assert!(may_be_a_name(text), "{text}");
        }
        for text in ["Ana", "Obra mayor", "DE LA", "Plan 2020 B", "sin asignar", ""] {
            assert!(!may_be_a_name(text), "{text}");
        }
    }

    #[test]
    fn every_identifier_that_is_looked_for_exists() {
        for check in LOOKED_FOR {
            assert!(Identifier::WORDS.iter().any(|(word, _)| *word == check), "{check}");
        }
    }
}
