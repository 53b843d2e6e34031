//! One pipeline: from a source to committed events.

pub mod breaker;
pub mod group;
pub mod retry;
pub mod state;
