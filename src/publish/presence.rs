//! Which instances of a deployment are alive, so that a standby knows when it is its turn.
//!
//! Safety does not rest on this: two instances that both believe it is their turn are told apart by Kafka's
//! fencing. Presence only keeps them from chasing each other. It asks nobody but Kafka: every instance is a
//! member of the deployment's consumer group, under a client id that carries its owner id, and the group
//! coordinator drops a member whose heartbeats stop. So there is no clock to compare, no heartbeat topic to
//! fill, and a paused or resting instance still counts as alive.
//!
//! The members never fetch: whatever partition the group assigns is paused at once.

use std::{
    collections::BTreeSet,
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientContext,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance},
    error::KafkaError,
    groups::GroupInfo,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{KafkaConfig, PublishError, context::Context};

/// A member whose heartbeats stop is gone after this.
const SESSION: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(500);
const ASK: Duration = Duration::from_secs(2);
/// An answer of the coordinator holds for so long, for however many pipelines ask.
const FRESH: Duration = Duration::from_secs(1);
const CLIENT: &str = "acequia-";

/// What the membership hears: as any client of ours, and when members come or go.
struct Membership {
    context: Context,
    changes: watch::Sender<u64>,
}

impl ClientContext for Membership {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = Context::ENABLE_REFRESH_OAUTH_TOKEN;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.context.generate_oauth_token(config)
    }
}

impl ConsumerContext for Membership {
    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance
            && let Err(error) = consumer.pause(partitions)
        {
            tracing::debug!(%error, "a partition of the presence group could not be paused");
        }
        self.changes.send_modify(|changes| *changes += 1);
    }
}

/// Who was there, when, and after how many changes.
struct Answer {
    at: Instant,
    changes: u64,
    others: BTreeSet<Uuid>,
}

/// The membership of this process in its deployment.
pub struct Presence {
    consumer: Arc<BaseConsumer<Membership>>,
    group: String,
    /// This instance, and the one that it follows on this host, which is gone however long Kafka remembers it.
    ours: [Option<Uuid>; 2],
    known: Mutex<Option<Answer>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence").field("group", &self.group).finish_non_exhaustive()
    }
}

impl Presence {
    /// Joins the group of the deployment as `owner`. `topic` is any topic of the deployment that exists, `predecessor`
    /// an instance that is known to be gone.
    ///
    /// # Errors
    /// When the consumer cannot be made; not when no broker answers, which shows in the pipelines.
    pub fn join(
        kafka: &KafkaConfig,
        deployment: &str,
        topic: &str,
        owner: Uuid,
        predecessor: Option<Uuid>,
    ) -> Result<Self, PublishError> {
        let group = format!("{deployment}.acequia");
        let failed = |cause| {
            PublishError::transient(
                "publish.presence",
                "the group of the instances cannot be joined",
            )
            .because(cause)
        };
        let consumer: BaseConsumer<Membership> = kafka
            .client(&format!("{CLIENT}{owner}"))
            .set("group.id", &group)
            .set("session.timeout.ms", SESSION.as_millis().to_string())
            .set("heartbeat.interval.ms", HEARTBEAT.as_millis().to_string())
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "latest")
            .create_with_context(Membership {
                context: Context::new(kafka),
                changes: watch::channel(0).0,
            })
            .map_err(failed)?;
        consumer.subscribe(&[topic]).map_err(failed)?;
        let consumer = Arc::new(consumer);
        let ended = Arc::new(AtomicBool::new(false));
        let (polled, stop) = (Arc::clone(&consumer), Arc::clone(&ended));
        let thread = thread::Builder::new().name("presence".to_owned()).spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                // What comes are errors and rebalances; both are handled below us, and an unreachable broker is
                // reported by the pipelines.
                let _ = polled.poll(POLL);
            }
        });
        let thread = thread.map_err(|cause| {
            PublishError::transient("publish.presence", "a thread could not be started")
                .because(cause)
        })?;
        let ours = [Some(owner), predecessor];
        let known = Mutex::default();
        Ok(Self { consumer, group, ours, known, ended, thread: Some(thread) })
    }

    /// The other instances that are members, as of the last second. Blocks for some milliseconds, at most two seconds.
    ///
    /// # Errors
    /// `Transient` when the coordinator does not answer.
    pub fn others(&self) -> Result<BTreeSet<Uuid>, PublishError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = *self.consumer.context().changes.borrow();
        if let Some(answer) = &*known
            && answer.at.elapsed() < FRESH
            && answer.changes == changes
        {
            return Ok(answer.others.clone());
        }
        let others = self.ask()?;
        *known = Some(Answer { at: Instant::now(), changes, others: others.clone() });
        Ok(others)
    }

    fn ask(&self) -> Result<BTreeSet<Uuid>, PublishError> {
        let list =
            self.consumer.client().fetch_group_list(Some(&self.group), ASK).map_err(|cause| {
                PublishError::transient(
                    "publish.presence",
                    "the group of the instances cannot be asked",
                )
                .because(cause)
            })?;
        let members = list.groups().iter().flat_map(GroupInfo::members);
        let owners =
            members.filter_map(|member| member.client_id().strip_prefix(CLIENT)?.parse().ok());
        Ok(owners.filter(|owner| !self.ours.contains(&Some(*owner))).collect())
    }

    /// Counts up whenever instances have come or gone.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.consumer.context().changes.subscribe()
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Leaving says that we are gone, so that a standby need not wait for the session to end.
        self.consumer.unsubscribe();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
