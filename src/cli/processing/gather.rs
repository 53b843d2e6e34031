//! What the record says, from the deployment. No key, secret or record is read.

use serde::{Serialize, Serializer};

use crate::{
    config::{Deployment, Pipeline},
    mapping::{FieldInfo, KeyUse, Mapping, Policy},
    model::Class,
};

/// The record of a deployment.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    pub(super) deployment: String,
    pub(super) controller: ControllerFacts,
    /// One for each topic that a pipeline publishes personal data to.
    pub(super) activities: Vec<Activity>,
    pub(super) measures: Vec<Measure>,
    /// Pipelines that publish nothing about people.
    pub(super) others: Vec<String>,
    /// What article 30 asks for and nobody has said.
    pub(super) missing: Vec<Gap>,
}

#[derive(Debug, Serialize)]
pub(super) struct ControllerFacts {
    pub(super) name: Option<String>,
    pub(super) contact: Option<String>,
    pub(super) officer: Option<String>,
    pub(super) representative: Option<String>,
}

/// What one pipeline does with personal data by one mapping.
#[derive(Debug, Serialize)]
pub(super) struct Activity {
    pub(super) name: String,
    pub(super) pipeline: String,
    pub(super) mapping: String,
    pub(super) mapping_version: String,
    pub(super) connector: String,
    pub(super) topic: String,
    pub(super) purpose: Option<String>,
    pub(super) legal_basis: Option<String>,
    pub(super) subjects: Vec<String>,
    pub(super) recipients: Vec<String>,
    pub(super) transfers: Vec<String>,
    pub(super) retention: Option<String>,
    pub(super) clause: Option<String>,
    pub(super) data: Vec<Kept>,
}

/// A personal field that is published.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) field: String,
    pub(super) meaning: Option<String>,
    #[serde(serialize_with = "name")]
    pub(super) class: Class,
    /// What is done to it; nothing for a value in clear.
    pub(super) protection: Option<Protection>,
    /// The columns that it is made of.
    pub(super) columns: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Protection {
    Pseudonym(String),
    Encryption(String),
    Mask,
    Generalization,
}

/// A security measure of article 32, as it is configured.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Measure {
    Tls,
    NoTls { reason: Option<String> },
    Login,
    Pseudonyms { domains: Vec<String> },
    Encryption { keys: Vec<String> },
    QuarantineSealed,
    QuarantineEmpty,
    StateSealed,
    SecretsReferenced,
    Minimal,
    NoValues,
}

/// Something that is not said, and where to say it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Gap {
    /// The key of `policies.yaml`.
    pub(super) key: String,
    /// The topic whose policy lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn name<S: Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

pub(super) fn gather(deployment: &Deployment) -> Record {
    let mut record = Record {
        deployment: deployment.daemon.deployment.clone(),
        controller: controller(deployment),
        activities: Vec::new(),
        measures: Vec::new(),
        others: Vec::new(),
        missing: Vec::new(),
    };
    for pipeline in &deployment.pipelines {
        let known = &deployment.library.mappings;
        let mappings = pipeline.config.mapping.iter().filter_map(|name| known.get(name));
        let before = record.activities.len();
        for mapping in mappings.filter(|mapping| mapping.class.is_personal()) {
            record.activities.push(activity(deployment, pipeline, mapping));
        }
        if record.activities.len() == before {
            record.others.push(pipeline.config.pipeline.to_string());
        }
    }
    record.measures = measures(deployment, &record.activities);
    record.missing = missing(&record);
    record
}

fn controller(deployment: &Deployment) -> ControllerFacts {
    let controller = deployment.library.policies.controller();
    ControllerFacts {
        name: controller.name.clone(),
        contact: controller.contact.clone(),
        officer: controller.officer.clone(),
        representative: controller.representative.clone(),
    }
}

