//! A header record with its details becomes one row.
//!
//! The group is read to its end before anything of it is written: nothing of it is consumed from the tape until
//! the record after it is seen, so a batch never ends inside a group, and no open group has to be stored. What
//! stands between a header and the next belongs to its group; one bad record refuses the whole group, because
//! a bill without one of its lines is a wrong bill. A group that grows beyond the bound is let go and refused.

use std::io::BufRead;

use acequia_api::{RecordBatch, RecordError, RowMeta, RowWriter, UnitId};

use super::{
    CsvDecoder, Faults,
    head::other_delimiter,
    kinds::Role,
    layout::Slot,
    reject,
    shape::{MOST_FAULTS, Record},
    tape::{Found, Item},
};
use crate::DecodeFailure;

/// A record of the group that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    kind: usize,
    record: Record,
}

/// The group that is being read.
#[derive(Debug)]
struct Group {
    meta: RowMeta,
    faults: Faults,
    /// Its bytes have been let go.
    gone: bool,
    /// Bytes on the tape so far, and those of them that are records.
    total: usize,
    content: usize,
    forgiven: u64,
}

/// What a record is to the group before it.
enum Part {
    Begins,
    Belongs(Option<usize>),
    Ends,
    Passed,
}

impl CsvDecoder {
    /// A record outside of any group.
    pub(super) fn first(
        &mut self,
        input: &mut dyn BufRead,
        found: Found,
        unit: UnitId,
        batch: &mut RecordBatch,
    ) -> Result<(), DecodeFailure> {
        let record = Record { at: 0, found };
        let split = self.shaper.split(&self.tape, record).map(|_| ());
        match self.part(record) {
            Part::Ends => return self.trailer(found),
            Part::Passed => {
                self.tape.notes.skipped_records += 1;
                self.tape.advance(found.total, found.quotes);
                return Ok(());
            }
            Part::Begins => {
                self.not_after_trailer()?;
                return self.group(input, found, split, unit, batch);
            }
            Part::Belongs(kind) => {
                self.not_after_trailer()?;
                let meta = self.meta(unit);
                if self.record == 0 && kind.is_none() {
                    other_delimiter(&self.tape, &self.shaper, record, None)?;
                }
                let faults = split.err().unwrap_or_else(|| vec![self.homeless(kind, record)]);
                self.tally_record(kind, record);
                let content = &self.tape.data()[..found.content];
                let raw = self.tape.transport().unit_bytes(content, &mut self.raw);
                reject(batch, faults, meta, raw);
                self.tape.advance(found.total, found.quotes);
            }
        }
        Ok(())
    }

    /// What the last split record is to the group before it.
    fn part(&self, record: Record) -> Part {
        let Some(kinds) = &self.dialect.kinds else { return Part::Belongs(None) };
        match kinds.of(self.shaper.fields.get(record.content(&self.tape), kinds.by)) {
            None => Part::Belongs(None),
            Some((_, Role::Head)) => Part::Begins,
            Some((kind, Role::Detail(_))) => Part::Belongs(Some(kind)),
            Some((_, Role::Trailer(_))) => Part::Ends,
            Some((_, Role::Skip)) => Part::Passed,
        }
    }

    fn homeless(&self, kind: Option<usize>, record: Record) -> RecordError {
        let place = self.tape.place(record.at);
        match kind {
            None => RecordError::decode("decode.csv.unknown_kind")
                .at(place)
                .detail("no declared kind of record"),
            Some(_) => RecordError::decode("decode.csv.orphan")
                .at(place)
                .detail("a detail record without a header record before it"),
        }
    }

    /// Counts a data record, the last that was split.
    fn tally_record(&mut self, kind: Option<usize>, record: Record) {
        self.record += 1;
        if let Some(trailer) = &self.dialect.trailer
            && (trailer.kind.is_none() || trailer.kind == kind)
        {
            self.tally.add(trailer, &mut self.shaper, &self.tape, record);
        }
    }

    /// Reads the group that begins with a header record, and writes or rejects it.
    fn group(
        &mut self,
        input: &mut dyn BufRead,
        found: Found,
        split: Result<(), Faults>,
        unit: UnitId,
        batch: &mut RecordBatch,
    ) -> Result<(), DecodeFailure> {
        let mut group = Group {
            meta: self.meta(unit),
            faults: Vec::new(),
            gone: false,
            total: 0,
            content: 0,
            forgiven: self.shaper.notes.forgiven(),
        };
        self.members.clear();
        let head = self.dialect.kinds.as_ref().map(super::kinds::Kinds::head);
        self.take(&mut group, found, split, head);
        while self.member(input, &mut group)? {}
        self.write_group(group, batch);
        Ok(())
    }

