//! Events: what leaves the house.
//!
//! A mapped record becomes a CloudEvents 1.0 event, in structured mode unless the pipeline says otherwise, so that the Kafka
//! value alone says everything, and lands in an [`EventBatch`], one arena that the publisher sends as slices. Nothing here does I/O, and a
//! whole batch cannot fail: what does not fit is a [`MapReject`] beside the events.
//!
//! ```json
//! {"specversion":"1.0","id":"3k6u…","source":"acequia://villaclara/permits","type":"permit.v1.upserted",
//!  "subject":"OBR-2021/0017","datacontenttype":"application/json","dataschema":"…","mappingversion":"…",
//!  "sourceposition":"LIC_01.csv#record=12,line=14,byte=1033;sha256=ab12cd34","dataclass":"personal","data":{…}}
//! ```
//!
//! With `mode: binary` the attributes are headers and the value is the data, as JSON or, with `encoding: avro`, behind the id of
//! a schema in a registry: `binary.rs` says what that means for deletes and claim checks. Ids, keys, partitions and
//! order are the same in every mode.
//!
//! # What consumers rely on
//!
//! - **Read committed.** Events, the quarantined records and the source position become visible in one Kafka
//!   transaction. Set `isolation.level=read_committed`: the Java client's default is `read_uncommitted`, which also shows
//!   records of aborted transactions. Offsets have gaps where transactions ended; a lag counted in offsets never
//!   reaches zero exactly.
//! - **`id` names the fact, not the sending.** It depends on where the record stands in its source and on
//!   nothing else: not on the clock, not on the mapping, not on how batches were cut. Whoever keeps the ids he has
//!   processed is safe against everything that may send twice: his own restarts, a backfill, a mirror.
//! - **Order holds per key.** The Kafka key is the `subject`; events of one key are in one partition
//!   (`murmur2` of the key, as Java clients compute it, so topics can be joined) in the order of the source. Between
//!   keys there is no order.
//! - **An upsert is the whole state** of its subject as the source shows it, not a change of it. A field that is absent is not known or
//!   not published; nothing is padded.
//! - **A delete is an event** of type `….deleted` without `data`. On compacted topics a *tombstone*, a record with the same key
//!   and no value, follows it at once, so that compaction can forget the key; skip records without a value. In binary
//!   mode the delete is such a record itself, told from others by its headers.
//! - **`time` is the source's own time** of the change and absent where the source has none. It is never our clock.
//! - **`type` carries the major version.** Within one, fields are only added; unknown ones must be ignored. `dataschema` names
//!   the exact schema, `mappingversion` the mapping by its content, tables included. `lookups`, if there, names the
//!   snapshots of the reference tables that were asked, as `table@snapshot`.
//! - **`sourceposition` is for people**: file, record and line, or what the source has instead. Its form may change.
//! - **`dataclass`** is the most closed privacy class inside `data`. Keys and attributes never carry a
//!   personal value in clear. `quality`, if there, lists as `field:code` what was
//!   published although a check had failed, or a rule had to decide what the source meant.
//! - **`dataref` instead of `data`** stands in an event that is too large for its topic, where the pipeline says
//!   `on_too_large: claim_check`. It names a file of the claim store whose bytes are the data; `datasize` and
//!   `datasha256` tell whether they are whole. The file is there before the event is visible. A consumer that does not know
//!   the attribute sees an upsert without data, so agree on it before switching it on.

mod batch;
mod binary;
mod claim;
mod encoder;
mod headers;
mod id;
mod json;
mod keys;
mod origin;
mod protect;
mod shown;
mod structured;

#[cfg(test)]
mod tests;

pub use batch::{EventBatch, EventRef, MapReject, Mark};
pub use claim::ClaimedData;
pub use encoder::{Change, Encoder, EncoderConfig, Layout, Mapped, event_source};
pub use headers::Headers;
pub use id::{EventId, UnitDigest, event_id};
pub use keys::{KeyError, KeyRing};
pub use protect::Keys;
pub use shown::in_json;

use acequia_api::CodeDoc;

/// The codes of this module, for `acequia explain`.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "encode.too_large",
        title: "the event is larger than its topic takes",
        help: "The encoded event has more bytes than the limit of its topic (`max.message.bytes`, less what Kafka \
               adds). The record is in quarantine and its neighbours are published. Publish fewer or shorter fields, \
               raise the limit of the topic and of the pipeline together, or keep such data beside the event with \
               `on_too_large: claim_check`, then replay the record.",
    },
    CodeDoc {
        code: "encode.avro_value",
        title: "a value of the record has no form in Avro",
        help: "The topic takes its values in Avro, which has whole numbers of 64 bits and here years of four digits; JSON takes more. \
               The record is in quarantine and its neighbours are published. The error names the field and what its schema wants: correct the \
               record or the mapping, then replay it.",
    },
    CodeDoc {
        code: "encode.key_empty",
        title: "the key of the event is empty",
        help: "Events are ordered and compacted by their key, so none is published without one. The field named by \
               `key` in the mapping was null or empty for this record: correct the record, choose another field, or leave \
               such records out with `when`.",
    },
    CodeDoc {
        code: "encode.key_too_large",
        title: "the key of the event is longer than 64 KiB",
        help: "A key names a thing; one of this length is a wrong column or a broken record. Correct the record or choose \
               another field in the mapping's `key`.",
    },
    CodeDoc {
        code: "encode.key_control",
        title: "the key of the event holds a control character",
        help: "The key stands in the CloudEvents attribute `subject`, which may not hold control characters (tab, line \
               break, NUL, …) nor Unicode noncharacters. They mostly come from padding or a broken export: trim or strip them in the mapping, or \
               correct the record.",
    },
    CodeDoc {
        code: "keys.unreadable",
        title: "the key file cannot be used",
        help: "A key file has one `name: base64` a line, each key of 32 bytes; `#` begins a comment. `acequia init` writes one. \
               Names are 1 to 16 characters of `a-z`, `0-9` and `-`; the first key of the file is used for new values, the others \
               are kept for reading old ones.",
    },
];
