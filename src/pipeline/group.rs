//! When a transaction is committed: group commit as a pure policy.
//!
//! A transaction is opened with the first mapped batch and takes further ones until it is *large* (bytes or
//! records), *old*, or the flow *pauses*: nothing more arrived for a moment, so waiting longer would only
//! delay consumers. It is committed only at a boundary, where every split that wrote into it stands at a
//! position from which it can resume. Whether it is large or old counts from its first record, so that an open
//! transaction, which holds back `read_committed` consumers of its partitions, stays short however slow the
//! source is.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use acequia_api::Position;

use crate::checkpoint::{Counts, Delta, Lineage};

/// The limits of one transaction.
#[derive(Debug, Clone, Copy)]
pub struct GroupLimits {
    /// Commit at the next boundary when so much time has passed since it began.
    pub longest: Duration,
    /// Commit at the next boundary when nothing has arrived for so long.
    pub pause: Duration,
    /// Commit at the next boundary when it holds so many records.
    pub records: u64,
    /// Commit at the next boundary when it holds so many bytes.
    pub bytes: usize,
}

impl Default for GroupLimits {
    fn default() -> Self {
        Self {
            longest: Duration::from_millis(250),
            pause: Duration::from_millis(5),
            records: 100_000,
            bytes: 16 << 20,
        }
    }
}

/// How far a split has come within a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Where it stood before.
    pub from: Option<Position>,
    /// Where it can resume after it, if its last batch ended at such a place.
    pub to: Option<Position>,
    /// With what it was read and mapped.
    pub lineage: Lineage,
    /// What became of its rows.
    pub counts: Counts,
}

/// The transaction being filled.
#[derive(Debug)]
pub struct Group {
    limits: GroupLimits,
    began: Option<Instant>,
    last: Option<Instant>,
    records: u64,
    bytes: usize,
    advances: BTreeMap<Arc<str>, Advance>,
}

impl Group {
    /// An empty group.
    pub fn new(limits: GroupLimits) -> Self {
        Self { limits, began: None, last: None, records: 0, bytes: 0, advances: BTreeMap::new() }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.began.is_none()
    }

    /// Counts a batch of `split` that moved it from `from` to `to`.
    pub fn add(&mut self, split: &Arc<str>, advance: Advance, bytes: usize, now: Instant) {
        self.began.get_or_insert(now);
        self.last = Some(now);
        self.records += advance.counts.rows_in;
        self.bytes += bytes;
        match self.advances.get_mut(split) {
            Some(known) => {
                known.to = advance.to;
                known.lineage = advance.lineage;
                known.counts.add(advance.counts);
            }
            None => {
                self.advances.insert(Arc::clone(split), advance);
            }
        }
    }

    /// Whether every split in it stands where it can resume.
    pub fn at_boundary(&self) -> bool {
        self.advances.values().all(|advance| advance.to.is_some())
    }

    /// When it is to be committed if nothing more arrives; `None` if it is empty or not at a boundary. A time
    /// that has passed means now.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let (began, last) = (self.began?, self.last?);
        if !self.at_boundary() {
            return None;
        }
        if self.records >= self.limits.records || self.bytes >= self.limits.bytes {
            return Some(now);
        }
        Some((began + self.limits.longest).min(last + self.limits.pause))
    }

    /// Takes what is in it, as the steps of the checkpoint, and leaves it empty. Call it at a boundary: a split
    /// that does not stand at one gives no step.
    pub fn take(&mut self) -> Vec<Delta> {
        self.began = None;
        self.last = None;
        self.records = 0;
        self.bytes = 0;
        let advances = std::mem::take(&mut self.advances);
        let step = |(split, advance): (Arc<str>, Advance)| {
            let Advance { from, to, lineage, counts } = advance;
            to.map(|to| Delta { split, from, to, lineage, counts })
        };
        advances.into_iter().filter_map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(n: u64) -> Option<Position> {
        Position::encode(1, &n).ok()
    }

    fn advance(from: u64, to: Option<u64>, rows: u64) -> Advance {
        let counts = Counts { rows_in: rows, published: rows, ..Counts::default() };
        Advance { from: at(from), to: to.and_then(at), lineage: Lineage::default(), counts }
    }

    #[test]
    fn a_pause_commits_early_and_a_steady_flow_commits_at_the_longest() {
        let mut group = Group::new(GroupLimits::default());
        let start = Instant::now();
        let split: Arc<str> = "s".into();
        assert_eq!(group.due(start), None);
        group.add(&split, advance(0, Some(1), 10), 10, start);
        assert_eq!(group.due(start), Some(start + Duration::from_millis(5)));
        let late = start + Duration::from_millis(248);
        group.add(&split, advance(1, Some(2), 10), 10, late);
        assert_eq!(group.due(late), Some(start + Duration::from_millis(250)));
    }

    #[test]
    fn a_large_group_is_due_at_once_but_never_inside_a_source_transaction() {
        let mut group = Group::new(GroupLimits::default());
        let now = Instant::now();
        let split: Arc<str> = "s".into();
        group.add(&split, advance(0, None, 200_000), 10, now);
        assert_eq!(group.due(now), None);
        group.add(&split, advance(0, Some(9), 1), 10, now);
        assert_eq!(group.due(now), Some(now));
        let steps = group.take();
        assert_eq!((steps[0].from.clone(), Some(steps[0].to.clone())), (at(0), at(9)));
        assert_eq!(steps[0].counts.rows_in, 200_001);
        assert!(group.is_empty());
    }

    #[test]
    fn one_split_inside_its_transaction_holds_the_commit_of_all() {
        let mut group = Group::new(GroupLimits::default());
        let now = Instant::now();
        group.add(&"a".into(), advance(0, Some(1), 1), 1, now);
        group.add(&"b".into(), advance(0, None, 1), 1, now);
        assert_eq!(group.due(now), None);
    }
}
