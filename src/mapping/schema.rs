//! The JSON Schema of mapping files, for completion in editors.
//!
//! It knows the keys and words that [`file`](super::file) and [`check`](super::check) know, and not what they mean:
//! whether a name exists and a type fits is said by `acequia check`. Whatever a mapping may hold, it allows; a test
//! holds it against the key lists of the parser.

use serde_json::{Map, Value as Json, json};

use super::{
    decode::{Gap, Language, Overlap, Sign, Trim},
    file::DatePart,
    identifiers::Identifier,
    split::Splitter,
    verbs::TaxNumber,
};
use crate::model::Class;

/// The schema of a file in `mappings/`.
pub fn json_schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a file in mappings/",
        "description": "What the records of a source become.",
        "type": "object",
        "additionalProperties": false,
        "required": ["mapping", "to", "from", "key", "fields"],
        "properties": {
            "mapping": { "type": "string", "description": "The name of the mapping." },
            "title": { "type": "string", "description": "What it is, for people." },
            "to": { "type": "string", "pattern": "^[^/]+/[0-9]+$", "description": "The model, with its version: `permit/1`." },
            "when": expression("Which records it takes; NULL counts as not taken."),
            "delete_when": expression("Which of them say that the thing is gone."),
            "namespaces": { "type": "object", "description": "For structured sources: what the prefixes of paths stand for." },
            "from": {
                "type": "object",
                "description": "The columns of the source, with their types and what their text looks like.",
                "additionalProperties": { "$ref": "#/$defs/Column" },
            },
            "let": {
                "type": "object",
                "description": "Values with a name, each computed once per record.",
                "additionalProperties": { "anyOf": [
                    expression("How it is computed."),
                    block("Out of a reference table.", &["lookup"], json!({ "lookup": lookup() })),
                ] },
            },
            "each": block("One event per element of a list.", &["in"], json!({
                "in": { "type": "string", "description": "The list." },
                "as": { "type": "string", "description": "What an element is called." },
            })),
            "key": { "type": "string", "description": "The Kafka key: a field of the event, never a national id in clear." },
            "fields": { "$ref": "#/$defs/Fields" },
            "tests": { "type": "array", "description": "Cases that `acequia test` runs.", "items": { "$ref": "#/$defs/Case" } },
        },
        "$defs": {
            "Column": { "anyOf": [ty(), column()] },
            "Fields": {
                "type": "object",
                "description": "The fields of the event, in this order.",
                "additionalProperties": { "$ref": "#/$defs/Field" },
            },
            "Field": { "anyOf": [
                { "type": "string", "description": "A column of the source or a `let`." },
                field(),
            ] },
            "Case": case(),
            "Flags": { "type": "array", "items": block("A code and the field it is about.", &[], json!({
                "code": { "type": "string" },
                "field": { "type": "string" },
            })) },
        },
    })
}

