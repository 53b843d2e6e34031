//! Encryption and authentication towards Kafka. Secrets live in [`SecretString`]s, which print nothing.

use std::{fmt, fs, path::PathBuf};

use acequia_api::{ConfigFault, Finding, Severity};
use data_encoding::BASE64URL_NOPAD;
use rdkafka::{ClientConfig, client::OAuthToken};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::config::fault;

/// Encryption and authentication.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Security {
    /// Encrypt, and check who the brokers are. `tls: {}` trusts the system's certificate authorities.
    pub tls: Option<Tls>,
    /// Say who we are by name.
    pub sasl: Option<Sasl>,
    /// Why records may travel in clear to a broker on another machine. Without it they may not.
    pub insecure_reason: Option<String>,
}

/// TLS.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM file of the certificate authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM file of our own certificate, for brokers that ask for one.
    pub cert: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
    /// The pass phrase of the key.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "Option<String>")]
    pub key_password: Option<SecretString>,
    /// Why the brokers' certificates are not checked. Without it they are.
    pub insecure_reason: Option<String>,
}

/// SASL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sasl {
    /// How we prove it.
    pub mechanism: Mechanism,
    /// The user name.
    pub user: Option<String>,
    /// The password, usually `${file:…}` or `${env:…}`.
    #[serde(default, deserialize_with = "secret")]
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// For `oauthbearer`: a file that always holds a fresh token, read again before the old one expires.
    pub token_file: Option<PathBuf>,
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Mechanism {
    /// User and password as they are: only inside TLS.
    #[serde(rename = "plain")]
    Plain,
    /// SCRAM with SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
    /// A token that somebody else issued.
    #[serde(rename = "oauthbearer")]
    OauthBearer,
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

impl Security {
    pub(super) fn validate(&self, loopback: bool) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut refuse = |path: &[&str], message: &str| {
            let path: Vec<&str> = ["security"].iter().chain(path).copied().collect();
            faults.push(fault(&path, "config.kafka.security", message));
        };
        if self.tls.is_none() && self.insecure_reason.is_none() && !loopback {
            refuse(
                &["tls"],
                "records would travel in clear: give `tls`, or an `insecure_reason` that will be shown",
            );
        }
        let blank = |reason: &Option<String>| {
            reason.as_deref().is_some_and(|reason| reason.trim().is_empty())
        };
        if blank(&self.insecure_reason) {
            refuse(&["insecure_reason"], "the reason is empty");
        }
        if let Some(tls) = &self.tls {
            if blank(&tls.insecure_reason) {
                refuse(&["tls", "insecure_reason"], "the reason is empty");
            }
            if tls.cert.is_some() != tls.key.is_some() {
                refuse(&["tls", "cert"], "`cert` and `key` belong together");
            }
        }
        if let Some(sasl) = &self.sasl {
            let bearer = sasl.mechanism == Mechanism::OauthBearer;
            if bearer && sasl.token_file.is_none() {
                refuse(&["sasl", "token_file"], "`oauthbearer` needs a `token_file`");
            }
            if bearer && sasl.password.is_some() {
                refuse(&["sasl", "password"], "`oauthbearer` takes no password");
            }
            if !bearer && sasl.token_file.is_some() {
                refuse(&["sasl", "token_file"], "only `oauthbearer` takes a `token_file`");
            }
            if !bearer && (sasl.user.is_none() || sasl.password.is_none()) {
                refuse(&["sasl", "user"], "`user` and `password` are needed");
            }
        }
        faults
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let shown = |code: &str, message: String| Finding {
            severity: Severity::Warning,
            code: code.to_owned(),
            message,
            hint: None,
        };
        let mut findings = Vec::new();
        if let Some(reason) = &self.insecure_reason
            && self.tls.is_none()
        {
            findings.push(shown(
                "publish.cleartext",
                format!("records travel to Kafka in clear; the reason given: {reason}"),
            ));
        }
        if let Some(reason) = self.tls.as_ref().and_then(|tls| tls.insecure_reason.as_ref()) {
            findings.push(shown(
                "publish.unverified_broker",
                format!("the brokers' certificates are not checked; the reason given: {reason}"),
            ));
        }
        findings
    }

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
            config.set("sasl.mechanism", sasl.mechanism.name());
            if sasl.mechanism != Mechanism::OauthBearer {
                config.set("sasl.username", sasl.user.as_deref().unwrap_or_default());
                let password = sasl.password.as_ref().map(ExposeSecret::expose_secret);
                config.set("sasl.password", password.unwrap_or_default());
            }
        }
    }

    /// Whether a token must be given again and again.
    pub(super) fn uses_tokens(&self) -> bool {
        self.sasl.as_ref().is_some_and(|sasl| sasl.mechanism == Mechanism::OauthBearer)
    }

    /// The token to show now, for `oauthbearer`.
    pub(super) fn token(&self) -> Result<OAuthToken, TokenError> {
        let sasl = self.sasl.as_ref().ok_or(TokenError::NotConfigured)?;
        let path = sasl.token_file.as_ref().ok_or(TokenError::NotConfigured)?;
        let token = fs::read_to_string(path).map_err(|_| TokenError::Unreadable)?;
        let token = token.trim().to_owned();
        let claims = claims(&token).ok_or(TokenError::NotAToken)?;
        let principal_name =
            claims.sub.or_else(|| sasl.user.clone()).ok_or(TokenError::NoPrincipal)?;
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
        path("ssl.certificate.location", &self.cert);
        path("ssl.key.location", &self.key);
        if let Some(password) = &self.key_password {
            config.set("ssl.key.password", password.expose_secret());
        }
        if self.insecure_reason.is_some() {
            config.set("enable.ssl.certificate.verification", "false");
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
            Self::NoPrincipal => "the token names no subject and no user is configured",
        })
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
#[path = "security/tests.rs"]
mod tests;
