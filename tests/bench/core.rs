//! What one core does without Kafka: decode, map, encode, and what that allocates.

use std::{hint::black_box, sync::Arc};

use acequia::{
    diagnostic::{self, SourceFile},
    event::{Change, Encoder, EncoderConfig, EventBatch, Keys, Layout, Mapped},
    mapping::{self, Mapping, Scratch, Texts, Verdict},
};
use acequia_api::{BatchLimits, Projection, RecordBatch, Unit};
use acequia_formats::{Decoder, Format, decode_slice};

use crate::{Row, feed, hand, site};

/// The mapping of the benches, compiled.
pub fn mapping() -> Arc<Mapping> {
    let texts = Texts {
        mappings: vec![SourceFile::new("mapping.yaml", site::MAPPING)],
        models: vec![SourceFile::new("model.yaml", site::MODEL)],
        ..Texts::default()
    };
    let (library, found) = mapping::check(&texts, &mapping::protect::AnyKeys);
    assert!(!diagnostic::has_errors(&found), "{}", diagnostic::render(&found, false));
    Arc::clone(&library.mappings["licences"])
}

pub fn format() -> Format {
    serde_json::from_value(serde_json::json!({"csv": {"delimiter": ";"}})).expect("a format")
}

fn decoder(mapping: &Mapping) -> Box<dyn Decoder> {
    format().decoder(&Projection::Only(mapping.wanted())).expect("a decoder")
}

/// The encoder and everything else that a run needs.
pub struct Bench {
    mapping: Arc<Mapping>,
    encoder: Encoder,
    scratch: Scratch,
    events: EventBatch,
}

pub const UNIT: &str = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";

fn encoder_config(mapping: &Mapping) -> EncoderConfig {
    EncoderConfig {
        deployment: "bench".into(),
        pipeline: "licences".into(),
        split: "files".into(),
        event_type: mapping.model.topic(),
        dataschema: format!("acequia://bench/schemas/{}", mapping.model.reference()),
        mapping_version: mapping.version.clone(),
        dataclass: mapping.class.name(),
        topic: 0,
        max_event_bytes: 900_000,
        tombstones: false,
        layout: Layout::Structured,
    }
}

impl Bench {
    pub fn new() -> Self {
        let mapping = mapping();
        let encoder = Encoder::new(encoder_config(&mapping));
        Self::with(mapping, encoder)
    }

    /// The same with values in Avro.
    fn avro() -> Self {
        let mapping = mapping();
        let writer = Arc::new(mapping.model.avro_writer());
        let layout = Layout::Avro { writer, schema: 1 };
        let encoder = Encoder::new(EncoderConfig { layout, ..encoder_config(&mapping) });
        Self::with(mapping, encoder)
    }

    fn with(mapping: Arc<Mapping>, encoder: Encoder) -> Self {
        Self {
            encoder,
            scratch: Scratch::new(Arc::new(Keys::none())),
            events: EventBatch::new(),
            mapping,
        }
    }

    /// Maps and encodes a batch into the event batch; gives how many events there are.
    fn map(&mut self, batch: &RecordBatch, bound: &mapping::Bound) -> usize {
        self.events.clear();
        let mut errors = Vec::new();
        for row in batch.rows() {
            let verdict = self.mapping.apply(bound, row, &mut self.scratch, &mut errors);
            assert_eq!(verdict, Verdict::Upsert, "the feed is good");
            let mapped = Mapped {
                index: 0,
                change: Change::Upsert,
                key: &self.scratch.key,
                data: &self.scratch.data,
                quality: "",
            };
            self.encoder.push(&mut self.events, row, mapped).expect("it fits");
        }
        self.events.len()
    }
}

pub fn unit() -> Arc<Unit> {
    Arc::new(Unit { id: UNIT.into(), name: "LIC.csv".into() })
}

/// The seconds for which this thread has had a processor: what others do on the machine meanwhile does not count.
pub fn busy() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 * 1e-9
}

