//! The codes of this module, for `acequia explain`.

use acequia_api::CodeDoc;

/// The codes of this module, for `acequia explain`.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "publish.fenced",
        title: "another producer has the task's transactional id",
        help: "Either another instance of this deployment took over, or Kafka ended a transaction that took longer than a \
               minute. Acequia waits and reads whose claim is the newest: a foreign one makes this instance the \
               standby, its own one makes it start the task again.",
    },
    CodeDoc {
        code: "publish.denied",
        title: "a right on the Kafka cluster is missing",
        help: "The hint names the operation and the resource. `acequia topics plan` prints the commands that grant \
               every right this deployment needs. Nothing is retried until the pipeline is started again.",
    },
    CodeDoc {
        code: "publish.unauthenticated",
        title: "the cluster does not accept our name or credentials",
        help: "Check `kafka.security.sasl`: the mechanism that the listener offers, the user, and the file or \
               variable that the password comes from. For `oauthbearer` check that something renews the token file.",
    },
    CodeDoc {
        code: "publish.tls",
        title: "the TLS handshake with a broker fails",
        help: "Check `kafka.security.tls`: whether `ca` issued the brokers' certificates, whether these name the \
               host that is in `bootstrap`, and whether our own certificate is accepted and not expired.",
    },
    CodeDoc {
        code: "publish.unsupported",
        title: "the cluster does not offer what exactly-once needs",
        help: "Transactions with enough guarantees need Kafka 2.5 or newer, and `transaction.max.timeout.ms` of at \
               least 60,000 on the brokers. Some Kafka-compatible services have no transactions at all.",
    },
    CodeDoc {
        code: "publish.topic_missing",
        title: "a topic does not exist",
        help: "`acequia topics plan` shows what is missing, `acequia topics apply` creates it. If the topic existed \
               before, find out who deleted it: for the checkpoint topic see `checkpoint.regression`.",
    },
    CodeDoc {
        code: "publish.topic_unfit",
        title: "a topic is not as it must be",
        help: "The checkpoint and the state topic must be compacted only (with `delete`, Kafka would forget positions) \
               and have exactly the planned number of partitions. `acequia topics plan` shows every difference.",
    },
    CodeDoc {
        code: "publish.topic_refused",
        title: "the cluster refuses to create or change a topic",
        help: "Usually more copies are wanted than there are brokers, or a policy of the cluster forbids a setting. \
               Adapt `kafka.durability`, or let the cluster's owner run the script of `acequia topics plan`.",
    },
    CodeDoc {
        code: "publish.partitions_changed",
        title: "a topic got other partitions while it was written",
        help: "A key's partition depends on their number, so from now on events of a key would follow older ones in \
               another partition and lose their order. The pipeline stopped before that. Decide with the consumers; \
               a new topic and a backfill keep the order. Restarting the pipeline accepts the new number.",
    },
    CodeDoc {
        code: "publish.record_refused",
        title: "Kafka refuses a record for what it is",
        help: "Too large for the topic, or not what a schema validation on the broker wants. Nothing of its batch \
               is committed; the pipeline reads it again, sends every record by itself and puts the refused one into \
               quarantine as `publish.refused`. It stops here only when the refused record is one of Acequia's own, such as a \
               quarantined one, or when more than a hundred are refused. Raise `max.message.bytes` of the topic, or \
               correct what the schema asks for, then resume.",
    },
    CodeDoc {
        code: "publish.claim_store",
        title: "the claim store cannot be used",
        help: "With `on_too_large: claim_check` the data of large events is written to a directory before its event is \
               committed, and that failed, or the directory may be entered by everybody on the host. Nothing of the \
               batch is committed. Check its rights (`chmod o=`) and its free space, then `acequia resume`.",
    },
    CodeDoc {
        code: "publish.unreachable",
        title: "no broker answers in time",
        help: "The cluster is down, the network is, or fewer copies than `min.insync.replicas` are in step. Nothing is \
               lost: the source is read again from the last committed position once Kafka is back.",
    },
    CodeDoc {
        code: "publish.interrupted",
        title: "a transaction was interrupted",
        help: "Kafka answered with something that leaves open whether the transaction was committed. The task starts \
               again and reads from the checkpoint topic what is true. If it happens often, look at the brokers' logs.",
    },
    CodeDoc {
        code: "publish.presence",
        title: "it cannot be seen which instances are alive",
        help: "The instances of a deployment are members of the consumer group `<deployment>.acequia`, by which a standby \
               knows when it is its turn. The group's coordinator does not answer, or the right to read the group is \
               missing.",
    },
    CodeDoc {
        code: "publish.claim_lost",
        title: "the claim of a new life is not in the checkpoint topic",
        help: "Kafka confirmed the claim and does not show it. The task starts again with a new claim.",
    },
    CodeDoc {
        code: "publish.client",
        title: "no Kafka client can be made of the configuration",
        help: "The message names the librdkafka property. Check the `kafka` part of the deployment and the files \
               that it names.",
    },
    CodeDoc {
        code: "publish.cancelled",
        title: "the start of a task was stopped",
        help: "The daemon was asked to stop while the task waited for Kafka. Nothing was changed.",
    },
    CodeDoc {
        code: "publish.step_mismatch",
        title: "a batch does not continue where its split stands",
        help: "A fault of Acequia itself: publishing would have skipped or repeated records, so it stopped before \
               anything was sent. Please report it with the log.",
    },
    CodeDoc {
        code: "publish.no_transaction",
        title: "records were sent outside a transaction",
        help: "A fault of Acequia itself. Please report it with the log.",
    },
    CodeDoc {
        code: "publish.unknown_topic",
        title: "an event names a topic that the task does not have",
        help: "A fault of Acequia itself. Please report it with the log.",
    },
    CodeDoc {
        code: "publish.quarantine_key",
        title: "a rejected record could not be sealed",
        help: "The raw bytes of rejected records are sealed before they leave the process, and that failed. Check the \
               quarantine key.",
    },
    CodeDoc {
        code: "publish.quarantine_unreadable",
        title: "a record of the quarantine topic cannot be read",
        help: "It was written by a newer version or by another program.",
    },
    CodeDoc {
        code: "publish.dev_broker",
        title: "the development broker failed",
        help: "It is a stage set for demonstrations. Use a real cluster for anything else.",
    },
    CodeDoc {
        code: "config.kafka.option_fixed",
        title: "this librdkafka property cannot be changed",
        help: "Exactly-once or security rests on it, or it follows from another key; the message says which.",
    },
    CodeDoc {
        code: "config.kafka.option_unknown",
        title: "this librdkafka property is not among those that may be tuned",
        help: "`kafka.options` takes a fixed list of properties for tuning. If a needed one is missing, ask for it.",
    },
];
