//! The fold that turns the records of a task's partition back into its checkpoint.
//!
//! The partition is read from its start with `read_committed`, in order, until the task meets the claim that it
//! has just written itself. Everything before that claim is decided: the transactional producer was fenced
//! before the claim was written, so no older life can still add to it. The fold needs no end of partition, no
//! high watermark and no clock, and it ignores what other tasks keep in the same partition.

use std::sync::Arc;

use super::{
    Chain, Checkpoint, ClaimRecord, HeadRecord, SealKey, SplitRecord, StoredAt, StoredError,
    StoredKey, Task, stored::parse,
};

/// Whether to feed more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The own claim has not been met yet.
    More,
    /// It has. Nothing after it may be fed.
    Done,
}

/// What was stored before this life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Where every split stands.
    pub checkpoint: Checkpoint,
    /// The head of the last transaction, unless there was none.
    pub head: Option<HeadRecord>,
    /// The chain after it.
    pub chain: Chain,
    /// Who claimed the task before.
    pub previous: Option<ClaimRecord>,
}

/// A recovery in progress.
#[derive(Debug)]
pub struct Recovery<'a> {
    task: &'a Task,
    life: uuid::Uuid,
    seal: Option<&'a SealKey>,
    found: Recovered,
    done: bool,
}

impl<'a> Recovery<'a> {
    /// Recovers `task`, until the claim of `life`.
    pub fn new(task: &'a Task, life: uuid::Uuid, seal: Option<&'a SealKey>) -> Self {
        Self { task, life, seal, found: Recovered::default(), done: false }
    }

    /// Takes the next record of the partition. Records of other tasks are passed over after a look at their
    /// key; a key that nobody of us writes is an error, because the topic is ours alone.
    ///
    /// # Errors
    /// [`StoredError`]: corrupt, newer, sealed with another key, or out of sequence.
    pub fn feed(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        at: &StoredAt,
    ) -> Result<Step, StoredError> {
        debug_assert!(!self.done, "invariant: nothing is fed after the own claim");
        let key = StoredKey::parse(key, at)?;
        match &key {
            StoredKey::Split { pipeline, split } if **pipeline == *self.task.pipeline => {
                self.split(&key, split, value, at)?;
            }
            StoredKey::Head { pipeline, task } if self.is_mine(pipeline, task) => {
                self.head(value, at)?;
            }
            StoredKey::Claim { pipeline, task } if self.is_mine(pipeline, task) => {
                self.claim(value, at)?;
            }
            _ => {}
        }
        Ok(if self.done { Step::Done } else { Step::More })
    }

    /// What was found. Call it after [`Step::Done`].
    pub fn finish(self) -> Recovered {
        debug_assert!(self.done, "invariant: recovery ends at the own claim");
        self.found
    }

    /// What was found so far, for those who only look.
    pub fn so_far(self) -> Recovered {
        self.found
    }

    fn is_mine(&self, pipeline: &str, task: &str) -> bool {
        *pipeline == *self.task.pipeline && *task == *self.task.task
    }

    fn split(
        &mut self,
        key: &StoredKey,
        split: &str,
        value: Option<&[u8]>,
        at: &StoredAt,
    ) -> Result<(), StoredError> {
        let Some(value) = value else {
            self.found.checkpoint.remove(split);
            return Ok(());
        };
        let record: SplitRecord = parse("split record", value, at)?;
        let progress = record.open(key, self.seal, at)?;
        self.found.checkpoint.put(Arc::from(split), progress);
        Ok(())
    }

    fn head(&mut self, value: Option<&[u8]>, at: &StoredAt) -> Result<(), StoredError> {
        let value = value.ok_or_else(|| StoredError::corrupt("head record", at))?;
        let head: HeadRecord = parse("head record", value, at)?;
        let chain =
            Chain::parse(&head.chain).ok_or_else(|| StoredError::corrupt("head record", at))?;
        if let Some(before) = &self.found.head
            && head.seq <= before.seq
        {
            let (seq, before) = (head.seq, before.seq);
            return Err(StoredError::new(
                "checkpoint.sequence",
                format!("the head record at {at} has sequence number {seq} after {before}"),
            )
            .hint("another program writes for this task; find it before going on"));
        }
        self.found.chain = chain;
        self.found.head = Some(head);
        Ok(())
    }

    fn claim(&mut self, value: Option<&[u8]>, at: &StoredAt) -> Result<(), StoredError> {
        let value = value.ok_or_else(|| StoredError::corrupt("claim", at))?;
        let claim: ClaimRecord = parse("claim", value, at)?;
        if claim.life == self.life {
            self.done = true;
        } else {
            self.found.previous = Some(claim);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "recover/tests.rs"]
mod tests;
