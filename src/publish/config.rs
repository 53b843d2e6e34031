//! The `kafka:` part of a deployment.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use acequia_api::ConfigFault;
use rdkafka::{ClientConfig, config::RDKafkaLogLevel};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{registry::RegistryConfig, security::Security};

/// Where events go. Exactly one of `bootstrap` and `embedded`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaConfig {
    /// Brokers to begin with, `host:port`, separated by commas.
    pub bootstrap: Option<String>,
    /// Runs a development broker inside the daemon instead. What it holds is gone when the daemon stops.
    pub embedded: bool,
    /// What the topics must survive. Lower values than the defaults work and are reported.
    pub durability: Durability,
    /// Encryption and authentication.
    pub security: Security,
    /// Where the schemas of topics with `encoding: avro` are.
    pub registry: Option<RegistryConfig>,
    /// Further settings of librdkafka, by its own names. Those that the guarantee rests on cannot be set.
    pub options: BTreeMap<String, OptionValue>,
}

/// How many copies there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Durability {
    /// Copies of every partition of the topics that Acequia makes.
    #[schemars(range(min = 1, max = 100))]
    pub replication: u16,
    /// Copies that must have a record before it counts as written.
    #[schemars(range(min = 1, max = 100))]
    pub min_insync: u16,
}

impl Default for Durability {
    fn default() -> Self {
        Self { replication: 3, min_insync: 2 }
    }
}

/// The value of a librdkafka setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OptionValue {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Anything else.
    Text(String),
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// What may be tuned. Everything else is refused: a property that we have not thought about may break a promise.
const TUNABLE: &[&str] = &[
    "batch.num.messages",
    "batch.size",
    "broker.address.family",
    "broker.address.ttl",
    "client.dns.lookup",
    "client.rack",
    "compression.level",
    "compression.type",
    "connections.max.idle.ms",
    "fetch.max.bytes",
    "fetch.wait.max.ms",
    "linger.ms",
    "metadata.max.age.ms",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "receive.message.max.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.nagle.disable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "ssl.cipher.suites",
    "ssl.curves.list",
    "ssl.sigalgs.list",
    "topic.metadata.refresh.interval.ms",
];

/// What a person may want to set, and where it stands instead or why it is fixed.
const FIXED: &[(&str, &str)] = &[
    ("acks", "exactly once needs `acks=all`"),
    ("request.required.acks", "exactly once needs `acks=all`"),
    ("enable.idempotence", "exactly once needs idempotence"),
    ("transactional.id", "it is `<deployment>.<pipeline>.<task>`"),
    ("transaction.timeout.ms", "it is part of the fencing protocol"),
    ("message.timeout.ms", "it must stay below the transaction time-out"),
    ("delivery.timeout.ms", "it must stay below the transaction time-out"),
    ("max.in.flight", "order within a key rests on it"),
    ("max.in.flight.requests.per.connection", "order within a key rests on it"),
    ("partitioner", "the partition is murmur2 of the key, as Java clients compute it"),
    ("isolation.level", "recovery reads only what is committed"),
    ("retries", "retrying is the transaction's business"),
    ("message.send.max.retries", "retrying is the transaction's business"),
    ("bootstrap.servers", "it is `bootstrap`"),
    ("metadata.broker.list", "it is `bootstrap`"),
    ("security.protocol", "it follows from `security`"),
    ("message.max.bytes", "it follows from the limits of the topics"),
    ("socket.timeout.ms", "the judgement of a commit rests on it"),
    ("group.id", "no consumer group is used"),
];

impl KafkaConfig {
    /// What is wrong with its options: those that cannot be set, and those that nobody knows.
    pub fn option_faults(&self) -> Vec<ConfigFault> {
        self.options.keys().filter_map(|key| option_fault(key)).collect()
    }

    /// The same deployment on this development broker. Only for `embedded: true`.
    #[must_use]
    pub fn embedded_at(&self, bootstrap: &str) -> Self {
        Self { bootstrap: Some(bootstrap.to_owned()), ..self.clone() }
    }

    /// Whether every broker named is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.embedded
            || self.bootstrap.as_deref().is_some_and(|bootstrap| {
                !bootstrap.is_empty()
                    && hosts(bootstrap).all(|host| {
                        let address = host.trim_start_matches('[').trim_end_matches(']');
                        host == "localhost"
                            || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
                    })
            })
    }

    /// The properties that every client has, named `client` in the broker's log.
    pub(super) fn client(&self, client: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("bootstrap.servers", self.bootstrap.as_deref().unwrap_or_default());
        config.set("client.id", client);
        config.set("allow.auto.create.topics", "false");
        config.set("socket.keepalive.enable", "true");
        config.set("reconnect.backoff.ms", "50");
        config.set("reconnect.backoff.max.ms", "2000");
        self.security.apply(&mut config);
        for (key, value) in self.options.iter().filter(|(key, _)| option_fault(key).is_none()) {
            config.set(key, value.to_string());
        }
        config
    }
}

