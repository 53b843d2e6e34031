//! What is measured on the daemon as a process of its own.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};

use crate::{
    Row,
    end_to_end::{Broker, fresh_name},
    feed,
    site::{self, Site},
    support::daemon::Daemon,
    table::peak_mib,
};

const STARTS: usize = 9;
/// Records in the file that a started daemon finds.
const FOUND: u64 = 1000;
const PATIENCE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(20);
/// Records of the block that the large file consists of.
const BLOCK: u64 = 1_000_000;
/// The unit of `/proc/PID/stat` on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// How long the check of a deployment with so many mappings takes.
pub fn check(mappings: u64) -> Row {
    let site = Site::new("{ embedded: true }", "bench");
    for n in 0..mappings {
        let text = site::MAPPING.replace("mapping: licences", &format!("mapping: licences-{n}"));
        site.write(&format!("mappings/licences-{n}.yaml"), text.as_bytes());
    }
    let mut best = f64::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        assert!(site.run(&["check"]).status.success(), "the deployment is right");
        best = best.min(began.elapsed().as_secs_f64());
    }
    Row::new(&format!("check/{mappings}-mappings"), best, "s").below(1.0)
}

/// From the start of the process until a consumer with `read_committed` has the first event: a deployment that has run
/// before finds a new file.
pub fn start(bootstrap: &str) -> Vec<Row> {
    let name = fresh_name();
    let site = Site::new(&Broker::Real(bootstrap).config(), &name);
    site.make_topics();
    let events = Events::from_the_end(bootstrap, &format!("{name}.licence.v1"));
    let mut took: Vec<f64> = (0..=STARTS as u64)
        .map(|round| {
            let records = feed::bytes(round * FOUND, (round + 1) * FOUND);
            site.write(&format!("drop/LIC-{round}.csv"), &records);
            site.write(&format!("drop/LIC-{round}.csv.ok"), b"");
            let began = Instant::now();
            let daemon = Daemon::start(&site, "start", &[]);
            events.next();
            let took = began.elapsed().as_secs_f64() * 1000.0;
            (1..FOUND).for_each(|_| events.next());
            assert!(daemon.terminate(PATIENCE).success(), "it drains");
            took
        })
        // The first start made the state directory, and whatever the broker makes for a new deployment.
        .skip(1)
        .collect();
    took.sort_by(f64::total_cmp);
    vec![
        Row::new("start-to-first-event", took[STARTS / 2], "ms").below(200.0),
        Row::new("start-to-first-event/worst", took[STARTS - 1], "ms"),
    ]
}

/// A consumer that stands at the end of a topic.
struct Events(BaseConsumer);

impl Events {
    fn from_the_end(bootstrap: &str, topic: &str) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "bench")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", "10")
            .create()
            .expect("a consumer");
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("the topic is there");
        let partitions = metadata.topics()[0].partitions();
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).expect("it is new");
        }
        consumer.assign(&list).expect("it can be read");
        // One end of partition for each: then all of them are being fetched.
        for _ in partitions {
            let end = consumer.poll(PATIENCE).expect("an answer");
            assert!(end.is_err(), "the topic is empty");
        }
        Self(consumer)
    }

    /// Waits for the next event.
    fn next(&self) {
        let began = Instant::now();
        while !matches!(self.0.poll(Duration::from_millis(100)), Some(Ok(_))) {
            assert!(began.elapsed() < PATIENCE, "an event comes");
        }
    }
}

