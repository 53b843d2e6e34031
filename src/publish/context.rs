//! What our clients hear from librdkafka.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use rdkafka::{
    ClientContext, Message,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{DeliveryResult, ProducerContext},
};

use super::{KafkaConfig, outcome, security::Security};

/// What our clients hear from librdkafka: errors, failed deliveries, the wish for a new token.
pub(super) struct Context {
    security: Security,
    embedded: bool,
    failed: AtomicBool,
    failure: Mutex<Option<Failure>>,
    disturbances: AtomicU64,
    last: Mutex<Option<(RDKafkaErrorCode, String)>>,
    grave: Mutex<Option<(RDKafkaErrorCode, String)>>,
}

/// The first delivery that failed by itself, or else the first that failed because of another.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) code: RDKafkaErrorCode,
    pub(super) topic: String,
    pub(super) token: usize,
}

impl Context {
    pub(super) fn new(kafka: &KafkaConfig) -> Self {
        Self {
            security: kafka.security.clone(),
            embedded: kafka.embedded,
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            disturbances: AtomicU64::new(0),
            last: Mutex::new(None),
            grave: Mutex::new(None),
        }
    }

    /// Whether any delivery failed.
    pub(super) fn has_failed_delivery(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// The first delivery that failed by itself, or else the first that failed because of another.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether requests may have been lost on their way in this life.
    pub(super) fn is_disturbed(&self) -> bool {
        self.disturbances.load(Ordering::Relaxed) > 0
    }

    /// The newest error that only a person can make go away. It is kept although others follow: librdkafka reports
    /// that all brokers are down right after it.
    pub(super) fn grave_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.grave.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest error of a connection, with what librdkafka says about it.
    pub(super) fn last_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if is_disturbance(facility, message) {
            self.disturbances.fetch_add(1, Ordering::Relaxed);
        }
        if is_for_people(level, facility, self.embedded) {
            tracing::warn!(target: "kafka", facility, "{message}");
        } else {
            tracing::debug!(target: "kafka", facility, "{message}");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = outcome::code_of(&error);
        tracing::debug!(target: "kafka", code = ?code, "{reason}");
        if outcome::needs_a_person(code) {
            *self.grave.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((code, reason.to_owned()));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, reason.to_owned()));
    }

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        Ok(self.security.token()?)
    }
}

/// Whether an operator should see a log line. Where the broker is a development broker inside the process, a connection
/// that fails only says that the process ends and the broker went first.
fn is_for_people(level: RDKafkaLogLevel, facility: &str, embedded: bool) -> bool {
    use RDKafkaLogLevel::{Debug, Info, Notice};
    let grave = !matches!(level, Notice | Info | Debug);
    grave && !(embedded && facility == "FAIL")
}

/// Whether a log line tells that requests may have been lost on their way: an established connection broke, or an
/// answer did not come in time. librdkafka repeats such requests and tells the application nothing else about it.
/// A broker that cannot be connected to is no disturbance: no request is on its way to it.
fn is_disturbance(facility: &str, message: &str) -> bool {
    match facility {
        "REQTMOUT" => true,
        "FAIL" => message.contains("in state UP") || message.contains("in state REAUTH"),
        _ => false,
    }
}

impl ConsumerContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, token: usize) {
        if let Err((error, message)) = result {
            let code = outcome::code_of(error);
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            if failure.as_ref().is_none_or(|known| is_aftermath(known.code) && !is_aftermath(code))
            {
                *failure = Some(Failure { code, topic: message.topic().to_owned(), token });
            }
            self.failed.store(true, Ordering::Release);
        }
    }
}

/// Codes that only say that something else went wrong before.
pub(super) fn is_aftermath(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{Fatal, PurgeInflight, PurgeQueue, State};
    matches!(code, Fatal | PurgeInflight | PurgeQueue | State)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_development_broker_that_goes_first_is_no_news() {
        for (facility, embedded, shown) in
            [("FAIL", true, false), ("FAIL", false, true), ("CONFWARN", true, true)]
        {
            let level = RDKafkaLogLevel::Error;
            assert_eq!(is_for_people(level, facility, embedded), shown, "{facility} {embedded}");
        }
        assert!(!is_for_people(RDKafkaLogLevel::Info, "FAIL", false));
    }

    #[test]
    fn only_requests_that_may_be_lost_are_a_disturbance() {
        let line = "[thrd:127.0.0.1:1/1]: 127.0.0.1:1/1: Disconnected (after 812ms in state UP)";
        assert!(is_disturbance("FAIL", line));
        assert!(is_disturbance("REQTMOUT", "Timed out 1 in-flight, 0 retry-queued"));
        let refused =
            "Connect to ipv6#[::1]:9092 failed: Connection refused (after 0ms in state CONNECT)";
        assert!(!is_disturbance("FAIL", refused));
        assert!(!is_disturbance("CONFWARN", "in state UP"));
    }
}
