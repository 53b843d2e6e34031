//! The unit as a sequence of items: records, blank lines, comments. Keeps the place, refuses what cannot be
//! trusted, and bounds what is kept in memory.

use std::io::BufRead;

use acequia_api::{Place, RecordError};
use memchr::{memchr, memchr_iter, memrchr};

use super::{
    INCOMPLETE,
    scan::{LOOK, Scan, Scanned, Syntax},
    window::{Transport, Window},
};
use crate::{DecodeFailure, Notes};

/// The next thing in the unit. Lengths are in bytes of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    End,
    Blank {
        total: usize,
    },
    Comment {
        total: usize,
    },
    Record(Found),
    /// A record longer than allowed; only [`Tape::skip`] gets past it.
    TooLong,
}

/// The extent of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Without its terminator.
    pub(super) content: usize,
    pub(super) total: usize,
    pub(super) quotes: bool,
    /// Where text stands beside quotes.
    pub(super) stray: Option<usize>,
}

/// What the tape must know of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) comment: Option<Vec<u8>>,
    pub(super) max_record_bytes: usize,
    pub(super) final_newline: bool,
    /// Whether a column of a place counts bytes, as in encodings of one byte per character.
    pub(super) one_byte: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tape {
    pub(super) syntax: Syntax,
    pub(super) limits: Limits,
    window: Window,
    scan: Scan,
    /// Of the start of the window's data.
    pub(super) byte: u64,
    pub(super) line: u64,
    pub(super) notes: Notes,
}

impl Tape {
    pub(super) fn new(syntax: Syntax, limits: Limits) -> Self {
        let (window, scan) = (Window::new(), Scan::default());
        Self { syntax, limits, window, scan, byte: 0, line: 1, notes: Notes::default() }
    }

    /// Starts over at a place of the unit.
    pub(super) fn place_at(&mut self, byte: u64, line: u64, notes: Notes, transport: Transport) {
        self.window.clear(transport);
        self.scan = Scan::default();
        (self.byte, self.line, self.notes) = (byte, line, notes);
    }

    /// What has been read and not consumed.
    pub(super) fn data(&self) -> &[u8] {
        self.window.data()
    }

