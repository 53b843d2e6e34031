//! What a value may be, counted for a column: everything that is looked for in one value stands here.

use super::{
    moments::{Moments, Ways},
    numbers::Numbers,
    privacy::Identifiers,
};

/// What was seen of a column's values, each as often as it stands there.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinds {
    /// Values.
    pub(super) values: u64,
    /// Values of one word without a digit, as programs write in place of a value.
    pub(super) wordy: u64,
    pub(super) numbers: Numbers,
    pub(super) moments: Moments,
    pub(super) uuids: u64,
    pub(super) identifiers: Identifiers,
    /// Year and month in six digits.
    pub(super) periods: u64,
    /// Longer than a line, or with line ends in it.
    pub(super) prose: u64,
}

impl Kinds {
    /// Takes a trimmed value, not empty, that stands there `weight` times.
    pub(super) fn see(&mut self, ways: &Ways, text: &str, weight: u64) {
        self.values += weight;
        if text.len() > LONGEST {
            self.prose += weight;
            return;
        }
        let bytes = text.as_bytes();
        if bytes.iter().any(u8::is_ascii_digit) {
            self.numbers.see(text, weight);
            self.moments.see(ways, text, weight);
            self.uuids += if is_uuid(bytes) { weight } else { 0 };
            self.periods += if is_period(bytes) { weight } else { 0 };
        } else if text.len() <= 20 && !text.contains(char::is_whitespace) {
            self.wordy += weight;
        }
        self.identifiers.see(text, weight);
    }
}

impl Kinds {
    /// Takes a day that is none: it may be a number, and says nothing about patterns.
    pub(super) fn see_no_day(&mut self, text: &str, weight: u64) {
        self.values += weight;
        self.numbers.see(text, weight);
    }
}

/// Beyond this nothing but prose is looked for.
const LONGEST: usize = 120;

fn is_uuid(bytes: &[u8]) -> bool {
    let dashes = [8, 13, 18, 23];
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| {
            if dashes.contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
        })
}

fn is_period(bytes: &[u8]) -> bool {
    bytes.len() == 6
        && bytes.iter().all(u8::is_ascii_digit)
        && matches!(&bytes[..2], b"19" | b"20")
        && matches!(&bytes[4..], [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2'])
}

/// What stands for no value, in small letters, whatever the type of a column.
const NOTHING: &[&str] = &[
    "-", "--", "---", "null", "<null>", "(null)", "n/a", "#n/a", "n.a.", "s/d", "n/d", "\\n",
    "nan", "?", ".", "s.d.", "n.d.",
];
/// What stands for no value where values look otherwise.
const NOTHING_TYPED: &[&str] = &[
    "na",
    "nd",
    "sd",
    "none",
    "nil",
    "ninguno",
    "ninguna",
    "vacio",
    "unknown",
    "desconocido",
    "inconnu",
    "x",
    "*",
    "/",
    "//",
    "/  /",
    "/ /",
    "pendiente",
];
/// Days that are none.
const NO_DAY: &[&str] = &[
    "00/00/0000",
    "0000-00-00",
    "00000000",
    "00-00-0000",
    "00.00.0000",
    "0000/00/00",
    "0",
    "000000",
    "0000000",
    "99/99/9999",
    "99999999",
    "9999-99-99",
    "00/00/00",
    "0000-00-00 00:00:00",
    "00/00/0000 00:00:00",
    "00/00/0000 00:00",
];

/// What a value that does not fit its column may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// No value, in any column.
    Nothing,
    /// No value where values look otherwise.
    NothingTyped,
    /// No value in a column of days.
    NoDay,
}

/// Whether a trimmed value is a word for no value.
pub(super) fn token(text: &str) -> Option<Token> {
    if text.len() > 20 || matches!(text.as_bytes().first(), None | Some(b'1'..=b'8')) {
        return None;
    }
    let among = |list: &[&str]| list.iter().any(|word| word.eq_ignore_ascii_case(text));
    if among(NOTHING) {
        Some(Token::Nothing)
    } else if among(NOTHING_TYPED) {
        Some(Token::NothingTyped)
    } else {
        among(NO_DAY).then_some(Token::NoDay)
    }
}

/// Whether a value is a day that people write where there is none: the first or the last that a program knows.
pub(super) fn is_sentinel(text: &str) -> bool {
    const DAYS: [&str; 12] = [
        "9999-12-31",
        "31/12/9999",
        "12/31/9999",
        "99991231",
        "31-12-9999",
        "31.12.9999",
        "9999/12/31",
        "0001-01-01",
        "01/01/0001",
        "00010101",
        "2999-12-31",
        "31/12/2999",
    ];
    DAYS.iter().any(|day| {
        let time = |rest: &str| {
            rest.starts_with([' ', 'T'])
                && rest[1..].chars().all(|c| c.is_ascii_digit() || " :.+-Z".contains(c))
        };
        text.strip_prefix(day).is_some_and(|rest| rest.is_empty() || time(rest))
    })
}
