//! The protocol against a real Kafka, the one that the tests start. Every test has a deployment of its own.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use super::*;

/// The cluster and a fresh deployment with its topics.
fn deployment(test: &str) -> (KafkaConfig, String) {
    let kafka = KafkaConfig {
        bootstrap: Some(kafka_node::shared().bootstrap().to_owned()),
        durability: Durability { replication: 1, min_insync: 1 },
        security: Security { insecure_reason: Some("a test".into()), ..Security::default() },
        ..KafkaConfig::default()
    };
    let name = format!("{test}-{}", uuid::Uuid::new_v4().simple());
    apply(&kafka, &plan(&name));
    (kafka, name)
}

pub(super) fn apply(kafka: &KafkaConfig, plan: &TopicPlan) {
    let cluster = Cluster::open(kafka, "test").unwrap();
    let names = plan.topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
    let found = cluster.describe(&names).unwrap();
    cluster.apply(&plan.compare(&found), &found).unwrap();
    // The broker shows what was done with a little delay.
    let deadline = Instant::now() + Duration::from_secs(20);
    while cluster.describe_partitions(&names).unwrap().len() < names.len() {
        assert!(Instant::now() < deadline, "the topics are there");
    }
    while !plan.compare(&cluster.describe(&names).unwrap()).is_empty() {
        assert!(Instant::now() < deadline, "a plan that was applied leaves nothing to do");
    }
}

#[test]
fn what_is_committed_is_visible_once_and_found_again() {
    let (kafka, name) = deployment("commit");
    let directory = tempfile::tempdir().unwrap();
    let state = StateChange { key: "file/1".into(), value: Some(b"seen".to_vec()) };
    let begun = Instant::now();
    let (mut publisher, first) =
        start(setup(&kafka, task(&name, 1), Some(directory.path()))).unwrap();
    eprintln!("first life ready after {:?}", begun.elapsed());
    assert_eq!(first.kinship, Kinship::FirstRun);
    for (n, mark) in ["a", "b"].into_iter().enumerate() {
        let delta = step((n as u64).checked_sub(1), n as u64);
        let begun = Instant::now();
        let done =
            publish(&mut publisher, &Sent::events(4, mark), std::slice::from_ref(&state), delta)
                .unwrap();
        eprintln!("commit {n} took {:?}", begun.elapsed());
        assert_eq!(done, Committed { seq: n as u64 + 1, rotate: false });
    }
    let begun = Instant::now();
    drop(publisher);
    eprintln!("drop took {:?}", begun.elapsed());
    let begun = Instant::now();
    let (publisher, second) = start(setup(&kafka, task(&name, 2), Some(directory.path()))).unwrap();
    eprintln!("second life ready after {:?}", begun.elapsed());
    assert_eq!(second.kinship, Kinship::Fine);
    assert_eq!(second.recovered.checkpoint.position("drop"), Some(&at(1)));
    assert_eq!(publisher.state().get("file/1").unwrap().unwrap(), b"seen");
    let events = values(&kafka, &event_topic(&name));
    assert_eq!(events, ["a-0", "a-1", "a-2", "a-3", "b-0", "b-1", "b-2", "b-3"]);
}

#[test]
fn a_life_that_ends_inside_a_transaction_leaves_nothing_visible() {
    let (kafka, name) = deployment("torn");
    let (mut publisher, _) = start(setup(&kafka, task(&name, 1), None)).unwrap();
    publish(&mut publisher, &Sent::events(2, "kept"), &[], step(None, 1)).unwrap();
    publisher.begin().unwrap();
    publisher.send("drop", &[], &records(3, &[]), &Sent::events(3000, "torn")).unwrap();
    drop(publisher);

    let (mut publisher, second) = start(setup(&kafka, task(&name, 1), None)).unwrap();
    assert_eq!(second.recovered.checkpoint.position("drop"), Some(&at(1)));
    publish(&mut publisher, &Sent::events(2, "next"), &[], step(Some(1), 2)).unwrap();
    assert_eq!(values(&kafka, &event_topic(&name)), ["kept-0", "kept-1", "next-0", "next-1"]);
    assert_eq!(publisher.head().unwrap().seq, 2);
}

