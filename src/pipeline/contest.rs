//! Who owns a pipeline that was fenced: our own newer life, or another instance?
//!
//! Both questions ask Kafka and block, so each runs on a blocking thread and answers with a report.

use std::sync::Arc;

use super::{failure::Failure, report::Report, spec::Spec};
use crate::{
    checkpoint::ClaimRecord,
    publish::{Presence, PublishError, read_newest_claim},
};

/// Reads whose claim of the pipeline is the newest.
pub(super) fn read_claims(spec: Arc<Spec>, answer: impl FnOnce(Report) + Send + 'static) {
    tokio::task::spawn_blocking(move || {
        answer(match newest(&spec) {
            Ok(newest) => {
                let own = newest.is_none_or(|claim| claim.owner == spec.publisher.task.owner);
                Report::Claim { own }
            }
            Err(error) => Report::Failed(Failure::from(error)),
        });
    });
}

/// Looks whether the owner of the newest claim is still there.
///
/// Without presence (the development broker, where nobody else can be) the owner is taken to be there: standing
/// by for ever is safe, taking over is not.
pub(super) fn watch_owner(
    spec: Arc<Spec>,
    presence: Option<Arc<Presence>>,
    answer: impl FnOnce(Report) + Send + 'static,
) {
    tokio::task::spawn_blocking(move || {
        let gone = newest(&spec).and_then(|newest| {
            let Some(claim) = newest else { return Ok(true) };
            if claim.owner == spec.publisher.task.owner {
                return Ok(true);
            }
            presence.map_or(Ok(false), |presence| Ok(!presence.is_alive(claim.owner)?))
        });
        answer(match gone {
            Ok(gone) => Report::Owner { gone },
            Err(error) => Report::Failed(Failure::from(error)),
        });
    });
}

fn newest(spec: &Spec) -> Result<Option<ClaimRecord>, PublishError> {
    let publisher = &spec.publisher;
    read_newest_claim(&publisher.kafka, &publisher.task, &publisher.cancel)
}
