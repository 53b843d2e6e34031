//! Asks a running daemon through its control socket.

use std::{path::Path, time::Duration};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Method, Request, body::Bytes, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::{net::UnixStream, time};

/// A daemon that does not answer for so long is not well.
const PATIENCE: Duration = Duration::from_secs(10);
/// A longer answer is not that of this daemon.
const LONGEST: usize = 64 << 20;

/// Why a daemon gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no daemon listens on `{0}`")]
    NotRunning(String),
    /// The rights of the socket are not for this user.
    #[error("the control socket `{0}` may not be used by this user")]
    Forbidden(String),
    /// It listens and does not answer.
    #[error("the daemon did not answer: {0}")]
    Silent(String),
    /// It answers that it will not.
    #[error("{}", .0.message)]
    Refused(Refusal),
}

/// What a daemon says when it does not do what it is asked.
#[derive(Debug, Clone, Deserialize)]
pub struct Refusal {
    /// A stable code.
    pub code: String,
    /// Why.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Sends one request and gives the answer; an empty one is `null`.
///
/// # Errors
/// See [`ClientError`].
pub async fn ask(socket: &Path, method: Method, path: &str) -> Result<Json, ClientError> {
    match time::timeout(PATIENCE, exchange(socket, method, path)).await {
        Ok(answer) => answer,
        Err(_) => Err(ClientError::Silent(format!("nothing within {} s", PATIENCE.as_secs()))),
    }
}

async fn exchange(socket: &Path, method: Method, path: &str) -> Result<Json, ClientError> {
    let shown = socket.display().to_string();
    let stream = UnixStream::connect(socket).await.map_err(|cause| match cause.kind() {
        std::io::ErrorKind::PermissionDenied => ClientError::Forbidden(shown),
        _ => ClientError::NotRunning(shown),
    })?;
    let silent = |cause: &dyn std::fmt::Display| ClientError::Silent(cause.to_string());
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|cause| silent(&cause))?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "acequia")
        .body(Empty::<Bytes>::new())
        .map_err(|cause| silent(&cause))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|cause| silent(&cause))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await;
        let body = body.map_err(|cause| silent(&cause))?.to_bytes();
        Ok((status, body))
    };
    let (status, body) = tokio::select! {
        answer = answer => answer?,
        Err(cause) = connection => return Err(silent(&cause)),
    };
    let json = if body.is_empty() { Ok(Json::Null) } else { serde_json::from_slice(&body) };
    if status.is_success() {
        return json.map_err(|cause| silent(&cause));
    }
    match json.ok().and_then(|json| Refusal::deserialize(json).ok()) {
        Some(refusal) => Err(ClientError::Refused(refusal)),
        None => Err(ClientError::Silent(format!("status {status}"))),
    }
}
