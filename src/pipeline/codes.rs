//! What the codes of pipelines mean.

use acequia_api::CodeDoc;

/// Every code that a pipeline gives by itself.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "map.no_mapping",
        title: "no mapping takes the record",
        help: "The `when` of every mapping of the pipeline left it, so it is of a kind that nobody thought of. Write a mapping \
               for it, or widen a `when`, and replay the record; if such records are to be left out, say `unmapped: filter` \
               in the pipeline.",
    },
    CodeDoc {
        code: "map.several_mappings",
        title: "several mappings take the record",
        help: "The pipeline says `several: reject`, and the `when` of more than one of its mappings takes this record. The \
               detail names them: make their conditions exclude each other, then replay the record.",
    },
    CodeDoc {
        code: "map.panic",
        title: "the mapping broke down at a record",
        help: "This is our mistake, in one record: it is quarantined and its neighbours go on. `acequia quarantine show` \
               names its place; report it with the mapping.",
    },
    CodeDoc {
        code: "pipeline.breaker",
        title: "too many records were refused",
        help: "The share of rejects passed `breaker: rejects_above`, so the feed as a whole looks wrong and nothing more of \
               it is published. Look at the reasons with `acequia quarantine list`, correct the mapping or the feed, then \
               `acequia resume`.",
    },
    CodeDoc {
        code: "pipeline.compile",
        title: "a pipeline names what was not loaded",
        help: "This is our mistake: the check of the configuration should have found it. Report it with the output of \
               `acequia check`.",
    },
    CodeDoc {
        code: "pipeline.encodings",
        title: "two mappings read one column in different encodings",
        help: "A column leaves the source in one encoding. Use the same `encoding:` for it in all mappings of the pipeline, \
               or make two pipelines.",
    },
    CodeDoc {
        code: "pipeline.first_run",
        title: "a first run waits for a person",
        help: "Nothing was ever committed for this pipeline, and `initial: ask` says that it does not begin by itself. \
               `acequia position init PIPELINE --reason …` begins at the start of what the source still offers (files \
               that are known as done stay so), `position import` goes on from exported positions.",
    },
    CodeDoc {
        code: "pipeline.not_held",
        title: "the position of a pipeline that moves cannot be changed",
        help: "A position is changed only while nobody reads or publishes: `acequia pause PIPELINE`, wait until \
               `acequia status` calls it paused, change it, then `acequia resume PIPELINE`. A pipeline that was stopped by a \
               failure stands still already; one in standby belongs to another instance, which has to be asked.",
    },
    CodeDoc {
        code: "pipeline.schedule",
        title: "a schedule cannot be used",
        help: "This is our mistake: the check of the configuration should have refused the `schedule:`. Report it.",
    },
    CodeDoc {
        code: "pipeline.schema_id",
        title: "the id of a schema is not known",
        help: "This is our mistake: a pipeline that writes Avro began without what the registry told. Nothing was published \
               without it. Report it.",
    },
    CodeDoc {
        code: "pipeline.thread",
        title: "a publishing thread could not be started",
        help: "The system gave no thread, most often because a limit is reached (`ulimit -u`, `TasksMax` of systemd). It \
               is tried again.",
    },
    CodeDoc {
        code: "publish.refused",
        title: "Kafka refuses the event of a record",
        help: "The topic did not take it: it is larger than the topic's limit, or not what a validation on the broker wants. \
               The record was found by sending every record by itself; it is in quarantine and everything around it is \
               published. Raise `max.message.bytes` of the topic, or correct what the validation asks for, then replay \
               the record.",
    },
    CodeDoc {
        code: "publish.rotate",
        title: "the producer is replaced after a disturbed commit",
        help: "The commit succeeded, but a connection failed during it, and the client may remember that wrongly. The \
               pipeline starts again from its committed position; nothing is needed.",
    },
];
