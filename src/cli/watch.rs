//! `--watch`: a verb again whenever a file of the deployment changes.
//!
//! What the system reports is only a reason to look: it names files that editors make in passing, says nothing of a
//! folder that was made anew, and comes in bursts. So after every burst the folders are watched afresh and the files
//! compared with what they were; only a difference makes the verb run again. The order (watch, look, run) leaves no
//! gap in which a change could go unseen.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use serde_json::json;

use super::{
    CliError, Exit, Global, Terminal,
    output::{complain, printable},
};

/// Folders of a deployment, from its root.
const FOLDERS: [&str; 6] =
    ["", "pipelines", "mappings", "mappings/codes", "mappings/models", "mappings/models/released"];

/// A burst of changes has ended when nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(80);

/// Runs `once`, and again after every change, until the process is interrupted, which ends it well.
///
/// # Errors
/// When nothing can be watched, or nobody reads the output any more.
pub(super) fn again(
    global: &Global,
    terminal: &mut Terminal,
    mut once: impl FnMut(&mut Terminal) -> Result<Exit, CliError>,
) -> Result<Exit, CliError> {
    end_when_interrupted()?;
    let mut watch = Watch::new(&global.config)?;
    watch.follow();
    let mut files = watch.files();
    loop {
        match once(terminal) {
            Ok(_) => {}
            Err(CliError::Closed) => return Err(CliError::Closed),
            // Whatever is wrong now may be right after the next change.
            Err(error) => complain(&error),
        }
        if !terminal.json {
            let note = terminal.faint("watching; Ctrl-C ends");
            terminal.line(note)?;
        }
        let changed = watch.changed(&mut files)?;
        terminal.clear()?;
        if terminal.json {
            terminal.line(json!({ "changed": changed }).to_string())?;
        } else {
            let names = changed.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ");
            let head = terminal.bold(&format!("changed: {names}"));
            terminal.line(head)?;
        }
    }
}

/// From now on, Ctrl-C ends the process with 0: it is how a watch ends.
#[expect(
    clippy::disallowed_methods,
    reason = "a verb may be deep in a source; it only reads, so there is nothing to put in order"
)]
fn end_when_interrupted() -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let interrupted = {
        let _inside = runtime.enter();
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?
    };
    std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        let mut interrupted = interrupted;
        runtime.block_on(interrupted.recv());
        std::process::exit(0);
    })?;
    Ok(())
}

/// What tells whether a file is still the same.
type Stamp = (u64, u64, i64, i64);

struct Watch {
    root: PathBuf,
    config: String,
    watcher: RecommendedWatcher,
    events: Receiver<()>,
}

impl Watch {
    fn new(config: &Path) -> Result<Self, CliError> {
        let config = std::path::absolute(config)?;
        // What happened does not matter, nor how often: one word that waits is enough.
        let (sender, events) = mpsc::sync_channel(1);
        let told = move |_| sender.try_send(()).unwrap_or_default();
        let watcher = notify::recommended_watcher(told)
            .map_err(|cause| CliError::system(format!("changes cannot be watched: {cause}")))?;
        let name = config.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let root = config.parent().map_or_else(PathBuf::new, Path::to_owned);
        Ok(Self { root, config: name, watcher, events })
    }

    /// Watches the folders that there are now: one that was removed and made again is another one.
    fn follow(&mut self) {
        for folder in FOLDERS {
            let path = self.root.join(folder);
            // A folder that is missing is looked for again when the one around it changes.
            let _ = self.watcher.unwatch(&path);
            let _ = self.watcher.watch(&path, RecursiveMode::NonRecursive);
        }
    }

    /// The files of the deployment that there are now.
    fn files(&self) -> BTreeMap<String, Stamp> {
        let mut files = BTreeMap::new();
        for folder in FOLDERS {
            for entry in std::fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten() {
                let Ok(name) = entry.file_name().into_string() else { continue };
                let counts = if folder.is_empty() {
                    name == self.config || name == "policies.yaml"
                } else {
                    let ending = name.rsplit('.').next().unwrap_or_default();
                    !name.starts_with(['.', '#']) && ["yaml", "csv", "json"].contains(&ending)
                };
                // Through a link, to what it leads to.
                let Ok(data) = std::fs::metadata(entry.path()) else { continue };
                if counts && data.is_file() {
                    let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                    let stamp = (data.ino(), data.len(), data.mtime(), data.mtime_nsec());
                    files.insert(name, stamp);
                }
            }
        }
        files
    }

    /// Waits until files have changed; gives their names.
    fn changed(&mut self, files: &mut BTreeMap<String, Stamp>) -> Result<Vec<String>, CliError> {
        loop {
            let ended = || CliError::system("changes are not reported any more");
            self.events.recv().map_err(|_| ended())?;
            loop {
                match self.events.recv_timeout(QUIET) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                }
            }
            self.follow();
            let now = self.files();
            let before = std::mem::replace(files, now);
            let names = before.keys().chain(files.keys());
            let mut changed: Vec<String> =
                names.filter(|name| before.get(*name) != files.get(*name)).cloned().collect();
            changed.sort();
            changed.dedup();
            if !changed.is_empty() {
                return Ok(changed);
            }
        }
    }
}
