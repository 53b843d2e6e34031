//! One pipeline: from a source to committed events.
//!
//! [`state`] decides, [`driver`] does, [`life`] is what is dropped together when something fails. A record passes
//! [`split`] (read), [`stage`] (map, encode) and [`committer`] (publish, commit); it travels in a [`parcel`].

pub mod breaker;
mod codes;
pub mod committer;
pub mod compile;
mod contest;
pub mod driver;
pub mod failure;
pub mod group;
mod isolation;
pub mod life;
pub mod parcel;
pub mod rate;
pub mod refused;
pub mod report;
pub mod retry;
pub mod routing;
pub mod spec;
pub mod split;
pub mod stage;
pub mod state;
pub mod status;

pub use codes::CODES;

#[cfg(test)]
pub(crate) mod tests;
