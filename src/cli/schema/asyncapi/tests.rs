use serde_json::{Value, json};

use super::document;
use crate::{
    cli::demo::content::{DEPLOYMENT, KEY_FILES},
    config::{self, Options},
    connectors,
};

fn example() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let keys = KEY_FILES.iter().map(|path| (*path, ""));
    for (path, text) in DEPLOYMENT.iter().copied().chain(keys) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let options = Options { registry: connectors::registry(), secrets: false };
    let (deployment, _) = config::load(&folder.path().join("acequia.yaml"), options);
    document(&deployment.unwrap())
}

/// Every `$ref` below a value.
fn references(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            out.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| references(value, out));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, out)),
        _ => {}
    }
}

#[test]
fn the_example_deployment_has_a_channel_for_every_topic() {
    let document = example();
    let channels: Vec<&String> = document["channels"].as_object().unwrap().keys().collect();
    assert_eq!(channels, ["villaclara.case.v1", "villaclara.permit.v1", "villaclara.person.v1"]);
    let permits = &document["channels"]["villaclara.permit.v1"];
    assert_eq!(permits["x-dataclass"], json!("personal"));
    assert!(permits["description"].as_str().unwrap().contains("Law 39/2015, art. 21"));
    let message = &document["components"]["messages"]["permit.v1.upserted"];
    let key = &message["bindings"]["kafka"]["key"]["description"];
    assert_eq!(key, &json!("The subject: `permitNumber` of the data."));
}

#[test]
fn every_reference_leads_somewhere() {
    let document = example();
    let mut all = Vec::new();
    references(&document, &mut all);
    assert_eq!(all.len(), 18);
    for reference in all {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn examples_come_from_the_tests_of_the_mappings() {
    let document = example();
    let messages = &document["components"]["messages"];
    let upserted = &messages["permit.v1.upserted"]["examples"][0]["payload"];
    assert_eq!(upserted["subject"], upserted["data"]["permitNumber"]);
    assert_eq!(upserted["data"]["declaredCost"]["currency"], json!("EUR"));
    let deleted = &messages["permit.v1.deleted"]["examples"][0]["payload"];
    assert!(deleted.get("data").is_none());
    assert_eq!(deleted["type"], json!("permit.v1.deleted"));
}

#[test]
fn the_version_changes_with_the_content_and_with_nothing_else() {
    let version = example()["info"]["version"].clone();
    assert_eq!(version.as_str().unwrap().len(), 12);
    assert_eq!(version, example()["info"]["version"]);
}
