use super::*;
use crate::publish::KafkaConfig;

const SECRET: &str = "hunter2-hunter2";

fn kafka(security: serde_json::Value) -> KafkaConfig {
    serde_json::from_value(serde_json::json!({"bootstrap": "kafka-1:9093", "security": security}))
        .unwrap()
}

#[test]
fn every_mechanism_asks_for_what_it_needs_and_takes_nothing_else() {
    let fits = |sasl: serde_json::Value| {
        let kafka =
            serde_json::json!({"bootstrap": "k:9093", "security": {"tls": {}, "sasl": sasl}});
        serde_json::from_value::<KafkaConfig>(kafka).is_ok()
    };
    assert!(fits(serde_json::json!({"mechanism": "scram-sha-512", "user": "a", "password": "b"})));
    assert!(!fits(serde_json::json!({"mechanism": "plain", "user": "a"})));
    assert!(fits(serde_json::json!({"mechanism": "oauthbearer", "token_file": "t"})));
    assert!(!fits(serde_json::json!({"mechanism": "oauthbearer"})));
    let both = serde_json::json!({"mechanism": "oauthbearer", "token_file": "t", "password": "b"});
    assert!(!fits(both));
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
        "tls": {"certificate": "c", "key": "k", "key_password": SECRET},
        "sasl": {"mechanism": "plain", "user": "a", "password": SECRET}
    }));
    let shown = format!("{config:?} {:?}", config.client("t"));
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
