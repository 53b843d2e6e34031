//! The algebra: a checkpoint moves only by deltas that begin where it stands.

use std::{collections::BTreeMap, fmt, sync::Arc};

use acequia_api::Position;
use serde::{Deserialize, Serialize};

/// What became of the rows of a transaction, of a split, or of a task since its first run.
/// `rows_in = published + rejected + filtered`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows and rejects that the source gave.
    #[serde(rename = "in")]
    pub rows_in: u64,
    /// Rows that became at least one event.
    pub published: u64,
    /// Records that went to quarantine.
    pub rejected: u64,
    /// Rows that no mapping took.
    pub filtered: u64,
    /// Events, tombstones included: a row may become several.
    pub events: u64,
}

impl Counts {
    /// Adds another count. Saturates: a counter that overflows must not stop a pipeline.
    pub fn add(&mut self, other: Counts) {
        self.rows_in = self.rows_in.saturating_add(other.rows_in);
        self.published = self.published.saturating_add(other.published);
        self.rejected = self.rejected.saturating_add(other.rejected);
        self.filtered = self.filtered.saturating_add(other.filtered);
        self.events = self.events.saturating_add(other.events);
    }

    /// Whether every row that came in is accounted for.
    pub fn balanced(&self) -> bool {
        self.published.checked_add(self.rejected).and_then(|sum| sum.checked_add(self.filtered))
            == Some(self.rows_in)
    }
}

/// With what the rows before a position were read and mapped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// The mappings, as `name@version`, in the order of the pipeline.
    pub mappings: Vec<Arc<str>>,
    /// The fingerprint of the source's schema.
    pub schema: [u8; 8],
}

/// How far one split has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Where reading resumes.
    pub position: Position,
    /// With what it was read until there.
    pub lineage: Lineage,
    /// What became of its rows since its first run.
    pub counts: Counts,
}

/// One step of one split: reading began at `from` (`None` = its configured beginning) and came to `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The split.
    pub split: Arc<str>,
    /// Where the step began. It must be what is stored.
    pub from: Option<Position>,
    /// Where it ended.
    pub to: Position,
    /// With what its rows were read and mapped.
    pub lineage: Lineage,
    /// What became of them.
    pub counts: Counts,
}

/// A delta does not begin where its split stands: rows would be skipped or repeated. Always a bug of this
/// program, found before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The split concerned.
    pub split: Arc<str>,
    /// Whether the split has a stored position at all.
    pub stored: bool,
    /// Whether the delta says that it has.
    pub expected: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, wanted) = match (self.stored, self.expected) {
            (true, true) => ("another position is stored", "a stored position"),
            (true, false) => ("a position is stored", "the beginning"),
            (false, _) => ("nothing is stored", "a stored position"),
        };
        write!(f, "a step of split `{}` begins at {wanted}, but {found}", self.split)
    }
}

impl std::error::Error for Mismatch {}

/// Where every split of a task stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint(BTreeMap<Arc<str>, Progress>);

impl Checkpoint {
    /// Takes a step. Nothing changes when it is refused.
    ///
    /// # Errors
    /// [`Mismatch`] unless `delta.from` equals what is stored.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), Mismatch> {
        let stored = self.0.get(&delta.split);
        if stored.map(|progress| &progress.position) != delta.from.as_ref() {
            return Err(Mismatch {
                split: Arc::clone(&delta.split),
                stored: stored.is_some(),
                expected: delta.from.is_some(),
            });
        }
        let mut counts = stored.map(|progress| progress.counts).unwrap_or_default();
        counts.add(delta.counts);
        self.put(
            Arc::clone(&delta.split),
            Progress { position: delta.to.clone(), lineage: delta.lineage.clone(), counts },
        );
        Ok(())
    }

    /// The position of a split, if it has one.
    pub fn position(&self, split: &str) -> Option<&Position> {
        self.0.get(split).map(|progress| &progress.position)
    }

    /// All that is known of a split.
    pub fn progress(&self, split: &str) -> Option<&Progress> {
        self.0.get(split)
    }

    /// The splits in order of their names.
    pub fn splits(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Progress)> {
        self.0.iter()
    }

    /// Whether no split has a position.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a split without looking at what it was: reading back what is stored.
    pub(crate) fn put(&mut self, split: Arc<str>, progress: Progress) {
        self.0.insert(split, progress);
    }

    /// Forgets a split: it starts again as its source says. Only a person decides that.
    pub(crate) fn remove(&mut self, split: &str) -> Option<Progress> {
        self.0.remove(split)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(n: u64) -> Position {
        Position::encode(1, &n).unwrap()
    }

    fn delta(split: &str, from: Option<u64>, to: u64) -> Delta {
        Delta {
            split: split.into(),
            from: from.map(at),
            to: at(to),
            lineage: Lineage::default(),
            counts: Counts { rows_in: 1, published: 1, events: 2, ..Counts::default() },
        }
    }

    #[test]
    fn a_step_that_begins_elsewhere_is_refused_and_changes_nothing() {
        let mut checkpoint = Checkpoint::default();
        checkpoint.apply(&delta("a", None, 5)).unwrap();
        let before = checkpoint.clone();
        for wrong in [delta("a", None, 9), delta("a", Some(4), 9), delta("b", Some(5), 9)] {
            let mismatch = checkpoint.apply(&wrong).unwrap_err();
            assert_eq!(mismatch.split, wrong.split);
            assert_eq!(checkpoint, before);
        }
        checkpoint.apply(&delta("a", Some(5), 9)).unwrap();
        assert_eq!(checkpoint.position("a"), Some(&at(9)));
        assert_eq!(checkpoint.progress("a").unwrap().counts.events, 4);
    }

    #[test]
    fn counts_are_balanced_only_when_every_row_is_accounted_for() {
        let mut counts = Counts { rows_in: 3, published: 1, rejected: 1, filtered: 1, events: 7 };
        assert!(counts.balanced());
        counts.rows_in = 4;
        assert!(!counts.balanced());
    }

    proptest! {
        /// Any interleaving of contiguous steps is accepted, and a repeated or skipped step never is.
        #[test]
        fn only_contiguous_steps_are_taken(steps in prop::collection::vec((0u8..3, 1u64..5, any::<bool>()), 1..40)) {
            let mut checkpoint = Checkpoint::default();
            let mut ends: [Option<u64>; 3] = [None; 3];
            for (split, length, skip) in steps {
                let name = format!("s{split}");
                let stands = ends[split as usize];
                let from = if skip { Some(stands.map_or(1, |n| n + 1)) } else { stands };
                let to = from.unwrap_or(0) + length;
                let result = checkpoint.apply(&delta(&name, from, to));
                prop_assert_eq!(result.is_ok(), !skip);
                if !skip {
                    ends[split as usize] = Some(to);
                }
                prop_assert_eq!(checkpoint.position(&name).cloned(), ends[split as usize].map(at));
            }
        }
    }
}
