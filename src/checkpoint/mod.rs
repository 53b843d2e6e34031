//! Where every split of a pipeline stands, as it is stored in Kafka, and how it is read back.
//!
//! The checkpoint of a task is not a file: it is a handful of records in one partition of the deployment's
//! compacted checkpoint topic, written in the same transaction as the events they account for. Three kinds of
//! record share that partition, told apart by their key:
//!
//! | key | value | written |
//! |---|---|---|
//! | `["split", pipeline, split]` | [`SplitRecord`]: position, mappings, schema, counts | one per advanced split and transaction |
//! | `["head", pipeline, task]` | [`HeadRecord`]: sequence number, owner, cluster, chain of event ids, counts | last in every transaction |
//! | `["claim", pipeline, task]` | [`ClaimRecord`]: who lives now, since when | alone, in the first transaction of a life |
//!
//! This module is the pure part: the [algebra](Checkpoint), the [stored formats](StoredKey), the [fold](Recovery)
//! that turns records back into a checkpoint, the comparison with the local [mirror](Mirror). Only `mirror`
//! and `state_cache` touch the disk; nothing here knows Kafka.
//!
//! Reading never guesses. A record that is corrupt, or that a newer version wrote, stops the pipeline and names
//! topic, partition and offset: falling back to a start would publish everything again.

mod algebra;
mod error;
mod mirror;
mod recover;
mod routing;
mod seal;
mod state_cache;
mod stored;

pub use algebra::{Checkpoint, Counts, Delta, Lineage, Mismatch, Progress};
pub use error::{CODES, StoredError};
pub use mirror::{Kinship, Mirror, MirrorFile, RegressionReason, compare};
pub use recover::{Recovered, Recovery, Step};
pub use routing::{Route, Routing, Taken};
pub use seal::{SealKey, Sealed, SealedBadly};
pub use state_cache::{CacheIdentity, StateCache, StateStore};
pub use stored::{
    Chain, ChainLink, ClaimRecord, HeadRecord, Kept, SplitRecord, StateRecord, StoredAt, StoredKey,
    Task,
};
pub(crate) use stored::{STORED_FORMAT, parse_claim, parse_state, to_bytes};
