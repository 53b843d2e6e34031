//! One record into the cells of a row, or into everything that is wrong with it.

use std::sync::Arc;

use acequia_api::{RecordError, RowWriter};

use super::{
    Control,
    layout::Slot,
    scan::Syntax,
    split::{FieldSpan, Fields, Spans, Splitter},
    tape::{Found, Tape},
    text::{Marks, Survey, decode, is_control, is_hidden, marks, survey},
};
use crate::{Notes, encoding::Encoding};

/// Splits, checks and writes records of one dialect.
#[derive(Debug)]
pub(super) struct Shaper {
    splitter: Splitter,
    pub(super) fields: Fields,
    encoding: Encoding,
    lenient: bool,
    control: Control,
    max_fields: usize,
    scratch: String,
    stripped: String,
    /// What was counted since the unit began or was resumed.
    pub(super) notes: Notes,
}

/// A record on the tape: where it begins in the data and what the scanner found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) at: usize,
    pub(super) found: Found,
}

impl Record {
    pub(super) fn content(self, tape: &Tape) -> &[u8] {
        &tape.data()[self.at..self.at + self.found.content]
    }
}

/// Everything that is wrong with a record, in the order of its fields.
pub(super) type Faults = Vec<RecordError>;

/// Once a record or a group has so many faults no more are looked for: each one costs a walk to its place.
pub(super) const MOST_FAULTS: usize = 64;

impl Shaper {
    pub(super) fn new(
        syntax: &Syntax,
        encoding: Encoding,
        lenient: bool,
        control: Control,
        max_fields: usize,
    ) -> Self {
        Self {
            splitter: Splitter::of(syntax),
            fields: Fields::default(),
            encoding,
            lenient,
            control,
            max_fields,
            scratch: String::new(),
            stripped: String::new(),
            notes: Notes::default(),
        }
    }

    /// Splits with our own splitter even where `csv-core` would do.
    #[cfg(test)]
    pub(super) fn use_own(&mut self) {
        self.splitter = Splitter::Own;
    }

