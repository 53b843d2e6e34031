//! Personal values go in, as good records, bad ones, too large ones and deletes; then everything that the daemon, Kafka
//! and the command line show is searched for them.

use std::{fs, path::Path, time::Duration};

use acequia::event::KeyRing;

use super::{
    search::{Canary, Search},
    town,
};
use crate::support::{daemon::Daemon, kafka, reader, site::Site};

const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes that somebody else may see, and where.
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    /// Everything of a topic, aborted transactions among it.
    fn topic(&mut self, bootstrap: &str, topic: &str) -> usize {
        let records = reader::uncommitted(bootstrap, topic);
        for record in &records {
            let place =
                |part: &str| format!("{topic}/{}:{} {part}", record.partition, record.offset);
            self.add(place("key"), record.key.clone().unwrap_or_default());
            self.add(place("headers"), record.headers.clone());
            self.add(place("value"), record.value.clone().unwrap_or_default());
        }
        records.len()
    }

    fn files(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                self.files(&entry);
            } else if entry.is_file() {
                self.add(entry.display().to_string(), fs::read(&entry).unwrap());
            }
        }
    }

    /// Where what was found.
    fn leaks(&self, search: &Search) -> Vec<String> {
        let leaks = self.0.iter().flat_map(|(place, bytes)| {
            search.find(bytes).into_iter().map(move |what| format!("{place}: {what}"))
        });
        leaks.collect()
    }
}

/// What every verb prints that is not asked for values.
fn verbs(site: &Site, key: &str, seen: &mut Seen) {
    let verbs: [&[&str]; 16] = [
        &["check"],
        &["check", "--json"],
        &["check", "--connect"],
        &["check", "--explain", "person"],
        &["check", "--explain", "name", "--json"],
        &["test"],
        &["status"],
        &["status", "residents"],
        &["status", "--json"],
        &["topics", "plan"],
        &["quarantine", "list"],
        &["quarantine", "list", "--json"],
        &["position", "show", "residents"],
        &["position", "show", "residents", "--json"],
        &["processing"],
        &["processing", "--json"],
    ];
    for verb in verbs {
        let output = site
            .acequia()
            .args(verb)
            .env("ACCOUNTS_KEY", key)
            .env("ACEQUIA_LOG", "trace")
            .output()
            .unwrap();
        let code = output.status.code().unwrap_or(9);
        assert!(code < 2, "{verb:?} {}", String::from_utf8_lossy(&output.stderr));
        seen.add(format!("`{}`", verb.join(" ")), [output.stdout, output.stderr].concat());
    }
}

fn secrets(site: &Site, accounts: &str) -> Vec<Canary> {
    let mut texts = vec![("accounts".to_owned(), accounts.to_owned())];
    for name in ["pseudonym", "quarantine", "state"] {
        let text = fs::read_to_string(site.path().join("keys").join(name)).unwrap();
        texts.push((name.to_owned(), text));
    }
    let key = |text: &str| text.trim().split_once(": ").unwrap().1.to_owned();
    texts
        .iter()
        .map(|(name, text)| Canary { name: format!("the key `{name}`"), value: key(text) })
        .collect()
}

#[test]
fn no_personal_value_is_anywhere_but_where_the_policy_lets_it() {
    let kafka = kafka::shared();
    let deployment = format!("canary-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = town::site(&cluster, &deployment);
    let accounts = KeyRing::generate("a1");
    let feed = town::feed();
    let made = site.acequia().args(["topics", "apply"]).env("ACCOUNTS_KEY", &accounts).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    site.write("drop/R_00.csv", &feed.bytes);
    site.write("drop/R_00.csv.ok", b"");
    let environment = [("ACCOUNTS_KEY", accounts.as_str()), ("ACEQUIA_LOG", "trace")];
    let mut daemon = Daemon::start_with(&site, "daemon", &environment);
    let picture = daemon.until("the records to be read", PATIENCE, |picture| {
        picture["counts"]["in"].as_u64().is_some_and(|count| count >= 13)
    });
    // good, lower, gone and last; everything else is refused.
    assert_eq!(picture["counts"]["rejected"], 9, "{picture}");
    // A quote that nothing ends: the rest of the file is not read.
    let unclosed = String::from_utf8_lossy(&feed.bytes).replace("Zqxcuentagood", "\"Zqxcuentagood");
    site.write("drop/R_01.csv", unclosed.as_bytes());
    site.write("drop/R_01.csv.ok", b"");
    daemon.until("the second file to be judged", PATIENCE, |picture| {
        picture["counts"]["rejected"].as_u64().is_some_and(|count| count > 9)
            || picture["failure"].is_object()
    });

    let mut seen = Seen(Vec::new());
    for path in
        ["/status", "/metrics", "/readyz", "/livez", "/pipelines/residents/positions", "/nowhere"]
    {
        let (_, body) = daemon.get_text(path).unwrap();
        seen.add(path, body);
    }
    verbs(&site, &accounts, &mut seen);
    let process = format!("/proc/{}/cmdline", daemon.pid());
    seen.add(process.clone(), fs::read(process).unwrap());
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "a memory image would hold it all");
    for topic in ["acequia.checkpoints", "acequia.state", "acequia.quarantine"] {
        let records = seen.topic(kafka.bootstrap(), &format!("{deployment}.{topic}"));
        assert!(records > 0 || topic == "acequia.state", "{topic} is empty");
    }
    let log = daemon.log();
    assert!(log.contains("TRACE"), "the log is not at its most talkative");
    assert!(daemon.terminate(PATIENCE).success());
    seen.files(&site.path().join("state"));
    seen.add("the log", fs::read(site.path().join("daemon.log")).unwrap());

    let mut canaries = feed.canaries;
    canaries.extend(secrets(&site, &accounts));
    let search = Search::new(&canaries);
    let leaks = seen.leaks(&search);
    assert!(leaks.is_empty(), "{leaks:#?}");

    // In events only what the policy allows, and this is found: the search reads what Kafka holds.
    let mut events = Seen(Vec::new());
    assert!(events.topic(kafka.bootstrap(), &format!("{deployment}.resident.v1")) >= 4);
    let (values, around): (Vec<_>, Vec<_>) =
        events.0.into_iter().partition(|(place, _)| place.ends_with("value"));
    let leaks = Seen(around).leaks(&search);
    assert!(leaks.is_empty(), "{leaks:#?}");
    let values = Seen(values);
    let allowed = Search::new(std::slice::from_ref(&feed.allowed));
    assert!(!values.leaks(&allowed).is_empty(), "the control was not found");
    canaries.retain(|canary| !canary.name.starts_with("CORREO of"));
    let leaks = values.leaks(&Search::new(&canaries));
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// The same search over the same kinds of places, with a value in one of them.
#[test]
fn a_value_that_is_planted_is_found_with_its_place() {
    let feed = town::feed();
    let search = Search::new(&feed.canaries);
    let mut seen = Seen(Vec::new());
    seen.add("a clean place", "p1.k1.4aoct3gvya34seftvbdelyr5ra Z******* 1942");
    assert!(seen.leaks(&search).is_empty());
    let text = format!("{{\"error\":\"cannot read {}\"}}", "ZQXFECHA");
    seen.add("an error", text.clone());
    seen.add("a sealed thing", data_encoding::BASE64.encode(text.as_bytes()));
    let leaks = seen.leaks(&search);
    assert_eq!(leaks.len(), 2, "{leaks:?}");
    assert!(leaks[0].starts_with("an error: NACE of date (upper case, clear)"), "{leaks:?}");
    assert!(leaks[1].contains("base64"), "{leaks:?}");
}
