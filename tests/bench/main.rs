//! `make bench`: one table, a row `bench NAME VALUE UNIT ratio R peak_mib M` each, `-` where a figure does not apply;
//! then a line `bar NAME wanted W got G ok|MISSED` for each figure that must reach something. The exit code is 1 if
//! one does not.
//!
//! A ratio compares with the loop that an engineer would write by hand (`hand.rs`), run in the same process, on the
//! same broker, with the same producer settings: 1 means as fast, less means slower.
//!
//! Words on the command line choose the groups whose name holds one of them. `KAFKA_BOOTSTRAP` names a cluster to be
//! used instead of a Kafka of our own, `ACEQUIA_BENCH_GIB` how large the large file is.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench prints, and stops at what is unexpected"
)]

mod core;
mod end_to_end;
mod expressions;
mod hand;
mod processes;
#[allow(dead_code, reason = "what the tests stand on; the benches need a part of it")]
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::process::ExitCode;

use end_to_end::Broker;
use support::{feed, kafka::Kafka, site};
use table::{Row, Table};

fn main() -> ExitCode {
    let only: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted =
        |name: &str| only.is_empty() || only.iter().any(|word| name.contains(word.as_str()));
    let mut table = Table::default();
    core::same_bytes(10_000);
    println!("{}", end_to_end::settings());
    if wanted("core") {
        table.measure(|| core::speed(300_000));
        table.measure(|| vec![core::allocations(100_000)]);
    }
    if wanted("expressions") {
        table.measure(|| expressions::compare(300_000));
    }
    let feed = end_to_end::feed();
    if wanted("mock") {
        table.measure(|| end_to_end::compare("end-to-end/mock", Broker::Mock, feed.path()));
    }
    if ["real", "start", "idle"].into_iter().any(wanted) {
        let kafka = Kafka::any();
        let bootstrap = kafka.bootstrap();
        if wanted("real") {
            let broker = Broker::Real(bootstrap);
            table.measure(|| end_to_end::compare("end-to-end/real", broker, feed.path()));
        }
        if wanted("start") {
            table.measure(|| processes::start(bootstrap));
        }
        if wanted("idle") {
            table.measure(|| processes::idle(bootstrap, 200));
        }
    }
    drop(feed);
    if wanted("check") {
        table.measure(|| vec![processes::check(200)]);
    }
    if wanted("memory") {
        table.measure(|| vec![processes::memory()]);
    }
    if table.judge() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
