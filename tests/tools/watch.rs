use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::site;
use crate::support::site::{MAPPING, Site};

/// No machine is so slow that a round takes as long: a change was missed.
const FAR: Duration = Duration::from_secs(120);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn new(site: &Site, arguments: &[&str]) -> Self {
        let mut command = site.acequia();
        command.args(arguments).arg("--watch").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let shown = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::sync_channel(1_000);
        // It ends with the child, or when nobody listens any more.
        thread::spawn(move || {
            shown.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        Self { child, lines }
    }

    /// Everything up to the line after which it waits for changes.
    fn round(&mut self) -> String {
        let deadline = Instant::now() + FAR;
        let mut text = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line =
                line.unwrap_or_else(|why| panic!("no round came to its end ({why}): {text}"));
            if line.starts_with("watching") {
                return text;
            }
            text.push_str(&line);
            text.push('\n');
        }
    }

    fn interrupt(mut self) -> Option<i32> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).unwrap();
        // Its standard output is closed when it ends.
        let deadline = Instant::now() + FAR;
        let left = || deadline.saturating_duration_since(Instant::now());
        while self.lines.recv_timeout(left()).is_ok() {}
        assert!(left() > Duration::ZERO, "ctrl-c ends it");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_check_runs_again_after_every_change_and_ctrl_c_ends_it_well() {
    let site = site("watch");
    let mut watching = Watching::new(&site, &["check"]);
    assert!(watching.round().contains("1 mapping"));
    let path = site.path().join("mappings/licences.yaml");

    let broken = MAPPING.replacen("FEC_ALTA", "FEC_ALTTA", 1);
    std::fs::write(&path, broken).unwrap();
    let text = watching.round();
    assert!(text.starts_with("changed: mappings/licences.yaml\n"), "{text}");
    assert!(text.contains("did you mean"), "{text}");

    // As editors write: beside it, and then renamed over it.
    let beside = site.path().join("mappings/.licences.yaml.new");
    std::fs::write(&beside, MAPPING).unwrap();
    std::fs::rename(&beside, &path).unwrap();
    let text = watching.round();
    assert!(text.starts_with("changed: mappings/licences.yaml\n"), "{text}");
    assert!(!text.contains("did you mean"), "{text}");

    // As a checkout does: the whole folder anew.
    std::fs::rename(site.path().join("mappings"), site.path().join("aside")).unwrap();
    let text = watching.round();
    assert!(text.contains("mappings/licences.yaml"), "{text}");
    std::fs::rename(site.path().join("aside"), site.path().join("mappings")).unwrap();
    assert!(watching.round().contains("1 mapping"));
    std::fs::write(&path, format!("{MAPPING}# one more line\n")).unwrap();
    assert!(watching.round().starts_with("changed: mappings/licences.yaml\n"));
    assert_eq!(watching.interrupt(), Some(0));
}

#[test]
fn tests_and_previews_can_be_watched_too() {
    let site = site("watch-more");
    for (arguments, first) in [
        (&["test"][..], "mapping"),
        (&["preview", "licences", "--limit", "1"], "licence.v1.upserted"),
    ] {
        let mut watching = Watching::new(&site, arguments);
        assert!(watching.round().contains(first));
        std::fs::write(site.path().join("policies.yaml"), "policies: {}\n").unwrap();
        let text = watching.round();
        assert!(text.starts_with("changed: policies.yaml\n"), "{text}");
        assert_eq!(watching.interrupt(), Some(0));
        std::fs::remove_file(site.path().join("policies.yaml")).unwrap();
    }
}
