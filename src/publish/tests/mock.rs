//! What each error of a commit leads to, with the mock broker. It has no transaction semantics, so nothing here
//! says anything about atomicity.

use rdkafka::{
    mocking::MockCluster,
    types::{RDKafkaApiKey as Api, RDKafkaRespErr as Err},
};

use super::*;

pub(super) fn broker(deployment: &str) -> (DevBroker, KafkaConfig) {
    let broker = DevBroker::start().unwrap();
    broker.create_topics(&plan(deployment)).unwrap();
    let kafka = KafkaConfig { embedded: true, ..KafkaConfig::default() };
    let kafka = kafka.embedded_at(broker.bootstrap());
    (broker, kafka)
}

fn fail(broker: &DevBroker, api: Api, errors: &'static [Err]) {
    broker.with(move |cluster| cluster.request_errors(api, errors)).unwrap();
}

#[test]
fn a_life_begins_commits_and_the_next_one_goes_on_from_there() {
    let (_broker, kafka) = broker("town");
    let (mut publisher, first) = start(setup(&kafka, task("town", 1), None)).unwrap();
    assert_eq!(first.kinship, Kinship::FirstRun);
    assert!(first.recovered.checkpoint.is_empty());

    let seen = StateChange { key: "file/1".into(), value: Some(b"seen".to_vec()) };
    let committed =
        publish(&mut publisher, &Sent::events(5, "a"), std::slice::from_ref(&seen), step(None, 7))
            .unwrap();
    assert_eq!(committed, Committed { seq: 1, rotate: false });
    assert_eq!(publisher.state().get("file/1").unwrap().unwrap(), b"seen");
    assert_eq!(publisher.keep_alive().unwrap().seq, 2);
    drop(publisher);

    let (publisher, second) = start(setup(&kafka, task("town", 2), None)).unwrap();
    assert_eq!(second.recovered.checkpoint.position("drop"), Some(&at(7)));
    let head = second.recovered.head.unwrap();
    assert_eq!((head.seq, head.total.rows_in, head.source_clock), (2, 4, Some(3)));
    assert_eq!(head.owner, uuid::Uuid::from_u128(1));
    assert_eq!(second.recovered.previous.unwrap().owner, uuid::Uuid::from_u128(1));
    assert_eq!(publisher.state().get("file/1").unwrap().unwrap(), b"seen");
    assert_eq!(values(&kafka, &event_topic("town")), ["a-0", "a-1", "a-2", "a-3", "a-4"]);
}

#[test]
fn rejected_records_are_in_quarantine_sealed_and_open_with_the_key() {
    let (_broker, kafka) = broker("town");
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
    let sent = Sent {
        rejected_rows: vec![2],
        errors: vec![RecordError::map("map.required_missing").field("NIF")],
        ..Sent::default()
    };
    publish(&mut publisher, &sent, &[], step(None, 1)).unwrap();
    let topic = SystemTopics::of("town").quarantine;
    let found: Vec<Quarantined> = values(&kafka, &topic)
        .iter()
        .map(|value| Quarantined::parse(value.as_bytes()).unwrap())
        .collect();
    let by = |code: &str| found.iter().find(|record| record.errors[0].code == code).unwrap();
    let key = SealKey::new("quarantine-1", &[2; 32]);
    assert_eq!(by("decode.csv.ragged").open(&topic, &key).unwrap().unwrap(), b"raw;bytes");
    assert_eq!(by("map.required_missing").place.line, 3);
    assert_eq!(by("map.required_missing").mapping.as_deref(), Some("m@1"));
}

#[test]
fn a_step_that_does_not_begin_at_the_checkpoint_is_refused_before_it_is_sent() {
    let (_broker, kafka) = broker("town");
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
    publish(&mut publisher, &Sent::default(), &[], step(None, 7)).unwrap();
    let error = publish(&mut publisher, &Sent::default(), &[], step(Some(6), 9)).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Bug, "publish.step_mismatch"));
    let (_, next) = start(setup(&kafka, task("town", 1), None)).unwrap();
    assert_eq!(next.recovered.checkpoint.position("drop"), Some(&at(7)));
}

#[test]
fn a_forgotten_split_starts_again() {
    let (_broker, kafka) = broker("town");
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
    publish(&mut publisher, &Sent::default(), &[], step(None, 7)).unwrap();
    publisher.begin().unwrap();
    publisher.forget("drop").unwrap();
    publisher.commit(&[], Counts::default()).unwrap();
    assert_eq!(publisher.checkpoint().position("drop"), None);
    drop(publisher);
    let (_, next) = start(setup(&kafka, task("town", 1), None)).unwrap();
    assert!(next.recovered.checkpoint.is_empty());
}

