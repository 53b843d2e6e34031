//! The publisher against librdkafka's mock broker (error classes) and a real Kafka.

use std::{path::Path, sync::Arc};

use acequia_api::{
    BatchLimits, CancellationToken, Column, ErrorClass, Place, Position, RecordBatch, RecordError,
    RowMeta, Schema, StateChange, Unit,
};

use sha2::{Digest as _, Sha256};

use super::*;
use crate::checkpoint::{Counts, Delta, Kinship, Lineage, SealKey, Task};
use crate::event::{ClaimedData, Headers};

mod bad_inputs;
#[path = "../../tests/support/kafka.rs"]
#[allow(dead_code, unreachable_pub, reason = "written for `tests/`, which use all of it")]
pub(crate) mod kafka_node;
mod mock;
mod real;
mod secured;

/// What a test sends: `(key, value)` per event, and the rows that a mapping refused.
#[derive(Default)]
struct Sent {
    events: Vec<(String, Option<String>)>,
    rejected_rows: Vec<u32>,
    errors: Vec<RecordError>,
    claims: Vec<String>,
}

impl Sent {
    fn events(count: usize, mark: &str) -> Self {
        let event = |n: usize| (format!("k{n}"), Some(format!("{mark}-{n}")));
        Self { events: (0..count).map(event).collect(), ..Self::default() }
    }
}

impl Outgoing for Sent {
    fn each_event<E>(
        &self,
        mut send: impl FnMut(OutgoingEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.events.iter().enumerate().try_for_each(|(row, (key, value))| {
            send(OutgoingEvent {
                topic: 0,
                key: key.as_bytes(),
                headers: Headers::NONE,
                value: value.as_ref().map(String::as_bytes),
                id: key.as_bytes(),
                row: row as u32,
            })
        })
    }

    fn claims(&self) -> impl Iterator<Item = ClaimedData<'_>> {
        self.claims
            .iter()
            .map(|data| ClaimedData { bytes: data.as_bytes(), digest: Sha256::digest(data).into() })
    }

    fn rejects(&self) -> impl Iterator<Item = OutgoingReject<'_>> {
        self.rejected_rows.iter().map(|&row| OutgoingReject {
            row,
            mapping: Some(0),
            errors: &self.errors,
        })
    }
}

/// A batch of `rows` rows, one record refused while decoding, one change of state.
fn records(rows: u64, state: &[StateChange]) -> RecordBatch {
    let mut batch = RecordBatch::new(BatchLimits::default());
    batch.set_schema(&Schema::new(vec![Column::text("a")]));
    let unit = batch.unit(&Arc::new(Unit { id: "9f86".into(), name: "a.csv".into() }));
    for n in 1..=rows {
        let mut row = batch.row();
        row.text("x").unwrap();
        let mut meta = RowMeta::ordinal(unit, n, Place::line(n, 0));
        meta.source_time = Some(n as i64);
        row.commit(meta);
    }
    let meta = RowMeta::ordinal(unit, rows + 1, Place::line(rows + 1, 0));
    batch.row().reject(vec![RecordError::decode("decode.csv.ragged")], meta, b"raw;bytes").unwrap();
    for change in state {
        batch.put_state(change.clone());
    }
    batch
}

fn at(n: u64) -> Position {
    Position::encode(1, &n).unwrap()
}

fn step(from: Option<u64>, to: u64) -> Delta {
    let counts = Counts { rows_in: 1, published: 1, events: 1, ..Counts::default() };
    Delta {
        split: "drop".into(),
        from: from.map(at),
        to: at(to),
        lineage: Lineage::default(),
        counts,
    }
}

fn task(deployment: &str, owner: u128) -> Task {
    Task {
        deployment: deployment.into(),
        pipeline: "permits".into(),
        task: "0".into(),
        owner: uuid::Uuid::from_u128(owner),
        host: Some("here".into()),
    }
}

fn plan(deployment: &str) -> TopicPlan {
    let events = [EventTopic {
        name: event_topic(deployment),
        partitions: 3,
        compact: false,
        retention_ms: None,
    }];
    TopicPlan::new(deployment, Durability { replication: 1, min_insync: 1 }, &events)
}

fn event_topic(deployment: &str) -> Arc<str> {
    format!("{deployment}.permit.v1").into()
}

fn setup(kafka: &KafkaConfig, task: Task, state_dir: Option<&Path>) -> Setup {
    Setup {
        kafka: kafka.clone(),
        topics: vec![event_topic(&task.deployment)],
        task,
        state_dir: state_dir.map(Path::to_owned),
        state_key: Some(SealKey::new("state-1", &[1; 32])),
        quarantine_key: Some(SealKey::new("quarantine-1", &[2; 32])),
        schemas: None,
        claim_store: None,
        isolate: false,
        accept_regression: None,
        cancel: CancellationToken::new(),
    }
}

fn start(setup: Setup) -> Result<(Publisher, Start), PublishError> {
    let mut publisher = Publisher::fence(setup)?;
    let start = publisher.recover(&mut |_| {})?;
    Ok((publisher, start))
}

fn publish(
    publisher: &mut Publisher,
    sent: &Sent,
    state: &[StateChange],
    delta: Delta,
) -> Result<Committed, PublishError> {
    publisher.begin()?;
    publisher.send("drop", &["m@1".into()], &records(3, state), sent)?;
    publisher
        .commit(&[delta], Counts { rows_in: 4, published: 3, rejected: 1, filtered: 0, events: 3 })
}

fn values(kafka: &KafkaConfig, topic: &Arc<str>) -> Vec<String> {
    let mut values = Vec::new();
    read_all(kafka, "test", topic, &mut |record| {
        values.push(String::from_utf8(record.value.unwrap_or_default()).unwrap());
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    values.sort();
    values
}

/// Every code that the sources of this folder and of `checkpoint` name is explained, once.
#[test]
fn every_code_is_explained() {
    let explained: Vec<&str> =
        CODES.iter().chain(crate::checkpoint::CODES).map(|doc| doc.code).collect();
    let unique: std::collections::BTreeSet<&&str> = explained.iter().collect();
    assert_eq!(unique.len(), explained.len(), "a code is explained once");
    let literal =
        regex::Regex::new(r#""((?:publish|checkpoint|config\.kafka)\.[a-z_]+)""#).unwrap();
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/publish"),
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checkpoint"),
    ];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for found in literal.captures_iter(&text) {
                    seen += 1;
                    assert!(explained.contains(&&found[1]), "{} in {}", &found[1], path.display());
                }
            }
        }
    }
    assert!(seen > explained.len(), "the sources were found");
}
