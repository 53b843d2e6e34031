//! The deployment that a verb works on, and the cluster behind it: the opening lines that verbs have in common.

use std::path::PathBuf;

use serde_json::json;

use super::{CliError, Global, Terminal, output::printable};
use crate::{
    config::{self, Deployment, Options, Pipeline},
    connectors::registry,
    diagnostic::{self, Diagnostic, suggest},
    publish::KafkaConfig,
};

/// The deployment of the command line, and what is wrong with it. Without `secrets`, none is read.
pub(super) fn read(global: &Global, secrets: bool) -> (Option<Deployment>, Vec<Diagnostic>) {
    config::load(&global.config, Options { registry: registry(), secrets })
}

/// The deployment with its secrets. What is wrong with it is shown on standard error.
///
/// # Errors
/// [`CliError::Shown`] if that forbids going on.
pub(super) fn open(global: &Global, terminal: &Terminal) -> Result<Deployment, CliError> {
    let (deployment, found) = read(global, true);
    told(deployment, &found, terminal)
}

/// Shows on standard error what is wrong with a deployment.
///
/// # Errors
/// [`CliError::Shown`] if that forbids going on.
#[expect(clippy::print_stderr, reason = "findings stand beside what a verb prints")]
pub(super) fn told(
    deployment: Option<Deployment>,
    found: &[Diagnostic],
    terminal: &Terminal,
) -> Result<Deployment, CliError> {
    eprint!("{}", diagnostic::render(found, terminal.color));
    deployment.ok_or_else(|| {
        eprintln!("{}", diagnostic::summary(found));
        CliError::Shown
    })
}

/// The deployment without its secrets, for verbs that look at nothing but its files. What is wrong with it is the
/// answer of the verb.
///
/// # Errors
/// [`CliError::Shown`] if that forbids going on.
pub(super) fn files(global: &Global, terminal: &mut Terminal) -> Result<Deployment, CliError> {
    let (deployment, found) = read(global, false);
    if let Some(deployment) = deployment {
        return Ok(deployment);
    }
    if terminal.json {
        terminal.value(&json!({ "ok": false, "findings": diagnostic::to_json(&found) }))?;
    } else {
        terminal.text(&diagnostic::render(&found, terminal.color))?;
        let path = printable(&global.config.display().to_string());
        let summary = terminal.bad(&diagnostic::summary(&found));
        terminal.line(format!("{path}: {summary}"))?;
    }
    Err(CliError::Shown)
}

/// The deployment and its cluster, for verbs that reach Kafka from outside the daemon.
///
/// # Errors
/// As for [`open`] and [`cluster`].
pub(super) fn reach(
    verb: &str,
    global: &Global,
    terminal: &Terminal,
) -> Result<(Deployment, KafkaConfig), CliError> {
    let deployment = open(global, terminal)?;
    let kafka = cluster(&deployment, verb)?;
    Ok((deployment, kafka))
}

/// The cluster of a deployment.
///
/// # Errors
/// An embedded broker lives in the daemon and is gone with it: there is nothing to reach.
fn cluster(deployment: &Deployment, verb: &str) -> Result<KafkaConfig, CliError> {
    let kafka = deployment.daemon.kafka.clone();
    if kafka.embedded {
        return Err(CliError::system(format!(
            "`{verb}` needs a Kafka cluster, and this deployment has a development broker inside its daemon"
        ))
        .hint("put `bootstrap:` in place of `embedded: true`, or connect a Kafka client to the address that `acequia run` prints"));
    }
    Ok(kafka)
}

/// The pipeline of that name.
///
/// # Errors
/// `Usage`, with a suggestion, if there is none.
pub(super) fn pipeline<'d>(
    name: &str,
    deployment: &'d Deployment,
) -> Result<&'d Pipeline, CliError> {
    let all = &deployment.pipelines;
    let found = all.iter().find(|pipeline| &*pipeline.config.pipeline == name);
    found.ok_or_else(|| {
        unknown("pipeline", name, all.iter().map(|pipeline| &*pipeline.config.pipeline))
    })
}

/// There is no such thing; with the one that was probably meant.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> CliError {
    let message = format!("there is no {what} `{}`", printable(name));
    CliError::Usage(match suggest(name, known) {
        Some(close) => format!("{message}; did you mean `{close}`?"),
        None => message,
    })
}

/// The control socket of the daemon. Only `acequia.yaml` has to be right for that, and secrets are not needed.
///
/// # Errors
/// When it is not known.
pub(super) fn control_socket(global: &Global) -> Result<PathBuf, CliError> {
    config::admin_socket(&global.config).ok_or_else(|| {
        let path = printable(&global.config.display().to_string());
        CliError::system(format!("`{path}` does not say where the control socket is"))
            .hint("see what is wrong with it: `acequia check`")
    })
}

/// A runtime for verbs that open sources or run pipelines.
///
/// # Errors
/// When the system has no thread to give.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| CliError::system(format!("the runtime cannot be started: {cause}")))
}
