//! Topics that take less than usual, against a real Kafka.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, ResourceSpecifier},
    client::DefaultClientContext,
};
use sha2::{Digest as _, Sha256};

use crate::support::{
    daemon::Daemon,
    feed,
    kafka::{self, Kafka},
    reader,
    site::Site,
};

const PATIENCE: Duration = Duration::from_secs(120);

/// Changes a setting of a topic with Kafka's own tool, and waits until the broker has heard of it from the controller.
fn configure(kafka: &Kafka, topic: &str, key: &str, value: &str) {
    let change = format!("{key}={value}");
    let scratch = tempfile::tempdir().unwrap();
    let done = kafka::java(scratch.path())
        .args(["kafka.admin.ConfigCommand", "--bootstrap-server", kafka.bootstrap()])
        .args(["--alter", "--entity-type", "topics", "--entity-name", topic])
        .args(["--add-config", &change])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let began = Instant::now();
    while setting(kafka, topic, key).as_deref() != Some(value) {
        assert!(began.elapsed() < PATIENCE, "the broker does not hear of `{change}`");
    }
}

/// What the broker says that a setting of a topic is.
fn setting(kafka: &Kafka, topic: &str, key: &str) -> Option<String> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asked = [ResourceSpecifier::Topic(topic)];
    let answer = runtime.block_on(admin.describe_configs(&asked, &AdminOptions::new())).unwrap();
    answer[0].as_ref().ok()?.get(key)?.value.clone()
}

/// A deployment with its topics.
fn site(kafka: &Kafka, deployment: &str) -> Site {
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, deployment);
    site.make_topics();
    site
}

/// Drops forty good records and a bad one between them.
fn drop_around(site: &Site, bad: &str) {
    let mut bytes = feed::HEADER.as_bytes().to_vec();
    feed::write(&mut bytes, 0, 20).unwrap();
    bytes.extend_from_slice(bad.as_bytes());
    feed::write(&mut bytes, 20, 40).unwrap();
    site.write("drop/LIC_00.csv", &bytes);
    site.write("drop/LIC_00.csv.ok", b"");
}

/// Runs what is there and finds the forty records, each once, and the bad one in quarantine.
fn assert_all_but_one(site: &Site, kafka: &Kafka, events: &str, quarantine: &str) {
    let daemon = Daemon::start(site, "once", &["--once"]);
    assert!(daemon.finish(PATIENCE).success());
    let published = reader::committed(kafka.bootstrap(), events);
    let keys: HashSet<_> = published.iter().map(|event| event.key.clone()).collect();
    assert_eq!((published.len(), keys.len()), (40, 40));
    assert_eq!(reader::committed(kafka.bootstrap(), quarantine).len(), 1);
}

#[test]
fn bad_input_70_a_topic_that_takes_less_sends_what_is_larger_to_quarantine() {
    let kafka = kafka::shared();
    let deployment = format!("narrow-{}", std::process::id());
    let site = site(&kafka, &deployment);
    let events = format!("{deployment}.licence.v1");
    configure(&kafka, &events, "max.message.bytes", "20000");
    let remarks = "x".repeat(30_000);
    drop_around(
        &site,
        &format!("EXP/BIG;OBM;C;01/02/2021;1,00;ANA;SANZ;CALLE MAYOR;28001;1;{remarks}\n"),
    );
    assert_all_but_one(&site, &kafka, &events, &format!("{deployment}.acequia.quarantine"));
}

#[test]
fn bad_input_70_a_limit_lowered_behind_the_back_of_a_running_pipeline_costs_one_record_and_no_operator()
 {
    let kafka = kafka::shared();
    let deployment = format!("lowered-{}", std::process::id());
    let site = site(&kafka, &deployment);
    let events = format!("{deployment}.licence.v1");
    site.write("drop/LIC_99.csv", &feed::bytes(40, 50));
    site.write("drop/LIC_99.csv.ok", b"");
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until("the first file", PATIENCE, |picture| picture["counts"]["in"] == 10);
    configure(&kafka, &events, "max.message.bytes", "20000");
    // Digits of hashes: no compression makes them fit.
    let noise: String =
        (0..500_u32).map(|n| HEXLOWER.encode(&Sha256::digest(n.to_be_bytes()))).collect();
    let remarks = format!("{noise}{noise}");
    drop_around(
        &site,
        &format!("EXP/BIG;OBM;C;01/02/2021;1,00;ANA;SANZ;CALLE MAYOR;28001;1;{remarks}\n"),
    );
    let picture = daemon.until("everything", PATIENCE, |picture| picture["counts"]["in"] == 51);
    assert_eq!(picture["counts"]["rejected"], 1, "{picture}");
    assert!(daemon.log().contains("a record was refused"), "{}", daemon.log());
    assert!(daemon.terminate(PATIENCE).success());
    assert_eq!(reader::committed(kafka.bootstrap(), &events).len(), 50);
    let quarantine = format!("{deployment}.acequia.quarantine");
    assert_eq!(reader::committed(kafka.bootstrap(), &quarantine).len(), 1);
}

#[test]
fn bad_input_73_where_the_quarantine_takes_nothing_nothing_of_the_batch_is_committed() {
    let kafka = kafka::shared();
    let deployment = format!("unwritable-{}", std::process::id());
    let site = site(&kafka, &deployment);
    let (events, quarantine) =
        (format!("{deployment}.licence.v1"), format!("{deployment}.acequia.quarantine"));
    // Smaller than any quarantined record is.
    configure(&kafka, &quarantine, "max.message.bytes", "100");
    drop_around(&site, "EXP/BAD;too;few\n");

    let mut daemon = Daemon::start(&site, "daemon", &[]);
    let picture =
        daemon.until("the pipeline to stop", PATIENCE, |picture| picture["state"] == "failed");
    assert_eq!(picture["failure"]["code"], "publish.record_refused", "{picture}");
    assert!(!daemon.terminate(PATIENCE).success(), "the exit says that a pipeline failed");
    for topic in [&events, &quarantine] {
        assert!(reader::committed(kafka.bootstrap(), topic).is_empty(), "{topic}");
    }

    // The position did not move: once the topic is put right, every record is there once.
    configure(&kafka, &quarantine, "max.message.bytes", "1048588");
    assert_all_but_one(&site, &kafka, &events, &quarantine);
}
