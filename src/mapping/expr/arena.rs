//! Where the texts that expressions make live: until the next record.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;

/// Memory for the results of one record, given back all at once.
///
/// A text that a function makes is written here once and never moves, so that values stay borrowed and `Copy`. After
/// the first records it has the size that a record needs, and nothing is allocated any more.
#[derive(Debug, Default)]
pub struct Arena {
    pub(super) bump: Bump,
    /// What the text of a number is written into before its length is known.
    pub(super) bytes: RefCell<Vec<u8>>,
    /// Octets of the texts of this record.
    pub(super) spent: Cell<usize>,
}

impl Arena {
    /// Forgets every text and keeps the memory.
    pub fn reset(&mut self) {
        self.bump.reset();
        self.spent.set(0);
    }
}
