//! What holds for events as a whole: their form, their ids, and what a refused one leaves behind.

use std::{collections::HashSet, sync::Arc};

use acequia_api::{BatchLimits, Column, Op, Place, RecordBatch, RowMeta, Schema, Unit};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod binary;

fn config() -> EncoderConfig {
    EncoderConfig {
        deployment: "villaclara".into(),
        pipeline: "permits".into(),
        split: "drop".into(),
        event_type: "permit.v1".into(),
        dataschema: "https://acequia.example/schemas/permit/1".into(),
        mapping_version: "0123456789ab".into(),
        dataclass: "personal",
        topic: 3,
        max_event_bytes: 10_000,
        tombstones: true,
        layout: Layout::Structured,
    }
}

fn upsert<'a>(key: &'a str, data: &'a [u8]) -> Mapped<'a> {
    Mapped { index: 0, change: Change::Upsert, key, data, quality: "" }
}

fn delete(key: &str) -> Mapped<'_> {
    Mapped { change: Change::Delete, ..upsert(key, b"") }
}

/// Records `first..last` of a unit, every third with a source time, every fifth known by bytes.
fn records(unit: &Arc<Unit>, first: u64, last: u64) -> RecordBatch {
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&Schema::new(vec![Column::text("KEY")]));
    let unit = batch.unit(unit);
    for ordinal in first..last {
        let mut row = batch.row();
        row.text(&format!("K-{ordinal}")).unwrap();
        let mut meta = RowMeta::ordinal(unit, ordinal, Place::line(ordinal + 1, ordinal * 20));
        if ordinal % 3 == 0 {
            meta.source_time = Some(ordinal as i64 * 12_345_678);
        }
        if ordinal % 5 == 0 {
            meta.identity = row.identity(&ordinal.to_be_bytes()).unwrap();
        }
        meta.op = if ordinal % 7 == 0 { Op::Delete } else { Op::Upsert };
        row.commit(meta);
    }
    batch
}

fn unit(content: &str) -> Arc<Unit> {
    Arc::new(Unit { id: format!("sha256:{content:0>64}").into(), name: "LIC_01.csv".into() })
}

