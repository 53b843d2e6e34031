//! Character encodings that a text format may declare.
//!
//! Only encodings in which a byte below 0x80 is always the ASCII character: delimiters and line ends can then
//! be found in the raw bytes. UTF-16 is the exception and is brought to UTF-8 before anything is looked for.
//! Tables are strict: a byte that an encoding does not define is an error, never a replacement character, and
//! `iso-8859-1` is not silently read as `windows-1252` as browsers do.

use std::sync::Arc;

use oem_cp::{code_table::DECODING_TABLE_CP_MAP, code_table_type::TableType};

/// How bytes become characters.
#[derive(Debug, Clone)]
pub(crate) enum Encoding {
    Utf8,
    Utf16(ByteOrder),
    Single(Arc<Table>),
}

/// Which byte of a UTF-16 unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// As the byte order mark says, which must be there.
    Mark,
    Little,
    Big,
}

/// The upper half of a single-byte encoding; 0 where it defines nothing.
#[derive(Debug)]
pub(crate) struct Table {
    name: String,
    upper: [u16; 128],
}

impl Encoding {
    /// The encoding of this name, in any of its usual spellings.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "utf-8" | "utf8" => return Some(Self::Utf8),
            "utf-16" | "utf16" => return Some(Self::Utf16(ByteOrder::Mark)),
            "utf-16le" | "utf16le" => return Some(Self::Utf16(ByteOrder::Little)),
            "utf-16be" | "utf16be" => return Some(Self::Utf16(ByteOrder::Big)),
            _ => {}
        }
        let upper = upper_half(&name)?;
        Some(Self::Single(Arc::new(Table { name, upper })))
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16(ByteOrder::Mark) => "utf-16",
            Self::Utf16(ByteOrder::Little) => "utf-16le",
            Self::Utf16(ByteOrder::Big) => "utf-16be",
            Self::Single(table) => &table.name,
        }
    }

    /// The bytes of a text in this encoding as the splitter sees them, which for UTF-16 is UTF-8.
    pub(crate) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let Self::Single(table) = self else { return Some(text.as_bytes().to_vec()) };
        text.chars().map(|c| table.encode(c)).collect()
    }
}

impl Table {
    fn encode(&self, c: char) -> Option<u8> {
        if c.is_ascii() {
            return Some(c as u8);
        }
        let index = self.upper.iter().position(|unit| u32::from(*unit) == c as u32)?;
        Some(0x80 + index as u8)
    }

    /// Appends the characters of `bytes`.
    ///
    /// # Errors
    /// The index of the first byte that the encoding does not define.
    pub(crate) fn decode(&self, bytes: &[u8], into: &mut String) -> Result<(), usize> {
        let mut at = 0;
        while at < bytes.len() {
            let ascii = encoding_rs::Encoding::ascii_valid_up_to(&bytes[at..]);
            into.push_str(std::str::from_utf8(&bytes[at..at + ascii]).unwrap_or_default());
            at += ascii;
            while let Some(byte) = bytes.get(at).filter(|byte| **byte >= 0x80) {
                match self.upper[usize::from(*byte) - 0x80] {
                    0 => return Err(at),
                    unit => into.push(char::from_u32(u32::from(unit)).ok_or(at)?),
                }
                at += 1;
            }
        }
        Ok(())
    }
}

/// Some names to offer where one is not known.
pub(crate) const KNOWN: &str = "utf-8, utf-16, utf-16le, utf-16be, us-ascii, windows-1250 … windows-1258, \
     iso-8859-1 … iso-8859-16, cp437, cp850, cp858, koi8-r, macintosh";

fn upper_half(name: &str) -> Option<[u16; 128]> {
    if matches!(name, "us-ascii" | "ascii") {
        return Some([0; 128]);
    }
    if let Some(table) = code_page(name) {
        return Some(table);
    }
    let base = match iso_part(name) {
        Some(1) => "windows-1252",
        Some(9) => "windows-1254",
        Some(11) => "windows-874",
        _ => name,
    };
    let encoding = encoding_rs::Encoding::for_label(base.as_bytes())?;
    if !encoding.is_single_byte() || encoding == encoding_rs::X_USER_DEFINED {
        return None;
    }
    let lowest = if base == name { 0x80 } else { 0xA0 };
    let mut upper = [0; 128];
    for byte in lowest..=0xFF_u8 {
        let bytes = [byte];
        let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes);
        let unit = text.and_then(|text| text.chars().next()).map_or(0, |c| c as u32);
        if unit >= 0xA0 {
            upper[usize::from(byte) - 0x80] = unit as u16;
        }
    }
    Some(upper)
}

fn iso_part(name: &str) -> Option<u8> {
    if matches!(name, "latin1" | "latin-1" | "l1") {
        return Some(1);
    }
    let rest = name.strip_prefix("iso")?.trim_start_matches(['-', '_']);
    rest.strip_prefix("8859")?.trim_start_matches(['-', '_']).parse().ok()
}

fn code_page(name: &str) -> Option<[u16; 128]> {
    let digits = name.strip_prefix("cp").or_else(|| name.strip_prefix("ibm"))?;
    let unit = |c: char| u16::try_from(u32::from(c)).unwrap_or(0);
    Some(match DECODING_TABLE_CP_MAP.get(&digits.parse().ok()?)? {
        TableType::Complete(table) => table.map(unit),
        TableType::Incomplete(table) => table.map(|c| c.map_or(0, unit)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(name: &str, bytes: &[u8]) -> Result<String, usize> {
        let Some(Encoding::Single(table)) = Encoding::of(name) else { panic!("a table: {name}") };
        let mut text = String::new();
        table.decode(bytes, &mut text).map(|()| text)
    }

    #[test]
    fn one_word_in_many_encodings_is_one_word() {
        for (name, bytes) in [
            ("windows-1252", &b"a\xD1o"[..]),
            ("iso-8859-1", b"a\xD1o"),
            ("ISO-8859-15", b"a\xD1o"),
            ("latin1", b"a\xD1o"),
            ("cp437", b"a\xA5o"),
            ("cp850", b"a\xA5o"),
            ("macintosh", b"a\x84o"),
        ] {
            assert_eq!(decode(name, bytes).as_deref(), Ok("aÑo"), "{name}");
        }
        assert_eq!(decode("windows-1252", b"\x80").as_deref(), Ok("€"));
        assert_eq!(decode("cp858", b"\xD5").as_deref(), Ok("€"));
        assert_eq!(decode("windows-1251", b"\xC6").as_deref(), Ok("Ж"));
    }

    #[test]
    fn what_an_encoding_does_not_define_is_an_error_with_its_place() {
        assert_eq!(decode("windows-1252", b"abc\x81"), Err(3));
        assert_eq!(decode("iso-8859-1", b"\xE1\x80"), Err(1));
        assert_eq!(decode("us-ascii", b"\xE1"), Err(0));
        assert_eq!(decode("iso-8859-9", b"\xF0").as_deref(), Ok("ğ"));
    }

    #[test]
    fn encodings_whose_second_byte_may_be_ascii_are_not_known() {
        for name in ["shift_jis", "gbk", "big5", "x-user-defined", "utf-7", "cp999", "nonsense"] {
            assert!(Encoding::of(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_delimiter_is_written_in_the_encoding_of_the_file() {
        let latin = Encoding::of("windows-1252").unwrap();
        assert_eq!(latin.encode("¬"), Some(vec![0xAC]));
        assert_eq!(latin.encode("Ж"), None);
        assert_eq!(Encoding::Utf8.encode("¬"), Some("¬".as_bytes().to_vec()));
    }
}
