//! A record into fields: `csv-core` where delimiter and terminator are one byte, our own splitter elsewhere, and
//! neither where no quote stands in the record: then the fields are what lies between the delimiters.
//!
//! All are given one record whose extent the scanner has found, so none can run over its end, and all read
//! stray quotes alike; one table of cases and a property test hold them against each other. Our own also tells
//! where each field stands in the raw record, which is asked for only when something is wrong with it.

use memchr::{memchr, memchr_iter, memmem};

use super::scan::{Syntax, Terminator};

/// The fields of one record: slices of the record itself, or unquoted in one reused buffer.
#[derive(Debug, Default)]
pub(super) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    /// The length of the delimiters between them, where they stand in the record itself.
    gap: Option<usize>,
}

impl Fields {
    /// Ends a field there.
    fn end(&mut self, at: usize) {
        match self.ends.get_mut(self.count) {
            Some(end) => *end = at,
            None => self.ends.push(at),
        }
        self.count += 1;
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What the fields are slices of, given the record they were split from.
    pub(super) fn whole<'a>(&'a self, content: &'a [u8]) -> &'a [u8] {
        match self.gap {
            Some(_) => content,
            None => &self.bytes[..self.count.checked_sub(1).map_or(0, |last| self.ends[last])],
        }
    }

    /// Where the field stands in [`whole`](Fields::whole).
    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        let gap = self.gap.unwrap_or_default();
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] + gap);
        start..self.ends[index]
    }

    /// Whether no field ends inside a character: bytes that make one across two fields are of neither.
    pub(super) fn cut_between_characters(&self, text: &str) -> bool {
        self.ends[..self.count].iter().all(|end| text.is_char_boundary(*end))
    }

    /// The field, if the record has so many.
    pub(super) fn get<'a>(&'a self, content: &'a [u8], index: usize) -> Option<&'a [u8]> {
        (index < self.count).then(|| &self.whole(content)[self.range(index)])
    }
}

/// The record has more fields than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyFields;

/// Splits records of one syntax.
#[derive(Debug)]
pub(super) enum Splitter {
    /// `csv-core`, told that a record ends with this byte.
    Core(Box<csv_core::Reader>, u8),
    Own,
}

impl Splitter {
    /// The splitter that a syntax calls for.
    pub(super) fn of(syntax: &Syntax) -> Self {
        let end = match &syntax.terminator {
            Terminator::Auto => b'\n',
            Terminator::Bytes(bytes) => match bytes.as_slice() {
                [byte] => *byte,
                b"\r\n" => b'\n',
                _ => return Self::Own,
            },
        };
        let [delimiter] = syntax.delimiter.as_slice() else { return Self::Own };
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(*delimiter).terminator(csv_core::Terminator::Any(end));
        match syntax.quote {
            Some(quote) => builder.quote(quote).double_quote(syntax.escape.is_none()),
            None => builder.quoting(false),
        };
        let mut reader = builder.escape(syntax.escape).build();
        // A reader takes a byte order mark away from the first bytes it ever sees, which may be a record's.
        reader.read_record(&[end], &mut [0], &mut [0]);
        Self::Core(Box::new(reader), end)
    }

    /// Splits the content of one record, which is not empty and has no terminator; `quotes` says whether a
    /// quote stands in it.
    pub(super) fn split(
        &mut self,
        syntax: &Syntax,
        (content, quotes): (&[u8], bool),
        max_fields: usize,
        fields: &mut Fields,
    ) -> Result<(), TooManyFields> {
        fields.count = 0;
        if !quotes {
            return split_plain(&syntax.delimiter, content, max_fields, fields);
        }
        fields.gap = None;
        if fields.bytes.len() <= content.len() {
            fields.bytes.resize(content.len() + 1, 0);
        }
        match self {
            Self::Core(reader, end) => split_core(reader, *end, content, max_fields, fields),
            Self::Own => split_own(syntax, content, max_fields, fields),
        }
    }
}

fn split_plain(
    delimiter: &[u8],
    content: &[u8],
    max_fields: usize,
    fields: &mut Fields,
) -> Result<(), TooManyFields> {
    fields.gap = Some(delimiter.len());
    match delimiter {
        [byte] => memchr_iter(*byte, content).take(max_fields).for_each(|at| fields.end(at)),
        many => memmem::find_iter(content, many).take(max_fields).for_each(|at| fields.end(at)),
    }
    if fields.count == max_fields {
        return Err(TooManyFields);
    }
    fields.end(content.len());
    Ok(())
}

