use acequia_api::{BatchLimits, Column, Schema, Unit};

use super::*;

fn quarantine(key: Option<SealKey>) -> Quarantine {
    Quarantine {
        topic: "town.acequia.quarantine".into(),
        pipeline: "permits".into(),
        key,
        max_value_bytes: 100_000,
    }
}

fn rejected(raw: &[u8]) -> RecordBatch {
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&Schema::new(vec![Column::text("a")]));
    let unit = batch.unit(&Arc::new(Unit { id: "9f86".into(), name: "LIC_01.csv".into() }));
    let meta = RowMeta::ordinal(unit, 12, Place::line(14, 1033));
    let error =
        RecordError::decode("decode.csv.ragged").field("NIF").detail("8 fields, expected 11");
    batch.row().reject(vec![error], meta, raw).unwrap();
    batch
}

fn record(quarantine: &Quarantine, batch: &RecordBatch, mapping: Option<&Arc<str>>) -> Quarantined {
    let reject = &batch.rejects()[0];
    let refusal = Refusal { records: batch, meta: &reject.meta, mapping, errors: &reject.errors };
    quarantine.record("drop", &refusal).unwrap()
}

#[test]
fn the_fixture_of_version_1_loads_and_opens() {
    let fixture = include_str!("../fixtures/quarantined.v1.json");
    let read = Quarantined::parse(fixture.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), fixture.trim_end());
    let key = SealKey::new("quarantine-1", &[9; 32]);
    let raw = read.open("town.acequia.quarantine", &key).unwrap().unwrap();
    assert_eq!(raw, b"A-17;12345678Z;MARIA");
}

#[test]
fn without_a_key_no_raw_byte_leaves() {
    let made = record(&quarantine(None), &rejected(b"A-17;12345678Z;MARIA"), None);
    assert_eq!((made.raw.is_none(), made.raw_bytes), (true, 20));
    let stored = serde_json::to_string(&made).unwrap();
    assert!(!stored.contains("12345678Z") && stored.contains("\"line\":14"));
}

#[test]
fn raw_bytes_are_sealed_and_bound_to_their_place() {
    let key = SealKey::new("quarantine-1", &[9; 32]);
    let quarantine = quarantine(Some(key.clone()));
    let mut made = record(&quarantine, &rejected(b"A-17;12345678Z;MARIA"), None);
    assert!(!serde_json::to_string(&made).unwrap().contains("12345678Z"));
    let topic = &*quarantine.topic;
    assert_eq!(made.open(topic, &key).unwrap().unwrap(), b"A-17;12345678Z;MARIA");
    assert_eq!(made.open("other.topic", &key), Err(SealedBadly::Refused));
    made.ordinal = Some(13);
    assert_eq!(made.open(topic, &key), Err(SealedBadly::Refused));
}

#[test]
fn a_raw_record_too_long_for_the_topic_is_left_out_and_its_length_kept() {
    let key = SealKey::new("quarantine-1", &[9; 32]);
    let made = record(&quarantine(Some(key)), &rejected(&vec![b'x'; 90_000]), None);
    assert_eq!((made.raw.is_none(), made.raw_bytes), (true, 90_000));
    assert!(serde_json::to_vec(&made).unwrap().len() < 2000);
}

#[test]
fn the_same_record_refused_by_a_later_version_of_a_mapping_is_the_same_reject() {
    let (quarantine, batch) = (quarantine(None), rejected(b"x"));
    let id =
        |mapping: Option<&str>| record(&quarantine, &batch, mapping.map(Arc::from).as_ref()).id;
    assert_eq!(id(Some("m@1")), id(Some("m@2")));
    assert_ne!(id(Some("m@1")), id(Some("n@1")));
    assert_ne!(id(Some("m@1")), id(None));
    assert_eq!(id(None).len(), 26);
}

#[test]
fn a_record_with_very_many_errors_keeps_the_first_hundred() {
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&Schema::new(vec![Column::text("a")]));
    let unit = batch.unit(&Arc::new(Unit { id: "u".into(), name: "u".into() }));
    let errors = vec![RecordError::map("map.required_missing"); 500];
    batch.row().reject(errors, RowMeta::ordinal(unit, 1, Place::default()), b"").unwrap();
    let made = record(&quarantine(None), &batch, None);
    assert_eq!((made.errors.len(), made.stage), (MAX_ERRORS, Stage::Map));
}

#[test]
fn a_newer_format_and_foreign_records_are_refused() {
    let fixture = include_str!("../fixtures/quarantined.v1.json");
    for bad in [fixture.replace("\"format\":1", "\"format\":2"), "{}".into(), String::new()] {
        let error = Quarantined::parse(bad.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "publish.quarantine_unreadable");
    }
}
