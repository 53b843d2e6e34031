//! The program as a person meets it.

mod check;
mod daemon;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::support::{feed, site::Site};

fn demo(arguments: &[&str]) -> (String, Duration) {
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_acequia"))
        .arg("demo")
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let took = began.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), took)
}

/// Rows of the summary by pipeline: read, published, rejected, filtered, duplicate files.
fn summary(shown: &str, pipeline: &str) -> Vec<u64> {
    let row =
        shown.lines().find(|line| line.trim_start().starts_with(&format!("{pipeline} "))).unwrap();
    row.split_whitespace().skip(1).take(5).map(|word| word.parse().unwrap()).collect()
}

#[test]
fn the_demonstration_shows_every_event_traceable_to_its_line_and_sums_up() {
    let (shown, _) = demo(&["--all"]);
    assert_eq!(summary(&shown, "permits"), [46, 35, 9, 2, 1]);
    assert_eq!(summary(&shown, "register"), [29, 23, 5, 1, 0]);
    assert_eq!(summary(&shown, "requests"), [18, 10, 6, 2, 0]);
    let events: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains("v1.upserted  ") || line.contains("v1.deleted  "))
        .collect();
    assert_eq!(events.len(), 35 + 23 + 10);
    for event in events {
        let place = event.split_whitespace().next().unwrap();
        let (file, line) = place.rsplit_once(':').unwrap();
        assert!(["LIC_", "SOL_", "PADRON_"].iter().any(|start| file.starts_with(start)), "{event}");
        assert!(line.parse::<u64>().is_ok_and(|line| line > 0), "{event}");
    }
    for reason in ["decode.date", "decode.csv.ragged", "map.unmapped_code", "map.required_missing"]
    {
        assert!(shown.contains(reason), "{reason}");
    }
}

/// The best of a few: librdkafka sometimes sleeps a whole second between learning the transaction coordinator's
/// name and connecting to it, which no setting of ours prevents.
#[test]
fn the_demonstration_takes_less_than_a_second() {
    let times: Vec<Duration> = (0..5).map(|_| demo(&[]).1).collect();
    println!("{times:?}");
    assert!(times.iter().min().unwrap() < &Duration::from_secs(1), "{times:?}");
}

#[test]
fn a_new_deployment_passes_its_own_check_and_tests() {
    let parent = tempfile::tempdir().unwrap();
    let town = parent.path().join("town");
    let acequia = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acequia"));
        command.args(arguments).env("NO_COLOR", "1").output().unwrap()
    };
    let made = acequia(&["init", town.to_str().unwrap(), "--example"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let config = town.join("acequia.yaml");
    for verb in ["check", "test"] {
        let done = acequia(&["--config", config.to_str().unwrap(), verb]);
        assert!(done.status.success(), "{verb}: {}", String::from_utf8_lossy(&done.stdout));
    }
}

#[test]
fn a_preview_shows_records_beside_events_and_moves_nothing() {
    let site = Site::new("{ embedded: true }", "preview");
    let mut bytes = feed::bytes(0, 5);
    bytes.extend_from_slice(b"EXP/bad;OBM;C;99/99/2020;1,00;A;B;C;28001;1;x\n");
    site.write("drop/LIC.csv", &bytes);
    site.write("drop/LIC.csv.ok", b"");
    let before = std::fs::read_dir(site.path().join("drop")).unwrap().count();
    let shown = site.run(&["preview", "licences"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(1), "a rejected record is a finding");
    assert!(text.contains("licence.v1.upserted  EXP/000000004"), "{text}");
    assert!(text.contains("LIC.csv:7  rejected") && text.contains("decode.date"), "{text}");
    assert!(text.contains("nothing was published or moved"), "{text}");
    assert_eq!(std::fs::read_dir(site.path().join("drop")).unwrap().count(), before);
}

#[test]
fn a_run_that_is_told_once_drains_and_says_what_became_of_everything() {
    let site = Site::new("{ embedded: true }", "once");
    let mut bytes = feed::bytes(0, 100);
    bytes.extend_from_slice(b"EXP/bad;OBM;C;99/99/2020;1,00;A;B;C;28001;1;x\n");
    site.write("drop/LIC.csv", &bytes);
    site.write("drop/LIC.csv.ok", b"");
    site.write("drop/COPY.csv", &bytes);
    site.write("drop/COPY.csv.ok", b"");
    let ran = site.run(&["run", "--once"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).unwrap();
    let row: Vec<&str> = text
        .lines()
        .find(|line| line.trim_start().starts_with("licences"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(row, ["licences", "done", "101", "100", "1", "0", "1"]);
    assert!(site.path().join("drop/archive").is_dir());
}

#[test]
fn a_file_that_is_refused_before_its_columns_are_known_stops_nobody() {
    let site = Site::new("{ embedded: true }", "refused");
    let good = feed::bytes(0, 10);
    let commas = String::from_utf8(feed::bytes(10, 20)).unwrap().replace(';', "|");
    for (name, bytes) in [("A", commas.as_bytes()), ("B", &good), ("C", b"NUM_EXP;NUM_EXP\n1;2\n")]
    {
        site.write(&format!("drop/{name}.csv"), bytes);
        site.write(&format!("drop/{name}.csv.ok"), b"");
    }
    let ran = site.run(&["run", "--once"]);
    let (out, err) =
        (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(ran.status.success(), "{out}{err}");
    let row = out.lines().find(|line| line.trim_start().starts_with("licences")).unwrap();
    let row: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((row[1], row[3], row[4]), ("done", "10", "2"), "{out}");
    for name in ["A", "C"] {
        assert!(
            site.path().join(format!("drop/quarantine/{name}.csv")).exists(),
            "{name}: {out}{err}"
        );
    }
    assert!(site.path().join("drop/archive/B.csv").exists());
}

#[test]
fn a_mistake_in_the_deployment_is_shown_at_its_place_and_nothing_starts() {
    let site = Site::new("{ embedded: true }", "mistake");
    let mapping = crate::support::site::MAPPING.replace("issuedOn: FEC_ALTA", "issuedOn: FEC_ATLA");
    site.write("mappings/licences.yaml", mapping.as_bytes());
    let ran = site.run(&["run", "--once"]);
    assert_eq!(ran.status.code(), Some(1));
    let text = String::from_utf8(ran.stderr).unwrap();
    assert!(
        text.contains("mappings/licences.yaml:") && text.contains("did you mean `FEC_ALTA`?"),
        "{text}"
    );
}
