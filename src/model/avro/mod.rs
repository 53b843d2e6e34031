//! Models in Avro: the schema of the data of an event, the data itself in binary, and whether a changed schema still
//! reads what an older one wrote. All of it without the CloudEvents envelope.
//!
//! # From JSON to binary
//!
//! A mapping writes JSON, whatever the topic wants, because a mapping's tests, previews and claim checks show it. An
//! [`AvroWriter`] is compiled from the model once and walks over that text: it notes where the members of an object
//! stand, then writes them in the order of the schema, the texts as they are, numbers and times parsed. There is no
//! tree in between, and no allocation once the buffers have grown. That costs about as much as writing the JSON did,
//! a fraction of a microsecond, and it keeps one single place where values are made: both forms say the same because
//! one is made of the other.
//!
//! What a field cannot say in Avro (a whole number beyond 64 bits, a year of five digits) is a [`Misfit`] of that record,
//! which goes to quarantine like any other.

mod resolve;
mod scan;
mod schema;
mod times;
mod write;

pub use resolve::{Hindrance, Obstacle, hindrances};
pub use write::{AvroScratch, AvroWriter, Misfit};
