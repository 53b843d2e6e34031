//! Every way from a column to a field, with the class that must come along.

use crate::{
    diagnostic::{self, Diagnostic, SourceFile},
    mapping::{Texts, check, protect::AnyKeys},
};

const MODEL: &str = "
model: note
version: 1
fields:
  id:     { type: text, required: true, class: internal }
  open:   { type: text, class: internal }
  more:   { type: text, class: internal }
  count:  { type: int, class: internal }
  at:     { type: instant, class: internal }
  tags:   { type: text, many: true, class: internal }
  thing:  { type: note_ref, class: internal }
  things: { type: note_ref, many: true, class: internal }
  author: { type: note_ref, class: personal }
  health: { type: text, class: special }
";

/// What every case may read. `N` is what `NAME` says that it is, and so on.
const FROM: &str = "from:
  ID: text
  N: text
  OTHER: text
  AT: { type: timestamptz, zone: { lookup: { table: t, match: { source: Z }, take: zone } } }
  Z: text
  L: { list: { N: text, M: text } }
";

const LET: &str = "let:
  alias: N
  upper: \"upper(N)\"
  both: \"N || OTHER\"
  far: upper
  found: { lookup: { table: t, match: { source: N }, take: code } }
";

/// How a field shows what a column is.
const SHOWN: &[(&str, &str)] = &[
    ("as it is", "author: { object: { key: N } }"),
    ("an expression that is its name", "author: { object: { key: { expr: N } } }"),
    ("an expression over it alone", "author: { object: { label: { expr: \"lower(trim(N))\" } } }"),
    (
        "a condition over it alone",
        "author: { object: { label: { expr: \"CASE WHEN N = 'x' THEN 'a' ELSE 'b' END\" } } }",
    ),
    ("a template of it alone", "author: { object: { label: { template: \"<{N}>\" } } }"),
    ("an alias", "author: { object: { label: alias } }"),
    ("an alias in an expression", "author: { object: { label: { expr: alias } } }"),
    ("a `let` over it alone", "author: { object: { label: upper } }"),
    ("a `let` over a `let`", "author: { object: { label: { expr: \"far || '.'\" } } }"),
    ("a code of it", "author: { object: { label: { from: N, codes: t, unmapped: keep } } }"),
    (
        "a national identifier among other checks",
        "author: { object: { key: { from: N, check: [luhn, es.nif], protect: { pseudonym: p } } } }",
    ),
    (
        "a class that depends on it",
        "more: { from: N, class: { when: \"OTHER = 'x'\", then: personal, else: internal } }",
    ),
];

/// How a value of a personal column gets into an open field.
const WAYS: &[(&str, &str)] = &[
    ("from", "open: N"),
    ("from with verbs", "open: { from: N, case: upper, slice: { last: 1 } }"),
    ("from with codes", "open: { from: N, codes: t, unmapped: { const: other } }"),
    ("expr", "open: { expr: N }"),
    ("an argument", "count: { expr: \"length(N)\" }"),
    ("the condition of CASE", "open: { expr: \"CASE WHEN N IS NULL THEN 'a' ELSE 'b' END\" }"),
    ("the operand of CASE", "open: { expr: \"CASE N WHEN 'a' THEN 'b' END\" }"),
    ("one of several", "open: { expr: \"coalesce(OTHER, N)\" }"),
    ("template", "open: { template: \"{OTHER}-{N}\" }"),
    ("object", "thing: { object: { label: N } }"),
    ("an expression in an object", "thing: { object: { label: { expr: \"left(N, 1)\" } } }"),
    ("list", "tags: { list: [OTHER, N] }"),
    ("an object in a list", "things: { list: [{ object: { label: N } }] }"),
    (
        "each, beside the element",
        "things: { each: { in: L, as: E, fields: { label: \"E.M\", key: N } } }",
    ),
    ("lookup", "open: { lookup: { table: t, match: { source: N }, take: code } }"),
    ("let", "open: alias"),
    ("let in an expression", "open: { expr: \"left(alias, 1)\" }"),
    ("let over let", "open: far"),
    ("let with others", "open: both"),
    ("lookup in a let", "open: found"),
    ("lookup by a let", "open: { lookup: { table: t, match: { source: far }, take: code } }"),
];

fn found(from: &str, lets: &str, fields: &[&str]) -> Vec<Diagnostic> {
    let mut text = format!("mapping: m\nto: note/1\nkey: id\n{from}{lets}fields:\n  id: ID\n");
    for field in fields {
        text += &format!("  {field}\n");
    }
    let values = "types:\n  note_ref:\n    fields:\n      key: { type: text }\n      label: { type: text }\n";
    let texts = Texts {
        mappings: vec![SourceFile::new("m.yaml", text)],
        models: vec![SourceFile::new("note.yaml", MODEL), SourceFile::new("ref.yaml", values)],
        codes: vec![(
            "t".into(),
            SourceFile::new("t.csv", "source,code,zone\nx,y,Europe/Madrid\n"),
        )],
        policies: None,
    };
    let mut found = check(&texts, &AnyKeys).1;
    found.retain(|found| !found.code.starts_with("mapping.unused_"));
    found
}

