//! Against a real Kafka.

mod exactly_once;
mod harness;
