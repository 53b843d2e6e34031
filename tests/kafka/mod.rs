//! Against a real Kafka.

mod claim_check;
mod exactly_once;
mod harness;
mod secured;
mod standby;
