//! Messages in binary mode: what stands in the envelope moves into headers, and the data is the payload.

use serde_json::{Map, Value, json};

use crate::{config::pipeline::Encoding, model::Model};

/// The schema format of Avro as AsyncAPI names it.
const AVRO: &str = "application/vnd.apache.avro;version=1.9.0";

/// Changes a message in structured mode into the same in binary mode.
pub(super) fn separate(message: &mut Value, model: &Model, encoding: Encoding) {
    let content = match encoding {
        Encoding::Json => "application/json",
        Encoding::Avro => "application/avro",
    };
    let mut payload = message["payload"].take();
    let mut properties = payload["properties"].take();
    let data = properties.as_object_mut().and_then(|properties| properties.remove("data"));
    let mut required: Vec<Value> = payload["required"].as_array().cloned().unwrap_or_default();
    for name in &mut required {
        *name = json!(header(name.as_str().unwrap_or_default()));
    }
    let mut headers = renamed(properties);
    if data.is_some() {
        headers["content-type"] = json!({ "const": content });
    }
    message["headers"] = json!({ "type": "object", "required": required, "properties": headers });
    message["contentType"] = json!(content);
    message["payload"] = match (data, encoding) {
        (None, _) => json!({ "type": "null" }),
        (Some(data), Encoding::Json) => data,
        (Some(_), Encoding::Avro) => {
            let binding = &mut message["bindings"]["kafka"];
            binding["schemaIdLocation"] = json!("payload");
            binding["schemaIdPayloadEncoding"] = json!("confluent");
            json!({ "schemaFormat": AVRO, "schema": model.avro_schema().unwrap_or_default() })
        }
    };
    for example in message["examples"].as_array_mut().into_iter().flatten() {
        let mut attributes = example["payload"].take();
        let data = attributes.as_object_mut().and_then(|attributes| attributes.remove("data"));
        let mut headers = renamed(attributes);
        if data.is_some() {
            headers["content-type"] = json!(content);
        }
        *example = json!({ "name": "example", "headers": headers, "payload": data });
    }
}

/// Members by the names of their headers.
fn renamed(mut members: Value) -> Value {
    let members = members.as_object_mut().map(std::mem::take).unwrap_or_default();
    let renamed = members.into_iter().map(|(name, value)| (header(&name), value));
    Value::Object(renamed.collect::<Map<_, _>>())
}

fn header(attribute: &str) -> String {
    match attribute {
        "datacontenttype" => "content-type".to_owned(),
        other => format!("ce_{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnostic::SourceFile, model};

    fn message(encoding: Encoding, data: bool) -> Value {
        let text =
            "model: m\nversion: 1\nfields: { a: { type: int, required: true, class: public } }";
        let (models, found) = model::load(&[SourceFile::new("m.yaml", text)]);
        assert!(found.is_empty());
        let mut properties = json!({ "id": { "type": "string" } });
        let mut example = json!({ "id": "x" });
        if data {
            properties["datacontenttype"] = json!({ "const": "application/json" });
            properties["data"] = json!({ "$ref": "#/m" });
            example["data"] = json!({ "a": 1 });
        }
        let mut message = json!({
            "contentType": "application/cloudevents+json",
            "payload": { "type": "object", "required": ["id"], "properties": properties },
            "bindings": { "kafka": { "bindingVersion": "0.5.0" } },
            "examples": [{ "name": "example", "payload": example }],
        });
        separate(&mut message, &models["m/1"], encoding);
        message
    }

    #[test]
    fn attributes_become_headers_and_the_data_is_the_payload() {
        let json = message(Encoding::Json, true);
        assert_eq!(json["payload"], json!({ "$ref": "#/m" }));
        assert_eq!(json["headers"]["required"], json!(["ce_id"]));
        assert_eq!(json["headers"]["properties"]["content-type"]["const"], "application/json");
        let example = json!({ "name": "example", "headers": { "ce_id": "x", "content-type": "application/json" }, "payload": { "a": 1 } });
        assert_eq!(json["examples"], json!([example]));
        let avro = message(Encoding::Avro, true);
        assert_eq!(avro["payload"]["schema"]["name"], "M");
        assert_eq!(avro["bindings"]["kafka"]["schemaIdPayloadEncoding"], "confluent");
    }

    #[test]
    fn a_delete_has_no_payload() {
        let delete = message(Encoding::Avro, false);
        assert_eq!(delete["payload"], json!({ "type": "null" }));
        assert_eq!(delete["headers"]["properties"].get("content-type"), None);
        assert!(delete["examples"][0]["payload"].is_null());
    }
}