fn split_core(
    reader: &mut csv_core::Reader,
    end: u8,
    content: &[u8],
    max_fields: usize,
    fields: &mut Fields,
) -> Result<(), TooManyFields> {
    use csv_core::ReadRecordResult as Read;
    let mut used = 0;
    if fields.ends.is_empty() {
        fields.ends.resize(64.min(max_fields), 0);
    }
    let terminator = [end];
    let mut input = content;
    let mut ended = false;
    loop {
        let (result, taken, written, counted) =
            reader.read_record(input, &mut fields.bytes[used..], &mut fields.ends[fields.count..]);
        input = &input[taken..];
        used += written;
        fields.count += counted;
        match result {
            Read::InputEmpty if !ended => {
                ended = true;
                input = &terminator;
            }
            Read::OutputEndsFull if fields.ends.len() < max_fields => {
                let more = (fields.ends.len() * 2).min(max_fields);
                fields.ends.resize(more, 0);
            }
            Read::OutputEndsFull => {
                abandon(reader, end, input);
                return Err(TooManyFields);
            }
            Read::OutputFull => fields.bytes.resize(used + 64, 0),
            Read::InputEmpty | Read::Record | Read::End => return Ok(()),
        }
    }
}

/// Leaves the reader at the start of a record.
fn abandon(reader: &mut csv_core::Reader, end: u8, rest: &[u8]) {
    let (mut bytes, mut ends) = ([0; 1024], [0; 64]);
    let terminator = [end];
    let (mut input, mut ended) = (rest, false);
    loop {
        let (result, taken, ..) = reader.read_record(input, &mut bytes, &mut ends);
        input = &input[taken..];
        match result {
            csv_core::ReadRecordResult::InputEmpty if !ended => {
                ended = true;
                input = &terminator;
            }
            csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
            }
            _ => return,
        }
    }
}

fn split_own(
    syntax: &Syntax,
    content: &[u8],
    max_fields: usize,
    fields: &mut Fields,
) -> Result<(), TooManyFields> {
    let mut used = 0;
    for span in Spans::new(syntax, content) {
        if fields.count == max_fields {
            return Err(TooManyFields);
        }
        let bytes = &mut fields.bytes;
        span.unquoted(syntax, content, |run, _| {
            bytes[used..used + run.len()].copy_from_slice(run);
            used += run.len();
            true
        });
        fields.end(used);
    }
    Ok(())
}

/// Where one field stands in the raw record, quotes and all.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldSpan {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Just after its closing quote; where it starts if it is not quoted.
    pub(super) close: usize,
}

/// The raw fields of a record, one after the other.
pub(super) struct Spans<'a> {
    syntax: &'a Syntax,
    content: &'a [u8],
    next: Option<usize>,
}

impl<'a> Spans<'a> {
    pub(super) fn new(syntax: &'a Syntax, content: &'a [u8]) -> Self {
        Self { syntax, content, next: Some(0) }
    }
}

impl Iterator for Spans<'_> {
    type Item = FieldSpan;

    fn next(&mut self) -> Option<FieldSpan> {
        let start = self.next?;
        let quoted =
            self.syntax.quote.is_some() && self.content.get(start).copied() == self.syntax.quote;
        let close = if quoted { closing(self.syntax, self.content, start) } else { start };
        let end = delimiter(self.syntax, self.content, close);
        self.next = end.map(|end| end + self.syntax.delimiter.len());
        Some(FieldSpan { start, end: end.unwrap_or(self.content.len()), close })
    }
}

impl FieldSpan {
    /// Gives the runs of bytes that make the field once quotes and escapes are gone, each with its place in the
    /// raw record, until `each` says that it has seen enough.
    pub(super) fn unquoted<'a>(
        self,
        syntax: &Syntax,
        content: &'a [u8],
        mut each: impl FnMut(&'a [u8], usize) -> bool,
    ) {
        let (Some(quote), close) = (syntax.quote.filter(|_| self.close > self.start), self.close)
        else {
            each(&content[self.start..self.end], self.start);
            return;
        };
        let mark = syntax.escape.unwrap_or(quote);
        let inner_end = if content[..close].ends_with(&[quote]) && close > self.start + 1 {
            close - 1
        } else {
            close
        };
        let mut at = self.start + 1;
        while at < inner_end {
            let run = memchr(mark, &content[at..inner_end]).map_or(inner_end, |found| at + found);
            if run > at && !each(&content[at..run], at) {
                return;
            }
            at = run;
            if at < inner_end {
                if at + 1 < inner_end && !each(&content[at + 1..at + 2], at + 1) {
                    return;
                }
                at += 2;
            }
        }
        if close < self.end {
            each(&content[close..self.end], close);
        }
    }
}

/// Just after the closing quote of the field that opens at `start`, or the end.
fn closing(syntax: &Syntax, content: &[u8], start: usize) -> usize {
    let quote = content[start];
    let mut at = start + 1;
    while at < content.len() {
        let escapes = match syntax.escape {
            Some(escape) => content[at] == escape,
            None => content[at] == quote && content.get(at + 1) == Some(&quote),
        };
        if escapes {
            at += 2;
        } else if content[at] == quote {
            return at + 1;
        } else {
            at += 1;
        }
    }
    content.len()
}

fn delimiter(syntax: &Syntax, content: &[u8], from: usize) -> Option<usize> {
    let first = *syntax.delimiter.first()?;
    let mut at = from;
    while let Some(found) = memchr(first, &content[at.min(content.len())..]) {
        if content[at + found..].starts_with(&syntax.delimiter) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}
