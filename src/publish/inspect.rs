//! Looking at what a task has committed, without being it: nothing is fenced, nothing is claimed, nothing is written.

use std::ops::ControlFlow;

use acequia_api::CancellationToken;

use super::{
    KafkaConfig, PublishError, SystemTopics,
    partition::partition_of,
    reader::{PartitionReader, Stretch, Until},
    topics,
};
use crate::checkpoint::{Recovered, Recovery, SealKey, Task};

/// What `task` has committed until now. If it is running, more may be committed the moment after.
///
/// # Errors
/// `Operator` for stored records that cannot be read; `Transient` when the cluster cannot be reached.
pub fn read_checkpoint(
    kafka: &KafkaConfig,
    task: &Task,
    seal: Option<&SealKey>,
) -> Result<Recovered, PublishError> {
    let id = task.transactional_id();
    let topic = SystemTopics::of(&task.deployment).checkpoints;
    let partition = partition_of(id.as_bytes(), topics::SYSTEM_PARTITIONS);
    let stretch = Stretch { topic: &topic, partition, from: None, until: Until::Decided };
    // A life that nobody lives: the fold never meets its claim and takes everything there is.
    let mut recovery = Recovery::new(task, uuid::Uuid::new_v4(), seal);
    PartitionReader::open(kafka, &id)?.read(
        stretch,
        &CancellationToken::new(),
        &mut |_| {},
        &mut |key, value, at| {
            recovery.feed(key, value, at)?;
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(recovery.so_far())
}
