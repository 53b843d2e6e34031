//! A daemon as an operator meets it: reload, stop, readiness, positions.

use std::{
    net::TcpListener,
    os::unix::net::UnixDatagram,
    path::Path,
    process::Output,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value as Json;

use crate::support::{
    daemon::Daemon,
    feed, kafka, reader,
    site::{MAPPING, Site},
};

const EMBEDDED: &str = "{ embedded: true }";

/// A deployment with two pipelines, `licences` and `others`, each with a directory and a mapping of its own.
fn two_pipelines(deployment: &str) -> Site {
    let site = Site::new(EMBEDDED, deployment);
    site.write(
        "pipelines/others.yaml",
        b"pipeline: others\nsource:\n  connector: files\n  directory: other\n  match: \"*.csv\"\n  \
          format: { csv: { delimiter: \";\" } }\n  complete: { marker: \"{name}.ok\" }\nmapping: [others]\n\
          publish: { tombstones: false }\n",
    );
    site.write(
        "mappings/others.yaml",
        MAPPING.replace("mapping: licences", "mapping: others").as_bytes(),
    );
    site.write("other/.keep", b"");
    site
}

fn drop_file(site: &Site, directory: &str, name: &str, from: u64, to: u64) {
    site.write(&format!("{directory}/{name}.csv"), &feed::bytes(from, to));
    site.write(&format!("{directory}/{name}.csv.ok"), b"");
}

/// The part of a pipeline; nothing while there is none of the name.
fn pipeline<'a>(status: &'a Json, name: &str) -> &'a Json {
    let mut pipelines = status["pipelines"].as_array().into_iter().flatten();
    pipelines.find(|known| known["name"] == name).unwrap_or(&Json::Null)
}