/// The table of the protocol: what is injected into which request, and what the driver is told.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn the_outcomes_of_a_commit() {
    use Err::*;
    type Case = (&'static str, Api, &'static [Err], Result<bool, (ErrorClass, &'static str)>);
    let operator = |code| std::result::Result::Err((ErrorClass::Operator, code));
    let rebuild = |code| std::result::Result::Err((ErrorClass::Transient, code));
    let cases: &[Case] = &[
        (
            "an answer that was repeated inside",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS; 3],
            Ok(false),
        ),
        (
            "a connection lost while committing",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR__TRANSPORT; 2],
            Ok(true),
        ),
        (
            "a time-out of the broker",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT],
            rebuild("publish.interrupted"),
        ),
        (
            "an unknown error",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_UNKNOWN],
            rebuild("publish.interrupted"),
        ),
        (
            "an invalid state",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_INVALID_TXN_STATE],
            rebuild("publish.interrupted"),
        ),
        (
            "another producer",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_PRODUCER_FENCED],
            std::result::Result::Err((ErrorClass::Fenced, "publish.fenced")),
        ),
        (
            "an old epoch",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH],
            std::result::Result::Err((ErrorClass::Fenced, "publish.fenced")),
        ),
        (
            "an expired id",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING],
            rebuild("publish.interrupted"),
        ),
        (
            "a missing right on the id",
            Api::EndTxn,
            &[RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED],
            operator("publish.denied"),
        ),
        (
            "a missing right on a topic",
            Api::Produce,
            &[RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED],
            operator("publish.denied"),
        ),
        (
            "a record too large",
            Api::Produce,
            &[RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE],
            operator("publish.record_refused"),
        ),
        (
            "an invalid record",
            Api::Produce,
            &[RD_KAFKA_RESP_ERR_INVALID_RECORD],
            operator("publish.record_refused"),
        ),
        (
            "too few copies in step",
            Api::Produce,
            &[RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS],
            Ok(false),
        ),
    ];
    std::thread::scope(|scope| {
        for (what, api, errors, expected) in cases {
            scope.spawn(move || {
                let (broker, kafka) = broker("town");
                let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
                fail(&broker, *api, errors);
                let result = publish(&mut publisher, &Sent::events(3, "a"), &[], step(None, 1));
                let outcome = result
                    .as_ref()
                    .map(|committed| committed.rotate)
                    .map_err(|error| (error.class(), error.code()));
                assert_eq!(outcome, *expected, "{what}: {result:?}");
                drop(publisher);

                let forget = |cluster: &MockCluster<'_, _>| {
                    cluster.clear_request_errors(Api::EndTxn);
                    cluster.clear_request_errors(Api::Produce);
                };
                broker.with(forget).unwrap();
                start(setup(&kafka, task("town", 1), None))
                    .unwrap_or_else(|error| panic!("{what}: the next life: {error}"));
            });
        }
    });
}

#[test]
fn a_refused_record_names_its_row_and_its_send() {
    let (broker, mut kafka) = broker("town");
    // A short queue, so that the refusal is heard while events are still being sent.
    kafka.options.insert("queue.buffering.max.messages".into(), OptionValue::Int(100));
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
    publisher.begin().unwrap();
    let no_records = RecordBatch::new(BatchLimits::default());
    publisher.send("drop", &[], &no_records, &Sent::default()).unwrap();
    fail(&broker, Api::Produce, &[Err::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
    let result = publisher.send("drop", &[], &no_records, &Sent::events(1000, "a"));
    assert_eq!(result.unwrap_err().code(), REFUSED);
    let refused = publisher.refused().unwrap();
    assert_eq!(refused.send, 1);
    assert!(refused.row < 1000);
}

#[test]
fn a_record_too_large_for_the_client_is_refused_with_its_row_at_once() {
    let (_broker, kafka) = broker("town");
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
    assert!(publisher.max_event_bytes(0) < 1_000_000);
    let mut sent = Sent::events(2, "a");
    sent.events[1].1 = Some("x".repeat(1_100_000));
    publisher.begin().unwrap();
    let error = publisher.send("drop", &[], &records(2, &[]), &sent).unwrap_err();
    assert_eq!(error.code(), "publish.record_refused");
    assert_eq!(publisher.refused(), Some(RefusedRecord { send: 0, row: 1 }));
}

#[test]
fn more_records_than_the_queue_holds_wait_and_all_arrive() {
    let (_broker, mut kafka) = broker("town");
    kafka.options.insert("queue.buffering.max.messages".into(), OptionValue::Int(100));
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), None)).unwrap();
    publish(&mut publisher, &Sent::events(1000, "a"), &[], step(None, 1)).unwrap();
    assert_eq!(values(&kafka, &event_topic("town")).len(), 1000);
}

