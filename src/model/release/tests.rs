use crate::{
    diagnostic::{Severity, SourceFile, render},
    model::{self, Effect, Models},
};

const RELEASED: &str = "\
model: thing
version: 1
fields:
  kind: { type: code, one_of: [a, b], required: true, class: public }
  cost: { type: money, class: internal }
  note: { type: text, class: internal }
";

fn models(text: &str) -> Models {
    let (models, found) = model::load(&[SourceFile::new("models/thing.yaml", text)]);
    assert!(found.is_empty(), "{}", render(&found, false));
    models
}

fn judged(now: &str) -> Vec<crate::diagnostic::Diagnostic> {
    let schema = models(RELEASED)["thing/1"].json_schema().to_string();
    let file = SourceFile::new("models/released/thing-1.0.json", schema);
    model::judge(&models(now), &[file])
}

/// Every finding as `CODE LINE:COLUMN path what`.
fn said(now: &str) -> Vec<String> {
    let line = |found: crate::diagnostic::Diagnostic| {
        let (line, column) = found.file.line_column(found.span.start);
        format!("{} {line}:{column} {}", found.code, found.message)
    };
    judged(now).into_iter().map(line).collect()
}

#[test]
fn what_was_released_is_no_finding_whatever_its_titles_say() {
    assert!(said(RELEASED).is_empty());
    let titled = RELEASED.replace("note: {", "note: { title: A note, standard: none, example: n, ");
    assert!(said(&titled).is_empty());
}

#[test]
fn an_addition_needs_a_new_minor_version() {
    let more = format!("{RELEASED}  more: {{ type: date, class: public }}\n");
    assert_eq!(said(&more), ["model.needs_minor 7:3 additive since 1.0: `more` is new"]);
    let told = more.replace("version: 1", "version: 1.1");
    let found = judged(&told);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].severity), ("model.additive", Severity::Note));
}

#[test]
fn a_new_word_and_a_more_closed_class_are_additions() {
    let more = RELEASED
        .replace("[a, b]", "[a, b, c]")
        .replace("note: { type: text, class: internal", "note: { type: text, class: personal");
    assert_eq!(
        said(&more),
        [
            "model.needs_minor 4:3 additive since 1.0: `kind` has the new word `c`",
            "model.needs_minor 6:3 additive since 1.0: `note` was of class internal and is personal",
        ]
    );
}

#[test]
fn what_breaks_is_refused_at_its_place_even_with_a_new_minor_version() {
    let cases = [
        (
            "  note: { type: text, class: internal }\n",
            "",
            "2:10 breaking since 1.0: `note` is gone",
        ),
        (
            "note: { type: text",
            "note: { type: int",
            "6:3 breaking since 1.0: `note` was string and is integer",
        ),
        (
            "note: { type: text",
            "note: { type: date",
            "6:3 breaking since 1.0: `note` was string and is string date",
        ),
        (
            "note: {",
            "note: { many: true,",
            "6:3 breaking since 1.0: `note` was string and is array",
        ),
        (
            "note: {",
            "note: { required: true,",
            "6:3 breaking since 1.0: `note` has become required",
        ),
        ("required: true, ", "", "4:3 breaking since 1.0: `kind` is no longer required"),
        ("[a, b]", "[a]", "4:3 breaking since 1.0: `kind` has lost the word `b`"),
        ("one_of: [a, b], ", "", "4:3 breaking since 1.0: `kind` takes any word now"),
        (
            "note: {",
            "note: { one_of: [x],",
            "6:3 breaking since 1.0: `note` takes only some words now",
        ),
        (
            "note: {",
            "note: { pattern: \"[a-z]*\",",
            "6:3 breaking since 1.0: `note` has another pattern",
        ),
        (
            "{ type: money, class: internal }",
            "{ class: internal, fields: { amount: { type: decimal, required: true }, currency: { type: code, pattern: \"[A-Z]{3}\" } } }",
            "5:3 breaking since 1.0: `cost.currency` is no longer required",
        ),
        (
            "{ type: money, class: internal }",
            "{ class: internal, fields: { amount: { type: decimal, required: true } } }",
            "5:3 breaking since 1.0: `cost.currency` is gone",
        ),
    ];
    for (old, new, expected) in cases {
        let changed = RELEASED.replace(old, new);
        assert_ne!(changed, RELEASED, "{old}");
        assert_eq!(said(&changed), [format!("model.breaking {expected}")]);
        let told = changed.replace("version: 1", "version: 1.7");
        assert_eq!(said(&told), [format!("model.breaking {expected}")]);
        assert!(said(&changed.replace("version: 1", "version: 2")).is_empty());
    }
}

#[test]
fn a_breaking_change_is_underlined_where_it_stands() {
    let shown = render(&judged(&RELEASED.replace("note: {", "note: { required: true,")), false);
    let expected = "\
error[model.breaking]: breaking since 1.0: `note` has become required
 --> models/thing.yaml:6:3
  |
6 |   note: { required: true, type: text, class: internal }
  |   ^^^^
";
    assert!(shown.starts_with(expected), "{shown}");
    assert!(shown.contains("make `version: 2` of it in a file of its own"), "{shown}");
}

#[test]
fn only_the_last_release_of_the_same_major_version_counts() {
    let schema = |text: &str| models(text)["thing/1"].json_schema().to_string();
    let more = format!("{RELEASED}  more: {{ type: date, class: public }}\n");
    let files = [
        SourceFile::new("r/thing-1.10.json", schema(&more)),
        SourceFile::new("r/thing-1.9.json", schema(RELEASED)),
        SourceFile::new("r/other-1.11.json", "{}"),
        SourceFile::new("r/thing-2.0.json", "{}"),
    ];
    let code = |version: &str| {
        let now = models(&more.replace("version: 1", version));
        let found = model::judge(&now, &files);
        found.into_iter().map(|found| found.code).collect::<Vec<_>>()
    };
    assert!(code("version: 1.10").is_empty());
    assert_eq!(code("version: 1.9"), ["model.version_behind"]);
    assert_eq!(code("version: 1"), ["model.version_behind"]);
}

#[test]
fn a_release_that_cannot_be_read_is_an_error() {
    for (name, text) in
        [("r/thing.json", "{}"), ("r/thing-1.json", "{}"), ("r/thing-1.0.json", "{")]
    {
        let found = model::judge(&models(RELEASED), &[SourceFile::new(name, text)]);
        assert_eq!(found[0].code, "model.released_unreadable", "{name}");
    }
}

#[test]
fn changes_are_told_field_by_field() {
    let released = models(RELEASED)["thing/1"].json_schema();
    let now = RELEASED.replace("note:", "remark:");
    let changes = model::changes(&released, &models(&now)["thing/1"].json_schema());
    let told: Vec<_> = changes.iter().map(|change| (&*change.path, change.effect)).collect();
    assert_eq!(told, [("note", Effect::Breaking), ("remark", Effect::Additive)]);
}

#[test]
fn a_more_open_class_breaks_what_readers_of_old_events_were_told() {
    let opened = RELEASED
        .replace("note: { type: text, class: internal", "note: { type: text, class: public");
    assert_eq!(
        said(&opened),
        ["model.breaking 6:3 breaking since 1.0: `note` was of class internal and is public"]
    );
}
