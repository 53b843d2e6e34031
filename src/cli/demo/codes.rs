//! What the codes of the demonstration mean.

use acequia_api::CodeDoc;

/// Every code that the demonstration gives by itself.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "demo.deployment",
        title: "the deployment of the demonstration has mistakes",
        help: "This is our mistake: it comes with the program. Report it with what was printed.",
    },
    CodeDoc {
        code: "demo.directory",
        title: "the demonstration has nowhere to write",
        help: "It puts its feeds into a directory of its own below the temporary directory. Look at its rights and its \
               space, or set `TMPDIR` to another.",
    },
    CodeDoc {
        code: "demo.output",
        title: "nothing can be printed",
        help: "The terminal or the pipe that the demonstration prints to was closed.",
    },
    CodeDoc {
        code: "demo.reader",
        title: "the consumer of the demonstration broke down",
        help: "This is our mistake. Report it with what was printed.",
    },
    CodeDoc {
        code: "demo.stopped",
        title: "a pipeline of the demonstration stopped",
        help: "This is our mistake: its feeds come with the program. Report it with what was printed.",
    },
];
