//! What may be configured, and what every mistake is told.

use super::*;
use crate::CODES;

fn faults(text: &str) -> Vec<(String, &'static str)> {
    let Format::Csv(config) = serde_json::from_str(&format!("{{\"csv\": {text}}}")).unwrap();
    let faults = Format::Csv(config).validate();
    faults.into_iter().map(|fault| (fault.path.join("."), fault.code)).collect()
}

#[test]
fn every_mistake_is_told_at_its_key() {
    for (text, path, code) in [
        (r#"{"delimiter": ""}"#, "csv.delimiter", "config.csv.character"),
        (r#"{"delimiter": "tab"}"#, "csv.delimiter", "config.csv.character"),
        (r#"{"delimiter": "\\t"}"#, "csv.delimiter", "config.csv.character"),
        (r#"{"delimiter": "→", "encoding": "cp850"}"#, "csv.delimiter", "config.csv.character"),
        (r#"{"delimiter": "\n"}"#, "csv.delimiter", "config.csv.ambiguous"),
        (r#"{"delimiter": "\""}"#, "csv.quote", "config.csv.ambiguous"),
        (r#"{"delimiter": "||", "terminator": "|"}"#, "csv.delimiter", "config.csv.ambiguous"),
        (r#"{"escape": ","}"#, "csv.escape", "config.csv.ambiguous"),
        (r#"{"quote": "«"}"#, "csv.quote", "config.csv.character"),
        (r#"{"terminator": ""}"#, "csv.terminator", "config.csv.character"),
        (r#"{"encoding": "shift_jis"}"#, "csv.encoding", "config.csv.encoding"),
        (r#"{"header": false}"#, "csv.header", "config.csv.columns"),
        (r#"{"columns": []}"#, "csv.columns", "config.csv.columns"),
        (r#"{"columns": ["a", "b", "a"]}"#, "csv.columns.2", "config.csv.columns"),
        (r#"{"max_record_bytes": 1}"#, "csv.max_record_bytes", "config.csv.limit"),
        (r#"{"max_fields": 0}"#, "csv.max_fields", "config.csv.limit"),
        (r#"{"columns": ["a", "b"], "max_fields": 1}"#, "csv.columns", "config.csv.limit"),
        (r#"{"trailer": {"count": 1}}"#, "csv.trailer.starts_with", "config.csv.character"),
        (
            r#"{"trailer": {"starts_with": "T", "count": 0}}"#,
            "csv.trailer.count",
            "config.csv.trailer",
        ),
        (r#"{"trailer": {"starts_with": "T", "sum": 2}}"#, "csv.trailer", "config.csv.trailer"),
        (
            r#"{"columns": ["a"], "trailer": {"starts_with": "T", "sum": 2, "sum_of": "b"}}"#,
            "csv.trailer.sum_of",
            "config.csv.trailer",
        ),
        (
            r#"{"header": true, "records": {"by": 1, "kinds": {"A": {"fields": ["k"]}}}}"#,
            "csv.records",
            "config.csv.conflict",
        ),
    ] {
        assert_eq!(faults(text), [(path.to_owned(), code)], "{text}");
    }
}

#[test]
fn every_mistake_in_the_kinds_of_record_is_told() {
    for (by, kinds, path) in [
        (0, r#""A": {"fields": ["k"]}"#, "csv.records.by"),
        (1, "", "csv.records.kinds"),
        (1, r#""A": {"fields": ["k"]}, "B": {"fields": ["k"]}"#, "csv.records.kinds"),
        (2, r#""A": {"fields": ["k"]}"#, "csv.records.kinds.A"),
        (1, r#""A": {"fields": ["k", "k"]}"#, "csv.records.kinds.A"),
        (
            1,
            r#""A": {"fields": ["k"]}, "B": {"skip": true, "fields": ["k"], "under": "A", "as": "l"}"#,
            "csv.records.kinds.B",
        ),
        (
            1,
            r#""A": {"fields": ["k"]}, "B": {"fields": ["k"], "under": "A"}, "S": {"skip": true}"#,
            "csv.records.kinds.B",
        ),
        (
            1,
            r#""A": {"fields": ["k"]}, "B": {"fields": ["k"], "under": "X", "as": "l"}"#,
            "csv.records.kinds.B.under",
        ),
        (
            1,
            r#""A": {"fields": ["k", "l"]}, "B": {"fields": ["k"], "under": "A", "as": "l"}"#,
            "csv.records.kinds.A",
        ),
        (
            1,
            r#""A": {"fields": ["k"]}, "T": {"trailer": {"count_of": "X", "count": 2}}"#,
            "csv.records.kinds.T.trailer",
        ),
        (
            1,
            r#""A": {"fields": ["k"]}, "T": {"trailer": {"count_of": "A", "sum_of": "x", "sum": 2}}"#,
            "csv.records.kinds.T.trailer",
        ),
        (
            1,
            r#""A": {"fields": ["k"]}, "T": {"trailer": {}}, "U": {"trailer": {}}"#,
            "csv.records.kinds",
        ),
    ] {
        let found = faults(&format!(r#"{{"records": {{"by": {by}, "kinds": {{{kinds}}}}}}}"#));
        assert!(
            found.iter().any(|(at, code)| at == path && *code == "config.csv.records"),
            "{kinds}: {found:?}"
        );
    }
}

#[test]
fn keys_that_do_not_exist_are_refused() {
    for text in [
        r#"{"csv": {"delimeter": ";"}}"#,
        r#"{"csv": {"trailer": {"begins": "T"}}}"#,
        r#"{"csv": {"records": {"by": 1, "kinds": {"A": {"field": []}}}}}"#,
        r#"{"tsv": {}}"#,
    ] {
        assert!(serde_json::from_str::<Format>(text).is_err(), "{text}");
    }
}

#[test]
fn an_unsound_configuration_or_column_encoding_gives_no_decoder() {
    let code = |text: &str, projection: &Projection| {
        let Format::Csv(config) = serde_json::from_str(&format!("{{\"csv\": {text}}}")).unwrap();
        Format::Csv(config).decoder(projection).err().map(|error| error.to_string())
    };
    let told = code(r#"{"encoding": "klingon"}"#, &Projection::All).unwrap();
    assert_eq!(told, "`csv.encoding`: `klingon` is no encoding known here");
    let wanted = |encoding: &str| {
        Projection::Only(vec![WantedColumn { name: "a".into(), encoding: Some(encoding.into()) }])
    };
    assert!(code("{}", &wanted("klingon")).unwrap().contains("column `a`"));
    assert!(code("{}", &wanted("utf-16")).unwrap().contains("cannot be mixed with utf-8"));
    assert!(code(r#"{"encoding": "utf-16"}"#, &wanted("cp850")).is_some());
    assert_eq!(code("{}", &wanted("cp850")), None);
}

#[test]
fn every_field_of_the_configuration_is_documented_in_its_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(Format)).unwrap();
    let mut undocumented = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions {
        for (field, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none_or(str::is_empty) {
                undocumented.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(definitions.contains_key("CsvConfig") && undocumented.is_empty(), "{undocumented:?}");
}

#[test]
fn every_code_in_the_sources_is_documented_once() {
    let sources = [
        include_str!("../dialect.rs"),
        include_str!("../groups.rs"),
        include_str!("../head.rs"),
        include_str!("../kinds.rs"),
        include_str!("../layout.rs"),
        include_str!("../mod.rs"),
        include_str!("../shape.rs"),
        include_str!("../tape.rs"),
        include_str!("../trailer.rs"),
    ];
    let mut used = std::collections::BTreeSet::new();
    for part in sources.iter().flat_map(|source| source.split('"')) {
        let code = part.starts_with("decode.csv.")
            || part == "config.csv"
            || part.starts_with("config.csv.");
        if code {
            used.insert(part);
        }
    }
    let documented: std::collections::BTreeSet<_> = CODES.iter().map(|doc| doc.code).collect();
    assert_eq!(documented.len(), CODES.len(), "a code is documented twice");
    assert_eq!(used, documented);
    for doc in CODES {
        assert!(doc.help.len() > 30 && !doc.title.ends_with('.'), "{}", doc.code);
    }
}
