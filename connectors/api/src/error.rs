//! The two families of error, which never mix.
//!
//! A **bad record is data**: a [`RecordError`] says what is wrong with it and where; it travels in the batch,
//! ends in quarantine and never stops a pipeline. A **broken system is an error**: a [`SystemError`] ends the
//! fetch, and its [`ErrorClass`] decides what the engine does. No type serves both.

use std::{error::Error, fmt, sync::Arc};

use crate::Place;

/// Where in the life of a record it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Bytes to cells, by a connector or a format.
    Decode,
    /// Cells to a canonical event, by a mapping.
    Map,
    /// Event to bytes, including the limits of the topic.
    Encode,
}

/// What is wrong with one record. Names shapes, never values: `detail` may say "8 fields, expected 11", not
/// what stands in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordError {
    /// Where it was refused.
    pub stage: Stage,
    /// A stable code such as `decode.csv.ragged`; documented by a [`CodeDoc`], used in metrics and headers.
    pub code: &'static str,
    /// The field concerned, as its producer spells it.
    pub field: Option<Arc<str>>,
    /// A place more exact than that of the record, for instance the byte inside a long line.
    pub place: Option<Place>,
    /// Expected and found *shape*, for people.
    pub detail: Option<String>,
}

impl RecordError {
    /// An error of the decode stage.
    pub fn decode(code: &'static str) -> Self {
        Self { stage: Stage::Decode, code, field: None, place: None, detail: None }
    }

    /// An error of the map stage.
    pub fn map(code: &'static str) -> Self {
        Self { stage: Stage::Map, ..Self::decode(code) }
    }

    /// An error of the encode stage.
    pub fn encode(code: &'static str) -> Self {
        Self { stage: Stage::Encode, ..Self::decode(code) }
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<Arc<str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds the exact place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds the expected and the found shape.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if let Some(field) = &self.field {
            write!(f, " in `{field}`")?;
        }
        if let Some(place) = self.place {
            write!(f, " at {place}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

/// What a code means, for `acequia explain` and the reference.
#[derive(Debug, Clone, Copy)]
pub struct CodeDoc {
    /// The stable code.
    pub code: &'static str,
    /// One line: what happened.
    pub title: &'static str,
    /// Why it is refused and what a person can do about it.
    pub help: &'static str,
}

/// What the engine does about an error of a system. The policy itself stands in one place, the daemon's
/// `pipeline/retry.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// May go away by itself: back off, rebuild, read on from the last committed position.
    Transient,
    /// A person must change something (rights, configuration, disk): stop this pipeline and say what.
    Operator,
    /// The stored position no longer exists in the source: stop, a person decides what to skip or repeat.
    Lost,
    /// Another instance owns this pipeline.
    Fenced,
    /// An invariant of this program does not hold: stop, loudly.
    Bug,
}

/// A system that cannot go on. The message is for people: what could not be done, lower case, no final stop;
/// it never carries a value of a record or a secret.
#[derive(Debug)]
pub struct SystemError {
    class: ErrorClass,
    code: &'static str,
    message: String,
    hint: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl SystemError {
    /// An error of a class, with a stable code and what could not be done.
    pub fn new(class: ErrorClass, code: &'static str, message: impl Into<String>) -> Self {
        Self { class, code, message: message.into(), hint: None, cause: None }
    }

    /// Worth another attempt.
    pub fn transient(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Transient, code, message)
    }

    /// Needs a person.
    pub fn operator(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Operator, code, message)
    }

    /// The position is gone.
    pub fn lost(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Lost, code, message)
    }

    /// Our mistake.
    pub fn bug(code: &'static str, message: impl Into<String>) -> Self {
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
}

/// A source that cannot go on.
pub type SourceError = SystemError;

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SystemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