    /// Splits a record into [`fields`](Shaper::fields), which hold what was split even where it is at fault.
    ///
    /// # Errors
    /// Stray quotes, line ends or control characters where there may be none, too many fields.
    pub(super) fn split(&mut self, tape: &Tape, record: Record) -> Result<Survey, Faults> {
        let content = record.content(tape);
        let survey = survey(content);
        let faults = if survey.control { self.controls(tape, record) } else { Vec::new() };
        // A line end outside quotes would end the record for `csv-core`, which must not be left inside one.
        let splitter = if faults.is_empty() { &mut self.splitter } else { &mut Splitter::Own };
        let split = (content, record.found.quotes);
        let split = splitter.split(&tape.syntax, split, self.max_fields, &mut self.fields);
        if let Some(stray) = record.found.stray.filter(|_| !self.lenient) {
            let error = RecordError::decode("decode.csv.stray_quote")
                .at(tape.place(record.at + stray))
                .detail("text stands beside the quotes of a field");
            return Err(vec![error]);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if split.is_err() {
            let error = RecordError::decode("decode.csv.too_many_fields")
                .at(tape.place(record.at))
                .detail(format!("more than {} fields", self.max_fields));
            return Err(vec![error]);
        }
        Ok(survey)
    }

    /// Splits a record without judging it.
    pub(super) fn glance(&mut self, tape: &Tape, record: Record) {
        let split = (record.content(tape), record.found.quotes);
        // More fields than allowed: those that fit are there, which is all that is asked for.
        _ = Splitter::Own.split(&tape.syntax, split, self.max_fields, &mut self.fields);
    }

    /// Splits a record again that has been found sound.
    pub(super) fn again(&mut self, tape: &Tape, record: Record) -> Survey {
        let content = record.content(tape);
        let split = (content, record.found.quotes);
        let split = self.splitter.split(&tape.syntax, split, self.max_fields, &mut self.fields);
        debug_assert!(split.is_ok(), "invariant: the record was split before");
        survey(content)
    }

    /// Holds the number of fields of the last split record, which is sound, against what is expected. Called
    /// once for each record, it also counts what is forgiven.
    ///
    /// # Errors
    /// They differ, and not only in what `lenient` forgives.
    pub(super) fn count(
        &mut self,
        tape: &Tape,
        record: Record,
        expected: usize,
    ) -> Result<(), Faults> {
        self.notes.forgiven_quotes += u64::from(record.found.stray.is_some());
        let found = self.fields.len();
        if found == expected {
            return Ok(());
        }
        let content = record.content(tape);
        let superfluous = |at| self.fields.get(content, at).is_some_and(<[u8]>::is_empty);
        if self.lenient && found > expected && (expected..found).all(superfluous) {
            self.notes.forgiven_fields += 1;
            return Ok(());
        }
        Err(vec![
            RecordError::decode("decode.csv.ragged")
                .at(tape.place(record.at))
                .detail(format!("{found} fields, expected {expected}")),
        ])
    }

    /// Appends the cells of the last split record for `slots`, of which none is a list.
    ///
    /// # Errors
    /// What is wrong with them, in their order, [`MOST_FAULTS`] at most.
    pub(super) fn cells(
        &mut self,
        tape: &Tape,
        record: Record,
        (survey, uniform): (Survey, bool),
        slots: &[Slot],
        row: &mut RowWriter<'_>,
    ) -> Result<(), Faults> {
        let mut faults = Vec::new();
        let content = record.content(tape);
        if let Some(text) = self.clean(content, survey).filter(|_| uniform) {
            for slot in slots {
                let Slot::Field { index, .. } = slot else { continue };
                let field = text.get(self.fields.range(*index)).unwrap_or_default();
                if let Err(error) = row.text(field) {
                    faults.push(error.into());
                }
            }
        } else {
            for slot in slots {
                let Slot::Field { index, name, encoding } = slot else { continue };
                if faults.len() == MOST_FAULTS {
                    break;
                }
                if let Err(error) = self.field(tape, record, *index, encoding.as_ref(), row) {
                    faults.push(error.field(Arc::clone(name)));
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The text that all fields are slices of, if nothing in it needs a closer look: one check for all.
    fn clean<'a>(&'a self, content: &'a [u8], survey: Survey) -> Option<&'a str> {
        let utf8 = !matches!(self.encoding, Encoding::Single(_));
        if survey.control || (survey.upper && !utf8) {
            return None;
        }
        let text = std::str::from_utf8(self.fields.whole(content)).ok()?;
        if survey.upper && !self.fields.cut_between_characters(text) {
            return None;
        }
        (!survey.upper || marks(text) == Marks::default()).then_some(text)
    }

    /// The text of a field of the last split record, for a header or a trailer.
    pub(super) fn text<'a>(
        &'a mut self,
        tape: &'a Tape,
        record: Record,
        index: usize,
    ) -> Option<Result<&'a str, usize>> {
        let bytes = self.fields.get(record.content(tape), index)?;
        Some(decode(&self.encoding, bytes, &mut self.scratch))
    }

    fn field(
        &mut self,
        tape: &Tape,
        record: Record,
        index: usize,
        encoding: Option<&Encoding>,
        row: &mut RowWriter<'_>,
    ) -> Result<(), RecordError> {
        let bytes = self.fields.get(record.content(tape), index).unwrap_or_default();
        if self.control == Control::Reject && bytes.is_ascii() {
            // Its control characters have been looked for in the raw record.
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            return row.text(text).map_err(RecordError::from);
        }
        let encoding = encoding.unwrap_or(&self.encoding);
        let locate = |byte| place_in_field(tape, record, index, byte);
        let text = decode(encoding, bytes, &mut self.scratch).map_err(|byte| {
            RecordError::decode("decode.csv.encoding")
                .at(locate(byte))
                .detail(format!("a byte that is not {}", encoding.name()))
        })?;
        let found = if text.is_ascii() { Marks::default() } else { marks(text) };
        self.notes.double_encoded += u64::from(found.double_encoded);
        self.notes.replacement_characters += u64::from(found.replacement);
        if self.control == Control::Strip {
            let control =
                |c: char| is_hidden(c) || u8::try_from(c).is_ok_and(|b| is_control(b, true));
            self.stripped.clear();
            self.stripped.extend(text.chars().filter(|c| !control(*c)));
            self.notes.stripped_controls +=
                (text.chars().count() - self.stripped.chars().count()) as u64;
            return row.text(&self.stripped).map_err(RecordError::from);
        }
        if let Some(at) = found.hidden {
            let byte = match encoding {
                Encoding::Single(_) => text[..at].chars().count(),
                _ => at,
            };
            return Err(RecordError::decode("decode.csv.control")
                .at(locate(byte))
                .detail("an invisible control character"));
        }
        row.text(text).map_err(RecordError::from)
    }

    /// The first control character of ASCII that may not stand where it does.
    fn controls(&self, tape: &Tape, record: Record) -> Faults {
        let content = record.content(tape);
        for span in Spans::new(&tape.syntax, content) {
            let mut found = None;
            span.unquoted(&tape.syntax, content, |run, start| {
                let breaks = start < span.close || tape.syntax.bare_breaks();
                let refused = |byte: &u8| match byte {
                    b'\n' | b'\r' => !breaks,
                    _ => self.control == Control::Reject && is_control(*byte, true),
                };
                found = run.iter().position(refused).map(|at| (start + at, run[at]));
                found.is_none()
            });
            if let Some((at, byte)) = found {
                let what = match byte {
                    b'\r' => "a carriage return outside quotes",
                    b'\n' => "a line feed outside quotes",
                    0 => "a NUL",
                    _ => "a control character",
                };
                let error = RecordError::decode("decode.csv.control");
                return vec![error.at(tape.place(record.at + at)).detail(what)];
            }
        }
        Vec::new()
    }
}

/// The place of a byte of the unquoted field `index`.
pub(super) fn place_in_field(
    tape: &Tape,
    record: Record,
    index: usize,
    byte: usize,
) -> acequia_api::Place {
    let content = record.content(tape);
    let span = Spans::new(&tape.syntax, content).nth(index);
    let at = span.map_or(0, |span| raw_byte(&tape.syntax, content, span, byte));
    tape.place(record.at + at)
}

fn raw_byte(syntax: &Syntax, content: &[u8], span: FieldSpan, byte: usize) -> usize {
    let mut left = byte;
    let mut at = span.end;
    span.unquoted(syntax, content, |run, start| {
        if left < run.len() {
            at = start + left;
            return false;
        }
        left -= run.len();
        true
    });
    at
}
