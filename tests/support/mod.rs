//! What the tests stand on: a real Kafka, a foreign consumer, the daemon as a process, a feed with a log of its own.

pub mod daemon;
#[path = "../bench/feed.rs"]
pub mod feed;
#[allow(
    dead_code,
    reason = "the tests beside `publish` include the same file and use what stands idle here"
)]
pub mod kafka;
pub mod postgres;
pub mod reader;
pub mod registry;
pub mod site;
