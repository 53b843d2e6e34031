//! Acequia: records out of legacy systems, as unified events on Kafka, exactly once.
//!
//! The folder tree is the architecture; `ARCHITECTURE.md` walks through it.

pub mod admin;
pub mod checkpoint;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod diagnostic;
pub mod draft;
pub mod event;
pub mod mapping;
pub mod model;
pub mod pipeline;
pub mod publish;
pub mod supervisor;
pub mod yaml;
