//! A mapping of twenty fields, five of them expressions: by Acequia, by hand, and the five expressions alone in two
//! languages that others use for such work.
//!
//! Acequia and the loop by hand read the cells of the same batches and write the same bytes; that is asserted. The
//! other languages (`tests/bench/rivals`, a package of its own) get records that are already typed, made outside of the
//! measured time, and their five results are compared with ours.

mod feed;
mod hand;
mod rivals;

use std::{hint::black_box, sync::Arc};

use acequia::{
    diagnostic::{self, SourceFile},
    event::Keys,
    mapping::{self, Bound, Mapping, Scratch, Texts, Verdict},
};
use acequia_api::{BatchLimits, Projection, RecordBatch, RowRef};
use acequia_formats::decode_slice;

use crate::{
    Row,
    core::{busy, format, unit},
};

const MODEL: &str = include_str!("../deployment/fee-model.yaml");
const MAPPING: &str = include_str!("../deployment/fee-mapping.yaml");

/// Measurements of which the best counts.
const RUNS: usize = 5;

fn compiled(text: &str) -> Arc<Mapping> {
    let texts = Texts {
        mappings: vec![SourceFile::new("fee-mapping.yaml", text)],
        models: vec![SourceFile::new("fee-model.yaml", MODEL)],
        ..Texts::default()
    };
    let (library, found) = mapping::check(&texts, &mapping::protect::AnyKeys);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    Arc::clone(&library.mappings["fees"])
}

/// Gives every batch of the feed, with the columns that the mapping wants.
fn batches(mapping: &Mapping, feed: &[u8], mut batch_of: impl FnMut(&RecordBatch)) {
    let projection = Projection::Only(mapping.wanted());
    let mut decoder = format().decoder(&projection).expect("a decoder");
    let mut batch = RecordBatch::new(BatchLimits::default());
    decode_slice(&mut *decoder, feed, &unit(), &mut batch, |batch| batch_of(batch))
        .unwrap_or_else(|_| panic!("the feed decodes"));
}

fn mapped(mapping: &Mapping, bound: &Bound, row: RowRef<'_>, scratch: &mut Scratch) {
    let mut errors = Vec::new();
    let verdict = mapping.apply(bound, row, scratch, &mut errors);
    assert_eq!(verdict, Verdict::Upsert, "the feed is good");
}

/// Both ways, and the others.
pub fn compare(records: u64) -> Vec<Row> {
    let feed = feed::bytes(records);
    let whole = compiled(MAPPING);
    let results = same_bytes(&whole, &feed);
    let (ours, by_hand) = least(&whole, &feed, true);
    let (five, _) = least(&compiled(&with_fields(|line| line.contains("expr:"))), &feed, false);
    let (fifteen, _) = least(&compiled(&with_fields(|line| !line.contains("expr:"))), &feed, false);
    let rate = |seconds: f64| records as f64 / seconds;
    let mut rows = vec![
        Row::rate("mapping 20 fields, 5 expressions", rate(ours))
            .ratio(by_hand / ours)
            .at_least(1e6)
            .ratio_at_least(0.5),
        Row::rate("  the same by hand", rate(by_hand)).ratio(1.0),
        Row::rate("  its 15 plain fields alone", rate(fifteen)),
        Row::rate("  its 5 expressions alone", rate(five)),
    ];
    for rival in rivals::run(&feed, &results) {
        let row = Row::rate(&format!("  5 expressions in {}", rival.name), rate(rival.seconds));
        rows.push(row.ratio(five / rival.seconds));
    }
    rows
}

/// The mapping with its key and the fields whose lines are wanted; what they need is decoded.
fn with_fields(wanted: impl Fn(&str) -> bool) -> String {
    let (head, fields) = MAPPING.split_once("fields:\n").expect("a mapping has fields");
    let kept = fields.lines().filter(|line| line.contains(" number:") || wanted(line));
    format!("{head}fields:\n{}\n", kept.collect::<Vec<_>>().join("\n"))
}

/// The least time that the mapping takes for the whole feed and, where it is asked for, the loop by hand.
fn least(mapping: &Mapping, feed: &[u8], by_hand_too: bool) -> (f64, f64) {
    let mut scratch = Scratch::new(Arc::new(Keys::none()));
    let (mut key, mut out) = (String::new(), Vec::with_capacity(1024));
    let (mut ours, mut by_hand) = (f64::MAX, f64::MAX);
    for _ in 0..RUNS {
        let (mut one, mut other) = (0.0, 0.0);
        let mut bound = None;
        batches(mapping, feed, |batch| {
            let bound: &Bound =
                bound.get_or_insert_with(|| mapping.bind(batch.schema()).expect("it fits"));
            let began = busy();
            for row in batch.rows() {
                mapped(mapping, bound, row, &mut scratch);
                black_box((&scratch.key, &scratch.data));
            }
            let between = busy();
            for row in batch.rows().filter(|_| by_hand_too) {
                black_box(hand::fee(row, &mut key, &mut out));
                black_box((&key, &out));
            }
            one += between - began;
            other += busy() - between;
        });
        (ours, by_hand) = (ours.min(one), by_hand.min(other));
    }
    (ours, by_hand)
}

/// Asserts that both ways write the same, and gives the results of the expressions.
fn same_bytes(mapping: &Mapping, feed: &[u8]) -> Vec<rivals::Results> {
    let mut scratch = Scratch::new(Arc::new(Keys::none()));
    let (mut key, mut out, mut results) = (String::new(), Vec::new(), Vec::new());
    batches(mapping, feed, |batch| {
        let bound = mapping.bind(batch.schema()).expect("it fits");
        for row in batch.rows() {
            mapped(mapping, &bound, row, &mut scratch);
            hand::fee(row, &mut key, &mut out).expect("the feed is good");
            assert_eq!(scratch.key, key);
            assert_eq!(String::from_utf8_lossy(&scratch.data), String::from_utf8_lossy(&out));
            results.push(serde_json::from_slice(&scratch.data).expect("data is JSON"));
        }
    });
    results
}
