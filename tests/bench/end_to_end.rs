//! From a file in a drop directory to committed events, against the same loop written by hand, on the same broker.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use acequia::{
    config::{self, Deployment, Options},
    connectors::registry,
    pipeline::state::Stop,
    supervisor::{Supervisor, startup},
};
use rdkafka::ClientConfig;
use tempfile::NamedTempFile;

use crate::{Row, core, feed, hand, site::Site, table::peak_mib};

const RECORDS: u64 = 1_000_000;
const ROUNDS: usize = 3;
const OWN_NODE: &str = "one Apache Kafka 4 (KRaft) on this machine, -Xmx400m, serial GC, C1 only, 2 network and 2 I/O threads, \
     replication 1";

/// Where the events of a run go.
#[derive(Clone, Copy)]
pub enum Broker<'a> {
    /// librdkafka's mock cluster, in this process.
    Mock,
    /// A real Kafka.
    Real(&'a str),
}

impl Broker<'_> {
    /// It as a deployment names it.
    pub fn config(self) -> String {
        match self {
            Self::Mock => "{ embedded: true }".to_owned(),
            Self::Real(bootstrap) => format!(
                "{{ bootstrap: \"{bootstrap}\", durability: {{ replication: 1, min_insync: 1 }} }}"
            ),
        }
    }
}

/// A name that no deployment on the cluster has.
pub fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("bench-{}-{number}", std::process::id())
}

/// The settings under which everything below is measured.
pub fn settings() -> String {
    format!(
        "# {RECORDS} records of 11 fields, {} bytes of CSV; producer: lz4, linger 5 ms, acks=all, idempotent, murmur2;\n\
         # pipeline: group commit at 250 ms, 100,000 records or 16 MiB; the loop by hand has no transaction; medians of {ROUNDS}\n\
         # mock broker: librdkafka's mock cluster in this process; real broker: {}",
        feed::bytes(0, 1000).len() as u64 * RECORDS / 1000,
        match std::env::var("KAFKA_BOOTSTRAP") {
            Ok(bootstrap) => format!("the cluster at {bootstrap}"),
            Err(_) => OWN_NODE.to_owned(),
        }
    )
}

/// The file that is published. It is not held in memory, so that peaks show what the pipeline holds.
pub fn feed() -> NamedTempFile {
    let file = NamedTempFile::new().expect("a temporary file");
    let mut out = BufWriter::new(file.as_file());
    out.write_all(feed::HEADER.as_bytes()).expect("there is room");
    feed::write(&mut out, 0, RECORDS).expect("there is room");
    out.flush().expect("there is room");
    drop(out);
    file
}

fn load(site: &Site) -> Deployment {
    let options = Options { registry: registry(), secrets: true };
    let (deployment, found) = config::load(&site.config(), options);
    deployment.unwrap_or_else(|| panic!("{}", acequia::diagnostic::render(&found, false)))
}

fn producer(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("queue.buffering.max.messages", "1000000")
        .set("delivery.report.only.error", "true");
    config
}

/// The pipeline and the loop by hand by turns; the row of the median ratio.
pub fn compare(name: &str, broker: Broker<'_>, feed: &Path) -> Vec<Row> {
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| one(broker, feed)).collect();
    rounds.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let (ours, by_hand) = rounds[ROUNDS / 2];
    vec![
        Row::rate(&format!("{name}/by-hand"), RECORDS as f64 / by_hand),
        Row::rate(name, RECORDS as f64 / ours)
            .ratio(by_hand / ours)
            .peak(peak_mib(std::process::id()).unwrap_or(0.0))
            .ratio_at_least(0.8),
    ]
}

/// Seconds of the pipeline and of the loop by hand.
fn one(broker: Broker<'_>, feed: &Path) -> (f64, f64) {
    let site = Site::new(&broker.config(), &fresh_name());
    fs::copy(feed, site.path().join("drop/LIC.csv")).expect("there is room");
    site.write("drop/LIC.csv.ok", b"");
    if let Broker::Real(_) = broker {
        site.make_topics();
    }
    let deployment = load(&site);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ground = startup::prepare(&deployment, registry(), true).expect("it starts");
    let bootstrap = ground.around.kafka.bootstrap.clone().expect("it is known");
    let topic = format!("{}.licence.v1", deployment.daemon.deployment);
    let mapping = core::mapping();
    let constants = hand::Constants { topic: &topic, ..core::constants(&mapping) };
    let began = Instant::now();
    let file = File::open(feed).expect("it is there");
    assert_eq!(hand::publish(file, &constants, &producer(&bootstrap)), RECORDS);
    let by_hand = began.elapsed().as_secs_f64();
    // From here on the peak is the pipeline's.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let began = Instant::now();
    let counts = runtime.block_on(async {
        let mut supervisor = Supervisor::new(None);
        let fleet = supervisor.fleet();
        supervisor.apply(startup::plan(&deployment, &ground.around).expect("it compiles")).await;
        let stops = supervisor.finished().await;
        let status = fleet.get("licences").expect("it runs").status.read();
        assert!(stops.values().all(|stop| *stop == Stop::Done), "{:?}", status.failure);
        status.counts
    });
    let ours = began.elapsed().as_secs_f64();
    assert_eq!(counts.published, RECORDS);
    (ours, by_hand)
}
