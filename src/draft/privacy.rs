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

    /// Values that identify or reach a person, in a column that is something else.
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
    let organisation = found.is_some_and(|found| class_of(found.check).is_none());
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
    fn every_identifier_that_is_looked_for_exists() {
        for check in LOOKED_FOR {
            assert!(Identifier::WORDS.iter().any(|(word, _)| *word == check), "{check}");
        }
    }
}
