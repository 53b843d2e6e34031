//! From a checked deployment to pipelines that can run.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use acequia_api::{BatchLimits, CancellationToken, ErrorClass, Projection, WantedColumn};
use uuid::Uuid;

use super::{
    breaker::BreakerLimit,
    failure::Failure,
    group::GroupLimits,
    routing::Rules,
    spec::{Spec, Target},
    state::Timing,
};
use crate::{
    checkpoint::{SealKey, Task},
    config::{
        Deployment, Pipeline,
        pipeline::{Encoding, Initial, Mode, OnTooLarge, PipelineConfig},
        schedule::Schedule,
    },
    connectors::Registry,
    event::{EncoderConfig, Keys, Layout},
    mapping::{Library, Mapping},
    publish::{EventTopic, KafkaConfig, Setup, TopicPlan},
};

/// What the pipelines of one process have in common.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The connectors there are.
    pub registry: Registry,
    /// The cluster, reachable: for an embedded one with its bootstrap filled in.
    pub kafka: KafkaConfig,
    /// This process.
    pub owner: Uuid,
    /// Where it runs, for people.
    pub host: Option<Arc<str>>,
    /// Keys for protected fields.
    pub keys: Arc<Keys>,
    /// Seals positions and keyed state.
    pub state_key: Option<SealKey>,
    /// Seals the raw bytes of quarantined records.
    pub quarantine_key: Option<SealKey>,
    /// Where mirrors and caches live; `None` where nothing is to be kept.
    pub state_dir: Option<PathBuf>,
    /// Drain what is there, then end.
    pub once: bool,
}

/// A pipeline without records for so long closes its producer.
const REST_AFTER: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Partitions of an event topic that Acequia creates.
const EVENT_PARTITIONS: i32 = 6;

/// Compiles one pipeline.
///
/// # Errors
/// `Bug` when something that the check accepts does not compile after all.
pub fn compile(
    pipeline: &Pipeline,
    deployment: &Deployment,
    around: &Surroundings,
) -> Result<Spec, Failure> {
    let config = &*pipeline.config;
    let mappings = mappings(config, &deployment.library)?;
    let topics = topics(config, &deployment.daemon.deployment, &mappings);
    let connector = around
        .registry
        .find(&config.source.connector)
        .ok_or_else(|| missing("connector", &config.source.connector))?;
    let targets = mappings
        .iter()
        .zip(&topics.indexes)
        .map(|(mapping, topic)| target(config, deployment, mapping, *topic))
        .collect();
    let unfit = |message| Failure::new(ErrorClass::Bug, "pipeline.compile", message);
    let schemas = deployment.schemas(config).map_err(unfit)?.map(Arc::new);
    let task = task_of(&config.pipeline, deployment, around.owner, around.host.clone());
    Ok(Spec {
        name: Arc::clone(&config.pipeline),
        connector,
        source: serde_json::Value::Object(config.source.config.clone()),
        projection: projection(&mappings)?,
        targets,
        rules: Rules::of(config),
        protector: Arc::clone(&around.keys) as _,
        breaker: breaker(config),
        limits: BatchLimits::default(),
        group: GroupLimits {
            longest: config.batch.max_wait.0,
            records: config.batch.max_records.into(),
            bytes: usize::try_from(config.batch.max_bytes.0).unwrap_or(usize::MAX),
            ..GroupLimits::default()
        },
        publisher: Setup {
            kafka: around.kafka.clone(),
            task,
            topics: topics.names,
            state_dir: around.state_dir.clone(),
            state_key: around.state_key.clone(),
            quarantine_key: around.quarantine_key.clone(),
            schemas,
            claim_store: match &config.publish.on_too_large {
                OnTooLarge::ClaimCheck(kept) => Some(kept.directory.clone()),
                OnTooLarge::Reject => None,
            },
            isolate: false,
            accept_regression: None,
            cancel: CancellationToken::new(),
        },
        ask_first: config.initial == Initial::Ask,
        once: around.once,
        schedule: config
            .schedule
            .as_ref()
            .map(Schedule::compile)
            .transpose()
            .map_err(|fault| Failure::new(ErrorClass::Bug, "pipeline.schedule", fault.message))?,
        rest_after: REST_AFTER,
        timing: Timing::default(),
    })
}

/// Who publishes for a pipeline.
pub fn task_of(
    pipeline: &str,
    deployment: &Deployment,
    owner: Uuid,
    host: Option<Arc<str>>,
) -> Task {
    Task {
        deployment: deployment.daemon.deployment.as_str().into(),
        pipeline: pipeline.into(),
        task: "0".into(),
        owner,
        host,
    }
}

