//! The deployment that a verb works on.

use super::{CliError, Exit, Global, Terminal};
use crate::{
    config::{self, Deployment, Options},
    connectors::registry,
    diagnostic,
    publish::KafkaConfig,
    supervisor::startup,
};

/// Reads the deployment with its secrets. What is wrong with it is shown; if that forbids going on, the exit says
/// so.
#[expect(clippy::print_stderr, reason = "findings stand beside what a verb prints")]
pub(super) fn load(global: &Global, terminal: &Terminal) -> Result<Deployment, Exit> {
    let options = Options { registry: registry(), secrets: true };
    let (deployment, found) = config::load(&global.config, options);
    eprint!("{}", diagnostic::render(&found, terminal.color));
    deployment.ok_or_else(|| {
        eprintln!("{}", diagnostic::summary(&found));
        Exit::Findings
    })
}

/// The cluster of a deployment, for verbs that reach it from outside the daemon.
///
/// # Errors
/// An embedded broker lives in the daemon and is gone with it: there is nothing to reach.
pub(super) fn cluster(deployment: &Deployment, verb: &str) -> Result<KafkaConfig, CliError> {
    let kafka = startup::connection(&deployment.daemon.kafka)?;
    if kafka.embedded {
        return Err(CliError::system(format!(
            "`{verb}` needs a Kafka cluster, and this deployment has a development broker inside its daemon"
        ))
        .hint("put `bootstrap:` in place of `embedded: true`, or connect a Kafka client to the address that `acequia run` logs"));
    }
    Ok(kafka)
}
