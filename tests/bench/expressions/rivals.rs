//! The five expressions in other languages: a program of its own, told where the feed is.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde::Deserialize;

/// What the five expressions give for a record.
#[derive(Debug, Deserialize)]
pub struct Results {
    holder: String,
    total: String,
    size: String,
    year: i64,
    metropolitan: bool,
}

/// How a language did.
pub struct Rival {
    pub name: String,
    /// For the whole feed, the best of its runs.
    pub seconds: f64,
}

/// Runs them over the feed and compares what they give with `ours`.
///
/// The package is built first, which takes minutes once. Where that fails, it is said and nothing is compared.
pub fn run(feed: &[u8], ours: &[Results]) -> Vec<Rival> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::File::create(directory.path().join("fees.csv"))
        .and_then(|mut file| file.write_all(feed))
        .expect("the feed is written");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/rivals/Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--release", "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    // Beside our own artefacts: the package's own folder stays clean.
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), Into::into);
    command.env("CARGO_TARGET_DIR", target.join("rivals"));
    command.arg("--").arg(directory.path()).stderr(Stdio::inherit());
    let output = command.output().expect("cargo starts");
    if !output.status.success() {
        println!("note  other languages were not measured: their package does not build or run");
        return Vec::new();
    }
    let lines = String::from_utf8(output.stdout).expect("they print text");
    lines
        .lines()
        .map(|line| {
            let (name, seconds) = line.split_once(' ').expect("a name and seconds");
            compare(name, &directory.path().join(name), ours);
            Rival { name: name.into(), seconds: seconds.parse().expect("seconds") }
        })
        .collect()
}

/// What they compute is what we compute; a total, made of doubles there, may differ in the last cent.
fn compare(name: &str, results: &Path, ours: &[Results]) {
    let text = fs::read_to_string(results).expect("they write their results");
    let mut cents = 0;
    let mut lines = text.lines();
    for ours in ours {
        let theirs = lines.next().expect("a line for every record");
        let [holder, total, size, year, metropolitan] = theirs.split('|').collect::<Vec<_>>()[..]
        else {
            panic!("{name}: {theirs}")
        };
        assert_eq!(
            (holder, size, year, metropolitan),
            (
                &*ours.holder,
                &*ours.size,
                &*ours.year.to_string(),
                if ours.metropolitan { "true" } else { "false" }
            ),
            "{name}"
        );
        let (theirs, exact): (f64, f64) =
            (total.parse().expect("a number"), ours.total.parse().expect("a number"));
        assert!((theirs - exact).abs() < 0.0101, "{name}: {theirs} for {exact}");
        cents += usize::from((theirs - exact).abs() > 1e-6);
    }
    println!("note  {name} computes in doubles: {cents} of {} totals differ by a cent", ours.len());
}
