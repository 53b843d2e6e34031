//! Publishing: the transactional publisher, its topics, the quarantine, and a development broker.
//!
//! [`Publisher`] is the heart, and its module tells the protocol. Around it: [`KafkaConfig`] says which cluster and
//! how to reach it; [`TopicPlan`] what the topics must be like, [`Cluster`] what they are; [`Quarantined`] is a
//! rejected record as it is stored; [`Schemas`] have ids in a registry; [`Tail`] and [`read_all`] read published records back; [`DevBroker`] is for trying
//! things out. Every other file of this folder serves the publisher.
//!
//! Errors are [`PublishError`]s, whose class says who must act. One table (`outcome`) knows Kafka's codes; nothing
//! here retries but what the table of `delivery` allows: whoever gets an error drops the publisher.

mod claim_store;
mod claims;
mod cluster;
mod codes;
mod config;
mod context;
mod dev_broker;
mod error;
mod inspect;
mod outcome;
mod outgoing;
mod partition;
mod presence;
mod probe;
mod producer;
mod publisher;
mod quarantine;
mod reader;
mod registry;
mod reposition;
mod security;
mod tail;
mod topics;

pub use cluster::Cluster;
pub use codes::CODES;
pub use config::{Durability, KafkaConfig, OptionValue};
pub use dev_broker::{DevBroker, LIMITS};
pub use error::{PublishError, REFUSED, RefusedRecord};
pub use inspect::read_checkpoint;
pub use outgoing::{Outgoing, OutgoingEvent, OutgoingReject};
pub use presence::Presence;
pub use probe::{probe_group, probe_transactions};
pub use publisher::{Committed, Publisher, Setup, Start, Terms, read_newest_claim};
pub use quarantine::{Quarantined, StoredPlace, StoredRecordError, UnitName};
pub use reader::Notice;
pub use registry::{
    CODES as REGISTRY_CODES, Login, RegistryConfig, RegistryTls, Schemas, WantedSchema,
};
pub use reposition::{Reposition, reposition};
pub use security::{Sasl, Security, Tls};
pub use tail::{Tail, TailFrom, TailRecord, read_all};
pub use topics::{
    Change, EventTopic, QUARANTINE_RETENTION_MS, Role, SYSTEM_PARTITIONS, SystemTopics, TopicFacts,
    TopicPlan, WantedTopic, table,
};

#[cfg(test)]
pub(crate) mod tests;
