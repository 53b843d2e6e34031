//! The event batch: what one record batch became, in one arena.

use acequia_api::RecordError;

use super::{EventId, claim::ClaimedData, headers::Headers};

/// A record that a mapping or the encoder refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapReject {
    /// The row in the record batch.
    pub row: u32,
    /// The mapping, as its number in the pipeline; none where no mapping took the row.
    pub mapping: Option<u16>,
    /// Everything that is wrong with it, in the order of the fields; never empty.
    pub errors: Vec<RecordError>,
}

/// One Kafka record to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// Index into the pipeline's list of topics.
    pub topic: u16,
    /// The Kafka key; never empty.
    pub key: &'a [u8],
    /// What stands beside key and value; a tombstone that is nothing else has none.
    pub headers: Headers<'a>,
    /// The event, or its data where the attributes are headers; nothing for a tombstone and for a delete in binary mode.
    pub value: Option<&'a [u8]>,
    /// The id of the event; a tombstone has that of the delete before it.
    pub id: EventId,
    /// The row of the record batch that it comes from.
    pub row: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: usize,
    key_len: u32,
    headers_len: u32,
    value_len: Option<u32>,
    row: u32,
    topic: u16,
    /// A tombstone behind its delete: key only.
    bare: bool,
    id: EventId,
}

/// Where the data that an event only refers to lies in the arena.
#[derive(Debug, Clone, Copy)]
struct Claim {
    start: usize,
    len: usize,
    digest: [u8; 32],
}

/// Events in the order in which they are sent, and what became of the other rows.
///
/// Made to be used again: [`clear`](EventBatch::clear) keeps the memory, so that at steady state no record
/// costs an allocation.
///
/// Invariant: the spans of an entry lie inside `bytes`, because entries are made only by the writer, which
/// truncates `bytes` when it is dropped unfinished.
#[derive(Default)]
pub struct EventBatch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    claims: Vec<Claim>,
    rejects: Vec<MapReject>,
    published: u64,
    filtered: u64,
}

impl std::fmt::Debug for EventBatch {
    /// Sizes only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventBatch")
            .field("events", &self.entries.len())
            .field("bytes", &self.bytes.len())
            .field("rejects", &self.rejects.len())
            .finish_non_exhaustive()
    }
}

impl EventBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.claims.clear();
        self.rejects.clear();
        self.published = 0;
        self.filtered = 0;
    }

    /// The Kafka records in the order of sending, tombstones among them.
    pub fn events(&self) -> impl ExactSizeIterator<Item = EventRef<'_>> {
        self.entries.iter().map(|entry| {
            let headers_start = entry.start + entry.key_len as usize;
            let value_start = headers_start + entry.headers_len as usize;
            let headers = if entry.bare { 0..0 } else { headers_start..value_start };
            EventRef {
                topic: entry.topic,
                key: &self.bytes[entry.start..headers_start],
                headers: Headers::new(&self.bytes[headers]),
                value: entry.value_len.map(|len| &self.bytes[value_start..][..len as usize]),
                id: entry.id,
                row: entry.row,
            }
        })
    }

    /// The data that events of the batch refer to, in their order. It must be kept before they are published.
    pub fn claims(&self) -> impl ExactSizeIterator<Item = ClaimedData<'_>> {
        self.claims.iter().map(|claim| ClaimedData {
            bytes: &self.bytes[claim.start..][..claim.len],
            digest: claim.digest,
        })
    }

    /// Number of Kafka records, tombstones counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is to be sent. There may still be rejects.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all keys, headers and values, and of the data that is kept beside them.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Number of events; a tombstone is not one.
    pub fn published(&self) -> u64 {
        self.published
    }

    /// Number of rows that no mapping took.
    pub fn filtered(&self) -> u64 {
        self.filtered
    }

    /// The refused records, in the order in which they were refused.
    pub fn rejects(&self) -> &[MapReject] {
        &self.rejects
    }

    /// Notes that no mapping of the pipeline took a row.
    pub fn filter(&mut self) {
        self.filtered += 1;
    }

    /// Notes that `mapping` refused `row`, or without one that no mapping takes it. The caller leaves no event of that row by that mapping behind.
    pub fn reject(&mut self, row: u32, mapping: Option<u16>, errors: Vec<RecordError>) {
        debug_assert!(!errors.is_empty(), "invariant: a reject says why");
        self.rejects.push(MapReject { row, mapping, errors });
    }

    /// A point to go back to, for rows that make several events of which a later one is refused.
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            entries: self.entries.len(),
            claims: self.claims.len(),
            published: self.published,
        }
    }

    /// Forgets the events added since `mark`; rejects and counts of filtered rows stay.
    pub fn rewind(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.entries.truncate(mark.entries);
        self.claims.truncate(mark.claims);
        self.published = mark.published;
    }

    /// Bytes and records that fit without an allocation.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> (usize, usize) {
        (self.bytes.capacity(), self.entries.capacity())
    }

    pub(super) fn event(&mut self, key: &[u8]) -> EventWriter<'_> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let headers_start = self.bytes.len();
        EventWriter { start, headers_start, value_start: None, batch: self, kept: false }
    }
}

