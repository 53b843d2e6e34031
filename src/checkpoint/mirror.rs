//! What this host knows about its own last commit: a small file per task, so that a checkpoint topic that was
//! deleted, cleaned or restored is noticed instead of taken for a first run.
//!
//! It is written after every commit (temporary file, fsync, rename, fsync of the directory). A crash between
//! the commit and the rename leaves it one transaction behind, which is harmless: only a mirror that is *ahead*
//! of the topic, or on another line of history, stops the start.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{HeadRecord, StoredAt, StoredError, Task, stored};

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// 1.
    pub format: u64,
    /// The sequence number of the last commit.
    pub seq: u64,
    /// The process that made it.
    pub owner: uuid::Uuid,
    /// The cluster it was made in.
    pub cluster: String,
}

impl Mirror {
    /// The mirror of a head record.
    pub fn of(head: &HeadRecord) -> Self {
        Self {
            format: stored::STORED_FORMAT,
            seq: head.seq,
            owner: head.owner,
            cluster: head.cluster.clone(),
        }
    }
}

/// How the topic and this host are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// Nobody knows the task: it starts as its source says.
    FirstRun,
    /// The topic continues what this host knows.
    Fine,
    /// Another host ran in between, or this host lost its state directory.
    TakenOver,
    /// The topic knows less than this host: stop.
    Regression(RegressionReason),
}

/// Why the topic cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegressionReason {
    /// The mirror was written for another cluster.
    OtherCluster,
    /// The topic has no head record at all.
    Absent,
    /// The mirror has a larger sequence number.
    Behind,
    /// The same sequence number, written by another process.
    Diverged,
}

impl fmt::Display for RegressionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherCluster => "the state directory belongs to another Kafka cluster",
            Self::Absent => "the checkpoint topic holds nothing of this task",
            Self::Behind => "the checkpoint topic stands before the last commit of this host",
            Self::Diverged => "the checkpoint topic holds another history than this host",
        })
    }
}

/// Compares what this host knows with what the topic says. Pure.
pub fn compare(mirror: Option<&Mirror>, head: Option<&HeadRecord>, cluster: &str) -> Kinship {
    let (mirror, head) = match (mirror, head) {
        (None, None) => return Kinship::FirstRun,
        (None, Some(_)) => return Kinship::TakenOver,
        (Some(mirror), _) if mirror.cluster != cluster => {
            return Kinship::Regression(RegressionReason::OtherCluster);
        }
        (Some(_), None) => return Kinship::Regression(RegressionReason::Absent),
        (Some(mirror), Some(head)) => (mirror, head),
    };
    let same_owner = mirror.owner == head.owner;
    match mirror.seq.cmp(&head.seq) {
        std::cmp::Ordering::Greater => Kinship::Regression(RegressionReason::Behind),
        std::cmp::Ordering::Equal if same_owner => Kinship::Fine,
        std::cmp::Ordering::Equal => Kinship::Regression(RegressionReason::Diverged),
        std::cmp::Ordering::Less if same_owner => Kinship::Fine,
        std::cmp::Ordering::Less => Kinship::TakenOver,
    }
}

/// The file of one task.
#[derive(Debug, Clone)]
pub struct MirrorFile {
    path: PathBuf,
}

impl MirrorFile {
    /// The file of `task` below the state directory.
    pub fn new(state_dir: &Path, task: &Task) -> Self {
        Self { path: state_dir.join("mirror").join(file_name(task, "json")) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; `None` when there is none yet.
    ///
    /// # Errors
    /// `checkpoint.mirror` when it cannot be read, `checkpoint.newer_format` when a newer version wrote it. A
    /// damaged file is never taken for a missing one.
    pub fn load(&self) -> Result<Option<Mirror>, StoredError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let at =
            StoredAt { topic: self.path.display().to_string().into(), partition: 0, offset: 0 };
        stored::parse("mirror", &bytes, &at).map(Some).map_err(|mut error| {
            if error.code == "checkpoint.corrupt" {
                error.code = "checkpoint.mirror";
                error.message = format!("the mirror `{}` is damaged", self.path.display());
                error.hint = Some("move it away if you know why it is damaged");
            }
            error
        })
    }

    /// Replaces it durably.
    ///
    /// # Errors
    /// `checkpoint.mirror`. The old content is intact.
    pub fn store(&self, mirror: &Mirror) -> Result<(), StoredError> {
        self.write(&stored::to_bytes(mirror)).map_err(|error| self.failed("write", &error))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let next = self.path.with_extension("next");
        let mut file = fs::File::create(&next)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&next, &self.path)?;
        fs::File::open(directory)?.sync_all()
    }

    fn failed(&self, verb: &str, error: &io::Error) -> StoredError {
        StoredError::new(
            "checkpoint.mirror",
            format!("could not {verb} the mirror `{}`: {error}", self.path.display()),
        )
        .hint("check rights and free space of the state directory")
    }
}

/// A file name that no two tasks share: bytes outside `[A-Za-z0-9_-]` are written in hexadecimal.
pub(super) fn file_name(task: &Task, extension: &str) -> String {
    use fmt::Write as _;
    let mut name = String::new();
    for byte in task.transactional_id().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => name.push(byte as char),
            _ => {
                let _ = write!(name, "%{byte:02x}");
            }
        }
    }
    name.push('.');
    name.push_str(extension);
    name
}

#[cfg(test)]
#[path = "mirror/tests.rs"]
mod tests;
