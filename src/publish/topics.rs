//! The topics that a deployment needs: what should be, what is, and the difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use acequia_api::Severity;

use super::{Durability, KafkaConfig, PublishError};

/// Partitions of the checkpoint and of the state topic. A constant, because a task finds its partition by hashing
/// its name: with another number it would look into an empty one.
pub const SYSTEM_PARTITIONS: i32 = 24;
const QUARANTINE_PARTITIONS: i32 = 6;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Quarantined records may hold personal data, so they are not kept longer than this.
pub const QUARANTINE_RETENTION_MS: i64 = 30 * DAY_MS;
/// What Kafka takes where nothing else is known.
pub(super) const DEFAULT_MAX_MESSAGE_BYTES: usize = 1_000_000;

/// The names of the topics that a deployment keeps for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemTopics {
    /// Positions and heads, compacted.
    pub checkpoints: Arc<str>,
    /// Keyed state, compacted.
    pub state: Arc<str>,
    /// Rejected records, deleted after a time.
    pub quarantine: Arc<str>,
}

impl SystemTopics {
    /// `<deployment>.acequia.checkpoints`, `.state`, `.quarantine`.
    pub fn of(deployment: &str) -> Self {
        let name = |last: &str| Arc::from(format!("{deployment}.acequia.{last}"));
        Self {
            checkpoints: name("checkpoints"),
            state: name("state"),
            quarantine: name("quarantine"),
        }
    }
}

/// What a topic is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Events of a model.
    Events,
    /// Positions and heads.
    Checkpoints,
    /// Keyed state.
    State,
    /// Rejected records.
    Quarantine,
}

/// A topic that events go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTopic {
    /// Its name.
    pub name: Arc<str>,
    /// How many partitions it is created with.
    pub partitions: i32,
    /// Whether tombstones are published, so that it is compacted.
    pub compact: bool,
    /// How long events are kept, where the deployment says so.
    pub retention_ms: Option<i64>,
}

/// A topic as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedTopic {
    /// Its name.
    pub name: Arc<str>,
    /// What it is for.
    pub role: Role,
    /// Partitions at creation.
    pub partitions: i32,
    /// Copies.
    pub replication: u16,
    /// Topic settings.
    pub settings: BTreeMap<&'static str, String>,
}

/// A topic as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicFacts {
    /// Partitions.
    pub partitions: i32,
    /// The smallest number of copies of a partition.
    pub replication: u16,
    /// The settings in effect; empty where they could not be asked for.
    pub settings: BTreeMap<String, String>,
    /// Those of them that were set for this topic.
    pub overrides: BTreeMap<String, String>,
}

impl TopicFacts {
    /// The largest set of records that it takes, in bytes.
    pub fn max_message_bytes(&self) -> usize {
        self.settings
            .get("max.message.bytes")
            .and_then(|bytes| bytes.parse().ok())
            .unwrap_or(DEFAULT_MAX_MESSAGE_BYTES)
    }

    /// How many bytes key and value of one record may have together.
    pub fn room(&self) -> usize {
        room_in(self.max_message_bytes())
    }
}

/// What Kafka and the envelope of an event put around key and data, generously.
const FRAMING_BYTES: usize = 2048;

/// The room for key and value where a set of records may have `max_message_bytes`.
pub(super) fn room_in(max_message_bytes: usize) -> usize {
    max_message_bytes.saturating_sub(FRAMING_BYTES)
}

impl TopicFacts {
    /// How long the topic keeps deletions for those who read it late; Kafka's default of a day where unknown.
    pub(super) fn keeps_deletions(&self) -> Duration {
        let kept = self.settings.get("delete.retention.ms").and_then(|ms| ms.parse().ok());
        Duration::from_millis(kept.unwrap_or(DAY_MS as u64))
    }
}

