//! `acequia draft` on files that nobody here wrote, held against what a person sees in them.
//!
//! `answers.yaml` says the type of every column and names the truly dirty records; the files are in the folder that
//! `ACEQUIA_TEST_DATA` names. Where it is not set there is nothing to read, and the test says so.

mod exports;

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use acequia::{diagnostic::SourceFile, yaml};
use serde_json::Value as Json;

const ANSWERS: &str = include_str!("answers.yaml");

/// What a person saw in a file.
#[derive(Debug, Default)]
struct Answer {
    columns: Vec<(String, String)>,
    /// By record, from 1: why it is dirty.
    dirty: BTreeMap<String, String>,
    filtered: BTreeMap<String, String>,
}

fn answers() -> Vec<(String, Answer)> {
    let file = SourceFile::new("answers.yaml", ANSWERS);
    let root = yaml::parse(&Arc::clone(&file)).expect("the sheet is YAML");
    let entries = |node: Option<&yaml::Node>| -> Vec<(String, String)> {
        let entries = node.and_then(|node| node.entries()).unwrap_or_default();
        entries
            .iter()
            .map(|(key, node)| (key.text.clone(), node.as_text().unwrap().to_owned()))
            .collect()
    };
    let answer = |node: &yaml::Node| Answer {
        columns: entries(node.get("columns")),
        dirty: entries(node.get("dirty")).into_iter().collect(),
        filtered: entries(node.get("filtered")).into_iter().collect(),
    };
    root.entries().unwrap().iter().map(|(key, node)| (key.text.clone(), answer(node))).collect()
}

/// Runs the program.
fn acequia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_acequia"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Drafts a deployment around a file; gives what the program says of it.
fn drafted(file: &Path, out: &Path, more: &[&str]) -> Json {
    let arguments =
        [&["draft", file.to_str().unwrap(), "--json", "--out", out.to_str().unwrap()], more]
            .concat();
    let done = acequia(&arguments);
    let said = text(&done.stdout);
    assert!(done.status.success(), "{}: {said}{}", file.display(), text(&done.stderr));
    serde_json::from_str(&said).unwrap()
}

/// What becomes of each record, in order.
fn previewed(out: &Path, name: &str) -> Vec<Json> {
    let config = out.join("acequia.yaml");
    let done = acequia(&[
        "--config",
        config.to_str().unwrap(),
        "--json",
        "preview",
        name,
        "--limit",
        "1000000",
    ]);
    let said = text(&done.stdout);
    let lines: Vec<Json> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(done.status.code() != Some(3), "{said}{}", text(&done.stderr));
    lines
}

/// The records by what became of them, from 1: rejected, filtered.
fn outcomes(lines: &[Json]) -> (Vec<String>, Vec<String>, usize) {
    let (mut rejected, mut filtered, mut events) = (Vec::new(), Vec::new(), 0);
    let records = lines.iter().filter(|line| line.get("outcome").is_some());
    for (at, line) in records.enumerate() {
        let outcome = &line["outcome"];
        let number = (at + 1).to_string();
        if outcome.get("rejects").is_some() {
            rejected.push(number);
        } else if outcome.get("filtered").is_some() {
            filtered.push(number);
        } else {
            events += 1;
        }
    }
    (rejected, filtered, events)
}

fn name_of(json: &Json) -> String {
    let files = json["files"].as_array().unwrap();
    let mut path = files.iter().map(|file| file["path"].as_str().unwrap());
    let mapping = path.find_map(|path| path.strip_prefix("pipelines/")).unwrap();
    mapping.strip_suffix(".yaml").unwrap().to_owned()
}

/// What became of a file.
struct Score {
    path: String,
    columns: usize,
    right: usize,
    wrong: Vec<String>,
    rejected: usize,
    events: usize,
}

/// Drafts from a file, checks the draft, previews it, and holds all of it against the sheet.
fn scored(folder: &Path, path: &str, answer: &Answer) -> Score {
    let trial = tempfile::tempdir().unwrap();
    let out = trial.path().join("out");
    let said = drafted(&folder.join(path), &out, &[]);
    let config = out.join("acequia.yaml");
    let checked = acequia(&["--config", config.to_str().unwrap(), "check"]);
    assert!(checked.status.success(), "{path}: {}", text(&checked.stdout));
    let columns = said["profile"]["columns"].as_array().unwrap();
    let word = |column: &Json, key: &str| column[key].as_str().unwrap().to_owned();
    let found: Vec<(String, String)> =
        columns.iter().map(|column| (word(column, "name"), word(column, "type"))).collect();
    let names = |list: &[(String, String)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&found), names(&answer.columns), "{path}");
    let both = found.iter().zip(&answer.columns);
    let wrong: Vec<String> = both
        .filter(|(found, answer)| found != answer)
        .map(|((name, found), (_, answer))| {
            format!("{path}: `{name}` is {answer}, drafted as {found}")
        })
        .collect();
    let lines = previewed(&out, &name_of(&said));
    let (rejected, filtered, events) = outcomes(&lines);
    let keys = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(rejected, keys(&answer.dirty), "{path}: {lines:?}");
    assert_eq!(filtered, keys(&answer.filtered), "{path}: {lines:?}");
    Score {
        path: path.to_owned(),
        columns: found.len(),
        right: found.len() - wrong.len(),
        wrong,
        rejected: rejected.len(),
        events,
    }
}

/// Says on standard error itself, which a test that passes does not lose, that there was nothing to read.
fn skipped(what: &str) {
    let _ = writeln!(io::stderr(), "ACEQUIA_TEST_DATA is not set: {what}");
}

#[test]
fn a_draft_of_each_file_passes_check_types_its_columns_and_rejects_only_what_is_dirty() {
    let Some(folder) = std::env::var_os("ACEQUIA_TEST_DATA").map(PathBuf::from) else {
        skipped("no file is drafted from");
        return;
    };
    let answers = answers();
    let mut scores = Vec::new();
    // A preview mostly waits for its file to settle.
    for some in answers.chunks(12) {
        std::thread::scope(|scope| {
            let all: Vec<_> = some
                .iter()
                .map(|(path, answer)| scope.spawn(|| scored(&folder, path, answer)))
                .collect();
            scores.extend(
                all.into_iter().map(|one| one.join().expect("the file is as the sheet says")),
            );
        });
    }
    println!("{:<60} {:>7} {:>5} {:>8} {:>8}", "file", "columns", "right", "rejected", "events");
    for Score { path, columns, right, rejected, events, .. } in &scores {
        println!("{path:<60} {columns:>7} {right:>5} {rejected:>8} {events:>8}");
    }
    let right: usize = scores.iter().map(|score| score.right).sum();
    let all: usize = scores.iter().map(|score| score.columns).sum();
    let wrong: Vec<&String> = scores.iter().flat_map(|score| &score.wrong).collect();
    println!("{right} of {all} columns; {wrong:#?}");
    assert!(right * 10 >= all * 9, "{right} of {all}: {wrong:#?}");
}

#[test]
fn the_sheet_lists_every_file_of_the_test_data() {
    let Some(folder) = std::env::var_os("ACEQUIA_TEST_DATA").map(PathBuf::from) else {
        skipped("the sheet is held against nothing");
        return;
    };
    let mut found = Vec::new();
    let mut open = vec![folder.join("gov-csv"), folder.join("csv")];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "csv") {
                found.push(path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    let mut listed: Vec<String> = answers().into_iter().map(|(path, _)| path).collect();
    listed.sort();
    assert_eq!(found, listed);
}
