//! What a mapping works with and writes into: one per thread, reused for every record.

use std::{fmt, sync::Arc};

use super::{
    expr::{Arena, Slot},
    protect::Protector,
    value::Value,
};

/// A mark on an event: a value failed a check that only flags, or is doubtful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Code of the check, such as `map.check`, or of the doubt, such as `decode.time_overlap`.
    pub code: &'static str,
    /// Path of the field in the event.
    pub field: Arc<str>,
}

/// The result of the last [`apply`](super::Mapping::apply), and buffers.
pub struct Scratch {
    /// The Kafka key of the event; empty unless there is one.
    pub key: String,
    /// The JSON object that the event carries; empty for deletes and for records without event.
    pub data: Vec<u8>,
    /// Checks that failed without rejecting and doubts about what was read, in the order of the fields.
    pub quality: Vec<Flag>,
    pub(super) slots: Vec<Value<'static>>,
    pub(super) failed: Vec<bool>,
    pub(super) marked: Vec<(Slot, &'static str)>,
    pub(super) texts: Texts,
    /// Texts that expressions make.
    pub(super) arena: Arena,
}

/// Buffers for texts that are no part of the record, and who protects.
pub(super) struct Texts {
    /// Text verbs write into these two by turns.
    pub(super) first: String,
    pub(super) second: String,
    /// What a template or a lookup puts together.
    pub(super) built: Vec<u8>,
    /// What is to be protected.
    pub(super) plain: Vec<u8>,
    pub(super) protector: Arc<dyn Protector>,
}

impl Scratch {
    /// An empty one; `protector` holds the keys for pseudonyms and encryption.
    pub fn new(protector: Arc<dyn Protector>) -> Self {
        Self {
            key: String::new(),
            data: Vec::new(),
            quality: Vec::new(),
            slots: Vec::new(),
            failed: Vec::new(),
            marked: Vec::new(),
            texts: Texts {
                first: String::new(),
                second: String::new(),
                built: Vec::new(),
                plain: Vec::new(),
                protector,
            },
            arena: Arena::default(),
        }
    }

    /// Forgets the last record and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.key.clear();
        self.data.clear();
        self.quality.clear();
        self.failed.clear();
        self.marked.clear();
        self.arena.reset();
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither key nor data: they hold values of a record.
        f.debug_struct("Scratch")
            .field("key_bytes", &self.key.len())
            .field("data_bytes", &self.data.len())
            .field("quality", &self.quality)
            .finish_non_exhaustive()
    }
}

/// The same memory for values that borrow from something else. The vector comes back empty.
pub(super) fn recycle<'b>(mut slots: Vec<Value<'_>>) -> Vec<Value<'b>> {
    slots.clear();
    // Collecting in place keeps the allocation; there is no element to convert.
    slots.into_iter().map(|_| Value::Null).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recycling_keeps_the_memory() {
        let slots: Vec<Value<'_>> = vec![Value::Int(1); 64];
        let address = slots.as_ptr().addr();
        let again: Vec<Value<'static>> = recycle(slots);
        assert!(again.is_empty() && again.capacity() >= 64);
        assert_eq!(again.as_ptr().addr(), address);
    }
}
