//! Who claims a task.

use std::ops::ControlFlow;

use acequia_api::CancellationToken;

use super::{
    KafkaConfig, PublishError, SystemTopics,
    partition::partition_of,
    reader::{PartitionReader, Stretch, Until},
    topics,
};
use crate::checkpoint::{ClaimRecord, StoredKey, Task, parse_claim};

pub(super) fn read_newest(
    kafka: &KafkaConfig,
    task: &Task,
    cancel: &CancellationToken,
) -> Result<Option<ClaimRecord>, PublishError> {
    let id = task.transactional_id();
    let topic = SystemTopics::of(&task.deployment).checkpoints;
    let partition = partition_of(id.as_bytes(), topics::SYSTEM_PARTITIONS);
    let stretch = Stretch { topic: &topic, partition, from: None, until: Until::Decided };
    let mine = StoredKey::claim(task);
    let mut newest = None;
    PartitionReader::open(kafka, &id)?.read(
        stretch,
        cancel,
        &mut |_| {},
        &mut |key, value, at| {
            if StoredKey::parse(key, at)? == mine
                && let Some(value) = value
            {
                newest = Some(parse_claim(value, at)?);
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(newest)
}