fn activity(deployment: &Deployment, pipeline: &Pipeline, mapping: &Mapping) -> Activity {
    let config = &pipeline.config;
    let own = || format!("{}.{}", deployment.daemon.deployment, mapping.model.topic());
    let topic = config.publish.topic.clone().unwrap_or_else(own);
    let policy = deployment.library.policies.of(&topic).map(|policy| &**policy);
    let fields = mapping.output_fields().iter();
    let text = |get: fn(&Policy) -> &String| policy.map(|policy| get(policy).clone());
    let list = |get: fn(&Policy) -> &Vec<String>| {
        policy.map(|policy| get(policy).clone()).unwrap_or_default()
    };
    Activity {
        name: mapping.title().unwrap_or(&mapping.name).to_owned(),
        pipeline: config.pipeline.to_string(),
        mapping: mapping.name.to_string(),
        mapping_version: mapping.version.clone(),
        connector: config.source.connector.clone(),
        purpose: text(|policy| &policy.purpose),
        legal_basis: text(|policy| &policy.legal_basis),
        subjects: list(|policy| &policy.subjects),
        recipients: list(|policy| &policy.consumers),
        transfers: list(|policy| &policy.transfers),
        retention: policy.and_then(|policy| policy.retention.clone()),
        clause: policy.map(Policy::clause),
        data: fields.filter_map(|field| kept(mapping, field)).collect(),
        topic,
    }
}

fn kept(mapping: &Mapping, field: &FieldInfo) -> Option<Kept> {
    let class = field.class.filter(|class| class.is_personal())?;
    // Constants are the institution's own words, whatever the class of the object around them.
    if field.origins.is_empty() {
        return None;
    }
    let known = mapping.explain(&field.path)?;
    let begins = |word: &str| field.steps.iter().any(|step| step.starts_with(word));
    let protection = match (field.key_use, field.domain.clone()) {
        (Some(KeyUse::Pseudonym), Some(domain)) => Some(Protection::Pseudonym(domain)),
        (Some(KeyUse::Encryption), Some(key)) => Some(Protection::Encryption(key)),
        _ if begins("mask, ") => Some(Protection::Mask),
        _ if begins("generalize ") => Some(Protection::Generalization),
        _ => None,
    };
    Some(Kept {
        field: field.path.clone(),
        meaning: known.meaning.0.map(str::to_owned),
        class,
        protection,
        columns: field.origins.iter().map(|origin| origin.name.clone()).collect(),
    })
}

fn measures(deployment: &Deployment, activities: &[Activity]) -> Vec<Measure> {
    let daemon = &deployment.daemon;
    let security = &daemon.kafka.security;
    let mut measures = vec![Measure::Minimal];
    measures.push(match &security.tls {
        Some(_) => Measure::Tls,
        None => Measure::NoTls { reason: security.insecure_reason.clone() },
    });
    measures.extend(security.sasl.as_ref().map(|_| Measure::Login));
    let data = || activities.iter().flat_map(|activity| &activity.data);
    let mut domains: Vec<String> = data()
        .filter_map(|kept| match &kept.protection {
            Some(Protection::Pseudonym(domain)) => Some(domain.clone()),
            _ => None,
        })
        .collect();
    let mut keys: Vec<String> = data()
        .filter_map(|kept| match &kept.protection {
            Some(Protection::Encryption(key)) => Some(key.clone()),
            _ => None,
        })
        .collect();
    for names in [&mut domains, &mut keys] {
        names.sort();
        names.dedup();
    }
    if !domains.is_empty() {
        measures.push(Measure::Pseudonyms { domains });
    }
    if !keys.is_empty() {
        measures.push(Measure::Encryption { keys });
    }
    measures.push(match daemon.keys.quarantine {
        Some(_) => Measure::QuarantineSealed,
        None => Measure::QuarantineEmpty,
    });
    measures.extend(daemon.keys.state.as_ref().map(|_| Measure::StateSealed));
    measures.extend([Measure::SecretsReferenced, Measure::NoValues]);
    measures
}

fn missing(record: &Record) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut lacks = |lacks: bool, key: &str, topic: Option<&str>| {
        let gap = Gap { key: key.to_owned(), topic: topic.map(str::to_owned) };
        if lacks && !gaps.contains(&gap) {
            gaps.push(gap);
        }
    };
    if !record.activities.is_empty() {
        let ControllerFacts { name, contact, .. } = &record.controller;
        lacks(name.is_none() || contact.is_none(), "controller", None);
    }
    for activity in &record.activities {
        let topic = Some(activity.topic.as_str());
        lacks(activity.purpose.is_none(), "purpose", topic);
        lacks(activity.legal_basis.is_none(), "legal_basis", topic);
        lacks(activity.subjects.is_empty(), "subjects", topic);
        lacks(activity.recipients.is_empty(), "consumers", topic);
        lacks(activity.retention.is_none(), "retention", topic);
    }
    gaps
}
