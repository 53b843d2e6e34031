//! Where the data of events that are too large for their topic is kept: a directory of files named by their content.
//!
//! # The protocol
//!
//! ```text
//! write .<task>.<owner>.part ─► fsync ─► rename to <sha256>.json ─► … ─► fsync of the directory ─► commit
//! ```
//!
//! The event that refers to a file is sent in the same transaction that the files are written for, and the directory is
//! made durable before that commits: **no visible event refers to a file that is not there.** The other direction is not
//! kept. A transaction that is never committed leaves files that no event refers to. They are harmless, because the
//! name is the hash of the content: read again, the record makes the same file, and the next life finds it written
//! already. A file is written again rather than believed, which heals one that was damaged and renews its time of change.
//!
//! Nothing is ever deleted here. Whoever cleans up may delete files that have not changed for longer than the topics
//! keep their events; that takes those without an event as well.
//!
//! # Who may read it
//!
//! A file holds what the topic would have held, no more and no less: fields that the mapping encrypts or replaces
//! by a pseudonym are encrypted or replaced in it, too, and it is not sealed a second time, or consumers would need a key for large
//! events that small ones do not need. In its place the directory guards it. A directory that others may enter is
//! refused; one that is made here is the owner's alone; files can be read by the group exactly if the directory can,
//! so that a deployment shares its claims by `chmod 2750` and a group of its consumers.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::PublishError;
use crate::{checkpoint::Task, event::ClaimedData};

const OTHERS: u32 = 0o007;
const GROUP_READ: u32 = 0o040;
const OWNER: u32 = 0o600;

/// The claim store of one life of a task.
#[derive(Debug)]
pub(super) struct ClaimStore {
    directory: PathBuf,
    part: PathBuf,
    mode: u32,
    unsynced: bool,
}

impl ClaimStore {
    /// Opens the store, and makes its directory if there is none. Call it only after the task is fenced: it removes the
    /// unfinished files of earlier lives.
    ///
    /// # Errors
    /// `publish.claim_store`: it cannot be used, or others than owner and group may enter it.
    pub(super) fn open(directory: &Path, task: &Task) -> Result<Self, PublishError> {
        let mode = prepare(directory).map_err(|cause| failed("open", directory, cause))?;
        if mode & OTHERS != 0 {
            let message = format!("every user of this host may enter `{}`", directory.display());
            return Err(PublishError::operator("publish.claim_store", message).hint(
                "it will hold data of events: take the rights of others away, `chmod o= …`",
            ));
        }
        let id = task.transactional_id();
        let store = Self {
            part: directory.join(format!(".{id}.{}.part", task.owner)),
            directory: directory.to_owned(),
            mode: OWNER | (mode & GROUP_READ),
            unsynced: false,
        };
        store.sweep(&id).map_err(|cause| failed("clean", directory, cause))?;
        Ok(store)
    }

    /// Writes the data under the name that its event gives; the same data again is the same file.
    ///
    /// # Errors
    /// `publish.claim_store`. A file of that name is whole or not there.
    pub(super) fn keep(&mut self, data: &ClaimedData<'_>) -> Result<(), PublishError> {
        self.write(data).map_err(|cause| failed("write into", &self.directory, cause))
    }

    /// Makes the names of everything kept so far durable. To be called before the commit.
    ///
    /// # Errors
    /// `publish.claim_store`.
    pub(super) fn sync(&mut self) -> Result<(), PublishError> {
        if self.unsynced {
            File::open(&self.directory)
                .and_then(|directory| directory.sync_all())
                .map_err(|cause| failed("write into", &self.directory, cause))?;
            self.unsynced = false;
        }
        Ok(())
    }

    fn write(&mut self, data: &ClaimedData<'_>) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(OWNER).open(&self.part)?;
        file.write_all(data.bytes)?;
        // The umask has no say: what the group may do was decided by whoever made the directory.
        file.set_permissions(fs::Permissions::from_mode(self.mode))?;
        file.sync_all()?;
        fs::rename(&self.part, self.directory.join(data.reference()))?;
        self.unsynced = true;
        Ok(())
    }

    fn sweep(&self, id: &str) -> io::Result<()> {
        let prefix = format!(".{id}.");
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let ours = name.to_str().is_some_and(|name| {
                // The owner of the file has no dot in its name, the id of another task that begins like ours has.
                let owner = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".part"));
                owner.is_some_and(|owner| !owner.contains('.'))
            });
            if ours {
                remove(&self.directory, &name)?;
            }
        }
        Ok(())
    }
}

/// Makes sure that there is a directory whose name is durable, and gives its rights.
fn prepare(directory: &Path) -> io::Result<u32> {
    let absolute = std::path::absolute(directory)?;
    let parents = parents_of_missing(&absolute);
    DirBuilder::new().recursive(true).mode(0o700).create(&absolute)?;
    for parent in parents {
        File::open(parent)?.sync_all()?;
    }
    Ok(fs::metadata(directory)?.permissions().mode())
}

/// The directories that get a new entry when this one is made, the innermost first.
fn parents_of_missing(directory: &Path) -> Vec<&Path> {
    let missing = directory.ancestors().take_while(|ancestor| !ancestor.exists());
    missing.filter_map(Path::parent).collect()
}

fn remove(directory: &Path, name: &OsStr) -> io::Result<()> {
    match fs::remove_file(directory.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(verb: &str, directory: &Path, cause: io::Error) -> PublishError {
    let message = format!("could not {verb} the claim store `{}`", directory.display());
    PublishError::operator("publish.claim_store", message)
        .because(cause)
        .hint("check rights and free space of the directory in `on_too_large: claim_check`")
}

#[cfg(test)]
#[path = "claim_store/tests.rs"]
mod tests;