/// The topics that one pipeline publishes to.
///
/// # Errors
/// As for [`compile`].
pub fn topics_of(pipeline: &Pipeline, deployment: &Deployment) -> Result<Vec<Arc<str>>, Failure> {
    let mappings = mappings(&pipeline.config, &deployment.library)?;
    Ok(topics(&pipeline.config, &deployment.daemon.deployment, &mappings).names)
}

/// The topics that a deployment needs.
///
/// # Errors
/// As for [`compile`].
pub fn topic_plan(deployment: &Deployment, kafka: &KafkaConfig) -> Result<TopicPlan, Failure> {
    let name = &deployment.daemon.deployment;
    let mut events: BTreeMap<Arc<str>, bool> = BTreeMap::new();
    for pipeline in &deployment.pipelines {
        let mappings = mappings(&pipeline.config, &deployment.library)?;
        for topic in topics(&pipeline.config, name, &mappings).names {
            *events.entry(topic).or_default() |= pipeline.config.publish.tombstones;
        }
    }
    let policies = &deployment.library.policies;
    let event = |(name, compact): (Arc<str>, bool)| EventTopic {
        partitions: EVENT_PARTITIONS,
        compact,
        retention_ms: policies
            .of(&name)
            .and_then(|policy| policy.retention_days())
            .map(|days| i64::from(days) * DAY_MS),
        name,
    };
    let events: Vec<EventTopic> = events.into_iter().map(event).collect();
    Ok(TopicPlan::new(name, kafka.durability, &events))
}

fn missing(what: &str, name: &str) -> Failure {
    Failure::new(ErrorClass::Bug, "pipeline.compile", format!("there is no {what} `{name}`"))
}

fn mappings(config: &PipelineConfig, library: &Library) -> Result<Vec<Arc<Mapping>>, Failure> {
    let find =
        |name: &String| library.mappings.get(name).cloned().ok_or_else(|| missing("mapping", name));
    config.mapping.iter().map(find).collect()
}

struct Topics {
    names: Vec<Arc<str>>,
    /// Per mapping the number of its topic.
    indexes: Vec<u16>,
}

fn topics(config: &PipelineConfig, deployment: &str, mappings: &[Arc<Mapping>]) -> Topics {
    let mut topics = Topics { names: Vec::new(), indexes: Vec::new() };
    for mapping in mappings {
        let own = || format!("{deployment}.{}", mapping.model.topic());
        let name: Arc<str> = config.publish.topic.clone().unwrap_or_else(own).into();
        let index = topics.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            topics.names.push(name);
            topics.names.len() - 1
        });
        topics.indexes.push(index as u16);
    }
    topics
}

fn target(
    config: &PipelineConfig,
    deployment: &Deployment,
    mapping: &Arc<Mapping>,
    topic: u16,
) -> Target {
    let name = &deployment.daemon.deployment;
    let model = &mapping.model;
    let max_event = usize::try_from(config.publish.max_event.0).unwrap_or(usize::MAX);
    Target {
        mapping: Arc::clone(mapping),
        encoder: EncoderConfig {
            deployment: name.clone(),
            pipeline: config.pipeline.to_string(),
            split: String::new(),
            event_type: model.topic(),
            dataschema: format!("acequia://{name}/schemas/{}", model.reference()),
            mapping_version: mapping.version.clone(),
            dataclass: mapping.class.name(),
            topic,
            max_event_bytes: max_event,
            tombstones: config.publish.tombstones,
            layout: match (config.publish.mode(), config.publish.encoding) {
                // No stage begins before the registry has told the id.
                (_, Encoding::Avro) => {
                    Layout::Avro { writer: Arc::new(model.avro_writer()), schema: 0 }
                }
                (Mode::Structured, Encoding::Json) => Layout::Structured,
                (Mode::Binary, Encoding::Json) => Layout::Binary,
            },
        },
    }
}

/// The columns that any of the mappings uses, each once.
///
/// Two mappings that read one column in two encodings cannot be served by one source.
fn projection(mappings: &[Arc<Mapping>]) -> Result<Projection, Failure> {
    let mut wanted: Vec<WantedColumn> = Vec::new();
    for column in mappings.iter().flat_map(|mapping| mapping.wanted()) {
        match wanted.iter().find(|known| known.name == column.name) {
            None => wanted.push(column),
            Some(known) if known.encoding == column.encoding => {}
            Some(_) => {
                let message =
                    format!("two mappings read column `{}` in different encodings", column.name);
                return Err(Failure::new(ErrorClass::Operator, "pipeline.encodings", message));
            }
        }
    }
    Ok(Projection::Only(wanted))
}

fn breaker(config: &PipelineConfig) -> Option<BreakerLimit> {
    let of = config.breaker.of;
    let share = config.breaker.rejects_above;
    // The largest number of rejects that does not exceed the share.
    let rejects = (0..=of).rev().find(|part| !share.exceeded_by(*part, of))?;
    (rejects < of).then_some(BreakerLimit { rejects, of })
}
