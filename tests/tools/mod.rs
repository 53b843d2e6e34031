//! The tools of an engineer: preview with steps and coverage, diff, tests that are brought up to date, watching, and what
//! answers a person who asks.

mod advice;
mod diff;
mod identity;
mod names;
mod preview;
mod routing;
mod update;
mod watch;

use serde_json::Value as Json;

use crate::support::{feed, site::Site};

/// A deployment with five records that are right, one whose date is wrong and one that is not taken.
fn site(name: &str) -> Site {
    let site = Site::new("{ embedded: true }", name);
    let mut bytes = feed::bytes(0, 5);
    bytes.extend_from_slice(b"EXP/bad;OBM;C;99/99/2020;1,00;A;B;C;28001;1;x\n");
    site.write("drop/LIC.csv", &bytes);
    site.write("drop/LIC.csv.ok", b"");
    site
}

/// Standard output as JSON documents, one after the other.
fn documents(output: &std::process::Output) -> Vec<Json> {
    let all = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    all.collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}
