//! Why a publisher cannot go on.

use acequia_api::SystemError;

use crate::checkpoint::StoredError;

/// A publisher that cannot go on. After any error the publisher is dropped and fenced anew; what was committed
/// is then read from the checkpoint topic and never concluded from the error.
pub type PublishError = SystemError;

/// The code of an error that says that Kafka refused a record for what it is.
pub const REFUSED: &str = "publish.record_refused";

/// The record that Kafka refused, as far as it can tell: a set of records is refused as a whole, so the named
/// one need not be the guilty one unless every record is a set of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedRecord {
    /// The how-manieth `send` of the transaction, from 0.
    pub send: u32,
    /// The row in its record batch.
    pub row: u32,
}

impl From<StoredError> for PublishError {
    fn from(error: StoredError) -> Self {
        let publish = Self::new(error.class, error.code, error.message);
        match error.hint {
            Some(hint) => publish.hint(hint),
            None => publish,
        }
    }
}
