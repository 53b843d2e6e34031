use std::sync::Arc;

use acequia_api::{BatchLimits, Place, RecordBatch, RowMeta, Unit};

use super::*;
use crate::{
    diagnostic::{self, SourceFile},
    mapping::{Library, Scratch, Texts, check, protect::AnyKeys, protect::TestProtector},
};

const MODEL: &str = "\
model: thing
version: 1
title: A thing
fields:
  id: { type: text, required: true, class: public }
  kind: { type: text, class: public }
  size: { type: text, class: public }
  note: { type: text, class: public }
";

const MAPPING: &str = "\
mapping: m
to: thing/1
when: \"T <> 'X'\"
from: { ID: text, T: { type: text, null_if: [\"\"] }, S: { type: text, null_if: [\"\"] } }
key: id
fields:
  id: { from: ID, length: { max: 2 }, on_fail: flag }
  kind: { from: T, codes: kinds, unmapped: null }
  size: { expr: \"CASE WHEN S = 'g' THEN 'great' WHEN S = 's' THEN 'small' END\" }
  note: { from: S, default: none }
";

fn library() -> Library {
    let texts = Texts {
        mappings: vec![SourceFile::new("m.yaml", MAPPING)],
        models: vec![SourceFile::new("thing.yaml", MODEL)],
        codes: vec![(
            "kinds".to_owned(),
            SourceFile::new("kinds.csv", "source,code\nA,one\nB,two\nC,three\n"),
        )],
        policies: None,
    };
    let (library, found) = check(&texts, &AnyKeys);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    library
}

fn covered(records: &[[&str; 3]]) -> Coverage {
    let library = library();
    let mapping = &library.mappings["m"];
    let mut coverage = Coverage::of(mapping);
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&mapping.text_schema());
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    for (number, record) in records.iter().enumerate() {
        let mut row = batch.row();
        for text in record {
            row.text(text).unwrap();
        }
        row.commit(RowMeta::ordinal(unit, number as u64 + 1, Place::default()));
    }
    let bound = mapping.bind(batch.schema()).unwrap();
    let mut scratch = Scratch::new(Arc::new(TestProtector));
    let mut trace = Trace::default();
    for row in batch.rows() {
        let verdict = mapping.trace(&bound, row, 0, &mut scratch, &mut Vec::new(), &mut trace);
        coverage.count(&trace, verdict);
    }
    coverage
}

#[test]
fn fields_codes_ways_and_checks_are_counted_and_what_was_never_met_is_known() {
    let coverage = covered(&[
        ["1", "A", "g"],
        ["2", "A", ""],
        ["333", "Z", ""],
        ["4", "X", "s"],
        ["5", "", "s"],
    ]);
    assert_eq!((coverage.upserts, coverage.filtered, coverage.rejected), (3, 2, 0));
    let fields: Vec<_> = coverage
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.with, field.without, field.defaulted))
        .collect();
    let expected =
        [("id", 3, 0, None), ("kind", 2, 1, None), ("size", 1, 2, None), ("note", 3, 0, Some(2))];
    assert_eq!(fields, expected);
    let codes = &coverage.codes[0];
    assert_eq!(codes.known["A"], 2);
    assert_eq!(codes.never().collect::<Vec<_>>(), ["B", "C"]);
    assert_eq!((codes.unknown[&Text("Z".to_owned())], codes.misses()), (1, 1));
    let ways: Vec<_> = coverage
        .branches
        .iter()
        .map(|branch| (branch.place.as_str(), branch.ways.iter().map(|(_, n)| *n).collect()))
        .collect::<Vec<(_, Vec<u64>)>>();
    assert_eq!(ways, [("when", vec![3, 1, 1]), ("size", vec![1, 0, 2])]);
    let check = coverage.checks.iter().find(|check| check.field == "id").unwrap();
    assert_eq!((check.check.as_str(), check.held, check.failed), ("length", 2, 1));
}

#[test]
fn of_words_without_a_code_only_so_many_are_kept_and_all_are_counted() {
    let words: Vec<String> = (0..150).map(|n| format!("w{n}")).collect();
    let records: Vec<[&str; 3]> = words.iter().map(|word| ["1", word.as_str(), ""]).collect();
    let codes = &covered(&records).codes[0];
    assert_eq!((codes.unknown.len(), codes.misses()), (MOST_UNKNOWN, 150));
}
