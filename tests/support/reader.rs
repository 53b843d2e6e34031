//! What is in a topic, read by Kafka's own Java client: nothing of ours checks itself.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use data_encoding::BASE64;

use super::kafka;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/kafka/Read.java");

/// A record as the consumer got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    /// Names and values of all headers, a line each.
    pub headers: Vec<u8>,
}

impl Record {
    /// The value as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(self.value.as_deref().unwrap_or(b"null")).unwrap()
    }
}

/// Only what is committed.
pub fn committed(bootstrap: &str, topic: &str) -> Vec<Record> {
    read(bootstrap, topic, "read_committed")
}

/// Everything, records of aborted transactions among it.
pub fn uncommitted(bootstrap: &str, topic: &str) -> Vec<Record> {
    read(bootstrap, topic, "read_uncommitted")
}

fn read(bootstrap: &str, topic: &str, isolation: &str) -> Vec<Record> {
    let scratch = tempfile::tempdir().unwrap();
    let mut reader = kafka::java(scratch.path())
        .args([PROGRAM, bootstrap, topic, isolation])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::with_capacity(1 << 20, reader.stdout.take().unwrap()).lines();
    let records = lines.map(|line| parse(&line.unwrap())).collect();
    assert!(reader.wait().unwrap().success(), "the consumer of `{topic}` failed");
    records
}

fn parse(line: &str) -> Record {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap();
    let (partition, offset) = (word().parse().unwrap(), word().parse().unwrap());
    let mut bytes = || match word() {
        "-" => None,
        text => Some(BASE64.decode(text.as_bytes()).unwrap()),
    };
    let (key, value) = (bytes(), bytes());
    Record { partition, offset, key, value, headers: headers(words.next()) }
}

fn headers(word: Option<&str>) -> Vec<u8> {
    BASE64.decode(word.unwrap_or_default().as_bytes()).unwrap()
}
