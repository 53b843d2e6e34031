//! Notices of the operating system that a file has come, if it sends any.
//!
//! All directories of a process share one watcher: a watcher is a thread, and the operating system gives a user
//! few of them. Only what may make a file ready is a notice. Looking into a directory opens it, and claiming a file
//! moves it away; if these woke anybody, every look would cause the next one.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};

/// What one reader waits on.
pub(crate) struct Hint {
    pub(crate) receiver: mpsc::Receiver<()>,
    /// Never says anything: for waiting without being woken.
    pub(crate) silent: mpsc::Receiver<()>,
    /// Gives a hint.
    pub(crate) wake: mpsc::SyncSender<()>,
    _mute: mpsc::SyncSender<()>,
    _watch: Option<Watch>,
}

impl Hint {
    /// Hints about a directory. Where it cannot be watched there are none.
    pub(crate) fn watch(directory: &Path) -> Self {
        let (wake, receiver) = mpsc::sync_channel(1);
        let (mute, silent) = mpsc::sync_channel(1);
        let watch = Watch::begin(directory, wake.clone());
        Self { receiver, silent, wake, _mute: mute, _watch: watch }
    }
}

/// Whom to wake about a directory, each under a number of its own.
type Waiting = HashMap<PathBuf, Vec<(u64, mpsc::SyncSender<()>)>>;

/// The watcher of this process. It ends with the last who needs it.
struct Shared {
    /// Held while a directory is added or taken away; its thread takes `waiting` alone, so that neither waits for
    /// the other.
    watcher: Mutex<(RecommendedWatcher, u64)>,
    waiting: Arc<Mutex<Waiting>>,
}

/// One directory being watched for one reader.
struct Watch {
    shared: Arc<Shared>,
    directory: PathBuf,
    number: u64,
}

impl Shared {
    fn get() -> notify::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
        let mut shared = locked(&SHARED);
        if let Some(known) = shared.upgrade() {
            return Ok(known);
        }
        let waiting = Arc::new(Mutex::new(Waiting::new()));
        let told = Arc::clone(&waiting);
        let watcher = notify::recommended_watcher(move |event| tell(&locked(&told), event))?;
        let new = Arc::new(Self { watcher: Mutex::new((watcher, 0)), waiting });
        *shared = Arc::downgrade(&new);
        Ok(new)
    }
}

impl Watch {
    fn begin(directory: &Path, wake: mpsc::SyncSender<()>) -> Option<Self> {
        // One directory is watched once, whatever it is called.
        let directory = fs::canonicalize(directory).ok()?;
        let shared = Shared::get().ok()?;
        let mut watcher = locked(&shared.watcher);
        let (watcher, number) = &mut *watcher;
        *number += 1;
        let watch = Self { shared: Arc::clone(&shared), directory, number: *number };
        let first = {
            let mut waiting = locked(&shared.waiting);
            let others = waiting.entry(watch.directory.clone()).or_default();
            others.push((watch.number, wake));
            others.len() == 1
        };
        if first && watcher.watch(&watch.directory, RecursiveMode::NonRecursive).is_err() {
            watch.leave();
            return None;
        }
        Some(watch)
    }

    /// Whether nobody is left who waits for this directory.
    fn leave(&self) -> bool {
        let mut waiting = locked(&self.shared.waiting);
        let Some(others) = waiting.get_mut(&self.directory) else { return false };
        others.retain(|(number, _)| *number != self.number);
        let last = others.is_empty();
        if last {
            waiting.remove(&self.directory);
        }
        last
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watcher = locked(&self.shared.watcher);
        if self.leave() {
            // A directory that is gone is not watched any more.
            let _ = watcher.0.unwatch(&self.directory);
        }
    }
}

/// Wakes whom an event concerns; everybody, when notices were lost.
fn tell(waiting: &Waiting, event: notify::Result<Event>) {
    let wake = |all: &Vec<(u64, mpsc::SyncSender<()>)>| {
        for (_, wake) in all {
            // A full channel already says it.
            let _ = wake.try_send(());
        }
    };
    match event {
        Ok(event) if !event.need_rescan() => {
            if may_make_ready(event.kind) {
                let directories = event.paths.iter().filter_map(|path| path.parent());
                directories.filter_map(|directory| waiting.get(directory)).for_each(wake);
            }
        }
        _ => waiting.values().for_each(wake),
    }
}

/// Whether a file may be ready now that was not before: it came, it got this name, or its writer let go of it.
fn may_make_ready(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Modify(ModifyKind::Name(mode)) => mode != RenameMode::From,
        // Not every system says more than that something changed.
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(ModifyKind::Any) => true,
        _ => false,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Clock, SystemClock};

    const LONG: Duration = Duration::from_secs(60);

    /// A watched directory, unless this system cannot watch any.
    fn watched() -> Option<(tempfile::TempDir, Hint)> {
        let directory = tempfile::tempdir().unwrap();
        let hint = Hint::watch(directory.path());
        hint._watch.is_some().then_some((directory, hint))
    }

    #[test]
    fn a_notice_of_the_operating_system_shortens_the_wait() {
        let Some((directory, hint)) = watched() else { return };
        fs::write(directory.path().join("a.csv"), "x").unwrap();
        assert!(SystemClock.pause(&hint.receiver, LONG));
    }

    #[test]
    fn without_notices_waiting_takes_its_time_and_nothing_else() {
        let hint = Hint::watch(Path::new("/nowhere/at/all"));
        assert!(hint._watch.is_none());
        assert!(!SystemClock.pause(&hint.receiver, Duration::from_millis(1)));
    }

    /// Notices come in order, so that what other directories say afterwards shows that this one said nothing.
    #[test]
    fn looking_into_a_directory_and_taking_a_file_out_of_it_is_no_news() {
        let (Some((quiet, hint)), Some((before, began)), Some((after, ended))) =
            (watched(), watched(), watched())
        else {
            return;
        };
        fs::write(quiet.path().join("a.csv"), "x").unwrap();
        fs::write(before.path().join("b.csv"), "x").unwrap();
        assert!(SystemClock.pause(&began.receiver, LONG));
        while hint.receiver.try_recv().is_ok() {}
        assert_eq!(fs::read_dir(quiet.path()).unwrap().count(), 1);
        fs::remove_file(quiet.path().join("a.csv")).unwrap();
        fs::write(after.path().join("c.csv"), "x").unwrap();
        assert!(SystemClock.pause(&ended.receiver, LONG));
        assert!(hint.receiver.try_recv().is_err());
    }

    #[test]
    fn two_readers_of_one_directory_are_both_told_and_one_may_leave() {
        let Some((directory, first)) = watched() else { return };
        let second = Hint::watch(&directory.path().join("."));
        fs::write(directory.path().join("a.csv"), "x").unwrap();
        assert!(SystemClock.pause(&first.receiver, LONG));
        assert!(SystemClock.pause(&second.receiver, LONG));
        drop(first);
        while second.receiver.try_recv().is_ok() {}
        fs::write(directory.path().join("b.csv"), "x").unwrap();
        assert!(SystemClock.pause(&second.receiver, LONG));
    }
}
