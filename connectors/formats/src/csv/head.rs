//! What stands before the first record, and whether the file is what it is said to be.

use std::{io::BufRead, sync::Arc};

use acequia_api::{Projection, RecordError};

use super::{
    CsvDecoder,
    layout::Layout,
    shape::{Record, Shaper, place_in_field},
    tape::{Item, Tape},
    window::Transport,
};
use crate::{
    DecodeFailure, Notes,
    encoding::{ByteOrder, Encoding},
};

/// How much of a file is looked at to see its encoding.
const SAMPLE: usize = 1024;

/// What the first bytes of a file look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Utf8,
    Utf16 { little: bool },
    Utf32,
}

impl Looks {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 { little: true } => "UTF-16LE",
            Self::Utf16 { little: false } => "UTF-16BE",
            Self::Utf32 => "UTF-32",
        }
    }
}

/// The encoding that a byte order mark names, and the length of the mark.
fn mark(bytes: &[u8]) -> Option<(Looks, usize)> {
    Some(match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => (Looks::Utf32, 4),
        [0xFF, 0xFE, ..] => (Looks::Utf16 { little: true }, 2),
        [0xFE, 0xFF, ..] => (Looks::Utf16 { little: false }, 2),
        [0xEF, 0xBB, 0xBF, ..] => (Looks::Utf8, 3),
        _ => return None,
    })
}

/// What the pattern of NULs in ASCII text shows.
fn pattern(bytes: &[u8]) -> Option<Looks> {
    let sample = &bytes[..bytes.len() & !3];
    if sample.len() < 4 {
        return None;
    }
    let mut nuls = [0; 4];
    for quad in sample.chunks_exact(4) {
        for (count, byte) in nuls.iter_mut().zip(quad) {
            *count += usize::from(*byte == 0);
        }
    }
    let most = |count: usize| count * 10 >= sample.len() / 4 * 7;
    match nuls.map(most) {
        [false, true, true, true] | [true, true, true, false] => Some(Looks::Utf32),
        [false, true, false, true] => Some(Looks::Utf16 { little: true }),
        [true, false, true, false] => Some(Looks::Utf16 { little: false }),
        _ => None,
    }
}

impl CsvDecoder {
    pub(super) fn read_head(&mut self, input: &mut dyn BufRead) -> Result<(), DecodeFailure> {
        self.tape.place_at(0, 1, Notes::default(), Transport::Plain);
        self.shaper.notes = Notes::default();
        (self.record, self.tally) = (0, super::trailer::Tally::default());
        self.tape.fill_to(input, SAMPLE)?;
        self.encoding()?;
        for _ in 0..self.dialect.skip_lines {
            if !self.tape.skip_line(input)? {
                break;
            }
        }
        if let Some(kinds) = &self.dialect.kinds {
            self.layouts = kinds.layouts(&self.projection)?;
            return Ok(());
        }
        match (self.dialect.header, self.dialect.columns.clone()) {
            (false, Some(names)) => self.bind(&names),
            (false, None) => Ok(()),
            (true, columns) => self.header(input, columns),
        }
    }

    /// Holds the first bytes against the declared encoding.
    fn encoding(&mut self) -> Result<(), DecodeFailure> {
        let data = self.tape.data();
        let sample = &data[..data.len().min(SAMPLE)];
        let marked = mark(sample);
        let looks = marked.map(|(looks, _)| looks);
        let looks =
            looks.or_else(|| pattern(&sample[..sample.len().min(64)])).or_else(|| pattern(sample));
        let mark = marked.map_or(0, |(_, length)| length);
        match (&self.dialect.encoding, looks) {
            (Encoding::Utf16(order), Some(Looks::Utf16 { little })) => {
                let fits = match order {
                    ByteOrder::Mark => mark > 0,
                    ByteOrder::Little => little,
                    ByteOrder::Big => !little,
                };
                if !fits {
                    return Err(self.mismatch(looks, "and no byte order mark says so"));
                }
                self.tape.reinterpret(Transport::Utf16 { little }, mark);
            }
            (Encoding::Utf16(order), None) if *order != ByteOrder::Mark && !plain(sample) => {
                let little = *order == ByteOrder::Little;
                self.tape.reinterpret(Transport::Utf16 { little }, 0);
            }
            (Encoding::Utf16(_), None) if sample.is_empty() => {}
            (Encoding::Utf8, Some(Looks::Utf8)) => self.tape.pass_mark(mark),
            (Encoding::Utf8 | Encoding::Single(_), None) => {}
            _ => return Err(self.mismatch(looks, "")),
        }
        self.tape.notes.byte_order_mark = mark > 0;
        Ok(())
    }

