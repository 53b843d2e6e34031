//! A quarantine that takes nothing, against a real Kafka.

use std::{collections::HashSet, time::Duration};

use crate::support::{
    daemon::Daemon,
    feed,
    kafka::{self, Kafka},
    reader,
    site::Site,
};

const PATIENCE: Duration = Duration::from_secs(120);

/// Changes a setting of a topic with Kafka's own tool: `--add-config key=value` or `--delete-config key`.
fn configure(kafka: &Kafka, topic: &str, change: [&str; 2]) {
    let scratch = tempfile::tempdir().unwrap();
    let done = kafka::java(scratch.path())
        .args(["kafka.admin.ConfigCommand", "--bootstrap-server", kafka.bootstrap()])
        .args(["--alter", "--entity-type", "topics", "--entity-name", topic])
        .args(change)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn bad_input_73_where_the_quarantine_takes_nothing_nothing_of_the_batch_is_committed() {
    let kafka = kafka::shared();
    let deployment = format!("unwritable-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &deployment);
    site.make_topics();
    let (events, quarantine) =
        (format!("{deployment}.licence.v1"), format!("{deployment}.acequia.quarantine"));
    // Smaller than any quarantined record is, and large enough for nothing else that is sent there.
    configure(&kafka, &quarantine, ["--add-config", "max.message.bytes=100"]);

    let mut bytes = feed::HEADER.as_bytes().to_vec();
    feed::write(&mut bytes, 0, 20).unwrap();
    bytes.extend_from_slice(b"EXP/BAD;too;few\n");
    feed::write(&mut bytes, 20, 40).unwrap();
    site.write("drop/LIC_00.csv", &bytes);
    site.write("drop/LIC_00.csv.ok", b"");

    let mut daemon = Daemon::start(&site, "daemon", &[]);
    let picture =
        daemon.until("the pipeline to stop", PATIENCE, |picture| picture["state"] == "failed");
    assert_eq!(picture["failure"]["code"], "publish.record_refused", "{picture}");
    assert!(daemon.terminate(PATIENCE).success());
    for topic in [&events, &quarantine] {
        assert!(reader::committed(kafka.bootstrap(), topic).is_empty(), "{topic}");
    }

    // The position did not move: once the topic is put right, every record is there once.
    configure(&kafka, &quarantine, ["--delete-config", "max.message.bytes"]);
    let last = Daemon::start(&site, "daemon", &["--once"]);
    assert!(last.finish(PATIENCE).success());
    let published = reader::committed(kafka.bootstrap(), &events);
    let keys: HashSet<_> = published.iter().map(|event| event.key.clone()).collect();
    assert_eq!((published.len(), keys.len()), (40, 40));
    assert_eq!(reader::committed(kafka.bootstrap(), &quarantine).len(), 1);
}
