//! What the publisher needs to know of an event batch.

use acequia_api::RecordError;

use crate::event::{ClaimedData, EventBatch, Headers};

/// One Kafka record to be sent.
#[derive(Clone, Copy)]
pub struct OutgoingEvent<'a> {
    /// Index into the topics of the task.
    pub topic: u16,
    /// The Kafka key; never empty.
    pub key: &'a [u8],
    /// What stands beside key and value.
    pub headers: Headers<'a>,
    /// The event or its data; nothing for a tombstone.
    pub value: Option<&'a [u8]>,
    /// The event id, as it stands in the event.
    pub id: &'a [u8],
    /// The row of the record batch that it comes from.
    pub row: u32,
}

impl std::fmt::Debug for OutgoingEvent<'_> {
    /// Sizes only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutgoingEvent")
            .field("topic", &self.topic)
            .field("row", &self.row)
            .field("key_bytes", &self.key.len())
            .field("value_bytes", &self.value.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

/// A row that a mapping or the encoder refused.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingReject<'a> {
    /// The row in the record batch.
    pub row: u32,
    /// The mapping, as its number in the pipeline; none where no mapping took the row.
    pub mapping: Option<u16>,
    /// Everything that is wrong with it; never empty.
    pub errors: &'a [RecordError],
}

/// A batch of encoded events with the rows that became none.
pub trait Outgoing {
    /// Calls `send` for every Kafka record, in order, until it fails.
    ///
    /// # Errors
    /// The first error of `send`.
    fn each_event<E>(&self, send: impl FnMut(OutgoingEvent<'_>) -> Result<(), E>) -> Result<(), E>;

    /// The data that events refer to instead of holding it.
    fn claims(&self) -> impl Iterator<Item = ClaimedData<'_>> {
        std::iter::empty()
    }

    /// The refused rows, in order.
    fn rejects(&self) -> impl Iterator<Item = OutgoingReject<'_>>;
}

impl Outgoing for EventBatch {
    fn each_event<E>(
        &self,
        mut send: impl FnMut(OutgoingEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.events().try_for_each(|event| {
            send(OutgoingEvent {
                topic: event.topic,
                key: event.key,
                headers: event.headers,
                value: event.value,
                id: event.id.as_bytes(),
                row: event.row,
            })
        })
    }

    fn claims(&self) -> impl Iterator<Item = ClaimedData<'_>> {
        self.claims()
    }

    fn rejects(&self) -> impl Iterator<Item = OutgoingReject<'_>> {
        self.rejects().iter().map(|reject| OutgoingReject {
            row: reject.row,
            mapping: reject.mapping,
            errors: &reject.errors,
        })
    }
}
