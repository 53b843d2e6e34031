//! Listening.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
};

use acequia_api::CancellationToken;
use axum::middleware;
use tokio::net::{TcpListener, UnixListener};

use super::{hosts, routes, routes::Admin};

/// Makes the control socket at `path`, for its user and group only. A socket that a dead daemon left behind is
/// replaced.
///
/// # Errors
/// `AddrInUse` when a living daemon listens there; whatever the file system says.
pub fn control_socket(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    // Made under another name and renamed when its rights are right: there is no moment at which others could connect.
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&fresh);
    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o660))?;
    fs::rename(&fresh, path)?;
    Ok(listener)
}

/// Serves control on a socket until `stop`; requests that are under way are answered.
///
/// # Errors
/// When the socket fails.
pub async fn serve_control(
    listener: UnixListener,
    admin: Admin,
    stop: CancellationToken,
) -> io::Result<()> {
    axum::serve(listener, routes::control(admin))
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}

/// Serves what may be read on a TCP listener until `stop`, to requests under the names that are known.
///
/// # Errors
/// When the listener fails.
pub async fn serve_http(
    listener: TcpListener,
    names: &[String],
    admin: Admin,
    stop: CancellationToken,
) -> io::Result<()> {
    let known = hosts::Hosts::new(listener.local_addr()?, names);
    let router = routes::open(admin).layer(middleware::from_fn_with_state(known, hosts::guard));
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}
