//! A Kafka broker inside the process, for demonstrations and a first try: librdkafka's mock cluster.
//!
//! Any Kafka client can connect to it while it runs. It is a stage set, not a broker: see [`LIMITS`].

use std::{
    sync::mpsc,
    thread::{self, JoinHandle},
};

use rdkafka::mocking::MockCluster;

use super::{PublishError, TopicPlan, outcome};

/// What the development broker cannot do, for people who meet it.
pub const LIMITS: &str = "\
the development broker keeps everything in memory and forgets it at the end; it accepts transactions but does not \
undo aborted ones, and does not fence a second producer; it drops the oldest records of a partition silently beyond \
5 MiB or 100,000 record sets; it neither compacts nor expires; it has no users, no TLS and no admin requests; it \
listens on the loopback interface only";

type Job = Box<dyn FnOnce(&MockCluster<'static, rdkafka::producer::DefaultProducerContext>) + Send>;

/// A running development broker. Dropping it ends it.
///
/// The cluster lives on a thread of its own, because the handle of it cannot leave the thread that made it.
#[derive(Debug)]
pub struct DevBroker {
    bootstrap: String,
    jobs: Option<mpsc::SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl DevBroker {
    /// Starts one broker on a free port of the loopback interface.
    ///
    /// # Errors
    /// `publish.dev_broker`.
    pub fn start() -> Result<Self, PublishError> {
        let (jobs, inbox) = mpsc::sync_channel::<Job>(4);
        let (ready, started) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("dev-broker".to_owned())
            .spawn(move || {
                let cluster = match MockCluster::new(1) {
                    Ok(cluster) => cluster,
                    Err(error) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(cluster.bootstrap_servers()));
                for job in inbox {
                    job(&cluster);
                }
            })
            .map_err(|error| failed("could not start its thread").because(error))?;
        let bootstrap = match started.recv() {
            Ok(Ok(bootstrap)) => bootstrap,
            Ok(Err(error)) => return Err(failed(&outcome::code_of(&error).to_string())),
            Err(_) => return Err(failed("its thread ended")),
        };
        Ok(Self { bootstrap, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Where clients connect: `127.0.0.1:PORT`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Creates the topics of a plan, with one copy each whatever the plan says. Existing ones stay as they are.
    ///
    /// # Errors
    /// `publish.dev_broker`.
    pub fn create_topics(&self, plan: &TopicPlan) -> Result<(), PublishError> {
        for topic in &plan.topics {
            let (name, partitions) = (topic.name.to_string(), topic.partitions);
            self.with(move |cluster| cluster.create_topic(&name, partitions, 1))?.or_else(
                |error| match outcome::code_of(&error) {
                    rdkafka::error::RDKafkaErrorCode::TopicAlreadyExists => Ok(()),
                    code => Err(failed(&code.to_string())),
                },
            )?;
        }
        Ok(())
    }

    /// Does something with the cluster on its thread and waits for it.
    pub(super) fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&MockCluster<'static, rdkafka::producer::DefaultProducerContext>) -> T
        + Send
        + 'static,
    ) -> Result<T, PublishError> {
        let (done, result) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |cluster| {
            let _ = done.send(job(cluster));
        });
        let jobs = self.jobs.as_ref().ok_or_else(|| failed("it has ended"))?;
        jobs.send(job).map_err(|_| failed("its thread ended"))?;
        result.recv().map_err(|_| failed("its thread ended"))
    }
}

impl Drop for DevBroker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn failed(why: &str) -> PublishError {
    PublishError::operator("publish.dev_broker", format!("the development broker failed: {why}"))
}
