//! What is in the checkpoint topic and should not be: the start stops, names the place, and never begins again.

use std::time::Duration;

use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{mock::broker, *};
use crate::{checkpoint::StoredKey, publish::partition::partition_of};

/// Writes a value as the newest record of the split; gives its partition and offset.
fn spoil(kafka: &KafkaConfig, task: &Task, value: &[u8]) -> (i32, i64) {
    let topic = SystemTopics::of(&task.deployment).checkpoints;
    let partition = partition_of(task.transactional_id().as_bytes(), SYSTEM_PARTITIONS);
    let key = StoredKey::split(task, "drop").to_bytes();
    let producer: BaseProducer = kafka.client("test").create().unwrap();
    let record = BaseRecord::to(&topic).partition(partition).key(&key).payload(value);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    let consumer: BaseConsumer = kafka.client("test").create().unwrap();
    let (_, end) = consumer.fetch_watermarks(&topic, partition, Duration::from_secs(10)).unwrap();
    (partition, end - 1)
}

#[test]
fn bad_input_72_a_spoilt_checkpoint_record_stops_the_start_and_its_place_is_named() {
    for (value, code) in [
        (&b""[..], "checkpoint.corrupt"),
        (b"\xff\xfe", "checkpoint.corrupt"),
        (b"{\"format\":1}", "checkpoint.corrupt"),
        (b"{\"format\":2}", "checkpoint.newer_format"),
    ] {
        let (_broker, kafka) = broker("town");
        let task = task("town", 1);
        let (mut publisher, _) = start(setup(&kafka, task.clone(), None)).unwrap();
        publish(&mut publisher, &Sent::default(), &[], step(None, 7)).unwrap();
        drop(publisher);
        let (partition, offset) = spoil(&kafka, &task, value);
        let error = start(setup(&kafka, task, None)).unwrap_err();
        assert_eq!((error.class(), error.code()), (ErrorClass::Operator, code), "{value:?}");
        let place = format!("`town.acequia.checkpoints` partition {partition} offset {offset}");
        assert!(error.to_string().contains(&place), "{error}");
    }
}

#[test]
fn bad_input_72_the_checkpoint_of_another_cluster_is_no_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let (_first, kafka) = broker("town");
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), Some(directory.path()))).unwrap();
    publish(&mut publisher, &Sent::default(), &[], step(None, 7)).unwrap();
    drop(publisher);

    // The same deployment on another cluster, as far as the first: only the id of the cluster tells them apart.
    let (_second, elsewhere) = broker("town");
    let (mut publisher, _) = start(setup(&elsewhere, task("town", 1), None)).unwrap();
    publish(&mut publisher, &Sent::default(), &[], step(None, 7)).unwrap();
    drop(publisher);
    let error = start(setup(&elsewhere, task("town", 1), Some(directory.path()))).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "checkpoint.regression"));
    start(setup(&kafka, task("town", 1), Some(directory.path()))).unwrap();
}
