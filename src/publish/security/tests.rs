use super::*;
use crate::publish::KafkaConfig;

const SECRET: &str = "hunter2-hunter2";

fn kafka(security: serde_json::Value) -> KafkaConfig {
    serde_json::from_value(serde_json::json!({"bootstrap": "kafka-1:9093", "security": security}))
        .unwrap()
}

fn faults(security: serde_json::Value) -> Vec<String> {
    kafka(security).validate().iter().map(|fault| fault.path.join(".")).collect()
}

#[test]
fn clear_text_to_another_machine_needs_a_reason_that_is_shown() {
    assert_eq!(faults(serde_json::json!({})), ["security.tls"]);
    assert_eq!(faults(serde_json::json!({"insecure_reason": "  "})), ["security.insecure_reason"]);
    let reasoned = kafka(serde_json::json!({"insecure_reason": "private network of the lab"}));
    assert!(reasoned.validate().is_empty());
    assert!(reasoned.findings()[0].message.contains("private network of the lab"));
    assert!(faults(serde_json::json!({"tls": {}})).is_empty());
}

#[test]
fn every_mechanism_asks_for_what_it_needs() {
    let sasl = |sasl: serde_json::Value| faults(serde_json::json!({"tls": {}, "sasl": sasl}));
    assert!(
        sasl(serde_json::json!({"mechanism": "scram-sha-512", "user": "a", "password": "b"}))
            .is_empty()
    );
    assert_eq!(
        sasl(serde_json::json!({"mechanism": "plain", "user": "a"})),
        ["security.sasl.user"]
    );
    assert_eq!(sasl(serde_json::json!({"mechanism": "oauthbearer"})), ["security.sasl.token_file"]);
    assert_eq!(
        sasl(serde_json::json!({"mechanism": "oauthbearer", "token_file": "t", "password": "b"})),
        ["security.sasl.password"]
    );
    let half = serde_json::json!({"tls": {"cert": "c.pem"}});
    assert_eq!(faults(half), ["security.tls.cert"]);
}

#[test]
fn the_protocol_follows_from_what_is_given() {
    let user = serde_json::json!({"mechanism": "scram-sha-256", "user": "a", "password": SECRET});
    for (security, protocol) in [
        (serde_json::json!({}), "PLAINTEXT"),
        (serde_json::json!({"tls": {}}), "SSL"),
        (serde_json::json!({"sasl": user}), "SASL_PLAINTEXT"),
        (serde_json::json!({"tls": {"ca": "/ca.pem"}, "sasl": user}), "SASL_SSL"),
    ] {
        let client = kafka(security).client("t");
        assert_eq!(client.get("security.protocol"), Some(protocol));
    }
    let client = kafka(serde_json::json!({"tls": {"ca": "/ca.pem"}, "sasl": user})).client("t");
    assert_eq!(client.get("ssl.ca.location"), Some("/ca.pem"));
    assert_eq!(client.get("sasl.mechanism"), Some("SCRAM-SHA-256"));
    assert_eq!(client.get("sasl.password"), Some(SECRET));
    assert_eq!(client.get("enable.ssl.certificate.verification"), None);
}

#[test]
fn no_secret_is_ever_shown() {
    let config = kafka(serde_json::json!({
        "tls": {"cert": "c", "key": "k", "key_password": SECRET},
        "sasl": {"mechanism": "plain", "user": "a", "password": SECRET}
    }));
    let shown = format!("{config:?} {:?} {:?}", config.client("t"), config.validate());
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn a_token_is_read_with_its_subject_and_expiry() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let security = kafka(serde_json::json!({
        "tls": {}, "sasl": {"mechanism": "oauthbearer", "token_file": path}
    }))
    .security;
    assert_eq!(security.token().err(), Some(TokenError::Unreadable));
    for bad in ["", "abc", "a.!.c", "a.e30.c"] {
        std::fs::write(&path, bad).unwrap();
        assert_eq!(security.token().err(), Some(TokenError::NotAToken), "{bad}");
    }
    let payload = BASE64URL_NOPAD.encode(br#"{"sub":"acequia","exp":1800000000}"#);
    std::fs::write(&path, format!("h.{payload}.s\n")).unwrap();
    let token = security.token().unwrap();
    assert_eq!((&*token.principal_name, token.lifetime_ms), ("acequia", 1_800_000_000_000));
    assert_eq!(token.token, format!("h.{payload}.s"));
}