#[test]
fn a_life_that_ends_between_keeping_data_and_the_commit_leaves_one_file_and_one_event() {
    let (kafka, name) = deployment("claims");
    let store = tempfile::tempdir().unwrap();
    let directory = store.path().join("claims");
    let mut setup = setup(&kafka, task(&name, 1), None);
    setup.claim_store = Some(directory.clone());
    let sent = Sent { claims: vec!["{\"large\":1}".into()], ..Sent::events(1, "large") };
    let files = || {
        let entries = std::fs::read_dir(&directory).unwrap();
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect::<Vec<_>>()
    };
    let (mut publisher, _) = start(setup.clone()).unwrap();
    publisher.begin().unwrap();
    publisher.send("drop", &[], &records(1, &[]), &sent).unwrap();
    assert_eq!(files(), [b"{\"large\":1}"], "the file is there before the event is visible");
    std::fs::write(directory.join(format!(".{name}.permits.0.{}.part", uuid::Uuid::nil())), b"{")
        .unwrap();
    drop(publisher);
    assert_eq!(values(&kafka, &event_topic(&name)).len(), 0);

    let (mut publisher, _) = start(setup).unwrap();
    publish(&mut publisher, &sent, &[], step(None, 1)).unwrap();
    assert_eq!(files(), [b"{\"large\":1}"], "the same file, and nothing unfinished");
    assert_eq!(values(&kafka, &event_topic(&name)), ["large-0"]);
}

#[test]
fn the_older_of_two_publishers_is_fenced_and_can_tell_who_took_over() {
    let (kafka, name) = deployment("fence");
    let (mut older, _) = start(setup(&kafka, task(&name, 1), None)).unwrap();
    older.begin().unwrap();
    older.send("drop", &[], &records(3, &[]), &Sent::events(10, "old")).unwrap();
    let (mut newer, _) = start(setup(&kafka, task(&name, 2), None)).unwrap();

    let error = older.commit(&[step(None, 1)], Counts::default()).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Fenced, "publish.fenced"), "{error}");
    drop(older);
    let newest = read_newest_claim(&kafka, &task(&name, 1), &CancellationToken::new()).unwrap();
    assert_eq!(newest.unwrap().owner, uuid::Uuid::from_u128(2));

    publish(&mut newer, &Sent::events(2, "new"), &[], step(None, 1)).unwrap();
    assert_eq!(values(&kafka, &event_topic(&name)), ["new-0", "new-1"]);
}

/// Another pipeline whose task lives in the same partition of the checkpoint topic.
fn neighbour(name: &str) -> Task {
    let of = |task: &Task| {
        super::super::partition::partition_of(task.transactional_id().as_bytes(), SYSTEM_PARTITIONS)
    };
    let mine = of(&task(name, 1));
    (0..10_000)
        .map(|n| Task { pipeline: format!("neighbour-{n}").into(), ..task(name, 9) })
        .find(|task| of(task) == mine)
        .unwrap()
}

