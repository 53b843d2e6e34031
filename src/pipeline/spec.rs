//! What a pipeline is, compiled from its configuration: everything its driver needs, nothing it must look up.

use std::{sync::Arc, time::Duration};

use acequia_api::{AnyConnector, BatchLimits, Projection};

use super::{breaker::BreakerLimit, group::GroupLimits, routing::Rules, state::Timing};
use crate::{
    config::schedule::Schedule,
    event::EncoderConfig,
    mapping::{Mapping, protect::Protector},
    publish,
};

/// One mapping of a pipeline and how its events are encoded.
#[derive(Debug, Clone)]
pub struct Target {
    /// The compiled mapping.
    pub mapping: Arc<Mapping>,
    /// The envelope; a [stage](super::stage::Stage) fills in its split, and the id of its schema.
    pub encoder: EncoderConfig,
}

/// A pipeline ready to run.
pub struct Spec {
    /// Its name.
    pub name: Arc<str>,
    /// The connector.
    pub connector: &'static dyn AnyConnector,
    /// The connector's part of the configuration, secrets resolved.
    pub source: serde_json::Value,
    /// The columns that its mappings use.
    pub projection: Projection,
    /// Its mappings, in order.
    pub targets: Vec<Target>,
    /// What becomes of records that none or several of them take.
    pub rules: Rules,
    /// Keys for protected fields.
    pub protector: Arc<dyn Protector>,
    /// When to stop because the feed as a whole is bad.
    pub breaker: Option<BreakerLimit>,
    /// Limits of a record batch.
    pub limits: BatchLimits,
    /// When transactions are committed.
    pub group: GroupLimits,
    /// Whom and what to publish as.
    pub publisher: publish::Setup,
    /// Do not begin by itself when nothing was ever committed.
    pub ask_first: bool,
    /// Drain what is there, then end.
    pub once: bool,
    /// Run at these times only.
    pub schedule: Option<Schedule>,
    /// Close the producer after so long without records.
    pub rest_after: Duration,
    /// Waits of the state machine.
    pub timing: Timing,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spec").field("name", &self.name).finish_non_exhaustive()
    }
}
