//! What others may see of a running daemon, and tell it.
//!
//! One set of handlers is served twice. On the HTTP listener, which asks nobody who he is, only what may be read is
//! there: `/livez`, `/readyz`, `/metrics`, `/status`. On the control socket, whose file rights say who may use
//! it, positions and control are there too: `POST /pipelines/{name}/pause`, `…/resume`,
//! `GET` and `PUT /pipelines/{name}/positions`, `POST /reload`.
//!
//! Handlers look at the [`Fleet`](crate::supervisor::Fleet) and never into a pipeline; a slow reader of a page cannot
//! slow a pipeline down. Requests to the HTTP listener must name a host that is known, so that a page in somebody's
//! browser cannot reach it under a name of its own.

pub mod client;
mod codes;
mod hosts;
mod metrics;
mod picture;
mod routes;
mod serve;

pub use codes::CODES;
pub use metrics::names;
pub use picture::{
    DaemonPicture, FailurePicture, PipelinePicture, ReloadPicture, SplitPicture, StoredPicture,
    StoredSplit, UnitsPicture,
};
pub use routes::{Admin, ReloadRequest};
pub use serve::{control_socket, serve_control, serve_http};

#[cfg(test)]
mod tests;
