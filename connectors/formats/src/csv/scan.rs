//! Where a record ends: our own quote state, before anything is split.
//!
//! The scanner walks from delimiter to quote to terminator without looking at what lies between. It can be
//! stopped anywhere for more input and goes on where it was, so that how the input is cut never shows. It knows
//! what a splitter must not be trusted with: a quote that is never closed, and text beside quotes.
//!
//! A quote opens a field only as its first byte. After the closing quote a delimiter or terminator must follow;
//! what follows instead is *stray*, and from there to the next delimiter quotes mean nothing, which is also how
//! `csv-core` reads it.

use memchr::{memchr, memchr2, memchr3};

/// The bytes that structure a unit, in its own encoding.
#[derive(Debug, Clone)]
pub(super) struct Syntax {
    pub(super) delimiter: Vec<u8>,
    pub(super) terminator: Terminator,
    pub(super) quote: Option<u8>,
    /// What stands before a quote inside quotes; without it quotes are doubled.
    pub(super) escape: Option<u8>,
}

/// What ends a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Terminator {
    /// A line feed, with a carriage return before it or not.
    Auto,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// More bytes than any delimiter, terminator or prefix may have, so that this much is enough to look at.
pub(super) const LOOK: usize = 64;

/// Whether something stands at a place.
enum Match {
    Yes {
        content: usize,
        end: usize,
    },
    No,
    /// It may: the data ends within it.
    Short,
}

impl Syntax {
    /// The byte that ends a line for people, who count lines in an editor.
    pub(super) fn line_break(&self) -> u8 {
        match &self.terminator {
            Terminator::Bytes(bytes) if bytes == b"\r" => b'\r',
            _ => b'\n',
        }
    }

    /// Whether every record starts on a line of its own.
    pub(super) fn starts_line(&self) -> bool {
        match &self.terminator {
            Terminator::Auto => true,
            Terminator::Bytes(bytes) => bytes.last() == Some(&self.line_break()),
        }
    }

    /// Whether a record without quotes holds exactly one line end, its own.
    pub(super) fn one_line(&self) -> bool {
        match &self.terminator {
            Terminator::Auto => true,
            Terminator::Bytes(bytes) => matches!(bytes.as_slice(), b"\n" | b"\r"),
        }
    }

    /// Whether line ends may stand in a field that is not quoted, because records end otherwise.
    pub(super) fn bare_breaks(&self) -> bool {
        match &self.terminator {
            Terminator::Auto => false,
            Terminator::Bytes(bytes) => !matches!(bytes.as_slice(), b"\n" | b"\r\n" | b"\r"),
        }
    }

    fn terminator_first(&self) -> u8 {
        match &self.terminator {
            Terminator::Auto => b'\n',
            Terminator::Bytes(bytes) => bytes[0],
        }
    }

    fn terminator_at(&self, data: &[u8], at: usize, ended: bool) -> Match {
        match &self.terminator {
            Terminator::Auto => match data.get(at) {
                Some(b'\n') => {
                    let back = usize::from(at > 0 && data[at - 1] == b'\r');
                    Match::Yes { content: at - back, end: at + 1 }
                }
                _ => Match::No,
            },
            Terminator::Bytes(bytes) => prefix(bytes, data, at, ended),
        }
    }

    /// Whether a delimiter stands there, or a terminator, of which the longer is looked for first.
    fn boundary(&self, data: &[u8], at: usize, ended: bool) -> Option<bool> {
        if at >= data.len() {
            return ended.then_some(true);
        }
        if self.terminator == Terminator::Auto && data[at] == b'\r' {
            return match data.get(at + 1) {
                None => ended.then_some(true),
                Some(next) => Some(*next == b'\n'),
            };
        }
        let both = [self.terminator_at(data, at, ended), prefix(&self.delimiter, data, at, ended)];
        if both.iter().any(|found| matches!(found, Match::Yes { .. })) {
            return Some(true);
        }
        (!both.iter().any(|found| matches!(found, Match::Short))).then_some(false)
    }
}

fn prefix(bytes: &[u8], data: &[u8], at: usize, ended: bool) -> Match {
    let rest = &data[at.min(data.len())..];
    if rest.starts_with(bytes) {
        Match::Yes { content: at, end: at + bytes.len() }
    } else if !ended && bytes.starts_with(rest) {
        Match::Short
    } else {
        Match::No
    }
}

/// The state of looking for the end of one record. Places count from the start of the record.
#[derive(Debug, Default)]
pub(super) struct Scan {
    at: usize,
    field: usize,
    open: Option<usize>,
    closed: bool,
    /// Whether any quote was met.
    pub(super) quotes: bool,
    /// The first place that has text beside quotes.
    pub(super) stray: Option<usize>,
}

