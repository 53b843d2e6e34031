//! The two content modes of CloudEvents, read by its Java SDK.

use super::*;
use crate::support::reader;

#[test]
fn the_java_sdk_reads_the_same_events_in_both_modes() {
    let (structured, binary) = (topic("modes", "structured"), topic("modes", "binary"));
    let site = site(
        "modes",
        None,
        &[
            ("structured", &format!("topic: {structured}")),
            ("binary", &format!("topic: {binary}, mode: binary")),
        ],
    );
    site.make_topics();
    publish(&site);

    let kafka = kafka::shared();
    let records = reader::committed(kafka.bootstrap(), &structured);
    let events = registry::events(kafka.bootstrap(), &structured);
    let tombstones = events.iter().filter(|(_, event)| event.is_none()).count();
    assert_eq!((events.len(), tombstones), (5, 1), "four events and the tombstone of the delete");
    // What the SDK understood is what stands in the record, to the last attribute.
    let ours: Vec<Value> = records
        .iter()
        .filter(|record| record.value.is_some())
        .map(|record| record.json())
        .collect();
    let theirs: Vec<Value> = events.iter().filter_map(|(_, event)| event.clone()).collect();
    assert_eq!(by_key(theirs.clone(), "subject"), by_key(ours, "subject"));

    let others = registry::events(kafka.bootstrap(), &binary);
    assert_eq!(others.len(), 4);
    let others =
        others.into_iter().map(|(key, event)| (key, event.expect("no record is a mere tombstone")));
    let mut found = Vec::new();
    for (key, event) in others {
        assert_eq!(event["subject"], key);
        found.push(comparable(event));
    }
    let expected = by_key(theirs.into_iter().map(comparable).collect(), "subject");
    assert_eq!(by_key(found, "subject"), expected);
    assert!(expected.iter().any(|event| event["data"]["remarks"] == "Año \"nuevo\"\\ 1"));
    let deleted: Vec<_> =
        expected.iter().filter(|event| event["type"] == "notice.v1.deleted").collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!((&deleted[0]["subject"], deleted[0].get("data")), (&"N/2".into(), None));
    let values = reader::committed(kafka.bootstrap(), &binary);
    assert_eq!(
        values.iter().filter(|record| record.value.is_none()).count(),
        1,
        "its own tombstone"
    );

    let tail = |target: &str| {
        let told = site.run(&["--format", "json", "tail", target, "--from-start", "--limit", "4"]);
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let text = String::from_utf8(told.stdout).unwrap();
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| comparable(serde_json::from_str(line).unwrap()).to_string())
            .collect();
        lines.sort();
        lines
    };
    let mut expected: Vec<String> = expected.iter().map(Value::to_string).collect();
    expected.sort();
    assert_eq!(tail("binary"), expected);
}

#[test]
fn data_that_is_kept_elsewhere_is_no_delete_in_binary_mode() {
    let name = topic("claimed", "binary");
    let site = site(
        "claimed",
        None,
        &[(
            "binary",
            &format!(
                "topic: {name}, mode: binary, max_event: 2KiB, on_too_large: {{ claim_check: {{ directory: claims }} }}"
            ),
        )],
    );
    let large = format!(
        "NUM;TIPO;OPEN;UNITS;SHARE;COST;ISSUED;AT;LOCAL;CLOCK;SINCE;REF;A;B;OBS\nN/9;big;;;;;;;;;;;a;;{}\n",
        "x".repeat(5000)
    );
    drop_in(&site, "binary", "MORE.csv", &large);
    site.make_topics();
    publish(&site);
    let events = registry::events(kafka::shared().bootstrap(), &name);
    let (_, event) = events.iter().find(|(key, _)| key == "N/9").unwrap();
    let event = event.as_ref().unwrap();
    assert_eq!((&event["type"], event["data"].is_null()), (&"notice.v1.upserted".into(), true));
    let file = site.path().join("claims").join(event["dataref"].as_str().unwrap());
    let kept = std::fs::read(file).unwrap();
    assert_eq!(event["datasize"].to_string().trim_matches('"'), kept.len().to_string());
}
