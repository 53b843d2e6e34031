//! The shape of `acequia.yaml`.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    secret::{KEYS_FORMAT, Secret},
    units::Period,
};
use crate::publish::KafkaConfig;

/// `acequia.yaml`: what belongs to the daemon and not to a single pipeline.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaemonConfig {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub acequia: u8,
    /// The name of the deployment: prefix of transactional ids, topics and event sources. Never change it later.
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"))]
    pub deployment: String,
    /// Where events go.
    pub kafka: KafkaConfig,
    /// A directory of the daemon's own, for what can be rebuilt from Kafka and for the lock that keeps a second
    /// daemon out.
    #[schemars(extend("format" = "path"))]
    pub state: PathBuf,
    /// The control socket, for the command line.
    #[serde(default)]
    pub admin: AdminConfig,
    /// Health, metrics and status for others.
    #[serde(default)]
    pub http: HttpConfig,
    /// The deployment's keys.
    #[serde(default)]
    pub keys: KeyConfig,
    /// Limits of the whole daemon.
    #[serde(default)]
    pub limits: LimitConfig,
}

/// The control socket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// Where it is; `admin.sock` in the state directory unless said otherwise. Whoever may write to it controls
    /// the daemon: it is made for its user and group only.
    pub listen: Option<UnixAddress>,
}

/// A Unix socket, written `unix:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixAddress(pub PathBuf);

/// The HTTP listener.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port. Only loopback addresses, as long as nobody has to log in.
    #[schemars(with = "String", extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// Host names, besides the address itself and `localhost`, under which a reverse proxy may ask.
    pub hosts: Vec<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)), hosts: Vec::new() }
    }
}

/// References to the deployment's keys; `acequia init` makes them. Losing one is final.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyConfig {
    /// Seals rejected records. Without it, quarantine holds only where the record stood.
    #[schemars(extend("format" = "key-file"))]
    pub quarantine: Option<Secret>,
    /// Seals positions and state that hold keys of the source.
    #[schemars(extend("format" = "key-file"))]
    pub state: Option<Secret>,
    /// Makes pseudonyms. Changing it breaks every pseudonym made before.
    #[schemars(extend("format" = "key-file"))]
    pub pseudonym: Option<Secret>,
    /// Encrypt fields, one key file for each name that mappings use: `protect: { encrypt: NAME }`.
    #[schemars(schema_with = "key_files")]
    pub encryption: BTreeMap<String, Secret>,
}

fn key_files(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "type": "string",
            "format": KEYS_FORMAT,
            "pattern": r"^\$\{(file:.+|env:[A-Za-z0-9_]+)\}$",
            "description": "`${file:PATH}` or `${env:NAME}`, never the key itself.",
        },
    })
}

/// Limits of the whole daemon.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConfig {
    /// How long a stop may take before what is still open is abandoned; nothing is lost by that.
    pub stop_within: Period,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self { stop_within: Period(Duration::from_secs(25)) }
    }
}

impl DaemonConfig {
    /// Where the control socket is.
    pub fn admin_socket(&self) -> PathBuf {
        self.admin.listen.as_ref().map_or_else(|| self.state.join("admin.sock"), |at| at.0.clone())
    }

    /// Takes relative paths that are not marked in the schema from `root`.
    pub(super) fn relative_to(&mut self, root: &Path) {
        if let Some(UnixAddress(path)) = &mut self.admin.listen {
            *path = root.join(&path);
        }
    }
}

impl Serialize for UnixAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("unix:{}", self.0.display()))
    }
}

impl<'de> Deserialize<'de> for UnixAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path = text.strip_prefix("unix:").filter(|path| !path.is_empty());
        path.map(|path| Self(path.into()))
            .ok_or_else(|| D::Error::custom("a control socket is written `unix:PATH`"))
    }
}

impl JsonSchema for UnixAddress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UnixAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^unix:.+$", "description": "`unix:PATH`." })
    }
}