fn option_fault(key: &str) -> Option<ConfigFault> {
    if TUNABLE.contains(&key) {
        return None;
    }
    let path = ["options", key];
    let found = FIXED.iter().find(|(fixed, _)| *fixed == key);
    Some(match found {
        Some((_, why)) => {
            fault(&path, "config.kafka.option_fixed", format!("`{key}` cannot be set here: {why}"))
        }
        None if key.starts_with("sasl.") || key.starts_with("ssl.") => fault(
            &path,
            "config.kafka.option_fixed",
            format!("`{key}` cannot be set here: it follows from `security`"),
        ),
        None => {
            let mut unknown = fault(
                &path,
                "config.kafka.option_unknown",
                format!("`{key}` is not among the properties that may be tuned"),
            );
            unknown.hint = crate::diagnostic::suggest(key, TUNABLE.iter().copied())
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| Some(format!("these may be: {}", TUNABLE.join(", "))));
            unknown
        }
    })
}

fn fault(path: &[&str], code: &'static str, message: impl Into<String>) -> ConfigFault {
    ConfigFault {
        path: path.iter().map(|&key| key.to_owned()).collect(),
        code,
        message: message.into(),
        hint: None,
    }
}

fn hosts(bootstrap: &str) -> impl Iterator<Item = &str> {
    bootstrap.split(',').map(str::trim).filter(|broker| !broker.is_empty()).map(|broker| {
        let broker = broker.rsplit("://").next().unwrap_or(broker);
        broker.rsplit_once(':').map_or(broker, |(host, _)| host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: serde_json::Value) -> KafkaConfig {
        serde_json::from_value(json).unwrap()
    }

    fn codes(config: &KafkaConfig) -> Vec<&'static str> {
        config.option_faults().iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn nothing_that_exactly_once_rests_on_can_be_overridden() {
        for (key, _) in FIXED {
            let config = parse(serde_json::json!({"embedded": true, "options": {*key: "1"}}));
            let faults = config.option_faults();
            assert_eq!(faults[0].code, "config.kafka.option_fixed", "{key}");
            assert_eq!(faults[0].path, ["options", key]);
            let client = config.client("t");
            assert_ne!(client.get(key), Some("1"), "{key} must not reach the client");
        }
        for key in ["sasl.password", "ssl.ca.location", "enable.ssl.certificate.verification"] {
            let config = parse(serde_json::json!({"embedded": true, "options": {key: "x"}}));
            assert!(!codes(&config).is_empty(), "{key}");
            assert_eq!(config.client("t").get(key), None);
        }
    }

    #[test]
    fn what_may_be_tuned_reaches_the_client() {
        let config = parse(serde_json::json!({
            "embedded": true,
            "options": {"linger.ms": 20, "compression.type": "zstd", "socket.nagle.disable": true}
        }));
        assert!(codes(&config).is_empty());
        let client = config.client("t");
        assert_eq!(client.get("linger.ms"), Some("20"));
        assert_eq!(client.get("socket.nagle.disable"), Some("true"));
    }

    #[test]
    fn a_mistyped_option_gets_a_suggestion() {
        let config = parse(serde_json::json!({"embedded": true, "options": {"linger.mss": 2}}));
        let faults = config.option_faults();
        assert_eq!(faults[0].code, "config.kafka.option_unknown");
        assert_eq!(faults[0].hint.as_deref(), Some("did you mean `linger.ms`?"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        for json in [
            serde_json::json!({"bootstraps": "k"}),
            serde_json::json!({"durability": {"replicas": 3}}),
            serde_json::json!({"security": {"ssl": {}}}),
        ] {
            assert!(serde_json::from_value::<KafkaConfig>(json).is_err());
        }
    }

    #[test]
    fn loopback_means_every_broker() {
        let at = |bootstrap: &str| parse(serde_json::json!({"bootstrap": bootstrap})).is_loopback();
        assert!(
            at("localhost:9092") && at("127.0.0.1:1,PLAINTEXT://127.0.0.2:2") && at("[::1]:9092")
        );
        assert!(!at("localhost:9092,kafka:9092") && !at("127.example.org:9092") && !at(""));
    }
}
