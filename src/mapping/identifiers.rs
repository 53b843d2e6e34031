//! Check digits of public identifiers, each from its public rule.

/// An identifier that carries its own check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identifier {
    /// Spanish tax number of a person: DNI or, beginning with K, L or M, of one without.
    Nif,
    /// Spanish number of a foreigner.
    Nie,
    /// Spanish tax number of an organisation.
    Cif,
    /// Any of the three.
    SpanishTaxId,
    /// International bank account number, ISO 13616.
    Iban,
    /// ISO/IEC 7812 check digit.
    Luhn,
}

impl Identifier {
    /// The words in mapping files.
    pub(crate) const WORDS: [(&'static str, Identifier); 6] = [
        ("es.nif", Identifier::Nif),
        ("es.nie", Identifier::Nie),
        ("es.cif", Identifier::Cif),
        ("es.tax_id", Identifier::SpanishTaxId),
        ("iban", Identifier::Iban),
        ("luhn", Identifier::Luhn),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, id)| *id == self).map_or("", |(word, _)| word)
    }

    /// Whether it identifies a person towards the state.
    pub(crate) fn is_national_id(self) -> bool {
        matches!(self, Identifier::Nif | Identifier::Nie | Identifier::SpanishTaxId)
    }

    /// Whether `text` is such an identifier: letters upper case, no blanks or separators.
    pub(crate) fn holds(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Identifier::Nif => nif(bytes),
            Identifier::Nie => nie(bytes),
            Identifier::Cif => cif(bytes),
            Identifier::SpanishTaxId => nif(bytes) || nie(bytes) || cif(bytes),
            Identifier::Iban => iban(bytes),
            Identifier::Luhn => luhn(bytes),
        }
    }
}

const CONTROL_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// Eight digits and the letter of their remainder by 23; K, L and M stand for no digit.
fn nif(text: &[u8]) -> bool {
    let [head @ .., letter] = text else { return false };
    let digits = match head {
        [b'K' | b'L' | b'M', digits @ ..] if digits.len() == 7 => digits,
        _ if head.len() == 8 => head,
        _ => return false,
    };
    number(digits).is_some_and(|number| CONTROL_LETTERS[(number % 23) as usize] == *letter)
}

/// X, Y and Z stand for 0, 1 and 2.
fn nie(text: &[u8]) -> bool {
    let [first @ b'X'..=b'Z', digits @ .., letter] = text else { return false };
    digits.len() == 7
        && number(digits).is_some_and(|number| {
            let number = u64::from(first - b'X') * 10_000_000 + number;
            CONTROL_LETTERS[(number % 23) as usize] == *letter
        })
}

/// A letter, seven digits, a control that some kinds of organisation write as a digit, some as a letter.
fn cif(text: &[u8]) -> bool {
    let [kind, digits @ .., control] = text else { return false };
    if digits.len() != 7 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    let check = ((10 - sum % 10) % 10) as u8;
    let (digit, letter) = (b'0' + check, b"JABCDEFGHI"[usize::from(check)]);
    match kind {
        b'A' | b'B' | b'E' | b'H' => *control == digit,
        b'P' | b'Q' | b'R' | b'S' | b'W' | b'N' => *control == letter,
        b'C' | b'D' | b'F' | b'G' | b'J' | b'U' | b'V' => *control == digit || *control == letter,
        _ => false,
    }
}

/// The first four characters moved to the end, letters as 10 to 35, remainder by 97 is 1.
fn iban(text: &[u8]) -> bool {
    if !(15..=34).contains(&text.len())
        || !text[..2].iter().all(u8::is_ascii_uppercase)
        || !text[2..4].iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let mut rest = 0u32;
    for byte in text[4..].iter().chain(&text[..4]) {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}

/// Every second digit from the right doubled, sum of digits divisible by ten.
fn luhn(text: &[u8]) -> bool {
    if text.len() < 2 || !text.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = text
        .iter()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::Identifier::*;

    #[test]
    fn published_examples_hold_and_a_changed_character_does_not() {
        for (identifier, good, bad) in [
            (Nif, "12345678Z", "12345678A"),
            (Nif, "00000000T", "0000000T"),
            (Nie, "X1234567L", "X1234567M"),
            (Nie, "Z1234567R", "Z1234567L"),
            (Cif, "A58818501", "A58818502"),
            (Cif, "Q2826000H", "Q2826000A"),
            (Cif, "P2807900B", "P28079001"),
            (Iban, "ES9121000418450200051332", "ES9121000418450200051333"),
            (Iban, "GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32"),
            (Luhn, "79927398713", "79927398714"),
            (SpanishTaxId, "A58818501", ""),
        ] {
            assert!(identifier.holds(good), "{good}");
            assert!(!identifier.holds(bad), "{bad}");
        }
    }

    #[test]
    fn odd_texts_are_refused_without_a_panic() {
        for (_, identifier) in super::Identifier::WORDS {
            for text in ["", "Z", "ñ2345678Z", "99999999999999999999999999999999", "ESññ"] {
                let _ = identifier.holds(text);
            }
        }
        assert!(!Nif.holds("ñ345678Z"));
    }
}
