//! A model as JSON Schema 2020-12: what consumers can hold the data of an event against.

use serde_json::{Map, Value, json};

use super::{Field, Kind, Model, Shape};

impl Model {
    /// The schema of the data of an event. Fields that a later minor version adds are allowed.
    pub fn json_schema(&self) -> Value {
        let mut schema = object(&self.shape);
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema["title"] = json!(self.title);
        schema["$comment"] = json!(self.standards.join("; "));
        schema["x-version"] = json!(format!("{}.{}", self.version, self.minor));
        if let Some(title) = &self.title_es {
            schema["x-title-es"] = json!(title);
        }
        if let Some(example) = self.example() {
            schema["examples"] = json!([example]);
        }
        schema
    }
}

fn object(shape: &Shape) -> Value {
    let properties: Map<String, Value> =
        shape.fields.iter().map(|field| (field.name.to_string(), property(field))).collect();
    let required: Vec<&str> =
        shape.fields.iter().filter(|field| field.required).map(|field| &*field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn property(field: &Field) -> Value {
    let mut one = one(field);
    if field.many {
        one = json!({ "type": "array", "items": one });
    }
    if let Some(title) = &field.title {
        one["title"] = json!(title);
    }
    if let Some(title) = &field.title_es {
        one["x-title-es"] = json!(title);
    }
    if let Some(standard) = &field.standard {
        one["$comment"] = json!(standard);
    }
    if !field.classes.is_empty() {
        let classes: Vec<&str> = field.classes.iter().map(|class| class.name()).collect();
        one["x-class"] = json!(classes.join(" or "));
    }
    one
}

fn one(field: &Field) -> Value {
    let mut schema = match &field.kind {
        Kind::Object(shape) => object(shape),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int => json!({ "type": "integer" }),
        Kind::Float => json!({ "type": "number" }),
        Kind::Decimal => json!({ "type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?$" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::PartialDate => {
            json!({ "type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$" })
        }
        Kind::Time => json!({ "type": "string", "pattern": "^[0-9]{2}:[0-9]{2}:[0-9]{2}" }),
        Kind::Timestamp => {
            json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}" })
        }
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Text | Kind::Code => json!({ "type": "string" }),
    };
    if !field.one_of.is_empty() {
        schema["enum"] = json!(field.one_of);
    }
    if let Some(pattern) = &field.pattern {
        schema["pattern"] = json!(pattern.as_str());
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{diagnostic::SourceFile, model};

    #[test]
    fn a_model_says_what_its_events_look_like() {
        let text = "model: thing\nversion: 2\ntitle: A thing\nfields:\n  kind: { type: code, one_of: [a, b], required: true, class: public }\n  cost: { type: money, many: true, class: internal, title: Costs }\n";
        let (models, found) = model::load(&[SourceFile::new("m.yaml", text)]);
        assert!(found.is_empty());
        let model = &models["thing/2"];
        assert_eq!((model.reference(), model.topic()), ("thing/2".into(), "thing.v2".into()));
        let schema = model.json_schema();
        assert_eq!(schema["required"], json!(["kind"]));
        assert_eq!(schema["properties"]["kind"]["enum"], json!(["a", "b"]));
        let cost = &schema["properties"]["cost"];
        assert_eq!((&cost["type"], &cost["title"]), (&json!("array"), &json!("Costs")));
        assert_eq!(cost["items"]["required"], json!(["amount", "currency"]));
        assert_eq!(cost["items"]["properties"]["currency"]["pattern"], json!("^(?:[A-Z]{3})$"));
    }

    #[test]
    fn fields_are_found_by_path_and_classes_are_ordered() {
        let text = "model: thing\nversion: 1\nsubject: owner.key\nfields:\n  owner: { type: ref, class: [internal, personal] }\n";
        let (models, found) = model::load(&[SourceFile::new("m.yaml", text)]);
        assert!(found.is_empty(), "{found:?}");
        let model = &models["thing/1"];
        assert!(model.field("owner.key").is_some_and(|field| field.required));
        assert!(model.field("owner.name").is_none() && model.field("owner.key.x").is_none());
        assert!(model::Class::ALL.is_sorted());
    }
}