    /// The bytes of memory that the window holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.window.held()
    }

    pub(super) fn transport(&self) -> Transport {
        self.window.transport()
    }

    /// Reads until at least `count` bytes are there, or all.
    pub(super) fn fill_to(
        &mut self,
        input: &mut dyn BufRead,
        count: usize,
    ) -> Result<(), DecodeFailure> {
        while self.window.data().len() < count && !self.window.ended() {
            self.window.fill(input)?;
        }
        Ok(())
    }

    /// Reads the unit as UTF-16 from its start, of which `mark` bytes are a byte order mark.
    pub(super) fn reinterpret(&mut self, transport: Transport, mark: usize) {
        self.window.consume(mark);
        self.window.reinterpret(transport);
        self.byte += mark as u64;
    }

    /// Passes over a byte order mark of so many bytes.
    pub(super) fn pass_mark(&mut self, mark: usize) {
        self.window.consume(mark);
        self.byte += mark as u64;
    }

    /// What stands `at` bytes after the start of the window's data.
    ///
    /// # Errors
    /// The unit ends inside quotes, or too early.
    pub(super) fn next(
        &mut self,
        input: &mut dyn BufRead,
        at: usize,
    ) -> Result<Item, DecodeFailure> {
        self.fill_to(input, at + LOOK)?;
        let data = &self.window.data()[at..];
        if data.len() <= 1 && (data.is_empty() || data == [CTRL_Z]) {
            return self.end(at);
        }
        if let Some(comment) = &self.limits.comment
            && data.starts_with(comment)
        {
            let scan = Scan::default();
            return self.line(input, at, scan);
        }
        self.record(input, at)
    }

    fn record(&mut self, input: &mut dyn BufRead, at: usize) -> Result<Item, DecodeFailure> {
        let cap = self.limits.max_record_bytes + LOOK;
        self.scan = Scan::default();
        loop {
            let data = &self.window.data()[at..];
            let capped = data.len() > cap;
            let ended = self.window.ended() && !capped;
            match self.scan.step(&self.syntax, &data[..data.len().min(cap)], ended) {
                Scanned::Record { content, .. } if content > self.limits.max_record_bytes => {
                    return Ok(Item::TooLong);
                }
                Scanned::Record { total: 0, .. } => return self.end(at),
                Scanned::Record { content: 0, total } => return Ok(Item::Blank { total }),
                Scanned::Record { content, total } => return self.found(at, content, total),
                Scanned::Unclosed(open) => return Err(self.unclosed(self.place(at + open))),
                Scanned::More if !capped => self.window.fill(input)?,
                Scanned::More => {
                    return match self.scan.open() {
                        Some(open) => Err(self.unclosed(self.place(at + open))),
                        None => Ok(Item::TooLong),
                    };
                }
            }
        }
    }

    /// A record whose end was found: complete, unless it is the last and has no terminator.
    fn found(
        &mut self,
        at: usize,
        mut content: usize,
        total: usize,
    ) -> Result<Item, DecodeFailure> {
        if content == total {
            let data = &self.window.data()[at..at + content];
            if data.ends_with(&[CTRL_Z]) {
                content -= 1;
                self.notes.ctrl_z = true;
            } else if self.limits.final_newline || self.window.dangling() {
                return Err(incomplete(self.place(at + content)));
            } else {
                self.notes.no_final_newline = true;
            }
        }
        let (quotes, stray) = (self.scan.quotes, self.scan.stray);
        Ok(Item::Record(Found { content, total, quotes, stray }))
    }

    fn end(&mut self, at: usize) -> Result<Item, DecodeFailure> {
        if self.window.dangling() {
            return Err(incomplete(self.place(self.window.data().len())));
        }
        self.notes.ctrl_z |= self.window.data().len() > at;
        Ok(Item::End)
    }

    /// A comment: to the end of its line, whatever quotes it holds.
    fn line(
        &mut self,
        input: &mut dyn BufRead,
        at: usize,
        mut scan: Scan,
    ) -> Result<Item, DecodeFailure> {
        let plain = Syntax { quote: None, ..self.syntax.clone() };
        loop {
            let data = &self.window.data()[at..];
            match scan.step(&plain, data, self.window.ended()) {
                Scanned::Record { total, .. } => return Ok(Item::Comment { total }),
                _ if data.len() > self.limits.max_record_bytes + LOOK => return Ok(Item::TooLong),
                _ => self.window.fill(input)?,
            }
        }
    }

    /// Gets past a record longer than allowed, from the start of the window's data to its terminator outside
    /// quotes, without keeping it.
    ///
    /// # Errors
    /// The unit ends inside quotes, or too early; no column is told, because the line has gone.
    pub(super) fn skip(&mut self, input: &mut dyn BufRead) -> Result<(), DecodeFailure> {
        let mut scan = Scan::default();
        let mut opened = None;
        loop {
            let step = scan.step(&self.syntax, self.window.data(), self.window.ended());
            opened = scan.open().map(|open| opened.unwrap_or_else(|| self.byte_place(open)));
            match step {
                Scanned::Record { content, total } => {
                    if content == total && self.limits.final_newline {
                        return Err(incomplete(self.byte_place(total)));
                    }
                    self.advance(total, true);
                    return Ok(());
                }
                Scanned::Unclosed(open) => {
                    return Err(self.unclosed(opened.unwrap_or_else(|| self.byte_place(open))));
                }
                Scanned::More => {
                    let gone = scan.seen().saturating_sub(LOOK);
                    self.discard(gone);
                    scan.rebase(gone);
                    self.window.fill(input)?;
                }
            }
        }
    }

    /// Passes over `total` bytes that begin with a record, which may hold line ends if it has `quotes`.
    pub(super) fn advance(&mut self, total: usize, quotes: bool) {
        let data = &self.window.data()[..total];
        let newline = self.syntax.line_break();
        self.line += if self.syntax.one_line() && !quotes {
            u64::from(data.last() == Some(&newline))
        } else {
            memchr_iter(newline, data).count() as u64
        };
        self.byte += self.window.transport().unit_len(data);
        self.window.consume(total);
    }

    /// Passes over a blank line.
    pub(super) fn pass_blank(&mut self, total: usize) {
        self.notes.blank_lines += 1;
        self.advance(total, false);
    }

    /// Passes over a comment.
    pub(super) fn pass_comment(&mut self, total: usize) {
        self.notes.comments += 1;
        self.advance(total, false);
    }

    /// Passes over `count` bytes, whatever they are.
    pub(super) fn discard(&mut self, count: usize) {
        let data = &self.window.data()[..count];
        self.line += memchr_iter(self.syntax.line_break(), data).count() as u64;
        self.byte += self.window.transport().unit_len(data);
        self.window.consume(count);
    }

    /// Passes over one line as people see it.
    pub(super) fn skip_line(&mut self, input: &mut dyn BufRead) -> Result<bool, DecodeFailure> {
        let newline = self.syntax.line_break();
        loop {
            if let Some(found) = memchr(newline, self.window.data()) {
                self.discard(found + 1);
                return Ok(true);
            }
            self.discard(self.window.data().len());
            if self.window.ended() {
                return Ok(false);
            }
            self.window.fill(input)?;
        }
    }

    /// The place of a byte of the window's data, with its column where the window shows the start of the line.
    pub(super) fn place(&self, at: usize) -> Place {
        let before = &self.window.data()[..at.min(self.window.data().len())];
        let newline = self.syntax.line_break();
        let line_start = match memrchr(newline, before) {
            Some(found) => Some(found + 1),
            None => self.syntax.starts_line().then_some(0),
        };
        let column = line_start.map_or(0, |start| {
            let line = &before[start..];
            let one_byte = self.limits.one_byte;
            1 + line.iter().filter(|byte| one_byte || **byte & 0xC0 != 0x80).count()
        });
        Place {
            line: self.line + memchr_iter(newline, before).count() as u64,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            byte: self.byte + self.window.transport().unit_len(before),
        }
    }

    fn unclosed(&self, place: Place) -> DecodeFailure {
        RecordError::decode("decode.csv.unclosed_quote")
            .at(place)
            .detail(format!(
                "a quote is opened and not closed before the end of the file or within {} bytes",
                self.limits.max_record_bytes
            ))
            .into()
    }

    /// A place whose line may have begun before the window.
    fn byte_place(&self, at: usize) -> Place {
        Place { column: 0, ..self.place(at) }
    }
}

fn incomplete(place: Place) -> DecodeFailure {
    RecordError::decode(INCOMPLETE)
        .at(place)
        .detail("the file ends without the end of its last record")
        .into()
}

/// What DOS wrote at the end of a text.
const CTRL_Z: u8 = 0x1A;
