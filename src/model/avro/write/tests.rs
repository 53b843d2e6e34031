//! The writer against a reader that is written after the specification and knows only the schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::{diagnostic::SourceFile, model};

const THING: &str = "\
model: thing
version: 1
fields:
  id: { type: text, required: true, class: public }
  kind: { type: code, class: public }
  flag: { type: bool, required: true, class: public }
  count: { type: int, class: public }
  share: { type: float, class: public }
  day: { type: date, class: public }
  clock: { type: time, class: public }
  local: { type: timestamp, class: public }
  at: { type: instant, class: public }
  some: { type: partial_date, class: public }
  key: { type: uuid, class: public }
  raw: { type: bytes, class: public }
  cost: { type: money, class: public }
  fees: { type: money, many: true, class: public }
  tags: { type: text, many: true, required: true, class: public }
";

fn thing() -> std::sync::Arc<Model> {
    let (models, found) = model::load(&[SourceFile::new("m.yaml", THING)]);
    assert!(found.is_empty(), "{found:?}");
    std::sync::Arc::clone(&models["thing/1"])
}

fn write(json: &str) -> Result<Vec<u8>, Misfit> {
    let mut out = Vec::new();
    thing().avro_writer().write(json.as_bytes(), &mut AvroScratch::default(), &mut out)?;
    Ok(out)
}

/// Reads a value as the Avro specification says, with the schema alone; logical types stay the numbers they are.
struct Reading<'s> {
    rest: &'s [u8],
    named: BTreeMap<String, &'s Value>,
}

impl<'s> Reading<'s> {
    fn take(&mut self, len: usize) -> &'s [u8] {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    fn long(&mut self) -> i64 {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.take(1)[0];
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
            }
        }
    }

    fn value(&mut self, schema: &'s Value) -> Value {
        match schema {
            Value::Array(branches) => {
                let branch = self.long() as usize;
                self.value(&branches[branch])
            }
            Value::String(name) => match name.as_str() {
                "null" => Value::Null,
                "boolean" => json!(self.take(1)[0] == 1),
                "int" | "long" => json!(self.long()),
                "double" => json!(f64::from_le_bytes(self.take(8).try_into().unwrap())),
                "string" => {
                    let len = self.long() as usize;
                    json!(std::str::from_utf8(self.take(len)).unwrap())
                }
                "bytes" => {
                    let len = self.long() as usize;
                    json!(self.take(len))
                }
                name => self.value(self.named[name]),
            },
            Value::Object(_) => match schema["type"].as_str().unwrap() {
                "record" => {
                    self.named.insert(schema["name"].as_str().unwrap().to_owned(), schema);
                    let fields = schema["fields"].as_array().unwrap();
                    let field = |field: &'s Value| {
                        (field["name"].as_str().unwrap().to_owned(), self.value(&field["type"]))
                    };
                    Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
                }
                "array" => {
                    let mut items = Vec::new();
                    loop {
                        match self.long() {
                            0 => return Value::Array(items),
                            count => {
                                items.extend((0..count).map(|_| self.value(&schema["items"])));
                            }
                        }
                    }
                }
                _ => self.value(&schema["type"]),
            },
            _ => unreachable!(),
        }
    }
}

fn read(bytes: &[u8]) -> Value {
    let schema = thing().avro_schema().unwrap();
    let mut reading = Reading { rest: bytes, named: BTreeMap::new() };
    let value = reading.value(&schema);
    assert!(reading.rest.is_empty(), "nothing is left over");
    value
}

#[test]
fn every_type_is_written_as_the_schema_says_whatever_the_order_of_the_members() {
    let members = [
        r#""tags":["a","","ñ\n"]"#,
        r#""id":"A \"1\"\\ \u001f""#,
        r#""flag":true"#,
        r#""kind":"new""#,
        r#""count":-9223372036854775808"#,
        r#""share":-0.5"#,
        r#""day":"2021-02-03""#,
        r#""clock":"13:05:00.1234567""#,
        r#""local":"1969-12-31T23:59:59.5""#,
        r#""at":"2021-02-03T12:05:00Z""#,
        r#""some":"2021-02""#,
        r#""key":"6f1f5f0e-6a3b-4c8e-9d55-2f0c6f3a1b7d""#,
        r#""raw":"AAEC/w==""#,
        r#""cost":{"currency":"EUR","amount":"1250.50"}"#,
        r#""fees":[{"amount":"1","currency":"EUR"},{"amount":"-2.00","currency":"MXN"}]"#,
    ];
    let expected = json!({
        "id": "A \"1\"\\ \u{1f}", "kind": "new", "flag": true, "count": i64::MIN, "share": -0.5,
        "day": 18_661, "clock": 47_100_123_456_i64, "local": -500_000, "at": 1_612_353_900_000_000_i64,
        "some": "2021-02", "key": "6f1f5f0e-6a3b-4c8e-9d55-2f0c6f3a1b7d", "raw": [0, 1, 2, 255],
        "cost": { "amount": "1250.50", "currency": "EUR" },
        "fees": [{ "amount": "1", "currency": "EUR" }, { "amount": "-2.00", "currency": "MXN" }],
        "tags": ["a", "", "ñ\n"],
    });
    let mut rng = fastrand::Rng::with_seed(11);
    for _ in 0..50 {
        let mut members = members;
        rng.shuffle(&mut members);
        let json = format!("{{{}}}", members.join(","));
        assert_eq!(read(&write(&json).unwrap()), expected, "{json}");
    }
}

