//! What a value looks like, without the value.

/// The most characters that [`shape`] shows.
const LONGEST: usize = 40;

/// The shape of a text: digits as `9`, letters as `A`, ASCII punctuation and blanks as they are, anything else
/// as `?`. At most 40 characters, then `…`. Enough to see a wrong format, too little to know a person by it.
pub fn shape(text: &str) -> String {
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let mut shape = String::with_capacity(text.len().min(LONGEST + 3));
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shape.push('…');
            break;
        }
        shape.push(match character {
            character if character.is_numeric() => '9',
            character if character.is_alphabetic() => 'A',
            ' '..='~' => character,
            _ => '?',
        });
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_shows_form_and_length_but_no_value() {
        for (text, expected) in [
            ("31/02/2021", "99/99/9999"),
            ("12345678Z", "99999999A"),
            ("Núñez, José", "AAAAA, AAAA"),
            ("a\tb\u{1b}[31m", "A?A?[99A"),
            ("١٢\u{a0}½", "99?9"),
            ("", "an empty text"),
            (" ", " "),
        ] {
            assert_eq!(shape(text), expected);
        }
        let long = "x".repeat(41);
        assert_eq!(shape(&long), format!("{}…", "A".repeat(40)));
        assert_eq!(shape(&long[1..]), "A".repeat(40));
    }
}
