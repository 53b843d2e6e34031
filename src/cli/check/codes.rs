//! What the codes of `acequia check --connect` mean.

use acequia_api::CodeDoc;

/// What only shows when a system is asked.
pub(crate) const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "check.development_broker",
        title: "the deployment publishes to its own development broker",
        help: "The broker starts with the daemon, keeps everything in memory and forgets it at the end. It is for trying \
               things out. For production name a cluster: `kafka: { bootstrap: \"host:9093\" }`.",
    },
    CodeDoc {
        code: "check.event_limit",
        title: "a pipeline may make events that its topic does not take",
        help: "An event larger than the topic's `max.message.bytes` goes to quarantine with its place. Lower \
               `publish: { max_event: … }` so that the configuration says what holds, or raise the topic's limit.",
    },
    CodeDoc {
        code: "check.not_exactly_once",
        title: "a source cannot be read again from a position",
        help: "Exactly once rests on reading the same records again after a crash. This source cannot give them again, so \
               a crash may lose or repeat some. Put a source before it that can: let it drop files, for instance.",
    },
    CodeDoc {
        code: "check.silent",
        title: "a system does not answer",
        help: "It is not running, or a firewall drops what is sent to it. Look from the daemon's own machine: with \
               `nc -vz HOST PORT` for Kafka, with `ls` for a directory on a file server. A cluster that answers and takes on no \
               transactions has fewer brokers than its `transaction.state.log.replication.factor`.",
    },
];
