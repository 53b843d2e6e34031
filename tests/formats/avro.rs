//! Avro values through a real registry, read by Confluent's deserialiser.

use super::*;
use crate::support::reader;

/// The daemon stops at its pipeline; what it says.
fn stopped(site: &Site, code: &str) -> String {
    let mut daemon = Daemon::start(site, "stopped", &[]);
    let status = daemon.until_status("stop", |status| status.to_string().contains(code));
    assert!(daemon.terminate(PATIENCE).code().is_some());
    status.to_string()
}

/// One registry for all of it, because it takes a while to start.
#[test]
fn avro_goes_through_a_real_registry_and_comes_out_as_the_json_says() {
    let registry = Registry::start();
    values_are_those_of_the_json(&registry);
    models_may_grow_and_not_break(&registry);
    without_a_right_to_register(&registry);
}

fn values_are_those_of_the_json(registry: &Registry) {
    let (json, avro) = (topic("avro", "json"), topic("avro", "avro"));
    let site = site(
        "avro",
        Some(&format!("url: \"{}\"", registry.url())),
        &[("json", &format!("topic: {json}")), ("avro", &format!("topic: {avro}, encoding: avro"))],
    );
    site.make_topics();
    let checked = site.run(&["check", "--connect"]);
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && told.contains("note[registry.schema_missing]"), "{told}");
    publish(&site);
    let told = String::from_utf8(site.run(&["check", "--connect"]).stdout).unwrap();
    assert!(
        told.contains("1 subject in use") && !told.contains("registry.schema_missing"),
        "{told}"
    );

    let kafka = kafka::shared();
    let expected: Vec<Value> = reader::committed(kafka.bootstrap(), &json)
        .iter()
        .filter(|record| record.value.is_some())
        .map(|record| record.json())
        .collect();
    let expected = by_key(expected, "subject");
    let found = by_key(registry.read(kafka.bootstrap(), &avro, None), "key");
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        let expected = expected.as_object().unwrap();
        assert_eq!(found["value"], expected.get("data").cloned().unwrap_or_default());
        assert_eq!(found["key"], expected["subject"]);
        let deleted = expected["type"] == "notice.v1.deleted";
        assert_eq!(found["schema"].is_null(), deleted);
        let content = (!deleted).then(|| Value::from("application/avro"));
        assert_eq!(found["headers"].get("content-type"), content.as_ref());
        for attribute in
            ["type", "subject", "sourceposition", "dataclass", "mappingversion", "specversion"]
        {
            assert_eq!(found["headers"][format!("ce_{attribute}")], expected[attribute]);
        }
    }
    let told = site.run(&["tail", "avro", "--from-start", "--limit", "4"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.contains("bytes of Avro, schema ") && told.contains("notice.v1.deleted"),
        "{told}"
    );
    let subject = format!("/subjects/{avro}-value/versions/latest");
    let (_, registered) = registry.ask("GET", &subject, None).unwrap();
    let printed = String::from_utf8(site.run(&["schema", "avro", "notice/1"]).stdout).unwrap();
    let schema: Value = serde_json::from_str(registered["schema"].as_str().unwrap()).unwrap();
    assert_eq!(schema, serde_json::from_str::<Value>(&printed).unwrap());
    // The attributes are valid for the SDK too, and the data are bytes to it.
    let events = registry::events(kafka.bootstrap(), &avro);
    assert!(events.iter().all(|(_, event)| event.is_some()));
    let data =
        events.iter().filter(|(_, event)| event.as_ref().unwrap()["data_base64"].is_string());
    assert_eq!(data.count(), 3);
}

