//! Time zones that another column of the record tells: `zone: { lookup: … }`.
//!
//! The moment is decoded as a local time like any other field; when all fields of `from` that are needed have been
//! decoded, the zone is looked up and the local time becomes an instant.

use std::{collections::HashMap, sync::Arc};

use acequia_api::{Cell, RecordError};

use super::{
    apply::Run,
    decode::{Fault, Zone},
    expr::Slot,
    value::Value,
};
use crate::model::Class;

/// A local time and how its zone is found.
#[derive(Debug)]
pub(crate) struct ZoneCode {
    /// The field of `from`; its number is its slot, unless it is a list.
    pub(crate) source: usize,
    /// The column of its elements, if it is a list.
    pub(crate) column: Option<usize>,
    /// What is matched, in the order of the columns of the table.
    pub(crate) keys: Vec<ZoneKey>,
    /// The values of the matched columns, each followed by U+001F.
    pub(crate) table: HashMap<Box<str>, Zone>,
    pub(crate) miss: ZoneMiss,
    /// The class of what the table says, where the mapping says it.
    pub(crate) class: Option<Class>,
}

/// A value that tells the zone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ZoneKey {
    /// Of the record.
    Slot(Slot),
    /// Another column of the same element.
    Column(usize),
}

impl ZoneCode {
    /// The slots of the record that it reads.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.keys.iter().filter_map(|key| match key {
            ZoneKey::Slot(slot) => Some(*slot),
            ZoneKey::Column(_) => None,
        })
    }
}

/// What happens to a local time whose zone the table does not have.
#[derive(Debug)]
pub(crate) enum ZoneMiss {
    Reject,
    Null,
    Const(Box<Zone>),
}

impl<'r> Run<'r> {
    /// Makes an instant of the local time in `slot`, if there is one; `element` are the cells beside it, of a list.
    pub(super) fn zone(
        &mut self,
        code: &'r ZoneCode,
        slot: Slot,
        name: (&str, &Arc<str>),
        element: &[Cell],
    ) {
        let Value::Timestamp(local) = self.slots[usize::from(slot)] else { return };
        if code.slots().any(|slot| self.is_failed(slot)) {
            // The value that would tell the zone was refused, which has been said.
            self.slots[usize::from(slot)] = Value::Null;
            self.fail(slot);
            return;
        }
        let mut key = std::mem::take(&mut self.texts.built);
        key.clear();
        for part in &code.keys {
            match part {
                ZoneKey::Slot(slot) => self.slots[usize::from(*slot)].write_text(&mut key),
                // What cannot be decoded finds no zone.
                ZoneKey::Column(column) => {
                    let beside = self.beside(code.source, *column, element);
                    beside.unwrap_or_default().write_text(&mut key);
                }
            }
            key.push(0x1f);
        }
        let found = std::str::from_utf8(&key).ok().and_then(|key| code.table.get(key));
        self.texts.built = key;
        let zone = match (found, &code.miss) {
            (Some(zone), _) => Some(zone),
            (None, ZoneMiss::Const(zone)) => Some(&**zone),
            (None, ZoneMiss::Null | ZoneMiss::Reject) => None,
        };
        let mut doubt = None;
        let moment = match (zone, &code.miss) {
            (Some(zone), _) => zone.instant(local, &mut doubt).map(Value::Instant),
            (None, ZoneMiss::Null) => Ok(Value::Null),
            (None, _) => {
                self.refuse_moment(slot, name, "decode.zone_missed");
                return;
            }
        };
        match moment {
            Ok(moment) => {
                self.slots[usize::from(slot)] = moment;
                self.marked.extend(doubt.map(|code| (slot, code)));
            }
            Err(Fault::Gap) => self.refuse_moment(slot, name, "decode.time_gap"),
            Err(Fault::Overlap) => self.refuse_moment(slot, name, "decode.time_overlap"),
            Err(_) => self.refuse_moment(slot, name, "decode.timestamptz"),
        }
    }

    #[cold]
    fn refuse_moment(&mut self, slot: Slot, (within, name): (&str, &Arc<str>), code: &'static str) {
        let name = match within {
            "" => Arc::clone(name),
            list => format!("{list}.{name}").into(),
        };
        self.out.errors.push(RecordError::decode(code).field(name));
        self.slots[usize::from(slot)] = Value::Null;
        self.fail(slot);
    }
}
