//! The record batch: one arena for some thousand records, written row by row, each row all or nothing.
//!
//! Cells are flat and row-major (`rows × columns`); characters are in one string, octets (raw records, binary
//! values, identities) in one byte buffer, the cells of nested records in a third. Characters have a buffer of
//! their own so that reading a text cell is a slice and never a second UTF-8 check. The engine lends a batch to a reader, which fills it; after the
//! events have been committed the engine clears it and lends it again, so that at steady state no record
//! costs an allocation. Measured against maps, `Vec<Value>` per row and Arrow before it was chosen; see
//! `ARCHITECTURE.md`.
//!
//! Invariant: a span stored in a cell or a row always lies inside its buffer, because only [`RowWriter`] makes
//! spans and dropping an uncommitted writer truncates every buffer to where the row began.

use std::sync::Arc;

use crate::{
    Cell, Identity, Position, RecordError, RowMeta, Schema, Span, StateChange, Unit, UnitId,
};

/// When a reader should stop filling: soft limits, checked between rows.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Rows and rejects together.
    pub max_rows: usize,
    /// Bytes of text, raw records and cells together.
    pub max_bytes: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { max_rows: 1024, max_bytes: 4 << 20 }
    }
}

/// No batch ever holds more bytes than this in one buffer, so that every span fits in 32 bits.
const HARD_LIMIT: usize = 1 << 30;

/// A record that was refused while decoding, kept with what is needed to quarantine it.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Everything that is wrong with it, in the order of its fields; never empty.
    pub errors: Vec<RecordError>,
    /// Identity and place of the record.
    pub meta: RowMeta,
}

/// Records of one schema, in source order, with what must be committed together with them. Its `Debug` shows sizes and
/// no value.
pub struct RecordBatch {
    schema: Arc<Schema>,
    limits: BatchLimits,
    cells: Vec<Cell>,
    nested: Vec<Cell>,
    text: String,
    bytes: Vec<u8>,
    rows: Vec<RowMeta>,
    rejects: Vec<Reject>,
    units: Vec<Arc<Unit>>,
    state: Vec<StateChange>,
    resume: Option<Position>,
    forgiven: u64,
    groups: Vec<Cell>,
}

impl std::fmt::Debug for RecordBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordBatch")
            .field("schema", &self.schema)
            .field("rows", &self.rows.len())
            .field("rejects", &self.rejects.len())
            .field("text_bytes", &self.text.len())
            .field("bytes", &self.bytes.len())
            .field("state", &self.state.len())
            .finish_non_exhaustive()
    }
}

impl RecordBatch {
    /// An empty batch without columns; the reader sets the schema.
    pub fn new(limits: BatchLimits) -> Self {
        Self {
            schema: Schema::new(Vec::new()),
            limits,
            cells: Vec::new(),
            nested: Vec::new(),
            text: String::new(),
            bytes: Vec::new(),
            rows: Vec::new(),
            rejects: Vec::new(),
            units: Vec::new(),
            state: Vec::new(),
            resume: None,
            forgiven: 0,
            groups: Vec::new(),
        }
    }

    /// Empties it and keeps its memory. The schema stays.
    pub fn clear(&mut self) {
        self.cells.clear();
        self.nested.clear();
        self.text.clear();
        self.bytes.clear();
        self.rows.clear();
        self.rejects.clear();
        self.units.clear();
        self.state.clear();
        self.groups.clear();
        self.resume = None;
        self.forgiven = 0;
    }

    /// Gives the batch its columns.
    ///
    /// # Panics
    /// When it already holds rows of another schema: a change of schema closes the batch, it does not mix.
    pub fn set_schema(&mut self, schema: &Arc<Schema>) {
        if self.schema.fingerprint() != schema.fingerprint() {
            assert!(self.rows.is_empty(), "invariant: rows of two schemas never share a batch");
            self.schema = Arc::clone(schema);
        }
    }