/// What a step of the scanner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The record goes on beyond the data.
    More,
    /// The record ends: `content` bytes, then the terminator up to `total`. Equal at the end of a unit without
    /// a last terminator.
    Record { content: usize, total: usize },
    /// The unit ends inside the quotes opened there.
    Unclosed(usize),
}

impl Scan {
    /// Goes on through `data`, which begins with the record; `ended` says that nothing follows it.
    pub(super) fn step(&mut self, syntax: &Syntax, data: &[u8], ended: bool) -> Scanned {
        loop {
            if let Some(open) = self.open {
                if !self.close(syntax, data, ended) {
                    return if ended { Scanned::Unclosed(open) } else { Scanned::More };
                }
                self.open = None;
                self.closed = true;
            }
            if self.closed {
                match syntax.boundary(data, self.at, ended) {
                    None => return Scanned::More,
                    Some(true) => {}
                    Some(false) => _ = self.stray.get_or_insert(self.at),
                }
                self.closed = false;
            }
            if let Some(found) = self.outside(syntax, data, ended) {
                return found;
            }
        }
    }

    /// Where the open quote stands, if one is open.
    pub(super) fn open(&self) -> Option<usize> {
        self.open
    }

    /// Up to where the data has been looked at.
    pub(super) fn seen(&self) -> usize {
        self.at
    }

    /// The first `count` bytes of the data have gone.
    pub(super) fn rebase(&mut self, count: usize) {
        self.at = self.at.saturating_sub(count);
        self.field = self.field.checked_sub(count).unwrap_or(usize::MAX);
        self.open = self.open.map(|at| at.saturating_sub(count));
        self.stray = self.stray.map(|at| at.saturating_sub(count));
    }

    /// Walks outside of quotes until the record ends, the data ends, or a quote opens (`None`).
    fn outside(&mut self, syntax: &Syntax, data: &[u8], ended: bool) -> Option<Scanned> {
        loop {
            let Some(found) = self.stop(syntax, data) else {
                self.at = data.len();
                return Some(if ended {
                    Scanned::Record { content: data.len(), total: data.len() }
                } else {
                    Scanned::More
                });
            };
            self.at = found;
            match syntax.terminator_at(data, found, ended) {
                Match::Yes { content, end } => {
                    return Some(Scanned::Record { content, total: end });
                }
                Match::Short => return Some(Scanned::More),
                Match::No => {}
            }
            if syntax.delimiter.len() > 1 {
                match prefix(&syntax.delimiter, data, found, ended) {
                    Match::Yes { end, .. } => {
                        self.at = end;
                        self.field = end;
                        continue;
                    }
                    Match::Short => return Some(Scanned::More),
                    Match::No => {}
                }
            }
            self.at += 1;
            if Some(data[found]) == syntax.quote {
                self.quotes = true;
                if self.begins_field(syntax, data, found) {
                    self.open = Some(found);
                    return None;
                }
                self.stray.get_or_insert(found);
            }
        }
    }

    fn stop(&self, syntax: &Syntax, data: &[u8]) -> Option<usize> {
        let rest = &data[self.at.min(data.len())..];
        let end = syntax.terminator_first();
        let found = match (syntax.quote, syntax.delimiter.as_slice()) {
            (None, [_]) => memchr(end, rest),
            (Some(quote), [_]) => memchr2(end, quote, rest),
            (None, many) => memchr2(end, many[0], rest),
            (Some(quote), many) => memchr3(end, quote, many[0], rest),
        };
        found.map(|found| self.at + found)
    }

    fn begins_field(&self, syntax: &Syntax, data: &[u8], at: usize) -> bool {
        match syntax.delimiter.as_slice() {
            [delimiter] => at == 0 || data[at - 1] == *delimiter,
            _ => at == self.field,
        }
    }

    /// Looks for the closing quote and steps over it.
    fn close(&mut self, syntax: &Syntax, data: &[u8], ended: bool) -> bool {
        let Some(quote) = syntax.quote else { return true };
        while let Some(found) = match syntax.escape {
            Some(escape) => memchr2(quote, escape, &data[self.at.min(data.len())..]),
            None => memchr(quote, &data[self.at.min(data.len())..]),
        } {
            let at = self.at + found;
            let next = data.get(at + 1).copied();
            if next.is_none() && !ended {
                self.at = at;
                return false;
            }
            let escapes = match syntax.escape {
                Some(_) => data[at] != quote,
                None => next == Some(quote),
            };
            if !escapes {
                self.at = at + 1;
                return true;
            }
            self.at = at + 2;
        }
        self.at = self.at.max(data.len());
        false
    }
}
