//! Mappings that are wrong or hostile, and records without a key.

use std::time::{Duration, Instant};

use acequia::{
    diagnostic::{self, Diagnostic, SourceFile},
    mapping::{self, Library, Texts, protect::AnyKeys},
};

/// However large or hostile a mapping is, checking it takes no longer, in a test build on a busy machine.
const BOUND: Duration = Duration::from_secs(5);

const MODEL: &str = "\
model: note
version: 1
fields:
  id:   { type: text, required: true, class: internal }
  text: { type: text, class: internal }
  size: { type: int, class: internal }
";

/// What the checker says of a model and a mapping, in bounded time.
fn check(model: &str, mapping: &str) -> (Library, Vec<Diagnostic>) {
    let texts = Texts {
        models: vec![SourceFile::new("note.yaml", model)],
        mappings: vec![SourceFile::new("notes.yaml", mapping)],
        ..Texts::default()
    };
    let begun = Instant::now();
    let checked = mapping::check(&texts, &AnyKeys);
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    checked
}

/// A mapping of `ID`, `T` and `N` with these lines behind `to` and these members of `fields`.
fn notes(lines: &str, fields: &str) -> String {
    format!(
        "mapping: notes\nto: note/1\n{lines}from: {{ ID: text, T: text, N: int }}\nkey: id\n\
         fields:\n  id: ID\n{fields}"
    )
}

fn assert_refused(model: &str, mapping: &str, code: &str, line: usize) {
    let (library, found) = check(model, mapping);
    assert!(library.mappings.is_empty(), "{code}: refused as a whole");
    let places: Vec<_> = found.iter().map(|found| (found.code, found.line_column().0)).collect();
    assert!(places.contains(&(code, line)), "{code}: {places:?}");
    assert!(found.iter().all(|found| found.line_column().1 > 0));
}

#[test]
fn bad_input_66_every_mistake_of_a_mapping_refuses_it_before_anything_is_read() {
    assert_refused(MODEL, &notes("", "  txet: T\n  size: N\n"), "mapping.unknown_field", 7);
    assert_refused(MODEL, &notes("", "  text: T\n  size: T\n"), "mapping.type_clash", 8);
    assert_refused(MODEL, &notes("let: { a: b, b: a }\n", "  text: T\n"), "mapping.let_cycle", 3);
    assert_refused(MODEL, &notes("", "  text: T\n  text: ID\n"), "yaml.duplicate_key", 8);
    assert_refused(
        MODEL,
        &notes("", "  text: { from: T, const: x }\n"),
        "mapping.two_producers",
        7,
    );
    let unclassified = MODEL.replace("size: { type: int, class: internal }", "size: { type: int }");
    let (_, found) = check(&unclassified, &notes("", "  size: N\n"));
    let missing = found.iter().find(|found| found.code == "model.class_missing").unwrap();
    assert!(diagnostic::has_errors(&found));
    assert_eq!((missing.file.name(), missing.line_column()), ("note.yaml", (6, 3)));
}

#[test]
fn bad_input_67_an_expression_of_a_megabyte_or_ten_thousand_parentheses_is_refused() {
    let long = format!("when: \"{}N = 1\"\n", "N = 5 OR ".repeat(120_000));
    assert!(long.len() > 1_000_000);
    assert_refused(MODEL, &notes(&long, "  text: T\n"), "mapping.expr.too_long", 3);
    let (_, found) = check(MODEL, &notes(&long, "  text: T\n"));
    let message = "the expression has 1080005 characters, at most 4096 are allowed";
    assert_eq!(found[0].message, message);
    // What is too long is not looked into, so ten thousand parentheses are too many characters.
    for levels in [1_000, 10_000] {
        let deep = format!("when: \"{}N = 1{}\"\n", "(".repeat(levels), ")".repeat(levels));
        let (library, found) = check(MODEL, &notes(&deep, "  text: T\n"));
        assert!(library.mappings.is_empty());
        let code = if levels < 2_000 { "mapping.expr.too_deep" } else { "mapping.expr.too_long" };
        assert_eq!((found[0].code, found[0].line_column().0), (code, 3));
        if code == "mapping.expr.too_deep" {
            assert_eq!(found[0].message, "the expression is nested deeper than 64 levels");
        }
    }
}

