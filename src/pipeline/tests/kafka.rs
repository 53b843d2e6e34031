//! What the development broker cannot show: refused records and a second instance, against a real Kafka.

use std::{collections::BTreeSet, sync::Arc};

use super::*;
use crate::{
    checkpoint::Task,
    publish::{Change, Cluster, Presence, Publisher, Quarantined, tests::kafka_node::shared},
};

/// A rig on the real Kafka, with a deployment of its own.
fn rig(script: Script) -> Rig {
    let rig = Rig::new(script);
    let kafka = KafkaConfig { embedded: true, ..KafkaConfig::default() };
    let kafka = kafka.embedded_at(shared().bootstrap());
    let deployment = format!("rig-{}", uuid::Uuid::new_v4().simple());
    let topic: Arc<str> = format!("{deployment}.note.v1").into();
    let event =
        EventTopic { name: Arc::clone(&topic), partitions: 2, compact: false, retention_ms: None };
    let plan = TopicPlan::new(&deployment, Durability { replication: 1, min_insync: 1 }, &[event]);
    let names: BTreeSet<_> = plan.topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
    let cluster = Cluster::open(&kafka, "test").unwrap();
    cluster.apply(&plan.compare(&BTreeMap::new()), &BTreeMap::new()).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while cluster.describe_partitions(&names).unwrap().len() < names.len() {
        assert!(std::time::Instant::now() < deadline, "the topics are there");
    }
    Rig { kafka, topic, deployment, ..rig }
}

/// The event topic takes no more than this. The publisher does not know, because settings are not asked for where the
/// broker is an embedded one, as they cannot be where tokens are used.
fn narrow(rig: &Rig, bytes: usize) {
    let change = Change::Setting {
        topic: Arc::clone(&rig.topic),
        key: "max.message.bytes",
        have: String::new(),
        want: bytes.to_string(),
        severity: acequia_api::Severity::Note,
    };
    Cluster::open(&rig.kafka, "test").unwrap().apply(&[change], &BTreeMap::new()).unwrap();
}

/// Text that no compression makes short.
fn noise(seed: u64, bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..bytes).map(|_| random.alphanumeric()).collect()
}

