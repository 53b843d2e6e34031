//! Asks a running daemon through its control socket.

use std::{path::Path, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request,
    body::Bytes,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::{net::UnixStream, time};

/// A daemon that does not answer for so long is not well.
const PATIENCE: Duration = Duration::from_secs(10);
/// Fencing alone may take a minute on a cluster that is busy with itself.
const LONG_PATIENCE: Duration = Duration::from_secs(90);
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

/// Sends one request without a body and gives the answer; an empty one is `null`.
///
/// # Errors
/// See [`ClientError`].
pub async fn ask(socket: &Path, method: Method, path: &str) -> Result<Json, ClientError> {
    send(socket, method, path, None).await
}

/// The same with a body, for what takes long: a daemon that must first become the owner of something.
///
/// # Errors
/// See [`ClientError`]. Without an answer in time it may have been done all the same.
pub async fn put(socket: &Path, path: &str, body: &Json) -> Result<Json, ClientError> {
    send(socket, Method::PUT, path, Some(body)).await
}

async fn send(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<&Json>,
) -> Result<Json, ClientError> {
    let patience = if body.is_some() { LONG_PATIENCE } else { PATIENCE };
    match time::timeout(patience, exchange(socket, method, path, body)).await {
        Ok(answer) => answer,
        Err(_) => Err(ClientError::Silent(format!("nothing within {} s", patience.as_secs()))),
    }
}

async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<&Json>,
) -> Result<Json, ClientError> {
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
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.map(Json::to_string).unwrap_or_default())))
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
