//! A place in a source from which reading can resume.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::SourceError;

/// A resume point, opaque to the engine: it stores it, compares it for equality and hands it back. Only the
/// connector that made it looks inside, and it says in which version of its own layout it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    version: u16,
    body: serde_json::Value,
}

impl Position {
    /// Wraps a connector's own position type, written in layout `version`.
    ///
    /// # Errors
    /// `Bug` when the type cannot be written as JSON, which a plain struct always can.
    pub fn encode<T: Serialize>(version: u16, body: &T) -> Result<Self, SourceError> {
        let body = serde_json::to_value(body).map_err(|cause| {
            SourceError::bug("position.unwritable", "a position could not be written")
                .because(cause)
        })?;
        Ok(Self { version, body })
    }

    /// The layout that the connector wrote in; a connector reads every version it ever wrote.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Reads it back as the connector's own type.
    ///
    /// # Errors
    /// `Operator` when it does not fit: written by a newer connector, or not by this one. Reading never falls
    /// back to a start position.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        T::deserialize(&self.body).map_err(|cause| {
            SourceError::operator(
                "position.unreadable",
                format!("the stored position (layout {}) cannot be read by this connector", self.version),
            )
            .hint("it was written by another version or another connector; use that version, or decide with `acequia position set`")
            .because(cause)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(deny_unknown_fields)]
    struct V1 {
        record: u64,
    }

    #[test]
    fn a_position_comes_back_as_it_was_written() {
        let position = Position::encode(1, &V1 { record: 7 }).unwrap();
        let stored = serde_json::to_string(&position).unwrap();
        let read: Position = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, position);
        assert_eq!(read.decode::<V1>().unwrap(), V1 { record: 7 });
    }

    #[test]
    fn a_foreign_position_is_refused_and_never_read_as_a_start() {
        let position = Position::encode(2, &serde_json::json!({"lsn": "00"})).unwrap();
        let error = position.decode::<V1>().unwrap_err();
        assert_eq!(error.code(), "position.unreadable");
        assert_eq!(error.class(), crate::ErrorClass::Operator);
    }
}
