//! Changing by hand where a pipeline stands.
//!
//! Whoever does it becomes the pipeline for one transaction, which fences whoever was it, and writes the positions that
//! a person decided on. The pipeline itself goes on from there through its usual start.

use std::{collections::BTreeMap, sync::Arc};

use acequia_api::Position;
use serde::{Deserialize, Serialize};

use super::{PublishError, Publisher, Setup};
use crate::checkpoint::{Counts, Delta};

/// What a person decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reposition {
    /// The new positions by split.
    pub positions: BTreeMap<String, Position>,
    /// Whether every split that is not among them begins anew.
    pub forget_others: bool,
    /// Why. It is logged with the change.
    pub reason: String,
}

impl Reposition {
    /// Why a checkpoint regression is accepted: whoever decides on some splits says nothing of the others, which the
    /// regression concerns as well.
    fn accepts_regression(&self) -> Option<String> {
        self.forget_others.then(|| self.reason.clone())
    }
}

/// Makes the change; gives the number of its transaction. Blocks. `setup` is that of the pipeline, which must stand
/// still, with the state cache closed.
///
/// # Errors
/// As for the start of a pipeline, but for a checkpoint regression, which a decision about every split accepts. Either all of it is done or nothing.
pub fn reposition(mut setup: Setup, wanted: &Reposition) -> Result<u64, PublishError> {
    let Reposition { positions, forget_others, reason } = wanted;
    let pipeline = Arc::clone(&setup.task.pipeline);
    setup.accept_regression = wanted.accepts_regression();
    let mut publisher = Publisher::fence(setup)?;
    let before = publisher.recover(&mut |_| {})?.recovered.checkpoint;
    publisher.begin()?;
    for (split, _) in before.splits() {
        if *forget_others || positions.contains_key(&**split) {
            publisher.forget(split)?;
        }
    }
    let delta = |(split, position): (&String, &Position)| Delta {
        split: split.as_str().into(),
        from: None,
        to: position.clone(),
        lineage: before.progress(split).map(|known| known.lineage.clone()).unwrap_or_default(),
        counts: Counts::default(),
    };
    let deltas: Vec<Delta> = positions.iter().map(delta).collect();
    let committed = publisher.commit(&deltas, Counts::default())?;
    tracing::warn!(%pipeline, seq = committed.seq, reason, "positions were changed by hand");
    Ok(committed.seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_regression_is_accepted_only_by_a_decision_about_every_split() {
        for (forget_others, accepted) in [(false, None), (true, Some("restored by hand"))] {
            let reason = "restored by hand".to_owned();
            let wanted = Reposition { positions: BTreeMap::new(), forget_others, reason };
            assert_eq!(wanted.accepts_regression().as_deref(), accepted);
        }
    }
}
