//! The committed keyed state of a task, where the connector can read it.
//!
//! The truth is the state topic. Two stores mirror it: memory, read anew at every start, where there is no
//! state directory; and an embedded store below the state directory, so that a start reads only what it does
//! not know yet. The store keeps, in the same transaction as the values, which cluster, topic and partition it
//! mirrors and from which offset on it must read again; whatever does not fit is thrown away and rebuilt.
//!
//! Reading records a second time is harmless (the last value of a key wins); missing one is not. So the offset
//! moves only while the topic is read back, never while the task runs, and a cache that was not refreshed for
//! longer than the topic keeps its deletions is rebuilt.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use acequia_api::{MemoryState, SourceError, StateChange, StateView};
use redb::{Database, Durability, ReadableDatabase, TableDefinition};

use super::{StoredError, Task, mirror::file_name};

const VALUES: TableDefinition<&str, &[u8]> = TableDefinition::new("values");
const MARKS: TableDefinition<&str, &[u8]> = TableDefinition::new("marks");

/// Memory of the embedded store's page cache.
const PAGE_CACHE_BYTES: usize = 8 << 20;
/// One commit in so many is made durable; the others may be lost in a crash, together and in order.
const DURABLE_EVERY: u64 = 256;

/// How long an earlier holder may take to close the file.
const CLOSING: Duration = Duration::from_secs(2);

/// The caches that are open in this process.
static OPEN: Mutex<BTreeMap<PathBuf, Weak<StateCache>>> = Mutex::new(BTreeMap::new());

/// What a cache mirrors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheIdentity {
    /// The cluster's id.
    pub cluster: String,
    /// The state topic.
    pub topic: Arc<str>,
    /// The task's partition.
    pub partition: i32,
}

impl CacheIdentity {
    fn to_bytes(&self) -> Vec<u8> {
        format!("1\n{}\n{}\n{}", self.cluster, self.topic, self.partition).into_bytes()
    }
}

/// Keyed state on disk.
#[derive(Debug)]
pub struct StateCache {
    database: Database,
    commits: AtomicU64,
}

/// The committed keyed state of a task.
#[derive(Debug, Clone)]
pub enum StateStore {
    /// In memory.
    Memory(Arc<MemoryState>),
    /// On disk.
    Disk(Arc<StateCache>),
}

impl StateStore {
    /// Opens the store of `task`: on disk below `state_dir`, else in memory.
    ///
    /// # Errors
    /// `checkpoint.state_cache`.
    pub fn open(state_dir: Option<&Path>, task: &Task) -> Result<Self, StoredError> {
        match state_dir {
            None => Ok(Self::Memory(Arc::default())),
            Some(directory) => Ok(Self::Disk(StateCache::open(&directory.join("state"), task)?)),
        }
    }

    /// The view that connectors get.
    pub fn view(&self) -> Arc<dyn StateView> {
        match self {
            Self::Memory(memory) => Arc::clone(memory) as Arc<dyn StateView>,
            Self::Disk(cache) => Arc::clone(cache) as Arc<dyn StateView>,
        }
    }

    /// From which offset the topic must be read: `None` = from its start, after which the store is empty. A store
    /// not refreshed for half of the time that the topic `keeps_deletions` may have missed one and is emptied.
    ///
    /// # Errors
    /// `checkpoint.state_cache`.
    pub fn resume(
        &self,
        identity: &CacheIdentity,
        keeps_deletions: Duration,
    ) -> Result<Option<i64>, StoredError> {
        match self {
            Self::Memory(_) => Ok(None),
            Self::Disk(cache) => cache.resume(identity, keeps_deletions, SystemTime::now()),
        }
    }

    /// Puts what was read back from the topic up to (excluding) `next`.
    ///
    /// # Errors
    /// `checkpoint.state_cache`.
    pub fn restore(
        &self,
        changes: &[StateChange],
        identity: &CacheIdentity,
        next: i64,
    ) -> Result<(), StoredError> {
        match self {
            Self::Memory(memory) => memory.apply(changes),
            Self::Disk(cache) => cache.write(changes, Some((identity, next)))?,
        }
        Ok(())
    }

    /// Puts what was just committed.
    ///
    /// # Errors
    /// `checkpoint.state_cache`.
    pub fn committed(&self, changes: &[StateChange]) -> Result<(), StoredError> {
        match self {
            _ if changes.is_empty() => {}
            Self::Memory(memory) => memory.apply(changes),
            Self::Disk(cache) => cache.write(changes, None)?,
        }
        Ok(())
    }
}

