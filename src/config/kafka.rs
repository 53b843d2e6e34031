//! The Kafka part of `acequia.yaml`.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// Where events go. Exactly one of `bootstrap` and `embedded`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaConfig {
    /// Brokers to begin with, `host:port`, separated by commas.
    pub bootstrap: Option<String>,
    /// Runs a development broker inside the daemon instead. What it holds is gone when the daemon stops.
    pub embedded: bool,
    /// What the topics must survive. Lower values than the defaults work and are reported.
    pub durability: Durability,
    /// Encryption and authentication.
    pub security: SecurityConfig,
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

/// Encryption and authentication of the connection to Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityConfig {
    /// Encryption. `{}` trusts the certificate authorities of the system.
    pub tls: Option<Tls>,
    /// Authentication.
    pub sasl: Option<Sasl>,
    /// Why it is acceptable that records travel unencrypted; without TLS it must be said.
    pub insecure_reason: Option<String>,
}

/// TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Certificate authorities to trust, PEM.
    #[schemars(extend("format" = "path"))]
    pub ca: Option<PathBuf>,
    /// The client's own certificate, PEM, where the broker asks for one.
    #[schemars(extend("format" = "path"))]
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, PEM.
    #[schemars(extend("format" = "path"))]
    pub key: Option<PathBuf>,
    /// The password of that key.
    pub key_password: Option<Secret>,
}

/// SASL, by mechanism.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "mechanism", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sasl {
    /// User and password, sent as they are: only over TLS.
    Plain {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// User and password, proven with SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256 {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// User and password, proven with SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512 {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token that somebody else renews.
    Oauthbearer {
        /// A file that always holds a fresh token; it is read again before the old one expires.
        #[schemars(extend("format" = "path"))]
        token_file: PathBuf,
    },
}

/// The value of a librdkafka setting.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OptionValue {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Anything else.
    Text(String),
}

impl std::fmt::Display for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}
