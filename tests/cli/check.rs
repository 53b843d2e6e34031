//! `acequia check` against files, sources and Kafka.

use std::process::Output;

use serde_json::Value as Json;

use crate::support::{feed, kafka, site::Site};

fn connected(site: &Site) -> (Output, Json) {
    let output = site.run(&["check", "--connect", "--json"]);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output, report)
}

fn codes(report: &Json, subject: &str) -> Vec<String> {
    let answers = report["answers"].as_array().unwrap();
    let answer = answers.iter().find(|answer| answer["subject"] == subject).unwrap();
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn everything_that_is_out_of_reach_is_found_at_once_with_what_to_do() {
    let site = Site::new("{ bootstrap: \"127.0.0.1:1\" }", "unreachable");
    std::fs::remove_dir_all(site.path().join("drop")).unwrap();
    let (output, report) = connected(&site);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(report["ok"], false);
    assert_eq!(codes(&report, "kafka"), ["publish.unreachable"]);
    assert_eq!(codes(&report, "licences"), ["files.directory"]);
    let answers = report["answers"].as_array().unwrap();
    assert!(answers.iter().all(|answer| answer["findings"][0]["hint"].is_string()), "{report}");
}

#[test]
fn a_cluster_is_asked_for_topics_limits_and_coordinators_and_nothing_is_touched() {
    let kafka = kafka::shared();
    let deployment = format!("check-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &deployment);
    site.write("drop/a.csv", &feed::bytes(0, 3));
    site.write("drop/a.csv.ok", b"");
    let before = std::fs::read_dir(site.path().join("drop")).unwrap().count();
    let (output, report) = connected(&site);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(codes(&report, "kafka"), ["publish.topic_missing"; 4]);

    site.make_topics();
    let (output, report) = connected(&site);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(
        codes(&report, "kafka").is_empty() && codes(&report, "licences").is_empty(),
        "{report}"
    );
    let said = report["answers"][0]["said"].as_str().unwrap();
    assert!(said.contains("4 of 4 topics there, nothing committed yet"), "{said}");
    assert_eq!(std::fs::read_dir(site.path().join("drop")).unwrap().count(), before);

    let text = std::fs::read_to_string(site.path().join("pipelines/licences.yaml")).unwrap();
    let larger = text.replace("tombstones: false", "tombstones: false, max_event: 2MiB");
    site.write("pipelines/licences.yaml", larger.as_bytes());
    let (output, report) = connected(&site);
    assert_eq!(codes(&report, "kafka"), ["check.event_limit"], "{report}");
    assert_eq!(output.status.code(), Some(0), "a warning stops nobody");
    assert!(site.run(&["run", "--once"]).status.success());
    let (_, report) = connected(&site);
    assert!(
        report["answers"][0]["said"].as_str().unwrap().contains("1 pipeline has committed before")
    );
}

#[test]
fn files_of_a_new_deployment_tell_editors_their_schemas_which_are_beside_them() {
    let parent = tempfile::tempdir().unwrap();
    let town = parent.path().join("town");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_acequia"))
        .args(["init", town.to_str().unwrap(), "--example"])
        .output()
        .unwrap();
    assert!(made.status.success());
    for file in ["acequia.yaml", "pipelines/permits.yaml", "mappings/licencias-to-permit.yaml"] {
        let path = town.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let line = text.lines().next().unwrap();
        let schema = line.strip_prefix("# yaml-language-server: $schema=").unwrap();
        let schema = std::fs::read(path.parent().unwrap().join(schema)).unwrap();
        let schema: Json = serde_json::from_slice(&schema).unwrap();
        assert!(schema["properties"].is_object(), "{file}");
    }
}