impl StateCache {
    /// Opens the cache of a task, or shares the one that is open: a source of an earlier life may still hold it when
    /// the next life begins, and the file lets itself be opened only once.
    fn open(directory: &Path, task: &Task) -> Result<Arc<Self>, StoredError> {
        std::fs::create_dir_all(directory).map_err(|error| failed(&error))?;
        let path = directory.join(file_name(task, "redb"));
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, cache| cache.strong_count() > 0);
        if let Some(cache) = open.get(&path).and_then(Weak::upgrade) {
            return Ok(cache);
        }
        let cache = Arc::new(Self { database: database(&path)?, commits: AtomicU64::new(0) });
        open.insert(path, Arc::downgrade(&cache));
        Ok(cache)
    }

    fn resume(
        &self,
        identity: &CacheIdentity,
        keeps_deletions: Duration,
        now: SystemTime,
    ) -> Result<Option<i64>, StoredError> {
        let found = self.marks().map_err(|error| failed(&*error))?;
        if let Some((stored, next, refreshed)) = found
            && stored == identity.to_bytes()
            && now.duration_since(refreshed).is_ok_and(|age| age < keeps_deletions / 2)
        {
            return Ok(Some(next));
        }
        self.clear().map_err(|error| failed(&*error))?;
        Ok(None)
    }

    #[expect(clippy::type_complexity, reason = "three marks read together, in one place")]
    fn marks(&self) -> Result<Option<(Vec<u8>, i64, SystemTime)>, Box<redb::Error>> {
        let read = self.database.begin_read().map_err(boxed)?;
        let table = match read.open_table(MARKS) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(boxed(error)),
        };
        let number = |name: &str| -> Result<Option<[u8; 8]>, Box<redb::Error>> {
            Ok(table.get(name).map_err(boxed)?.and_then(|value| value.value().try_into().ok()))
        };
        let identity = table.get("identity").map_err(boxed)?.map(|value| value.value().to_vec());
        let (Some(identity), Some(next), Some(refreshed)) =
            (identity, number("next")?, number("refreshed")?)
        else {
            return Ok(None);
        };
        let refreshed = UNIX_EPOCH + Duration::from_secs(u64::from_be_bytes(refreshed));
        Ok(Some((identity, i64::from_be_bytes(next), refreshed)))
    }

    fn clear(&self) -> Result<(), Box<redb::Error>> {
        let write = self.database.begin_write().map_err(boxed)?;
        write.delete_table(VALUES).map_err(boxed)?;
        write.delete_table(MARKS).map_err(boxed)?;
        write.commit().map_err(boxed)
    }

    fn write(
        &self,
        changes: &[StateChange],
        mark: Option<(&CacheIdentity, i64)>,
    ) -> Result<(), StoredError> {
        self.try_write(changes, mark).map_err(|error| failed(&*error))
    }

    fn try_write(
        &self,
        changes: &[StateChange],
        mark: Option<(&CacheIdentity, i64)>,
    ) -> Result<(), Box<redb::Error>> {
        let mut write = self.database.begin_write().map_err(boxed)?;
        let count = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        if mark.is_none() && !count.is_multiple_of(DURABLE_EVERY) {
            write.set_durability(Durability::None).map_err(boxed)?;
        }
        {
            let mut values = write.open_table(VALUES).map_err(boxed)?;
            for change in changes {
                match &change.value {
                    Some(value) => values.insert(&*change.key, &**value).map_err(boxed)?,
                    None => values.remove(&*change.key).map_err(boxed)?,
                };
            }
        }
        if let Some((identity, next)) = mark {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let mut marks = write.open_table(MARKS).map_err(boxed)?;
            marks.insert("identity", &*identity.to_bytes()).map_err(boxed)?;
            marks.insert("next", &next.to_be_bytes()[..]).map_err(boxed)?;
            marks.insert("refreshed", &now.to_be_bytes()[..]).map_err(boxed)?;
        }
        write.commit().map_err(boxed)
    }

    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, Box<redb::Error>> {
        let read = self.database.begin_read().map_err(boxed)?;
        match read.open_table(VALUES) {
            Ok(table) => Ok(table.get(key).map_err(boxed)?.map(|value| value.value().to_vec())),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(boxed(error)),
        }
    }

    fn visit(
        &self,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), Box<redb::Error>> {
        let read = self.database.begin_read().map_err(boxed)?;
        let table = match read.open_table(VALUES) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(boxed(error)),
        };
        for entry in table.range(prefix..).map_err(boxed)? {
            let (key, value) = entry.map_err(boxed)?;
            if !key.value().starts_with(prefix) || !visit(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }
}

impl StateView for StateCache {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        self.read(key).map_err(unreadable)
    }

    fn scan(
        &self,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), SourceError> {
        self.visit(prefix, visit).map_err(unreadable)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody says when a database is closed; the wait ends in milliseconds"
)]
fn database(path: &Path) -> Result<Database, StoredError> {
    let create = || Database::builder().set_cache_size(PAGE_CACHE_BYTES).create(path);
    let deadline = Instant::now() + CLOSING;
    loop {
        match create() {
            Ok(database) => return Ok(database),
            // The last holder of an earlier life may be closing it right now, on another thread.
            Err(redb::DatabaseError::DatabaseAlreadyOpen) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(error @ redb::DatabaseError::DatabaseAlreadyOpen) => return Err(failed(&error)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "rebuilding an unusable cache of keyed state");
                std::fs::remove_file(path).map_err(|error| failed(&error))?;
                return create().map_err(|error| failed(&error));
            }
        }
    }
}

