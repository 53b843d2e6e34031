//! What holds for every record and every text.

use std::sync::Arc;

use acequia::{
    diagnostic::SourceFile,
    mapping::{
        self, Mapping, Scratch, Verdict,
        protect::{AnyKeys, TestProtector},
    },
};
use acequia_api::{BatchLimits, Column, Place, RecordBatch, RecordError, RowMeta, Schema, Unit};
use proptest::prelude::*;

use super::{library, texts};

const COLUMNS: [&str; 9] =
    ["NUM_EXP", "FEC_ALTA", "IMPORTE", "NIF", "NOMBRE", "APELLIDO1", "ESTADO", "TIPO", "BAJA"];

fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let one = |choices: &'static [&'static str]| {
        prop_oneof![
            8 => prop::sample::select(choices).prop_map(|text| Some(text.to_owned())),
            1 => Just(None),
            1 => ".{0,8}".prop_map(Some),
        ]
    };
    let all: Vec<BoxedStrategy<Option<String>>> = vec![
        one(&["A-17", " A-18 ", "", "\"q\"\u{1}"]).boxed(),
        one(&["03/02/2021", "31/02/2021", "00/00/0000"]).boxed(),
        one(&["1.250,50", "7", "-1", "12,345"]).boxed(),
        one(&["12345678Z", "12345678A", "-"]).boxed(),
        one(&["MARIA", "ÁÑ  é"]).boxed(),
        one(&["NUÑEZ", ""]).boxed(),
        one(&["C", "D", "Q"]).boxed(),
        one(&["L", "A", "X"]).boxed(),
        one(&["N", "S"]).boxed(),
    ];
    all
}

type Result = (Verdict, String, Vec<u8>, Vec<(&'static str, Option<Arc<str>>)>);

/// Maps a row whose columns stand in the order of `order`.
fn map(
    mapping: &Mapping,
    values: &[Option<String>],
    order: &[usize],
    scratch: &mut Scratch,
) -> Result {
    let schema = Schema::new(order.iter().map(|at| Column::text(COLUMNS[*at])).collect());
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&schema);
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    let mut row = batch.row();
    for at in order {
        match &values[*at] {
            Some(text) => row.text(text).unwrap(),
            None => row.null(),
        }
    }
    row.commit(RowMeta::ordinal(unit, 1, Place::default()));
    let bound = mapping.bind(&schema).unwrap();
    let mut errors: Vec<RecordError> = Vec::new();
    let verdict = mapping.apply(&bound, batch.at(0), scratch, &mut errors);
    let codes = errors.into_iter().map(|error| (error.code, error.field)).collect();
    (verdict, scratch.key.clone(), scratch.data.clone(), codes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_same_record_gives_the_same_bytes_whatever_the_order_of_the_columns_and_what_came_before(
        first in values(),
        second in values(),
        order in Just((0..COLUMNS.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let library = library("licencias.yaml");
        let mapping = &library.mappings["licencias-to-permit"];
        let straight: Vec<usize> = (0..COLUMNS.len()).collect();
        let mut scratch = Scratch::new(Arc::new(TestProtector));
        let alone = map(mapping, &second, &straight, &mut Scratch::new(Arc::new(TestProtector)));
        map(mapping, &first, &straight, &mut scratch);
        let after = map(mapping, &second, &order, &mut scratch);
        prop_assert_eq!(&alone, &after);
        let (verdict, key, data, codes) = after;
        prop_assert_eq!(verdict == Verdict::Rejected, !codes.is_empty());
        prop_assert_eq!(verdict == Verdict::Upsert, !data.is_empty());
        prop_assert_eq!(matches!(verdict, Verdict::Upsert | Verdict::Delete), !key.is_empty());
        if verdict == Verdict::Upsert {
            let event: serde_json::Value = serde_json::from_slice(&data).unwrap();
            prop_assert_eq!(event["permitNumber"].as_str(), Some(key.as_str()));
        }
    }

    #[test]
    fn no_text_makes_the_checker_panic(cut in 0usize..2000, insert in "[\\PC\\n]{0,12}", more in 0usize..2000) {
        let whole = std::fs::read_to_string(super::folder().join("licencias.yaml")).unwrap();
        let at = |wanted: usize| {
            let mut at = wanted.min(whole.len());
            while !whole.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (from, to) = (at(cut), at(cut.max(more)));
        let text = format!("{}{insert}{}", &whole[..from], &whole[to..]);
        let mut texts = texts();
        texts.mappings.push(SourceFile::new("fuzzed.yaml", text.clone()));
        let (_, found) = mapping::check(&texts, &AnyKeys);
        for found in &found {
            prop_assert!(found.file.text().get(found.span.clone()).is_some(), "{} {:?}", found.code, found.span);
        }
    }

    #[test]
    fn no_mapping_shaped_text_makes_the_checker_panic(
        keys in prop::collection::vec(
            prop::sample::select(&["from", "const", "expr", "template", "object", "list", "each", "lookup", "codes", "default", "check", "length", "min", "pad", "slice", "replace", "protect", "class", "on_fail", "one_of"][..]),
            1..4,
        ),
        value in prop::sample::select(&["ID", "{}", "[]", "{ from: ID }", "[ID]", "~", "true", "-1", "{ in: LINES, value: V }", "{ in: LINES, fields: { amount: V } }", "\"{ID}\"", "{ mask: {} }", "{ const: 1 }", "{ \"\": a }"][..]),
        field in prop::sample::select(&["id", "text", "tags", "lines", "price", "author", "day", "nothing"][..]),
    ) {
        let body: Vec<String> = keys.iter().map(|key| format!("{key}: {value}")).collect();
        let text = format!(
            "mapping: m\nto: note/1\nfrom: {{ ID: text, LINES: {{ list: {{ V: text }} }} }}\nkey: {field}\nfields: {{ {field}: {{ {} }} }}\n",
            body.join(", ")
        );
        let mut texts = texts();
        texts.mappings.push(SourceFile::new("fuzzed.yaml", text));
        let (_, found) = mapping::check(&texts, &AnyKeys);
        for found in &found {
            prop_assert!(found.file.text().get(found.span.clone()).is_some(), "{} {:?}", found.code, found.span);
        }
    }
}
