//! What the codes of the control socket mean.

use acequia_api::CodeDoc;

/// Every code that the daemon answers by itself.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "admin.busy",
        title: "the daemon cannot reload now",
        help: "A reload is under way, or the daemon is stopping. Ask again in a moment; `acequia status` shows what it does.",
    },
    CodeDoc {
        code: "admin.unknown_pipeline",
        title: "there is no such pipeline",
        help: "`acequia status` lists the pipelines that the daemon runs. One that was added since needs a reload first.",
    },
];
