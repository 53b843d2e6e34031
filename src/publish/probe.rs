//! Asking a cluster whether a deployment may work with it, without publishing and without being anybody: for
//! `acequia check --connect`.

use acequia_api::CancellationToken;
use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};

use super::{
    KafkaConfig, PublishError, SystemTopics,
    context::Context,
    outcome::{self, Phase},
    producer::{SizeLimits, TransactionalProducer, client_error},
    topics::DEFAULT_MAX_MESSAGE_BYTES,
};

/// How long the group coordinator may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Asks the transaction coordinator for a producer, under an id of the deployment that no pipeline has: nobody is
/// fenced and nothing is written. The same rights are needed as for the pipelines, whose ids begin alike. Kafka
/// forgets the id after some days.
///
/// # Errors
/// As for [`Publisher::fence`](super::Publisher::fence). Blocks until `cancel` at the longest.
pub fn probe_transactions(
    kafka: &KafkaConfig,
    deployment: &str,
    cancel: &CancellationToken,
) -> Result<(), PublishError> {
    let limits =
        SizeLimits { smallest: DEFAULT_MAX_MESSAGE_BYTES, largest: DEFAULT_MAX_MESSAGE_BYTES };
    TransactionalProducer::create(kafka, &format!("{deployment}.acequia.check"), limits, false)?
        .init(cancel)
}

/// Asks the coordinator of the group in which the instances of a deployment meet, without joining it.
///
/// # Errors
/// `publish.denied` without the right to describe the group; `Transient` when no coordinator answers.
pub fn probe_group(kafka: &KafkaConfig, deployment: &str) -> Result<(), PublishError> {
    let group = format!("{deployment}.acequia");
    let consumer: BaseConsumer<Context> = kafka
        .client("acequia-check")
        .set("group.id", &group)
        .create_with_context(Context::new(kafka))
        .map_err(|error| client_error(&error, &group))?;
    // Gives a client of OAUTHBEARER its token.
    drop(consumer.poll(std::time::Duration::ZERO));
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition(&SystemTopics::of(deployment).checkpoints, 0);
    let failed = |code| outcome::error(Phase::Describe, code, &group, None, None);
    let answer = consumer
        .committed_offsets(partitions, PATIENCE)
        .map_err(|error| failed(outcome::code_of(&error)))?;
    for partition in answer.elements() {
        partition.error().map_err(|error| failed(outcome::code_of(&error)))?;
    }
    Ok(())
}
