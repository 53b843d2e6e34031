//! Every test that needs more than one module: one binary, so that it links once and shares one Kafka.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test binary: nothing is public, it stops at a surprise, and it says what it measured"
)]

mod bad_inputs;
mod cli;
mod draft;
mod formats;
mod kafka;
mod mapping;
mod oracle;
mod privacy;
mod support;
mod tidy;
mod tools;
