//! Running a compiled mapping over one record.
//!
//! Order: what `when` needs is decoded and `when` evaluated; a record that is not taken ends there. Then
//! deletes, which need their key only. Then every used source field is decoded, the `let`s are computed and the
//! fields written, in the order of the file. A value that could not be decoded does not end this: the fields
//! that depend on it are passed over, all others are checked, so that every reject of a record is reported.
//!
//! Nothing is allocated for a good record once the buffers of [`Scratch`] have grown. A rejected one leaves no
//! bytes behind.

use std::sync::Arc;

use acequia_api::{Cell, ColumnType, Op, RecordBatch, RecordError, RowRef, Schema};

use super::{
    bind::Bound,
    expr::{Arena, Expr, Failure, Fold, Slot},
    program::{Condition, Needs, Program, Read, Source, Step},
    scratch::{Flag, Scratch, Texts, recycle},
    value::Value,
};

/// Of one record no more errors about elements of lists are kept.
const MOST_ERRORS: usize = 100;

/// A mapping that makes an event of every element computes its functions over lists for each of them: of longer lists
/// that would take too long.
const MOST_FOR_EVERY_ELEMENT: usize = 4096;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `scratch.key` and `scratch.data` are an event.
    Upsert,
    /// `scratch.key` is the key of something that is gone.
    Delete,
    /// The mapping does not take it.
    Filtered,
    /// `errors` say why.
    Rejected,
}

/// One run over one record.
pub(super) struct Run<'r> {
    pub(super) program: &'r Program,
    pub(super) bound: &'r Bound,
    pub(super) row: RowRef<'r>,
    pub(super) slots: Vec<Value<'r>>,
    pub(super) failed: &'r mut Vec<bool>,
    /// Slots whose values are doubtful, with what is: nearly always none.
    pub(super) marked: &'r mut Vec<(Slot, &'static str)>,
    pub(super) texts: &'r mut Texts,
    pub(super) arena: &'r Arena,
    pub(super) out: Out<'r>,
}

/// What a run writes.
pub(super) struct Out<'r> {
    pub(super) key: &'r mut String,
    pub(super) data: &'r mut Vec<u8>,
    pub(super) quality: &'r mut Vec<Flag>,
    pub(super) errors: &'r mut Vec<RecordError>,
    /// Errors of earlier records stand before this.
    pub(super) begin: usize,
}