    fn mismatch(&self, looks: Option<Looks>, more: &str) -> DecodeFailure {
        let looks = looks.map_or("one of a byte per character", Looks::name);
        let said = self.dialect.encoding.name();
        let comma = if more.is_empty() { "" } else { ", " };
        RecordError::decode("decode.csv.encoding_mismatch")
            .at(self.tape.place(0))
            .detail(format!("the encoding looks like {looks}{comma}{more}; configured is {said}"))
            .into()
    }

    /// Reads the line that names the columns, unless the file is empty. Other names may stand in its place.
    fn header(
        &mut self,
        input: &mut dyn BufRead,
        columns: Option<Vec<Arc<str>>>,
    ) -> Result<(), DecodeFailure> {
        let found = loop {
            match self.tape.next(input, 0)? {
                Item::End => return Ok(()),
                Item::Blank { total } => self.tape.pass_blank(total),
                Item::Comment { total } => self.tape.pass_comment(total),
                Item::Record(found) => break found,
                Item::TooLong => {
                    return Err(RecordError::decode("decode.csv.record_too_long")
                        .at(self.tape.place(0))
                        .detail("the header is longer than a record may be")
                        .into());
                }
            }
        };
        let record = Record { at: 0, found };
        if let Err(mut faults) = self.shaper.split(&self.tape, record) {
            return Err(faults.swap_remove(0).into());
        }
        let suspicious = match &columns {
            Some(columns) => columns.len() > 1,
            None => {
                let all = self.projection == Projection::All;
                all || self.names(record).is_ok_and(|names| self.layout(&names).is_err())
            }
        };
        if suspicious {
            other_delimiter(&self.tape, &self.shaper, record, None)?;
        }
        let names = match columns {
            Some(columns) => columns,
            None => self.names(record)?,
        };
        self.bind(&names)?;
        self.tape.advance(found.total, found.quotes);
        Ok(())
    }

    /// The texts of the last split record.
    fn names(&mut self, record: Record) -> Result<Vec<Arc<str>>, DecodeFailure> {
        let mut names = Vec::with_capacity(self.shaper.fields.len());
        for index in 0..self.shaper.fields.len() {
            match self.shaper.text(&self.tape, record, index) {
                Some(Ok(name)) => names.push(Arc::from(name)),
                Some(Err(byte)) => {
                    let said = self.dialect.encoding.name();
                    return Err(RecordError::decode("decode.csv.encoding")
                        .at(place_in_field(&self.tape, record, index, byte))
                        .detail(format!("the header has a byte that is not {said}"))
                        .into());
                }
                None => {}
            }
        }
        Ok(names)
    }

    fn layout(&self, names: &[Arc<str>]) -> Result<Layout, RecordError> {
        Layout::of(names, &[], &self.projection)
    }

    fn bind(&mut self, names: &[Arc<str>]) -> Result<(), DecodeFailure> {
        let place = |error: RecordError, tape: &Tape| error.at(tape.place(0));
        let layout = self.layout(names).map_err(|error| place(error, &self.tape))?;
        if let Some(trailer) = &mut self.dialect.trailer
            && let Some(column) = &trailer.sum_of
        {
            trailer.summed = names.iter().position(|name| **name == **column);
            if trailer.summed.is_none() {
                let error = RecordError::decode("decode.csv.column_missing");
                let error = error.field(column.as_str()).detail("the trailer sums this column");
                return Err(place(error, &self.tape).into());
            }
        }
        self.layouts = vec![layout];
        Ok(())
    }
}

/// Whether the sample can only be text of one byte per character.
fn plain(sample: &[u8]) -> bool {
    sample.len() >= 4
        && sample.iter().all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..0x7F))
}

/// Refuses a file whose first record is one field that holds what looks like another delimiter.
pub(super) fn other_delimiter(
    tape: &Tape,
    shaper: &Shaper,
    record: Record,
    expected: Option<usize>,
) -> Result<(), DecodeFailure> {
    if shaper.fields.len() != 1 {
        return Ok(());
    }
    let content = shaper.fields.whole(record.content(tape));
    let count = |byte: u8| content.iter().filter(|other| **other == byte).count();
    let found = [b'|', b'\t', b',', b';'].map(|byte| (count(byte), byte));
    let Some((count, byte)) = found.into_iter().max_by_key(|(count, _)| *count) else {
        return Ok(());
    };
    if count == 0 || expected.is_some_and(|expected| count + 1 < expected) {
        return Ok(());
    }
    let seems = if byte == b'\t' { "tab".to_owned() } else { format!("`{}`", byte as char) };
    Err(RecordError::decode("decode.csv.delimiter")
        .at(tape.place(record.at))
        .detail(format!("1 column found, the file seems {seems}-separated"))
        .into())
}
