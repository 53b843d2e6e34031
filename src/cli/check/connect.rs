//! `acequia check --connect`: what the sources and the cluster answer, all of it at once.
//!
//! Nothing is read of a record, nothing is written, nobody is fenced: sources are opened as for a preview, Kafka is
//! asked about topics, coordinators and what is stored, and whatever a daemon does at the same time it goes on doing.
//! Whether an event topic may be written to is the one right that only shows with the first event.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use acequia_api::{CancellationToken, ErrorClass, Finding, Replay, Severity};
use serde::Serialize;
use tokio::{task::JoinSet, time};
use uuid::Uuid;

use crate::{
    cli::{deployment, output::counted, preview},
    config::{Deployment, Pipeline},
    pipeline::{compile, failure::Failure},
    publish::{
        Cluster, KafkaConfig, LIMITS, TopicFacts, probe_group, probe_transactions, read_checkpoint,
    },
    supervisor::startup,
};

/// A source or a cluster that says nothing for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(40);
/// When a transaction coordinator that is looked for in vain is given up, so that the rest is still told.
const COORDINATOR: Duration = Duration::from_secs(25);

/// What one system said.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// `kafka`, or the name of a pipeline.
    pub subject: String,
    /// What it is and what works, in a few words.
    pub said: String,
    /// What does not.
    pub findings: Vec<Finding>,
}

impl Answer {
    fn new(subject: &str) -> Self {
        Self { subject: subject.to_owned(), said: String::new(), findings: Vec::new() }
    }

    fn silent(subject: &str) -> Self {
        let seconds = PATIENCE.as_secs();
        let mut answer = Self::new(subject);
        let message = format!("no answer within {seconds} s");
        answer.find(
            Severity::Error,
            "check.silent",
            message,
            Some("is it running, and does the way to it let this machine through?"),
        );
        answer
    }

    fn find(&mut self, severity: Severity, code: &str, message: String, hint: Option<&str>) {
        let (code, hint) = (code.to_owned(), hint.map(str::to_owned));
        self.findings.push(Finding { severity, code, message, hint });
    }

    fn fail(&mut self, failure: Failure) {
        let Failure { code, message, hint, .. } = failure;
        self.findings.push(Finding { severity: Severity::Error, code, message, hint });
    }

    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Asks everybody side by side. The answers stand in the order of the deployment, Kafka first, the schema registry last.
pub(super) fn connect(deployment: &Arc<Deployment>) -> Result<Vec<Answer>, crate::cli::CliError> {
    let runtime = deployment::runtime()?;
    let answers = runtime.block_on(async {
        let mut asked = JoinSet::new();
        asked.spawn({
            let deployment = Arc::clone(deployment);
            async move { (0, kafka(deployment).await) }
        });
        let pipelines = deployment.pipelines.len();
        if deployment.daemon.kafka.registry.is_some() {
            let deployment = Arc::clone(deployment);
            asked.spawn(async move { (pipelines + 1, registry(deployment).await) });
        }
        for (number, pipeline) in deployment.pipelines.iter().enumerate() {
            let (deployment, pipeline) = (Arc::clone(deployment), pipeline.clone());
            asked.spawn(async move { (number + 1, source(&deployment, &pipeline).await) });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    });
    // What did not answer in time may still be waiting for it.
    runtime.shutdown_background();
    Ok(answers)
}

async fn source(deployment: &Deployment, pipeline: &Pipeline) -> Answer {
    let name = &pipeline.config.pipeline;
    let mut answer = Answer::new(name);
    match time::timeout(PATIENCE, look(deployment, pipeline, &mut answer)).await {
        Err(_) => return Answer::silent(name),
        Ok(Err(failure)) => answer.fail(failure),
        Ok(Ok(())) => {}
    }
    answer
}

async fn look(
    deployment: &Deployment,
    pipeline: &Pipeline,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let mappings = preview::mappings_of(pipeline, deployment);
    let mut source = preview::open(pipeline, &mappings).await?;
    answer.findings.extend(source.check().await?);
    if source.replay() != Replay::FromPosition {
        let message = "this source cannot be read again from where it stands: events may be published twice or not at all".to_owned();
        answer.find(Severity::Warning, "check.not_exactly_once", message, None);
    }
    let splits = source.splits().await?;
    for split in &splits {
        let Some(schema) = &split.schema else { continue };
        for mapping in &mappings {
            for error in mapping.bind(schema).err().into_iter().flatten() {
                let message =
                    format!("mapping `{}` does not fit `{}`: {error}", mapping.name, split.id);
                answer.find(Severity::Error, error.code, message, error.help.as_deref());
            }
        }
    }
    let kind = &pipeline.config.source.connector;
    let place = pipeline.config.source.config.get("directory").and_then(|place| place.as_str());
    answer.said = match place {
        Some(place) => format!("{kind}: {place}"),
        None => format!("{kind}: {}", counted(splits.len(), "split", "splits")),
    };
    Ok(())
}

async fn kafka(deployment: Arc<Deployment>) -> Answer {
    if deployment.daemon.kafka.embedded {
        let mut answer = Answer::new("kafka");
        answer.said.push_str("a development broker, which starts with the daemon");
        answer.find(
            Severity::Note,
            "check.development_broker",
            LIMITS.to_owned(),
            Some("for production put `bootstrap:` in place of `embedded: true`"),
        );
        return answer;
    }
    let cancel = CancellationToken::new();
    let late = cancel.clone();
    tokio::spawn(async move {
        time::sleep(COORDINATOR).await;
        late.cancel();
    });
    let asked = tokio::task::spawn_blocking({
        let cancel = cancel.clone();
        move || {
            let mut answer = Answer::new("kafka");
            if let Err(failure) = ask(&deployment, &cancel, &mut answer) {
                answer.fail(failure);
            }
            answer
        }
    });
    match time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Answer::silent("kafka"),
    }
}

/// Everything that Kafka can be asked. What the first question shows to be out of reach is not asked again.
fn ask(
    deployment: &Deployment,
    cancel: &CancellationToken,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let kafka = deployment.daemon.kafka.clone();
    let name = &deployment.daemon.deployment;
    let plan = compile::topic_plan(deployment, &kafka)?;
    let wanted: BTreeSet<Arc<str>> =
        plan.topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
    let found = Cluster::open(&kafka, "acequia-check")?.cancelled_by(cancel).describe(&wanted)?;
    for change in plan.compare(&found) {
        let code = match change {
            crate::publish::Change::Create(_) => "publish.topic_missing",
            _ => "publish.topic_unfit",
        };
        let hint = "`acequia topics plan` shows everything, `acequia topics apply` does what can be done; a topic that we have no right to describe looks missing too";
        answer.find(change.severity(), code, change.to_string(), Some(hint));
    }
    for pipeline in &deployment.pipelines {
        for topic in compile::topics_of(pipeline, deployment)? {
            if let Some(facts) = found.get(&topic) {
                room(pipeline, &topic, facts, answer);
            }
        }
    }
    match probe_transactions(&kafka, name, cancel).map_err(Failure::from) {
        Err(failure) if failure.code == "publish.cancelled" => answer.find(
            Severity::Error,
            "check.silent",
            "no broker takes on the transactions of this deployment".to_owned(),
            Some("has the cluster as many brokers as its `transaction.state.log.replication.factor` asks for?"),
        ),
        Err(failure) => answer.fail(failure),
        Ok(()) => {}
    }
    if let Err(error) = probe_group(&kafka, name) {
        answer.fail(error.into());
    }
    let stored = stored(deployment, &kafka, answer);
    answer.said = format!(
        "{}: {} of {} there, {stored}",
        kafka.bootstrap.as_deref().unwrap_or_default(),
        found.len(),
        counted(wanted.len(), "topic", "topics"),
    );
    Ok(())
}

/// Whether the schemas of all pipelines are in the registry, or could be.
async fn registry(deployment: Arc<Deployment>) -> Answer {
    let asked = tokio::task::spawn_blocking(move || {
        let mut answer = Answer::new("registry");
        if let Err(failure) = ask_registry(&deployment, &mut answer) {
            answer.fail(failure);
        }
        answer
    });
    match time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Answer::silent("registry"),
    }
}

