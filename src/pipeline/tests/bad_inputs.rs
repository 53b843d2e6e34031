//! Records that are right by themselves and wrong as events: too large, without a key, twice the same key.

use super::*;

/// The events of a key, in the order of its partition.
fn events_of(rig: &Rig, key: &str) -> Vec<serde_json::Value> {
    let mut events = Vec::new();
    read_all(&rig.kafka, "test", &rig.topic, &mut |record| {
        if record.key.as_deref() == Some(key.as_bytes()) {
            events.push(serde_json::from_slice(&record.value.unwrap()).unwrap());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    events
}

fn reasons(rig: &Rig) -> Vec<(&'static str, u64)> {
    rig.status.rejects().into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_25_of_records_with_one_key_all_are_published_in_order_and_the_last_wins() {
    let mut all = records(30);
    for at in [12, 29] {
        all[at].0 = all[3].0.clone();
    }
    // The rule is always that the last wins, by the order in its partition; the reference would count the others.
    // That takes a set of all keys of a file, which for a large one is no bounded memory.
    let key = all[3].0.clone();
    let rig = Rig::new(Script { records: all, ..Script::default() });
    assert_eq!(rig.run(rig.spec()).await, Stop::Done);
    let events = events_of(&rig, &key);
    let sizes: Vec<_> = events.iter().map(|event| event["data"]["size"].to_string()).collect();
    let bare: Vec<_> = sizes.iter().map(|size| size.trim_matches('"')).collect();
    assert_eq!(bare, ["3", "12", "29"]);
    let ids: std::collections::HashSet<_> =
        events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3, "each is an event of its own");
    assert_eq!((rig.status.read().counts.published, rig.quarantined()), (30, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_70_an_event_or_key_that_is_too_large_goes_to_quarantine_alone() {
    let mut all = records(5);
    all[1].0 = "v".repeat(3000);
    all[2].0 = "k".repeat((64 << 10) + 1);
    let rig = Rig::new(Script { records: all, ..Script::default() });
    let mut spec = rig.spec();
    spec.targets[0].encoder.max_event_bytes = 2000;
    assert_eq!(rig.run(spec).await, Stop::Done);
    assert_eq!(reasons(&rig), [("encode.key_too_large", 1), ("encode.too_large", 1)]);
    assert_eq!(rig.keys(), ["n-0000", "n-0003", "n-0004"]);
    assert_eq!(rig.quarantined(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_71_a_record_with_an_empty_key_goes_to_quarantine_alone() {
    let mut all = records(5);
    all[1].0 = String::new();
    let rig = Rig::new(Script { records: all, ..Script::default() });
    assert_eq!(rig.run(rig.spec()).await, Stop::Done);
    assert_eq!(reasons(&rig), [("map.key_missing", 1)]);
    assert_eq!(rig.keys(), ["n-0000", "n-0002", "n-0003", "n-0004"]);
    assert_eq!(rig.quarantined(), 1);
}