fn block(description: &str, required: &[&str], properties: Json) -> Json {
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn expression(description: &str) -> Json {
    json!({ "type": ["string", "number", "boolean"], "description": format!("{description} An SQL expression.") })
}

fn ty() -> Json {
    json!({
        "type": "string",
        "description": "Its type.",
        "anyOf": [
            { "enum": ["text", "bool", "int", "float", "date", "time", "timestamp", "timestamptz", "uuid", "bytes"] },
            { "pattern": r"^decimal\([0-9]+ *, *[0-9]+\)$" },
        ],
    })
}

fn column() -> Json {
    let texts = |description: &str| {
        let word = json!({ "type": ["string", "number", "boolean"] });
        json!({ "description": description, "anyOf": [word.clone(), { "type": "array", "items": word }] })
    };
    let words =
        |description: &str, words: &[&str]| json!({ "description": description, "enum": words });
    let text = |description: &str| json!({ "type": "string", "description": description });
    let mut properties = json!({
        "null_if": texts("Texts that mean that there is no value."),
        "sentinel": texts("Texts that mean that there is no value, and mark the event's `quality`."),
        "true_if": texts("Texts that mean true."),
        "false_if": texts("Texts that mean false."),
        "format": text("How a date or time is written: `DD/MM/YYYY`, `excel1900`, `unix`; for bytes `hex` or `base64`."),
        "language": words("In which language the names of months are written.", Language::WORDS),
        "zone": { "description": "The time zone in which it was written.", "anyOf": [
            text("Its name: `Europe/Madrid`."),
            block("Another column of the record tells it.", &["lookup"], json!({ "lookup": lookup() })),
        ] },
        "encoding": text("The encoding of this column, where it is another than that of the source."),
        "trim": words("Which blanks around the text are no part of it.", Trim::WORDS),
        "overlap": words("Which instant a local time means that happened twice.", Overlap::WORDS),
        "gap": words("What a local time means that never happened.", Gap::WORDS),
        "sign": words("Where the sign stands.", Sign::WORDS),
        "decimal": text("The character between whole and fraction: `,`."),
        "group": text("The character between groups of three digits: `.`."),
        "implied_decimals": { "type": "integer", "minimum": 0, "description": "How many digits stand after a point that is not written." },
        "century": block("Which century a year of two digits is of.", &["pivot"], json!({
            "pivot": { "type": "integer", "minimum": 0, "maximum": 100, "description": "Years below it are of the 2000s." },
        })),
        "class": words("How closed it is, where the fields that it becomes do not show it: whatever is computed from it is at least so closed.", &Class::ALL.map(Class::name)),
        "list": {
            "type": "object",
            "description": "The columns of its elements.",
            "additionalProperties": { "$ref": "#/$defs/Column" },
        },
        "path": text("For structured sources: the way down to it, `cfdi:Emisor/@Rfc`."),
    });
    properties["type"] = ty();
    json!({ "type": "object", "description": "A column of the source.", "additionalProperties": false, "properties": properties })
}

fn field() -> Json {
    let mut properties = Map::new();
    for part in [producers(), verbs(), checks(), others()] {
        if let Json::Object(part) = part {
            properties.extend(part);
        }
    }
    json!({
        "type": "object",
        "description": "A field of the event: one producer, then what is done to its value.",
        "additionalProperties": false,
        "properties": properties,
        "oneOf": super::file::PRODUCERS.map(|name| json!({ "required": [name] })),
    })
}

fn producers() -> Json {
    let body = json!({ "$ref": "#/$defs/Fields" });
    json!({
        "from": { "type": "string", "description": "A column of the source or a `let`." },
        "const": { "description": "Always this." },
        "expr": expression("How it is computed."),
        "template": { "type": "string", "description": "Text with columns in it: `{SERIE}-{NUM}`." },
        "object": body,
        "list": { "type": "array", "description": "A list; what has no value is left out.", "items": { "$ref": "#/$defs/Field" } },
        "each": block("One element for each element of a list of the source.", &["in"], json!({
            "in": { "type": "string", "description": "The list." },
            "as": { "type": "string", "description": "What an element is called." },
            "fields": body,
            "value": { "$ref": "#/$defs/Field" },
        })),
        "lookup": lookup(),
    })
}

fn lookup() -> Json {
    block(
        "A value out of a reference table.",
        &["table", "match", "take"],
        json!({
            "table": { "type": "string", "description": "A file in `mappings/codes/`." },
            "match": { "type": "object", "description": "Column of the table: column of the source.", "additionalProperties": { "type": "string" } },
            "take": { "type": "string", "description": "The column that is taken." },
            "on_miss": miss("What happens when nothing matches.", &["reject", "null"]),
            "class": { "description": "How personal it is what the table says, whatever it is found by; without it, as personal as that.", "enum": Class::ALL.map(Class::name) },
        }),
    )
}

fn miss(description: &str, words: &[&str]) -> Json {
    json!({ "description": description, "anyOf": [
        { "enum": words },
        { "type": "null" },
        block("Take this instead.", &["const"], json!({ "const": {} })),
    ] })
}

fn verbs() -> Json {
    let count = |least: u8| json!({ "type": "integer", "minimum": least });
    let splitters: Vec<&str> = Splitter::WORDS.iter().map(|(word, _)| *word).collect();
    let mut parts: Vec<&str> = Vec::new();
    for (word, _) in Splitter::WORDS.iter().flat_map(|(_, splitter)| splitter.parts()) {
        if !parts.contains(word) {
            parts.push(word);
        }
    }
    json!({
        "normalize": { "enum": ["NFC", "NFKC"], "description": "One form for letters that Unicode writes in several ways; `NFKC` replaces ligatures and full-width letters too." },
        "ascii": { "type": "boolean", "description": "Letters lose their diacritics." },
        "collapse": { "type": "boolean", "description": "Runs of blanks become one, none is left at the ends." },
        "strip": { "type": "string", "description": "These characters go." },
        "replace": {
            "type": "object",
            "description": "The text on the left becomes that on the right.",
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
        },
        "split": { "anyOf": [
            { "type": "string", "minLength": 1, "description": "What stands between the values of one text that becomes a list: `;`." },
            block("One part of a name or an address in one text.", &["as", "take"], json!({
                "as": { "enum": splitters }, "take": { "enum": parts },
            })),
        ] },
        "kind_of": { "description": "Whether the tax number is a `person`'s or an `organization`'s, and nothing else of it.", "enum": TaxNumber::WORDS.map(|(word, _)| word) },
        "slice": block("A part of the text, in characters.", &[], json!({
            "from": count(1), "length": count(0), "last": count(0),
        })),
        "case": { "description": "Upper, lower, or the first letter of each word.", "enum": ["upper", "lower", "title"] },
        "pad": block("Up to so many characters.", &[], json!({
            "left": count(0), "right": count(0), "with": { "type": ["string", "integer"] },
        })),
    })
}

fn checks() -> Json {
    let names: Vec<&str> = Identifier::WORDS.iter().map(|(word, _)| *word).collect();
    let text_or_number = json!({ "type": ["string", "number"] });
    let several = |one: Json| json!([one, { "type": "array", "items": one }]);
    json!({
        "pattern": { "type": "string", "format": "regex", "description": "What all of the text must match." },
        "min": { "type": text_or_number["type"], "description": "The least." },
        "max": { "type": text_or_number["type"], "description": "The most." },
        "length": { "description": "Characters.", "anyOf": [
            { "type": "integer", "minimum": 0 },
            block("Between.", &[], json!({ "min": { "type": "integer" }, "max": { "type": "integer" } })),
        ] },
        "one_of": {
            "description": "Nothing else.",
            "anyOf": several(json!({ "type": ["string", "number", "boolean"] })),
        },
        "check": { "description": "A number that proves itself.", "anyOf": several(json!({ "enum": names })) },
    })
}

fn others() -> Json {
    let classes: Vec<&str> = Class::words().iter().map(|(word, _)| *word).collect();
    let class = json!({ "enum": classes });
    json!({
        "present_if": expression("When the object is there; without it, when anything in it that depends on the record has a value."),
        "codes": { "type": "string", "description": "The code table: a file in `mappings/codes/`." },
        "unmapped": miss("What happens to a code that the table does not have.", &["reject", "null", "keep"]),
        "default": { "description": "The value where there is none." },
        "required": { "type": "boolean", "description": "A record without it is refused." },
        "on_fail": {
            "description": "What a failed check does.",
            "enum": ["reject", "flag", "null", null],
        },
        "protect": {
            "type": "object",
            "description": "How a personal value is protected.",
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "drop": { "const": true },
                "mask": block("All but its ends.", &[], json!({
                    "keep_first": { "type": "integer", "minimum": 0 },
                    "keep_last": { "type": "integer", "minimum": 0 },
                    "length": { "enum": ["fixed", "kept"], "description": "Whether it shows how long the value is." },
                })),
                "generalize": { "description": "Less exactly.", "anyOf": [
                    { "enum": DatePart::WORDS.map(|(word, _)| word) },
                    block("A whole number by bands: `18-64`.", &["bands"], json!({ "bands": {
                        "type": "array", "items": { "type": "integer" }, "minItems": 1, "description": "Where each begins, ascending.",
                    } })),
                    block("The beginning of a text, as of a postal code.", &["keep_first"], json!({ "keep_first": { "type": "integer", "minimum": 0 } })),
                ] },
                "pseudonym": { "type": "string", "description": "The domain within which equal values stay equal." },
                "encrypt": { "type": "string", "description": "The key." },
            },
        },
        "class": { "description": "How personal it is; a mapping may raise it, never lower it.", "anyOf": [
            class,
            block("By a condition.", &["when", "then", "else"], json!({
                "when": expression("The condition."), "then": class, "else": class,
            })),
        ] },
    })
}