/// What pipelines cost that have nothing to do: in their first minute, while they still hold their producers, and from
/// then on.
pub fn idle(bootstrap: &str, pipelines: usize) -> Vec<Row> {
    let site = Site::new(&Broker::Real(bootstrap).config(), &fresh_name());
    let first =
        fs::read_to_string(site.path().join("pipelines/licences.yaml")).expect("it is there");
    for n in 1..pipelines {
        let (name, directory) = (format!("licences-{n}"), format!("drop-{n}"));
        let text = first
            .replace("pipeline: licences", &format!("pipeline: {name}"))
            .replace("directory: drop", &format!("directory: {directory}"));
        site.write(&format!("pipelines/{name}.yaml"), text.as_bytes());
        site.write(&format!("{directory}/.keep"), b"");
    }
    site.make_topics();
    let daemon = Daemon::start(&site, "idle", &[]);
    let measured = |name: &str, state: &str| {
        until_all(&daemon, pipelines, state);
        let percent = percent_of_a_core(daemon.pid(), IDLE);
        Row::new(&format!("{name}/{pipelines}-pipelines"), percent, "% of core")
            .peak(peak_mib(daemon.pid()).unwrap_or(0.0))
    };
    let rows =
        vec![measured("idle-first-minute", "running"), measured("idle", "resting").below(2.0)];
    assert!(daemon.terminate(PATIENCE).success(), "it drains");
    rows
}

fn until_all(daemon: &Daemon<'_>, pipelines: usize, state: &str) {
    let began = Instant::now();
    let all = |status: serde_json::Value| {
        let found = status["pipelines"].as_array()?;
        Some(found.iter().filter(|pipeline| pipeline["state"] == *state).count() == pipelines)
    };
    while daemon.status().and_then(all) != Some(true) {
        assert!(began.elapsed() < 3 * PATIENCE, "not all are {state}:\n{}", daemon.log());
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

/// Processor time of a process over a while, in hundredths of one core.
fn percent_of_a_core(pid: u32, over: Duration) -> f64 {
    let (used, began) = (ticks(pid), Instant::now());
    while began.elapsed() < over {
        std::thread::park_timeout(over.saturating_sub(began.elapsed()));
    }
    (ticks(pid) - used) / TICKS_PER_SECOND / began.elapsed().as_secs_f64() * 100.0
}

/// User and system time.
fn ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name in brackets");
    let field = |at: usize| after_name.split(' ').nth(at).and_then(|text| text.parse::<f64>().ok());
    field(11).zip(field(12)).map(|(user, system)| user + system).expect("two numbers")
}

/// The most memory that the daemon holds while it reads a large file; `ACEQUIA_BENCH_GIB` says how large, 10 unless
/// told.
pub fn memory() -> Row {
    let gib: u64 =
        std::env::var("ACEQUIA_BENCH_GIB").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let site = Site::new("{ embedded: true }", "bench");
    let records = write_large(&site.path().join("drop/LIC.csv"), gib << 30);
    site.write("drop/LIC.csv.ok", b"");
    let began = Instant::now();
    let mut daemon = Daemon::start(&site, "memory", &["--once"]);
    let (mut peak, mut told) = (0.0_f64, Instant::now());
    let status = loop {
        if let Some(status) = daemon.ended() {
            break status;
        }
        peak = peak.max(peak_mib(daemon.pid()).unwrap_or(0.0));
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            let read = daemon.picture().map(|picture| picture["counts"]["in"].clone());
            let read = read.as_ref().and_then(serde_json::Value::as_u64).unwrap_or(0);
            eprintln!("# memory: {read} of {records} records, {peak:.1} MiB");
        }
        std::thread::park_timeout(Duration::from_millis(200));
    };
    assert!(status.success(), "the file is read:\n{}", daemon.log());
    let seconds = began.elapsed().as_secs_f64();
    Row::rate(&format!("file-of-{gib}-gib"), records as f64 / seconds)
        .peak(peak)
        .peak_below(150e6 / f64::from(1 << 20))
}

/// Writes a file of at least so many bytes. Gives how many records are in it.
fn write_large(path: &Path, bytes: u64) -> u64 {
    let mut file = File::create(path).expect("a file");
    file.write_all(feed::HEADER.as_bytes()).expect("there is room");
    let block = feed::bytes(0, BLOCK);
    let block = &block[feed::HEADER.len()..];
    let blocks = bytes.div_ceil(block.len() as u64);
    for written in 0..blocks {
        if written % 20 == 0 {
            eprintln!("# memory: {written} of {blocks} blocks of the file are written");
        }
        file.write_all(block).expect("there is room");
    }
    blocks * BLOCK
}
