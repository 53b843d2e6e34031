//! The text of fields: characters out of bytes, and what must not be among them.

use memchr::memchr3_iter;

use crate::encoding::Encoding;

/// What a quick look at the raw bytes of a record shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Survey {
    /// It holds a control character other than a tab.
    pub(super) control: bool,
    /// It holds a byte above ASCII.
    pub(super) upper: bool,
}

/// Looks at every byte once, without a branch in the loop so that it is done many bytes at a time.
pub(super) fn survey(bytes: &[u8]) -> Survey {
    let (mut control, mut upper) = (false, 0);
    for &byte in bytes {
        control |= (byte < 0x20 && byte != b'\t') | (byte == 0x7F);
        upper |= byte;
    }
    Survey { control, upper: upper >= 0x80 }
}

/// Whether the byte is a control character of ASCII; line ends count where they may not stand.
pub(super) fn is_control(byte: u8, breaks: bool) -> bool {
    match byte {
        b'\t' => false,
        b'\n' | b'\r' => !breaks,
        _ => byte < 0x20 || byte == 0x7F,
    }
}

/// Whether the character is invisible and changes what others mean: C1 controls, bidirectional overrides.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// What stands out in a text that is not ASCII.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Where the first hidden character stands, in bytes of the text.
    pub(super) hidden: Option<usize>,
    /// It looks as if UTF-8 had been encoded twice.
    pub(super) double_encoded: bool,
    /// It holds U+FFFD.
    pub(super) replacement: bool,
}

/// Looks for [`Marks`]. The bytes it stops at are rare in the languages of Europe.
pub(super) fn marks(text: &str) -> Marks {
    let bytes = text.as_bytes();
    let mut marks = Marks::default();
    for at in memchr3_iter(0xC2, 0xE2, 0xEF, bytes) {
        let next = |ahead: usize| bytes.get(at + ahead).copied().unwrap_or_default();
        match (bytes[at], next(1), next(2)) {
            (0xC2, 0x80..=0x9F, _) | (0xE2, 0x80, 0xAA..=0xAE) | (0xE2, 0x81, 0xA6..=0xA9) => {
                _ = marks.hidden.get_or_insert(at);
            }
            (0xEF, 0xBF, 0xBD) => marks.replacement = true,
            _ => {}
        }
        let twice = matches!(bytes[..at], [.., 0xC3, 0x82 | 0x83]);
        marks.double_encoded |= twice && bytes[at] == 0xC2;
    }
    marks
}

/// Decodes the bytes of one field.
///
/// # Errors
/// The index of the first byte that is not of the encoding.
pub(super) fn decode<'a>(
    encoding: &Encoding,
    bytes: &'a [u8],
    scratch: &'a mut String,
) -> Result<&'a str, usize> {
    match encoding {
        Encoding::Single(_) if bytes.is_ascii() => {
            Ok(std::str::from_utf8(bytes).unwrap_or_default())
        }
        Encoding::Single(table) => {
            scratch.clear();
            table.decode(bytes, scratch)?;
            Ok(scratch)
        }
        Encoding::Utf8 | Encoding::Utf16(_) => {
            std::str::from_utf8(bytes).map_err(|error| error.valid_up_to())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_and_scars_are_found_and_accents_are_not() {
        assert_eq!(marks("Núñez – «straße» € 漢字"), Marks::default());
        assert_eq!(marks("a\u{202E}b").hidden, Some(1));
        assert_eq!(marks("año\u{85}").hidden, Some(4));
        assert!(marks("MÃ¤rz").double_encoded && marks("Â¿QuÃ©?").double_encoded);
        assert!(marks("caf\u{FFFD}").replacement);
    }

    #[test]
    fn a_tab_is_no_control_character_and_a_line_end_is_one_only_outside_quotes() {
        assert!(!survey(b"a\tb").control);
        assert!(survey(b"a\0b").control && survey(b"a\x7f").control && survey(b"a\nb").control);
        assert!(survey("é".as_bytes()).upper && !survey(b"e").upper);
        assert!(!is_control(b'\n', true) && is_control(b'\n', false) && is_control(0x1B, true));
    }
}
