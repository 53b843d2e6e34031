//! What an error of Kafka means for us. One table, no guessing by flags.
//!
//! librdkafka marks errors as fatal, retriable or requiring an abort. None of these says whether a transaction
//! was committed: a broker that answers a commit with a time-out may have committed it. So the flags decide
//! nothing here. The code decides only *who must act*; whatever it is, the publisher is dropped, and the next
//! one learns from the checkpoint topic what happened.

use acequia_api::ErrorClass;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::{PublishError, error::REFUSED};

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Creating a client or becoming the only producer of the task.
    Fence,
    /// Opening a transaction.
    Begin,
    /// Handing records to Kafka.
    Send,
    /// Committing.
    Commit,
    /// Reading a topic of ours.
    Read,
    /// Asking about topics.
    Describe,
}

impl Phase {
    fn doing(self) -> &'static str {
        match self {
            Self::Fence => "could not become the producer of",
            Self::Begin => "could not begin a transaction of",
            Self::Send => "could not send records of",
            Self::Commit => "could not confirm the commit of",
            Self::Read => "could not read back the checkpoint of",
            Self::Describe => "could not ask Kafka about the topics of",
        }
    }
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Another producer has our id, or Kafka closed a transaction that took too long.
    Fenced,
    /// A right is missing.
    Denied(Resource),
    /// Name, password or token are not accepted.
    Unauthenticated,
    /// The TLS handshake fails.
    Untrusted,
    /// The cluster does not offer what is needed.
    Unsupported,
    /// A topic is gone.
    TopicMissing,
    /// The cluster refuses a record for what it is.
    RecordRefused,
    /// Nobody can be reached in time.
    Unreachable,
    /// Everything else, known or not: the outcome is unknown.
    Rebuild,
}

/// On what a right is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Topic,
    Cluster,
    TransactionalId,
    Group,
}

/// The table. Every code that is not listed means [`Judgement::Rebuild`], which is always safe.
pub(super) fn judge(code: RDKafkaErrorCode) -> Judgement {
    use RDKafkaErrorCode as Code;
    match code {
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => Judgement::Fenced,
        Code::TopicAuthorizationFailed => Judgement::Denied(Resource::Topic),
        Code::ClusterAuthorizationFailed => Judgement::Denied(Resource::Cluster),
        Code::TransactionalIdAuthorizationFailed => Judgement::Denied(Resource::TransactionalId),
        Code::GroupAuthorizationFailed => Judgement::Denied(Resource::Group),
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState => Judgement::Unauthenticated,
        Code::SSL => Judgement::Untrusted,
        Code::UnsupportedVersion
        | Code::UnsupportedFeature
        | Code::UnsupportedForMessageFormat
        | Code::InvalidTransactionTimeout
        | Code::InvalidRequiredAcks
        | Code::UnsupportedCompressionType => Judgement::Unsupported,
        Code::UnknownTopic
        | Code::UnknownTopicOrPartition
        | Code::UnknownPartition
        | Code::UnknownTopicId
        | Code::InvalidTopic => Judgement::TopicMissing,
        Code::MessageSizeTooLarge
        | Code::MessageBatchTooLarge
        | Code::InvalidMessage
        | Code::InvalidRecord
        | Code::InvalidTimestamp => Judgement::RecordRefused,
        Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::Resolve
        | Code::OperationTimedOut
        | Code::MessageTimedOut
        | Code::TimedOutQueue
        | Code::BrokerNotAvailable
        | Code::NetworkException => Judgement::Unreachable,
        _ => Judgement::Rebuild,
    }
}

/// Whether waiting cannot help.
pub(super) fn needs_a_person(code: RDKafkaErrorCode) -> bool {
    matches!(judge(code), Judgement::Unauthenticated | Judgement::Untrusted | Judgement::Denied(_))
}

/// Whether the cluster refuses a record for what it is.
pub(super) fn refuses_record(code: RDKafkaErrorCode) -> bool {
    judge(code) == Judgement::RecordRefused
}

/// The code inside an error of the Kafka crate; `Fail` where it has none.
pub(super) fn code_of(error: &KafkaError) -> RDKafkaErrorCode {
    match error {
        KafkaError::Transaction(error) => error.code(),
        other => other.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail),
    }
}

