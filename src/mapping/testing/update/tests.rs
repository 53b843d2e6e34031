use std::sync::Arc;

use super::*;
use crate::{
    diagnostic,
    mapping::{Texts, check, protect::AnyKeys, run_tests},
};

const MODEL: &str = "\
model: thing
version: 1
title: A thing
fields:
  id: { type: text, required: true, class: public }
  size: { type: int, class: public }
  note: { type: text, class: public }
";

const HEAD: &str = "\
mapping: m
to: thing/1
when: \"T <> 'X'\"
from: { ID: text, T: text, S: { type: int, null_if: [\"\"] }, N: { type: text, null_if: [\"\"] } }
key: id
fields: { id: ID, size: { from: S, min: 0 }, note: N }
tests:
";

fn mapping(tests: &str) -> Arc<Mapping> {
    let texts = Texts {
        mappings: vec![SourceFile::new("m.yaml", format!("{HEAD}{tests}"))],
        models: vec![SourceFile::new("thing.yaml", MODEL)],
        ..Texts::default()
    };
    let (library, found) = check(&texts, &AnyKeys);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    Arc::clone(&library.mappings["m"])
}

/// The tests after all updates; they hold, and a second update finds nothing.
fn after(tests: &str) -> String {
    let mapping = mapping(tests);
    let text = updated(mapping.file.text(), &updates(&mapping));
    let tests = text.strip_prefix(HEAD).expect("the head stays as it is").to_owned();
    let again = self::mapping(&tests);
    for result in run_tests(&again) {
        assert!(result.ok(), "{}: {:?}\n{tests}", result.name, result.differences);
    }
    assert_eq!(updates(&again), []);
    tests
}

#[test]
fn tests_that_expect_nothing_are_filled_whatever_comes_out() {
    let tests = "  # the first
  - name: an event   # with a remark
    given: { ID: A, T: L, S: \"7\", N: \"yes: no\" }   # and another
  - { name: in one line, given: { ID: B, T: L } }   # stays
  - name: refused
    given:
      ID: C
      T: L
      S: \"-1\"

  - name: not ours
    given: { ID: D, T: X }
";
    let expected = "  # the first
  - name: an event   # with a remark
    given: { ID: A, T: L, S: \"7\", N: \"yes: no\" }   # and another
    expect: { id: A, size: 7, note: \"yes: no\" }
  - { name: in one line, given: { ID: B, T: L }, expect: { id: B } }   # stays
  - name: refused
    given:
      ID: C
      T: L
      S: \"-1\"
    rejects: [{ code: map.min, field: size }]

  - name: not ours
    given: { ID: D, T: X }
    filtered: true
";
    assert_eq!(after(tests), expected);
}

#[test]
fn of_what_a_test_names_only_that_is_brought_up_to_date() {
    let tests = "  - name: one
    given: { ID: A, T: L, S: \"7\", N: n }
    expect: { size: 8 }   # the size alone
    key: A
  - name: two
    given: { ID: B, T: L, S: \"7\" }
    expect:
      id: B
      size: 9
    # a remark
    key: C
";
    let expected = "  - name: one
    given: { ID: A, T: L, S: \"7\", N: n }
    expect: { size: 7 }   # the size alone
    key: A
  - name: two
    given: { ID: B, T: L, S: \"7\" }
    expect:
      id: B
      size: 7
    # a remark
    key: B
";
    assert_eq!(after(tests), expected);
}

#[test]
fn a_test_that_expects_another_outcome_gets_that_one_alone() {
    let tests = "  - name: was an event
    given: { ID: A, T: X }
    expect: { id: A }
    key: A
  - name: was refused
    given: { ID: B, T: L, S: \"7\" }
    rejects:
      - { code: map.min, field: size }
  - { name: flow, given: { ID: C, T: X }, expect: { id: C }, key: C }
";
    let expected = "  - name: was an event
    given: { ID: A, T: X }
    filtered: true
  - name: was refused
    given: { ID: B, T: L, S: \"7\" }
    expect: { id: B, size: 7 }
  - { name: flow, given: { ID: C, T: X }, filtered: true }
";
    assert_eq!(after(tests), expected);
}

#[test]
fn words_that_are_no_text_to_yaml_are_quoted_and_long_lines_broken() {
    let long = "word ".repeat(25);
    let tests = format!(
        "  - name: one\n    given: {{ ID: \"0012\", T: L, N: \"{}\" }}\n  - name: two\n    given: {{ ID: \"true\", T: L, N: \"- a #b\" }}\n",
        long.trim()
    );
    let text = after(&tests);
    assert!(text.contains("expect: {\n        id: \"0012\",\n        note: word word"), "{text}");
    assert!(text.contains("expect: { id: \"true\", note: \"- a #b\" }"), "{text}");
}

#[test]
fn lines_end_as_they_did() {
    let text = after("  - name: one\r\n    given: { ID: A, T: L }\r\n");
    assert!(text.ends_with("T: L }\r\n    expect: { id: A }\r\n"), "{text:?}");
}
