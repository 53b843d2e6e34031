//! The stage alone: records in, events and rejects out.

use super::*;
use crate::{
    pipeline::{
        parcel::{Parcel, circulation},
        stage::Stage,
    },
    publish::Terms,
};

const LINES: &str = "\
mapping: lines
to: note/1
when: \"KIND = 'L' AND SIZE < 100\"
from:
  ID: text
  KIND: text
  SIZE: int
  LINES: { list: { NO: text } }
each: { in: LINES }
key: noteNumber
fields:
  noteNumber: { template: \"{ID}/{NO}\" }
  size: SIZE
";

/// Kind, size, and the lines if there is a list of them.
type Row = (&'static str, &'static str, Option<&'static [&'static str]>);

/// What a mapping for lines and one for heads make of these rows, where a record is to be taken by exactly one.
fn run(lines: &str, rows: &[Row]) -> Box<Parcel> {
    let lines = compiled("lines", lines);
    let rig = Rig::new(Script::default());
    let mut spec = rig.spec();
    let encoder = spec.targets[0].encoder.clone();
    let schema = compiled("lines", LINES).text_schema();
    spec.targets = [lines, mapping_of("heads", "KIND = 'H'")]
        .map(|mapping| Target { mapping, encoder: encoder.clone() })
        .into();
    spec.rules = Rules { none_rejects: true, several_rejects: true };
    let mut parcel = circulation(&"all".into(), spec.limits).try_recv().unwrap();
    let batch = &mut parcel.records;
    batch.set_schema(&schema);
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    for (number, (kind, size, lines)) in rows.iter().enumerate() {
        let mut row = batch.row();
        for text in [&format!("n-{number}"), *kind, *size] {
            row.text(text).unwrap();
        }
        match lines {
            None => row.null(),
            Some(lines) => {
                for line in *lines {
                    row.begin_group();
                    row.text(line).unwrap();
                    row.end_group();
                }
                row.end_list();
            }
        }
        row.commit(RowMeta::ordinal(unit, number as u64, Place::default()));
    }
    let mut stage = Stage::new(&spec, &"all".into(), &Terms::default(), None).unwrap();
    stage.run(&mut parcel).unwrap();
    parcel
}

fn rejects(parcel: &Parcel) -> Vec<(u32, Option<u16>, &'static str)> {
    let rejects = parcel.events.rejects().iter();
    rejects.map(|reject| (reject.row, reject.mapping, reject.errors[0].code)).collect()
}

#[test]
fn a_record_without_elements_is_taken_by_those_that_would_take_it() {
    let parcel = run(
        LINES,
        &[
            ("L", "1", Some(&["a", "b"])),
            ("L", "1", Some(&[])),
            ("L", "1", None),
            ("H", "1", Some(&[])),
            ("H", "1", None),
            ("?", "1", Some(&[])),
            ("?", "1", None),
            ("L", "twelve", None),
        ],
    );
    let none = "map.no_mapping";
    assert_eq!(rejects(&parcel), [(5, None, none), (6, None, none), (7, Some(0), "decode.int")]);
    let counts = parcel.counts;
    assert_eq!((counts.published, counts.filtered, counts.events), (3, 2, 4));
    let routing = &parcel.routing;
    let took: Vec<_> = routing.mappings.iter().map(|route| (route.taken, route.filtered)).collect();
    assert_eq!((took, routing.none, routing.several), (vec![(4, 4), (2, 6)], 2, 0));
}

#[test]
fn where_when_is_absent_or_about_elements_a_record_without_them_is_taken() {
    let when = "when: \"KIND = 'L' AND SIZE < 100\"\n";
    for other in ["", "when: \"KIND = 'L' AND NO <> 'x'\"\n"] {
        let parcel = run(&LINES.replace(when, other), &[("?", "1", Some(&[])), ("?", "1", None)]);
        assert!(rejects(&parcel).is_empty(), "{other}: {:?}", rejects(&parcel));
        assert_eq!((parcel.counts.filtered, parcel.routing.none), (2, 0), "{other}");
    }
}

#[test]
fn no_value_names_a_schema_whose_id_is_not_known() {
    let rig = Rig::new(Script::default());
    let mut spec = rig.spec();
    let writer = Arc::new(spec.targets[0].mapping.model.avro_writer());
    spec.targets[0].encoder.layout = Layout::Avro { writer, schema: 0 };
    let stage = |ids: &[u32]| {
        let terms = Terms { schema_ids: ids.into(), ..Terms::default() };
        Stage::new(&spec, &"all".into(), &terms, None)
    };
    let failure = stage(&[]).unwrap_err();
    assert_eq!((failure.class, &*failure.code), (ErrorClass::Bug, "pipeline.schema_id"));
    assert!(stage(&[7]).is_ok());
}