fn case() -> Json {
    block(
        "A record, and what must come of it.",
        &["name", "given"],
        json!({
            "name": { "type": "string", "description": "What the case shows." },
            "given": { "type": "object", "description": "The columns, with their text as the source has it." },
            "expect": { "type": "object", "description": "These fields with these values, others as they like." },
            "exactly": { "type": "object", "description": "These fields and no others." },
            "events": { "type": "array", "description": "One entry per event.", "items": { "type": "object" } },
            "key": { "type": ["string", "number"], "description": "The Kafka key." },
            "op": { "description": "What the event says.", "enum": ["upsert", "delete"] },
            "filtered": { "type": "boolean", "description": "The record is not taken." },
            "rejects": { "$ref": "#/$defs/Flags" },
            "quality": { "$ref": "#/$defs/Flags" },
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::{
        super::{check, file},
        *,
    };

    fn keys(block: &Json) -> Vec<&str> {
        let mut keys: Vec<&str> =
            block["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    fn sorted(lists: &[&[&'static str]]) -> Vec<&'static str> {
        let mut all = lists.concat();
        all.sort_unstable();
        all
    }

    #[test]
    fn the_schema_has_the_keys_that_the_parser_takes_and_no_others() {
        let schema = json_schema();
        assert_eq!(keys(&schema), sorted(&[&file::TOP]));
        let field = &schema["$defs"]["Field"]["anyOf"][1];
        let known: [&[&str]; 4] = [&file::PRODUCERS, &file::VERBS, &file::CHECKS, &file::OTHERS];
        assert_eq!(keys(field), sorted(&known));
        let column = &schema["$defs"]["Column"]["anyOf"][1];
        assert_eq!(keys(column), sorted(&[&check::OPTIONS, &["list", "path"]]));
        assert_eq!(keys(&schema["$defs"]["Case"]), sorted(&[&file::CASE]));
    }
}
