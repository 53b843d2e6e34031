//! Names of people, as Spanish and Latin-American registers write them.
//!
//! A surname is a word with the particles in front of it (`DE LA CRUZ`), or two of them joined by `Y` (`ORTEGA Y
//! GASSET`). People have one or two. What has figures in it or the mark of a company is nobody's name.

use super::{Confidence, Found, Part, Splitter, is_one_of};

const PARTICLES: [&str; 16] = [
    "DE", "DEL", "LA", "LAS", "LOS", "EL", "SAN", "SANTA", "DA", "DO", "DOS", "DAS", "DI", "VAN",
    "VON", "DER",
];
const JOINTS: [&str; 3] = ["Y", "I", "E"];
const PREFIXES: [&str; 13] =
    ["D", "DÑA", "DON", "DOÑA", "SR", "SRA", "SRTA", "LIC", "ING", "DR", "DRA", "ARQ", "C.P"];
const COMPANY: [&str; 16] = [
    "SA",
    "S.A",
    "SL",
    "S.L",
    "SLU",
    "S.L.U",
    "SAU",
    "S.A.U",
    "SC",
    "S.C",
    "CB",
    "C.B",
    "SAB",
    "COOP",
    "S.COOP",
    "AYUNTAMIENTO",
];
/// Given names that begin another: of three words that begin with one, two may be given.
const COMPOUND: [&str; 14] = [
    "JOSE",
    "JOSÉ",
    "MARIA",
    "MARÍA",
    "MA",
    "M",
    "Mª",
    "JUAN",
    "LUIS",
    "ANA",
    "MIGUEL",
    "FRANCISCO",
    "JESUS",
    "JESÚS",
];

/// More words than any name has: the rest of such a text is not looked at.
const MOST: usize = 16;

pub(super) fn split(splitter: Splitter, text: &str, found: &mut Found<'_>) -> Confidence {
    let mut words = [""; MOST];
    let mut count = 0;
    let mut commas = 0;
    // Where the comma stands, in words.
    let mut comma = None;
    for word in text.split_whitespace().flat_map(|word| word.split_inclusive(',')) {
        let bare = word.trim_end_matches(',');
        if count == MOST {
            return unread(text, found);
        }
        if !bare.is_empty() {
            words[count] = bare;
            count += 1;
        }
        if bare.len() < word.len() {
            commas += 1;
            comma = Some(count);
        }
    }
    let words = &words[..count];
    let strange = |word: &&str| {
        is_one_of(word, &COMPANY) || word.chars().any(|char| char.is_numeric() && char != 'ª')
    };
    if count == 0 || commas > 1 || words.iter().any(strange) {
        return unread(text, found);
    }
    match (comma, splitter) {
        (Some(at), Splitter::Name | Splitter::SurnamesFirst) if 0 < at && at < count => {
            let (family, given) = words.split_at(at);
            let given = without_prefix(given, found);
            found.put_all(Part::Given, given);
            surnames(family, found)
        }
        (Some(_), _) => unread(text, found),
        (None, Splitter::SurnamesFirst) => surnames_first(words, found),
        (None, Splitter::Surnames) => surnames(words, found),
        (None, _) => given_first(without_prefix(words, found), found),
    }
}

/// Everything is rest.
fn unread(text: &str, found: &mut Found<'_>) -> Confidence {
    for word in text.split_whitespace() {
        found.put(Part::Rest, word);
    }
    Confidence::Low
}

fn without_prefix<'a, 'w>(words: &'a [&'w str], found: &mut Found<'_>) -> &'a [&'w str] {
    let mut rest = words;
    while let [first, after @ ..] = rest
        && !after.is_empty()
        && is_one_of(first, &PREFIXES)
    {
        found.put(Part::Prefix, first);
        rest = after;
    }
    rest
}

/// How many words at the front are one surname.
fn surname(words: &[&str]) -> usize {
    let mut length = simple(words);
    while words.get(length).is_some_and(|word| is_one_of(word, &JOINTS)) && length + 1 < words.len()
    {
        length += 1 + simple(&words[length + 1..]);
    }
    length
}

/// Particles and a word; particles alone where nothing follows.
fn simple(words: &[&str]) -> usize {
    let particles = words.iter().take_while(|word| is_one_of(word, &PARTICLES)).count();
    (particles + 1).min(words.len())
}

/// One or two surnames; what follows the second is rest.
fn surnames(words: &[&str], found: &mut Found<'_>) -> Confidence {
    let first = surname(words);
    let second = surname(&words[first..]);
    let (family, after) = words.split_at(first);
    let (family2, rest) = after.split_at(second);
    found.put_all(Part::Family, family);
    found.put_all(Part::Family2, family2);
    found.put_all(Part::Rest, rest);
    let joined = words.iter().any(|word| is_one_of(word, &JOINTS));
    match (rest.is_empty(), joined) {
        (false, _) => Confidence::Low,
        // `Y` joins the two surnames of a person as well as one of two words.
        (true, true) => Confidence::Medium,
        (true, false) => Confidence::High,
    }
}

fn surnames_first(words: &[&str], found: &mut Found<'_>) -> Confidence {
    let first = surname(words);
    let second = match surname(&words[first..]) {
        // The last is the given name.
        length if first + length == words.len() => 0,
        length => length,
    };
    let (family, after) = words.split_at(first);
    let (family2, given) = after.split_at(second);
    found.put_all(Part::Family, family);
    found.put_all(Part::Family2, family2);
    found.put_all(Part::Given, given);
    match (second > 0, given) {
        (true, [_]) => Confidence::Medium,
        // One surname and a given name of two words, or the other way round; or a name without a given one.
        _ => Confidence::Low,
    }
}

fn given_first(words: &[&str], found: &mut Found<'_>) -> Confidence {
    let mut given = simple(words).max(devotion(words));
    let mut units = [0; MOST];
    let mut count = 0;
    let mut at = given;
    while at < words.len() {
        units[count] = surname(&words[at..]);
        at += units[count];
        count += 1;
    }
    // The last two are surnames, whatever stands before them is given.
    for unit in &units[..count.saturating_sub(2)] {
        given += unit;
    }
    let surnames = &units[count.saturating_sub(2)..count];
    found.put_all(Part::Given, &words[..given]);
    let first = given + surnames.first().copied().unwrap_or(0);
    found.put_all(Part::Family, &words[given..first]);
    found.put_all(Part::Family2, &words[first..]);
    let compound = count == 2 && devotion(words) == 0 && is_one_of(words[0], &COMPOUND);
    let joined = words.iter().any(|word| is_one_of(word, &JOINTS));
    if surnames.len() == 2 && !compound && !joined && count < 5 {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}

/// `MARIA DEL CARMEN`: the words of such a given name.
fn devotion(words: &[&str]) -> usize {
    match words {
        [first, particle, ..]
            if is_one_of(first, &["MARIA", "MARÍA", "MA", "M", "Mª"])
                && is_one_of(particle, &["DE", "DEL"]) =>
        {
            1 + simple(&words[1..])
        }
        _ => 0,
    }
}
