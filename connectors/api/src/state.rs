//! Keyed state: what a source must remember about single things (files seen, keys seen), beside its position.
//!
//! It is written by the engine to a compacted topic in the *same transaction* as the records that changed it,
//! so it is never ahead of them nor behind. A source reads it through [`StateView`] when it is opened and from
//! then on keeps its own picture of what it has changed; after a failure the engine opens the source anew, and
//! the view again shows exactly what was committed.

use crate::SourceError;

/// One change: the new value of a key, or its removal.
///
/// Keys are compared byte for byte and stand in the topic in clear: a connector whose keys could tell about a
/// person hashes them first. Values are sealed by the engine.
#[derive(Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The key, unique within the pipeline.
    pub key: String,
    /// The value, or `None` to forget the key.
    pub value: Option<Vec<u8>>,
}

impl std::fmt::Debug for StateChange {
    /// Sizes only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateChange")
            .field("key_bytes", &self.key.len())
            .field("value_bytes", &self.value.as_ref().map(Vec::len))
            .finish()
    }
}

/// The committed keyed state of one pipeline.
pub trait StateView: Send + Sync {
    /// The committed value of a key.
    ///
    /// # Errors
    /// When the store behind it fails.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError>;

    /// Calls `visit` for every key that begins with `prefix`, in key order, until it returns `false`.
    ///
    /// # Errors
    /// When the store behind it fails.
    fn scan(
        &self,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), SourceError>;
}

/// State in memory: for tests, previews and the development broker.
#[derive(Debug, Default)]
pub struct MemoryState(std::sync::RwLock<std::collections::BTreeMap<String, Vec<u8>>>);

impl MemoryState {
    /// Applies committed changes in order.
    pub fn apply(&self, changes: &[StateChange]) {
        let mut map = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for change in changes {
            match &change.value {
                Some(value) => map.insert(change.key.clone(), value.clone()),
                None => map.remove(&change.key),
            };
        }
    }
}

impl StateView for MemoryState {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let map = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(map.get(key).cloned())
    }

    fn scan(
        &self,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), SourceError> {
        let map = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (key, value) in map.range(prefix.to_owned()..) {
            if !key.starts_with(prefix) || !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}