fn read(status: &Json, name: &str) -> u64 {
    pipeline(status, name)["counts"]["in"].as_u64().unwrap_or(0)
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What systemd would hear.
struct Notices(UnixDatagram);

impl Notices {
    fn listen(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(socket)
    }

    fn next(&self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let length = self.0.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_reload_replaces_what_changed_and_touches_nothing_else_and_systemd_hears_of_it() {
    let site = two_pipelines("reload");
    let notices = Notices::listen(&site.path().join("notify"));
    drop_file(&site, "drop", "a", 0, 5);
    drop_file(&site, "other", "a", 0, 5);
    let mut daemon = Daemon::start_notifying(&site, "daemon", &site.path().join("notify"));
    assert_eq!(notices.next(), ["READY=1"]);
    let before = daemon.until_status("first files", |status| {
        read(status, "licences") == 5 && read(status, "others") == 5
    });
    let mapped = |daemon: &Daemon<'_>| -> String {
        daemon.get("/pipelines/licences/positions").unwrap().1["splits"][0]["mappings"][0]
            .to_string()
    };
    let old = mapped(&daemon);

    site.write("mappings/licences.yaml", MAPPING.replace("  remarks:  OBS\n", "").as_bytes());
    daemon.signal(Signal::HUP);
    let reloading = notices.next();
    assert_eq!(reloading[0], "RELOADING=1");
    assert!(reloading[1].starts_with("MONOTONIC_USEC="), "{reloading:?}");
    assert_eq!(notices.next(), ["READY=1"]);
    drop_file(&site, "drop", "b", 5, 12);
    drop_file(&site, "other", "b", 5, 12);
    let after = daemon.until_status("second files", |status| {
        read(status, "licences") == 7 && read(status, "others") == 12
    });
    assert_ne!(mapped(&daemon), old, "the new version of the mapping is at work");
    for same in ["life", "since", "state"] {
        assert_eq!(pipeline(&after, "others")[same], pipeline(&before, "others")[same], "{same}");
    }
    assert_eq!(after["reload"]["failure"], Json::Null);
    assert_eq!(after["reload"]["restart"], false);

    daemon.signal(Signal::TERM);
    assert_eq!(notices.next(), ["STOPPING=1"]);
    assert!(daemon.finish(Duration::from_secs(25)).success());
}

#[test]
fn a_broken_mapping_is_refused_the_old_one_keeps_running_and_status_says_so() {
    let site = two_pipelines("refused");
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until_status("start", |status| status["ready"] == true);
    let broken = MAPPING.replace("issuedOn: FEC_ALTA", "issuedOn: FEC_ATLA");
    site.write("mappings/licences.yaml", broken.as_bytes());
    daemon.signal(Signal::HUP);
    let status = daemon.until_status("refusal", |status| !status["reload"]["failure"].is_null());
    let failure = &status["reload"]["failure"];
    assert_eq!(failure["code"], "config.reload");
    assert!(failure["message"].as_str().unwrap().contains("mappings/licences.yaml:"), "{failure}");
    drop_file(&site, "drop", "a", 0, 5);
    let status = daemon.until_status("file", |status| read(status, "licences") == 5);
    assert_eq!(pipeline(&status, "licences")["life"], 1);
    let shown = site.run(&["status"]);
    assert!(shown.status.success(), "what runs is well: {}", text(&shown));
    let shown = text(&shown);
    assert!(shown.contains("the configuration on disk is not used: config.reload"), "{shown}");
    assert!(shown.contains("did you mean `FEC_ALTA`?"), "{shown}");

    site.write("mappings/licences.yaml", MAPPING.as_bytes());
    daemon.signal(Signal::HUP);
    daemon.until_status("acceptance", |status| status["reload"]["failure"].is_null());
    assert!(!text(&site.run(&["status"])).contains("is not used"));
}

#[test]
fn a_stop_in_the_midst_of_work_commits_what_is_mapped_and_the_next_start_goes_on_there() {
    const RECORDS: u64 = 400_000;
    let kafka = kafka::shared();
    let deployment = format!("stop-{}", std::process::id());
    let cluster = format!(
        "{{ bootstrap: \"{}\", durability: {{ replication: 1, min_insync: 1 }} }}",
        kafka.bootstrap()
    );
    let site = Site::new(&cluster, &deployment);
    site.make_topics();
    drop_file(&site, "drop", "a", 0, RECORDS / 2);
    drop_file(&site, "drop", "b", RECORDS / 2, RECORDS);
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until("commit", Duration::from_secs(60), |picture| {
        picture["transaction"].as_u64() > Some(0)
    });
    let began = Instant::now();
    let status = daemon.terminate(Duration::from_secs(25));
    println!("stopped within {:?}", began.elapsed());
    assert_eq!(status.code(), Some(0));

    let shown = site.run(&["position", "show", "licences", "--json"]);
    let stored: Json = serde_json::from_slice(&shown.stdout).unwrap();
    let done = stored["splits"][0]["counts"]["published"].as_u64().unwrap();
    assert!(0 < done && done < RECORDS, "it was stopped in the midst of it: {done}");
    let topic = format!("{deployment}.licence.v1");
    let committed = reader::committed(kafka.bootstrap(), &topic).len() as u64;
    let sent = reader::uncommitted(kafka.bootstrap(), &topic).len() as u64;
    assert_eq!((committed, sent), (done, done), "nothing that was sent is left uncommitted");

    assert!(site.run(&["run", "--once"]).status.success());
    let mut keys: Vec<_> =
        reader::committed(kafka.bootstrap(), &topic).into_iter().map(|event| event.key).collect();
    assert_eq!(keys.len() as u64, RECORDS);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len() as u64, RECORDS, "every record once");
}

#[test]
fn a_stuck_pipeline_makes_the_daemon_not_ready_while_it_lives() {
    // Takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let cluster = format!("{{ bootstrap: \"{}\" }}", silent.local_addr().unwrap());
    let site = Site::new(&cluster, "stuck");
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until_status("answer", |_| true);
    assert_eq!(daemon.get("/livez").unwrap().0, 200);
    let (code, body) = daemon.get("/readyz").unwrap();
    assert_eq!((code, &body["ready"]), (503, &Json::from(false)));
    assert_eq!(body["waiting"][0]["pipeline"], "licences");
    let shown = site.run(&["status"]);
    assert_eq!(shown.status.code(), Some(1), "{}", text(&shown));
    assert!(text(&shown).contains("not ready"));
}

#[test]
fn one_pipeline_that_stopped_makes_the_daemon_not_ready_until_it_is_resumed() {
    let site = two_pipelines("failed");
    std::fs::rename(site.path().join("other"), site.path().join("away")).unwrap();
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until_status("failure", |status| {
        pipeline(status, "others")["state"] == "failed"
            && pipeline(status, "licences")["ready"] == true
    });
    let (code, body) = daemon.get("/readyz").unwrap();
    assert_eq!((code, &body["waiting"][0]["code"]), (503, &Json::from("files.directory")));
    assert_eq!(body["waiting"].as_array().unwrap().len(), 1);
    std::fs::rename(site.path().join("away"), site.path().join("other")).unwrap();
    assert!(site.run(&["resume", "others"]).status.success());
    daemon.until_status("recovery", |status| status["ready"] == true);
    assert_eq!(daemon.get("/readyz").unwrap().0, 200);
}

#[test]
fn a_position_is_changed_through_the_daemon_only_while_its_pipeline_is_paused() {
    let site = two_pipelines("position");
    drop_file(&site, "drop", "a", 0, 5);
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    daemon.until_status("file", |status| read(status, "licences") == 5);
    let exported = site.run(&["position", "export", "licences"]);
    assert!(exported.status.success(), "{}", text(&exported));
    site.write("positions.json", &exported.stdout);

    let reset = ["position", "reset", "licences", "--reason", "a test"];
    let refused = site.run(&reset);
    assert_eq!(refused.status.code(), Some(3));
    let said = text(&refused);
    assert!(
        said.contains("(pipeline.not_held)") && said.contains("acequia pause licences"),
        "{said}"
    );

    assert!(site.run(&["pause", "licences"]).status.success());
    daemon.until_status("pause", |status| pipeline(status, "licences")["state"] == "paused");
    let done = site.run(&reset);
    assert!(done.status.success(), "{}", text(&done));
    let shown = text(&site.run(&["position", "show", "licences"]));
    assert!(shown.contains("no split has a position"), "{shown}");
    let file = site.path().join("positions.json");
    let back = ["position", "import", "licences", file.to_str().unwrap(), "--reason", "back"];
    assert!(site.run(&back).status.success());
    let again = site.run(&["position", "export", "licences"]);
    assert_eq!(again.stdout, exported.stdout);

    assert!(site.run(&["resume", "licences"]).status.success());
    drop_file(&site, "drop", "b", 5, 12);
    let status = daemon.until_status("second file", |status| read(status, "licences") == 12);
    assert_eq!(pipeline(&status, "others")["life"], 1, "nobody else noticed");
}

#[test]
fn status_shows_rates_what_is_left_and_where_every_file_stands() {
    let site = two_pipelines("status");
    drop_file(&site, "drop", "a", 0, 500);
    // Without its marker it waits.
    site.write("drop/b.csv", &feed::bytes(500, 600));
    let mut daemon = Daemon::start(&site, "daemon", &[]);
    let status = daemon.until_status("one file read and one seen", |status| {
        let picture = pipeline(status, "licences");
        picture["units"]["counts"]["archived"] == 1 && picture["backlog"]["waiting"] == 1
    });
    let picture = pipeline(&status, "licences");
    let size = std::fs::metadata(site.path().join("drop/b.csv")).unwrap().len();
    assert_eq!(picture["backlog"]["bytes"], size);
    assert!(picture["records_per_second"].as_f64().unwrap() > 0.0);
    assert_eq!(picture["splits"][0]["counts"]["in"], 500);
    let shown = text(&site.run(&["status", "licences"]));
    assert!(shown.contains("1 waiting, 1 archived"), "{shown}");
    assert!(
        shown.contains("a.csv")
            && shown.contains("b.csv")
            && shown.contains("`b.csv.ok` is not there yet"),
        "{shown}"
    );
    let shown = site.run(&["status", "--json"]);
    let json: Json = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(pipeline(&json, "licences")["units"]["now"]["waiting"], 1);
    let misspelt = site.run(&["status", "licenses"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(text(&misspelt).contains("did you mean `licences`?"));
    let (_, metrics) = daemon.get_text("/metrics").unwrap();
    for line in [
        format!("acequia_pipeline_backlog_bytes{{pipeline=\"licences\"}} {size}"),
        "acequia_pipeline_backlog_units{pipeline=\"licences\",state=\"waiting\"} 1".to_owned(),
        "acequia_split_records_read_total{pipeline=\"licences\",split=\"files\"} 500".to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    assert!(metrics.contains("acequia_pipeline_records_per_second{pipeline=\"licences\"}"));
}
