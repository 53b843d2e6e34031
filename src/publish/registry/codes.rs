//! What the codes of the schema registry mean.

use acequia_api::CodeDoc;

/// The codes of this module.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "registry.unreachable",
        title: "the schema registry does not answer",
        help: "It is asked for the ids of the schemas when a pipeline with `encoding: avro` starts, and without them no event can be \
               written. Nothing is lost: the pipeline tries again after a growing wait. Pipelines that run already know their ids and go on.",
    },
    CodeDoc {
        code: "registry.denied",
        title: "a right on the schema registry is missing",
        help: "Check `kafka.registry.login`: user and password, or a token that has not expired. The deployment needs to read the \
               subjects of its topics and, with `register: true`, to write them. A schema that is there already needs no right to write.",
    },
    CodeDoc {
        code: "registry.tls",
        title: "the TLS handshake with the schema registry fails",
        help: "Check `kafka.registry.tls.ca`: whether it issued the registry's certificate, and whether that names the host in `url`. \
               Without `tls` the certificate authorities of the system are trusted.",
    },
    CodeDoc {
        code: "registry.answer",
        title: "what is at the address is no schema registry",
        help: "It answers, but not as Confluent's REST interface does. Mostly a part of the path is missing in `kafka.registry.url`: Apicurio \
               has the interface under `/apis/ccompat/v7`. A proxy that asks for a login gives such answers too.",
    },
    CodeDoc {
        code: "registry.schema_missing",
        title: "the schema registry does not have a schema",
        help: "With `register: false` schemas are only looked up, and this very schema is not among the versions of its subject. Let whoever owns the \
               registry add what `acequia schema avro MODEL` prints. `check --connect` says the same as a note where \
               the pipeline will add it by itself.",
    },
    CodeDoc {
        code: "registry.schema_refused",
        title: "the schema registry does not take a schema",
        help: "Not because of an earlier version: it is closed for writing, for another kind of schemas, or refuses the schema itself. The message has \
               its own words.",
    },
    CodeDoc {
        code: "registry.incompatible",
        title: "a schema does not follow on the one that is registered",
        help: "Every subject has a rule: BACKWARD wants a reader with the new schema to read older values, FORWARD readers with the old schema to \
               read new values, FULL both. The message says which field is in the way. Optional fields can be added under every rule; all \
               else (a required field, another type, a field that is gone) needs a new major version of the model, \
               with a topic and a subject of its own. The pipeline stopped before it wrote anything.",
    },
];