fn ask_registry(deployment: &Deployment, answer: &mut Answer) -> Result<(), Failure> {
    let url = deployment.daemon.kafka.registry.as_ref().map(|registry| registry.url.as_str());
    let mut wanted = 0;
    for pipeline in &deployment.pipelines {
        let unfit = |message| Failure::new(ErrorClass::Bug, "pipeline.compile", message);
        let Some(schemas) = deployment.schemas(&pipeline.config).map_err(unfit)? else { continue };
        wanted += schemas.subjects();
        for finding in schemas.check()? {
            if !answer.findings.contains(&finding) {
                answer.findings.push(finding);
            }
        }
    }
    let wanted = counted(wanted, "subject", "subjects");
    answer.said = format!("{}: {wanted} in use", url.unwrap_or_default());
    Ok(())
}

/// Whether a topic takes what a pipeline may make.
fn room(pipeline: &Pipeline, topic: &str, facts: &TopicFacts, answer: &mut Answer) {
    let largest = pipeline.config.publish.max_event.0;
    let room = facts.room() as u64;
    if !facts.settings.is_empty() && largest > room {
        let name = &pipeline.config.pipeline;
        let message = format!(
            "`{name}` may make events of {largest} bytes, and topic `{topic}` takes {room}: larger ones go to quarantine"
        );
        answer.find(
            Severity::Warning,
            "check.event_limit",
            message,
            Some("lower `publish: { max_event: … }`, or raise `max.message.bytes` of the topic"),
        );
    }
}

/// Whether what the pipelines have stored can be read, with the rights and the key of this deployment.
fn stored(deployment: &Deployment, kafka: &KafkaConfig, answer: &mut Answer) -> String {
    let key = match startup::seal_key(deployment.daemon.keys.state.as_ref(), "state") {
        Ok(key) => key,
        Err(failure) => {
            answer.fail(failure);
            return "nothing read back".to_owned();
        }
    };
    let missing = answer.findings.iter().any(|finding| finding.code == "publish.topic_missing");
    let (mut begun, mut unread) = (0, false);
    for pipeline in deployment.pipelines.iter().filter(|_| !missing) {
        let task = compile::task_of(&pipeline.config.pipeline, deployment, Uuid::new_v4(), None);
        match read_checkpoint(kafka, &task, key.as_ref()) {
            Ok(stored) => begun += usize::from(stored.head.is_some()),
            Err(error) => {
                unread = true;
                answer.fail(error.into());
                break;
            }
        }
    }
    match (missing || unread, begun) {
        (true, _) => "nothing read back".to_owned(),
        (false, 0) => "nothing committed yet".to_owned(),
        (false, begun) => {
            format!("{} committed before", counted(begun, "pipeline has", "pipelines have"))
        }
    }
}
