//! What the codes of the contract itself mean.

use crate::CodeDoc;

/// Codes that any connector can give without naming them.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "api.blocking",
        title: "a reading thread broke off",
        help: "This is our mistake: the thread that reads the source ended without saying why. Nothing is lost. Keep the \
               log, report it, and resume the pipeline.",
    },
    CodeDoc {
        code: "api.thread",
        title: "a reading thread could not be started",
        help: "The system gave no thread, most often because a limit is reached (`ulimit -u`, `TasksMax` of systemd). It \
               is tried again.",
    },
    CodeDoc {
        code: "decode.record_too_large",
        title: "a record is too large",
        help: "It is longer than the format allows (`max_record_bytes`), or longer than anything that can be held (1 GiB). \
               The record is rejected and its neighbours are read. Often a quote or a terminator is missing before it.",
    },
    CodeDoc {
        code: "position.unreadable",
        title: "a stored position cannot be read",
        help: "It was written by a newer version of the connector or is damaged. The pipeline stops instead of guessing. \
               Run the newer version again, or set the position with `acequia position set`.",
    },
    CodeDoc {
        code: "position.unwritable",
        title: "a position could not be written",
        help: "This is our mistake: the connector made a position that has no stored form. Nothing is lost. Report it.",
    },
];