#[test]
fn a_start_waits_for_the_open_transaction_of_another_task_and_names_it() {
    let (kafka, name) = deployment("blocked");
    let other = neighbour(&name);
    let blocker = format!("{}/0", other.pipeline);
    let (mut publisher, _) = start(setup(&kafka, other.clone(), None)).unwrap();
    publisher.begin().unwrap();
    publisher.forget("drop").unwrap();
    // The record must have arrived for the partition to be held back: send enough to make the queue turn.
    let begun = Instant::now();
    let (heard, notices) = mpsc::sync_channel(8);
    let mine = setup(&kafka, task(&name, 1), None);
    let waiting = std::thread::spawn(move || {
        let mut publisher = Publisher::fence(mine).unwrap();
        publisher.recover(&mut |notice| heard.send(notice).unwrap()).unwrap()
    });
    let Notice::WaitingForTransaction { topic, blocker: named, .. } =
        notices.recv_timeout(Duration::from_secs(30)).unwrap();
    eprintln!("named after {:?}", begun.elapsed());
    assert_eq!(*topic, *SystemTopics::of(&name).checkpoints);
    assert!(named == blocker || named == *other.pipeline, "{named}");
    publisher.commit(&[], Counts::default()).unwrap();
    assert_eq!(waiting.join().unwrap().kinship, Kinship::FirstRun);
}

#[test]
fn a_deleted_checkpoint_topic_is_a_regression_and_nothing_is_read_again() {
    let (kafka, name) = deployment("regress");
    let directory = tempfile::tempdir().unwrap();
    let (mut publisher, _) = start(setup(&kafka, task(&name, 1), Some(directory.path()))).unwrap();
    publish(&mut publisher, &Sent::events(1, "a"), &[], step(None, 1)).unwrap();
    drop(publisher);
    delete(&kafka, &SystemTopics::of(&name).checkpoints);
    let missing = start(setup(&kafka, task(&name, 1), Some(directory.path()))).unwrap_err();
    assert_eq!(missing.code(), "publish.topic_missing");
    apply(&kafka, &plan(&name));
    let error = start(setup(&kafka, task(&name, 1), Some(directory.path()))).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "checkpoint.regression"));
}

fn delete(kafka: &KafkaConfig, topic: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions};
    let admin: AdminClient<rdkafka::client::DefaultClientContext> =
        kafka.client("test").create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(admin.delete_topics(&[topic], &AdminOptions::new())).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let cluster = Cluster::open(kafka, "test").unwrap();
    let names = [Arc::from(topic)].into();
    while !cluster.describe_partitions(&names).unwrap().is_empty() {
        assert!(Instant::now() < deadline, "the topic is gone");
    }
}

#[test]
fn a_checkpoint_topic_that_deletes_is_refused_and_put_right() {
    let (kafka, name) = deployment("policy");
    let cluster = Cluster::open(&kafka, "test").unwrap();
    let (plan, topic) = (plan(&name), SystemTopics::of(&name).checkpoints);
    let spoil = Change::Setting {
        topic: Arc::clone(&topic),
        key: "cleanup.policy",
        have: "compact".into(),
        want: "delete".into(),
        severity: acequia_api::Severity::Error,
    };
    let names = plan.topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
    let before = cluster.describe(&names).unwrap();
    cluster.apply(&[spoil], &before).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let error = loop {
        match start(setup(&kafka, task(&name, 1), None)) {
            Err(error) => break error,
            Ok(_) => assert!(Instant::now() < deadline, "the broker applies the change"),
        }
    };
    assert_eq!(error.code(), "publish.topic_unfit");
    assert!(error.to_string().contains("delete"), "{error}");
    apply(&kafka, &plan);
    let after = cluster.describe(&names).unwrap();
    assert_eq!(after[&topic].overrides, before[&topic].overrides, "no other setting is lost");
    start(setup(&kafka, task(&name, 1), None)).unwrap();
}

