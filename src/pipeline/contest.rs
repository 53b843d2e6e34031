//! Who owns a pipeline: this instance, or another one that is alive?
//!
//! All questions ask Kafka and block: not for a worker of the runtime.

use std::sync::Arc;

use uuid::Uuid;

use super::{failure::Failure, report::Report, spec::Spec};
use crate::publish::{Presence, PublishError, read_newest_claim};

/// A question about the owner of a pipeline, answered by a report.
pub(super) type Question = fn(&Asked) -> Report;

/// What a question is about.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) spec: Arc<Spec>,
    /// The other instances; nobody where there can be none.
    pub(super) presence: Option<Arc<Presence>>,
    /// The owner that was found before.
    pub(super) owner: Option<Uuid>,
}

/// Reads whose claim of the pipeline is the newest.
pub(super) fn read_claims(asked: &Asked) -> Report {
    match asked.newest() {
        Ok(newest) => Report::Claim { own: newest.is_none_or(|owner| owner == asked.own()) },
        Err(error) => Report::Failed(Failure::from(error)),
    }
}

/// The same for a pipeline that runs, for which only another living instance is worth reading the claims, and that
/// nothing can be read is no reason to stop.
pub(super) fn doubt(asked: &Asked) -> Report {
    match look(asked) {
        Report::Owner { alive: Some(_) } => Report::Claim { own: false },
        _ => Report::Claim { own: true },
    }
}

/// Looks whether another instance owns the pipeline, before it is fenced. What cannot be seen is no reason to wait: safety
/// rests on fencing, and what keeps us from looking keeps us from fencing, too, with a better message.
pub(super) fn look(asked: &Asked) -> Report {
    Report::Owner { alive: asked.living_owner().unwrap_or(None) }
}

/// Looks whether the owner is still there.
///
/// Without presence (the development broker, where nobody else can be) somebody is taken to be there: standing by for
/// ever is safe, taking over is not.
pub(super) fn watch_owner(asked: &Asked) -> Report {
    if asked.presence.is_none() {
        return Report::Owner { alive: Some(Uuid::nil()) };
    }
    match asked.living_owner() {
        Ok(alive) => Report::Owner { alive },
        Err(error) => Report::Failed(Failure::from(error)),
    }
}

impl Asked {
    fn own(&self) -> Uuid {
        self.spec.publisher.task.owner
    }

    /// The other living instance that has the newest claim. The claims are read only if there is another instance, and
    /// not again as long as the owner that was found before lives: it is not our turn then, whoever came after it.
    fn living_owner(&self) -> Result<Option<Uuid>, PublishError> {
        let Some(presence) = &self.presence else { return Ok(None) };
        let others = presence.others()?;
        let known = self.owner.filter(|owner| others.contains(owner));
        if known.is_some() || others.is_empty() {
            return Ok(known);
        }
        Ok(self.newest()?.filter(|owner| others.contains(owner)))
    }

    fn newest(&self) -> Result<Option<Uuid>, PublishError> {
        let publisher = &self.spec.publisher;
        let claim = read_newest_claim(&publisher.kafka, &publisher.task, &publisher.cancel)?;
        Ok(claim.map(|claim| claim.owner))
    }
}
