//! The table that a run prints, and what the figures in it must reach.

use std::fs;

/// So often is a figure measured before it counts as missed: a machine that does other things too makes any one
/// measurement worse, and none better.
const TRIES: usize = 3;

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    ratio: Option<f64>,
    peak_mib: Option<f64>,
    bars: Vec<Bar>,
}

/// What a figure must reach.
#[derive(Debug)]
struct Bar {
    name: String,
    got: f64,
    wanted: Wanted,
    unit: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    AtLeast(f64),
    Below(f64),
}

impl Bar {
    fn holds(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(least) => self.got >= least,
            Wanted::Below(limit) => self.got < limit,
        }
    }
}

impl Row {
    pub fn new(name: &str, value: f64, unit: &'static str) -> Self {
        let (name, bars) = (name.to_owned(), Vec::new());
        Self { name, value, unit, ratio: None, peak_mib: None, bars }
    }

    pub fn rate(name: &str, value: f64) -> Self {
        Self::new(name, value, "records/s")
    }

    /// How it compares with the loop by hand.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio);
        self
    }

    /// The most memory that was held.
    pub fn peak(mut self, mib: f64) -> Self {
        self.peak_mib = Some(mib);
        self
    }

    /// The value must be at least this.
    pub fn at_least(self, least: f64) -> Self {
        let (got, unit) = (self.value, self.unit);
        self.bar("", got, Wanted::AtLeast(least), unit)
    }

    /// The value must be below this.
    pub fn below(self, limit: f64) -> Self {
        let (got, unit) = (self.value, self.unit);
        self.bar("", got, Wanted::Below(limit), unit)
    }

    /// The ratio must be at least this.
    pub fn ratio_at_least(self, least: f64) -> Self {
        let got = self.ratio.unwrap_or(0.0);
        self.bar("/ratio", got, Wanted::AtLeast(least), "of by-hand")
    }

    /// The peak must be below this.
    pub fn peak_below(self, mib: f64) -> Self {
        let got = self.peak_mib.unwrap_or(f64::INFINITY);
        self.bar("/peak", got, Wanted::Below(mib), "MiB")
    }

    fn bar(mut self, of: &str, got: f64, wanted: Wanted, unit: &'static str) -> Self {
        let name = format!("{}{of}", self.name);
        self.bars.push(Bar { name, got, wanted, unit });
        self
    }

    fn print(&self) {
        let optional = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
        };
        println!(
            "bench {:<34} {:>10} {:<10} ratio {:>5} peak_mib {:>7}",
            self.name,
            figure(self.value),
            self.unit,
            optional(self.ratio),
            optional(self.peak_mib)
        );
    }
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// What has been measured.
#[derive(Debug, Default)]
pub struct Table {
    bars: Vec<Bar>,
}

impl Table {
    /// Measures until every bar holds, at most three times, and prints the last measurement.
    pub fn measure(&mut self, mut measured: impl FnMut() -> Vec<Row>) {
        let mut rows = measured();
        for _ in 1..TRIES {
            if rows.iter().flat_map(|row| &row.bars).all(Bar::holds) {
                break;
            }
            rows = measured();
        }
        rows.iter().for_each(Row::print);
        self.bars.extend(rows.into_iter().flat_map(|row| row.bars));
    }

    /// Prints what was wanted and what was got. Gives whether everything holds.
    pub fn judge(&self) -> bool {
        for bar in &self.bars {
            let (word, wanted) = match bar.wanted {
                Wanted::AtLeast(least) => (">=", least),
                Wanted::Below(limit) => ("<", limit),
            };
            println!(
                "bar   {:<34} wanted {word:>2} {:>8} {:<10} got {:>8} {}",
                bar.name,
                figure(wanted),
                bar.unit,
                figure(bar.got),
                if bar.holds() { "ok" } else { "MISSED" }
            );
        }
        self.bars.iter().all(Bar::holds)
    }
}

/// The most memory that a process has held, in MiB.
pub fn peak_mib(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}