    /// Takes the next item into the group. Gives whether the group may go on after it.
    fn member(
        &mut self,
        input: &mut dyn BufRead,
        group: &mut Group,
    ) -> Result<bool, DecodeFailure> {
        match self.tape.next(input, group.total)? {
            Item::End => return Ok(false),
            Item::Blank { total } => {
                self.tape.notes.blank_lines += 1;
                self.extend(group, total);
            }
            Item::Comment { total } => {
                self.tape.notes.comments += 1;
                self.extend(group, total);
            }
            Item::TooLong => {
                self.let_go(group);
                if group.faults.len() < MOST_FAULTS {
                    group.faults.push(self.long_record());
                }
                self.record += 1;
                self.tally.add_unreadable();
                self.tape.skip(input)?;
            }
            Item::Record(found) => {
                let record = Record { at: group.total, found };
                let split = if group.faults.len() < MOST_FAULTS {
                    self.shaper.split(&self.tape, record).map(|_| ())
                } else {
                    self.shaper.glance(&self.tape, record);
                    Err(Vec::new())
                };
                match self.part(record) {
                    Part::Begins | Part::Ends => return Ok(false),
                    Part::Passed => {
                        self.tape.notes.skipped_records += 1;
                        self.extend(group, found.total);
                    }
                    Part::Belongs(kind) => self.take(group, found, split, kind),
                }
            }
        }
        Ok(true)
    }

    /// Takes in a data record, the last that was split.
    fn take(
        &mut self,
        group: &mut Group,
        found: Found,
        split: Result<(), Faults>,
        kind: Option<usize>,
    ) {
        let record = Record { at: group.total, found };
        self.tally_record(kind, record);
        let sound = split.and_then(|()| {
            let Some((kind, kinds)) = kind.zip(self.dialect.kinds.as_ref()) else {
                return Err(vec![self.homeless(kind, record)]);
            };
            self.shaper.count(&self.tape, record, kinds.width(kind))?;
            Ok(kind)
        });
        match sound {
            Ok(kind) if !group.gone => self.members.push(Member { kind, record }),
            Ok(_) => {}
            Err(faults) => group.faults.extend(faults),
        }
        group.content = group.total + found.content;
        self.extend(group, found.total);
    }

    /// The group goes on over `total` more bytes, which stay on the tape as long as it is not too large.
    fn extend(&mut self, group: &mut Group, total: usize) {
        group.total += total;
        let most = self.dialect.limits.max_record_bytes;
        if !group.gone && group.total > most {
            let error = RecordError::decode("decode.csv.group_too_large").at(group.meta.place);
            group
                .faults
                .push(error.detail(format!("a header with its details exceeds {most} bytes")));
            self.let_go(group);
        } else if group.gone {
            self.let_go(group);
        }
    }

    fn let_go(&mut self, group: &mut Group) {
        self.tape.discard(group.total);
        group.gone = true;
        group.total = 0;
        group.content = 0;
        self.members.clear();
    }

    fn write_group(&mut self, mut group: Group, batch: &mut RecordBatch) {
        let mut row = batch.row();
        if group.faults.is_empty() {
            group.faults = self.write_members(&mut row).err().unwrap_or_default();
        }
        let content = &self.tape.data()[..group.content];
        let raw = self.tape.transport().unit_bytes(content, &mut self.raw);
        if group.faults.is_empty() {
            match row.put(raw) {
                Ok(span) => group.meta.raw = span,
                Err(large) => group.faults.push(large.into()),
            }
        }
        if group.faults.is_empty() {
            row.commit(group.meta);
            batch.forgive(self.shaper.notes.forgiven() - group.forgiven);
        } else {
            drop(row);
            reject(batch, group.faults, group.meta, raw);
        }
        self.tape.discard(group.total);
    }

    /// Writes the cells of the header, and its lists where their columns stand.
    fn write_members(&mut self, row: &mut RowWriter<'_>) -> Result<(), Faults> {
        let Some(head) = self.members.first().copied() else { return Ok(()) };
        let slots = &self.layouts[head.kind].slots;
        let mut at = 0;
        while at < slots.len() {
            if let Slot::List { kind } = slots[at] {
                for member in self.members.iter().filter(|member| member.kind == kind) {
                    row.begin_group();
                    let layout = &self.layouts[kind];
                    let survey = self.shaper.again(&self.tape, member.record);
                    let how = (survey, layout.uniform);
                    self.shaper.cells(&self.tape, member.record, how, &layout.slots, row)?;
                    row.end_group();
                }
                row.end_list();
                at += 1;
                continue;
            }
            let run = slots[at..].iter().take_while(|slot| matches!(slot, Slot::Field { .. }));
            let end = at + run.count();
            let survey = self.shaper.again(&self.tape, head.record);
            let how = (survey, self.layouts[head.kind].uniform);
            self.shaper.cells(&self.tape, head.record, how, &slots[at..end], row)?;
            at = end;
        }
        Ok(())
    }
}
