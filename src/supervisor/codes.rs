//! What the codes of the daemon mean.

use acequia_api::CodeDoc;

/// Every code that the daemon gives by itself.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "config.reload",
        title: "a changed configuration is not used",
        help: "It has mistakes, so the daemon goes on with the one it has. `acequia check` shows them at their lines; \
               correct them and reload again (`systemctl reload`, SIGHUP).",
    },
    CodeDoc {
        code: "pipeline.unknown",
        title: "a pipeline stopped without a reason",
        help: "This is our mistake. Its position is safe in Kafka. Keep the log, report it, and resume the pipeline.",
    },
    CodeDoc {
        code: "run.listen",
        title: "an address cannot be listened on",
        help: "Another program has it, often another daemon, or it is not ours to take. Choose another `http: listen` or \
               `admin: listen` in `acequia.yaml`.",
    },
    CodeDoc {
        code: "run.locked",
        title: "another process runs on the state directory",
        help: "One daemon, one state directory. Stop the other one, or give this one a `state:` of its own: a standby \
               shares the cluster, not the directory.",
    },
    CodeDoc {
        code: "run.signals",
        title: "signals cannot be received",
        help: "The system refused it, so the daemon could not be stopped gracefully and does not start. Look at the limits \
               of the process.",
    },
    CodeDoc {
        code: "run.state_directory",
        title: "the state directory cannot be used",
        help: "Create the directory that `state:` names and give it to the user that the daemon runs as.",
    },
];
