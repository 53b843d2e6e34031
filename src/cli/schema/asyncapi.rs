//! A deployment as an AsyncAPI 3.0 document: what its consumers find on Kafka.
//!
//! Channels are topics, messages are CloudEvents around the data of a model: in structured mode as the payload, in binary mode as
//! headers beside it. The examples are what the
//! tests of the mappings make of their records, with test keys for pseudonyms; where a mapping has none, the example of the
//! model stands in.

mod binary;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    config::{Deployment, Pipeline, pipeline::Mode},
    event::event_source,
    mapping::{Mapping, Policy, run_tests},
    model::Model,
};

const CONTENT: &str = "application/cloudevents+json";
/// The version of AsyncAPI's Kafka bindings that is spoken here.
const BINDING: &str = "0.5.0";

/// One way on which events come to a topic.
struct Way<'d> {
    pipeline: &'d Pipeline,
    mapping: &'d Mapping,
}

impl Way<'_> {
    fn event_type(&self, change: &str) -> String {
        format!("{}.{change}", self.mapping.model.topic())
    }
}

/// The document. Its version is a digest of the rest of it.
pub(super) fn document(deployment: &Deployment) -> Value {
    let topics = topics(deployment);
    let (mut channels, mut operations) = (Map::new(), Map::new());
    let (mut messages, mut schemas) = (Map::new(), Map::new());
    for (topic, ways) in &topics {
        let mut own = Map::new();
        for way in ways {
            schemas.entry(way.mapping.model.topic()).or_insert_with(|| data(&way.mapping.model));
            for change in ["upserted", "deleted"] {
                let name = way.event_type(change);
                own.insert(name.clone(), reference("components/messages", &name));
                messages.entry(name).or_insert_with(|| message(deployment, way, change));
            }
        }
        let sent: Vec<Value> =
            own.keys().map(|name| reference(&format!("channels/{topic}/messages"), name)).collect();
        let send = json!({
            "action": "send",
            "channel": reference("channels", topic),
            "messages": sent,
        });
        operations.insert(format!("send.{topic}"), send);
        channels.insert(topic.clone(), channel(topic, ways, deployment, own));
    }
    let name = &deployment.daemon.deployment;
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": format!("Events of {name}"),
            "version": "",
            "description": "Read with `isolation.level=read_committed`. Events of one key are in order, in one partition. An upsert is the whole \
                            state of its subject; what is absent is not known or not published. Ignore fields that you do not know.",
        },
        "defaultContentType": CONTENT,
        "servers": servers(deployment),
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    });
    let digest = HEXLOWER.encode(&Sha256::digest(document.to_string()));
    document["info"]["version"] = json!(digest[..12]);
    document
}

fn topics(deployment: &Deployment) -> BTreeMap<String, Vec<Way<'_>>> {
    let mut topics: BTreeMap<String, Vec<Way<'_>>> = BTreeMap::new();
    for pipeline in &deployment.pipelines {
        let mappings = pipeline.config.mapping.iter();
        for mapping in mappings.filter_map(|name| deployment.library.mappings.get(name)) {
            let own = || format!("{}.{}", deployment.daemon.deployment, mapping.model.topic());
            let topic = pipeline.config.publish.topic.clone().unwrap_or_else(own);
            topics.entry(topic).or_default().push(Way { pipeline, mapping });
        }
    }
    topics
}

fn servers(deployment: &Deployment) -> Value {
    let kafka = &deployment.daemon.kafka;
    let protocol = if kafka.security.tls.is_some() { "kafka-secure" } else { "kafka" };
    let hosts = kafka.bootstrap.iter().flat_map(|list| list.split(',')).map(str::trim);
    let servers: Map<String, Value> = hosts
        .enumerate()
        .map(|(number, host)| {
            (format!("kafka-{}", number + 1), json!({ "host": host, "protocol": protocol }))
        })
        .collect();
    Value::Object(servers)
}

