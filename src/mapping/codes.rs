//! What the codes of mappings mean.

use acequia_api::CodeDoc;

const fn doc(code: &'static str, title: &'static str, help: &'static str) -> CodeDoc {
    CodeDoc { code, title, help }
}

/// The codes of this module: mistakes in mappings, tables and policies, and what rejects a record in the map stage. Those of
/// decoding, expressions and models stand in their modules.
pub const CODES: &[CodeDoc] = &[
    doc(
        "mapping.unknown_key",
        "a mapping file has a key that does not exist",
        "Unknown keys are never ignored, because most of them are misspelt. The message lists the keys known at this place.",
    ),
    doc(
        "mapping.missing_key",
        "a mapping file lacks a key",
        "A mapping needs `mapping`, `to`, `from`, `key` and `fields`; other blocks have keys of their own that they cannot do without.",
    ),
    doc(
        "mapping.wrong_shape",
        "a value has the wrong shape",
        "The message says what was expected: text, true or false, a number, a list or a block of keys. Text that looks like something else needs quotes.",
    ),
    doc(
        "mapping.unknown_word",
        "a value is not one of the words allowed there",
        "The message lists the words.",
    ),
    doc(
        "mapping.not_yet",
        "a part of the language that this version does not have",
        "It is described in the reference and comes with a later version. The message says what to do meanwhile, where there is something.",
    ),
    doc(
        "mapping.split_incomplete",
        "a text is taken apart, and what is not understood is not published",
        "A warning. `split` never drops a word, but the words that are no part come out as `rest`: publish that part too, or the whole text in a field of its own.",
    ),
    doc(
        "mapping.too_large",
        "a mapping has too many names",
        "A mapping may use some sixty thousand source fields and `let`s together. Split it.",
    ),
    doc(
        "mapping.duplicate",
        "two mapping files have the same name",
        "Pipelines refer to mappings by name. Rename one.",
    ),
    doc(
        "mapping.unknown_model",
        "the model of `to` does not exist",
        "`to` names a model and its major version, such as `permit/1`. Models are the YAML files in `mappings/models`.",
    ),
    doc(
        "mapping.unknown_source",
        "a name is neither a source field nor a `let`",
        "Every name is declared in `from` or `let`. Names are matched exactly: case, accents and blanks count.",
    ),
    doc(
        "mapping.unknown_type",
        "a source field has a type that does not exist",
        "Types are text, bool, int, decimal(p,s), float, date, time, timestamp, timestamptz, uuid and bytes.",
    ),
    doc(
        "mapping.unknown_field",
        "the model has no such field",
        "Output fields are those of the model in `to`, or of the value type inside an object. A new field is an addition to the model.",
    ),
    doc(
        "mapping.ambiguous_name",
        "a column of a list has the name of a field of the record",
        "Give the element a name (`each: { in: LIST, as: line }`) and write `line.COLUMN`.",
    ),
    doc(
        "mapping.unused_source",
        "a source field is declared and never used",
        "It is not even read. Remove it, or use it.",
    ),
    doc(
        "mapping.bad_path",
        "a path cannot be read",
        "A path goes down from the record: `cfdi:Emisor/@Rfc`. There are no conditions, positions, parents or searches in it; what \
         may stand there several times is a `list`.",
    ),
    doc(
        "mapping.unknown_prefix",
        "a path has a prefix that `namespaces` does not declare",
        "Names are compared by the address of their namespace, whatever prefix the document uses. Declare it: \
         `namespaces: { cfdi: \"http://www.sat.gob.mx/cfd/4\" }`.",
    ),
    doc("mapping.unused_let", "a `let` is never used", "Remove it, or use it."),
    doc(
        "mapping.let_cycle",
        "a `let` depends on itself",
        "Each `let` may use those that do not need it. The note names the others of the circle.",
    ),
    doc(
        "mapping.let_case",
        "a `let` differs from a source field only in case",
        "Names are matched exactly, so both would exist, and one slip of the pen would read the wrong one.",
    ),
    doc(
        "mapping.let_shadows",
        "a `let` has the name of a source field",
        "Give it a name of its own.",
    ),
    doc(
        "mapping.required_missing",
        "a field that the model requires is not mapped",
        "Map it. If the source does not have it, `const`, `lookup` or another model may be what is meant.",
    ),
    doc(
        "mapping.required_weakened",
        "a mapping makes a required field optional",
        "What the model requires stays required.",
    ),
    doc(
        "mapping.two_producers",
        "a field has two producers",
        "A field says once where its value comes from: one of from, const, expr, template, object, list, each, lookup.",
    ),
    doc(
        "mapping.no_producer",
        "a field has no producer",
        "Say where its value comes from: one of from, const, expr, template, object, list, each, lookup.",
    ),
    doc(
        "mapping.type_clash",
        "a value does not fit the type of its field",
        "Nothing is converted on the way out. Text becomes a date, a number or a truth value in `from`, where it is said how it is written.",
    ),
    doc(
        "mapping.bad_literal",
        "a value written in the mapping does not fit",
        "The message says which type is needed here.",
    ),
    doc(
        "mapping.bad_default",
        "a default does not fit the field",
        "A default has the type of the value that it stands in for, and is one of the words that the model allows.",
    ),
    doc(
        "mapping.bad_template",
        "a template has a brace that encloses no name",
        "Write `{NAME}` for a value. There are no other braces in a template.",
    ),
    doc(
        "mapping.list_without_each",
        "a list is used as if it were one value",
        "Walk over it: `each: { in: LIST, fields: { … } }`, in a field that holds many.",
    ),
    doc(
        "mapping.each_no_list",
        "`each` walks over something that is no list",
        "Declare it in `from` with its columns: `LINES: { list: { CONCEPT: text } }`.",
    ),
    doc(
        "mapping.useless_key",
        "a key has no effect at this place",
        "Constants, objects and lists have no verbs, checks or protection of their own; `unmapped` needs `codes`, `on_fail` needs a check.",
    ),
    doc(
        "mapping.verb_type",
        "a verb, check or protection does not work on this type",
        "Verbs and most checks work on text, `min` and `max` on numbers and dates, `generalize` on dates, `codes` on text and whole numbers.",
    ),
    doc(
        "mapping.unknown_codes",
        "a code or reference table does not exist",
        "Tables are the CSV files in `mappings/codes`, named without `.csv`.",
    ),
    doc(
        "mapping.no_code_table",
        "a table has no columns `source` and `code`",
        "`codes` needs both. For a table with other columns use `lookup`.",
    ),
    doc(
        "mapping.code_not_allowed",
        "a code table gives a word that the model does not allow",
        "Correct the table, or use another one. The note names the line.",
    ),
    doc(
        "mapping.const_not_allowed",
        "a constant is a word that the model does not allow",
        "The note lists the words of the model.",
    ),
    doc(
        "mapping.unknown_column",
        "a reference table has no such column",
        "The first line of the CSV file names its columns.",
    ),
    doc(
        "mapping.lookup_ambiguous",
        "two rows of a reference table match the same values",
        "A lookup finds one row. Match more columns, or remove a row.",
    ),
    doc(
        "mapping.bad_pattern",
        "a pattern is not a regular expression",
        "Patterns have the syntax of Rust's `regex` crate: no look-around, no back references. They must match the whole text.",
    ),
    doc(
        "mapping.bad_range",
        "the bounds of a check exclude everything",
        "`max` must not lie below `min`.",
    ),
    doc("mapping.unknown_check", "a check does not exist", "The note lists the checks."),
    doc(
        "mapping.key_unknown",
        "the key is no output field",
        "`key` is the path of a field under `fields`, such as `permitNumber` or `holder.key`, outside of lists.",
    ),
    doc(
        "mapping.key_type",
        "the key is not one published value",
        "Choose a field that holds a single value and is not dropped.",
    ),
    doc(
        "mapping.key_constant",
        "the key is the same for every record",
        "All events would be one entity for the consumer, and compaction would keep the last only.",
    ),
    doc(
        "mapping.key_in_clear",
        "the key would carry personal data in clear",
        "Keys stay in topics, logs and tools after the value is gone. Protect the field with a pseudonym, or choose another key.",
    ),
    doc(
        "mapping.delete_key",
        "the key cannot be computed for a delete",
        "A delete brings what the source still knows: with change tracking the primary key only. The key of the mapping must be made of that.",
    ),
    doc(
        "mapping.class_lowered",
        "a mapping lowers the class of a field",
        "A mapping may make a field more closed than the model, never more open.",
    ),
    doc(
        "mapping.class_undecided",
        "the class of a field depends on its value",
        "The model lists the possible classes; the mapping says which: `class: internal`, or `class: { when: CONDITION, then: …, else: … }`.",
    ),
    doc(
        "mapping.class_of_source",
        "a field is more open than the column that it is made of",
        "The class of a column is what `from` gives it, or what the fields show that are made of it alone; it flows through `let`, `expr`, `template`, `codes` and the match of a `lookup`, conditions of `CASE` included. Raise the class of the field, protect it, or, if the column alone tells nothing about a person, say so in `from`: `class: internal`. If a reference table tells nothing about a person, say so in the lookup: `class: internal`.",
    ),
    doc(
        "mapping.case_without_else",
        "a `CASE` says nothing about codes that it does not know",
        "A new code of the source would become no value at all, and nobody would see it. Make the field `required: true`, so that such a record goes to quarantine; or write an `ELSE`, if need be `ELSE NULL`.",
    ),
    doc(
        "mapping.class_of_condition",
        "`when` chooses by something special or secret",
        "A stream of events that were chosen by health, belief or the like tells it of everybody in it, whatever the fields say. Say it openly: give a field of the event that class, so that the policy of the topic decides; or choose by something else.",
    ),
    doc(
        "mapping.national_id_in_clear",
        "a field would carry a national identifier in clear",
        "Its check says that it is one, its class says that it is not. Protect it, or raise its class to personal.national_id.",
    ),
    doc(
        "mapping.domain_not_allowed",
        "the policy of the topic does not name the domain of a pseudonym",
        "Topics with pseudonyms of one domain can be joined by person. A policy with `domains` says which ones this purpose may be joined with; the note quotes it.",
    ),
    doc(
        "mapping.class_not_allowed",
        "the policy of the topic does not allow the class of a field",
        "The note quotes the clause. Protect the field (a pseudonym is personal, no national id), drop it, or change the policy.",
    ),
    doc(
        "mapping.policy_missing",
        "a topic with personal data has no policy",
        "Once a deployment has policies, each topic with personal data needs one: purpose, legal basis, classes.",
    ),
    doc(
        "mapping.unknown_protection_key",
        "the deployment has no such pseudonym domain or key",
        "Keys are declared in the configuration. Without its key a value cannot be protected, so nothing starts.",
    ),
    doc(
        "mapping.test_unknown_source",
        "a test gives a field that `from` does not have",
        "`given` holds the fields of `from`, with their text as the source has it.",
    ),
    doc(
        "mapping.test_unknown_field",
        "a test expects a field that the model does not have",
        "`expect`, `exactly` and `events` hold fields of the model.",
    ),
    doc(
        "mapping.test_unknown_code",
        "a test expects a code that no mapping gives",
        "The codes of rejects begin with `decode.` or `map.`.",
    ),
    doc(
        "mapping.test_expects_nothing",
        "a test expects nothing",
        "Say what comes out: expect, exactly, events, key, op, filtered, rejects or quality; or let `acequia test --update` \
         write it. Until then the test fails.",
    ),
    doc("codes.empty", "a table is empty", "The first line of a table names its columns."),
    doc(
        "codes.ragged",
        "a line of a table has more or fewer fields than the header",
        "Quote a text that holds a comma.",
    ),
    doc(
        "codes.quote",
        "a quoted field of a table does not end",
        "A quote inside a quoted field is written twice, and nothing but a comma follows the closing one.",
    ),
    doc(
        "codes.duplicate",
        "a code stands twice in a table",
        "A code has one meaning. Remove one of the lines.",
    ),
    doc(
        "policy.unknown_key",
        "the policies have a key that does not exist",
        "The message lists the known ones.",
    ),
    doc(
        "policy.missing_key",
        "a policy lacks a key",
        "A policy needs `purpose`, `legal_basis` and `classes`.",
    ),
    doc(
        "policy.wrong_shape",
        "a value in the policies has the wrong shape",
        "The message says what was expected.",
    ),
    doc(
        "policy.unknown_word",
        "a class in the policies does not exist",
        "The message lists the classes.",
    ),
    doc(
        "map.bind.missing_column",
        "the source lacks a column that the mapping uses",
        "Names are matched exactly. If the source has lost the column, the mapping must change.",
    ),
    doc(
        "map.bind.type",
        "a column of the source has a type that the mapping cannot read",
        "The source changed, or `from` declares the wrong type.",
    ),
    doc(
        "map.required_missing",
        "a required field has no value",
        "The source has no value where the model needs one: null, one of `null_if`, or a code that became null.",
    ),
    doc(
        "map.key_missing",
        "the key has no value",
        "Without a key there is no entity. A text of no characters is no key either.",
    ),
    doc(
        "map.unmapped_code",
        "a code is not in its table",
        "Add it to the table, or say `unmapped: keep`, `null` or `{ const: … }`.",
    ),
    doc(
        "map.lookup_missed",
        "a reference table has no matching row",
        "Add the row, or say `on_miss: null` or `{ const: … }`.",
    ),
    doc(
        "map.pattern",
        "a text does not match its pattern",
        "The pattern is that of the mapping or of the model, and must match as a whole.",
    ),
    doc("map.min", "a value lies below the least allowed", "See `min` of the field."),
    doc("map.max", "a value lies above the most allowed", "See `max` of the field."),
    doc(
        "map.length",
        "a text is too short or too long",
        "See `length` of the field; it counts characters.",
    ),
    doc(
        "map.one_of",
        "a word is not one of those allowed",
        "The words are those of the mapping or of the model.",
    ),
    doc("map.check", "an identifier fails its check", super::identifiers::HELP),
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn every_code_is_explained_once_and_no_other() {
        let mut used: Vec<String> = Vec::new();
        for text in SOURCES {
            for piece in text.split('"') {
                let (head, rest) = piece.split_once('.').unwrap_or_default();
                let plain =
                    rest.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte));
                if ["mapping", "map", "codes", "policy"].contains(&head)
                    && plain
                    && !rest.is_empty()
                {
                    used.push(piece.to_owned());
                }
            }
        }
        used.sort();
        used.dedup();
        let mut explained: Vec<_> = CODES.iter().map(|doc| doc.code.to_owned()).collect();
        explained.sort();
        assert_eq!(used, explained);
    }

    const SOURCES: [&str; 23] = [
        include_str!("apply.rs"),
        include_str!("bind.rs"),
        include_str!("check/cases.rs"),
        include_str!("check/compile.rs"),
        include_str!("check/field.rs"),
        include_str!("check/fit.rs"),
        include_str!("check/key.rs"),
        include_str!("check/lets.rs"),
        include_str!("check/lookup.rs"),
        include_str!("check/mod.rs"),
        include_str!("check/path.rs"),
        include_str!("check/privacy.rs"),
        include_str!("check/source.rs"),
        include_str!("check/split.rs"),
        include_str!("check/steps.rs"),
        include_str!("check/taint.rs"),
        include_str!("file/cases.rs"),
        include_str!("file/field.rs"),
        include_str!("file/mod.rs"),
        include_str!("mod.rs"),
        include_str!("policy.rs"),
        include_str!("tables.rs"),
        include_str!("write.rs"),
    ];
}
