//! Why a publisher cannot go on.

use std::{error::Error, fmt};

use acequia_api::ErrorClass;

use crate::checkpoint::StoredError;

/// The code of a refused record.
pub(super) const REFUSED: &str = "publish.record_refused";

/// The record that Kafka refused, as far as it can tell: a set of records is refused as a whole, so the named
/// one need not be the guilty one unless every record is a set of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedRecord {
    /// The how-manieth `send` of the transaction, from 0.
    pub send: u32,
    /// The row in its record batch.
    pub row: u32,
}

/// A publisher that cannot go on. After any error the publisher is dropped and fenced anew; what was committed
/// is then read from the checkpoint topic and never concluded from the error.
#[derive(Debug)]
pub struct PublishError {
    class: ErrorClass,
    code: &'static str,
    message: String,
    hint: Option<String>,
    record: Option<RefusedRecord>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl PublishError {
    /// An error of a class, with a stable code and what could not be done.
    pub fn new(class: ErrorClass, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into(), hint: None, record: None, cause: None }
    }

    pub(super) fn transient(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Transient, code, message)
    }

    pub(super) fn operator(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Operator, code, message)
    }

    pub(super) fn bug(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Bug, code, message)
    }

    /// Says what a person can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps the cause in the chain (`Error::source`).
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(super) fn concerning(mut self, record: Option<RefusedRecord>) -> Self {
        self.record = record;
        self
    }

    /// What the engine does about it.
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What a person can do, if known.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether Kafka refused a record (`publish.record_refused`).
    pub fn refuses_record(&self) -> bool {
        self.code == REFUSED
    }

    /// The record that was refused; exact where every record is sent by itself, see [`Setup::isolate`].
    ///
    /// [`Setup::isolate`]: super::Setup::isolate
    pub fn record(&self) -> Option<RefusedRecord> {
        self.record
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for PublishError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<StoredError> for PublishError {
    fn from(error: StoredError) -> Self {
        let mut publish = Self::new(error.class, error.code, error.message);
        publish.hint = error.hint.map(str::to_owned);
        publish
    }
}
