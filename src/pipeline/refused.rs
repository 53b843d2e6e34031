//! The rows that Kafka refused, by name, from the life that met them to the one that rejects them.

use std::sync::Arc;

use acequia_api::{Identity, RowRef};

/// A row, wherever batches are cut. It may hold a key of the source, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RowName {
    split: Arc<str>,
    unit: Arc<str>,
    identity: Name,
}

#[derive(Clone, PartialEq, Eq)]
enum Name {
    Ordinal(u64),
    Bytes(Box<[u8]>),
}

impl RowName {
    /// The name of a row of `split`.
    pub fn of(split: &Arc<str>, row: RowRef<'_>) -> Self {
        let identity = match row.meta().identity {
            Identity::Ordinal(ordinal) => Name::Ordinal(ordinal),
            Identity::Bytes(span) => Name::Bytes(row.batch().bytes(span).into()),
        };
        let unit = Arc::clone(&row.batch().unit_of(row.meta().unit).id);
        Self { split: Arc::clone(split), unit, identity }
    }

    /// Whether it names a row of `split`.
    pub fn is_in(&self, split: &str) -> bool {
        *self.split == *split
    }

    /// Whether it names this row of its split.
    pub fn is(&self, row: RowRef<'_>) -> bool {
        let same = match (row.meta().identity, &self.identity) {
            (Identity::Ordinal(ordinal), Name::Ordinal(own)) => ordinal == *own,
            (Identity::Bytes(span), Name::Bytes(own)) => row.batch().bytes(span) == &**own,
            _ => false,
        };
        same && row.batch().unit_of(row.meta().unit).id == self.unit
    }
}

impl std::fmt::Debug for RowName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowName").field("split", &self.split).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use acequia_api::{BatchLimits, Column, Place, RecordBatch, RowMeta, Schema, Unit};

    use super::*;

    fn batch(unit: &str, first: u64) -> RecordBatch {
        let mut batch = RecordBatch::new(BatchLimits::default());
        batch.set_schema(&Schema::new(vec![Column::text("a")]));
        let unit = batch.unit(&Arc::new(Unit { id: unit.into(), name: "f.csv".into() }));
        for n in first..first + 2 {
            let mut row = batch.row();
            row.text("x").unwrap();
            let mut meta = RowMeta::ordinal(unit, n, Place::default());
            if n % 2 == 0 {
                meta.identity = row.identity(&n.to_be_bytes()).unwrap();
            }
            row.commit(meta);
        }
        batch
    }

    #[test]
    fn a_row_is_known_again_however_batches_are_cut_and_no_other_is_taken_for_it() {
        let first = batch("u", 1);
        for at in 0..2 {
            let name = RowName::of(&"s".into(), first.at(at));
            assert!(name.is(first.at(at)) && !name.is(first.at(1 - at)));
            assert!(!name.is(batch("other", 1).at(at)));
            assert!(name.is_in("s") && !name.is_in("t"));
            assert!(!format!("{name:?}").contains("identity"));
        }
        let name = RowName::of(&"s".into(), first.at(1));
        assert!(name.is(batch("u", 2).at(0)), "cut elsewhere");
    }
}