#[test]
fn a_missing_topic_is_named_before_anything_is_written() {
    let broker = DevBroker::start().unwrap();
    let kafka = KafkaConfig { embedded: true, ..KafkaConfig::default() };
    let kafka = kafka.embedded_at(broker.bootstrap());
    let error = start(setup(&kafka, task("town", 1), None)).unwrap_err();
    assert_eq!(error.code(), "publish.topic_missing");
    assert!(error.to_string().contains("town.acequia.checkpoints"), "{error}");
}

#[test]
fn a_cancelled_start_ends_at_once() {
    let kafka = KafkaConfig { bootstrap: Some("127.0.0.1:1".into()), ..KafkaConfig::default() };
    let setup = setup(&kafka, task("town", 1), None);
    setup.cancel.cancel();
    let started = std::time::Instant::now();
    let error = start(setup).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Transient, "publish.cancelled"));
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{error}");
}

#[test]
fn bad_input_72_a_lost_checkpoint_topic_stops_the_start_and_only_a_reason_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let (old_broker, kafka) = broker("town");
    let (mut publisher, _) = start(setup(&kafka, task("town", 1), Some(directory.path()))).unwrap();
    publish(&mut publisher, &Sent::default(), &[], step(None, 7)).unwrap();
    drop((publisher, old_broker));

    let (_broker, kafka) = broker("town");
    let setup = setup(&kafka, task("town", 2), Some(directory.path()));
    let error = start(setup.clone()).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "checkpoint.regression"));
    assert!(error.advice().unwrap().contains("position init"));
    let accepted = Setup { accept_regression: Some("restored by hand".into()), ..setup };
    let (mut publisher, _) = start(accepted).unwrap();
    assert_eq!(publish(&mut publisher, &Sent::default(), &[], step(None, 1)).unwrap().seq, 1);
}

#[test]
fn the_newest_claim_is_that_of_the_last_life() {
    let (_broker, kafka) = broker("town");
    let newest = || read_newest_claim(&kafka, &task("town", 1), &CancellationToken::new()).unwrap();
    assert_eq!(newest(), None);
    for owner in [1, 2] {
        drop(start(setup(&kafka, task("town", owner), None)).unwrap());
        assert_eq!(newest().unwrap().owner, uuid::Uuid::from_u128(owner));
    }
}

#[test]
fn a_second_start_of_the_same_state_reads_it_from_its_cache() {
    let directory = tempfile::tempdir().unwrap();
    let (_broker, kafka) = broker("town");
    for (life, key) in ["one", "two", "three"].into_iter().enumerate() {
        let setup = setup(&kafka, task("town", 1), Some(directory.path()));
        let (mut publisher, _) = start(setup).unwrap();
        let change = StateChange { key: key.into(), value: Some(key.as_bytes().to_vec()) };
        let from = (life as u64).checked_sub(1);
        publish(&mut publisher, &Sent::default(), &[change], step(from, life as u64)).unwrap();
        let mut keys = 0;
        publisher
            .state()
            .scan("", &mut |_, _| {
                keys += 1;
                true
            })
            .unwrap();
        assert_eq!(keys, life + 1);
    }
}

#[test]
fn a_claim_whose_commit_may_have_been_sent_twice_is_made_again_by_a_new_life() {
    let (broker, kafka) = broker("town");
    fail(&broker, Api::EndTxn, &[Err::RD_KAFKA_RESP_ERR__TRANSPORT]);
    let error = start(setup(&kafka, task("town", 1), None)).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Transient, "publish.interrupted"));
    let (mut publisher, next) = start(setup(&kafka, task("town", 1), None)).unwrap();
    assert!(next.recovered.previous.is_some());
    assert!(!publish(&mut publisher, &Sent::events(1, "a"), &[], step(None, 1)).unwrap().rotate);
}