fn channel(
    topic: &str,
    ways: &[Way<'_>],
    deployment: &Deployment,
    messages: Map<String, Value>,
) -> Value {
    let titles: Vec<&str> = ways.iter().map(|way| way.mapping.model.title.as_str()).collect();
    let class = ways.iter().map(|way| way.mapping.class).max();
    let mut channel = json!({
        "address": topic,
        "title": titles.first(),
        "messages": messages,
        "bindings": { "kafka": { "topic": topic, "bindingVersion": BINDING } },
        "x-dataclass": class.map(|class| class.name()),
        "x-pipelines": ways.iter().map(|way| &*way.pipeline.config.pipeline).collect::<Vec<_>>(),
    });
    if let Some(policy) = deployment.library.policies.of(topic) {
        channel["description"] = json!(purpose(policy));
    }
    channel
}

fn purpose(policy: &Policy) -> String {
    let mut text = format!("Purpose: {}. Legal basis: {}.", policy.purpose, policy.legal_basis);
    if let Some(retention) = &policy.retention {
        text += &format!(" Kept for at most {retention}.");
    }
    if !policy.consumers.is_empty() {
        text += &format!(" Consumers: {}.", policy.consumers.join(", "));
    }
    text
}

fn message(deployment: &Deployment, way: &Way<'_>, change: &str) -> Value {
    let Way { mapping, pipeline } = way;
    let name = way.event_type(change);
    let deleted = change == "deleted";
    let separate = pipeline.config.publish.mode() == Mode::Binary;
    let tombstone = pipeline.config.publish.tombstones && !separate;
    let summary = match (deleted, tombstone) {
        (false, _) => "The whole state of its subject, as the source shows it.",
        (true, false) => "Its subject is gone.",
        (true, true) => {
            "Its subject is gone. A record with the same key and no value follows at once, for compaction."
        }
    };
    let mut message = json!({
        "name": name,
        "title": format!("{} {change}", mapping.model.title),
        "summary": summary,
        "contentType": CONTENT,
        "payload": envelope(&mapping.model, &name, deleted),
        "bindings": { "kafka": {
            "key": { "type": "string", "description": format!("The subject: `{}` of the data.", mapping.key_field) },
            "bindingVersion": BINDING,
        } },
    });
    if let Some(payload) = example(deployment, way, &name, deleted) {
        message["examples"] = json!([{ "name": "example", "payload": payload }]);
    }
    if separate {
        binary::separate(&mut message, &mapping.model, pipeline.config.publish.encoding);
    }
    message
}

/// The data alone. AsyncAPI says by itself which schema language it is.
fn data(model: &Model) -> Value {
    let mut schema = model.json_schema();
    if let Some(members) = schema.as_object_mut() {
        members.remove("$schema");
    }
    schema
}

fn envelope(model: &Model, event_type: &str, deleted: bool) -> Value {
    let text = |title: &str| json!({ "type": "string", "title": title });
    let mut schema = json!({
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "mappingversion", "sourceposition", "dataclass"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text("The fact that the event is about: the same again after a replay"),
            "source": text("Deployment and pipeline"),
            "type": { "const": event_type },
            "subject": text("The Kafka key"),
            "time": { "type": "string", "format": "date-time", "title": "When it changed in the source, if the source says so" },
            "mappingversion": text("The mapping, by its content"),
            "sourceposition": text("Where the record stands in its source, for people"),
            "dataclass": text("The most closed privacy class of the data"),
            "lookups": text("The snapshots of the reference tables that were looked up in, as `table@snapshot`"),
            "quality": text("Checks that failed and were only marked, as `field:code`"),
        },
    });
    if !deleted {
        let properties = &mut schema["properties"];
        properties["datacontenttype"] = json!({ "const": "application/json" });
        properties["dataschema"] = text("The schema of the data");
        properties["data"] = reference("components/schemas", &model.topic());
        properties["dataref"] =
            text("The file that holds the data, where it is too large for the topic");
        schema["anyOf"] = json!([{ "required": ["data"] }, { "required": ["dataref"] }]);
    }
    schema
}

fn example(deployment: &Deployment, way: &Way<'_>, name: &str, deleted: bool) -> Option<Value> {
    let Way { mapping, pipeline } = way;
    let deployment = &deployment.daemon.deployment;
    let tests = run_tests(mapping).into_iter().filter(|test| test.ok());
    let made = tests
        .flat_map(|test| test.events)
        .find_map(|event| serde_json::from_str::<Value>(&event).ok().filter(Value::is_object));
    let data = made.or_else(|| mapping.model.example())?;
    let pointer = format!("/{}", mapping.key_field.replace('.', "/"));
    let mut event = json!({
        "specversion": "1.0",
        "id": "cfv6spz5mtnkn4kbmvdk2a7wzy",
        "source": event_source(deployment, &pipeline.config.pipeline),
        "type": name,
        "subject": data.pointer(&pointer).and_then(Value::as_str).unwrap_or("key"),
        "mappingversion": mapping.version,
        "sourceposition": "example.csv#record=1,line=2",
        "dataclass": mapping.class.name(),
    });
    if !deleted {
        event["datacontenttype"] = json!("application/json");
        event["dataschema"] =
            json!(format!("acequia://{deployment}/schemas/{}", mapping.model.reference()));
        event["data"] = data;
    }
    Some(event)
}

fn reference(under: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/{under}/{name}") })
}

#[cfg(test)]
mod tests;
