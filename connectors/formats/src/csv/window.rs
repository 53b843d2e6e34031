//! The stretch of input that is being looked at: one contiguous buffer that slides over the unit.
//!
//! It grows only as far as its user keeps bytes in it, plus one chunk. UTF-16 is brought to UTF-8 on the way in,
//! so that all that follows sees ASCII delimiters; a lone surrogate becomes the three bytes that UTF-8 would
//! give it if it allowed it ("WTF-8"), so that nothing is lost: the bytes of the unit can be counted and written
//! back exactly, and the record that holds it is refused like any other with bad bytes.

use std::io::{self, BufRead};

/// The most that is taken from the input at once.
pub(super) const CHUNK: usize = 64 << 10;

/// How the bytes of the unit stand in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Plain,
    Utf16 { little: bool },
}

impl Transport {
    /// How many bytes of the unit stand behind `bytes` of the window.
    pub(super) fn unit_len(self, bytes: &[u8]) -> u64 {
        match self {
            Self::Plain => bytes.len() as u64,
            Self::Utf16 { .. } => {
                let chars = bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
                let pairs = bytes.iter().filter(|byte| **byte >= 0xF0).count();
                2 * (chars + pairs) as u64
            }
        }
    }

    /// The bytes of the unit behind `bytes` of the window; `scratch` is used where they differ.
    pub(super) fn unit_bytes<'a>(self, bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let Self::Utf16 { little } = self else { return bytes };
        scratch.clear();
        let mut put = |unit: u32| {
            let unit = unit as u16;
            scratch.extend_from_slice(&if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            });
        };
        let mut rest = bytes;
        while let Some((&lead, tail)) = rest.split_first() {
            let (mut point, more) = match lead {
                0..0x80 => (u32::from(lead), 0),
                0x80..0xE0 => (u32::from(lead & 0x1F), 1),
                0xE0..0xF0 => (u32::from(lead & 0x0F), 2),
                _ => (u32::from(lead & 0x07), 3),
            };
            let (next, tail) = tail.split_at(more.min(tail.len()));
            for byte in next {
                point = point << 6 | u32::from(byte & 0x3F);
            }
            rest = tail;
            if point < 0x10000 {
                put(point);
            } else {
                put(0xD800 + ((point - 0x10000) >> 10));
                put(0xDC00 + ((point - 0x10000) & 0x3FF));
            }
        }
        scratch
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Window {
    bytes: Vec<u8>,
    start: usize,
    ended: bool,
    transport: Transport,
    half: Option<u8>,
    surrogate: Option<u16>,
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            ended: false,
            transport: Transport::Plain,
            half: None,
            surrogate: None,
        }
    }

    /// Forgets everything that was read.
    pub(super) fn clear(&mut self, transport: Transport) {
        *self = Self { bytes: std::mem::take(&mut self.bytes), transport, ..Self::new() };
        self.bytes.clear();
    }

    /// Reads what is there, and will come, as UTF-16.
    pub(super) fn reinterpret(&mut self, transport: Transport) {
        let raw = self.bytes.split_off(self.start);
        self.bytes.truncate(self.start);
        self.transport = transport;
        self.append(&raw);
        if self.ended {
            self.flush();
        }
    }

    pub(super) fn transport(&self) -> Transport {
        self.transport
    }

    /// What has been read and not consumed.
    pub(super) fn data(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Whether nothing follows [`data`](Window::data).
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether the unit ended in the middle of a UTF-16 unit.
    pub(super) fn dangling(&self) -> bool {
        self.ended && self.half.is_some()
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
    }

    /// Reads another chunk, or finds the end.
    pub(super) fn fill(&mut self, input: &mut dyn BufRead) -> io::Result<()> {
        if self.start > 0 {
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(self.bytes.len() - self.start);
            self.start = 0;
        }
        let chunk = loop {
            match input.fill_buf() {
                Ok(_) => break input.fill_buf()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        if chunk.is_empty() {
            self.ended = true;
            self.flush();
            return Ok(());
        }
        let taken = chunk.len().min(CHUNK);
        let chunk = &chunk[..taken];
        match self.transport {
            Transport::Plain => self.bytes.extend_from_slice(chunk),
            Transport::Utf16 { .. } => self.append(chunk),
        }
        input.consume(taken);
        Ok(())
    }

    fn append(&mut self, raw: &[u8]) {
        let Transport::Utf16 { little } = self.transport else {
            self.bytes.extend_from_slice(raw);
            return;
        };
        let pair = |bytes: [u8; 2]| {
            if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }
        };
        let mut rest = raw;
        if let (Some(first), Some((&second, tail))) = (self.half, rest.split_first()) {
            self.half = None;
            self.unit(pair([first, second]));
            rest = tail;
        }
        let mut pairs = rest.chunks_exact(2);
        for bytes in &mut pairs {
            self.unit(pair([bytes[0], bytes[1]]));
        }
        if let [odd] = pairs.remainder() {
            self.half = Some(*odd);
        }
    }

    fn unit(&mut self, unit: u16) {
        if let Some(high) = self.surrogate.take() {
            if matches!(unit, 0xDC00..=0xDFFF) {
                let point =
                    0x10000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(unit) - 0xDC00);
                self.push(point);
                return;
            }
            self.push(u32::from(high));
        }
        match unit {
            0xD800..=0xDBFF => self.surrogate = Some(unit),
            _ => self.push(u32::from(unit)),
        }
    }

    fn push(&mut self, point: u32) {
        let tail = |shift: u32| 0x80 | (point >> shift & 0x3F) as u8;
        match point {
            0..0x80 => self.bytes.push(point as u8),
            0x80..0x800 => self.bytes.extend([0xC0 | (point >> 6) as u8, tail(0)]),
            0x800..0x10000 => self.bytes.extend([0xE0 | (point >> 12) as u8, tail(6), tail(0)]),
            _ => self.bytes.extend([0xF0 | (point >> 18) as u8, tail(12), tail(6), tail(0)]),
        }
    }

    fn flush(&mut self) {
        if let Some(high) = self.surrogate.take() {
            self.push(u32::from(high));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &[u8], little: bool, step: usize) -> Window {
        let mut window = Window::new();
        window.clear(Transport::Utf16 { little });
        let mut input = io::BufReader::with_capacity(step, raw);
        while !window.ended() {
            window.fill(&mut input).unwrap();
        }
        window
    }

    #[test]
    fn utf16_is_read_counted_and_written_back_exactly_however_it_is_cut() {
        let text = "a;Ñ;€;😀\n";
        let mut raw: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for step in 1..9 {
            let window = read(&raw, true, step);
            assert_eq!(window.data(), text.as_bytes());
            let transport = window.transport();
            assert_eq!(transport.unit_len(window.data()), raw.len() as u64);
            assert_eq!(transport.unit_bytes(window.data(), &mut Vec::new()), raw);
        }
        raw.extend([0x3D, 0xD8, 0x41, 0x00, 0x00, 0xDC, 0x3D, 0xD8]);
        let window = read(&raw, true, 3);
        assert!(std::str::from_utf8(window.data()).is_err());
        assert_eq!(window.transport().unit_bytes(window.data(), &mut Vec::new()), raw);
        raw.push(7);
        assert!(read(&raw, true, 4).dangling());
    }

    #[test]
    fn consumed_bytes_make_room_for_the_next_chunk() {
        let mut window = Window::new();
        let mut input = io::BufReader::with_capacity(4, &b"abcdefgh"[..]);
        window.fill(&mut input).unwrap();
        window.consume(3);
        window.fill(&mut input).unwrap();
        assert_eq!(window.data(), b"defgh");
        assert!(!window.ended());
        window.fill(&mut input).unwrap();
        assert!(window.ended());
    }
}
