//! Who owns a pipeline: this instance, or another one that is alive?
//!
//! All questions ask Kafka and block: not for a worker of the runtime.

use super::{failure::Failure, report::Report, spec::Spec};
use crate::{
    checkpoint::ClaimRecord,
    publish::{Presence, PublishError, read_newest_claim},
};

/// Reads whose claim of the pipeline is the newest.
pub(super) fn read_claims(spec: &Spec, _: Option<&Presence>) -> Report {
    match newest(spec) {
        Ok(newest) => {
            let own = newest.is_none_or(|claim| claim.owner == spec.publisher.task.owner);
            Report::Claim { own }
        }
        Err(error) => Report::Failed(Failure::from(error)),
    }
}

/// The same for a pipeline that runs: that nothing can be read is no reason to stop it.
pub(super) fn doubt(spec: &Spec, presence: Option<&Presence>) -> Report {
    match read_claims(spec, presence) {
        Report::Failed(_) => Report::Claim { own: true },
        told => told,
    }
}

/// Looks whether another instance owns the pipeline, before it is fenced. What cannot be seen is no reason to wait: safety
/// rests on fencing, and what keeps us from looking keeps us from fencing, too, with a better message.
pub(super) fn look(spec: &Spec, presence: Option<&Presence>) -> Report {
    let gone = presence.map_or(Ok(true), |presence| is_vacant(spec, presence));
    Report::Owner { gone: gone.unwrap_or(true) }
}

/// Looks whether the owner of the newest claim is still there.
///
/// Without presence (the development broker, where nobody else can be) the owner is taken to be there: standing
/// by for ever is safe, taking over is not.
pub(super) fn watch_owner(spec: &Spec, presence: Option<&Presence>) -> Report {
    match presence.map_or(Ok(false), |presence| is_vacant(spec, presence)) {
        Ok(gone) => Report::Owner { gone },
        Err(error) => Report::Failed(Failure::from(error)),
    }
}

/// Whether no other living instance has the newest claim. The claims are read only if there is another instance.
fn is_vacant(spec: &Spec, presence: &Presence) -> Result<bool, PublishError> {
    let others = presence.others()?;
    if others.is_empty() {
        return Ok(true);
    }
    Ok(newest(spec)?.is_none_or(|claim| !others.contains(&claim.owner)))
}

fn newest(spec: &Spec) -> Result<Option<ClaimRecord>, PublishError> {
    let publisher = &spec.publisher;
    read_newest_claim(&publisher.kafka, &publisher.task, &publisher.cancel)
}
