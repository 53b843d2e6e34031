//! Nothing lost, nothing twice: the daemon is killed at random, runs twice, loses its broker; Kafka's own consumer
//! then finds every record of the generated feed exactly once.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use crate::support::{
    daemon::Daemon,
    feed,
    kafka::{self, Kafka},
    reader::{self, Record},
    site::Site,
};

const RECORDS: u64 = 500_000;
/// Kills for which that is enough; with more the feed must be longer, by what a life may read before its kill comes.
const KILLS: u64 = 5;
const RECORDS_OF_A_LIFE: u64 = 150_000;
const RECORDS_OF_A_FILE: u64 = 50_000;
const PATIENCE: Duration = Duration::from_secs(120);

/// A random number of this run; its seed is printed, so that a failure can be looked at again.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let seed = std::env::var("ACEQUIA_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) | 1);
        println!("seed: ACEQUIA_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn site(kafka: &Kafka, name: &str) -> Site {
    let deployment = format!("{name}-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &deployment);
    site.make_topics();
    site
}

fn topic(name: &str) -> String {
    format!("{name}-{}.licence.v1", std::process::id())
}

/// Drops the feed as several files; its log is simply that every number below `records` was written once.
fn drop_feed(site: &Site, records: u64, files: u64) {
    let each = records / files;
    for file in 0..files {
        let bytes = feed::bytes(file * each, (file + 1) * each);
        site.write(&format!("drop/LIC_{file:02}.csv"), &bytes);
        site.write(&format!("drop/LIC_{file:02}.csv.ok"), b"");
    }
}

/// Every record of the feed exactly once, by key and by id, compared per record and not by totals: a loss must not
/// hide behind a duplicate.
fn assert_exactly_once(events: &[Record], records: u64) {
    let mut seen: HashMap<&[u8], u64> = HashMap::new();
    let mut ids = HashSet::new();
    for event in events {
        *seen.entry(event.key.as_deref().unwrap()).or_default() += 1;
        assert!(ids.insert(event.json()["id"].as_str().unwrap().to_owned()), "an id twice");
    }
    let missing: Vec<u64> =
        (0..records).filter(|n| !seen.contains_key(format!("EXP/{n:09}").as_bytes())).collect();
    let twice = seen.values().filter(|count| **count > 1).count();
    assert!(
        missing.is_empty(),
        "{} records are missing, the first is {}",
        missing.len(),
        missing[0]
    );
    assert_eq!(twice, 0, "records published more than once");
    assert_eq!(seen.len() as u64, records, "records that nobody wrote");
}

fn read(picture: &serde_json::Value) -> u64 {
    picture["counts"]["in"].as_u64().unwrap_or_default()
}

#[test]
fn kills_at_random_points_lose_nothing_and_repeat_nothing() {
    let kafka = kafka::shared();
    let kills =
        std::env::var("ACEQUIA_TORTURE_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let records = RECORDS + kills.saturating_sub(KILLS) * RECORDS_OF_A_LIFE;
    let mut random = Random::seeded();
    let site = site(&kafka, "kills");
    drop_feed(&site, records, records / RECORDS_OF_A_FILE);
    // A life shorter than that would end before its first transaction.
    let share = RECORDS / (KILLS + 1);
    for kill in 0..kills {
        let mut daemon = Daemon::start(&site, "daemon", &[]);
        // At a random record of this life; the moment after it may be inside a transaction or between two.
        let at = share / 4 + random.below(share / 2);
        let picture = daemon.until("progress", PATIENCE, |picture| read(picture) >= at);
        std::thread::park_timeout(Duration::from_micros(random.below(250_000)));
        println!("kill {}: after {} records of its life", kill + 1, read(&picture));
        daemon.kill();
    }
    let last = Daemon::start(&site, "daemon", &["--once"]);
    assert!(last.finish(PATIENCE).success());
    let topic = topic("kills");
    assert_exactly_once(&reader::committed(kafka.bootstrap(), &topic), records);
    let all = reader::uncommitted(kafka.bootstrap(), &topic);
    let aborted = all.len() as u64 - records;
    let hit = kills_inside_transactions(&all, records);
    println!(
        "{aborted} records of aborted transactions are visible under read_uncommitted; {hit} of {kills} kills hit an open transaction"
    );
    assert!(
        hit * 10 >= kills * 3,
        "{hit} of {kills} kills hit an open transaction: too few to prove anything"
    );
}

/// How many kills hit an open transaction. Each that did leaves records of one region of the feed that were sent
/// once more than the others; the partitions of a region need not have come equally far, so it may have holes, but
/// two kills are further apart than a hole is long.
fn kills_inside_transactions(all: &[Record], records: u64) -> u64 {
    const HOLE: usize = 10_000;
    let mut times = vec![0_u64; usize::try_from(records).unwrap()];
    for record in all {
        let key = std::str::from_utf8(record.key.as_deref().unwrap()).unwrap();
        let number: usize = key.trim_start_matches("EXP/").parse().unwrap();
        times[number] += 1;
    }
    let again = times.iter().enumerate().filter(|(_, times)| **times > 1);
    let mut regions: Vec<(usize, u64)> = Vec::new();
    for (at, times) in again {
        match regions.last_mut() {
            Some((last, most)) if at - *last < HOLE => {
                *last = at;
                *most = (*most).max(times - 1);
            }
            _ => regions.push((at, times - 1)),
        }
    }
    regions.iter().map(|(_, most)| most).sum()
}

#[test]
fn of_two_instances_one_works_and_the_other_takes_over_when_it_is_gone() {
    // Started together, neither sees the other's claim: one fences the other, and so many records are left to be read
    // that the fenced one is at work when it happens.
    const FIRST: u64 = 400_000;
    const ALL: u64 = 410_000;
    let kafka = kafka::shared();
    let site = site(&kafka, "pair");
    // The second instance is the same deployment on another host: the same drop directory, a state of its own.
    let other = site.path().join("other.yaml");
    let daemon = std::fs::read_to_string(site.config()).unwrap();
    std::fs::write(&other, daemon.replace("state: state", "state: state2")).unwrap();
    drop_feed(&site, FIRST, 4);
    let mut pair = [
        Daemon::start(&site, "first", &[]),
        Daemon::start_at(&site, "second", "other.yaml", "state2"),
    ];
    let state =
        |picture: &serde_json::Value| picture["state"].as_str().unwrap_or_default().to_owned();
    let standing_by =
        |daemon: &Daemon<'_>| daemon.picture().is_some_and(|picture| state(&picture) == "standby");
    let began = std::time::Instant::now();
    let active = loop {
        match (standing_by(&pair[0]), standing_by(&pair[1])) {
            (false, true) => break 0,
            (true, false) => break 1,
            _ => {}
        }
        assert!(
            began.elapsed() < PATIENCE,
            "nobody stands by:\n{}\n{}",
            pair[0].log(),
            pair[1].log()
        );
        std::thread::park_timeout(Duration::from_millis(20));
    };
    pair[active].until("the feed to be read", PATIENCE, |picture| {
        state(picture) == "running" && read(picture) > 0
    });
    let [first, second] = pair;
    let (active, mut standby) = if active == 0 { (first, second) } else { (second, first) };
    let published = |kafka: &Kafka| reader::committed(kafka.bootstrap(), &topic("pair"));
    active.kill();
    site.write("drop/LIC_99.csv", &feed::bytes(FIRST, ALL));
    site.write("drop/LIC_99.csv.ok", b"");
    standby.until("the standby to take over", PATIENCE, |picture| state(picture) == "running");
    // It reads what the first had not committed, and the new file.
    let began = std::time::Instant::now();
    while published(&kafka).len() as u64 != ALL {
        assert!(began.elapsed() < PATIENCE, "not everything is published:\n{}", standby.log());
    }
    assert!(standby.terminate(Duration::from_secs(25)).success());
    assert_exactly_once(&published(&kafka), ALL);
}

#[test]
fn a_broker_that_restarts_costs_nothing_but_time() {
    const ALL: u64 = 200_000;
    if std::env::var("KAFKA_BOOTSTRAP").is_ok() {
        println!("not run: the cluster of KAFKA_BOOTSTRAP is not ours to restart");
        return;
    }
    let mut kafka = Kafka::start();
    let site = site(&kafka, "restart");
    drop_feed(&site, ALL, 4);
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until("progress", PATIENCE, |picture| read(picture) > ALL / 8);
    kafka.kill();
    daemon.until("the failure to show", PATIENCE, |picture| {
        picture["state"] != "running" || !picture["failure"].is_null()
    });
    kafka.resume();
    daemon.until("everything to be read", PATIENCE, |picture| read(picture) == ALL);
    assert!(daemon.terminate(Duration::from_secs(25)).success());
    assert_exactly_once(&reader::committed(kafka.bootstrap(), &topic("restart")), ALL);
}
