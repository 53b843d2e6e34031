//! Whether a reader with one Avro schema can read what was written with another, and what is in its way.
//!
//! The rules are those of the Avro specification under *schema resolution*, as far as the schemas of models go: records
//! by the names of their fields, unions with null, arrays, the promotions of numbers, and string to bytes and back. Of
//! named types only the name without its namespace counts, as for most registries.
//!
//! A registry refuses by the same rules, but tells it in the words of its program. This says it in those of the model.

use std::collections::BTreeMap;

use serde_json::Value;

/// What keeps a reader from reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    /// The path of the field.
    pub path: String,
    /// Why.
    pub obstacle: Obstacle,
}

/// Why a field cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The reader needs it, and the writer does not have it.
    Missing,
    /// The writer may leave it out, and the reader needs it.
    Optional,
    /// It is something else.
    Type {
        /// For the writer.
        written: String,
        /// For the reader.
        read: String,
    },
}

/// Everything that keeps a reader with the schema `reader` from reading what was written with `writer`; empty if
/// nothing does.
pub fn hindrances(reader: &Value, writer: &Value) -> Vec<Hindrance> {
    let mut found = Vec::new();
    let (mut read, mut written) = (BTreeMap::new(), BTreeMap::new());
    collect(reader, &mut read);
    collect(writer, &mut written);
    Resolver { read, written, found: &mut found }.resolve("", reader, writer);
    found
}

type Named<'s> = BTreeMap<&'s str, &'s Value>;

/// The records of a schema by name.
fn collect<'s>(schema: &'s Value, into: &mut Named<'s>) {
    match schema {
        Value::Array(branches) => branches.iter().for_each(|branch| collect(branch, into)),
        Value::Object(_) => {
            if let Some(name) = schema["name"].as_str() {
                into.insert(short(name), schema);
            }
            for field in schema["fields"].as_array().into_iter().flatten() {
                collect(&field["type"], into);
            }
            collect(&schema["items"], into);
            if schema["type"].is_object() || schema["type"].is_array() {
                collect(&schema["type"], into);
            }
        }
        _ => {}
    }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

struct Resolver<'s, 'f> {
    read: Named<'s>,
    written: Named<'s>,
    found: &'f mut Vec<Hindrance>,
}

impl<'s> Resolver<'s, '_> {
    fn find(&mut self, path: &str, obstacle: Obstacle) {
        self.found.push(Hindrance { path: path.to_owned(), obstacle });
    }

    fn resolve(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        let (reader, writer) = (looked_up(&self.read, reader), looked_up(&self.written, writer));
        if optional(writer) && !optional(reader) {
            return self.find(path, Obstacle::Optional);
        }
        let (reader, writer) = (some(reader), some(writer));
        let (reader, writer) = (looked_up(&self.read, reader), looked_up(&self.written, writer));
        match (base(reader), base(writer)) {
            ("record", "record") => self.record(path, reader, writer),
            ("array", "array") => self.resolve(path, &reader["items"], &writer["items"]),
            (read, written) if promotes(written, read) => {}
            _ => {
                let obstacle = Obstacle::Type { written: shown(writer), read: shown(reader) };
                self.find(path, obstacle);
            }
        }
    }

    fn record(&mut self, path: &str, reader: &'s Value, writer: &'s Value) {
        let written = |name: &str| fields(writer).find(|field| field["name"] == name);
        for field in fields(reader) {
            let name = field["name"].as_str().unwrap_or_default();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            match written(name) {
                Some(writer) => self.resolve(&path, &field["type"], &writer["type"]),
                None if field.get("default").is_none() => self.find(&path, Obstacle::Missing),
                None => {}
            }
        }
    }
}

fn fields(record: &Value) -> impl Iterator<Item = &Value> {
    record["fields"].as_array().into_iter().flatten()
}

/// What a name stands for.
fn looked_up<'s>(named: &Named<'s>, schema: &'s Value) -> &'s Value {
    schema.as_str().and_then(|name| named.get(short(name)).copied()).unwrap_or(schema)
}