fn codes(found: &[Diagnostic]) -> Vec<&str> {
    found.iter().map(|found| found.code).collect()
}

#[test]
fn without_a_class_all_of_it_is_allowed() {
    for (way, field) in WAYS {
        let found = found(FROM, LET, &[field]);
        assert!(found.is_empty(), "{way}: {}", diagnostic::render(&found, false));
    }
}

#[test]
fn whatever_way_a_personal_column_takes_its_class_comes_along() {
    let from = FROM.replace("N: text\n  OTHER", "N: { type: text, class: personal }\n  OTHER");
    for (way, field) in WAYS {
        let found = found(&from, LET, &[field]);
        assert_eq!(codes(&found), ["mapping.class_of_source"], "{way}");
    }
}

#[test]
fn whatever_field_shows_what_a_column_is_it_shows_it_to_all_others() {
    for (shown, field) in SHOWN {
        for (way, open) in WAYS.iter().filter(|(_, open)| open[..4] != field[..4]) {
            let found = found(FROM, LET, &[field, open]);
            let text = diagnostic::render(&found, false);
            assert!(codes(&found).contains(&"mapping.class_of_source"), "{shown}, {way}: {text}");
        }
    }
}

#[test]
fn of_several_columns_together_each_is_taken_for_the_personal_one_until_its_class_is_said() {
    for shown in [
        "author: { object: { label: { expr: \"N || OTHER\" } } }",
        "author: { object: { label: { template: \"{N} {OTHER}\" } } }",
        "author: { object: { label: { expr: \"CASE WHEN OTHER = 'x' THEN NULL ELSE N END\" } } }",
        "author: { object: { key: { expr: \"coalesce(N, OTHER)\", check: es.nif, protect: { pseudonym: p } } } }",
    ] {
        for open in ["open: N", "open: OTHER", "open: { expr: \"upper(N)\" }"] {
            assert_eq!(
                codes(&found(FROM, LET, &[shown, open])),
                ["mapping.class_of_source"],
                "{shown} {open}"
            );
        }
        let said = FROM.replace("OTHER: text", "OTHER: { type: text, class: internal }");
        let found = found(&said, LET, &[shown, "open: OTHER"]);
        assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
    }
}

#[test]
fn a_let_that_is_shown_as_personal_is_so_everywhere() {
    let fields = ["author: { object: { label: { expr: both } } }", "open: both"];
    assert_eq!(codes(&found(FROM, LET, &fields)), ["mapping.class_of_source"]);
}

#[test]
fn a_let_of_columns_whose_class_is_said_is_what_they_are() {
    let fields = ["author: { object: { label: { expr: both } } }", "open: both"];
    let said = FROM.replace(
        "N: text\n  OTHER: text",
        "N: { type: text, class: internal }\n  OTHER: { type: text, class: internal }",
    );
    assert!(found(&said, LET, &fields).is_empty());
    let half = said.replacen("class: internal", "class: personal", 1);
    assert_eq!(codes(&found(&half, LET, &fields)), ["mapping.class_of_source"]);
    let national =
        "author: { object: { key: { expr: both, check: es.nif, protect: { pseudonym: p } } } }";
    assert_eq!(codes(&found(&said, LET, &[national, "open: both"])), ["mapping.class_of_source"]);
}

#[test]
fn columns_of_elements_keep_their_class_by_every_name() {
    let shown = "author: { object: { label: { expr: \"string_agg(L.N, ',')\" } } }";
    let ways = [
        "things: { each: { in: L, as: E, fields: { label: \"E.N\" } } }",
        "tags: { each: { in: L, as: E, value: { expr: \"lower(E.N)\" } } }",
        "open: { expr: \"min(L.N)\" }",
        "count: { expr: \"CASE WHEN 'x' = ANY(L.N) THEN 1 END\" }",
    ];
    let given = FROM.replace("{ N: text, M", "{ N: { type: text, class: personal }, M");
    for way in ways {
        let clean = found(FROM, LET, &[way]);
        assert!(clean.is_empty(), "{}", diagnostic::render(&clean, false));
        assert_eq!(codes(&found(FROM, LET, &[shown, way])), ["mapping.class_of_source"], "{way}");
        assert_eq!(codes(&found(&given, LET, &[way])), ["mapping.class_of_source"], "{way}");
    }
    let fields = [shown, "open: N", "count: { expr: \"count(L)\" }"];
    let other = found(FROM, LET, &fields);
    assert!(other.is_empty(), "{}", diagnostic::render(&other, false));
}

#[test]
fn the_zone_of_a_moment_is_found_by_something() {
    let from = FROM.replace("Z: text", "Z: { type: text, class: personal }");
    assert_eq!(codes(&found(&from, LET, &["at: AT"])), ["mapping.class_of_source"]);
    let said = from.replace("take: zone }", "take: zone, class: public }");
    assert!(found(&said, LET, &["at: AT"]).is_empty());
}

