//! What can be wrong with something stored.

use std::fmt;

use acequia_api::{CodeDoc, ErrorClass};

use super::StoredAt;

/// Something stored cannot be used. Never answered by a fall-back: a person decides.
#[derive(Debug)]
pub struct StoredError {
    /// `Operator`, but for what only a bug can write.
    pub class: ErrorClass,
    /// A stable code.
    pub code: &'static str,
    /// What and where, for people.
    pub message: String,
    /// What can be done.
    pub hint: Option<&'static str>,
}

impl StoredError {
    pub(super) fn new(code: &'static str, message: String) -> Self {
        Self { class: ErrorClass::Operator, code, message, hint: None }
    }

    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(super) fn corrupt(what: &str, at: &StoredAt) -> Self {
        Self::new("checkpoint.corrupt", format!("the {what} at {at} cannot be read"))
            .hint("another program may write to this topic; look at the record, then decide with `acequia position`")
    }

    pub(super) fn newer(what: &str, format: u64, at: &StoredAt) -> Self {
        Self::new(
            "checkpoint.newer_format",
            format!("the {what} at {at} has format {format}, this version reads up to 1"),
        )
        .hint("a newer acequia wrote it; run that version or a later one")
    }
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoredError {}

/// The codes of this module.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "checkpoint.corrupt",
        title: "a stored record cannot be read",
        help: "A record of the checkpoint or state topic is not what Acequia writes. Nothing is skipped and nothing \
               starts again by itself. Find out who else writes to the topic (its ACLs should allow nobody), look \
               at the record at the named partition and offset, then decide with `acequia position`.",
    },
    CodeDoc {
        code: "checkpoint.newer_format",
        title: "a stored record was written by a newer version",
        help: "The deployment was run with a newer Acequia that stores another format. This version refuses to \
               guess. Run that version or a later one.",
    },
    CodeDoc {
        code: "checkpoint.sealed",
        title: "a stored record is sealed and cannot be opened",
        help: "Positions and keyed state are sealed when the deployment has a state key. The key that sealed this \
               record is not configured, or it is another one. Configure the state key with which the deployment \
               ran before.",
    },
    CodeDoc {
        code: "checkpoint.sequence",
        title: "the sequence numbers of a task go backwards",
        help: "Every transaction of a task counts one up. A smaller number after a larger one means that two \
               programs write for the same task without fencing each other, or that the topic was copied together \
               from two clusters. Find the second writer before going on.",
    },
    CodeDoc {
        code: "checkpoint.regression",
        title: "the checkpoint topic knows less than this host",
        help: "This host committed a transaction that the checkpoint topic no longer shows: the topic was deleted, \
               cleaned, restored from an older copy, or this is another cluster. Starting anyway would publish \
               everything again. Bring the topic back, or decide with `acequia position init` and a reason.",
    },
    CodeDoc {
        code: "checkpoint.mirror",
        title: "the local mirror of the checkpoint cannot be read or written",
        help: "The state directory holds a small file per task with the last committed sequence number, which \
               detects a lost checkpoint topic. Check the rights and the free space of the state directory. A \
               corrupt file is not overwritten; move it away if you know why it is damaged.",
    },
    CodeDoc {
        code: "checkpoint.state_cache",
        title: "the local cache of keyed state failed",
        help: "The cache below the state directory can be rebuilt from the state topic. Check the rights and the \
               free space of the directory; delete the file to rebuild it.",
    },
];
