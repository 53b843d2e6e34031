//! Delimited text: from a stretch of bytes to rows, strictly.
//!
//! ```text
//! input ─► window ─► scan ─► split ─► shape ─► row
//!          one       where   fields   checks,
//!          buffer    it ends          characters
//! ```
//!
//! `window` holds the bytes that are looked at and brings UTF-16 to UTF-8. `scan` finds the end of a record with
//! a quote state of its own, because a splitter that is fed an unclosed quote gives the rest of the file as one
//! record and says nothing. `split` makes fields of exactly one record. `shape` checks and decodes the fields
//! that are wanted; the others are looked at for structure only. `tape` puts window and scan together and keeps
//! the place; `groups` gathers a header record with its details.
//!
//! What concerns one record rejects it; what makes the following bytes doubtful, or all of them, refuses the
//! unit: see [`CODES`].

mod codes;
mod config;
mod dialect;
mod groups;
mod head;
mod kinds;
mod layout;
mod scan;
mod shape;
mod split;
mod tape;
mod text;
mod trailer;
mod window;

#[cfg(test)]
mod tests;

use std::{io::BufRead, sync::Arc};

use acequia_api::{
    ConfigFault, Projection, RecordBatch, RecordError, RowMeta, Schema, SourceError, Unit, UnitId,
};

pub use codes::CODES;
pub use config::{
    Control, CsvConfig, Empty, FinalNewline, Kind, KindTrailer, LineTrailer, Records,
};

use crate::{DecodeFailure, Decoded, Decoder, DecoderState, encoding::Encoding};
use dialect::Dialect;
use layout::Layout;
use shape::{Faults, Record, Shaper};
use tape::{Found, Item, Tape};
use trailer::Tally;

/// The code of a unit that ends inside its last record and may be complete later.
pub const INCOMPLETE: &str = "decode.csv.incomplete";

/// The code of a unit that ends without its trailer and may be complete later.
pub const TRAILER_MISSING: &str = "decode.csv.trailer_missing";

impl CsvConfig {
    /// Everything that is wrong with the configuration by itself; paths begin with `csv`.
    pub fn validate(&self) -> Vec<ConfigFault> {
        Dialect::of(self).err().unwrap_or_default()
    }
}

pub(crate) fn decoder(
    config: &CsvConfig,
    projection: &Projection,
) -> Result<Box<dyn Decoder>, SourceError> {
    Ok(Box::new(CsvDecoder::new(config, projection)?))
}

/// Reads units of one dialect.
#[derive(Debug)]
pub(crate) struct CsvDecoder {
    dialect: Dialect,
    projection: Projection,
    tape: Tape,
    shaper: Shaper,
    /// By kind; the only one where there are no kinds; none before the header is known.
    layouts: Vec<Layout>,
    schema: Arc<Schema>,
    /// Data records so far.
    record: u64,
    tally: Tally,
    raw: Vec<u8>,
    members: Vec<groups::Member>,
}

impl CsvDecoder {
    fn new(config: &CsvConfig, projection: &Projection) -> Result<Self, SourceError> {
        let dialect = Dialect::of(config).map_err(|faults| {
            let first = faults.into_iter().next();
            let message =
                first.map(|fault| format!("`{}`: {}", fault.path.join("."), fault.message));
            SourceError::operator("config.csv", message.unwrap_or_default())
        })?;
        column_encodings(&dialect.encoding, projection)?;
        let shaper = Shaper::new(
            &dialect.syntax,
            dialect.encoding.clone(),
            dialect.lenient,
            dialect.control,
            dialect.max_fields,
        );
        let schema = match (&dialect.kinds, projection) {
            (Some(kinds), _) => kinds
                .layouts(projection)
                .map(|mut layouts| layouts.swap_remove(kinds.head()).schema),
            (None, Projection::All) => Ok(Schema::new(Vec::new())),
            (None, Projection::Only(wanted)) => Ok(layout::wanted_schema(wanted)),
        };
        let schema = schema.map_err(|fault| {
            SourceError::operator("config.csv.columns", format!("the declared records: {fault}"))
        })?;
        Ok(Self {
            tape: Tape::new(dialect.syntax.clone(), dialect.limits.clone()),
            shaper,
            dialect,
            projection: projection.clone(),
            layouts: Vec::new(),
            schema,
            record: 0,
            tally: Tally::default(),
            raw: Vec::new(),
            members: Vec::new(),
        })
    }

