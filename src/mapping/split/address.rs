//! Addresses in one line, as Spanish and Mexican registers write them.
//!
//! Kind of way, its name, the number; then what is inside, block and lot, the neighbourhood, the postal code and
//! the place, each known by the word in front of it (`COL`, `CP`, `MZ`), which does not come out itself. A comma
//! ends a part.

use super::{Confidence, Found, Part, is_one_of};

/// Kinds of ways: the word of the code table, and how it is written.
const WAYS: &[(&str, &[&str])] = &[
    ("CL", &["C", "C/", "CL", "CALLE"]),
    ("AV", &["AV", "AVE", "AVD", "AVDA", "AVENIDA"]),
    ("PZ", &["PZ", "PZA", "PL", "PLZA", "PLAZA"]),
    ("CM", &["CM", "CMNO", "CNO", "CAMINO"]),
    ("PS", &["PS", "Pº", "PASEO"]),
    ("CR", &["CR", "CTRA", "CARR", "CARRETERA"]),
    ("TR", &["TR", "TRAV", "TRVA", "TRVSIA", "TRAVESIA", "TRAVESÍA"]),
    ("RD", &["RD", "RDA", "RONDA"]),
    ("GL", &["GL", "GTA", "GLORIETA"]),
    ("UR", &["UR", "URB", "URBANIZACION", "URBANIZACIÓN"]),
    ("BV", &["BV", "BLVD", "BLV", "BULEVAR", "BOULEVARD"]),
    ("CZ", &["CZ", "CALZ", "CALZADA"]),
    ("CJ", &["CJ", "CJON", "CLLON", "CALLEJON", "CALLEJÓN"]),
    ("PJ", &["PJ", "PJE", "PASAJE"]),
    ("PG", &["PG", "POL", "POLIGONO", "POLÍGONO"]),
    ("PR", &["PROL", "PROLONGACION", "PROLONGACIÓN"]),
    ("PV", &["PRIV", "PRIVADA"]),
    ("AN", &["AND", "ANDADOR"]),
    ("CI", &["CTO", "CIRCUITO"]),
    ("CE", &["CDA", "CERRADA"]),
];

/// Words that begin a part; `true` where the word itself belongs to it.
const BEGINNINGS: &[(Part, bool, &[&str])] = &[
    (
        Part::Interior,
        true,
        &[
            "INT", "INTERIOR", "DEP", "DEPTO", "DPTO", "LOCAL", "LOC", "PISO", "PLANTA", "PLTA",
            "PTA", "PUERTA", "ESC", "ESCALERA", "BAJO", "BJO", "ENTLO", "ATICO", "ÁTICO", "IZQ",
            "IZQDA", "DCHA", "DER", "PORTAL", "BLQ", "BLOQUE", "EDIFICIO", "EDIF",
        ],
    ),
    (Part::Block, false, &["MZ", "MZA", "MZNA", "MANZANA"]),
    (Part::Lot, false, &["LT", "LTE", "LOTE"]),
    (Part::Neighbourhood, false, &["COL", "COLONIA", "BARRIO", "BO"]),
    (Part::Neighbourhood, true, &["FRACC", "FRACCIONAMIENTO"]),
    (Part::CrossStreets, false, &["ENTRE"]),
    (Part::PostCode, false, &["CP", "C.P"]),
];

const NUMBER_MARKS: [&str; 6] = ["N", "Nº", "NO", "NUM", "NÚM", "#"];
const NO_NUMBER: [&str; 4] = ["S/N", "SN", "S/Nº", "S.N"];

/// What the words are part of.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Name,
    /// `KM` or `Nº` was there.
    Number,
    In(Part),
    /// Whatever has no word in front of it.
    Open,
}

pub(super) fn split(text: &str, found: &mut Found<'_>) -> Confidence {
    if !has_beginning(text) {
        for word in text.split_whitespace() {
            found.put(Part::Rest, word);
        }
        return Confidence::Low;
    }
    let mut at = At::Start;
    let mut tokens = tokens(text).peekable();
    while let Some(Token { word, ends }) = tokens.next() {
        let next = tokens.peek().map(|token| token.word);
        at = place(word, next, at, found);
        if ends && at != At::Start {
            at = At::Open;
        }
    }
    confidence(found)
}

fn confidence(found: &Found<'_>) -> Confidence {
    let way = found.has(Part::ThoroughfareType);
    let number = found.has(Part::Number) || found.has(Part::Block) && found.has(Part::Lot);
    match (found.has(Part::Rest), way && number, way || number) {
        (false, true, _) => Confidence::High,
        (false, false, true) => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// Whether the text begins as an address does, with a kind of way, or has a number anywhere behind a name.
fn has_beginning(text: &str) -> bool {
    let mut tokens = tokens(text).map(|token| token.word);
    let Some(first) = tokens.next() else { return false };
    way(first).is_some()
        || first.chars().any(char::is_alphabetic)
            && tokens.any(|word| is_number(word) || is_one_of(word, &NO_NUMBER))
}

struct Token<'a> {
    word: &'a str,
    /// A comma follows.
    ends: bool,
}

/// Words without their commas; `C/MAYOR` is two, `5,5` is one.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let (word, after) = rest.split_at(end_of_word(rest));
        let (ends, after) = match after.strip_prefix(',') {
            Some(after) => (true, after),
            None => (false, after),
        };
        rest = after;
        (ends || !word.is_empty()).then_some(Token { word, ends })
    })
}

