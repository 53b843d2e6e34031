//! The JSON Schemas of the files of a deployment: what editors complete with and what the daemon enforces.

use acequia_api::AnyConnector;
use serde_json::{Map, Value as Json, json};

use super::{daemon::DaemonConfig, pipeline::PipelineConfig, secret::SECRET_FORMAT};
use crate::connectors::Registry;

/// The schema of `acequia.yaml`.
pub fn daemon() -> Json {
    let mut schema = schemars::schema_for!(DaemonConfig).to_value();
    mark(&mut schema);
    tidy(&mut schema);
    schema["title"] = "acequia.yaml".into();
    schema
}

/// The schema of a file in `pipelines/`, with the configuration of every known connector inside.
pub fn pipeline(registry: Registry) -> Json {
    let mut schema = schemars::schema_for!(PipelineConfig).to_value();
    let mut variants = Vec::new();
    let mut defs = Map::new();
    for connector in registry.iter() {
        variants.push(source(connector, &mut defs));
    }
    schema["$defs"]["Source"] = json!({ "oneOf": variants });
    if let Some(known) = schema["$defs"].as_object_mut() {
        known.append(&mut defs);
    }
    mark(&mut schema);
    tidy(&mut schema);
    schema["title"] = "a file in pipelines/".into();
    schema
}

/// The schema of one connector as a variant of `source`, its definitions moved to `defs` under its own name.
fn source(connector: &dyn AnyConnector, defs: &mut Map<String, Json>) -> Json {
    let kind = connector.kind();
    let mut schema = connector.config_schema().to_value();
    rename(&mut schema, kind);
    let Some(map) = schema.as_object_mut() else { return schema };
    map.remove("$schema");
    if let Some(Json::Object(own)) = map.remove("$defs") {
        defs.extend(own.into_iter().map(|(name, def)| (format!("{kind}.{name}"), def)));
    }
    map.insert("title".to_owned(), kind.into());
    let properties = map.entry("properties").or_insert_with(|| json!({}));
    properties["connector"] = json!({ "type": "string", "const": kind });
    if let Json::Array(required) = map.entry("required").or_insert_with(|| json!([])) {
        required.insert(0, "connector".into());
    }
    schema
}

/// Makes references point to the definitions under the connector's name.
fn rename(schema: &mut Json, kind: &str) {
    match schema {
        Json::Object(map) => {
            for (key, value) in map {
                match value {
                    Json::String(to) if key == "$ref" => {
                        *to = to.replace("#/$defs/", &format!("#/$defs/{kind}."));
                    }
                    _ => rename(value, kind),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| rename(item, kind)),
        _ => {}
    }
}

/// Words that mean the same in every connector, so that none has to say it again.
const WORDS: [(&str, &str); 2] = [("directory", "path"), ("password", SECRET_FORMAT)];

/// Marks paths and secrets by their name where the schema does not.
fn mark(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            for (word, format) in WORDS {
                let field = map.get_mut("properties").and_then(|fields| fields.get_mut(word));
                if let Some(Json::Object(field)) = field
                    && is_text(field)
                {
                    field.entry("format").or_insert_with(|| format.into());
                }
            }
            map.values_mut().for_each(mark);
        }
        Json::Array(items) => items.iter_mut().for_each(mark),
        _ => {}
    }
}

fn is_text(field: &Map<String, Json>) -> bool {
    match field.get("type") {
        Some(Json::String(kind)) => kind == "string",
        Some(Json::Array(kinds)) => kinds.contains(&"string".into()),
        _ => false,
    }
}

/// Doc comments are broken where the source code is; people read paragraphs. A default of nothing says nothing.
fn tidy(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if map.get("default").is_some_and(Json::is_null) {
                map.remove("default");
            }
            for (key, value) in map {
                match value {
                    Json::String(text) if key == "description" => *text = paragraphs(text),
                    _ => tidy(value),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}
