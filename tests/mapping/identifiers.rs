//! Every check of an identifier, under every rule for its failure.

use acequia::{
    diagnostic::{self, SourceFile},
    mapping::{self, protect::AnyKeys},
};

/// The words of `check`, as editors are told.
fn words() -> Vec<String> {
    let schema = mapping::json_schema();
    let mut found = Vec::new();
    let mut open = vec![&schema];
    while let Some(node) = open.pop() {
        let word = node.pointer("/check/anyOf/0/enum").and_then(|words| words.as_array());
        found
            .extend(word.into_iter().flatten().filter_map(|word| word.as_str()).map(str::to_owned));
        match node {
            serde_json::Value::Object(members) => open.extend(members.values()),
            serde_json::Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

fn text(word: &str, on_fail: &str, protect: &str, outcome: &str) -> String {
    format!(
        "mapping: m\nto: note/1\nfrom: {{ ID: text, T: text }}\nkey: id\n\
         fields: {{ id: ID, mail: {{ from: T, check: {word}, on_fail: {on_fail}{protect} }} }}\n\
         tests:\n  - {{ name: wrong, given: {{ ID: a, T: \"¿?\" }}, {outcome} }}\n"
    )
}

#[test]
fn every_check_rejects_flags_or_takes_away() {
    let words = words();
    assert!(words.len() >= 24 && words.contains(&"fr.nir".to_owned()), "{words:?}");
    for word in &words {
        for (on_fail, outcome) in [
            ("reject", "rejects: [{ code: map.check, field: mail }]"),
            ("flag", "quality: [{ code: map.check, field: mail }]"),
            ("null", "exactly: { id: a }, quality: []"),
        ] {
            let mut texts = super::texts();
            let mapping = text(word, on_fail, ", protect: { pseudonym: citizen }", outcome);
            texts.mappings.push(SourceFile::new("m.yaml", mapping));
            let (library, found) = mapping::check(&texts, &AnyKeys);
            assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
            for result in mapping::run_tests(&library.mappings["m"]) {
                assert!(result.ok(), "{word} {on_fail}: {:#?}", result.differences);
            }
        }
    }
}

#[test]
fn identifiers_of_persons_are_refused_in_clear_and_no_others() {
    let mut refused: Vec<String> = words();
    refused.retain(|word| {
        let mut texts = super::texts();
        let mapping = text(word, "flag", "", "op: upsert");
        texts.mappings.push(SourceFile::new("m.yaml", mapping));
        let (_, found) = mapping::check(&texts, &AnyKeys);
        found.iter().any(|found| found.code == "mapping.national_id_in_clear")
    });
    assert_eq!(refused, ["es.nif", "es.nie", "es.tax_id", "mx.curp", "mx.rfc", "fr.nir"]);
}