/// Decoding alone, mapping and encoding alone, each on one core.
pub fn speed(records: u64) -> Vec<Row> {
    let feed = feed::bytes(0, records);
    let mut bench = Bench::new();
    let mut batch = RecordBatch::new(BatchLimits::default());
    let (mut decoding, mut mapping) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let began = busy();
        let mut decoder = decoder(&bench.mapping);
        let mut mapped = 0.0;
        let mut bound = None;
        decode_slice(&mut *decoder, &feed, &unit(), &mut batch, |batch| {
            let bound: &mapping::Bound =
                bound.get_or_insert_with(|| bench.mapping.bind(batch.schema()).expect("it fits"));
            let began = busy();
            black_box(bench.map(batch, bound));
            mapped += busy() - began;
        })
        .unwrap_or_else(|_| panic!("the feed decodes"));
        decoding = decoding.min(busy() - began - mapped);
        mapping = mapping.min(mapped);
    }
    let avro = mapping_alone(&feed, Bench::avro());
    let mut by_hand = f64::MAX;
    for _ in 0..5 {
        let began = busy();
        black_box(hand::events(&*feed, &constants(&bench.mapping), |key, value| {
            black_box((key, value));
        }));
        by_hand = by_hand.min(busy() - began);
    }
    let rate = |seconds: f64| records as f64 / seconds;
    vec![
        Row::rate("decode", rate(decoding)),
        Row::rate("map+encode", rate(mapping)).at_least(2e6),
        Row::rate("map+encode, Avro", rate(avro)),
        Row::rate("decode+map+encode", rate(decoding + mapping))
            .ratio(by_hand / (decoding + mapping)),
    ]
}

/// The seconds of mapping and encoding alone, the best of five.
fn mapping_alone(feed: &[u8], mut bench: Bench) -> f64 {
    let mut batch = RecordBatch::new(BatchLimits::default());
    let runs = (0..5).map(|_| {
        let (mut mapped, mut bound) = (0.0, None);
        let mut decoder = decoder(&bench.mapping);
        decode_slice(&mut *decoder, feed, &unit(), &mut batch, |batch| {
            let bound: &mapping::Bound =
                bound.get_or_insert_with(|| bench.mapping.bind(batch.schema()).expect("it fits"));
            let began = busy();
            black_box(bench.map(batch, bound));
            mapped += busy() - began;
        })
        .unwrap_or_else(|_| panic!("the feed decodes"));
        mapped
    });
    runs.fold(f64::MAX, f64::min)
}

/// What is constant in the bytes of a run over the feed under the unit of these benches.
pub fn constants(mapping: &Mapping) -> hand::Constants<'_> {
    hand::Constants {
        source: "acequia://bench/licences",
        split: "files",
        unit: UNIT,
        file: "LIC.csv",
        mapping: &mapping.version,
        schema: "acequia://bench/schemas/licence/1",
        topic: "bench.licence.v1",
    }
}

/// The loop by hand writes the same bytes; otherwise every comparison with it would be worthless.
pub fn same_bytes(records: u64) {
    let feed = feed::bytes(0, records);
    let mut bench = Bench::new();
    let mut ours = Vec::new();
    let mut batch = RecordBatch::new(BatchLimits::default());
    let mut decoder = decoder(&bench.mapping);
    decode_slice(&mut *decoder, &feed, &unit(), &mut batch, |batch| {
        let bound = bench.mapping.bind(batch.schema()).expect("it fits");
        bench.map(batch, &bound);
        ours.extend(bench.events.events().map(|event| {
            (event.key.to_vec(), event.value.map(<[u8]>::to_vec).unwrap_or_default())
        }));
    })
    .unwrap_or_else(|_| panic!("the feed decodes"));
    let mut at = 0;
    hand::events(&*feed, &constants(&bench.mapping), |key, value| {
        let (our_key, our_value) = &ours[at];
        assert_eq!(our_key, key);
        assert_eq!(String::from_utf8_lossy(our_value), String::from_utf8_lossy(value));
        at += 1;
    });
    assert_eq!(at, ours.len());
}

/// Allocations of decoding, mapping and encoding once buffers have grown.
pub fn allocations(records: u64) -> Row {
    let feed = feed::bytes(0, records);
    let mut bench = Bench::new();
    let mut batch = RecordBatch::new(BatchLimits::default());
    let unit = unit();
    let mut run = || {
        let mut decoder = decoder(&bench.mapping);
        let mut bound = None;
        decode_slice(&mut *decoder, &feed, &unit, &mut batch, |batch| {
            let bound: &mapping::Bound =
                bound.get_or_insert_with(|| bench.mapping.bind(batch.schema()).expect("it fits"));
            bench.map(batch, bound);
        })
        .unwrap_or_else(|_| panic!("the feed decodes"));
    };
    run();
    let counted = allocation_counter::measure(run);
    // A batch may cost some, a record none.
    Row::new("allocations", counted.count_total as f64 / records as f64, "per record").below(0.01)
}
