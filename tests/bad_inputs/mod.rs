//! Every bad input that a deployment of today can meet has a test that shows what becomes of it.
//!
//! Such a test is called `bad_input_NN_what_it_shows` and stands where the behaviour is; those that need more than
//! one module are here. The table below is the whole of them, and what it lists without a test fails.

mod configuration;
mod limits;
mod mapping;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Number and what comes in. The numbers between belong to sources that do not exist yet.
const ROWS: &[(u32, &str)] = &[
    (1, "a quote that stays open"),
    (2, "text beside quotes"),
    (3, "a file cut short"),
    (4, "ragged records"),
    (5, "headers of every kind"),
    (6, "UTF-16 or UTF-32"),
    (7, "bytes of another encoding"),
    (8, "text encoded twice"),
    (9, "control characters"),
    (10, "line ends"),
    (11, "Ctrl-Z"),
    (12, "another delimiter"),
    (13, "decimal comma and groups"),
    (14, "an endless line"),
    (15, "nothing but a header"),
    (16, "blank lines, a trailer that disagrees"),
    (17, "cells like formulas"),
    (19, "identifiers like numbers"),
    (20, "numbers out of range"),
    (21, "days that never were"),
    (22, "hours lost or doubled"),
    (23, "times without a zone"),
    (24, "null, empty, a dash"),
    (25, "one key twice in a file"),
    (26, "the same file again"),
    (27, "a new file of the same name"),
    (28, "a file that grows or shrinks"),
    (29, "marker without data and back"),
    (30, "a missing file of a series"),
    (31, "what is no regular file"),
    (32, "links"),
    (33, "odd file names"),
    (34, "unreadable files"),
    (35, "gzip bombs and damage"),
    (36, "zip tricks"),
    (66, "mistakes in a mapping"),
    (67, "hostile expressions and patterns"),
    (68, "treacherous YAML"),
    (69, "secrets that are none"),
    (70, "records and keys too large"),
    (71, "no key, an empty key"),
    (72, "a spoilt checkpoint"),
    (73, "a quarantine that takes nothing"),
    (74, "text that attacks logs"),
    (75, "a feed that is all bad"),
];

/// Every Rust source below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The tests by row, each with its file.
fn tests_by_row() -> BTreeMap<u32, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "connectors", "tests"] {
        sources(&root.join(folder), &mut paths);
    }
    paths.sort();
    let name = regex::Regex::new(
        r"(?m)#\[(?:test|tokio::test[^\n]*)\]\n\s*(?:async )?fn bad_input_(\d+)_(\w+)\(",
    )
    .unwrap();
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(root).unwrap().display();
        for found in name.captures_iter(&text) {
            let what = found[2].replace('_', " ");
            rows.entry(found[1].parse().unwrap()).or_default().push(format!("{what} ({file})"));
        }
    }
    rows
}

#[test]
fn every_row_that_concerns_us_has_a_test() {
    let mut tests = tests_by_row();
    let (mut table, mut missing) = (String::new(), Vec::new());
    for (row, what) in ROWS {
        let shown = tests.remove(row).unwrap_or_default();
        if shown.is_empty() {
            missing.push(*row);
        }
        for (n, test) in shown.iter().enumerate() {
            let (row, what) = if n == 0 { (row.to_string(), *what) } else { Default::default() };
            writeln!(table, "{row:>3} | {what:<37} | {test}").unwrap();
        }
    }
    println!("row | what comes in{:25}| what a test shows", "");
    println!("{table}");
    assert!(missing.is_empty(), "no test shows what becomes of {missing:?}");
    assert!(tests.is_empty(), "these numbers are in no row: {tests:?}");
}
