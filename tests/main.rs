//! Every test that needs more than one module: one binary, so that it links once and shares one Kafka.

mod bad_inputs;
mod kafka;
mod mapping;
mod support;