/// Every record of `batch` as two events, of which the first may be a delete.
fn encode(encoder: &mut Encoder, out: &mut EventBatch, batch: &RecordBatch) {
    for row in batch.rows() {
        let key = format!("K-{}", row.meta().place.line);
        let data = format!(r#"{{"line":{}}}"#, row.meta().place.line);
        if row.meta().op == Op::Delete {
            encoder.push(out, row, delete(&key)).unwrap();
        } else {
            encoder.push(out, row, upsert(&key, data.as_bytes())).unwrap();
        }
        encoder.push(out, row, Mapped { index: 1, ..upsert(&key, data.as_bytes()) }).unwrap();
    }
}

fn sent(out: &EventBatch) -> Vec<(EventId, Vec<u8>, Option<Vec<u8>>)> {
    out.events()
        .map(|event| (event.id, event.key.to_vec(), event.value.map(<[u8]>::to_vec)))
        .collect()
}

fn only_value(out: &EventBatch) -> Value {
    serde_json::from_slice(out.events().next().unwrap().value.unwrap()).unwrap()
}

#[test]
fn an_event_is_written_in_the_documented_order() {
    let batch = records(&unit("ab"), 3, 4);
    let mut out = EventBatch::new();
    let mapped = Mapped { quality: "holder.key:map.check", ..upsert("OBR \"17\"", br#"{"a":1}"#) };
    let id = Encoder::new(config()).push(&mut out, batch.at(0), mapped).unwrap();
    let value = out.events().next().unwrap().value.unwrap();
    assert_eq!(
        std::str::from_utf8(value).unwrap(),
        format!(
            concat!(
                r#"{{"specversion":"1.0","id":"{}","source":"acequia://villaclara/permits","#,
                r#""type":"permit.v1.upserted","subject":"OBR \"17\"","time":"1970-01-01T00:00:03.7037034Z","#,
                r#""datacontenttype":"application/json","dataschema":"https://acequia.example/schemas/permit/1","#,
                r#""mappingversion":"0123456789ab","#,
                r#""sourceposition":"LIC_01.csv#record=3,line=4,byte=60;sha256=00000000","#,
                r#""dataclass":"personal","quality":"holder.key:map.check","data":{{"a":1}}}}"#
            ),
            id
        )
    );
}

#[test]
fn the_snapshots_that_were_looked_up_in_stand_in_the_event_and_nothing_stands_where_there_are_none()
{
    let batch = records(&unit("ab"), 3, 4);
    let lookups = |snapshots: &[String]| {
        let mut out = EventBatch::new();
        let mut encoder = Encoder::new(config()).with_lookups(snapshots);
        let mapped = upsert("k", br#"{"a":1}"#);
        encoder.push(&mut out, batch.at(0), mapped).unwrap();
        encoder.push(&mut out, batch.at(0), Mapped { change: Change::Delete, ..mapped }).unwrap();
        let values = out.events().filter_map(|event| event.value);
        let parsed = values.map(|value| serde_json::from_slice::<Value>(value).unwrap());
        parsed.map(|value| value.get("lookups").cloned()).collect::<Vec<_>>()
    };
    assert_eq!(lookups(&[])[0], None);
    let named = lookups(&["office@1a2b3c4d".into(), "zone@00ff00ff".into()]);
    assert_eq!(
        named[..2],
        [
            Some("office@1a2b3c4d,zone@00ff00ff".into()),
            Some("office@1a2b3c4d,zone@00ff00ff".into())
        ]
    );
}

#[test]
fn debug_of_a_batch_shows_no_value() {
    let batch = records(&unit("u"), 0, 1);
    let mut out = EventBatch::new();
    encode(&mut Encoder::new(config()), &mut out, &batch);
    let (_, key, value) = sent(&out).remove(0);
    let value = value.unwrap();
    assert!(!key.is_empty() && !value.is_empty());
    let shown = format!("{out:?} {batch:?}");
    assert!(shown.contains("EventBatch { events: "), "{shown}");
    for hidden in [key, value] {
        // Neither as text nor as the list of bytes that a derived `Debug` makes of it.
        assert!(!shown.contains(&*String::from_utf8_lossy(&hidden)), "{shown}");
        let list = format!("{hidden:?}");
        assert!(!shown.contains(list.trim_matches(['[', ']'])), "{shown}");
    }
}

#[test]
fn a_delete_has_no_data_and_a_tombstone_follows_it_where_there_is_to_be_one() {
    let batch = records(&unit("ab"), 1, 2);
    for tombstones in [true, false] {
        let mut out = EventBatch::new();
        let mut encoder = Encoder::new(EncoderConfig { tombstones, ..config() });
        let id = encoder.push(&mut out, batch.at(0), delete("K-1")).unwrap();
        let event = only_value(&out);
        assert_eq!(event["type"], "permit.v1.deleted");
        assert_eq!(event["dataclass"], "personal");
        for absent in ["data", "datacontenttype", "dataschema", "time", "quality"] {
            assert_eq!(event.get(absent), None, "{absent}");
        }
        assert_eq!((out.len(), out.published()), (if tombstones { 2 } else { 1 }, 1));
        if let Some(tombstone) = out.events().nth(1) {
            let expected =
                EventRef { topic: 3, key: b"K-1", headers: Headers::NONE, value: None, id, row: 0 };
            assert_eq!(tombstone, expected);
        }
    }
}

#[test]
fn bad_input_70_a_refused_event_leaves_no_trace() {
    let batch = records(&unit("ab"), 1, 3);
    let mut encoder = Encoder::new(config());
    let mut out = EventBatch::new();
    encoder.push(&mut out, batch.at(0), upsert("K-1", b"{}")).unwrap();
    let (size, before) = (out.size(), sent(&out));
    let (long_key, big) = ("k".repeat((64 << 10) + 1), vec![b' '; 10_000]);
    for (mapped, code) in [
        (upsert("", b"{}"), "encode.key_empty"),
        (upsert(&long_key, b"{}"), "encode.key_too_large"),
        (upsert("a\nb", b"{}"), "encode.key_control"),
        (upsert("K-2", &big), "encode.too_large"),
    ] {
        let error = encoder.push(&mut out, batch.at(1), mapped).unwrap_err();
        assert_eq!(error.code, code);
        assert_eq!((out.size(), sent(&out), out.published()), (size, before.clone(), 1));
        assert!(CODES.iter().any(|doc| doc.code == code));
    }
}

#[test]
fn bad_input_70_the_limit_is_the_size_of_key_headers_and_whole_value() {
    let batch = records(&unit("ab"), 1, 2);
    let mut out = EventBatch::new();
    Encoder::new(config()).push(&mut out, batch.at(0), upsert("K", b"{}")).unwrap();
    let event = out.events().next().unwrap();
    let len = "K".len() + event.headers.room() + event.value.unwrap().len();
    for (max_event_bytes, fits) in [(len, true), (len - 1, false)] {
        let mut encoder = Encoder::new(EncoderConfig { max_event_bytes, ..config() });
        assert_eq!(encoder.push(&mut out, batch.at(0), upsert("K", b"{}")).is_ok(), fits);
    }
}

#[test]
fn an_event_with_a_claim_check_refers_to_its_data_and_only_if_it_must() {
    let batch = records(&unit("ab"), 1, 3);
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(20_000));
    let mut encoder = Encoder::new(config()).with_claim_check();
    let mut out = EventBatch::new();
    encoder.push(&mut out, batch.at(0), upsert("K-1", b"{}")).unwrap();
    let (small, before) = (out.mark(), sent(&out));
    let mapped = Mapped { quality: "size:int.range", ..upsert("K-2", data.as_bytes()) };
    let id = encoder.push(&mut out, batch.at(1), mapped).unwrap();

    let kept: Vec<_> = out.claims().collect();
    assert_eq!((kept.len(), kept[0].bytes), (1, data.as_bytes()));
    let hash = data_encoding::HEXLOWER.encode(&kept[0].digest);
    assert_eq!(hash, "cdf2f2c69126e8e2bc716e8661fd595b257feef6c48cced72ad86f2922591a69");
    let event: Value = serde_json::from_slice(out.events().nth(1).unwrap().value.unwrap()).unwrap();
    assert!(event.get("data").is_none());
    assert_eq!(event["dataref"], format!("{hash}.json"));
    assert_eq!((&event["datasize"], &event["datasha256"]), (&json!(data.len()), &json!(hash)));
    assert_eq!((&event["subject"], &event["quality"]), (&json!("K-2"), &json!("size:int.range")));
    assert_eq!(event["id"].as_str().unwrap().as_bytes(), id.as_bytes());

    out.rewind(small);
    assert_eq!((sent(&out), out.claims().len()), (before, 0));
    let again = encoder.push(&mut out, batch.at(1), mapped).unwrap();
    assert_eq!((again, out.claims().len()), (id, 1), "the same record, the same event and data");
}

#[test]
fn what_is_too_large_even_without_its_data_is_refused_and_leaves_no_trace() {
    let batch = records(&unit("ab"), 1, 2);
    let mut encoder = Encoder::new(config()).with_claim_check();
    let mut out = EventBatch::new();
    let key = "k".repeat(10_000);
    for mapped in [upsert(&key, b"{}"), delete(&key)] {
        let error = encoder.push(&mut out, batch.at(0), mapped).unwrap_err();
        assert_eq!(error.code, "encode.too_large");
        assert_eq!((out.size(), out.claims().len(), out.len()), (0, 0, 0));
    }
}

#[test]
fn a_row_with_several_events_can_be_taken_back() {
    let batch = records(&unit("ab"), 1, 3);
    let mut encoder = Encoder::new(config());
    let mut out = EventBatch::new();
    encoder.push(&mut out, batch.at(0), upsert("K-1", b"{}")).unwrap();
    let (mark, before) = (out.mark(), sent(&out));
    encoder.push(&mut out, batch.at(1), upsert("K-2", b"{}")).unwrap();
    let error = encoder.push(&mut out, batch.at(1), upsert("", b"{}")).unwrap_err();
    out.reject(1, Some(0), vec![error]);
    out.rewind(mark);
    assert_eq!((sent(&out), out.published(), out.rejects().len()), (before, 1, 1));
    out.filter();
    out.clear();
    assert!(out.is_empty() && out.rejects().is_empty());
    assert_eq!((out.size(), out.published(), out.filtered()), (0, 0, 0));
}

#[test]
fn ids_are_unique_over_units_records_and_events() {
    let mut ids = HashSet::new();
    let mut made = 0;
    for pipeline in ["permits", "requests"] {
        let mut encoder = Encoder::new(EncoderConfig { pipeline: pipeline.into(), ..config() });
        for content in ["ab", "ac"] {
            let mut out = EventBatch::new();
            encode(&mut encoder, &mut out, &records(&unit(content), 1, 200));
            made += out.published();
            ids.extend(out.events().map(|event| event.id));
        }
    }
    assert_eq!(ids.len() as u64, made);
}

#[test]
fn an_id_is_that_of_the_row_wherever_it_is_asked_for() {
    let batch = records(&unit("ab"), 4, 6);
    for row in batch.rows() {
        let mut out = EventBatch::new();
        let id = Encoder::new(config()).push(&mut out, row, upsert("K", b"{}")).unwrap();
        assert_eq!(id, event_id(&event_source("villaclara", "permits"), "drop", row, 0));
    }
}

/// Units that alternate in one batch, as snapshot runs and files do.
#[test]
fn the_cache_of_a_unit_does_not_leak_into_the_next() {
    let (one, two) = (unit("ab"), unit("ac"));
    let mut encoder = Encoder::new(config());
    let mut id = |unit: &Arc<Unit>| {
        let batch = records(unit, 1, 2);
        encoder.push(&mut EventBatch::new(), batch.at(0), upsert("K", b"{}")).unwrap()
    };
    let (first, second, third) = (id(&one), id(&two), id(&one));
    assert_ne!(first, second);
    assert_eq!(first, third);
}

proptest! {
    #[test]
    fn however_batches_are_cut_ids_and_bytes_are_the_same(cuts in prop::collection::vec(1u64..120, 0..8)) {
        let last = 120;
        let mut whole = EventBatch::new();
        encode(&mut Encoder::new(config()), &mut whole, &records(&unit("ab"), 1, last));

        let mut bounds = cuts;
        bounds.extend([1, last]);
        bounds.sort_unstable();
        let (mut pieces, mut out) = (Vec::new(), EventBatch::new());
        let mut encoder = Encoder::new(config());
        for window in bounds.windows(2) {
            out.clear();
            // A reader made anew registers its own unit; one that goes on keeps it.
            encode(&mut encoder, &mut out, &records(&unit("ab"), window[0], window[1]));
            pieces.extend(sent(&out));
        }
        prop_assert_eq!(pieces, sent(&whole));
    }
}

/// The published JSON Schema of CloudEvents, read for what it says about attributes: which there must be, their
/// JSON types and least lengths.
#[test]
fn events_satisfy_the_published_schema_of_cloudevents() {
    let Some(folder) = std::env::var_os("ACEQUIA_TEST_DATA") else {
        eprintln!("not checked against the CloudEvents schema: ACEQUIA_TEST_DATA is not set");
        return;
    };
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join("json/cloudevents.json"));
    let schema: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let mut out = EventBatch::new();
    encode(&mut Encoder::new(config()), &mut out, &records(&unit("ab"), 1, 30));
    for event in out.events().filter_map(|event| event.value) {
        assert_eq!(faults(&schema, &serde_json::from_slice(event).unwrap()), Vec::<String>::new());
    }
    assert_eq!(
        faults(&schema, &json!({"specversion": "1.0", "id": "", "source": "s"})),
        ["id", "type"]
    );
}

fn faults(schema: &Value, event: &Value) -> Vec<String> {
    let attributes = event.as_object().unwrap();
    let mut faults = Vec::new();
    for (name, value) in attributes {
        let extension = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let Some(property) = schema["properties"].get(name) else {
            if !extension || name.len() > 20 || !value.is_string() {
                faults.push(name.clone());
            }
            continue;
        };
        let definition = property["$ref"].as_str().unwrap().trim_start_matches('#');
        let definition = schema.pointer(definition).unwrap();
        let types = match &definition["type"] {
            Value::Array(types) => types.clone(),
            one => vec![one.clone()],
        };
        let least = definition["minLength"].as_u64().unwrap_or(0) as usize;
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let short = value.as_str().is_some_and(|text| text.len() < least);
        if short || !types.contains(&kind.into()) {
            faults.push(name.clone());
        }
    }
    for required in schema["required"].as_array().unwrap() {
        let name = required.as_str().unwrap();
        if !attributes.contains_key(name) {
            faults.push(name.to_owned());
        }
    }
    faults
}

#[test]
fn encoding_does_not_grow_its_buffers_once_they_are_warm() {
    let batch = records(&unit("ab"), 1, 1024);
    let mut encoder = Encoder::new(config());
    let mut out = EventBatch::new();
    encode(&mut encoder, &mut out, &batch);
    let before = out.capacity();
    for _ in 0..3 {
        out.clear();
        encode(&mut encoder, &mut out, &batch);
    }
    assert_eq!(out.capacity(), before);
}