    /// The columns of every row.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Whether a reader should stop and hand the batch back.
    pub fn is_full(&self) -> bool {
        self.rows.len() + self.rejects.len() >= self.limits.max_rows
            || self.size() >= self.limits.max_bytes
    }

    /// Bytes held by values, raw records and cells.
    pub fn size(&self) -> usize {
        self.text.len()
            + self.bytes.len()
            + (self.cells.len() + self.nested.len()) * size_of::<Cell>()
    }

    /// Number of rows, rejects not counted.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing to map: neither row nor reject. State or a position may still be there.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.rejects.is_empty()
    }

    /// Registers the unit that the following rows stand in. Registering the last one again is free.
    pub fn unit(&mut self, unit: &Arc<Unit>) -> UnitId {
        if self.units.last().is_none_or(|last| !Arc::ptr_eq(last, unit)) {
            self.units.push(Arc::clone(unit));
        }
        UnitId(self.units.len() as u32 - 1)
    }

    /// The unit behind an id of this batch.
    pub fn unit_of(&self, id: UnitId) -> &Arc<Unit> {
        &self.units[id.0 as usize]
    }

    /// The units of this batch in the order of their rows.
    pub fn units(&self) -> &[Arc<Unit>] {
        &self.units
    }

    /// Begins a row. Nothing of it exists until [`RowWriter::commit`].
    pub fn row(&mut self) -> RowWriter<'_> {
        let begin = Marks {
            cells: self.cells.len(),
            nested: self.nested.len(),
            text: self.text.len(),
            bytes: self.bytes.len(),
            groups: self.groups.len(),
        };
        RowWriter { batch: self, begin, open: None, kept: false }
    }

    /// A change of keyed state, committed in the same transaction as the rows of this batch.
    pub fn put_state(&mut self, change: StateChange) {
        self.state.push(change);
    }

    /// The changes of keyed state so far, in order.
    pub fn state(&self) -> &[StateChange] {
        &self.state
    }

    /// Counts deviations that a lenient format forgave.
    pub fn forgive(&mut self, count: u64) {
        self.forgiven += count;
    }

    /// How many deviations were forgiven.
    pub fn forgiven(&self) -> u64 {
        self.forgiven
    }

    /// States where reading can resume after the last row: the batch ends at a commit boundary of the source.
    /// A batch never finished is published too, but the engine waits for a finished one before it commits.
    pub fn finish(&mut self, resume: Position) {
        self.resume = Some(resume);
    }

    /// The resume point after the last row, if the batch ends at one.
    pub fn resume(&self) -> Option<&Position> {
        self.resume.as_ref()
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = RowRef<'_>> {
        (0..self.rows.len()).map(|index| self.at(index))
    }

    /// The row at `index`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn at(&self, index: usize) -> RowRef<'_> {
        let width = self.schema.columns().len();
        RowRef { batch: self, cells: &self.cells[index * width..(index + 1) * width], index }
    }

    /// The refused records, in order.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// The characters of a `Text` or `Number` span of this batch.
    pub fn text(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The octets of a `Bytes` span, a raw record or an identity of this batch.
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.bytes.get(span.range()).unwrap_or_default()
    }

    /// The elements of a list or the fields of a group.
    pub fn cells(&self, span: Span) -> &[Cell] {
        self.nested.get(span.range()).unwrap_or_default()
    }
}

/// One committed row.
#[derive(Debug, Clone, Copy)]
pub struct RowRef<'a> {
    batch: &'a RecordBatch,
    cells: &'a [Cell],
    index: usize,
}

impl<'a> RowRef<'a> {
    /// Its cells, in the order of the schema.
    pub fn cells(self) -> &'a [Cell] {
        self.cells
    }

    /// What travels beside them.
    pub fn meta(self) -> &'a RowMeta {
        &self.batch.rows[self.index]
    }

    /// The batch that its spans point into.
    pub fn batch(self) -> &'a RecordBatch {
        self.batch
    }

    /// Its number in the batch, from 0.
    pub fn index(self) -> usize {
        self.index
    }
}

