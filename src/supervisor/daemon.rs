//! The daemon: a supervisor with signals, control and health around it.
//!
//! SIGTERM and SIGINT drain and end within the configured time; a second one ends at once, which loses nothing
//! either. SIGHUP, or a reload asked for on the control socket, reads the configuration again: what is wrong with it
//! is told and the old one stays; what is right is applied to the pipelines that changed and to no other. A reload
//! waits for the pipelines that it replaces; a signal to stop does not wait for the reload. Under
//! systemd the daemon tells its state (`Type=notify`).

use std::{path::Path, sync::Arc, time::Duration};

use acequia_api::{CancellationToken, ErrorClass};
use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{Changes, Fleet, Reloaded, Supervisor, startup, startup::Ground};
use crate::{
    admin::{self, Admin, ReloadRequest},
    config::{self, Deployment, Options, daemon::DaemonConfig},
    connectors::Registry,
    diagnostic::{Diagnostic, Severity},
    pipeline::failure::Failure,
    publish::DevBroker,
};

/// A pipeline that holds records and commits nothing for so long is not ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a deployment until it is told to stop or, with `once`, until every pipeline has ended by itself. Gives the
/// fleet as it stands at the end. `began` hears of the fleet as soon as there is one, and where the development broker
/// listens, if it has one.
///
/// # Errors
/// What keeps the daemon as a whole from running: the lock, a key, a socket, the development broker.
pub async fn run(
    path: &Path,
    deployment: &Deployment,
    registry: Registry,
    once: bool,
    began: impl FnOnce(Fleet, Option<&str>),
) -> Result<Fleet, Failure> {
    let ground = startup::prepare(deployment, registry, once)?;
    if let Some(broker) = &ground.broker {
        tracing::info!(bootstrap = broker.bootstrap(), "development broker");
    }
    let mut signals = Signals::listen()?;
    let mut supervisor = Supervisor::new(startup::presence(deployment, &ground)?);
    let fleet = supervisor.fleet();
    let (reload, reloads) = mpsc::channel(1);
    let (reloaded, last_reload) = watch::channel(None);
    let admin = Admin {
        deployment: deployment.daemon.deployment.clone(),
        started: Timestamp::now(),
        fleet: fleet.clone(),
        patience: PATIENCE,
        reload,
        last_reload,
    };
    let listening = Listening::start(&deployment.daemon, admin).await?;
    supervisor.apply(startup::plan(deployment, &ground.around)?).await;
    began(fleet.clone(), ground.broker.as_ref().map(DevBroker::bootstrap));
    notify(&[NotifyState::Ready]);
    let written = deployment.fingerprint;
    let mut daemon = Daemon { path, ground, supervisor, reloads, reloaded, written };
    let end = daemon.attend(&mut signals, once).await;
    notify(&[NotifyState::Stopping]);
    if end == Wish::Stop {
        daemon.stop(&mut signals, deployment.daemon.limits.stop_within.0).await;
    }
    listening.end().await;
    Ok(fleet)
}

#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Stop,
    Reload,
    Finished,
}

struct Daemon<'a> {
    path: &'a Path,
    ground: Ground,
    supervisor: Supervisor,
    reloads: mpsc::Receiver<ReloadRequest>,
    reloaded: watch::Sender<Option<Reloaded>>,
    /// The fingerprint of the `acequia.yaml` that this process started with.
    written: [u8; 32],
}

impl Daemon<'_> {
    async fn attend(&mut self, signals: &mut Signals, once: bool) -> Wish {
        loop {
            tokio::select! {
                wish = signals.next() => match wish {
                    Wish::Reload => {
                        if unless(signals.stop(), self.reload()).await.is_none() {
                            return Wish::Stop;
                        }
                    }
                    end => return end,
                },
                Some(request) = self.reloads.recv() => {
                    let Some(changes) = unless(signals.stop(), self.reload()).await else {
                        return Wish::Stop;
                    };
                    // Whoever asked may have gone.
                    let _ = request.answer.send(changes);
                }
                _ = self.supervisor.finished(), if once => return Wish::Finished,
            }
        }
    }

    /// Reads the configuration again and applies what changed; if anything is wrong with it, nothing changes.
    async fn reload(&mut self) -> Result<Changes, Failure> {
        // systemd takes the readiness that follows for that of this reload only if it knows when the reload began.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
        let changes = self.apply_again().await;
        match &changes {
            Ok(Changes { started, replaced, stopped, restart }) => {
                tracing::info!(?started, ?replaced, ?stopped, "reloaded");
                if *restart {
                    tracing::warn!(
                        "`acequia.yaml` has changed: that takes effect at the next start"
                    );
                }
            }
            Err(failure) => {
                tracing::error!(
                    code = failure.code,
                    "the new configuration is not used: {}",
                    failure.message
                );
            }
        }
        let outcome = changes.clone();
        self.reloaded.send_replace(Some(Reloaded { at: Timestamp::now(), outcome }));
        notify(&[NotifyState::Ready]);
        changes
    }

    async fn apply_again(&mut self) -> Result<Changes, Failure> {
        let options = Options { registry: self.ground.around.registry, secrets: true };
        let (deployment, found) = config::load(self.path, options);
        let Some(deployment) = deployment else {
            return Err(Failure::new(ErrorClass::Operator, "config.reload", places(&found))
                .hint("`acequia check` shows every mistake at its place"));
        };
        let plan = startup::plan(&deployment, &self.ground.around)?;
        let changes = self.supervisor.apply(plan).await;
        Ok(Changes { restart: deployment.fingerprint != self.written, ..changes })
    }

    async fn stop(self, signals: &mut Signals, within: Duration) {
        tracing::info!(
            "stopping: what is mapped is committed, the rest is read again at the next start"
        );
        tokio::select! {
            left = self.supervisor.stop(within) => {
                if !left.is_empty() {
                    tracing::warn!(pipelines = ?left, "not drained in time; nothing is lost by it");
                }
            }
            _ = signals.next() => tracing::warn!("told twice: ending at once"),
        }
    }
}