/// A difference between wanted and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The topic is missing.
    Create(WantedTopic),
    /// A setting differs and can be changed.
    Setting {
        /// The topic.
        topic: Arc<str>,
        /// The setting.
        key: &'static str,
        /// As it is.
        have: String,
        /// As it should be.
        want: String,
        /// `Error` stops the start.
        severity: Severity,
    },
    /// Something differs that a person must decide about; nothing is done by itself.
    Decide {
        /// The topic.
        topic: Arc<str>,
        /// `partitions` or `replication.factor`.
        key: &'static str,
        /// As it is.
        have: String,
        /// As it should be.
        want: String,
        /// `Error` stops the start.
        severity: Severity,
        /// Why it is not simply changed.
        why: &'static str,
    },
}

impl Change {
    /// How bad it is. A missing topic is an error.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Create(_) => Severity::Error,
            Self::Setting { severity, .. } | Self::Decide { severity, .. } => *severity,
        }
    }

    /// The topic concerned.
    pub fn topic(&self) -> &Arc<str> {
        match self {
            Self::Create(wanted) => &wanted.name,
            Self::Setting { topic, .. } | Self::Decide { topic, .. } => topic,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(wanted) => write!(f, "topic `{}` is missing", wanted.name),
            Self::Setting { topic, key, have, want, .. } => {
                write!(f, "topic `{topic}` has `{key}` {have}, {want} is wanted")
            }
            Self::Decide { topic, key, have, want, why, .. } => {
                write!(f, "topic `{topic}` has `{key}` {have}, {want} is wanted: {why}")
            }
        }
    }
}

/// All topics of a deployment as they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPlan {
    /// The topics, those of the deployment itself first.
    pub topics: Vec<WantedTopic>,
}

