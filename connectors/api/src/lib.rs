//! The contract of Acequia: everything that a connector sees of the engine, and nothing else.
//!
//! A **connector** is a kind of legacy system; opened with a configuration it is a **source**; a source has
//! **splits**, parts that are ordered and independently resumable; a **reader** reads one split into record
//! **batches** that the engine lends. A batch ends, if it can, at a **position** from which reading can resume.
//!
//! What the engine promises: the events of a batch, its rejects, its changes of [keyed state](StateChange) and
//! its position become visible in Kafka in one transaction, or none of them does. [`Source::committed`] is
//! called only after that. After any failure the source is opened anew at what was committed.
//!
//! What a connector promises: the same rows in the same order from the same position, each with a
//! [locator](RowMeta) that does not depend on where batches were cut; a record that cannot be read is a
//! [`Reject`] in its place and its neighbours are intact; a system that cannot be read is a [`SourceError`]
//! whose class says what helps; no value of a record and no secret in any message.
//!
//! `testkit` (feature) holds these promises against a connector; see `connectors/README.md` for how to add one.

mod batch;
pub mod blocking;
mod board;
mod cell;
mod codes;
mod connector;
mod error;
mod locator;
mod period;
mod position;
mod schema;
mod source;
mod state;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use batch::{BatchLimits, RecordBatch, Reject, RowRef, RowTooLarge, RowWriter};
pub use board::{Alarm, Backlog, Board, UnitState, UnitStatus};
pub use cell::{Cell, Span};
pub use codes::CODES;
pub use connector::AnyConnector;
pub use error::{CodeDoc, ErrorClass, RecordError, SourceError, Stage, SystemError};
pub use locator::{Identity, Op, Place, RowMeta, Transaction, Unit, UnitId};
pub use period::Period;
pub use position::Position;
pub use schema::{Column, ColumnType, Schema};
pub use source::{
    BoxFuture, ConfigFault, Connector, Fetched, Finding, OpenContext, Precheck, Projection, Reader,
    Replay, Severity, Source, Split, WantedColumn,
};
pub use state::{MemoryState, StateChange, StateView};
pub use tokio_util::sync::CancellationToken;
