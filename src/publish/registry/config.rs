//! The `registry:` part of `kafka:`.

use std::{net::IpAddr, path::PathBuf};

use acequia_api::ConfigFault;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use ureq::http::Uri;

/// A schema registry with Confluent's REST interface, for topics with `encoding: avro`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryConfig {
    /// Where its interface begins: `https://registry.example`, for Apicurio with `/apis/ccompat/v7` behind it.
    pub url: String,
    /// Who we are.
    pub login: Option<Login>,
    /// Encryption, where the address begins with `https:`. Without it the system's certificate authorities are trusted.
    pub tls: Option<RegistryTls>,
    /// Whether missing schemas are added. `false` only looks them up, for registries that others look after.
    #[serde(default = "yes")]
    pub register: bool,
    /// Why it is acceptable that the registry is asked without encryption; without `https:` it must be said.
    pub insecure_reason: Option<String>,
}

/// Authentication towards the registry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// User and password, or an API key and its secret.
    Basic(Basic),
    /// A token, shown as it is.
    Bearer(Bearer),
}

/// User and password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The user.
    pub user: String,
    /// The password.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String", extend("format" = "secret"))]
    pub password: SecretString,
}

/// A token.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// The token.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "String", extend("format" = "secret"))]
    pub token: SecretString,
}

/// TLS towards the registry.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegistryTls {
    /// Certificate authorities to trust instead of the system's, PEM.
    #[schemars(extend("format" = "path"))]
    pub ca: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    Ok(SecretString::from(String::deserialize(deserializer)?))
}

impl RegistryConfig {
    /// What is wrong with it that its shape does not show.
    pub fn faults(&self) -> Vec<ConfigFault> {
        let fault = |key: &str, code, message: &str, hint: &str| ConfigFault {
            path: vec![key.to_owned()],
            code,
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
        };
        let uri = self.url.parse::<Uri>().ok();
        let uri = uri.filter(|uri| {
            let authority = uri.authority().map(|authority| authority.as_str());
            let plain = authority.is_some_and(|authority| !authority.contains('@'));
            plain && uri.query().is_none() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        let Some(uri) = uri else {
            return vec![fault(
                "url",
                "config.bad_value",
                "this is no address of a registry",
                "write `https://host:port` with a path if it has one; user and password go under `login`",
            )];
        };
        let encrypted = uri.scheme_str() == Some("https");
        let mut faults = Vec::new();
        let reason = self.insecure_reason.as_deref().map(str::trim).unwrap_or_default();
        if !encrypted && reason.is_empty() && !is_loopback(uri.host().unwrap_or_default()) {
            faults.push(fault(
                "url",
                "config.cleartext",
                "the registry would be asked without encryption",
                "write `https:`, or say in `insecure_reason` why it is acceptable",
            ));
        }
        if !encrypted && self.tls.is_some() {
            faults.push(fault(
                "tls",
                "config.bad_value",
                "`tls` has no use for an address that begins with `http:`",
                "write `https:`, or remove it",
            ));
        }
        faults
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: serde_json::Value) -> Vec<(String, &'static str)> {
        let config: RegistryConfig = serde_json::from_value(json).unwrap();
        config.faults().into_iter().map(|fault| (fault.path[0].clone(), fault.code)).collect()
    }

    #[test]
    fn an_address_is_one_of_http_without_a_user() {
        for url in [
            "https://registry.example",
            "https://r:8081/apis/ccompat/v7/",
            "http://[::1]:8081",
            "http://localhost",
        ] {
            assert_eq!(faults(serde_json::json!({ "url": url })), [], "{url}");
        }
        for url in [
            "registry:8081",
            "ftp://registry",
            "https://user:pw@registry",
            "https://r/?a=b",
            "",
            "/subjects",
        ] {
            let expected = [("url".to_owned(), "config.bad_value")];
            assert_eq!(faults(serde_json::json!({ "url": url })), expected, "{url}");
        }
    }

    #[test]
    fn without_encryption_somebody_says_why() {
        let expected = [("url".to_owned(), "config.cleartext")];
        assert_eq!(faults(serde_json::json!({ "url": "http://registry:8081" })), expected);
        let said = serde_json::json!({ "url": "http://registry:8081", "insecure_reason": "a wire of our own" });
        assert_eq!(faults(said), []);
        let useless = serde_json::json!({ "url": "http://localhost:8081", "tls": {} });
        assert_eq!(faults(useless), [("tls".to_owned(), "config.bad_value")]);
    }

    #[test]
    fn no_secret_is_shown() {
        let config: RegistryConfig = serde_json::from_value(serde_json::json!({
            "url": "https://r", "login": { "basic": { "user": "a", "password": "hunter2" } }
        }))
        .unwrap();
        assert!(config.register);
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
