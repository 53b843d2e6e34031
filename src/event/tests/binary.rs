//! Binary mode: the same event as in structured mode, elsewhere in the record.

use std::collections::BTreeMap;

use super::*;
use crate::{diagnostic::SourceFile, model};

fn headers(event: &EventRef<'_>) -> BTreeMap<&'static str, String> {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    event.headers.iter().map(|(name, value)| (name, text(value))).collect()
}

fn first(out: &EventBatch) -> EventRef<'_> {
    out.events().next().unwrap()
}

fn binary() -> EncoderConfig {
    EncoderConfig { layout: Layout::Binary, ..config() }
}

/// With a model of one whole number, `line`.
fn avro() -> EncoderConfig {
    let text =
        "model: m\nversion: 1\nfields: { line: { type: int, required: true, class: public } }";
    let (models, found) = model::load(&[SourceFile::new("m.yaml", text)]);
    assert!(found.is_empty());
    let writer = Arc::new(models["m/1"].avro_writer());
    EncoderConfig { layout: Layout::Avro { writer, schema: 0x0102_0304 }, ..config() }
}

#[test]
fn every_attribute_of_structured_mode_is_a_header_with_the_same_value() {
    let batch = records(&unit("ab"), 3, 9);
    let (mut one, mut other) = (EventBatch::new(), EventBatch::new());
    let data = br#"{"a":"\u00f1"}"#;
    for row in batch.rows() {
        let mapped = Mapped { quality: "holder.key:map.check", ..upsert("OBR \"17\" ñ", data) };
        Encoder::new(config()).push(&mut one, row, mapped).unwrap();
        Encoder::new(binary()).push(&mut other, row, mapped).unwrap();
        Encoder::new(config()).push(&mut one, row, delete("K")).unwrap();
        Encoder::new(binary()).push(&mut other, row, delete("K")).unwrap();
    }
    let structured: Vec<_> = one.events().filter(|event| event.value.is_some()).collect();
    assert_eq!(structured.len(), other.events().len());
    for (structured, binary) in structured.iter().zip(other.events()) {
        assert_eq!((structured.id, structured.key), (binary.id, binary.key));
        let json: Value = serde_json::from_slice(structured.value.unwrap()).unwrap();
        let mut expected = BTreeMap::new();
        for (name, value) in json.as_object().unwrap().iter().filter(|(name, _)| *name != "data") {
            let name = if name == "datacontenttype" {
                "content-type".to_owned()
            } else {
                format!("ce_{name}")
            };
            expected.insert(name, value.as_str().unwrap().to_owned());
        }
        let found = headers(&binary);
        assert_eq!(
            found.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<BTreeMap<_, _>>(),
            expected
        );
        assert_eq!(binary.value, json.get("data").map(|_| &data[..]));
        let shown =
            in_json(binary.headers.iter().collect::<Vec<_>>().into_iter(), binary.value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), json);
    }
    let found = headers(structured.first().unwrap());
    assert_eq!(found, [("content-type", "application/cloudevents+json".to_owned())].into());
}

#[test]
fn a_delete_is_its_own_tombstone() {
    let batch = records(&unit("ab"), 1, 2);
    for config in [binary(), avro()] {
        let mut out = EventBatch::new();
        Encoder::new(config).push(&mut out, batch.at(0), delete("K-1")).unwrap();
        assert_eq!((out.len(), out.published()), (1, 1));
        let event = first(&out);
        assert_eq!((event.key, event.value), (&b"K-1"[..], None));
        let found = headers(&event);
        assert_eq!(found["ce_type"], "permit.v1.deleted");
        assert!(!found.contains_key("content-type") && !found.contains_key("ce_dataschema"));
    }
}

#[test]
fn an_avro_value_begins_with_zero_and_the_id_of_its_schema() {
    let batch = records(&unit("ab"), 1, 2);
    let mut out = EventBatch::new();
    let mut encoder = Encoder::new(avro()).with_claim_check();
    encoder.push(&mut out, batch.at(0), upsert("K", br#"{"line":-3}"#)).unwrap();
    let event = first(&out);
    assert_eq!(event.value, Some(&[0, 1, 2, 3, 4, 5][..]));
    assert_eq!(headers(&event)["content-type"], "application/avro");
    let shown = in_json(event.headers.iter().collect::<Vec<_>>().into_iter(), event.value).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["data_base64"], "AAECAwQF");
    let before = sent(&out);
    let error = encoder.push(&mut out, batch.at(0), upsert("K", br#"{"line":"secret"}"#));
    let error = error.unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), ("encode.avro_value", Some("line")));
    assert_eq!(error.detail.as_deref(), Some("the Avro schema wants a whole number of 64 bits"));
    assert_eq!(sent(&out), before, "nothing is left of it");
}

#[test]
fn headers_count_for_the_size_and_too_much_data_is_claimed_by_headers() {
    let batch = records(&unit("ab"), 1, 2);
    let (small, large) = (br#"{"a":1}"#, format!(r#"{{"a":"{}"}}"#, "x".repeat(3000)));
    let limited = |max_event_bytes| EncoderConfig { max_event_bytes, ..binary() };
    let mut out = EventBatch::new();
    Encoder::new(binary()).push(&mut out, batch.at(0), upsert("K", small)).unwrap();
    let size = first(&out).headers.room();
    let exact = size + 1 + small.len();
    out.clear();
    Encoder::new(limited(exact)).push(&mut out, batch.at(0), upsert("K", small)).unwrap();
    let refused = Encoder::new(limited(exact - 1)).push(&mut out, batch.at(0), upsert("K", small));
    assert_eq!(refused.unwrap_err().code, "encode.too_large");

    out.clear();
    let mut encoder = Encoder::new(limited(2000)).with_claim_check();
    encoder.push(&mut out, batch.at(0), upsert("K", large.as_bytes())).unwrap();
    let (event, claim) = (first(&out), out.claims().next().unwrap());
    assert_eq!(claim.bytes, large.as_bytes());
    assert_eq!(event.value, Some(&b"null"[..]), "without a value it would be a delete");
    let found = headers(&event);
    assert_eq!(found["ce_dataref"], claim.reference());
    assert_eq!(found["ce_datasize"], large.len().to_string());
    assert_eq!(format!("{}.json", found["ce_datasha256"]), claim.reference());
    let shown = in_json(event.headers.iter().collect::<Vec<_>>().into_iter(), event.value).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["datasize"], shown.get("data")), (&json!(large.len()), None));
}

#[test]
fn what_an_attribute_may_not_hold_is_refused_in_headers_too() {
    let batch = records(&unit("ab"), 1, 2);
    for key in ["a\tb", "\u{fdd0}", ""] {
        let mut out = EventBatch::new();
        assert!(Encoder::new(binary()).push(&mut out, batch.at(0), upsert(key, b"{}")).is_err());
        assert_eq!((out.len(), out.size()), (0, 0));
    }
}

#[test]
fn at_steady_state_no_mode_allocates() {
    let batch = records(&unit("ab"), 1, 50);
    for config in [config(), binary(), avro()] {
        let (mut encoder, mut out) = (Encoder::new(config), EventBatch::new());
        encode(&mut encoder, &mut out, &batch);
        out.clear();
        let counted = allocation_counter::measure(|| {
            for row in batch.rows() {
                encoder.push(&mut out, row, upsert("K", br#"{"line":1}"#)).unwrap();
            }
        });
        assert_eq!(counted.count_total, 0);
    }
}
