//! The harness itself: what the other tests of this folder trust.

use std::{net::TcpListener, time::Duration};

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    producer::{BaseProducer, BaseRecord, Producer},
};

use crate::support::{
    kafka::{self, Kafka},
    reader,
};

fn topic(bootstrap: &str, name: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap();
    let new = NewTopic::new(name, 2, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let made = runtime.block_on(admin.create_topics(&[new], &AdminOptions::new())).unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
}

#[test]
fn the_foreign_consumer_tells_committed_records_from_aborted_ones() {
    let kafka = kafka::shared();
    let name = format!("harness-{}", std::process::id());
    topic(kafka.bootstrap(), &name);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap())
        .set("transactional.id", &name)
        .create()
        .unwrap();
    producer.init_transactions(Duration::from_secs(30)).unwrap();
    for (key, commit) in [("kept", true), ("dropped", false), ("also kept", true)] {
        producer.begin_transaction().unwrap();
        producer.send(BaseRecord::to(&name).key(key).payload("value")).unwrap();
        producer.flush(Duration::from_secs(30)).unwrap();
        if commit {
            producer.commit_transaction(Duration::from_secs(30)).unwrap();
        } else {
            // Nobody else polls this producer, and an abort waits for its queue to be served.
            std::thread::scope(|scope| {
                let aborted = scope.spawn(|| producer.abort_transaction(Duration::from_secs(30)));
                while !aborted.is_finished() {
                    producer.poll(Duration::from_millis(10));
                }
                aborted.join().unwrap().unwrap();
            });
        }
    }
    let keys = |records: Vec<reader::Record>| -> Vec<String> {
        let mut keys: Vec<_> = records
            .into_iter()
            .map(|record| String::from_utf8(record.key.unwrap()).unwrap())
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(reader::committed(kafka.bootstrap(), &name)), ["also kept", "kept"]);
    assert_eq!(
        keys(reader::uncommitted(kafka.bootstrap(), &name)),
        ["also kept", "dropped", "kept"]
    );
}

#[test]
fn a_node_that_cannot_start_says_why_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = [&taken, &free[0], &free[1], &free[2]].map(|all| all.local_addr().unwrap().port());
    drop(free);
    let Err(told) = std::panic::catch_unwind(|| Kafka::start_at(ports)) else {
        panic!("two programs listen on one port");
    };
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.contains("Address already in use"), "{told}");
}
