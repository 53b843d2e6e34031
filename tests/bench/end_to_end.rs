//! From a file in a drop directory to committed events, against the same loop written by hand, on the same broker.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use acequia::{
    config::{self, Deployment, Options},
    connectors::registry,
    pipeline::state::Stop,
    supervisor::{Supervisor, startup},
};
use rdkafka::ClientConfig;

use crate::{
    Row, core, feed, hand, peak_mib,
    site::{self, Site},
};

const RECORDS: u64 = 1_000_000;
const ROUNDS: usize = 3;

/// Where the events of a run go.
#[derive(Clone, Copy)]
enum Broker<'a> {
    /// librdkafka's mock cluster, in this process.
    Mock,
    /// A real Kafka.
    Real(&'a str),
}

/// The settings under which everything below is measured.
pub fn settings() -> String {
    format!(
        "# {RECORDS} records of 11 fields, {} bytes of CSV; producer: lz4, linger 5 ms, acks=all, idempotent, murmur2;\n\
         # pipeline: group commit at 250 ms, 100,000 records or 16 MiB; the loop by hand has no transaction; medians of {ROUNDS}",
        feed::bytes(0, 1000).len() as u64 * RECORDS / 1000
    )
}

/// Everything that needs a broker.
pub fn all(wanted: &dyn Fn(&str) -> bool) {
    let feed = feed::bytes(0, RECORDS);
    if wanted("mock") {
        compare("end-to-end/mock", Broker::Mock, &feed);
    }
    if wanted("real") {
        match std::env::var("KAFKA_BOOTSTRAP") {
            Ok(bootstrap) => compare("end-to-end/real", Broker::Real(&bootstrap), &feed),
            Err(_) => println!("# end-to-end/real not run: KAFKA_BOOTSTRAP names no cluster"),
        }
    }
    if wanted("check") {
        check(200).print();
    }
    if wanted("memory") {
        memory().print();
    }
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

fn compare(name: &str, broker: Broker<'_>, feed: &[u8]) {
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|round| one(broker, feed, round)).collect();
    rounds.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let (ours, by_hand) = rounds[ROUNDS / 2];
    Row::rate(&format!("{name}/by-hand"), RECORDS as f64 / by_hand).print();
    Row::rate(name, RECORDS as f64 / ours)
        .ratio(by_hand / ours)
        .peak(peak_mib("self").unwrap_or(0.0))
        .print();
}

/// Seconds of the pipeline and of the loop by hand.
fn one(broker: Broker<'_>, feed: &[u8], round: usize) -> (f64, f64) {
    let deployment = format!("bench-{}-{round}", std::process::id());
    let kafka = match broker {
        Broker::Mock => "{ embedded: true }".to_owned(),
        Broker::Real(bootstrap) => {
            format!(
                "{{ bootstrap: \"{bootstrap}\", durability: {{ replication: 1, min_insync: 1 }} }}"
            )
        }
    };
    let site = Site::new(&kafka, &deployment);
    site.write("drop/LIC.csv", feed);
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
    assert_eq!(hand::publish(feed, &constants, &producer(&bootstrap)), RECORDS);
    let by_hand = began.elapsed().as_secs_f64();
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

/// How long the check of a deployment with so many mappings takes.
fn check(mappings: u64) -> Row {
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
    Row::new(&format!("check/{mappings}-mappings"), best, "s")
}

/// The most memory that the daemon holds while it reads a large file; `ACEQUIA_BENCH_GIB` says how large, 10 unless
/// told.
fn memory() -> Row {
    let gib: u64 =
        std::env::var("ACEQUIA_BENCH_GIB").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let site = Site::new("{ embedded: true }", "bench");
    site.write("drop/.keep", b"");
    let path = site.path().join("drop/LIC.csv");
    let mut out =
        std::io::BufWriter::with_capacity(1 << 20, fs::File::create(&path).expect("a file"));
    std::io::Write::write_all(&mut out, feed::HEADER.as_bytes()).expect("it is written");
    let mut next = 0;
    while fs::metadata(&path).expect("it is there").len() < gib << 30 {
        feed::write(&mut out, next, next + 1_000_000).expect("it is written");
        next += 1_000_000;
    }
    drop(out);
    site.write("drop/LIC.csv.ok", b"");
    let mut child =
        site.acequia().args(["run", "--once"]).stdout(Stdio::null()).spawn().expect("it starts");
    let pid = child.id().to_string();
    let began = Instant::now();
    let mut peak = 0.0_f64;
    let status = loop {
        peak = peak.max(peak_mib(&pid).unwrap_or(0.0));
        match child.try_wait().expect("it can be asked") {
            Some(status) => break status,
            None => std::thread::park_timeout(Duration::from_millis(200)),
        }
    };
    assert!(status.success(), "the file is read");
    let seconds = began.elapsed().as_secs_f64();
    Row::rate(&format!("file-of-{gib}-gib"), next as f64 / seconds).peak(peak)
}
