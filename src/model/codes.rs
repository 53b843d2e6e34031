//! What the codes of model files mean.

use acequia_api::CodeDoc;

/// The codes of this module.
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "model.unknown_key",
        title: "a model file has a key that does not exist",
        help: "Unknown keys are never ignored, because most of them are misspelt. The message lists the known ones.",
    },
    CodeDoc {
        code: "model.missing_key",
        title: "a model file lacks a key",
        help: "A model needs `model`, `version` and `fields`; a field needs `type` or `fields`; a value type needs `fields`.",
    },
    CodeDoc {
        code: "model.wrong_shape",
        title: "a value of a model file has the wrong shape",
        help: "The message says what was expected: text, true or false, a number, a list or a block of keys.",
    },
    CodeDoc {
        code: "model.unknown_word",
        title: "a value of a model file is not one of the words allowed there",
        help: "The message lists the words.",
    },
    CodeDoc {
        code: "model.duplicate",
        title: "a model or value type is declared twice",
        help: "A model is known by its name and version, a value type by its name. Rename one, or raise the version.",
    },
    CodeDoc {
        code: "model.class_missing",
        title: "a field of a model has no privacy class",
        help: "A field without a class is not published. Classes, from open to closed: public, internal, personal, personal.contact, \
               personal.national_id, special, secret. Where it depends on the value, give a list; the mapping then decides.",
    },
    CodeDoc {
        code: "model.unknown_type",
        title: "a field has a type that does not exist",
        help: "Types are the scalar ones (text, code, bool, int, decimal, float, date, partial_date, time, timestamp, instant, uuid, bytes) and \
               the value types, built in or declared in a file with `types:` among the models.",
    },
    CodeDoc {
        code: "model.type_cycle",
        title: "a value type contains itself",
        help: "Events are finite. Refer to the other entity with type `ref` instead.",
    },
    CodeDoc {
        code: "model.unknown_subject",
        title: "the subject of a model is not one of its fields",
        help: "`subject` is the path of the field that tells whose data an event is, such as `holder.key`.",
    },
    CodeDoc {
        code: "model.bad_pattern",
        title: "a pattern of a model is not a regular expression",
        help: "Patterns have the syntax of Rust's `regex` crate: no look-around, no back references. They must match the whole text.",
    },
    CodeDoc {
        code: "model.bad_example",
        title: "the example of a field does not fit the field",
        help: "An example is written as in an event: `2021-02-03`, `1250.50`, one of the words of `one_of`, a text that matches \
               `pattern`. Objects have no example of their own; their fields have.",
    },
    CodeDoc {
        code: "model.released_unreadable",
        title: "a released model cannot be read",
        help: "Files in `mappings/models/released` are written by `acequia schema release NAME`, called `NAME-MAJOR.MINOR.json`, and never \
               changed by hand. Restore the file from your version control.",
    },
    CodeDoc {
        code: "model.breaking",
        title: "a model breaks a version that was released",
        help: "Consumers rely on what was released, and the topic still holds events of that shape. Removing, renaming or retyping a \
               field, making one required or optional, and changing its words or its pattern needs a new major version in a file of \
               its own, which has a topic of its own. Keep the old file until nobody reads the old topic.",
    },
    CodeDoc {
        code: "model.needs_minor",
        title: "a model has additions that its version does not tell",
        help: "A released version is immutable. Raise the minor version (`version: 1.1`); mappings go on referring to the major one. When it \
               goes into service, write it down with `acequia schema release NAME`.",
    },
    CodeDoc {
        code: "model.version_behind",
        title: "a model is older than its last release",
        help: "A later minor version was released. Bring its fields back, or remove the release if nobody ever had it.",
    },
    CodeDoc {
        code: "model.additive",
        title: "a model adds to its last release",
        help: "Nothing breaks: consumers ignore what they do not know. Write the new version down with `acequia schema release NAME` when it \
               goes into service.",
    },
];
