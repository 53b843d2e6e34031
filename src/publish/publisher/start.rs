//! How a life begins: the look at the topics, the claim, the reading back.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

use acequia_api::StateChange;

use super::{Publisher, Setup, Start};
use crate::{
    checkpoint::{
        CacheIdentity, ClaimRecord, HeadRecord, Kinship, Recovery, STORED_FORMAT, Step, StoredKey,
        compare, parse_claim, parse_state, to_bytes,
    },
    publish::{
        Cluster, Notice, PublishError, SystemTopics, TopicFacts, TopicPlan,
        producer::{About, Parts},
        reader::{PartitionReader, Stretch, Until},
        topics,
    },
};

/// Keyed state is put into its store in chunks of this many changes.
const STATE_CHUNK: usize = 4096;

impl Publisher {
    /// Claims the task and reads back what is committed. Call it once, right after [`fence`](Self::fence).
    /// `notice` hears why it takes long.
    ///
    /// # Errors
    /// `Operator` for a checkpoint regression and for stored records that cannot be read; else as for `fence`.
    pub fn recover(&mut self, notice: &mut dyn FnMut(Notice)) -> Result<Start, PublishError> {
        let claim = self.claim()?;
        let reader = PartitionReader::open(&self.setup.kafka, &self.id)?;
        let task = &self.setup.task;
        let mut recovery = Recovery::new(task, claim.life, self.setup.state_key.as_ref());
        let stretch = Stretch {
            topic: &self.system.checkpoints,
            partition: self.partition,
            from: None,
            until: Until::Met,
        };
        reader.read(stretch, &self.setup.cancel, notice, &mut |key, value, at| {
            Ok(match recovery.feed(key, value, at)? {
                Step::More => ControlFlow::Continue(()),
                Step::Done => ControlFlow::Break(()),
            })
        })?;
        let recovered = recovery.finish();
        let kinship = self.kinship(recovered.head.as_ref())?;
        self.read_state(&reader, &claim, notice)?;
        self.checkpoint = recovered.checkpoint.clone();
        self.head.clone_from(&recovered.head);
        self.chain = recovered.chain;
        Ok(Start { recovered, kinship })
    }

    fn claim(&mut self) -> Result<ClaimRecord, PublishError> {
        let claim = ClaimRecord {
            format: STORED_FORMAT,
            owner: self.setup.task.owner,
            life: uuid::Uuid::new_v4(),
            started_at: jiff::Timestamp::now(),
            host: self.setup.task.host.clone(),
        };
        let (key, value) = (StoredKey::claim(&self.setup.task).to_bytes(), to_bytes(&claim));
        self.producer.begin()?;
        for topic in [&self.system.checkpoints, &self.system.state] {
            let parts = Parts::new(&key, Some(&value));
            self.producer.send(topic, self.partition, parts, About::Ours)?;
        }
        if self.producer.commit()?.disturbed {
            // A delayed duplicate of this commit could end the first transaction of the life: it gets a new epoch.
            return Err(PublishError::transient(
                "publish.interrupted",
                format!("a connection broke while `{}` was claimed", self.id),
            ));
        }
        Ok(claim)
    }

    fn kinship(&self, head: Option<&HeadRecord>) -> Result<Kinship, PublishError> {
        let mirror = match &self.mirror {
            Some(file) => file.load()?,
            None => None,
        };
        let kinship = compare(mirror.as_ref(), head, &self.cluster);
        let Kinship::Regression(reason) = kinship else { return Ok(kinship) };
        if let Some(why) = &self.setup.accept_regression {
            tracing::warn!(pipeline = %self.setup.task.pipeline, %reason, why, "going on in spite of a checkpoint regression");
            return Ok(kinship);
        }
        let known = mirror.map_or(0, |mirror| mirror.seq);
        let stored = head.map_or(0, |head| head.seq);
        Err(PublishError::operator(
            "checkpoint.regression",
            format!(
                "checkpoint regression of `{}`: {reason} (this host committed {known}, `{}` knows {stored})",
                self.id, self.system.checkpoints
            ),
        )
        .hint("bring the topic back, or decide with `acequia position init` and a reason; nothing is read again by itself"))
    }

    fn read_state(
        &self,
        reader: &PartitionReader<'_>,
        claim: &ClaimRecord,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<(), PublishError> {
        let identity = CacheIdentity {
            cluster: self.cluster.clone(),
            topic: Arc::clone(&self.system.state),
            partition: self.partition,
        };
        let from = self.state.resume(&identity, self.keeps_deletions)?;
        let stretch = Stretch {
            topic: &self.system.state,
            partition: self.partition,
            from,
            until: Until::Met,
        };
        let (task, seal) = (&self.setup.task, self.setup.state_key.as_ref());
        let mut chunk = Vec::new();
        reader.read(stretch, &self.setup.cancel, notice, &mut |key, value, at| {
            let key = StoredKey::parse(key, at)?;
            match &key {
                StoredKey::State { pipeline, key: name } if **pipeline == *task.pipeline => {
                    let value =
                        value.map(|value| parse_state(value, &key, seal, at)).transpose()?;
                    chunk.push(StateChange { key: name.clone(), value });
                }
                StoredKey::Claim { .. } => {
                    let met = value.is_some_and(|value| {
                        parse_claim(value, at).is_ok_and(|met| met.life == claim.life)
                    });
                    if met {
                        self.state.restore(&chunk, &identity, at.offset + 1)?;
                        return Ok(ControlFlow::Break(()));
                    }
                }
                _ => {}
            }
            if chunk.len() >= STATE_CHUNK {
                self.state.restore(&chunk, &identity, at.offset + 1)?;
                chunk.clear();
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// Looks at the topics before anything is written.
pub(super) fn examine(
    setup: &Setup,
    system: &SystemTopics,
    id: &str,
) -> Result<BTreeMap<Arc<str>, TopicFacts>, PublishError> {
    let names: BTreeSet<Arc<str>> = [&system.checkpoints, &system.state, &system.quarantine]
        .into_iter()
        .chain(&setup.topics)
        .cloned()
        .collect();
    let found = Cluster::open(&setup.kafka, id)?.cancelled_by(&setup.cancel).describe(&names)?;
    let mut changes =
        TopicPlan::new(&setup.task.deployment, setup.kafka.durability, &[]).compare(&found);
    changes
        .extend(setup.topics.iter().filter(|name| !found.contains_key(*name)).map(topics::missing));
    topics::refuse_unfit(&changes)?;
    Ok(found)
}