/// Codes, places and messages of mistakes, one a line, without the lines where they stand: those may hold a secret under
/// a misspelt key, and this goes to the log and to everybody who may ask for the status.
fn places(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            let (line, column) = found.line_column();
            let (code, file, message) = (found.code, found.file.name(), &found.message);
            let help = found.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
            format!("{code} at {file}:{line}:{column}: {message}{help}")
        })
        .collect();
    lines.join("\n")
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let on = |kind| {
            signal(kind).map_err(|cause| {
                let message = format!("signals cannot be received: {cause}");
                Failure::new(ErrorClass::Operator, "run.signals", message)
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

    /// Waits for a signal to stop. One to reload waits meanwhile.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What comes of the work; nothing if it is told to stop before.
async fn unless<T>(stop: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = stop => None,
    }
}

/// The sockets on which others ask.
struct Listening {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Listening {
    async fn start(daemon: &DaemonConfig, admin: Admin) -> Result<Self, Failure> {
        let unusable = |what: String, cause: std::io::Error| {
            let message = format!("{what} cannot be listened on: {cause}");
            Failure::new(ErrorClass::Operator, "run.listen", message)
                .hint("another daemon may be running; choose another address in `acequia.yaml`")
        };
        let socket = daemon.admin_socket();
        let control = admin::control_socket(&socket).map_err(|cause| {
            unusable(format!("the control socket `{}`", socket.display()), cause)
        })?;
        let address = daemon.http.listen;
        let http = TcpListener::bind(address)
            .await
            .map_err(|cause| unusable(format!("`{address}`"), cause))?;
        if let Ok(address) = http.local_addr() {
            tracing::info!(%address, "health, metrics and status");
        }
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(served("control", admin::serve_control(control, admin.clone(), stop.clone())));
        let (names, ended) = (daemon.http.hosts.clone(), stop.clone());
        tasks.spawn(served(
            "http",
            async move { admin::serve_http(http, &names, admin, ended).await },
        ));
        Ok(Self { stop, tasks })
    }

    async fn end(self) {
        self.stop.cancel();
        // A client that holds its connection open must not hold the daemon.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.tasks.join_all()).await;
    }
}

async fn served(name: &'static str, serving: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = serving.await {
        tracing::error!(listener = name, %error, "a listener failed; the pipelines go on");
    }
}

fn notify(states: &[NotifyState<'_>]) {
    // Not under systemd, or a systemd that does not listen: neither is our concern.
    let _ = sd_notify::notify(states);
}

/// The names of the pipelines that failed, with why.
pub fn failures(fleet: &Fleet) -> Vec<(Arc<str>, Failure)> {
    use crate::pipeline::state::{State, Stop};
    let failed = |handle: super::Handle| {
        let status = handle.status.read();
        let stopped = matches!(status.state, State::Stopped(Stop::Failed(_)));
        let unknown =
            || Failure::new(ErrorClass::Bug, "pipeline.unknown", "it stopped without a reason");
        stopped.then(|| (handle.name, status.failure.unwrap_or_else(unknown)))
    };
    fleet.all().into_iter().filter_map(failed).collect()
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::unless;

    #[tokio::test]
    async fn a_signal_to_stop_does_not_wait_for_a_reload() {
        assert_eq!(unless(ready(()), pending::<u8>()).await, None);
        assert_eq!(unless(pending(), ready(1)).await, Some(1));
    }
}
