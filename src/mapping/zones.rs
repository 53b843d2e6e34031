//! Time zones that another column of the record tells: `zone: { lookup: … }`.
//!
//! The moment is decoded as a local time like any other field; when all fields of `from` that are needed have been
//! decoded, the zone is looked up and the local time becomes an instant.

use std::{collections::HashMap, sync::Arc};

use acequia_api::RecordError;

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
    /// The field of `from`; its number is its slot.
    pub(crate) source: usize,
    /// What is matched, in the order of the columns.
    pub(crate) slots: Vec<Slot>,
    /// The values of the matched columns, each followed by U+001F.
    pub(crate) table: HashMap<Box<str>, Zone>,
    pub(crate) miss: ZoneMiss,
    /// The class of what the table says, where the mapping says it.
    pub(crate) class: Option<Class>,
}

/// What happens to a local time whose zone the table does not have.
#[derive(Debug)]
pub(crate) enum ZoneMiss {
    Reject,
    Null,
    Const(Box<Zone>),
}

impl<'r> Run<'r> {
    /// Makes an instant of the local time of a field, if there is one.
    pub(super) fn zone(&mut self, code: &'r ZoneCode, name: &Arc<str>) {
        let slot = code.source as Slot;
        let Value::Timestamp(local) = self.slots[code.source] else { return };
        if code.slots.iter().any(|slot| self.is_failed(*slot)) {
            // The value that would tell the zone was refused, which has been said.
            self.slots[code.source] = Value::Null;
            self.fail(slot);
            return;
        }
        let mut key = std::mem::take(&mut self.texts.built);
        key.clear();
        for slot in &code.slots {
            self.slots[usize::from(*slot)].write_text(&mut key);
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
                self.slots[code.source] = moment;
                self.marked.extend(doubt.map(|code| (slot, code)));
            }
            Err(Fault::Gap) => self.refuse_moment(slot, name, "decode.time_gap"),
            Err(Fault::Overlap) => self.refuse_moment(slot, name, "decode.time_overlap"),
            Err(_) => self.refuse_moment(slot, name, "decode.timestamptz"),
        }
    }

    #[cold]
    fn refuse_moment(&mut self, slot: Slot, name: &Arc<str>, code: &'static str) {
        self.out.errors.push(RecordError::decode(code).field(Arc::clone(name)));
        self.slots[usize::from(slot)] = Value::Null;
        self.fail(slot);
    }
}
