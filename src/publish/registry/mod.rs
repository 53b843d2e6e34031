//! Schemas in a registry: every Avro value names its schema by the id under which a registry knows it.
//!
//! The registry is one that speaks Confluent's REST interface: Confluent's own, Karapace, Apicurio under
//! `/apis/ccompat/v7`, Redpanda's. Four of its questions are used:
//!
//! ```text
//! POST /subjects/S              {"schema": "…"}  →  the id, if the subject has this schema
//! POST /subjects/S/versions     {"schema": "…"}  →  the id, after it was added; 409 if the subject's rule forbids it
//! GET  /subjects/S/versions[/N], /config/S       →  what is there and which rule holds, to explain a 409
//! POST /compatibility/subjects/S/versions/latest →  whether it could be added, for `check --connect`
//! ```
//!
//! It is asked when a pipeline starts, before anybody is fenced and before the first event: without an id nothing could be
//! written. The ids are kept as long as the pipeline is what it is. An id never changes its meaning, so later lives do not ask again, and
//! a registry that is down stops nobody who runs. Whoever has the right schema registered needs no right to write.
//!
//! Nothing is tried again here. What may pass is `Transient`, and the table of `pipeline/retry.rs` does the rest; a
//! refusal is for a person, and `explain.rs` says in the words of the model what the rule forbids.

mod client;
mod codes;
mod config;
mod explain;

use std::sync::{Arc, OnceLock};

use acequia_api::{CancellationToken, Finding, Severity};
use serde_json::{Value, json};

use self::{
    client::{Answer, Client},
    explain::Registered,
};
use super::PublishError;

pub use codes::CODES;
pub use config::{Login, RegistryConfig, RegistryTls};

/// A schema that values are to be written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSchema {
    /// The subject that it belongs to.
    pub subject: String,
    /// The Avro schema as text, the same for the same model.
    pub schema: Arc<str>,
    /// The model that it describes, `permit/1`.
    pub model: String,
}

/// The schemas of a pipeline and their ids, once they are known.
#[derive(Debug)]
pub struct Schemas {
    registry: RegistryConfig,
    wanted: Vec<WantedSchema>,
    ids: OnceLock<Arc<[u32]>>,
}

impl Schemas {
    /// The schemas of a pipeline, one for each of its mappings, in a registry.
    pub fn new(registry: RegistryConfig, wanted: Vec<WantedSchema>) -> Self {
        Self { registry, wanted, ids: OnceLock::new() }
    }

    /// Their ids, in the order in which they were wanted. Asks the registry the first time, and adds what is missing where
    /// the deployment allows it. Blocks.
    ///
    /// # Errors
    /// `Transient` when the registry does not answer, `Operator` when it refuses; see `CODES`.
    pub fn ids(&self, cancel: &CancellationToken) -> Result<Arc<[u32]>, PublishError> {
        if let Some(ids) = self.ids.get() {
            return Ok(Arc::clone(ids));
        }
        let client = Client::new(&self.registry)?;
        let mut ids: Vec<u32> = Vec::with_capacity(self.wanted.len());
        for (number, wanted) in self.wanted.iter().enumerate() {
            if cancel.is_cancelled() {
                let message = "stopped before the schemas were known";
                return Err(PublishError::transient("publish.cancelled", message));
            }
            let same = |known: &WantedSchema| {
                known.subject == wanted.subject && known.schema == wanted.schema
            };
            ids.push(match self.wanted[..number].iter().position(same) {
                Some(earlier) => ids[earlier],
                None => self.id(&client, wanted)?,
            });
        }
        Ok(Arc::clone(self.ids.get_or_init(|| ids.into())))
    }

    fn id(&self, client: &Client, wanted: &WantedSchema) -> Result<u32, PublishError> {
        if let Some(id) = find(client, wanted)? {
            return Ok(id);
        }
        if !self.registry.register {
            return Err(missing(wanted));
        }
        let path = format!("/subjects/{}/versions", wanted.subject);
        match client.post(&path, &body(wanted))? {
            Answer::Yes(answer) => client.id(&answer),
            Answer::No { status: 409, said, .. } => Err(refused(client, wanted, &said)),
            Answer::No { said, .. } => Err(not_taken(wanted, &said)),
        }
    }

    /// Whether all of them are there or could be added. Writes nothing. Blocks.
    ///
    /// # Errors
    /// As for [`ids`](Self::ids), as far as the registry as a whole is concerned.
    pub fn check(&self) -> Result<Vec<Finding>, PublishError> {
        let client = Client::new(&self.registry)?;
        let mut found = Vec::new();
        for wanted in &self.wanted {
            if find(&client, wanted)?.is_some() {
                continue;
            }
            let fits = fits(&client, wanted)?;
            let error = match fits {
                Fit::Refused(said) => refused(&client, wanted, &said),
                Fit::Invalid(said) => not_taken(wanted, &said),
                Fit::Good if self.registry.register => {
                    found.push(Finding {
                        severity: Severity::Note,
                        code: "registry.schema_missing".to_owned(),
                        message: format!(
                            "subject `{}` does not have the schema of `{}` yet; it is registered when the pipeline starts",
                            wanted.subject, wanted.model
                        ),
                        hint: None,
                    });
                    continue;
                }
                Fit::Good => missing(wanted),
            };
            found.push(Finding {
                severity: Severity::Error,
                code: error.code().to_owned(),
                message: error.to_string(),
                hint: error.advice().map(str::to_owned),
            });
        }
        Ok(found)
    }

