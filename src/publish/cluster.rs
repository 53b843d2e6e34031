//! Asking a cluster about topics, and changing them.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use acequia_api::CancellationToken;
use rdkafka::{
    admin::{
        AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic,
        OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
    },
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
    metadata::Metadata,
};

use super::{
    Change, KafkaConfig, PublishError, TopicFacts,
    context::Context,
    outcome::{self, Judgement, Phase},
    producer::{cancelled, client_error},
};

const TIMEOUT: Duration = Duration::from_secs(15);
/// How long one attempt waits for a connected broker.
const SLICE: Duration = Duration::from_secs(2);
/// Between two looks whether a new topic shows.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long the probe listens. Not zero, because then a poll ends with the first log line and never gets to the error
/// behind it.
const HEAR: Duration = Duration::from_millis(10);

/// A connection for asking about topics and changing them. It blocks: not for async tasks.
pub struct Cluster {
    /// Taken on drop: letting go of it waits for its polling thread, which nobody should have to.
    admin: Option<AdminClient<Context>>,
    /// Settings can be asked for. The development broker does not answer, and the Kafka crate cannot give tokens
    /// to this kind of client.
    settings: bool,
    kafka: KafkaConfig,
    id: String,
    cancel: CancellationToken,
}

impl Cluster {
    /// Connects lazily; `id` names us in messages and in the broker's log.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub fn open(kafka: &KafkaConfig, id: &str) -> Result<Self, PublishError> {
        let admin = kafka
            .client(id)
            .create_with_context(Context::new(kafka))
            .map_err(|error| client_error(&error, id))?;
        let settings = !kafka.embedded && !kafka.security.uses_tokens();
        Ok(Self {
            admin: Some(admin),
            settings,
            kafka: kafka.clone(),
            id: id.to_owned(),
            cancel: CancellationToken::new(),
        })
    }

    /// Gives up when the token is cancelled.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: &CancellationToken) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Whether [`describe`](Self::describe) gives settings and [`apply`](Self::apply) works.
    pub fn knows_settings(&self) -> bool {
        self.settings
    }

    fn admin(&self) -> &AdminClient<Context> {
        self.admin.as_ref().expect("invariant: the client is taken only on drop")
    }

    /// The topics of `names` that exist, as they are.
    ///
    /// # Errors
    /// `publish.unreachable`, `publish.denied`.
    pub fn describe(
        &self,
        names: &BTreeSet<Arc<str>>,
    ) -> Result<BTreeMap<Arc<str>, TopicFacts>, PublishError> {
        let mut found = self.describe_partitions(names)?;
        if self.settings && !found.is_empty() {
            self.describe_settings(&mut found)?;
        }
        Ok(found)
    }

    /// The same without settings, for which fewer rights suffice.
    ///
    /// # Errors
    /// As for [`describe`](Self::describe).
    pub fn describe_partitions(
        &self,
        names: &BTreeSet<Arc<str>>,
    ) -> Result<BTreeMap<Arc<str>, TopicFacts>, PublishError> {
        let metadata = self.metadata()?;
        let mut found = BTreeMap::new();
        for topic in metadata.topics() {
            let Some(name) = names.get(topic.name()) else { continue };
            let copies = topic.partitions().iter().map(|partition| partition.replicas().len());
            let facts = TopicFacts {
                partitions: topic.partitions().len() as i32,
                replication: copies.min().unwrap_or(0) as u16,
                ..TopicFacts::default()
            };
            found.insert(Arc::clone(name), facts);
        }
        Ok(found)
    }

    /// All topics, because asking for a missing one by name may create it.
    fn metadata(&self) -> Result<Metadata, PublishError> {
        if self.cancel.is_cancelled() {
            return Err(cancelled(&self.id));
        }
        if !self.kafka.security.uses_tokens() {
            match self.admin().inner().fetch_metadata(None, SLICE) {
                Ok(metadata) => return Ok(metadata),
                Err(error)
                    if outcome::judge(outcome::code_of(&error)) == Judgement::Unreachable => {}
                Err(error) => return Err(self.failed(&error, None)),
            }
        }
        self.probe()
    }

    /// The same through a consumer, which can be given tokens and which hears why no connection comes about; the
    /// Kafka crate tells an admin client neither.
    fn probe(&self) -> Result<Metadata, PublishError> {
        let probe: BaseConsumer<Context> = self
            .kafka
            .client(&self.id)
            .create_with_context(Context::new(&self.kafka))
            .map_err(|error| client_error(&error, &self.id))?;
        let started = Instant::now();
        loop {
            drop(probe.poll(HEAR));
            let code = match probe.fetch_metadata(None, SLICE) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => outcome::code_of(&error),
            };
            while probe.poll(HEAR).is_some() {}
            if self.cancel.is_cancelled() {
                return Err(cancelled(&self.id));
            }
            let grave = probe.context().grave_error();
            if grave.is_some() || started.elapsed() > TIMEOUT {
                let (code, reason) = match grave {
                    Some((code, reason)) => (code, Some(reason)),
                    None => (code, probe.context().last_error().map(|(_, reason)| reason)),
                };
                let reason = reason.as_deref();
                return Err(outcome::error(Phase::Describe, code, &self.id, None, reason));
            }
        }
    }

    fn describe_settings(
        &self,
        found: &mut BTreeMap<Arc<str>, TopicFacts>,
    ) -> Result<(), PublishError> {
        let names: Vec<Arc<str>> = found.keys().cloned().collect();
        let resources: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        let options = AdminOptions::new().request_timeout(Some(TIMEOUT));
        let answers = block_on(self.admin().describe_configs(&resources, &options))
            .map_err(|error| self.failed(&error, None))?;
        for (name, answer) in names.iter().zip(answers) {
            let resource = answer.map_err(|code| self.refused(code, Some(name)))?;
            let ConfigResource { specifier: OwnedResourceSpecifier::Topic(name), entries } =
                resource
            else {
                continue;
            };
            let Some(facts) = found.get_mut(&*name) else { continue };
            for entry in entries {
                let Some(value) = entry.value else { continue };
                if entry.source == ConfigSource::DynamicTopic {
                    facts.overrides.insert(entry.name.clone(), value.clone());
                }
                facts.settings.insert(entry.name, value);
            }
        }
        Ok(())
    }

    /// Creates and changes what can be, and leaves what a person must decide. `found` is what `changes` was
    /// computed from: the old request that Kafka offers here replaces all settings of a topic, so the ones it has
    /// are sent along.
    ///
    /// # Errors
    /// The first that Kafka refuses. What was done before stays; plan again to see what is left.
    pub fn apply(
        &self,
        changes: &[Change],
        found: &BTreeMap<Arc<str>, TopicFacts>,
    ) -> Result<(), PublishError> {
        let options =
            AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
        let new: Vec<NewTopic<'_>> = changes.iter().filter_map(new_topic).collect();
        if !new.is_empty() {
            let answers = block_on(self.admin().create_topics(&new, &options))
                .map_err(|error| self.failed(&error, None))?;
            for answer in answers {
                match answer {
                    Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                    Err((name, code)) => return Err(self.refused(code, Some(&name))),
                }
            }
            self.await_visible(changes)?;
        }
        let mut altered: BTreeMap<&Arc<str>, BTreeMap<String, String>> = BTreeMap::new();
        for change in changes {
            if let Change::Setting { topic, key, want, .. } = change {
                altered
                    .entry(topic)
                    .or_insert_with(|| {
                        found.get(topic).map(|facts| facts.overrides.clone()).unwrap_or_default()
                    })
                    .insert((*key).to_owned(), want.clone());
            }
        }
        let alterations: Vec<AlterConfig<'_>> = altered
            .iter()
            .map(|(topic, settings)| {
                settings.iter().fold(
                    AlterConfig::new(ResourceSpecifier::Topic(topic)),
                    |alter, (key, value)| alter.set(key, value),
                )
            })
            .collect();
        if !alterations.is_empty() {
            let answers = block_on(self.admin().alter_configs(&alterations, &options))
                .map_err(|error| self.failed(&error, None))?;
            if let Some((specifier, code)) = answers.into_iter().find_map(Result::err) {
                let name = match &specifier {
                    OwnedResourceSpecifier::Topic(name) => Some(&**name),
                    _ => None,
                };
                return Err(self.refused(code, name));
            }
        }
        Ok(())
    }

    /// Brokers show a new topic a moment after the controller made it; whoever started in between would miss it. One
    /// that does not show in time is made all the same.
    fn await_visible(&self, changes: &[Change]) -> Result<(), PublishError> {
        let made = changes.iter().filter(|change| matches!(change, Change::Create(_)));
        let names: BTreeSet<Arc<str>> = made.map(|change| Arc::clone(change.topic())).collect();
        let started = Instant::now();
        while self.describe_partitions(&names)?.len() < names.len() && started.elapsed() < TIMEOUT {
            thread::park_timeout(LOOK_AGAIN);
        }
        Ok(())
    }

    fn failed(&self, error: &KafkaError, topic: Option<&str>) -> PublishError {
        outcome::error(Phase::Describe, outcome::code_of(error), &self.id, topic, None)
    }

    fn refused(&self, code: RDKafkaErrorCode, topic: Option<&str>) -> PublishError {
        match code {
            RDKafkaErrorCode::InvalidReplicationFactor
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::InvalidConfig
            | RDKafkaErrorCode::InvalidPartitions
            | RDKafkaErrorCode::InvalidRequest => PublishError::operator(
                "publish.topic_refused",
                format!("the cluster refuses topic `{}`: {code}", topic.unwrap_or_default()),
            )
            .hint("compare `kafka.durability` with the number of brokers and the cluster's policy"),
            code => outcome::error(Phase::Describe, code, &self.id, topic, None),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(admin) = self.admin.take() {
            let builder = thread::Builder::new().name("kafka-admin-drop".to_owned());
            drop(builder.spawn(move || drop(admin)));
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("id", &self.id).finish_non_exhaustive()
    }
}

fn new_topic(change: &Change) -> Option<NewTopic<'_>> {
    let Change::Create(wanted) = change else { return None };
    let replication = TopicReplication::Fixed(i32::from(wanted.replication));
    let topic = NewTopic::new(&wanted.name, wanted.partitions, replication);
    Some(wanted.settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value)))
}

/// Waits for a future of the admin client. They are completed by a thread of its own and need no runtime, so this
/// works on any thread, inside a runtime or not.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