fn models_may_grow_and_not_break(registry: &Registry) {
    let name = topic("grow", "avro");
    let publishing = format!("topic: {name}, encoding: avro, subject: topic_record");
    let site =
        site("grow", Some(&format!("url: \"{}\"", registry.url())), &[("grow", &publishing)]);
    site.make_topics();
    publish(&site);
    let subject = format!("{name}-notice.v1.Notice");
    registry.rule(&format!("/config/{subject}"), "FULL");
    let latest = || {
        let path = format!("/subjects/{subject}/versions/latest");
        registry.ask("GET", &path, None).unwrap().1
    };
    let old = latest();

    let grown = MODEL.replace("version: 1\n", "version: 1.1\n")
        + "  extra: { type: text, class: public }\n";
    site.write("mappings/models/notice.yaml", grown.as_bytes());
    site.write(
        "mappings/notices.yaml",
        (MAPPING.to_owned() + "  extra: { const: more }\n").as_bytes(),
    );
    drop_in(&site, "grow", "MORE.csv", &RECORDS.replace("N/1", "N/7"));
    publish(&site);
    let new = latest();
    assert_ne!(old["id"], new["id"]);
    let bootstrap = kafka::shared().bootstrap().to_owned();
    // Who still has the old schema reads all, the new values without what he does not know.
    let read = registry.read(&bootstrap, &name, old["schema"].as_str());
    let at =
        |read: &[Value], key: &str| read.iter().find(|event| event["key"] == key).unwrap().clone();
    let (first, seventh) = (at(&read, "N/1"), at(&read, "N/7"));
    assert_eq!((&first["schema"], &seventh["schema"]), (&old["id"], &new["id"]));
    assert_eq!(
        (seventh["value"].get("extra"), &seventh["value"]["cost"]),
        (None, &first["value"]["cost"])
    );
    let read = registry.read(&bootstrap, &name, new["schema"].as_str());
    assert_eq!(
        (&at(&read, "N/7")["value"]["extra"], at(&read, "N/1")["value"].get("extra")),
        (&"more".into(), None)
    );

    let broken = grown.replace("units:    { type: int,", "units:    { type: text,");
    site.write("mappings/models/notice.yaml", broken.as_bytes());
    site.write(
        "mappings/notices.yaml",
        MAPPING.replace("{ type: int, null_if", "{ type: text, null_if").as_bytes(),
    );
    drop_in(&site, "grow", "LAST.csv", RECORDS);
    let said = [
        stopped(&site, "registry.incompatible"),
        String::from_utf8(site.run(&["check", "--connect"]).stdout).unwrap(),
    ];
    for said in said {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("`notice/1`") && said.contains("rule FULL"), "{said}");
        assert!(said.contains("`units` was long in version 2 and is string"), "{said}");
        assert!(said.contains("new major version of the model"), "{said}");
    }
    assert_eq!(latest()["id"], new["id"]);
    assert_eq!(registry.read(&bootstrap, &name, None).len(), 8, "nothing was published");
}

fn without_a_right_to_register(registry: &Registry) {
    let name = topic("look", "avro");
    let url = format!("url: \"{}\", register: false", registry.url());
    let publishing = format!("topic: {name}, encoding: avro, subject: record");
    let site = site("look", Some(&url), &[("look", &publishing)]);
    site.make_topics();
    let said = stopped(&site, "registry.schema_missing");
    assert!(said.contains("acequia schema avro notice/1"), "{said}");
    let schema = String::from_utf8(site.run(&["schema", "avro", "notice/1"]).stdout).unwrap();
    let added = registry.ask(
        "POST",
        "/subjects/notice.v1.Notice/versions",
        Some(&serde_json::json!({ "schema": schema })),
    );
    let id = added.unwrap().1["id"].clone();
    publish(&site);
    let read = registry.read(kafka::shared().bootstrap(), &name, None);
    assert_eq!(read.len(), 4);
    assert!(read.iter().all(|event| event["schema"] == id || event["schema"].is_null()));
}

#[test]
fn a_registry_that_is_down_is_waited_for() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let name = topic("down", "avro");
    let url = format!("url: \"http://{nobody}\"");
    let site = site("down", Some(&url), &[("down", &format!("topic: {name}, encoding: avro"))]);
    site.make_topics();
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    let picture = daemon.until("the registry to be missed", PATIENCE, |picture| {
        picture.to_string().contains("registry.unreachable")
    });
    assert_ne!(picture["state"], "halted", "{picture}");
    assert!(daemon.terminate(PATIENCE).success());
    assert!(reader::committed(kafka::shared().bootstrap(), &name).is_empty());
}