fn boxed(error: impl Into<redb::Error>) -> Box<redb::Error> {
    Box::new(error.into())
}

fn unreadable(error: Box<redb::Error>) -> SourceError {
    SourceError::operator("checkpoint.state_cache", "the cache of keyed state could not be read")
        .because(error)
}

fn failed(error: &dyn std::error::Error) -> StoredError {
    StoredError::new("checkpoint.state_cache", format!("the cache of keyed state failed: {error}"))
        .hint("check rights and free space of the state directory; the cache may be deleted to rebuild it")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

    fn task() -> Task {
        Task {
            deployment: "d".into(),
            pipeline: "p".into(),
            task: "0".into(),
            owner: uuid::Uuid::nil(),
            host: None,
        }
    }

    fn identity() -> CacheIdentity {
        CacheIdentity { cluster: "c".into(), topic: "d.acequia.state".into(), partition: 3 }
    }

    fn put(key: &str, value: &str) -> StateChange {
        StateChange { key: key.into(), value: Some(value.into()) }
    }

    fn keys(store: &StateStore, prefix: &str) -> Vec<String> {
        let mut keys = Vec::new();
        store
            .view()
            .scan(prefix, &mut |key, _| {
                keys.push(key.to_owned());
                true
            })
            .unwrap();
        keys
    }

    #[test]
    fn both_stores_show_the_same_after_the_same_changes() {
        let directory = tempfile::tempdir().unwrap();
        for state_dir in [None, Some(directory.path())] {
            let store = StateStore::open(state_dir, &task()).unwrap();
            assert_eq!(store.resume(&identity(), WEEK).unwrap(), None);
            assert_eq!(store.view().get("file/a").unwrap(), None);
            store.restore(&[put("file/a", "1"), put("file/b", "2")], &identity(), 7).unwrap();
            let remove = StateChange { key: "file/a".into(), value: None };
            store.committed(&[remove, put("file/c", "3"), put("other", "4")]).unwrap();
            assert_eq!(keys(&store, "file/"), ["file/b", "file/c"]);
            assert_eq!(store.view().get("file/c").unwrap().unwrap(), b"3");
        }
    }

    #[test]
    fn a_cache_of_the_same_partition_resumes_and_any_other_is_rebuilt() {
        let directory = tempfile::tempdir().unwrap();
        let open = || StateStore::open(Some(directory.path()), &task()).unwrap();
        let store = open();
        store.resume(&identity(), WEEK).unwrap();
        store.restore(&[put("a", "1")], &identity(), 42).unwrap();
        drop(store);

        let store = open();
        assert_eq!(store.resume(&identity(), WEEK).unwrap(), Some(42));
        assert_eq!(keys(&store, ""), ["a"]);
        let other = CacheIdentity { cluster: "c2".into(), ..identity() };
        assert_eq!(store.resume(&other, WEEK).unwrap(), None);
        assert!(keys(&store, "").is_empty());
    }

    #[test]
    fn a_cache_older_than_the_deletions_that_the_topic_keeps_is_rebuilt() {
        let directory = tempfile::tempdir().unwrap();
        let cache = StateCache::open(directory.path(), &task()).unwrap();
        cache.write(&[put("a", "1")], Some((&identity(), 42))).unwrap();
        let soon = SystemTime::now() + Duration::from_secs(3600);
        assert_eq!(cache.resume(&identity(), WEEK, soon).unwrap(), Some(42));
        let late = SystemTime::now() + WEEK / 2 + Duration::from_secs(60);
        assert_eq!(cache.resume(&identity(), WEEK, late).unwrap(), None);
        assert_eq!(cache.get("a").unwrap(), None);
    }

    #[test]
    fn an_unusable_cache_file_is_rebuilt() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(file_name(&task(), "redb")), b"not a database")
            .unwrap();
        let cache = StateCache::open(directory.path(), &task()).unwrap();
        assert_eq!(cache.resume(&identity(), WEEK, SystemTime::now()).unwrap(), None);
    }

    #[test]
    fn the_next_life_shares_the_cache_that_a_source_still_holds() {
        let directory = tempfile::tempdir().unwrap();
        let open = || StateStore::open(Some(directory.path()), &task()).unwrap();
        let old = open();
        old.resume(&identity(), WEEK).unwrap();
        old.restore(&[put("a", "1")], &identity(), 42).unwrap();
        let held = old.view();
        drop(old);
        let next = open();
        assert_eq!(next.resume(&identity(), WEEK).unwrap(), Some(42));
        next.committed(&[put("b", "2")]).unwrap();
        assert_eq!(held.get("b").unwrap().unwrap(), b"2");
        drop((held, next));
        assert_eq!(open().resume(&identity(), WEEK).unwrap(), Some(42));
    }
}
