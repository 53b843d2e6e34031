//! The HTTP in front of a registry: one request at a time, and what an answer means for us.

use std::{fs, sync::Arc, time::Duration};

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use ureq::{
    Agent, Error, Timeout,
    http::{Response, StatusCode},
    tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
};

use super::config::{Login, RegistryConfig};
use crate::publish::PublishError;

const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
const CONNECT: Duration = Duration::from_secs(5);
/// For one request as a whole.
const PATIENCE: Duration = Duration::from_secs(15);
/// A schema is some kilobytes; a larger answer is none of a registry.
const LARGEST_ANSWER: u64 = 4 << 20;
/// So much of what a registry says is repeated.
const LONGEST_SAYING: usize = 300;

/// What a registry answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// It did what it was asked.
    Yes(Value),
    /// It did not, for a reason that is part of its interface.
    No {
        /// The HTTP status.
        status: u16,
        /// Its own number for the reason.
        number: u64,
        /// Its own words.
        said: String,
    },
}

/// A connection to the registry.
pub(super) struct Client {
    agent: Agent,
    base: String,
    authorization: Option<SecretString>,
}

impl Client {
    /// # Errors
    /// `registry.tls` when the certificate authorities cannot be read.
    pub(super) fn new(config: &RegistryConfig) -> Result<Self, PublishError> {
        let roots = match config.tls.as_ref().and_then(|tls| tls.ca.as_ref()) {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let unusable = || {
                    let message =
                        format!("`{}` holds no certificates that can be read", path.display());
                    PublishError::operator("registry.tls", message)
                        .hint("name a PEM file with the certificate authorities of the registry")
                };
                let pem = fs::read(path).map_err(|cause| unusable().because(cause))?;
                let certificate = |item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    Ok(_) | Err(_) => None,
                };
                let roots: Vec<_> = parse_pem(&pem).filter_map(certificate).collect();
                if roots.is_empty() {
                    return Err(unusable());
                }
                RootCerts::Specific(Arc::new(roots))
            }
        };
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What the environment says about proxies stands in no configuration.
            .proxy(None)
            .user_agent("acequia")
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let authorization = config.login.as_ref().map(|login| {
            SecretString::from(match login {
                Login::Basic(basic) => {
                    let both = format!("{}:{}", basic.user, basic.password.expose_secret());
                    format!("Basic {}", BASE64.encode(both.as_bytes()))
                }
                Login::Bearer(bearer) => format!("Bearer {}", bearer.token.expose_secret()),
            })
        });
        Ok(Self { agent, base: config.url.trim_end_matches('/').to_owned(), authorization })
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer, PublishError> {
        let mut request =
            self.agent.get(format!("{}{path}", self.base)).header("accept", CONTENT_TYPE);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization.expose_secret());
        }
        self.judge(request.call())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Answer, PublishError> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("accept", CONTENT_TYPE)
            .header("content-type", CONTENT_TYPE);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization.expose_secret());
        }
        self.judge(request.send(body.to_string()))
    }

    /// The id in an answer.
    pub(super) fn id(&self, answer: &Value) -> Result<u32, PublishError> {
        let id = answer["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| self.strange("an answer without an id"))
    }

    fn judge(&self, answer: Result<Response<ureq::Body>, Error>) -> Result<Answer, PublishError> {
        let mut answer = answer.map_err(|error| self.failed(&error))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
        let body = body.map_err(|error| self.failed(&error))?;
        let body: Option<Value> = serde_json::from_slice(&body).ok();
        if status.is_success() {
            let body = body.ok_or_else(|| self.strange("an answer that is not JSON"))?;
            return Ok(Answer::Yes(body));
        }
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.denied(status)),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(self.busy(status)),
            _ if status.is_server_error() => Err(self.busy(status)),
            _ => {
                // A registry has numbers of its own; a server that only does not know the path has none.
                let own = |code: u64| code > 9999 || code == 409 || code == 422;
                let number = body.as_ref().and_then(|body| body["error_code"].as_u64());
                if !number.is_some_and(own) && status != StatusCode::CONFLICT {
                    return Err(self.strange(&format!("status {}", status.as_u16())));
                }
                let said = body.as_ref().and_then(|body| body["message"].as_str());
                Ok(Answer::No {
                    status: status.as_u16(),
                    number: number.unwrap_or_default(),
                    said: shortened(said.unwrap_or("no reason")),
                })
            }
        }
    }

    fn failed(&self, error: &Error) -> PublishError {
        let why = match error {
            Error::Tls(_) | Error::NativeTls(_) | Error::Pem(_) | Error::Der(_) => {
                return PublishError::operator(
                    "registry.tls",
                    format!("the TLS handshake with the registry at `{}` fails: {error}", self.base),
                )
                .hint("check `kafka.registry.tls`: who issued its certificate, and the host name in it");
            }
            Error::BodyExceedsLimit(_) => return self.strange("an answer of megabytes"),
            Error::BadUri(_) | Error::Http(_) | Error::Protocol(_) => {
                return self.strange("something that is not HTTP");
            }
            Error::Timeout(Timeout::Global | Timeout::Connect) => "no answer in time".to_owned(),
            other => other.to_string(),
        };
        PublishError::transient(
            "registry.unreachable",
            format!("the schema registry at `{}` cannot be reached: {why}", self.base),
        )
        .hint("is it running, and does the way to it let this machine through?")
    }

    fn busy(&self, status: StatusCode) -> PublishError {
        let message =
            format!("the schema registry at `{}` cannot answer now: status {status}", self.base);
        PublishError::transient("registry.unreachable", message)
    }

    fn denied(&self, status: StatusCode) -> PublishError {
        let (message, hint) = match (status, &self.authorization) {
            (StatusCode::UNAUTHORIZED, None) => {
                ("wants to know who we are", "add `login` under `kafka.registry`")
            }
            (StatusCode::UNAUTHORIZED, Some(_)) => (
                "does not accept our name or credentials",
                "check `kafka.registry.login`; a token may have expired",
            ),
            _ => (
                "does not let us do this",
                "we need to read and, with `register: true`, to write the subjects of our topics",
            ),
        };
        PublishError::operator(
            "registry.denied",
            format!("the schema registry at `{}` {message}", self.base),
        )
        .hint(hint)
    }

    fn strange(&self, what: &str) -> PublishError {
        PublishError::operator(
            "registry.answer",
            format!("what is at `{}` does not answer like a schema registry: {what}", self.base),
        )
        .hint("check `kafka.registry.url`; Apicurio has the interface under `/apis/ccompat/v7`")
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

/// One line of it, not too long.
pub(super) fn shortened(said: &str) -> String {
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST_SAYING) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