#[derive(Debug, Clone, Copy)]
struct Marks {
    cells: usize,
    nested: usize,
    text: usize,
    bytes: usize,
    groups: usize,
}

/// A row being written. Dropping it without [`commit`](RowWriter::commit) or [`reject`](RowWriter::reject)
/// leaves no trace of it.
///
/// Cells are appended in the order of the schema. Inside [`begin_group`](RowWriter::begin_group) …
/// [`end_group`](RowWriter::end_group) they become the fields of one element of the list that is open.
#[derive(Debug)]
pub struct RowWriter<'a> {
    batch: &'a mut RecordBatch,
    begin: Marks,
    open: Option<usize>,
    kept: bool,
}

/// The record does not fit into a batch at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowTooLarge;

impl From<RowTooLarge> for RecordError {
    fn from(_: RowTooLarge) -> Self {
        RecordError::decode("decode.record_too_large").detail("the record is longer than 1 GiB")
    }
}

impl RowWriter<'_> {
    /// Appends a cell without variable data.
    pub fn cell(&mut self, cell: Cell) {
        match self.open {
            Some(_) => self.batch.nested.push(cell),
            None => self.batch.cells.push(cell),
        }
    }

    /// Appends `Null`.
    pub fn null(&mut self) {
        self.cell(Cell::Null);
    }

    /// Appends a text cell.
    ///
    /// # Errors
    /// [`RowTooLarge`] when the batch cannot address more bytes.
    pub fn text(&mut self, text: &str) -> Result<(), RowTooLarge> {
        let span = self.put_text(text)?;
        self.cell(Cell::Text(span));
        Ok(())
    }

    /// Appends a cell of octets.
    ///
    /// # Errors
    /// As [`text`](RowWriter::text).
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), RowTooLarge> {
        let span = self.put(bytes)?;
        self.cell(Cell::Bytes(span));
        Ok(())
    }

    /// Appends a number longer than a `Decimal` cell, as canonical text.
    ///
    /// # Errors
    /// As [`text`](RowWriter::text).
    pub fn number(&mut self, canonical: &str) -> Result<(), RowTooLarge> {
        let span = self.put_text(canonical)?;
        self.cell(Cell::Number(span));
        Ok(())
    }

    fn put_text(&mut self, text: &str) -> Result<Span, RowTooLarge> {
        let start = self.batch.text.len();
        if start + text.len() > HARD_LIMIT {
            return Err(RowTooLarge);
        }
        self.batch.text.push_str(text);
        Ok(Span { start: start as u32, len: text.len() as u32 })
    }

    /// Stores bytes that belong to the row without a cell of their own: an identity, a transaction id.
    ///
    /// # Errors
    /// As [`text`](RowWriter::text).
    pub fn put(&mut self, bytes: &[u8]) -> Result<Span, RowTooLarge> {
        let start = self.batch.bytes.len();
        if start + bytes.len() > HARD_LIMIT {
            return Err(RowTooLarge);
        }
        self.batch.bytes.extend_from_slice(bytes);
        Ok(Span { start: start as u32, len: bytes.len() as u32 })
    }

    /// Makes `bytes` the identity of the record inside its unit.
    ///
    /// # Errors
    /// As [`text`](RowWriter::text).
    pub fn identity(&mut self, bytes: &[u8]) -> Result<Identity, RowTooLarge> {
        Ok(Identity::Bytes(self.put(bytes)?))
    }

    /// Opens an element of the list that [`end_list`](RowWriter::end_list) will close. Groups do not nest yet:
    /// no source needs it, and the cells would have to be moved.
    pub fn begin_group(&mut self) {
        debug_assert!(
            self.open.is_none(),
            "invariant: a group is closed before the next is opened"
        );
        self.open = Some(self.batch.nested.len());
    }

    /// Closes the element.
    pub fn end_group(&mut self) {
        if let Some(start) = self.open.take() {
            let len = self.batch.nested.len() - start;
            self.batch.groups.push(Cell::Group(Span { start: start as u32, len: len as u32 }));
        }
    }

    /// Appends a list cell that holds the groups closed since the last list (or since the row began).
    pub fn end_list(&mut self) {
        let start = self.batch.nested.len();
        self.batch.nested.extend(self.batch.groups.drain(self.begin.groups..));
        let len = self.batch.nested.len() - start;
        self.cell(Cell::List(Span { start: start as u32, len: len as u32 }));
    }

    /// Cells appended so far on the top level.
    pub fn width(&self) -> usize {
        self.batch.cells.len() - self.begin.cells
    }

    /// Keeps the row.
    ///
    /// # Panics
    /// When the number of cells is not that of the schema: a connector that miscounts must not shift columns.
    pub fn commit(mut self, meta: RowMeta) {
        let width = self.batch.schema.columns().len();
        assert_eq!(self.width(), width, "invariant: a row has one cell per column");
        self.batch.rows.push(meta);
        self.kept = true;
    }

    /// Refuses the row: its cells go, its raw bytes stay for quarantine.
    ///
    /// # Errors
    /// [`RowTooLarge`] when the raw bytes do not fit; the caller then rejects without them.
    pub fn reject(
        mut self,
        errors: Vec<RecordError>,
        mut meta: RowMeta,
        raw: &[u8],
    ) -> Result<(), RowTooLarge> {
        debug_assert!(!errors.is_empty(), "invariant: a reject says why");
        let identity = match meta.identity {
            Identity::Bytes(span) => Some(self.batch.bytes(span).to_vec()),
            Identity::Ordinal(_) => None,
        };
        self.kept = true;
        let begin = self.begin;
        let batch = &mut *self.batch;
        batch.truncate(begin);
        let start = batch.bytes.len();
        let identity = identity.unwrap_or_default();
        if start + raw.len() + identity.len() > HARD_LIMIT {
            return Err(RowTooLarge);
        }
        batch.bytes.extend_from_slice(raw);
        meta.raw = Span { start: start as u32, len: raw.len() as u32 };
        if let Identity::Bytes(span) = &mut meta.identity {
            *span = Span { start: batch.bytes.len() as u32, len: identity.len() as u32 };
            batch.bytes.extend_from_slice(&identity);
        }
        meta.transaction = None;
        meta.before = None;
        batch.rejects.push(Reject { errors, meta });
        Ok(())
    }
}