fn refused(rig: &Rig) -> Vec<Quarantined> {
    let mut found = Vec::new();
    read_all(&rig.kafka, "test", &SystemTopics::of(&rig.deployment).quarantine, &mut |record| {
        found.push(Quarantined::parse(&record.value.unwrap()).unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    found.sort_by_key(|record| record.ordinal);
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_kafka_refuses_is_found_put_aside_and_everything_else_published() {
    let mut all = records(200);
    for at in [55, 58, 199] {
        all[at].0 = noise(at as u64, 30_000);
    }
    let rig = rig(Script { records: all, ..Script::default() });
    narrow(&rig, 20_000);
    let mut spec = rig.spec();
    spec.timing.first_backoff = Duration::from_millis(1);
    assert_eq!(rig.run(spec).await, Stop::Done);
    let refused = refused(&rig);
    let places: Vec<_> = refused.iter().map(|record| record.ordinal.unwrap()).collect();
    assert_eq!(places, [56, 59, 200], "each once, and no innocent one");
    assert!(refused.iter().all(|record| record.errors[0].code == "publish.refused"));
    let keys = rig.keys();
    let unique: BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), unique.len()), (197, 197));
    let counts = rig.status.read().counts;
    assert_eq!((counts.rows_in, counts.published, counts.rejected), (200, 197, 3));
    // One life to begin with; for each refusal one that meets it and one that goes on.
    assert!(rig.script.opened.load(Ordering::SeqCst) <= 1 + 3 * 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_owner_notices_a_foreign_claim_and_comes_back_when_the_other_is_gone() {
    let rig = rig(Script { records: records(10), endless: true, ..Script::default() });
    let mut spec = rig.spec();
    spec.timing.contest = Duration::from_millis(100);
    spec.timing.watch = Duration::from_millis(100);
    let topic = SystemTopics::of(&rig.deployment).checkpoints;
    let ours = spec.publisher.task.owner;
    let join = |owner| Presence::join(&rig.kafka, &rig.deployment, &topic, owner, None).unwrap();
    let presence = Arc::new(join(ours));
    let foreign = publish::Setup {
        task: Task { owner: uuid::Uuid::new_v4(), ..spec.publisher.task.clone() },
        ..spec.publisher.clone()
    };
    let (commands, inbox) = mpsc::channel(4);
    let driver = Driver::new(
        Arc::new(spec),
        Arc::clone(&rig.status),
        Some(Arc::clone(&presence)),
        rig.cancel.clone(),
        inbox,
    );
    let task = tokio::spawn(driver.run());
    rig.until("reads", |status| status.read().counts.rows_in == 10).await;

    // An instance that takes over without looking, as one does that cannot see who is there.
    let owner = foreign.task.owner;
    let taken = tokio::task::spawn_blocking(move || {
        let mut publisher = Publisher::fence(foreign).unwrap();
        publisher.recover(&mut |_| {}).unwrap();
        publisher
    });
    let publisher = taken.await.unwrap();
    let other = join(owner);
    rig.until("stands by", |status| status.read().state == State::Standby).await;
    tokio::task::spawn_blocking(move || drop((other, publisher))).await.unwrap();
    rig.until("takes over", |status| status.read().state == State::Running).await;
    rig.cancel.cancel();
    assert_eq!(task.await.unwrap(), Stop::Cancelled);
    assert_eq!(rig.keys().len(), 10);
    drop(commands);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_whose_position_was_changed_is_the_owner_when_it_is_resumed() {
    let rig = rig(Script { records: records(10), endless: true, ..Script::default() });
    let mut spec = rig.spec();
    spec.timing.contest = Duration::from_millis(100);
    spec.timing.watch = Duration::from_millis(100);
    let topic = SystemTopics::of(&rig.deployment).checkpoints;
    let join = |owner| Presence::join(&rig.kafka, &rig.deployment, &topic, owner, None).unwrap();
    let presence = Arc::new(join(spec.publisher.task.owner));
    let foreign = publish::Setup {
        task: Task { owner: uuid::Uuid::new_v4(), ..spec.publisher.task.clone() },
        ..spec.publisher.clone()
    };
    let (commands, inbox) = mpsc::channel(4);
    let status = Arc::clone(&rig.status);
    let driver =
        Driver::new(Arc::new(spec), status, Some(Arc::clone(&presence)), rig.cancel.clone(), inbox);
    let task = tokio::spawn(driver.run());
    rig.until("reads", |status| status.read().counts.rows_in == 10).await;
    let owner = foreign.task.owner;
    let taken = tokio::task::spawn_blocking(move || {
        let mut publisher = Publisher::fence(foreign).unwrap();
        publisher.recover(&mut |_| {}).unwrap();
        publisher
    });
    let publisher = taken.await.unwrap();
    let other = join(owner);
    rig.until("stands by", |status| status.read().state == State::Standby).await;

    // Resumed, it stands by again as soon as it has found who the owner is.
    for command in [Command::Pause, Command::Resume, Command::Pause] {
        let then = match command {
            Command::Resume => State::Standby,
            _ => State::Paused,
        };
        commands.send(command).await.unwrap();
        rig.until("obeys", |status| status.read().state == then).await;
    }
    let wanted = publish::Reposition {
        positions: BTreeMap::from([("all".into(), Position::encode(1, &5_u64).unwrap())]),
        forget_others: false,
        reason: "the last five again".into(),
    };
    let (answer, changed) = tokio::sync::oneshot::channel();
    commands.send(Command::Reposition(wanted, answer)).await.unwrap();
    changed.await.unwrap().unwrap();
    commands.send(Command::Resume).await.unwrap();
    rig.until("owns it", |status| status.read().state == State::Running).await;
    rig.cancel.cancel();
    assert_eq!(task.await.unwrap(), Stop::Cancelled);
    tokio::task::spawn_blocking(move || drop((other, publisher))).await.unwrap();
}
