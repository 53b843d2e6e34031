//! Two instances of a deployment that has nothing to do: one owns it, the other waits and disturbs nobody.

use std::time::Duration;

use serde_json::Value;

use crate::support::{daemon::Daemon, feed, kafka, reader, site::Site};

const PATIENCE: Duration = Duration::from_secs(120);

fn drop_file(site: &Site, number: u64) {
    let bytes = feed::bytes(number * 20, number * 20 + 20);
    site.write(&format!("drop/LIC_{number:02}.csv"), &bytes);
    site.write(&format!("drop/LIC_{number:02}.csv.ok"), b"");
}

fn is(picture: &Value, state: &str) -> bool {
    picture["state"] == state
}

#[test]
fn a_newcomer_stands_by_without_fencing_and_takes_over_when_the_owner_is_killed() {
    let kafka = kafka::shared();
    let deployment = format!("idle-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &deployment);
    site.make_topics();
    let config = std::fs::read_to_string(site.config()).unwrap();
    site.write("other.yaml", config.replace("state: state", "state: state2").as_bytes());
    let mut owner = Daemon::start(&site, "owner", &[]);
    drop_file(&site, 0);
    owner.until("the first file", PATIENCE, |picture| picture["counts"]["in"] == 20);

    let mut newcomer = Daemon::start_at(&site, "newcomer", "other.yaml", "state2");
    newcomer.until("the newcomer to stand by", PATIENCE, |picture| is(picture, "standby"));
    assert!(!newcomer.log().contains("Recovering"), "it never fenced:\n{}", newcomer.log());

    // The owner goes on with the producer that it has: its epoch is the one of before.
    drop_file(&site, 1);
    let after = owner.until("the second file", PATIENCE, |picture| picture["counts"]["in"] == 40);
    assert!(is(&after, "running") && after["failure"].is_null(), "{after}");
    let lives = owner.log().matches("Recovering").count();
    assert_eq!(lives, 2, "into it and out of it, once:\n{}", owner.log());
    assert!(is(&newcomer.picture().unwrap(), "standby"));

    owner.kill();
    drop_file(&site, 2);
    newcomer.until("the newcomer to take over", PATIENCE, |picture| {
        is(picture, "running") && picture["counts"]["in"] == 20
    });
    assert!(newcomer.terminate(Duration::from_secs(25)).success());
    let events = reader::committed(kafka.bootstrap(), &format!("{deployment}.licence.v1"));
    let mut keys: Vec<_> = events.into_iter().map(|event| event.key.unwrap()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 60);
}