/// See [`EventBatch::mark`].
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    bytes: usize,
    entries: usize,
    claims: usize,
    published: u64,
}

/// Where and as what a finished event goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seal {
    pub(super) id: EventId,
    pub(super) topic: u16,
    pub(super) row: u32,
    /// Whether a tombstone follows.
    pub(super) tombstone: bool,
}

/// An event being written: the headers, then the value. Dropped unfinished it leaves no trace.
#[derive(Debug)]
pub(super) struct EventWriter<'a> {
    start: usize,
    headers_start: usize,
    value_start: Option<usize>,
    batch: &'a mut EventBatch,
    kept: bool,
}

impl EventWriter<'_> {
    /// The buffer to append the headers to, until the value is begun.
    pub(super) fn headers(&mut self) -> &mut Vec<u8> {
        debug_assert!(self.value_start.is_none(), "invariant: headers come before the value");
        &mut self.batch.bytes
    }

    /// The buffer to append the value to. An event for which it is never asked has none.
    pub(super) fn value(&mut self) -> &mut Vec<u8> {
        self.value_start.get_or_insert(self.batch.bytes.len());
        &mut self.batch.bytes
    }

    /// Forgets what was written so far, but for the key.
    pub(super) fn restart(&mut self) {
        self.batch.bytes.truncate(self.headers_start);
        self.value_start = None;
    }

    /// Bytes of key, headers and value so far, as Kafka counts them.
    pub(super) fn room(&self) -> usize {
        let bytes = &self.batch.bytes;
        let value_start = self.value_start.unwrap_or(bytes.len());
        let headers = Headers::new(&bytes[self.headers_start..value_start]);
        self.headers_start - self.start + headers.room() + bytes.len() - value_start
    }

    /// Keeps it, and beside it the data that it refers to. Key and value must be shorter than 4 GiB, which the encoder's limits see to.
    pub(super) fn keep(mut self, seal: Seal, claim: Option<ClaimedData<'_>>) {
        let end = self.batch.bytes.len();
        let value_start = self.value_start.unwrap_or(end);
        let entry = Entry {
            start: self.start,
            key_len: (self.headers_start - self.start) as u32,
            headers_len: (value_start - self.headers_start) as u32,
            value_len: self.value_start.map(|start| (end - start) as u32),
            row: seal.row,
            topic: seal.topic,
            bare: false,
            id: seal.id,
        };
        self.batch.entries.push(entry);
        if seal.tombstone {
            self.batch.entries.push(Entry { value_len: None, bare: true, ..entry });
        }
        if let Some(ClaimedData { bytes, digest }) = claim {
            let claim = Claim { start: self.batch.bytes.len(), len: bytes.len(), digest };
            self.batch.bytes.extend_from_slice(bytes);
            self.batch.claims.push(claim);
        }
        self.batch.published += 1;
        self.kept = true;
    }
}

impl Drop for EventWriter<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.batch.bytes.truncate(self.start);
        }
    }
}