    /// A record of a unit that has one kind only.
    fn row(
        &mut self,
        found: Found,
        unit: UnitId,
        batch: &mut RecordBatch,
    ) -> Result<(), DecodeFailure> {
        self.not_after_trailer()?;
        let record = Record { at: 0, found };
        let Some(layout) = self.layouts.first() else {
            // The unit had no header when its head was read; it has grown since.
            return Err(RecordError::decode(INCOMPLETE).at(self.tape.place(0)).into());
        };
        let mut meta = self.meta(unit);
        self.record += 1;
        let before = self.shaper.notes.forgiven();
        let split = self.shaper.split(&self.tape, record);
        if let Some(trailer) = &self.dialect.trailer {
            self.tally.add(trailer, &mut self.shaper, &self.tape, record);
        }
        let mut row = batch.row();
        let done = split.and_then(|survey| {
            self.shaper.count(&self.tape, record, layout.width)?;
            let how = (survey, layout.uniform);
            self.shaper.cells(&self.tape, record, how, &layout.slots, &mut row)
        });
        let content = &self.tape.data()[..found.content];
        let raw = self.tape.transport().unit_bytes(content, &mut self.raw);
        match done.and_then(|()| row.put(raw).map_err(|large| vec![large.into()])) {
            Ok(span) => {
                meta.raw = span;
                row.commit(meta);
                let forgiven = self.shaper.notes.forgiven() - before;
                if forgiven > 0 {
                    batch.forgive(forgiven);
                }
            }
            Err(faults) => {
                drop(row);
                if self.record == 1 && layout.width > 1 {
                    head::other_delimiter(&self.tape, &self.shaper, record, Some(layout.width))?;
                }
                reject(batch, faults, meta, raw);
            }
        }
        self.tape.advance(found.total, found.quotes);
        Ok(())
    }

    /// Identity and place of the record that begins here.
    fn meta(&self, unit: UnitId) -> RowMeta {
        let place = acequia_api::Place::line(self.tape.line, self.tape.byte);
        RowMeta::ordinal(unit, self.record + 1, place)
    }

    /// Rejects a record without keeping its bytes, and goes on after it.
    fn too_long(
        &mut self,
        input: &mut dyn BufRead,
        unit: UnitId,
        batch: &mut RecordBatch,
    ) -> Result<(), DecodeFailure> {
        self.not_after_trailer()?;
        let meta = self.meta(unit);
        let error = self.long_record();
        self.record += 1;
        self.tally.add_unreadable();
        self.tape.skip(input)?;
        reject(batch, vec![error], meta, &[]);
        Ok(())
    }

    fn long_record(&self) -> RecordError {
        let most = self.dialect.limits.max_record_bytes;
        RecordError::decode("decode.csv.record_too_long")
            .at(self.tape.place(0))
            .detail(format!("longer than {most} bytes; its bytes are not kept"))
    }

    fn is_trailer(&self, found: Found) -> bool {
        let prefix = self.dialect.trailer.as_ref().and_then(|trailer| trailer.prefix.as_ref());
        prefix.is_some_and(|prefix| self.tape.data()[..found.content].starts_with(prefix))
    }

    /// Holds the trailer that begins here against what was read.
    fn trailer(&mut self, found: Found) -> Result<(), DecodeFailure> {
        self.not_after_trailer()?;
        let record = Record { at: 0, found };
        if let Err(mut faults) = self.shaper.split(&self.tape, record) {
            return Err(faults.swap_remove(0).into());
        }
        if let Some(trailer) = &self.dialect.trailer {
            self.tally.verify(trailer, &mut self.shaper, &self.tape, record)?;
        }
        self.tape.advance(found.total, found.quotes);
        Ok(())
    }