impl Drop for RowWriter<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.batch.truncate(self.begin);
        }
    }
}

impl RecordBatch {
    fn truncate(&mut self, to: Marks) {
        self.cells.truncate(to.cells);
        self.nested.truncate(to.nested);
        self.text.truncate(to.text);
        self.bytes.truncate(to.bytes);
        self.groups.truncate(to.groups);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Place};

    fn batch() -> (RecordBatch, UnitId) {
        let mut batch = RecordBatch::new(BatchLimits { max_rows: 3, max_bytes: 1 << 20 });
        batch.set_schema(&Schema::new(vec![Column::text("a"), Column::text("b")]));
        let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u.csv".into() }));
        (batch, unit)
    }

    fn push(batch: &mut RecordBatch, unit: UnitId, n: u64, a: &str, b: &str) {
        let mut row = batch.row();
        row.text(a).unwrap();
        row.text(b).unwrap();
        row.commit(RowMeta::ordinal(unit, n, Place::default()));
    }

    #[test]
    fn debug_shows_sizes_and_no_value() {
        let (mut batch, unit) = batch();
        push(&mut batch, unit, 1, "NUÑEZ", "12345678Z");
        let mut row = batch.row();
        row.text("NUÑEZ").unwrap();
        let meta = RowMeta::ordinal(unit, 2, Place::line(2, 4));
        row.reject(vec![RecordError::decode("decode.csv.ragged")], meta, b"12345678Z").unwrap();
        let change = StateChange { key: "NUÑEZ".into(), value: Some(b"12345678Z".to_vec()) };
        let shown = format!("{batch:?} {:?} {change:?}", batch.at(0));
        assert!(shown.contains("rows: 1, rejects: 1"), "{shown}");
        for hidden in ["NUÑEZ", "12345678Z", "49, 50, 51"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    #[test]
    fn a_dropped_row_leaves_no_trace() {
        let (mut batch, unit) = batch();
        push(&mut batch, unit, 1, "one", "two");
        let size = batch.size();
        let mut row = batch.row();
        row.text("half").unwrap();
        row.begin_group();
        row.text("nested").unwrap();
        row.end_group();
        drop(row);
        assert_eq!((batch.len(), batch.size()), (1, size));
        push(&mut batch, unit, 2, "three", "four");
        let texts: Vec<_> = batch.rows().map(|row| row.cells().to_vec()).collect();
        assert_eq!(texts.len(), 2);
        let Cell::Text(span) = texts[1][0] else { panic!("a text cell") };
        assert_eq!(batch.text(span), "three");
    }

    #[test]
    fn a_rejected_row_leaves_only_its_raw_bytes_and_its_neighbours_intact() {
        let (mut batch, unit) = batch();
        push(&mut batch, unit, 1, "x", "y");
        let mut row = batch.row();
        row.text("lost").unwrap();
        let mut meta = RowMeta::ordinal(unit, 2, Place::line(2, 4));
        meta.identity = row.identity(b"lsn-9").unwrap();
        row.reject(vec![RecordError::decode("decode.csv.ragged")], meta, b"raw;line").unwrap();
        push(&mut batch, unit, 3, "v", "w");
        assert!(batch.is_full());
        assert_eq!((batch.len(), batch.rejects().len()), (2, 1));
        let reject = &batch.rejects()[0];
        assert_eq!(batch.bytes(reject.meta.raw), b"raw;line");
        let Identity::Bytes(id) = reject.meta.identity else { panic!("bytes") };
        assert_eq!(batch.bytes(id), b"lsn-9");
        let Cell::Text(span) = batch.at(1).cells()[1] else { panic!("text") };
        assert_eq!(batch.text(span), "w");
    }

    #[test]
    fn groups_become_the_elements_of_one_list() {
        let line = Schema::new(vec![Column::text("concept")]);
        let mut batch = RecordBatch::new(BatchLimits::default());
        batch.set_schema(&Schema::new(vec![
            Column::text("id"),
            Column { name: "lines".into(), kind: crate::ColumnType::List(line), nullable: false },
        ]));
        let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
        let mut row = batch.row();
        row.text("7").unwrap();
        for concept in ["water", "waste"] {
            row.begin_group();
            row.text(concept).unwrap();
            row.end_group();
        }
        row.end_list();
        row.commit(RowMeta::ordinal(unit, 1, Place::default()));
        let Cell::List(list) = batch.at(0).cells()[1] else { panic!("a list") };
        let concepts: Vec<&str> = batch
            .cells(list)
            .iter()
            .map(|element| {
                let Cell::Group(group) = element else { panic!("a group") };
                let Cell::Text(span) = batch.cells(*group)[0] else { panic!("text") };
                batch.text(span)
            })
            .collect();
        assert_eq!(concepts, ["water", "waste"]);
    }

    #[test]
    #[should_panic(expected = "one cell per column")]
    fn a_row_with_a_missing_cell_cannot_be_kept() {
        let (mut batch, unit) = batch();
        let mut row = batch.row();
        row.text("only one").unwrap();
        row.commit(RowMeta::ordinal(unit, 1, Place::default()));
    }

    #[test]
    fn clearing_keeps_the_schema_and_forgets_the_resume_point() {
        let (mut batch, unit) = batch();
        push(&mut batch, unit, 1, "x", "y");
        batch.finish(Position::encode(1, &7).unwrap());
        batch.clear();
        assert!(batch.is_empty() && batch.resume().is_none() && batch.size() == 0);
        assert_eq!(batch.schema().columns().len(), 2);
    }
}
