//! Every test that needs more than one module: one binary, so that it links once and shares one Kafka.

mod cli;
mod kafka;
mod mapping;
mod support;
