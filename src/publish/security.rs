//! Encryption and authentication towards Kafka. Secrets live in [`SecretString`]s, which print nothing.

use std::{fmt, fs, path::PathBuf};

use data_encoding::BASE64URL_NOPAD;
use rdkafka::{ClientConfig, client::OAuthToken};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// Encryption and authentication of the connection to Kafka.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Security {
    /// Encryption. `{}` trusts the certificate authorities of the system.
    pub tls: Option<Tls>,
    /// Authentication.
    pub sasl: Option<Sasl>,
    /// Why it is acceptable that records travel unencrypted; without TLS it must be said.
    pub insecure_reason: Option<String>,
}

/// TLS.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
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
    #[serde(deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>", extend("format" = "secret"))]
    pub key_password: Option<SecretString>,
}

/// SASL, by mechanism.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "mechanism", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sasl {
    /// User and password, sent as they are: only over TLS.
    Plain {
        /// The user.
        user: String,
        /// The password.
        #[serde(deserialize_with = "secret")]
        #[schemars(with = "String", extend("format" = "secret"))]
        password: SecretString,
    },
    /// User and password, proven with SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256 {
        /// The user.
        user: String,
        /// The password.
        #[serde(deserialize_with = "secret")]
        #[schemars(with = "String", extend("format" = "secret"))]
        password: SecretString,
    },
    /// User and password, proven with SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512 {
        /// The user.
        user: String,
        /// The password.
        #[serde(deserialize_with = "secret")]
        #[schemars(with = "String", extend("format" = "secret"))]
        password: SecretString,
    },
    /// A token that somebody else renews.
    Oauthbearer {
        /// A file that always holds a fresh token; it is read again before the old one expires.
        #[schemars(extend("format" = "path"))]
        token_file: PathBuf,
    },
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    Ok(SecretString::from(String::deserialize(deserializer)?))
}

fn optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

impl Sasl {
    /// The name of the mechanism, and who we are by user and password, if it takes them.
    fn login(&self) -> (&'static str, Option<(&str, &SecretString)>) {
        match self {
            Self::Plain { user, password } => ("PLAIN", Some((user, password))),
            Self::ScramSha256 { user, password } => ("SCRAM-SHA-256", Some((user, password))),
            Self::ScramSha512 { user, password } => ("SCRAM-SHA-512", Some((user, password))),
            Self::Oauthbearer { .. } => ("OAUTHBEARER", None),
        }
    }
}

impl Security {
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        config.set(
            "security.protocol",
            match (&self.tls, &self.sasl) {
                (None, None) => "PLAINTEXT",
                (Some(_), None) => "SSL",
                (None, Some(_)) => "SASL_PLAINTEXT",
                (Some(_), Some(_)) => "SASL_SSL",
            },
        );
        if let Some(tls) = &self.tls {
            tls.apply(config);
        }
        if let Some(sasl) = &self.sasl {
            let (mechanism, login) = sasl.login();
            config.set("sasl.mechanism", mechanism);
            if let Some((user, password)) = login {
                config.set("sasl.username", user);
                config.set("sasl.password", password.expose_secret());
            }
        }
    }

    /// Whether a token must be given again and again.
    pub(super) fn uses_tokens(&self) -> bool {
        matches!(self.sasl, Some(Sasl::Oauthbearer { .. }))
    }

    /// The token to show now, for `oauthbearer`.
    pub(super) fn token(&self) -> Result<OAuthToken, TokenError> {
        let Some(Sasl::Oauthbearer { token_file }) = &self.sasl else {
            return Err(TokenError::NotConfigured);
        };
        let token = fs::read_to_string(token_file).map_err(|_| TokenError::Unreadable)?;
        let token = token.trim().to_owned();
        let claims = claims(&token).ok_or(TokenError::NotAToken)?;
        let principal_name = claims.sub.ok_or(TokenError::NoPrincipal)?;
        Ok(OAuthToken { token, principal_name, lifetime_ms: claims.exp.saturating_mul(1000) })
    }
}

impl Tls {
    fn apply(&self, config: &mut ClientConfig) {
        let mut path = |key: &str, value: &Option<PathBuf>| {
            if let Some(value) = value {
                config.set(key, value.to_string_lossy());
            }
        };
        path("ssl.ca.location", &self.ca);
        path("ssl.certificate.location", &self.certificate);
        path("ssl.key.location", &self.key);
        if let Some(password) = &self.key_password {
            config.set("ssl.key.password", password.expose_secret());
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
    sub: Option<String>,
}

/// The claims of a JWT. Not verified: the broker does that; we only need to know when to read the file again.
fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}

/// No token to show. Never says what is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenError {
    NotConfigured,
    Unreadable,
    NotAToken,
    NoPrincipal,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConfigured => "no token file is configured",
            Self::Unreadable => "the token file cannot be read",
            Self::NotAToken => "the token file holds no JWT with an expiry time",
            Self::NoPrincipal => "the token names no subject",
        })
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
#[path = "security/tests.rs"]
mod tests;