fn end_of_word(text: &str) -> usize {
    let bytes = text.as_bytes();
    if let [b'C' | b'c', b'/', after, ..] = bytes
        && !after.is_ascii_whitespace()
    {
        return 2;
    }
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let ends = |(at, char): &(usize, char)| {
        char.is_whitespace() || *char == ',' && !(*at > 0 && is_digit(at - 1) && is_digit(at + 1))
    };
    text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)
}

fn way(word: &str) -> Option<&'static str> {
    WAYS.iter().find(|(_, written)| is_one_of(word, written)).map(|(code, _)| *code)
}

/// Puts a word where it belongs and says where the next one is.
fn place(word: &str, next: Option<&str>, at: At, found: &mut Found<'_>) -> At {
    if word.is_empty() {
        return at;
    }
    if at == At::Start {
        return match way(word) {
            Some(code) if next.is_some() => {
                found.put(Part::ThoroughfareType, code);
                At::Name
            }
            _ => {
                found.put(Part::Thoroughfare, word);
                At::Name
            }
        };
    }
    if let Some(at) = number(word, next, at, found) {
        return at;
    }
    if let Some(at) = beginning(word, next, found) {
        return at;
    }
    if is_post_code(word)
        && (found.has(Part::Number) || at == At::In(Part::PostCode))
        && !found.has(Part::PostCode)
    {
        found.put(Part::PostCode, word);
        return At::In(Part::Locality);
    }
    let part = whose(word, at, found);
    found.put(part, word);
    match part {
        Part::Thoroughfare => At::Name,
        // One word each.
        Part::Block | Part::Lot => At::Open,
        part => At::In(part),
    }
}

/// The part that a word begins, if it is one that does.
fn beginning(word: &str, next: Option<&str>, found: &mut Found<'_>) -> Option<At> {
    if !found.has(Part::Thoroughfare) || !next_fits(word, next) {
        return None;
    }
    let (part, itself, _) = BEGINNINGS.iter().find(|(.., words)| is_one_of(word, words))?;
    let again = found.has(*part) && *part != Part::Interior;
    let part = if again { Part::Rest } else { *part };
    if *itself || again {
        found.put(part, word);
    }
    Some(At::In(part))
}

/// The part that a word without a meaning of its own belongs to.
fn whose(word: &str, at: At, found: &Found<'_>) -> Part {
    let inside = found.has(Part::Number) && !found.has(Part::PostCode);
    match at {
        At::Start | At::Name => Part::Thoroughfare,
        At::Open if !found.has(Part::Thoroughfare) => Part::Thoroughfare,
        At::In(Part::Interior) if is_door(word) => Part::Interior,
        At::In(Part::Interior | Part::PostCode | Part::Rest) => Part::Rest,
        At::In(part) => part,
        At::Number | At::Open if inside && is_door(word) => Part::Interior,
        At::Number | At::Open => Part::Rest,
    }
}

/// The number of the house, where this word is one or says that one follows.
fn number(word: &str, next: Option<&str>, at: At, found: &mut Found<'_>) -> Option<At> {
    let named = found.has(Part::Thoroughfare);
    if found.has(Part::Number) && at != At::Number || matches!(at, At::In(_)) {
        return None;
    }
    let follows = next.is_some_and(is_number);
    if is_one_of(word, &["KM"]) && follows {
        found.put(Part::Number, word);
        return Some(At::Number);
    }
    if named && is_one_of(word, &NUMBER_MARKS) && follows {
        return Some(At::Number);
    }
    let numbered = is_number(word) && (named || at == At::Number) && !is_of_name(next);
    if numbered || named && is_one_of(word, &NO_NUMBER) {
        found.put(Part::Number, word);
        return Some(At::Open);
    }
    None
}

/// `5 DE MAYO` is a name.
fn is_of_name(next: Option<&str>) -> bool {
    next.is_some_and(|word| is_one_of(word, &["DE"]))
}

/// A word that begins a part says nothing at the end, unless it is a part by itself.
fn next_fits(word: &str, next: Option<&str>) -> bool {
    const ALONE: [&str; 9] =
        ["BAJO", "BJO", "ENTLO", "ATICO", "ÁTICO", "IZQ", "IZQDA", "DCHA", "DER"];
    next.is_some() || is_one_of(word, &ALONE)
}

/// Figures, with a letter or `BIS` behind, or two of them: `12`, `123-B`, `12BIS`, `#7`, `10-12`, `5,5`.
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('#').unwrap_or(word);
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let behind = &word[digits..];
    (1..=5).contains(&digits)
        && (behind.is_empty()
            || is_one_of(
                behind.trim_start_matches('-'),
                &["BIS", "A", "B", "C", "D", "E", "F", "G", "H"],
            )
            || behind.len() > 1
                && behind.starts_with(['-', '/', '.', ','])
                && behind[1..].bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_post_code(word: &str) -> bool {
    word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A floor or a door: `3º`, `2A`, `B`, `IZQ`, `12`.
fn is_door(word: &str) -> bool {
    let chars = word.chars().count();
    chars == 1
        || chars <= 4
            && word.starts_with(|char: char| char.is_ascii_digit())
            && word
                .chars()
                .all(|char| char.is_alphanumeric() || matches!(char, 'º' | 'ª' | '°' | '-'))
}