/// Maps element `element` of a record (0 unless the mapping walks over a list at its top). What the run left behind is
/// shown to `after` before it is put away.
#[inline]
pub(super) fn apply(
    program: &Program,
    bound: &Bound,
    row: RowRef<'_>,
    element: usize,
    scratch: &mut Scratch,
    errors: &mut Vec<RecordError>,
    after: impl FnOnce(&mut Run<'_>, Verdict),
) -> Verdict {
    let verdict = run(program, bound, row, scratch, errors, |run| {
        let verdict = run.record(element);
        after(run, verdict);
        verdict
    });
    if verdict != Verdict::Upsert {
        scratch.data.clear();
        scratch.quality.clear();
    }
    if matches!(verdict, Verdict::Filtered | Verdict::Rejected) {
        scratch.key.clear();
    }
    verdict
}

/// Whether `when` takes a record that has no elements; none where it has no answer, which is an error of the record.
pub(super) fn takes_without_elements(
    program: &Program,
    bound: &Bound,
    row: RowRef<'_>,
    scratch: &mut Scratch,
    errors: &mut Vec<RecordError>,
) -> Option<bool> {
    let when = program.when.as_ref().filter(|when| when.needs.columns.is_empty());
    if when.is_none() || row.meta().op == Op::Delete {
        return Some(true);
    }
    run(program, bound, row, scratch, errors, |run| run.takes())
}

/// Does something with a record, in the memory of `scratch`.
#[inline]
fn run<R>(
    program: &Program,
    bound: &Bound,
    row: RowRef<'_>,
    scratch: &mut Scratch,
    errors: &mut Vec<RecordError>,
    work: impl FnOnce(&mut Run<'_>) -> R,
) -> R {
    debug_assert_eq!(bound.fingerprint, row.batch().schema().fingerprint());
    scratch.clear();
    let mut slots = recycle(std::mem::take(&mut scratch.slots));
    slots.resize(program.slots, Value::Null);
    let begin = errors.len();
    let mut run = Run {
        program,
        bound,
        row,
        slots,
        failed: &mut scratch.failed,
        marked: &mut scratch.marked,
        texts: &mut scratch.texts,
        arena: &scratch.arena,
        out: Out {
            key: &mut scratch.key,
            data: &mut scratch.data,
            quality: &mut scratch.quality,
            errors,
            begin,
        },
    };
    let done = work(&mut run);
    let slots = run.slots;
    scratch.slots = recycle(slots);
    done
}

impl<'r> Run<'r> {
    fn record(&mut self, element: usize) -> Verdict {
        let program = self.program;
        let reported = self.row.meta().op == Op::Delete;
        let mut delete = reported;
        if !reported {
            if let Some(when) = &program.when {
                self.fill(&when.needs, element);
                if !self.has_errors() && self.holds(when) == Some(false) {
                    return Verdict::Filtered;
                }
            }
            if let Some(condition) = &program.delete_when {
                self.fill(&condition.needs, element);
                delete = !self.has_errors() && self.holds(condition) == Some(true);
            }
        }
        let needs = match (reported, delete) {
            (true, _) => &program.key_alone,
            (false, true) => &program.key_needs,
            (false, false) => &program.needs,
        };
        self.fill(needs, element);
        if self.has_errors() {
            self.sort_decode_errors();
        }
        if delete {
            self.key_only();
        } else {
            self.event();
        }
        match (self.has_errors(), delete) {
            (true, _) => Verdict::Rejected,
            (false, true) => Verdict::Delete,
            (false, false) => Verdict::Upsert,
        }
    }

    /// Whether `when` takes the record, of which it reads no element.
    fn takes(&mut self) -> Option<bool> {
        let Some(when) = &self.program.when else { return Some(true) };
        self.fill(&when.needs, 0);
        if self.has_errors() {
            self.sort_decode_errors();
            return None;
        }
        self.holds(when)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.out.errors.len() > self.out.begin
    }

    fn event(&mut self) {
        let program = self.program;
        self.out.data.push(b'{');
        for field in &program.fields {
            self.field(field);
        }
        self.out.data.push(b'}');
    }

    fn key_only(&mut self) {
        let mut fields = &self.program.fields;
        for (depth, index) in self.program.key.iter().enumerate() {
            let field = &fields[*index];
            match &field.produce {
                super::program::Produce::Object(members) if depth + 1 < self.program.key.len() => {
                    fields = members;
                }
                _ => {
                    self.field(field);
                    return;
                }
            }
        }
    }

    /// Fills the slots that `needs` names.
    fn fill(&mut self, needs: &'r Needs, element: usize) {
        let program = self.program;
        let schema: &'r Schema = self.row.batch().schema();
        let cells = self.row.cells();
        for index in &needs.sources {
            let column = self.bound.columns[*index];
            let kind = &schema.columns()[column].kind;
            self.decode(&program.sources[*index], "", (cells[column], kind), *index as Slot);
        }
        let zones = program.zones.iter().filter(|code| code.column.is_none());
        for code in zones.filter(|code| needs.sources.contains(&code.source)) {
            self.zone(code, code.source as Slot, ("", &program.sources[code.source].name), &[]);
        }
        if let (Some(each), false) = (&program.each, needs.columns.is_empty()) {
            let cells = self.element(each.source, element);
            for index in &needs.columns {
                self.decode_column(each.source, each.columns[*index], cells);
            }
        }
        for index in &needs.lets {
            let step = &program.lets[*index];
            let failed = self.has_errors() && step.step.slots().any(|slot| self.is_failed(slot));
            let value = match &step.step {
                _ if failed => None,
                Step::Expr(expr) => self.compute(expr, &step.name),
                Step::Lookup(lookup) => self.look_up(lookup, &step.name),
            };
            self.slots[usize::from(step.slot)] = value.unwrap_or_default();
            if value.is_none() {
                self.fail(step.slot);
            }
            if !self.marked.is_empty() {
                let of = |slot| self.marked.iter().find(|(marked, _)| *marked == slot);
                let mark = step.step.slots().find_map(of).map(|(_, code)| (step.slot, *code));
                self.marked.extend(mark);
            }
        }
    }

    /// Whether a condition holds; none where it has no result, which is an error of the record.
    fn holds(&mut self, condition: &'r Condition) -> Option<bool> {
        let value = self.compute(&condition.expr, &condition.name)?;
        Some(matches!(value, Value::Bool(true)))
    }

    /// The result of an expression; where it has none, that is an error of the record.
    #[inline]
    pub(super) fn compute(&mut self, expr: &'r Expr, field: &Arc<str>) -> Option<Value<'r>> {
        for fold in expr.folds() {
            self.fold(fold, field)?;
        }
        match expr.eval(&self.slots, self.arena) {
            Ok(value) => Some(value),
            Err(failure) => self.no_result(failure, field),
        }
    }

    #[cold]
    fn no_result(&mut self, failure: Failure, field: &Arc<str>) -> Option<Value<'r>> {
        let error = RecordError::map(failure.code).field(Arc::clone(field));
        self.out.errors.push(error.detail(format!("in `{}`", failure.function)));
        None
    }

    /// Computes over the elements of a list, into the slot of the result. Every element that cannot be decoded is
    /// reported, once, however many folds read it.
    fn fold(&mut self, fold: &'r Fold, field: &Arc<str>) -> Option<()> {
        let list = usize::from(fold.list);
        let elements = self.elements(list).len();
        if self.program.each.is_some() && elements > MOST_FOR_EVERY_ELEMENT {
            self.no_result(fold.too_large(), field);
            return None;
        }
        let mut folding = Fold::begin();
        let (mut broken, marks) = (false, self.marked.len());
        for element in 0..elements {
            let cells = self.element(list, element);
            let before = self.out.errors.len();
            for column in fold.columns.iter() {
                self.decode_column(list, *column, cells);
            }
            broken |= self.place_element(before, element);
            // What is doubtful about an element is doubtful about what is computed of it, and said once.
            for (slot, _) in &mut self.marked[marks..] {
                *slot = fold.result;
            }
            self.marked.truncate(marks + 1);
            if !broken && let Err(failure) = fold.step(&mut folding, &self.slots, self.arena) {
                self.no_result(failure, field);
                broken = true;
            }
        }
        if broken {
            return None;
        }
        match fold.end(folding) {
            Ok(value) => self.slots[usize::from(fold.result)] = value,
            Err(failure) => {
                self.no_result(failure, field);
                return None;
            }
        }
        Some(())
    }

    /// Says of the errors after `before` in which element they are, and drops those that are known already. Gives
    /// whether there were any.
    fn place_element(&mut self, before: usize, element: usize) -> bool {
        let found = self.out.errors.len() > before;
        for mut error in self.out.errors.split_off(before) {
            let place = format!("element {}", element + 1);
            error.detail = Some(match error.detail.take() {
                Some(detail) => format!("{place}: {detail}"),
                None => place,
            });
            let known = &self.out.errors[self.out.begin..];
            if known.len() < MOST_ERRORS && !known.contains(&error) {
                self.out.errors.push(error);
            }
        }
        found
    }

    /// The cells of one element of a list.
    pub(super) fn element(&self, source: usize, element: usize) -> &'r [Cell] {
        let batch = self.row.batch();
        match self.elements(source).get(element) {
            Some(Cell::Group(span)) => batch.cells(*span),
            _ => &[],
        }
    }

    /// The elements of a list.
    pub(super) fn elements(&self, source: usize) -> &'r [Cell] {
        match self.row.cells().get(self.bound.columns[source]) {
            Some(Cell::List(span)) => self.row.batch().cells(*span),
            _ => &[],
        }
    }

    /// Decodes one column of an element into its slot.
    pub(super) fn decode_column(
        &mut self,
        list: usize,
        (column, slot): (usize, Slot),
        cells: &[Cell],
    ) {
        let program = self.program;
        let source = &program.sources[list];
        let Read::List(columns) = &source.read else { return };
        let at = self.bound.elements[list][column];
        let schema: &'r Schema = self.row.batch().schema();
        let ColumnType::List(inner) = &schema.columns()[self.bound.columns[list]].kind else {
            return;
        };
        let cell = cells.get(at).copied().unwrap_or_default();
        self.decode(&columns[column], &source.name, (cell, &inner.columns()[at].kind), slot);
        let mut zones = program.zones.iter();
        if let Some(code) = zones.find(|code| (code.source, code.column) == (list, Some(column))) {
            self.zone(code, slot, (&source.name, &columns[column].name), cells);
        }
    }

    /// The value of another column of the same element, if it can be decoded.
    pub(super) fn beside(&self, list: usize, column: usize, cells: &[Cell]) -> Option<Value<'r>> {
        let Read::List(columns) = &self.program.sources[list].read else { return None };
        let Read::Value(decoder) = &columns[column].read else { return None };
        let at = self.bound.elements[list][column];
        let batch: &'r RecordBatch = self.row.batch();
        let schema: &'r Schema = batch.schema();
        let ColumnType::List(inner) = &schema.columns()[self.bound.columns[list]].kind else {
            return None;
        };
        let cell = cells.get(at).copied().unwrap_or_default();
        decoder.from_cell_marked(cell, batch, &inner.columns()[at].kind, &mut None).ok()
    }

    #[inline]
    fn decode(
        &mut self,
        source: &Source,
        within: &str,
        (cell, kind): (Cell, &'r ColumnType),
        slot: Slot,
    ) {
        let batch: &'r RecordBatch = self.row.batch();
        let Read::Value(decoder) = &source.read else {
            // For conditions on the list as a whole; its elements are decoded by whoever walks over it.
            self.slots[usize::from(slot)] = Value::from_cell(cell, batch, kind).unwrap_or_default();
            return;
        };
        if let (Cell::Text(span), true) = (cell, decoder.is_verbatim()) {
            self.slots[usize::from(slot)] = Value::Text(batch.text(span));
            return;
        }
        let mut mark = None;
        let place = &mut self.slots[usize::from(slot)];
        let read = match cell {
            Cell::Text(span) => decoder.read_text(batch.text(span), &mut mark, place),
            _ => decoder.from_cell_marked(cell, batch, kind, &mut mark).map(|value| *place = value),
        };
        match read {
            Ok(()) => {
                if let Some(code) = mark {
                    self.marked.push((slot, code));
                }
            }
            Err(error) => {
                let name = if within.is_empty() {
                    Arc::clone(&source.name)
                } else {
                    format!("{within}.{}", source.name).into()
                };
                self.out
                    .errors
                    .push(RecordError::decode(error.code).field(name).detail(error.shape));
                self.slots[usize::from(slot)] = Value::Null;
                self.fail(slot);
            }
        }
    }

    pub(super) fn fail(&mut self, slot: Slot) {
        self.failed.resize(self.program.slots, false);
        self.failed[usize::from(slot)] = true;
    }

    pub(super) fn is_failed(&self, slot: Slot) -> bool {
        self.failed.get(usize::from(slot)).copied().unwrap_or(false)
    }

    /// `when` may have been decoded before fields that stand above it: back to the order of `from`.
    fn sort_decode_errors(&mut self) {
        let sources = &self.program.sources;
        let place = |error: &RecordError| {
            sources.iter().position(|source| Some(&source.name) == error.field.as_ref())
        };
        let begin = self.out.begin;
        self.out.errors[begin..].sort_by_key(|error| place(error).unwrap_or(usize::MAX));
    }
}