    /// How many subjects of the registry are used.
    pub fn subjects(&self) -> usize {
        let mut subjects: Vec<&str> =
            self.wanted.iter().map(|wanted| wanted.subject.as_str()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects.len()
    }
}

/// Whether a schema could be added.
enum Fit {
    Good,
    Refused(String),
    Invalid(String),
}

fn fits(client: &Client, wanted: &WantedSchema) -> Result<Fit, PublishError> {
    let path = format!("/compatibility/subjects/{}/versions/latest?verbose=true", wanted.subject);
    Ok(match client.post(&path, &body(wanted))? {
        Answer::Yes(answer) if answer["is_compatible"] == Value::Bool(false) => {
            Fit::Refused(explain::reason(&answer))
        }
        // A subject that is not there yet takes everything.
        Answer::Yes(_) | Answer::No { status: 404, .. } => Fit::Good,
        Answer::No { said, .. } => Fit::Invalid(said),
    })
}

fn body(wanted: &WantedSchema) -> Value {
    json!({ "schema": *wanted.schema })
}

/// The subject is there, and this schema is not among its versions.
const NO_SUCH_SCHEMA: u64 = 40403;

/// The id of the schema if its subject has it, be it written otherwise: somebody may have added what `acequia schema avro` prints,
/// or documentation may have changed since.
fn find(client: &Client, wanted: &WantedSchema) -> Result<Option<u32>, PublishError> {
    let path = format!("/subjects/{}", wanted.subject);
    match client.post(&path, &body(wanted))? {
        Answer::Yes(answer) => return client.id(&answer).map(Some),
        Answer::No { number: NO_SUCH_SCHEMA, .. } => {}
        Answer::No { status: 404, .. } => return Ok(None),
        Answer::No { said, .. } => return Err(not_taken(wanted, &said)),
    }
    match client.post(&format!("{path}?normalize=true"), &body(wanted))? {
        // Some registries take dates for numbers here.
        Answer::Yes(answer) if says_the_same(&answer["schema"], &wanted.schema) => {
            client.id(&answer).map(Some)
        }
        Answer::Yes(_) | Answer::No { .. } => Ok(None),
    }
}

/// Whether two texts are the same schema but for documentation and the way they are written.
fn says_the_same(registered: &Value, wanted: &str) -> bool {
    fn bare(schema: &mut Value) {
        match schema {
            Value::Object(members) => {
                members.remove("doc");
                members.values_mut().for_each(bare);
            }
            Value::Array(elements) => elements.iter_mut().for_each(bare),
            _ => {}
        }
    }
    let parsed = |text: &str| {
        let mut schema = serde_json::from_str(text).ok()?;
        bare(&mut schema);
        Some(schema)
    };
    registered.as_str().and_then(parsed).is_some_and(|one: Value| Some(one) == parsed(wanted))
}

fn missing(wanted: &WantedSchema) -> PublishError {
    let WantedSchema { subject, model, .. } = wanted;
    PublishError::operator(
        "registry.schema_missing",
        format!("subject `{subject}` does not have the schema of `{model}`, and `register: false` forbids to add it"),
    )
    .hint(format!("let whoever owns the registry add what `acequia schema avro {model}` prints, or allow it with `register: true`"))
}

fn not_taken(wanted: &WantedSchema, said: &str) -> PublishError {
    PublishError::operator(
        "registry.schema_refused",
        format!("the registry does not take the schema of `{}`: {said}", wanted.model),
    )
    .hint("is the registry open for writing, and is it one for Avro?")
}

/// Why a schema does not follow on those that its subject has. What cannot be found out is left out.
fn refused(client: &Client, wanted: &WantedSchema, said: &str) -> PublishError {
    let get = |path: &str| match client.get(path) {
        Ok(Answer::Yes(answer)) => Some(answer),
        Ok(Answer::No { .. }) | Err(_) => None,
    };
    let subject = &wanted.subject;
    let level = |answer: Value| answer["compatibilityLevel"].as_str().map(client::shortened);
    let rule = get(&format!("/config/{subject}?defaultToGlobal=true"))
        .and_then(level)
        .or_else(|| get("/config").and_then(level));
    let version = |version: &str| {
        let answer = get(&format!("/subjects/{subject}/versions/{version}"))?;
        let schema = serde_json::from_str(answer["schema"].as_str()?).ok()?;
        Some(Registered { version: answer["version"].as_u64()?, schema })
    };
    let all = rule.as_deref().is_some_and(|rule| rule.ends_with("_TRANSITIVE"));
    let versions: Vec<Registered> = if all {
        let numbers = get(&format!("/subjects/{subject}/versions"));
        let numbers = numbers.as_ref().and_then(Value::as_array).into_iter().flatten();
        numbers.filter_map(|number| version(&number.to_string())).collect()
    } else {
        version("latest").into_iter().collect()
    };
    explain::refusal(wanted, rule.as_deref(), &versions, said)
}

#[cfg(test)]
mod tests;