#[test]
fn a_lookup_may_say_what_its_table_tells_and_nothing_else_may() {
    let from = FROM.replace("N: text\n  OTHER", "N: { type: text, class: special }\n  OTHER");
    let field = "open: { lookup: { table: t, match: { source: N }, take: code, class: internal } }";
    assert!(found(&from, LET, &[field]).is_empty());
    let lets = LET.replace("take: code }", "take: code, class: internal }");
    assert!(found(&from, &lets, &["open: found"]).is_empty());
    let closed = field.replace("class: internal", "class: personal");
    assert_eq!(codes(&found(FROM, LET, &[&closed])), ["mapping.class_of_source"]);
    let lower = "health: { from: N, class: internal }";
    assert!(codes(&found(&from, LET, &[lower])).contains(&"mapping.class_lowered"));
}

#[test]
fn the_kind_of_a_tax_number_is_open_and_the_number_is_not() {
    let kind = "open: { from: N, kind_of: es.tax_id }";
    let given = |class: &str| {
        FROM.replace("N: text\n  OTHER", &format!("N: {{ type: text, class: {class} }}\n  OTHER"))
    };
    for from in [FROM.to_owned(), given("personal"), given("personal.national_id")] {
        let found = found(&from, LET, &[kind]);
        assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
    }
    // Verbs make a tax number of anything.
    let special = "open: { from: N, replace: { F20: 12345678Z }, kind_of: es.tax_id }";
    assert_eq!(codes(&found(&given("special"), LET, &[special])), ["mapping.class_of_source"]);
    for from in [FROM.to_owned(), given("internal")] {
        for (way, open) in WAYS {
            let kind = kind.replace("open", "more");
            let found = found(&from, LET, &[&kind, open]);
            assert!(codes(&found).contains(&"mapping.class_of_source"), "{way}");
        }
    }
}

#[test]
fn the_kind_of_what_is_computed_can_tell_anything() {
    let tells = "CASE WHEN N = 'F20' THEN '12345678Z' ELSE 'A58818501' END";
    for class in ["personal", "special"] {
        let from = FROM
            .replace("N: text\n  OTHER", &format!("N: {{ type: text, class: {class} }}\n  OTHER"));
        let lets = format!("{LET}  told: \"{tells}\"\n");
        for way in [
            &format!("open: {{ expr: \"{tells}\", kind_of: es.tax_id }}"),
            "open: { from: told, kind_of: es.tax_id }",
            "open: { template: \"{N}\", kind_of: es.tax_id }",
            "open: { lookup: { table: t, match: { source: N }, take: code }, kind_of: es.tax_id }",
        ] {
            let found = found(&from, &lets, &[way]);
            assert_eq!(codes(&found), ["mapping.class_of_source"], "{class}, {way}");
        }
    }
}

#[test]
fn choosing_records_by_something_special_is_to_be_said_openly() {
    let from = FROM.replace("N: text\n  OTHER", "N: { type: text, class: special }\n  OTHER");
    for (when, wrong) in [("N = 'x'", true), ("upper = 'X'", true), ("OTHER = 'x'", false)] {
        let with = format!("when: \"{when}\"\n{from}");
        let silent = found(&with, LET, &["open: OTHER"]);
        assert_eq!(codes(&silent).contains(&"mapping.class_of_condition"), wrong, "{when}");
        let openly = found(&with, LET, &["open: { from: OTHER, class: special }"]);
        assert!(openly.is_empty(), "{when}: {}", diagnostic::render(&openly, false));
    }
    let personal = format!("when: \"N = 'x'\"\n{}", from.replace("special", "personal"));
    assert!(found(&personal, LET, &["open: OTHER"]).is_empty());
}

#[test]
fn what_is_there_or_gone_by_something_special_is_to_be_said_openly() {
    let from = FROM
        .replace("N: text\n  OTHER", "N: { type: text, class: special }\n  OTHER")
        .replace("L: { list: { N: text,", "L: { list: { N: { type: text, class: special },");
    let gone = format!("delete_when: \"N = 'x'\"\n{from}");
    let silent = found(&gone, LET, &["open: OTHER"]);
    assert_eq!(codes(&silent), ["mapping.class_of_condition"]);
    assert!(found(&gone, LET, &["open: { from: OTHER, class: special }"]).is_empty());
    for there in [
        "thing: { present_if: \"N = 'x'\", object: { key: { const: K } } }",
        "things: { list: [ { present_if: \"N = 'x'\", object: { key: { const: K } } } ] }",
        "things: { each: { in: L, as: l, value: { present_if: \"l.N = 'x'\", object: { key: l.M } } } }",
    ] {
        let silent = found(&from, LET, &[there]);
        assert!(codes(&silent).contains(&"mapping.class_of_condition"), "{there}");
        let open = there.replace("N = 'x'", "M = 'x'").replace(
            "\"M = 'x'\", object: { key: { const",
            "\"OTHER = 'x'\", object: { key: { const",
        );
        let found = found(&from, LET, &[&open]);
        assert!(found.is_empty(), "{open}: {}", diagnostic::render(&found, false));
    }
}
