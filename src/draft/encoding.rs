//! Which encoding bytes are in: proved where it can be, guessed where not, and why.

/// What all bytes of a file say about its encoding and its end. Fed from the beginning, in pieces of any size.
#[derive(Debug, Clone)]
pub struct Survey {
    head: Vec<u8>,
    bytes: u64,
    /// The end of the last piece, where a character of UTF-8 may have been cut.
    carry: Vec<u8>,
    utf8: bool,
    high: u64,
    letters_1252: u64,
    letters_850: u64,
    nuls: u64,
    tail: [u8; 2],
}

/// How much of the beginning is kept to find the form in.
const HEAD: usize = 1 << 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guess {
    /// Its name in a configuration.
    pub(super) name: &'static str,
    /// For people.
    pub(super) why: &'static str,
    /// Whether other encodings would have fitted as well.
    pub(super) guessed: bool,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            head: Vec::new(),
            bytes: 0,
            carry: Vec::new(),
            utf8: true,
            high: 0,
            letters_1252: 0,
            letters_850: 0,
            nuls: 0,
            tail: [0; 2],
        }
    }
}

impl Survey {
    /// Takes the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        self.bytes += piece.len() as u64;
        for byte in piece.iter().rev().take(2).rev() {
            self.tail = [self.tail[1], *byte];
        }
        let was_utf8 = self.utf8;
        if self.utf8 {
            self.check(piece);
        }
        if !piece.is_ascii() || piece.contains(&0) {
            self.count(piece);
        }
        debug_assert!(was_utf8 || !self.utf8, "invariant: what is broken stays broken");
    }

    /// Whether nothing was there.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// How many bytes there were.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether `head` is all there is.
    pub(super) fn is_whole(&self) -> bool {
        self.head.len() as u64 == self.bytes
    }

    pub(super) fn nuls(&self) -> u64 {
        self.nuls
    }

    /// The last two bytes.
    pub(super) fn tail(&self) -> [u8; 2] {
        self.tail
    }

    fn check(&mut self, piece: &[u8]) {
        let joined;
        let bytes = if self.carry.is_empty() {
            piece
        } else {
            joined = [&self.carry, piece].concat();
            &joined
        };
        match std::str::from_utf8(bytes) {
            Ok(_) => self.carry.clear(),
            Err(error) if error.error_len().is_none() => {
                self.carry = bytes[error.valid_up_to()..].to_vec();
            }
            Err(_) => self.utf8 = false,
        }
    }

    fn count(&mut self, piece: &[u8]) {
        for byte in piece {
            self.nuls += u64::from(*byte == 0);
            self.high += u64::from(*byte >= 0x80);
            self.letters_1252 += u64::from(*byte >= 0xC0);
            // áéíóúñÑüçÉ of the OEM code pages: in Windows-1252 these are signs that hardly anybody types.
            self.letters_850 += u64::from(matches!(byte, 0x81..=0x84 | 0x87 | 0x90 | 0xA0..=0xA5));
        }
    }

    pub(super) fn guess(&self) -> Guess {
        let sure = |name, why| Guess { name, why, guessed: false };
        let guessed = |name, why| Guess { name, why, guessed: true };
        match self.head.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] if self.is_utf8() => {
                return sure("utf-8", "its byte order mark says so");
            }
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return sure("utf-16", "its byte order mark says so");
            }
            _ => {}
        }
        match nul_pattern(&self.head) {
            Some(true) => {
                return guessed("utf-16le", "every second byte is zero, and there is no mark");
            }
            Some(false) => {
                return guessed("utf-16be", "every other byte is zero, and there is no mark");
            }
            None => {}
        }
        if self.is_utf8() && self.high == 0 {
            return sure("utf-8", "every byte is ASCII");
        }
        if self.is_utf8() {
            return sure("utf-8", "every byte beyond ASCII is part of a valid character");
        }
        if self.letters_850 > self.letters_1252 {
            let why = "not UTF-8, and the bytes beyond ASCII are letters in the DOS code page; check an accent";
            return guessed("cp850", why);
        }
        guessed("windows-1252", "not UTF-8; check an accent and the euro sign")
    }

    fn is_utf8(&self) -> bool {
        self.utf8 && self.carry.is_empty()
    }
}

/// Whether zeros show that this is UTF-16 without a mark: `Some(true)` with the low byte first.
fn nul_pattern(head: &[u8]) -> Option<bool> {
    let sample = &head[..head.len().min(1024) & !1];
    if sample.len() < 4 {
        return None;
    }
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let most = |count: usize| count * 10 >= sample.len() / 2 * 7;
    match (most(zeros(0)), most(zeros(1))) {
        (false, true) => Some(true),
        (true, false) => Some(false),
        _ => None,
    }
}

/// The beginning of a file as text; what cannot be read becomes U+FFFD, for looking only.
pub(super) fn text(head: &[u8], name: &str) -> String {
    let wide = |little: bool, bytes: &[u8]| {
        let unit = |pair: &[u8]| {
            if little {
                u16::from_le_bytes([pair[0], pair[1]])
            } else {
                u16::from_be_bytes([pair[0], pair[1]])
            }
        };
        let units = bytes.chunks_exact(2).map(unit);
        char::decode_utf16(units).map(|read| read.unwrap_or('\u{fffd}')).collect::<String>()
    };
    let text = match name {
        "utf-16" => wide(head.first() == Some(&0xFF), head),
        "utf-16le" => wide(true, head),
        "utf-16be" => wide(false, head),
        "utf-8" => String::from_utf8_lossy(head).into_owned(),
        // Delimiters, quotes and digits are ASCII in these; which letter a byte is does not matter here, but that
        // names of columns are read later by the decoder.
        _ => head.iter().map(|byte| char::from(*byte)).collect(),
    };
    text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(bytes: &[u8], piece: usize) -> &'static str {
        let mut survey = Survey::default();
        bytes.chunks(piece).for_each(|piece| survey.feed(piece));
        survey.guess().name
    }

    #[test]
    fn an_encoding_is_found_however_the_bytes_are_cut() {
        let utf16: Vec<u8> = "año;ñ\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xFF, 0xFE][..], &utf16].concat();
        let cases: [(&[u8], &str); 9] = [
            (b"a,b\n", "utf-8"),
            ("año\n".as_bytes(), "utf-8"),
            ("\u{feff}a\n".as_bytes(), "utf-8"),
            (b"a\xF1o;espa\xF1a\n", "windows-1252"),
            (b"a\xA4o;c\xA0diz;Mu\xA4oz \x82\n", "cp850"),
            (b"\x93hola\x94 a\xF1o \x80\n", "windows-1252"),
            (&marked, "utf-16"),
            (&utf16, "utf-16le"),
            (b"a,b,c\n\0,2,3\n", "utf-8"),
        ];
        for (bytes, name) in cases {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(guess(bytes, piece), name, "{bytes:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_file_is_not_utf_8() {
        assert_eq!(guess(b"abc\xC3", 2), "windows-1252");
    }

    #[test]
    fn only_the_beginning_is_kept() {
        let mut survey = Survey::default();
        for _ in 0..40 {
            survey.feed(&vec![b'x'; 65_536]);
        }
        assert_eq!((survey.head().len(), survey.bytes()), (HEAD, 40 * 65_536));
        assert!(!survey.is_whole());
    }
}
