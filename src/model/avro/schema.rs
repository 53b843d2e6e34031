//! A model as an Avro schema.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Field, Kind, Model, Shape};

impl Model {
    /// The Avro schema of the data of an event. Its namespace is that of the major version, `permit.v1`, so that the full
    /// names stay the same when a minor version adds fields.
    ///
    /// # Errors
    /// The first name that Avro does not allow (letters, digits and `_` only).
    pub fn avro_schema(&self) -> Result<Value, String> {
        let mut writer = Writer { defined: BTreeMap::new() };
        let mut schema = writer.record(&pascal(&self.name), &self.shape)?;
        schema["namespace"] = json!(self.namespace());
        schema["doc"] = json!(format!("{}. Version {}.{}", self.title, self.version, self.minor));
        Ok(schema)
    }

    /// The full name of the record in its Avro schema, `permit.v1.Permit`.
    pub fn avro_name(&self) -> String {
        format!("{}.{}", self.namespace(), pascal(&self.name))
    }

    fn namespace(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = self.name.chars().map(plain).collect();
        format!("{name}.v{}", self.version)
    }
}

struct Writer<'m> {
    /// The records by name; a name stands for one shape only.
    defined: BTreeMap<String, &'m Shape>,
}

impl<'m> Writer<'m> {
    fn record(&mut self, name: &str, shape: &'m Shape) -> Result<Value, String> {
        self.defined.insert(name.to_owned(), shape);
        let fields: Result<Vec<Value>, String> =
            shape.fields.iter().map(|field| self.field(name, field)).collect();
        Ok(json!({ "type": "record", "name": name, "fields": fields? }))
    }

    fn field(&mut self, around: &str, field: &'m Field) -> Result<Value, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !field.name.chars().all(plain) || field.name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("Avro has no field called `{}`", field.name));
        }
        let mut one = match &field.kind {
            Kind::Object(shape) => self.object(around, shape)?,
            scalar => self::scalar(scalar),
        };
        if field.many {
            one = json!({ "type": "array", "items": one });
        }
        let mut written = json!({ "name": *field.name, "type": one });
        if !field.required {
            written["type"] = json!(["null", written["type"].take()]);
            written["default"] = Value::Null;
        }
        let doc = doc(field);
        if !doc.is_empty() {
            written["doc"] = json!(doc);
        }
        Ok(written)
    }

    /// A record the first time, its name afterwards.
    fn object(&mut self, around: &str, shape: &'m Shape) -> Result<Value, String> {
        let mut name = pascal(&shape.name);
        loop {
            match self.defined.get(&name) {
                None => return self.record(&name, shape),
                Some(known) if same(known, shape) => return Ok(json!(name)),
                Some(_) => name = format!("{around}{name}"),
            }
        }
    }
}

fn scalar(kind: &Kind) -> Value {
    let logical = |base: &str, logical: &str| json!({ "type": base, "logicalType": logical });
    match kind {
        Kind::Bool => json!("boolean"),
        Kind::Int => json!("long"),
        Kind::Float => json!("double"),
        Kind::Bytes => json!("bytes"),
        Kind::Date => logical("int", "date"),
        Kind::Time => logical("long", "time-micros"),
        Kind::Timestamp => logical("long", "local-timestamp-micros"),
        Kind::Instant => logical("long", "timestamp-micros"),
        Kind::Uuid => logical("string", "uuid"),
        Kind::Text | Kind::Code | Kind::Decimal | Kind::PartialDate | Kind::Object(_) => {
            json!("string")
        }
    }
}

fn doc(field: &Field) -> String {
    let mut parts: Vec<String> = field.title.iter().cloned().collect();
    if matches!(field.kind, Kind::Decimal) {
        parts.push("an exact decimal".to_owned());
    }
    if !field.one_of.is_empty() {
        parts.push(format!("one of {}", field.one_of.join(", ")));
    }
    if !field.classes.is_empty() {
        let classes: Vec<&str> = field.classes.iter().map(|class| class.name()).collect();
        parts.push(format!("class {}", classes.join(" or ")));
    }
    parts.extend(field.standard.clone());
    parts.join("; ")
}

fn same(left: &Shape, right: &Shape) -> bool {
    left.name == right.name
        && left.fields.len() == right.fields.len()
        && left.fields.iter().zip(&right.fields).all(|(left, right)| {
            let kinds = match (&left.kind, &right.kind) {
                (Kind::Object(left), Kind::Object(right)) => same(left, right),
                (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
            };
            let (many, required) = (left.many == right.many, left.required == right.required);
            kinds && many && required && left.name == right.name
        })
}

/// `public-body` and `publicBody` → `PublicBody`.
fn pascal(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    let mut begins = true;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            begins = true;
            continue;
        }
        if pascal.is_empty() && c.is_ascii_digit() {
            pascal.push('_');
        }
        pascal.push(if begins { c.to_ascii_uppercase() } else { c });
        begins = false;
    }
    pascal
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{diagnostic::SourceFile, model};

    fn avro(fields: &str) -> Result<serde_json::Value, String> {
        let text = format!("model: public-thing\nversion: 2\ntitle: A thing\nfields:\n{fields}");
        let (models, found) = model::load(&[SourceFile::new("m.yaml", text)]);
        assert!(found.is_empty(), "{found:?}");
        models["public-thing/2"].avro_schema()
    }

    #[test]
    fn what_is_not_required_may_be_null_and_types_keep_their_meaning() {
        let schema = avro(
            "  id: { type: text, required: true, class: public, title: Its number }\n  day: { type: date, class: public }\n  at: { type: instant, many: true, class: public }\n",
        )
        .unwrap();
        assert_eq!(
            (&schema["namespace"], &schema["name"]),
            (&json!("public_thing.v2"), &json!("PublicThing"))
        );
        assert_eq!(
            schema["fields"],
            json!([
                { "name": "id", "type": "string", "doc": "Its number; class public" },
                { "name": "day", "type": ["null", { "type": "int", "logicalType": "date" }], "default": null, "doc": "class public" },
                { "name": "at", "type": ["null", { "type": "array", "items": { "type": "long", "logicalType": "timestamp-micros" } }], "default": null, "doc": "class public" },
            ])
        );
    }

    #[test]
    fn a_value_type_is_defined_once_and_a_namesake_gets_a_name_of_its_own() {
        let schema = avro(
            "  cost: { type: money, required: true, class: public }\n  tax: { type: money, required: true, class: public }\n  money: { class: public, required: true, fields: { note: { type: text } } }\n",
        )
        .unwrap();
        assert_eq!(schema["fields"][0]["type"]["name"], json!("Money"));
        assert_eq!(schema["fields"][1]["type"], json!("Money"));
        assert_eq!(schema["fields"][2]["type"]["name"], json!("PublicThingMoney"));
    }

    #[test]
    fn a_name_that_avro_does_not_have_is_refused() {
        let refused = avro("  año: { type: int, class: public }\n");
        assert_eq!(refused, Err("Avro has no field called `año`".to_owned()));
    }
}