/// An error of Kafka as ours. `id` is the transactional id, `topic` the topic concerned where it is known.
pub(super) fn error(
    phase: Phase,
    code: RDKafkaErrorCode,
    id: &str,
    topic: Option<&str>,
    reason: Option<&str>,
) -> PublishError {
    let judgement = judge(code);
    let (class, name) = class_of(judgement);
    let mut message = format!("{} `{id}`", phase.doing());
    if let Some(topic) = topic {
        message.push_str(&format!(" (topic `{topic}`)"));
    }
    message.push_str(&format!(": {code}"));
    if let Some(reason) = reason {
        message.push_str(&format!(" ({reason})"));
    }
    let error = PublishError::new(class, name, message);
    match hint(judgement, phase, id, topic) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn class_of(judgement: Judgement) -> (ErrorClass, &'static str) {
    match judgement {
        Judgement::Fenced => (ErrorClass::Fenced, "publish.fenced"),
        Judgement::Denied(_) => (ErrorClass::Operator, "publish.denied"),
        Judgement::Unauthenticated => (ErrorClass::Operator, "publish.unauthenticated"),
        Judgement::Untrusted => (ErrorClass::Operator, "publish.tls"),
        Judgement::Unsupported => (ErrorClass::Operator, "publish.unsupported"),
        Judgement::TopicMissing => (ErrorClass::Operator, "publish.topic_missing"),
        Judgement::RecordRefused => (ErrorClass::Operator, REFUSED),
        Judgement::Unreachable => (ErrorClass::Transient, "publish.unreachable"),
        Judgement::Rebuild => (ErrorClass::Transient, "publish.interrupted"),
    }
}

fn hint(judgement: Judgement, phase: Phase, id: &str, topic: Option<&str>) -> Option<String> {
    let topic = topic.unwrap_or("<the deployment>.*");
    Some(match judgement {
        Judgement::Denied(Resource::Topic) => {
            let rights = match phase {
                Phase::Read => "Read, Describe",
                Phase::Describe => "Describe, DescribeConfigs",
                _ => "Write, Describe",
            };
            format!("grant {rights} on topic `{topic}`; `acequia topics plan` prints every right that is needed")
        }
        Judgement::Denied(Resource::Cluster) => {
            "grant IdempotentWrite on the cluster; `acequia topics plan` prints every right that is needed".to_owned()
        }
        Judgement::Denied(Resource::TransactionalId) => {
            format!("grant Write, Describe on transactional id `{id}`; `acequia topics plan` prints every right that is needed")
        }
        Judgement::Denied(Resource::Group) => {
            format!("grant Read on group `{id}`; `acequia topics plan` prints every right that is needed")
        }
        Judgement::Unauthenticated => {
            "check `kafka.security.sasl`: mechanism, user, and where the password comes from".to_owned()
        }
        Judgement::Untrusted => {
            "check `kafka.security.tls`: the certificate authority, our certificate, the broker's host name".to_owned()
        }
        Judgement::Unsupported => {
            "transactions need Kafka 2.5 or newer with `transaction.max.timeout.ms` of at least 60 s".to_owned()
        }
        Judgement::TopicMissing => {
            format!("create topic `{topic}` with `acequia topics apply`; if it was deleted, find out why first; a topic that we have no right to describe looks missing too")
        }
        Judgement::RecordRefused => {
            "compare `max.message.bytes` of the topic with the limits of the pipeline".to_owned()
        }
        Judgement::Unreachable => {
            "is the cluster up, and are `min.insync.replicas` copies in step?".to_owned()
        }
        Judgement::Fenced | Judgement::Rebuild => return None,
    })
}

#[cfg(test)]
mod tests {
    use RDKafkaErrorCode as Code;

    use super::*;

    fn class(code: Code) -> ErrorClass {
        error(Phase::Commit, code, "town.permits.0", None, None).class()
    }

    #[test]
    fn the_table_of_outcomes() {
        for (code, expected) in [
            (Code::RequestTimedOut, ErrorClass::Transient),
            (Code::Unknown, ErrorClass::Transient),
            (Code::InvalidTransactionalState, ErrorClass::Transient),
            (Code::InvalidProducerIdMapping, ErrorClass::Transient),
            (Code::UnknownProducerId, ErrorClass::Transient),
            (Code::OutOfOrderSequenceNumber, ErrorClass::Transient),
            (Code::Inconsistent, ErrorClass::Transient),
            (Code::ConcurrentTransactions, ErrorClass::Transient),
            (Code::NotEnoughReplicas, ErrorClass::Transient),
            (Code::MessageTimedOut, ErrorClass::Transient),
            (Code::Fenced, ErrorClass::Fenced),
            (Code::ProducerFenced, ErrorClass::Fenced),
            (Code::InvalidProducerEpoch, ErrorClass::Fenced),
            (Code::TransactionalIdAuthorizationFailed, ErrorClass::Operator),
            (Code::TopicAuthorizationFailed, ErrorClass::Operator),
            (Code::ClusterAuthorizationFailed, ErrorClass::Operator),
            (Code::SaslAuthenticationFailed, ErrorClass::Operator),
            (Code::SSL, ErrorClass::Operator),
            (Code::UnknownTopicOrPartition, ErrorClass::Operator),
            (Code::MessageSizeTooLarge, ErrorClass::Operator),
            (Code::InvalidRecord, ErrorClass::Operator),
        ] {
            assert_eq!(class(code), expected, "{code:?}");
        }
    }

    #[test]
    fn a_missing_right_is_named_with_its_resource() {
        let topic = error(
            Phase::Send,
            Code::TopicAuthorizationFailed,
            "town.permits.0",
            Some("town.permit.v1"),
            None,
        );
        assert!(topic.advice().unwrap().contains("Write, Describe on topic `town.permit.v1`"));
        let id = error(
            Phase::Fence,
            Code::TransactionalIdAuthorizationFailed,
            "town.permits.0",
            None,
            None,
        );
        assert!(id.advice().unwrap().contains("transactional id `town.permits.0`"));
    }
}