impl TopicPlan {
    /// The plan of a deployment that publishes to `events`.
    pub fn new(deployment: &str, durability: Durability, events: &[EventTopic]) -> Self {
        let system = SystemTopics::of(deployment);
        let Durability { replication, min_insync } = durability;
        let topic = |name: &Arc<str>, role, partitions, settings: &[(&'static str, String)]| {
            let mut settings: BTreeMap<_, _> = settings.iter().cloned().collect();
            settings.insert("min.insync.replicas", min_insync.to_string());
            settings.insert("unclean.leader.election.enable", "false".to_owned());
            WantedTopic { name: Arc::clone(name), role, partitions, replication, settings }
        };
        let compact = |segment_bytes: u32| {
            [
                ("cleanup.policy", "compact".to_owned()),
                ("segment.bytes", segment_bytes.to_string()),
                ("min.cleanable.dirty.ratio", "0.1".to_owned()),
                ("delete.retention.ms", (7 * DAY_MS).to_string()),
            ]
        };
        let quarantine = [
            ("cleanup.policy", "delete".to_owned()),
            ("retention.ms", QUARANTINE_RETENTION_MS.to_string()),
        ];
        let mut topics = vec![
            topic(&system.checkpoints, Role::Checkpoints, SYSTEM_PARTITIONS, &compact(16 << 20)),
            topic(&system.state, Role::State, SYSTEM_PARTITIONS, &compact(64 << 20)),
            topic(&system.quarantine, Role::Quarantine, QUARANTINE_PARTITIONS, &quarantine),
        ];
        for event in events {
            // What is only compacted keeps the last event of every key for good, whatever its retention.
            let policy = match (event.compact, event.retention_ms) {
                (true, Some(_)) => "compact,delete",
                (true, None) => "compact",
                (false, _) => "delete",
            };
            let mut settings = vec![("cleanup.policy", policy.to_owned())];
            if let Some(retention) = event.retention_ms {
                settings.push(("retention.ms", retention.to_string()));
            }
            topics.push(topic(&event.name, Role::Events, event.partitions, &settings));
        }
        Self { topics }
    }

    /// What is missing or different, in the order of the plan.
    pub fn compare(&self, found: &BTreeMap<Arc<str>, TopicFacts>) -> Vec<Change> {
        let mut changes = Vec::new();
        for wanted in &self.topics {
            match found.get(&wanted.name) {
                None => changes.push(Change::Create(wanted.clone())),
                Some(facts) => compare_topic(wanted, facts, &mut changes),
            }
        }
        changes
    }

    /// The commands of Kafka's own tools that make the difference go away, for those who may not let a program
    /// do it. What needs a decision stands as a comment.
    pub fn script(&self, changes: &[Change], kafka: &KafkaConfig) -> String {
        let bootstrap = kafka.bootstrap.as_deref().unwrap_or("localhost:9092");
        let tail =
            format!("--bootstrap-server {} --command-config client.properties", quoted(bootstrap));
        let mut script = String::from("#!/bin/sh\nset -eu\n");
        for change in changes {
            let topic = quoted(change.topic());
            let _ = match change {
                Change::Create(wanted) => {
                    let settings: String = wanted
                        .settings
                        .iter()
                        .map(|(key, value)| format!(" --config {key}={value}"))
                        .collect();
                    writeln!(
                        script,
                        "kafka-topics.sh {tail} --create --topic {topic} --partitions {} --replication-factor {}{settings}",
                        wanted.partitions, wanted.replication
                    )
                }
                Change::Setting { key, want, .. } => writeln!(
                    script,
                    "kafka-configs.sh {tail} --alter --entity-type topics --entity-name {topic} --add-config {key}={want}"
                ),
                Change::Decide { .. } => writeln!(script, "# {change}"),
            };
        }
        script
    }

    /// The rights that the deployment's user needs, as commands of Kafka's own tool.
    pub fn acl_script(&self, deployment: &str, principal: &str, kafka: &KafkaConfig) -> String {
        let bootstrap = kafka.bootstrap.as_deref().unwrap_or("localhost:9092");
        let base = format!(
            "kafka-acls.sh --bootstrap-server {} --command-config client.properties --add --allow-principal {}",
            quoted(bootstrap),
            quoted(principal)
        );
        let prefix = quoted(&format!("{deployment}."));
        let mut script = String::from("#!/bin/sh\nset -eu\n");
        let prefixed = "--resource-pattern-type prefixed";
        let _ = writeln!(
            script,
            "{base} --operation Write --operation Describe --transactional-id {prefix} {prefixed}"
        );
        let _ = writeln!(script, "{base} --operation IdempotentWrite --cluster");
        let _ = writeln!(
            script,
            "{base} --operation Read --operation Describe --group {prefix} {prefixed}"
        );
        for wanted in &self.topics {
            let read = match wanted.role {
                Role::Checkpoints | Role::State | Role::Quarantine => " --operation Read",
                Role::Events => "",
            };
            let _ = writeln!(
                script,
                "{base} --operation Write --operation Describe --operation DescribeConfigs{read} --topic {}",
                quoted(&wanted.name)
            );
        }
        script
    }
}

/// The differences as a table for people.
pub fn table(changes: &[Change]) -> String {
    let mut table = comfy_table::Table::new();
    table.set_header(["topic", "what", "is", "should be", "then"]);
    for change in changes {
        let (what, have, want, then) = match change {
            Change::Create(wanted) => (
                "topic",
                "missing".to_owned(),
                format!("{} partitions, {} copies", wanted.partitions, wanted.replication),
                "created by `topics apply`",
            ),
            Change::Setting { key, have, want, .. } => {
                (*key, have.clone(), want.clone(), "changed by `topics apply`")
            }
            Change::Decide { key, have, want, why, .. } => (*key, have.clone(), want.clone(), *why),
        };
        table.add_row([&**change.topic(), what, &have, &want, then]);
    }
    table.to_string()
}

fn compare_topic(wanted: &WantedTopic, facts: &TopicFacts, changes: &mut Vec<Change>) {
    let system = matches!(wanted.role, Role::Checkpoints | Role::State);
    let decide = |key, have: String, want: String, severity, why| Change::Decide {
        topic: Arc::clone(&wanted.name),
        key,
        have,
        want,
        severity,
        why,
    };
    if facts.partitions != wanted.partitions && wanted.role != Role::Quarantine {
        let (severity, why) = if system {
            (
                Severity::Error,
                "every task would look into another partition; create the topic anew before the first run",
            )
        } else {
            (Severity::Note, "changing it would move keys to other partitions")
        };
        changes.push(decide(
            "partitions",
            facts.partitions.to_string(),
            wanted.partitions.to_string(),
            severity,
            why,
        ));
    }
    if facts.replication < wanted.replication {
        changes.push(decide(
            "replication.factor",
            facts.replication.to_string(),
            wanted.replication.to_string(),
            Severity::Warning,
            "copies are moved with `kafka-reassign-partitions.sh`",
        ));
    }
    for (key, want) in &wanted.settings {
        let Some(have) = facts.settings.get(*key) else { continue };
        if let Some(severity) = setting_fault(wanted.role, key, have, want) {
            changes.push(Change::Setting {
                topic: Arc::clone(&wanted.name),
                key,
                have: have.clone(),
                want: want.clone(),
                severity,
            });
        }
    }
}

/// The words of a setting that is a list, in no order.
fn words(setting: &str) -> BTreeSet<&str> {
    setting.split(',').map(str::trim).collect()
}

/// Whether a setting is worse than wanted, and how bad that is. Stricter than wanted is never a fault.
fn setting_fault(role: Role, key: &str, have: &str, want: &str) -> Option<Severity> {
    let number = |text: &str| text.parse::<f64>().ok();
    let system = matches!(role, Role::Checkpoints | Role::State);
    match key {
        "cleanup.policy" if words(have) == words(want) => None,
        "cleanup.policy" if system => Some(Severity::Error),
        "cleanup.policy" => Some(Severity::Warning),
        "min.insync.replicas" if number(have) < number(want) => Some(Severity::Warning),
        "unclean.leader.election.enable" if have != want => Some(Severity::Warning),
        "delete.retention.ms" if number(have) < number(want) => Some(Severity::Warning),
        // A policy says how long at most: shorter is not worse.
        "retention.ms" if matches!(role, Role::Quarantine | Role::Events) => {
            let kept = number(have).filter(|ms| *ms >= 0.0).unwrap_or(f64::INFINITY);
            (Some(kept) > number(want)).then_some(Severity::Warning)
        }
        "retention.ms" if have != want => Some(Severity::Warning),
        "segment.bytes" if number(have) > number(want) => Some(Severity::Note),
        "min.cleanable.dirty.ratio" if number(have) > number(want) => Some(Severity::Note),
        _ => None,
    }
}

/// A topic that should exist and does not, created with Kafka's defaults by whoever plans.
pub(super) fn missing(name: &Arc<str>) -> Change {
    Change::Create(WantedTopic {
        name: Arc::clone(name),
        role: Role::Events,
        partitions: 1,
        replication: 1,
        settings: BTreeMap::new(),
    })
}

/// What must not be started with: the first error of `changes`, with the number of the others.
///
/// # Errors
/// `publish.topic_missing` or `publish.topic_unfit`.
pub(super) fn refuse_unfit(changes: &[Change]) -> Result<(), PublishError> {
    let mut errors = changes.iter().filter(|change| change.severity() == Severity::Error);
    let Some(first) = errors.next() else { return Ok(()) };
    let code = match first {
        Change::Create(_) => "publish.topic_missing",
        _ => "publish.topic_unfit",
    };
    let message = match errors.count() {
        0 => first.to_string(),
        more => format!("{first}, and {more} more"),
    };
    Err(PublishError::operator(code, message).hint(
        "`acequia topics plan` shows everything, `acequia topics apply` does what can be done; a topic that we have no right to describe looks missing too",
    ))
}

fn quoted(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "._-:,".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
#[path = "topics/tests.rs"]
mod tests;
