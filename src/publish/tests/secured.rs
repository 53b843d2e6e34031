//! TLS, SCRAM, PLAIN and tokens against a real Kafka, and what a person is told when one of them is wrong.

use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use super::{real::apply, *};

/// How long a mistake in the credentials may stay unsaid.
const TOLD_WITHIN: Duration = Duration::from_secs(15);

fn config(bootstrap: &str, security: serde_json::Value) -> KafkaConfig {
    let durability = json!({"replication": 1, "min_insync": 1});
    let kafka = json!({"bootstrap": bootstrap, "durability": durability, "security": security});
    serde_json::from_value(kafka).unwrap()
}

fn over_tls(sasl: serde_json::Value) -> Option<KafkaConfig> {
    let node = kafka_node::shared();
    let Some(bootstrap) = node.bootstrap_with_tls() else {
        eprintln!("not run: the listeners of the cluster of KAFKA_BOOTSTRAP are not known");
        return None;
    };
    let ca = kafka_node::certificate().join("certificate.pem");
    Some(config(bootstrap, json!({"tls": {"ca": ca}, "sasl": sasl})))
}

/// The listener that takes tokens, and the file that holds one of `subject` which ends in an hour.
fn with_token(file: &Path, subject: &str) -> Option<KafkaConfig> {
    let node = kafka_node::shared();
    let bootstrap = node.bootstrap_with_users()?;
    let now = jiff::Timestamp::now().as_second();
    let part = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let claims = json!({"sub": subject, "iat": now, "exp": now + 3600, "scope": "kafka"});
    std::fs::write(file, format!("{}.{}.\n", part(json!({"alg": "none"})), part(claims))).unwrap();
    let sasl = json!({"mechanism": "oauthbearer", "token_file": file});
    Some(config(bootstrap, json!({"insecure_reason": "a test", "sasl": sasl})))
}

/// A deployment of its own whose topics were made by somebody who may.
fn deployment(test: &str) -> String {
    let open = KafkaConfig {
        bootstrap: Some(kafka_node::shared().bootstrap().to_owned()),
        durability: Durability { replication: 1, min_insync: 1 },
        ..KafkaConfig::default()
    };
    let name = format!("{test}-{}", uuid::Uuid::new_v4().simple());
    apply(&open, &plan(&name));
    name
}

/// Publishes, reads back, and begins a second life.
fn assert_works(kafka: &KafkaConfig, name: &str) {
    assert!(kafka.option_faults().is_empty(), "{:?}", kafka.option_faults());
    let (mut publisher, _) = start(setup(kafka, task(name, 1), None)).unwrap();
    publish(&mut publisher, &Sent::events(2, "a"), &[], step(None, 7)).unwrap();
    drop(publisher);
    let (_, next) = start(setup(kafka, task(name, 2), None)).unwrap();
    assert_eq!(next.recovered.checkpoint.position("drop"), Some(&at(7)));
    assert_eq!(values(kafka, &event_topic(name)), ["a-0", "a-1"]);
    let topic = SystemTopics::of(name).checkpoints;
    let [one, two] = [1, 2].map(uuid::Uuid::from_u128);
    let presence = Presence::join(kafka, name, &topic, one, None).unwrap();
    let other = Presence::join(kafka, name, &topic, two, None).unwrap();
    let began = Instant::now();
    while presence.others().unwrap() != [two].into() {
        assert!(began.elapsed() < Duration::from_secs(30), "the other member is seen");
    }
    drop(other);
}

fn assert_told(kafka: &KafkaConfig, code: &str, secret: &str) -> PublishError {
    let began = Instant::now();
    let error = start(setup(kafka, task("town", 1), None)).unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, code), "{error}");
    assert!(began.elapsed() < TOLD_WITHIN, "told after {:?}", began.elapsed());
    assert!(error.advice().is_some());
    assert!(!format!("{error:?}").contains(secret));
    error
}

#[test]
fn scram_inside_tls_publishes_and_reads_back() {
    let sasl = json!({"mechanism": "scram-sha-512", "user": "acequia", "password": "right"});
    let Some(kafka) = over_tls(sasl) else { return };
    assert_works(&kafka, &deployment("scram"));
}

#[test]
fn plain_inside_tls_publishes_and_reads_back() {
    let sasl = json!({"mechanism": "plain", "user": "acequia", "password": "right"});
    let Some(kafka) = over_tls(sasl) else { return };
    assert_works(&kafka, &deployment("plain"));
}

#[test]
fn a_token_publishes_reads_back_and_keeps_the_instance_present() {
    let scratch = tempfile::tempdir().unwrap();
    let Some(kafka) = with_token(&scratch.path().join("token"), "acequia") else { return };
    assert_works(&kafka, &deployment("token"));
}

#[test]
fn a_wrong_password_is_told_inside_tls_as_well() {
    for mechanism in ["scram-sha-512", "plain"] {
        let sasl = json!({"mechanism": mechanism, "user": "acequia", "password": "hunter2-wrong"});
        let Some(kafka) = over_tls(sasl) else { return };
        let error = assert_told(&kafka, "publish.unauthenticated", "hunter2");
        assert!(error.advice().unwrap().contains("kafka.security.sasl"), "{mechanism}");
    }
}

#[test]
fn a_broker_whose_authority_is_unknown_is_not_talked_to() {
    let sasl = json!({"mechanism": "scram-sha-512", "user": "acequia", "password": "hunter2"});
    let Some(mut kafka) = over_tls(sasl) else { return };
    // The system's authorities have never heard of our node.
    kafka.security.tls = Some(Tls::default());
    let error = assert_told(&kafka, "publish.tls", "hunter2");
    assert!(error.advice().unwrap().contains("certificate authority"), "{error:?}");
}

#[test]
fn a_token_that_is_none_or_of_somebody_unknown_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("token");
    let Some(kafka) = with_token(&file, "acequia") else { return };
    std::fs::write(&file, "hunter2").unwrap();
    let error = assert_told(&kafka, "publish.unauthenticated", "hunter2");
    assert!(error.to_string().contains("token file"), "{error}");
}
