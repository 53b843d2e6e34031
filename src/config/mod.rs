//! The configuration of a deployment: read, checked as a whole, and handed out as plain data.
//!
//! ```text
//! acequia.yaml        the daemon
//! pipelines/*.yaml    one pipeline each
//! mappings/           mappings, models/*.yaml, codes/*.csv
//! policies.yaml       what topics may hold
//! ```
//!
//! All mistakes of all files are found in one run, each at its place. A file is read in three steps: as strict YAML
//! with places ([`yaml`](crate::yaml)), against the JSON Schema generated from the structs here, then
//! by serde, which after that has nothing left to refuse. Rules between keys and files come last. Paths are taken
//! from the folder of `acequia.yaml`; secrets are references, never values ([`secret`]).
//!
//! With the `files` connector, this is the only module that reads files.

mod codes;
pub mod daemon;
mod disk;
mod load;
pub mod pipeline;
pub mod reference;
mod rules;
pub mod schedule;
pub mod schema;
mod schema_check;
mod schemas;
pub mod secret;
pub mod units;

pub use codes::CODES;
pub use load::{Deployment, Options, Pipeline, admin_socket, load, load_with};

#[cfg(test)]
mod tests;