fn optional(schema: &Value) -> bool {
    schema.as_array().is_some_and(|branches| branches.iter().any(|branch| branch == "null"))
}

/// The branch of a union with null that is not null; the schema itself if it is no union.
fn some(schema: &Value) -> &Value {
    let branches = schema.as_array().into_iter().flatten();
    branches.into_iter().find(|branch| *branch != "null").unwrap_or(schema)
}

fn base(schema: &Value) -> &str {
    match schema {
        Value::String(name) => name,
        Value::Object(_) => base(&schema["type"]),
        _ => "",
    }
}

fn promotes(written: &str, read: &str) -> bool {
    const WIDENS: [&str; 4] = ["int", "long", "float", "double"];
    let rank = |name| WIDENS.iter().position(|known| *known == name);
    written == read
        || matches!((rank(written), rank(read)), (Some(narrow), Some(wide)) if narrow < wide)
        || matches!((written, read), ("string", "bytes") | ("bytes", "string"))
}

fn shown(schema: &Value) -> String {
    match (base(schema), schema["logicalType"].as_str()) {
        ("record", _) => "an object".to_owned(),
        ("array", _) => "a list".to_owned(),
        (base, Some(logical)) => format!("{base} ({logical})"),
        (base, None) => base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(fields: Value) -> Value {
        json!({ "type": "record", "name": "Thing", "namespace": "thing.v1", "fields": fields })
    }

    fn found(reader: &Value, writer: &Value) -> Vec<(String, Obstacle)> {
        hindrances(reader, writer).into_iter().map(|found| (found.path, found.obstacle)).collect()
    }

    #[test]
    fn an_optional_field_may_come_and_go() {
        let short = record(json!([{ "name": "a", "type": "string" }]));
        let long = record(json!([
            { "name": "a", "type": "string" },
            { "name": "b", "type": ["null", "int"], "default": null },
        ]));
        assert_eq!(found(&long, &short), []);
        assert_eq!(found(&short, &long), []);
    }

    #[test]
    fn what_a_reader_needs_must_have_been_written() {
        let short = record(json!([]));
        let long = record(json!([{ "name": "a", "type": "string" }]));
        assert_eq!(found(&long, &short), [("a".to_owned(), Obstacle::Missing)]);
        assert_eq!(found(&short, &long), []);
        let optional =
            record(json!([{ "name": "a", "type": ["null", "string"], "default": null }]));
        assert_eq!(found(&long, &optional), [("a".to_owned(), Obstacle::Optional)]);
        assert_eq!(found(&optional, &long), []);
    }

    #[test]
    fn types_are_followed_through_names_lists_and_objects() {
        let money = |amount: &str| json!({ "type": "record", "name": "Money", "fields": [{ "name": "amount", "type": amount }] });
        let thing = |amount: &str| {
            record(json!([
                { "name": "cost", "type": money(amount) },
                { "name": "all", "type": ["null", { "type": "array", "items": "Money" }], "default": null },
            ]))
        };
        let told = Obstacle::Type { written: "string".into(), read: "long".into() };
        assert_eq!(
            found(&thing("long"), &thing("string")),
            [("cost.amount".to_owned(), told.clone()), ("all.amount".to_owned(), told)]
        );
        assert_eq!(found(&thing("double"), &thing("int")), []);
        assert_eq!(found(&thing("bytes"), &thing("string")), []);
        assert_eq!(found(&thing("int"), &thing("long")).len(), 2);
    }

    #[test]
    fn a_logical_type_is_shown_and_does_not_count() {
        let of = |kind: Value| record(json!([{ "name": "a", "type": kind }]));
        let date = of(json!({ "type": "int", "logicalType": "date" }));
        assert_eq!(found(&of(json!("int")), &date), []);
        let told = Obstacle::Type { written: "int (date)".into(), read: "string".into() };
        assert_eq!(found(&of(json!("string")), &date), [("a".to_owned(), told)]);
        let list = of(json!({ "type": "array", "items": "string" }));
        let told = Obstacle::Type { written: "a list".into(), read: "string".into() };
        assert_eq!(found(&of(json!("string")), &list), [("a".to_owned(), told)]);
    }
}
