//! Names of months.
//!
//! In any case, with or without their accents, in full or as the language abbreviates them; a point behind an
//! abbreviation belongs to the pattern.

use super::{Fault, Language};

/// The names of a month in full.
type Names = [&'static [&'static str]; 12];

/// Takes the name of a month off the front.
pub(super) fn month_of(rest: &mut &[u8], short: bool, language: Language) -> Result<u8, Fault> {
    let names = match (language, short) {
        (Language::English, _) => return english(rest, short),
        (Language::Spanish, false) => &SPANISH,
        (Language::Spanish, true) => &SPANISH_SHORT,
        (Language::French, false) => &FRENCH,
        (Language::French, true) => &FRENCH_SHORT,
        (Language::German, false) => &GERMAN,
        (Language::German, true) => &GERMAN_SHORT,
    };
    let text = std::str::from_utf8(rest).map_err(|_| Fault::Form)?;
    let found = (1..)
        .zip(names)
        .flat_map(|(month, names)| names.iter().map(move |name| (month, name)))
        .filter_map(|(month, name)| Some((prefix(text, name)?, month)))
        // `sept` before `sep`.
        .max_by_key(|(length, _)| *length);
    let (length, month) = found.ok_or(Fault::Form)?;
    *rest = &rest[length..];
    Ok(month)
}

/// The octets of `text` that are `name`, whatever their case.
fn prefix(text: &str, name: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    for expected in name.chars() {
        let (_, found) = chars.next()?;
        if !found.to_lowercase().eq(std::iter::once(expected)) {
            return None;
        }
    }
    Some(chars.next().map_or(text.len(), |(at, _)| at))
}

fn english(rest: &mut &[u8], short: bool) -> Result<u8, Fault> {
    for (month, name) in (1..).zip(ENGLISH) {
        let name = if short { &name.as_bytes()[..3] } else { name.as_bytes() };
        if let Some((head, after)) = rest.split_at_checked(name.len())
            && head.eq_ignore_ascii_case(name)
        {
            *rest = after;
            return Ok(month);
        }
    }
    Err(Fault::Form)
}

#[rustfmt::skip]
const ENGLISH: [&str; 12] = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
];

#[rustfmt::skip]
const SPANISH: Names = [
    &["enero"], &["febrero"], &["marzo"], &["abril"], &["mayo"], &["junio"],
    &["julio"], &["agosto"], &["septiembre", "setiembre"], &["octubre"], &["noviembre"], &["diciembre"],
];

#[rustfmt::skip]
const SPANISH_SHORT: Names = [
    &["ene"], &["feb"], &["mar"], &["abr"], &["may"], &["jun"],
    &["jul"], &["ago"], &["sep", "sept", "set"], &["oct"], &["nov"], &["dic"],
];

#[rustfmt::skip]
const FRENCH: Names = [
    &["janvier"], &["février", "fevrier"], &["mars"], &["avril"], &["mai"], &["juin"],
    &["juillet"], &["août", "aout"], &["septembre"], &["octobre"], &["novembre"], &["décembre", "decembre"],
];

#[rustfmt::skip]
const FRENCH_SHORT: Names = [
    &["janv"], &["févr", "fevr"], &["mars"], &["avr"], &["mai"], &["juin"],
    &["juil"], &["août", "aout"], &["sept"], &["oct"], &["nov"], &["déc", "dec"],
];

#[rustfmt::skip]
const GERMAN: Names = [
    &["januar", "jänner"], &["februar"], &["märz", "maerz", "marz"], &["april"], &["mai"], &["juni"],
    &["juli"], &["august"], &["september"], &["oktober"], &["november"], &["dezember"],
];

#[rustfmt::skip]
const GERMAN_SHORT: Names = [
    &["jan", "jän"], &["feb"], &["mär", "mrz", "mar"], &["apr"], &["mai"], &["jun"],
    &["jul"], &["aug"], &["sep", "sept"], &["okt"], &["nov"], &["dez"],
];
