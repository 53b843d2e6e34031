use serde_json::json;

use super::*;
use crate::yaml;

fn check(schema: &Json, text: &str) -> Checked {
    let file = SourceFile::new("t.yaml", text);
    SchemaCheck::new(schema).check(&file, &yaml::parse(&file).unwrap())
}

fn codes(schema: &Json, text: &str) -> Vec<&'static str> {
    check(schema, text).diagnostics.iter().map(|found| found.code).collect()
}

fn format() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": { "format": { "oneOf": [
            { "type": "string", "enum": ["lines", "raw"] },
            { "type": "object", "additionalProperties": false, "required": ["csv"],
              "properties": { "csv": { "type": "object", "additionalProperties": false,
                  "properties": { "skip": { "type": "integer", "minimum": 0 } } } } },
        ] } },
    })
}

#[test]
fn an_externally_tagged_enum_is_a_word_or_exactly_one_key() {
    let schema = format();
    assert!(codes(&schema, "format: lines\n").is_empty());
    assert!(codes(&schema, "format: { csv: { skip: 1 } }\n").is_empty());
    assert_eq!(codes(&schema, "format: line\n"), ["config.unknown_value"]);
    assert_eq!(codes(&schema, "format: csv\n"), ["config.one_of"]);
    assert_eq!(codes(&schema, "format: { cvs: {} }\n"), ["config.unknown_value"]);
    assert_eq!(codes(&schema, "format: { csv: {}, lines: {} }\n"), ["config.one_of"]);
    assert_eq!(codes(&schema, "format: {}\n"), ["config.one_of"]);
    assert_eq!(codes(&schema, "format: { csv: { skip: -1 } }\n"), ["config.out_of_range"]);
    assert_eq!(codes(&schema, "format: { csv: { skp: 1 } }\n"), ["config.unknown_key"]);
    assert_eq!(codes(&schema, "format: [csv]\n"), ["config.wrong_type"]);
}

#[test]
fn an_internally_tagged_enum_is_checked_against_the_variant_that_it_names() {
    let variant = |word: &str, key: &str| {
        json!({ "type": "object", "additionalProperties": false, "required": ["by", key],
            "properties": { "by": { "const": word }, key: { "type": "string" } } })
    };
    let schema = json!({ "oneOf": [variant("user", "name"), variant("token", "file")] });
    assert!(codes(&schema, "{ by: user, name: a }").is_empty());
    assert_eq!(
        codes(&schema, "{ by: token, name: a }"),
        ["config.unknown_key", "config.missing_key"]
    );
    assert_eq!(codes(&schema, "{ by: tokn }"), ["config.unknown_value"]);
    assert_eq!(codes(&schema, "{ name: a }"), ["config.missing_key"]);
}

#[test]
fn an_optional_value_may_be_nothing_and_is_otherwise_checked_as_if_it_were_not_optional() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "null" }] } },
        "$defs": { "A": { "type": "object", "additionalProperties": false, "properties": {} } },
    });
    assert!(codes(&schema, "a:\n").is_empty());
    assert!(codes(&schema, "a: {}\n").is_empty());
    assert_eq!(codes(&schema, "a: { b: 1 }\n"), ["config.unknown_key"]);
    assert_eq!(codes(&schema, "a: 1\n"), ["config.wrong_type"]);
}

#[test]
fn of_untagged_variants_the_one_that_fits_best_speaks() {
    let schema = json!({ "anyOf": [
        { "type": "string" },
        { "type": "object", "additionalProperties": false, "properties": { "a": {}, "b": {} } },
        { "type": "object", "additionalProperties": false, "properties": { "c": {} } },
    ] });
    assert!(codes(&schema, "x").is_empty());
    assert_eq!(codes(&schema, "{ a: 1, b: 2, c: 3 }"), ["config.unknown_key"]);
    assert_eq!(codes(&schema, "7"), ["config.wrong_type"]);
}

#[test]
fn secrets_and_paths_are_marked_and_what_must_not_be_shown_is_masked() {
    let schema = json!({ "type": "object", "additionalProperties": false, "properties": {
        "password": { "type": "string", "format": "secret" },
        "dirs": { "type": "array", "items": { "type": "string", "format": "path" } },
        "other": { "type": "string" },
    } });
    let found = check(&schema, "password: \"${env:A}\"\ndirs: [a/b]\n");
    let marks: Vec<_> = found.marks.iter().map(|mark| (mark.kind, mark.pointer.as_str())).collect();
    assert_eq!(marks, [(MarkKind::Secret, "/password"), (MarkKind::Path, "/dirs/0")]);
    assert!(found.diagnostics.is_empty() && found.masked.is_empty());

    for text in
        ["password: hunter2\n", "pasword: hunter2\n", "sasl_passwd: hunter2\n", "password: 777\n"]
    {
        let found = check(&schema, text);
        let shown = &text[found.masked[0].clone()];
        assert!(matches!(shown, "hunter2" | "777"), "{text}");
        for diagnostic in &found.diagnostics {
            assert!(!diagnostic.message.contains(shown), "{}", diagnostic.message);
        }
    }
    assert_eq!(codes(&schema, "other: \"a${env:A}\"\n"), ["config.secret_misplaced"]);
}
