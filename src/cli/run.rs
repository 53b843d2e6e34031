//! `acequia run`: the daemon; with `--once` it drains what is there and ends.
//!
//! Signals: SIGTERM and SIGINT drain and end within the configured time; a second one ends at once, which loses
//! nothing either. SIGHUP reads the configuration again: what is wrong with it is logged and the old one stays;
//! what is right is applied to the pipelines that changed and to no other. Under systemd the daemon tells its
//! state (`Type=notify`).

use std::{path::Path, sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::load;
use crate::{
    admin,
    connectors::registry,
    diagnostic,
    pipeline::{failure::Failure, state::Stop},
    publish::LIMITS,
    supervisor::{Fleet, Supervisor, startup},
};

/// What `run` is told.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "Examples:\n  acequia run                     the daemon, until SIGTERM\n  acequia run --once              drain what is there, then exit 0; 1 if a pipeline failed")]
pub struct RunArgs {
    /// Drain what is there and stop; the exit code says whether everything was read
    #[arg(long)]
    pub once: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As asked.
    Well,
    /// The configuration has mistakes, or a pipeline failed.
    Badly,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

enum Wish {
    Stop,
    Reload,
    Finished,
}

/// Runs the deployment at `path`. Mistakes in it are shown on standard error.
///
/// # Errors
/// What keeps the daemon as a whole from running: the lock, a key, the broker of development.
pub async fn run(path: &Path, args: &RunArgs, color: bool) -> Result<Ended, Failure> {
    let Some(deployment) = load::load(path, color) else { return Ok(Ended::Badly) };
    let ground = startup::prepare(&deployment, registry(), args.once)?;
    if let Some(broker) = &ground.broker {
        tracing::info!(bootstrap = broker.bootstrap(), limits = LIMITS, "development broker");
    }
    let presence = startup::presence(&deployment, &ground)?;
    let mut signals = Signals::listen()?;
    let mut supervisor = Supervisor::new(presence);
    let fleet = supervisor.fleet();
    let _admin = admin::serve(&deployment.daemon, fleet.clone()).await?;
    supervisor.apply(startup::plan(&deployment, &ground.around)?).await;
    notify(&[sd_notify::NotifyState::Ready]);
    let within = deployment.daemon.limits.stop_within.0;
    let progress = args.once.then(|| watch(fleet.clone()));
    let ended = loop {
        let wish = tokio::select! {
            wish = signals.next() => wish,
            () = done(&mut supervisor), if args.once => Wish::Finished,
        };
        match wish {
            Wish::Finished => break verdict(&fleet),
            Wish::Reload => reload(path, &mut supervisor, &ground.around, color).await,
            Wish::Stop => {
                notify(&[sd_notify::NotifyState::Stopping]);
                tracing::info!("stopping: what is mapped is committed, the rest is read again at the next start");
                let left = tokio::select! {
                    left = supervisor.stop(within) => left,
                    _ = signals.next() => Vec::new(),
                };
                if !left.is_empty() {
                    tracing::warn!(pipelines = ?left, "not drained in time; nothing is lost");
                }
                break Ended::Well;
            }
        }
    };
    if let Some(progress) = progress {
        progress.abort();
    }
    Ok(ended)
}

async fn done(supervisor: &mut Supervisor) {
    supervisor.finished().await;
}

fn verdict(fleet: &Fleet) -> Ended {
    let all = fleet.all();
    let failed: Vec<_> = all
        .iter()
        .filter(|handle| matches!(handle.status.read().state, crate::pipeline::state::State::Stopped(Stop::Failed(_))))
        .collect();
    for handle in &failed {
        if let Some(failure) = handle.status.read().failure {
            eprintln_failure(&handle.name, &failure);
        }
    }
    if failed.is_empty() { Ended::Well } else { Ended::Badly }
}

#[expect(clippy::print_stderr, reason = "this is the command line")]
fn eprintln_failure(name: &str, failure: &Failure) {
    eprintln!("{name}: {} ({})", failure.message, failure.code);
    if let Some(hint) = &failure.hint {
        eprintln!("  {hint}");
    }
}

async fn reload(
    path: &Path,
    supervisor: &mut Supervisor,
    around: &crate::pipeline::compile::Surroundings,
    color: bool,
) {
    notify(&[sd_notify::NotifyState::Reloading]);
    let deployment = match load::read(path) {
        Ok((deployment, _)) => deployment,
        Err(found) => {
            let text = diagnostic::render(&found, color);
            tracing::error!("the new configuration has mistakes and is not used:\n{text}");
            notify(&[sd_notify::NotifyState::Ready]);
            return;
        }
    };
    match startup::plan(&deployment, around) {
        Ok(plan) => {
            let changes = supervisor.apply(plan).await;
            tracing::info!(started = ?changes.started, replaced = ?changes.replaced, stopped = ?changes.stopped, "reloaded");
        }
        Err(failure) => tracing::error!(
            code = failure.code,
            error = failure.message,
            "the new configuration is not used"
        ),
    }
    notify(&[sd_notify::NotifyState::Ready]);
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let on = |kind| {
            signal(kind).map_err(|cause| {
                Failure::new(
                    acequia_api::ErrorClass::Operator,
                    "run.signals",
                    format!("signals cannot be received: {cause}"),
                )
            })
        };
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            reload: on(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Stop,
            _ = self.interrupt.recv() => Wish::Stop,
            _ = self.reload.recv() => Wish::Reload,
        }
    }
}

fn notify(states: &[sd_notify::NotifyState<'_>]) {
    // Not under systemd, or a systemd that does not listen: neither is our concern.
    let _ = sd_notify::notify(states);
}

/// A line on a terminal that shows how far a single run has come.
fn watch(fleet: Fleet) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
            bar.set_style(style);
        }
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tick.tick().await;
            let all = fleet.all();
            let sum = all.iter().map(|handle| handle.status.read().counts).fold((0, 0, 0), |sum, counts| {
                (sum.0 + counts.rows_in, sum.1 + counts.published, sum.2 + counts.rejected)
            });
            let names: Vec<Arc<str>> = all.into_iter().map(|handle| handle.name).collect();
            bar.set_message(format!(
                "{}: {} read, {} published, {} rejected",
                names.join(", "),
                sum.0,
                sum.1,
                sum.2
            ));
            bar.tick();
        }
    })
}
