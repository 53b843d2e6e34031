//! The handlers.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    metrics,
    picture::{DaemonPicture, PipelinePicture, ReloadPicture, StoredPicture},
};
use crate::{
    pipeline::{driver::Command, failure::Failure},
    publish::Reposition,
    supervisor::{Changes, Fleet, Reloaded},
};

/// What the handlers know. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admin {
    /// The name of the deployment.
    pub deployment: String,
    /// When the daemon started.
    pub started: Timestamp,
    /// The running pipelines.
    pub fleet: Fleet,
    /// How long a pipeline may hold records without a commit before it counts as not ready.
    pub patience: Duration,
    /// Where a reload is asked for.
    pub reload: mpsc::Sender<ReloadRequest>,
    /// What came of the last one.
    pub last_reload: watch::Receiver<Option<Reloaded>>,
}

/// Asks the daemon to read its configuration again and tells what came of it.
#[derive(Debug)]
pub struct ReloadRequest {
    /// Where to answer. If the answer is an error, everything runs on as before.
    pub answer: oneshot::Sender<Result<Changes, Failure>>,
}

impl Admin {
    fn picture(&self, positions: bool) -> DaemonPicture {
        let picture = |handle| PipelinePicture::of(&handle, self.patience, positions);
        let pipelines: Vec<_> = self.fleet.all().into_iter().map(picture).collect();
        DaemonPicture {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            deployment: self.deployment.clone(),
            started: self.started,
            ready: pipelines.iter().all(|pipeline| pipeline.ready),
            reload: self.last_reload.borrow().clone().map(ReloadPicture::from),
            pipelines,
        }
    }
}

/// What may be read by anyone.
pub(super) fn open(admin: Admin) -> Router {
    read_only()
        .route(
            "/status",
            get(|State(admin): State<Admin>| async move { Json(admin.picture(false)) }),
        )
        .with_state(admin)
}

/// That, and control.
pub(super) fn control(admin: Admin) -> Router {
    read_only()
        .route(
            "/status",
            get(|State(admin): State<Admin>| async move { Json(admin.picture(true)) }),
        )
        .route("/pipelines/{name}/pause", post(pause))
        .route("/pipelines/{name}/resume", post(resume))
        .route("/pipelines/{name}/positions", get(positions).put(reposition))
        .route("/reload", post(reload))
        .with_state(admin)
}

fn read_only() -> Router<Admin> {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

/// Progress, not liveness: a pipeline that holds records and commits nothing is not ready.
async fn readyz(State(admin): State<Admin>) -> Response {
    let waiting: Vec<_> = admin
        .picture(false)
        .pipelines
        .into_iter()
        .filter(|pipeline| !pipeline.ready)
        .map(|pipeline| {
            let code = pipeline.failure.map(|failure| failure.code);
            json!({ "pipeline": pipeline.name, "state": pipeline.state, "since": pipeline.since, "code": code })
        })
        .collect();
    let code = if waiting.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": waiting.is_empty(), "waiting": waiting }))).into_response()
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match metrics::text(&admin) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn pause(state: State<Admin>, name: Path<String>) -> Response {
    tell(&state.0, &name.0, Command::Pause)
}

async fn resume(state: State<Admin>, name: Path<String>) -> Response {
    tell(&state.0, &name.0, Command::Resume)
}

fn tell(admin: &Admin, name: &str, command: Command) -> Response {
    let Some(handle) = admin.fleet.get(name) else { return unknown(admin, name) };
    handle.tell(command);
    StatusCode::ACCEPTED.into_response()
}

fn unknown(admin: &Admin, name: &str) -> Response {
    let known: Vec<_> = admin.fleet.all().into_iter().map(|handle| handle.name).collect();
    let close = crate::diagnostic::suggest(name, known.iter().map(|name| &**name));
    let hint = close.map(|close| format!("did you mean `{close}`?"));
    let message = format!("there is no pipeline `{name}`");
    refused(StatusCode::NOT_FOUND, "admin.unknown_pipeline", message, hint)
}

/// What is committed, as Kafka has it.
async fn positions(State(admin): State<Admin>, Path(name): Path<String>) -> Response {
    let Some(handle) = admin.fleet.get(&name) else { return unknown(&admin, &name) };
    match handle.stored().await {
        Ok(stored) => Json(StoredPicture::from(&stored)).into_response(),
        Err(failure) => failed(StatusCode::BAD_GATEWAY, failure),
    }
}

async fn reposition(
    State(admin): State<Admin>,
    Path(name): Path<String>,
    Json(wanted): Json<Reposition>,
) -> Response {
    let Some(handle) = admin.fleet.get(&name) else { return unknown(&admin, &name) };
    match handle.reposition(wanted).await {
        Ok(transaction) => Json(json!({ "transaction": transaction })).into_response(),
        Err(failure) => failed(StatusCode::CONFLICT, failure),
    }
}

fn failed(status: StatusCode, failure: Failure) -> Response {
    refused(status, &failure.code, failure.message, failure.hint)
}

async fn reload(State(admin): State<Admin>) -> Response {
    let (answer, changes) = oneshot::channel();
    // A reload that is asked for while one is waiting reads the same files: one answer would do for both.
    if admin.reload.try_send(ReloadRequest { answer }).is_err() {
        let message = "a reload is under way, or the daemon is stopping".to_owned();
        return refused(StatusCode::CONFLICT, "admin.busy", message, None);
    }
    match changes.await {
        Ok(Ok(changes)) => {
            let list = |names: Vec<std::sync::Arc<str>>| -> Vec<String> {
                names.iter().map(ToString::to_string).collect()
            };
            Json(json!({
                "started": list(changes.started),
                "replaced": list(changes.replaced),
                "stopped": list(changes.stopped),
                "restart": changes.restart,
            }))
            .into_response()
        }
        Ok(Err(failure)) => failed(StatusCode::UNPROCESSABLE_ENTITY, failure),
        Err(_) => {
            refused(StatusCode::CONFLICT, "admin.busy", "the daemon is stopping".to_owned(), None)
        }
    }
}

fn refused(status: StatusCode, code: &str, message: String, hint: Option<String>) -> Response {
    (status, Json(json!({ "code": code, "message": message, "hint": hint }))).into_response()
}