#[test]
fn a_record_over_the_limit_of_the_topic_is_known_before_and_refused_with_its_row() {
    let (kafka, name) = deployment("size");
    let cluster = Cluster::open(&kafka, "test").unwrap();
    let topic = event_topic(&name);
    let names = [Arc::clone(&topic)].into();
    let lower = Change::Setting {
        topic: Arc::clone(&topic),
        key: "max.message.bytes",
        have: String::new(),
        want: "20000".into(),
        severity: acequia_api::Severity::Note,
    };
    cluster.apply(&[lower], &cluster.describe(&names).unwrap()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while cluster.describe(&names).unwrap()[&topic].max_message_bytes() != 20_000 {
        assert!(Instant::now() < deadline, "the broker applies the change");
    }
    let (mut publisher, _) = start(setup(&kafka, task(&name, 1), None)).unwrap();
    assert!((10_000..20_000).contains(&publisher.max_event_bytes(0)));
    // Many small records are not refused together, although they are larger than the limit together.
    publish(&mut publisher, &Sent::events(5000, "small"), &[], step(None, 1)).unwrap();

    let noise = |n: u64| uuid::Uuid::from_u128(u128::from(n) * 0x9e37_79b9_7f4a_7c15).to_string();
    let mut sent = Sent::events(2, "a");
    sent.events[1].1 = Some((0..2000).map(noise).collect());
    let error = publish(&mut publisher, &sent, &[], step(Some(1), 2)).unwrap_err();
    assert_eq!(error.code(), "publish.record_refused", "{error}");
    assert_eq!(publisher.refused().map(|record| record.send), Some(0));
}

#[test]
fn partitions_added_while_running_stop_the_publisher_before_a_key_moves() {
    use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
    let (kafka, name) = deployment("grown");
    let (mut publisher, _) = start(setup(&kafka, task(&name, 1), None)).unwrap();
    publish(&mut publisher, &Sent::events(1, "a"), &[], step(None, 1)).unwrap();
    let topic = event_topic(&name);
    let admin: AdminClient<rdkafka::client::DefaultClientContext> =
        kafka.client("test").create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let more = [NewPartitions::new(&topic, 5)];
    runtime.block_on(admin.create_partitions(&more, &AdminOptions::new())).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    for n in 1.. {
        publisher.expire_partition_check();
        match publish(&mut publisher, &Sent::events(1, "a"), &[], step(Some(n), n + 1)) {
            Ok(_) => assert!(Instant::now() < deadline, "the change is noticed"),
            Err(error) => {
                assert_eq!(error.code(), "publish.partitions_changed");
                assert!(
                    error.to_string().contains("3 partitions at the start and has 5 now"),
                    "{error}"
                );
                break;
            }
        }
    }
}

/// The listener that asks for SASL PLAIN, where `acequia` may do everything and `poor` nothing, both with the password
/// `right`.
fn with_user(user: &str, password: &str) -> Option<KafkaConfig> {
    let node = kafka_node::shared();
    let Some(bootstrap) = node.bootstrap_with_users() else {
        eprintln!("not run: the users of the cluster of KAFKA_BOOTSTRAP are not known");
        return None;
    };
    let kafka = serde_json::json!({
        "bootstrap": bootstrap,
        "durability": {"replication": 1, "min_insync": 1},
        "security": {
            "insecure_reason": "a test",
            "sasl": {"mechanism": "plain", "user": user, "password": password}
        }
    });
    Some(serde_json::from_value(kafka).unwrap())
}

#[test]
fn a_wrong_password_is_told_at_once_and_never_shown() {
    let Some(kafka) = with_user("acequia", "hunter2-wrong") else { return };
    let begun = Instant::now();
    let error = start(setup(&kafka, task("town", 1), None)).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "publish.unauthenticated"));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn missing_rights_are_named_one_after_the_other_until_the_script_has_granted_all() {
    let Some(rich) = with_user("acequia", "right") else { return };
    let name = format!("rights-{}", uuid::Uuid::new_v4().simple());
    apply(&rich, &plan(&name));
    let (mut publisher, _) = start(setup(&rich, task(&name, 1), None)).unwrap();
    publish(&mut publisher, &Sent::events(1, "a"), &[], step(None, 1)).unwrap();
    drop(publisher);
    let poor = with_user("poor", "right").unwrap();
    let error = start(setup(&poor, task(&name, 2), None)).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Operator, "{error}");
    assert!(error.advice().unwrap().contains("no right to describe"), "{error:?}");
}