#[test]
fn what_is_absent_is_null_and_an_empty_list_is_empty() {
    let value = read(
        &write(r#"{ "id": "", "flag": false, "tags": [], "count": null, "other": {"a":[1]} }"#)
            .unwrap(),
    );
    let object = value.as_object().unwrap();
    assert_eq!(
        (&value["id"], &value["flag"], &value["tags"]),
        (&json!(""), &json!(false), &json!([]))
    );
    assert_eq!(object.values().filter(|value| value.is_null()).count(), object.len() - 3);
}

#[test]
fn what_does_not_fit_is_named_by_its_path_and_not_by_its_value() {
    let with = |member: &str| format!(r#"{{"id":"a","flag":true,"tags":[],{member}}}"#);
    for (json, field, wanted) in [
        (with(r#""count":9223372036854775808"#), Some("count"), "a whole number of 64 bits"),
        (with(r#""count":1.5"#), Some("count"), "a whole number of 64 bits"),
        (with(r#""share":"x""#), Some("share"), "a number"),
        (with(r#""share":NaN"#), Some("share"), "a number"),
        (with(r#""day":"+10000-01-01""#), Some("day"), "a date of the years 0000 to 9999"),
        (with(r#""raw":"A""#), Some("raw"), "bytes in base64"),
        (with(r#""cost":{"amount":"1"}"#), Some("cost.currency"), "a value"),
        (with(r#""cost":[]"#), Some("cost"), "an object"),
        (with(r#""fees":{}"#), Some("fees"), "a list"),
        (with(r#""fees":[null]"#), Some("fees"), "an object"),
        (with(r#""flag":1"#), Some("flag"), "true or false"),
        (r#"{"id":"a"}"#.to_owned(), Some("flag"), "a value"),
        (r#"["id"]"#.to_owned(), None, "a JSON object"),
        (r#"{"id":"a"#.to_owned(), None, "a JSON object"),
    ] {
        let misfit = write(&json).unwrap_err();
        assert_eq!((misfit.field.as_deref(), misfit.wanted), (field, wanted), "{json}");
    }
}

#[test]
fn numbers_are_zigzag_with_the_lowest_bits_first() {
    for (number, bytes) in [
        (0, &[0][..]),
        (-1, &[1]),
        (1, &[2]),
        (-64, &[0x7f]),
        (64, &[0x80, 1]),
        (i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
    ] {
        let mut out = Vec::new();
        long(&mut out, number);
        assert_eq!(out, bytes);
    }
}

#[test]
fn nothing_is_allocated_once_the_buffers_have_grown() {
    let (writer, mut scratch) = (thing().avro_writer(), AvroScratch::default());
    let json = br#"{"id":"A\n1","flag":true,"cost":{"amount":"1","currency":"EUR"},"tags":["a"],"raw":"AAEC"}"#;
    let mut out = Vec::with_capacity(1000);
    writer.write(json, &mut scratch, &mut out).unwrap();
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            out.clear();
            writer.write(json, &mut scratch, &mut out).unwrap();
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn broken_json_is_refused_and_never_a_panic() {
    let json = r#"{"id":"A \"1\"\\ é","flag":true,"count":12,"cost":{"currency":"EUR","amount":"1"},"fees":[{"amount":"1"}],"tags":["a"],"raw":"AAEC"}"#.as_bytes();
    let (writer, mut scratch, mut out) =
        (thing().avro_writer(), AvroScratch::default(), Vec::new());
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..50_000 {
        let mut broken = json.to_vec();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..broken.len());
            broken[at] = b"{}[],:\"\\0a-u\xff"[rng.usize(..13)];
        }
        broken.truncate(rng.usize(..=broken.len()));
        out.clear();
        let _ = writer.write(&broken, &mut scratch, &mut out);
    }
}
