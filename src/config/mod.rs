//! config
pub mod daemon;
pub mod kafka;
pub mod pipeline;
pub mod schedule;
mod schema_check;
pub mod secret;
pub mod units;