/// A mapping of a day and a moment of Madrid, with what its tests expect. One called `unmarked` must not hold: the
/// mark that it names is not there.
fn assert_passes(day: &str, moment: &str, tests: &str) {
    let model = "model: note\nversion: 1\nfields:\n  id: { type: text, required: true, class: internal }\n  \
                 day: { type: date, class: internal }\n  at: { type: instant, class: internal }\n";
    let mapping = format!(
        "mapping: notes\nto: note/1\nfrom:\n  ID: text\n  D: {{ type: date, format: DD/MM/YYYY, {day} }}\n  \
         T: {{ type: timestamptz, format: \"YYYY-MM-DD HH24:MI\", zone: Europe/Madrid, {moment} }}\n\
         key: id\nfields:\n  id: ID\n  day: D\n  at: T\ntests:\n{tests}"
    );
    let (library, found) = check(model, &mapping);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    let results = mapping::run_tests(&library.mappings["notes"]);
    for result in &results {
        let right = result.ok() != result.name.starts_with("unmarked");
        assert!(right, "{}: {:?}", result.name, result.differences);
    }
}

#[test]
fn bad_input_21_a_sentinel_becomes_null_and_marks_the_event() {
    assert_passes(
        "null_if: [\"\", \"-\"], sentinel: [\"00/00/0000\"]",
        "null_if: [\"\"]",
        "  - name: a day that stands for none\n    given: { ID: \"1\", D: 00/00/0000, T: \"\" }\n    \
         exactly: { id: \"1\" }\n    quality: [{ code: decode.sentinel, field: day }]\n  \
         - name: unmarked as nothing was there\n    given: { ID: \"1\", D: \"-\", T: \"\" }\n    \
         quality: [{ code: decode.sentinel, field: day }]\n",
    );
}

#[test]
fn bad_input_22_a_time_that_a_rule_decided_marks_the_event() {
    assert_passes(
        "null_if: [\"\"]",
        "overlap: later, gap: forward",
        "  - name: it happened twice\n    given: { ID: \"1\", D: \"\", T: \"2021-10-31 02:30\" }\n    \
         expect: { at: \"2021-10-31T01:30:00Z\" }\n    \
         quality: [{ code: decode.time_overlap, field: at }]\n  \
         - name: it never happened\n    given: { ID: \"1\", D: \"\", T: \"2021-03-28 02:30\" }\n    \
         expect: { at: \"2021-03-28T01:30:00Z\" }\n    \
         quality: [{ code: decode.time_gap, field: at }]\n  \
         - name: unmarked as it happened once\n    given: { ID: \"1\", D: \"\", T: \"2021-07-01 12:00\" }\n    \
         quality: [{ code: decode.time_overlap, field: at }]\n",
    );
}

#[test]
fn bad_input_67_a_pattern_that_would_explode_is_refused_and_none_takes_long() {
    for pattern in ["(((a{100}){100}){100}){100}", "(\\\\pL{500}){500}"] {
        let field = format!("  text: {{ from: T, pattern: \"{pattern}\" }}\n");
        assert_refused(MODEL, &notes("", &field), "mapping.bad_pattern", 7);
    }
    // What makes a backtracking matcher take longer than the world is old.
    for pattern in ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*a){20}b"] {
        let text = "a".repeat(20_000);
        let mapping = notes("", &format!("  text: {{ from: T, pattern: \"{pattern}\" }}\n"))
            + "tests:\n  - name: refused at once\n    given: { ID: x, T: "
            + &text
            + " }\n    rejects: [{ code: map.pattern, field: text }]\n";
        let (library, found) = check(MODEL, &mapping);
        assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
        let begun = Instant::now();
        let results = mapping::run_tests(&library.mappings["notes"]);
        assert!(begun.elapsed() < BOUND, "{pattern}: {:?}", begun.elapsed());
        assert!(results[0].ok(), "{pattern}: {:?}", results[0].differences);
    }
}

#[test]
fn bad_input_71_a_mapping_without_a_key_is_refused_and_so_is_a_record_whose_key_is_null() {
    let keyless = notes("", "  text: T\n").replace("key: id\n", "");
    assert_refused(MODEL, &keyless, "mapping.missing_key", 1);
    let constant = notes("", "  text: { const: x }\n").replace("key: id\n", "key: text\n");
    assert_refused(MODEL, &constant, "mapping.key_constant", 4);

    let null = notes("", "  text: T\n").replace("ID: text", "ID: { type: text, null_if: [\"-\"] }")
        + "tests:\n  - name: no key\n    given: { ID: \"-\", T: x }\n    \
           rejects: [{ code: map.key_missing, field: id }]\n";
    let (library, found) = check(MODEL, &null);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    let results = mapping::run_tests(&library.mappings["notes"]);
    assert!(results[0].ok(), "{:?}", results[0].differences);
}
