//! The contract's own suite, and what this connector promises beyond it.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary: nothing is public, and it stops at a surprise"
)]

mod bad_inputs;
mod drops;
mod properties;
mod support;

use acequia_api::{
    AnyConnector,
    testkit::{Prepared, Scenario, Suite},
};
use acequia_files::{CODES, Files};
use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Value, json};
use std::{collections::HashSet, fmt::Write as _, sync::Arc};
use support::{CLOCK, Drop};

fn connector() -> Files {
    CLOCK.with_borrow_mut(|clock| *clock = Arc::default());
    Files::with_clock(CLOCK.with_borrow(|clock| Arc::clone(clock) as _))
}

fn prepare(_: &Files, scenario: Scenario) -> Prepared {
    let mut drop = Drop::new(json!({ "format": { "csv": { "delimiter": ";" } } }));
    drop.clock = CLOCK.with_borrow(Arc::clone);
    if scenario != Scenario::Empty {
        for file in 0..4 {
            let mut text = "ID;NAME\n".to_owned();
            for n in 0..9 {
                let _ = writeln!(text, "{file}{n};ñandú {n}");
                if scenario == Scenario::OneBadRecord && (file, n) == (2, 4) {
                    text.push_str("only one field\n");
                }
            }
            drop.put(&format!("feed-{file}.csv"), text);
        }
    }
    let mut prepared = drop.prepared();
    prepared.keep = Box::new(drop);
    prepared
}

#[tokio::test]
async fn the_connector_passes_the_suite_of_the_contract() {
    let suite = Suite::new(connector, prepare);
    suite
        .all(&[
            include_str!("../fixtures/position-after-v1.json"),
            include_str!("../fixtures/position-after-again-v1.json"),
            include_str!("../fixtures/position-inside-v1.json"),
            include_str!("../fixtures/position-inside-stamp-v1.json"),
        ])
        .await;
}

#[test]
fn the_example_is_valid() {
    let example = yaml(include_str!("../../example.yaml"));
    let mut config = example["source"].clone();
    let kind = config.as_object_mut().unwrap().remove("connector");
    assert_eq!(kind, Some(json!("files")));
    assert_eq!(AnyConnector::validate(&Files::new(), &config), Ok(Vec::new()));
}

/// Mappings, sequences and scalars; plain `true`, `false` and numbers are what they look like.
fn yaml(text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| event.unwrap().0);
    loop {
        match events.next().unwrap() {
            Event::StreamStart | Event::DocumentStart(..) => {}
            event => return node(event, &mut events),
        }
    }
}

fn node<'a>(event: Event<'a>, rest: &mut impl Iterator<Item = Event<'a>>) -> Value {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) => {
            serde_json::from_str(&text).unwrap_or_else(|_| json!(text))
        }
        Event::Scalar(text, ..) => json!(text),
        Event::SequenceStart(..) => {
            let mut all = Vec::new();
            loop {
                match rest.next().unwrap() {
                    Event::SequenceEnd => return json!(all),
                    event => all.push(node(event, rest)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut map = serde_json::Map::new();
            loop {
                match rest.next().unwrap() {
                    Event::MappingEnd => return Value::Object(map),
                    key => {
                        let key = node(key, rest).as_str().unwrap().to_owned();
                        let value = rest.next().unwrap();
                        map.insert(key, node(value, rest));
                    }
                }
            }
        }
        other => panic!("the example has {other:?}"),
    }
}

#[test]
fn every_code_has_one_entry_and_they_are_sorted() {
    let codes: Vec<_> = CODES.iter().map(|doc| doc.code).collect();
    let set: HashSet<_> = codes.iter().collect();
    assert_eq!(set.len(), codes.len());
    assert!(codes.is_sorted());
    let sources = concat!(
        include_str!("../../src/custody.rs"),
        include_str!("../../src/inspect.rs"),
        include_str!("../../src/intake.rs"),
        include_str!("../../src/ledger.rs"),
        include_str!("../../src/reader.rs"),
        include_str!("../../src/source.rs"),
        include_str!("../../src/unpack.rs"),
    );
    for word in sources.split('"').filter(|word| word.starts_with("files.") && *word != "files.") {
        assert!(codes.contains(&word), "`{word}` is not documented");
    }
}

#[test]
fn faults_of_the_configuration_are_all_shown() {
    let config = json!({
        "directory": "/d", "match": ["[", "a/b"], "format": {"csv": {}}, "split": "",
        "complete": {"marker": "done", "rename": "{"}, "sequence": {"pattern": "A.csv"},
        "arrival": {"zone": "Europe/Atlantis", "holidays": ["2026-12-25"]}, "archive": "keep", "poll_interval": "0s",
    });
    let faults = AnyConnector::validate(&Files::new(), &config).unwrap();
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.join(".")).collect();
    for path in [
        "split",
        "match",
        "complete.rename",
        "complete.marker",
        "sequence.pattern",
        "arrival",
        "arrival.zone",
        "archive",
        "poll_interval",
    ] {
        assert!(paths.iter().any(|other| other == path), "no fault for `{path}` in {paths:?}");
    }
}
