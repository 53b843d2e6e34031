//! `make bench`: one table, a row `bench NAME VALUE UNIT ratio R peak_mib M` each. `-` where a figure does not apply.
//!
//! A ratio compares with the loop that an engineer would write by hand (`hand.rs`), run in the same process, on the
//! same broker, with the same producer settings: 1 means as fast, less means slower.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench prints, and stops at what is unexpected"
)]

mod core;
mod end_to_end;
mod feed;
mod hand;
#[path = "../support/site.rs"]
mod site;

use std::fs;

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    ratio: Option<f64>,
    peak_mib: Option<f64>,
}

impl Row {
    fn new(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.to_owned(), value, unit, ratio: None, peak_mib: None }
    }

    fn rate(name: &str, value: f64) -> Self {
        Self::new(name, value, "records/s")
    }

    fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio);
        self
    }

    fn peak(mut self, mib: f64) -> Self {
        self.peak_mib = Some(mib);
        self
    }

    fn print(&self) {
        let figure = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
        };
        let value = if self.value >= 100.0 {
            format!("{:.0}", self.value)
        } else {
            format!("{:.4}", self.value)
        };
        println!(
            "bench {:<28} {:>12} {:<11} ratio {:>5} peak_mib {:>7}",
            self.name,
            value,
            self.unit,
            figure(self.ratio),
            figure(self.peak_mib)
        );
    }
}

/// The most memory that a process has held, in MiB.
pub fn peak_mib(pid: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn main() {
    let only: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted =
        |name: &str| only.is_empty() || only.iter().any(|word| name.contains(word.as_str()));
    core::same_bytes(10_000);
    println!("{}", end_to_end::settings());
    if wanted("core") {
        core::speed(300_000).iter().for_each(Row::print);
        core::allocations(100_000).print();
    }
    end_to_end::all(&wanted);
}