    fn not_after_trailer(&self) -> Result<(), DecodeFailure> {
        if !self.tally.trailer {
            return Ok(());
        }
        Err(RecordError::decode("decode.csv.after_trailer")
            .at(self.tape.place(0))
            .detail("a record follows the trailer")
            .into())
    }

    /// The unit is at its end: is it complete?
    fn finish(&mut self) -> Result<Decoded, DecodeFailure> {
        if self.dialect.trailer.is_some() && !self.tally.trailer {
            return Err(trailer::missing(self.tape.place(0)).into());
        }
        if self.record == 0 {
            self.tape.notes.empty = true;
            if self.dialect.refuse_empty {
                return Err(RecordError::decode("decode.csv.empty")
                    .at(self.tape.place(0))
                    .detail("the file holds no record")
                    .into());
            }
        }
        Ok(Decoded::End)
    }
}

impl Decoder for CsvDecoder {
    fn head(&mut self, input: &mut dyn BufRead) -> Result<(), DecodeFailure> {
        self.layouts.clear();
        self.read_head(input)?;
        let head = self.dialect.kinds.as_ref().map_or(0, kinds::Kinds::head);
        if let Some(layout) = self.layouts.get(head) {
            self.schema = Arc::clone(&layout.schema);
        }
        Ok(())
    }

    fn resume(&mut self, state: &DecoderState) {
        let transport = self.tape.transport();
        self.tape.place_at(state.byte, state.line, state.notes, transport);
        self.shaper.notes = crate::Notes::default();
        self.record = state.record;
        self.tally = Tally::resume(&state.totals);
    }

    fn decode(
        &mut self,
        input: &mut dyn BufRead,
        unit: &Arc<Unit>,
        batch: &mut RecordBatch,
    ) -> Result<Decoded, DecodeFailure> {
        batch.set_schema(&self.schema);
        let unit = batch.unit(unit);
        let grouped = self.dialect.kinds.is_some();
        while !batch.is_full() {
            match self.tape.next(input, 0)? {
                Item::End => return self.finish(),
                Item::Blank { total } => self.tape.pass_blank(total),
                Item::Comment { total } => self.tape.pass_comment(total),
                Item::TooLong => self.too_long(input, unit, batch)?,
                Item::Record(found) if grouped => self.first(input, found, unit, batch)?,
                Item::Record(found) if self.is_trailer(found) => self.trailer(found)?,
                Item::Record(found) => self.row(found, unit, batch)?,
            }
        }
        Ok(Decoded::Full)
    }

    fn state(&self) -> DecoderState {
        DecoderState {
            byte: self.tape.byte,
            line: self.tape.line,
            record: self.record,
            totals: self.tally.totals(),
            notes: self.tape.notes.plus(self.shaper.notes),
        }
    }

    fn schema(&self) -> Option<&Arc<Schema>> {
        Some(&self.schema)
    }
}

/// Appends a reject, without its bytes where the batch cannot hold them.
fn reject(batch: &mut RecordBatch, faults: Faults, meta: RowMeta, raw: &[u8]) {
    if batch.row().reject(faults, meta, raw).is_err() {
        let large = RecordError::decode("decode.record_too_large");
        let empty = batch.row().reject(vec![large], meta, &[]);
        debug_assert!(empty.is_ok(), "invariant: nothing always fits");
    }
}

fn column_encodings(source: &Encoding, projection: &Projection) -> Result<(), SourceError> {
    let Projection::Only(wanted) = projection else { return Ok(()) };
    for want in wanted {
        let Some(name) = &want.encoding else { continue };
        let fault = match (source, Encoding::of(name)) {
            (_, None) => format!("`{}` is no encoding known here", name.escape_debug()),
            (Encoding::Utf16(_), Some(_)) | (_, Some(Encoding::Utf16(_))) => {
                format!("`{name}` cannot be mixed with {}", source.name())
            }
            _ => continue,
        };
        let message = format!("the encoding of column `{}`: {fault}", want.name);
        return Err(SourceError::operator("config.csv.encoding", message)
            .hint(format!("known are {}", crate::encoding::KNOWN)));
    }
    Ok(())
}
