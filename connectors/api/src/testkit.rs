//! The conformance suite: what the contract demands of every connector, held against a real one.
//!
//! A connector's tests say how to prepare a fresh system for each [`Scenario`]; the suite plays the engine. It
//! commits as the engine does (rows, rejects, keyed state and position together, then
//! [`Source::committed`]), stops where it likes, drops everything and opens anew. Whatever it does, the rows that
//! were committed must be the rows of an undisturbed run: the same, in the same order, each once.
//!
//! ```text
//! let suite = Suite::new(|| Files::with_clock(clock()), |connector, scenario| Prepared { … });
//! suite.all(&[include_str!("fixtures/position-v1.json")]).await;
//! ```
//!
//! Everything here panics when the contract is broken: it is called from tests.

use std::{fmt::Write as _, sync::Arc};

pub use tokio_util::task::TaskTracker;

use crate::{
    AnyConnector, BatchLimits, Board, CancellationToken, Cell, Connector, Fetched, Identity,
    MemoryState, OpenContext, Position, Projection, RecordBatch, RowMeta, Source, Split,
};

/// What lies in the system that a scenario needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing to read.
    Empty,
    /// At least three units or pages, at least twenty records in all, none of them bad.
    Plain,
    /// As [`Plain`](Scenario::Plain), the same records, and a bad one in the middle of them.
    OneBadRecord,
}

/// A fresh system.
pub struct Prepared {
    /// What stands beside `connector:` to read it.
    pub config: serde_json::Value,
    /// Lets so much time pass that what waits for time only is ready.
    pub pass_time: Box<dyn FnMut()>,
    /// Keeps the system alive.
    pub keep: Box<dyn std::any::Any>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Numbers that look random and are the same in every run: SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall in the order of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A record in a canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Unit, identity, operation, name and place.
    pub locator: String,
    /// Columns and values of a row; errors and raw bytes of a reject.
    pub content: String,
}

/// Rows and rejects in the order of their commits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dump {
    /// The rows.
    pub rows: Vec<Line>,
    /// The rejects.
    pub rejects: Vec<Line>,
}

impl Dump {
    /// Appends what a batch holds. Two batches with the same records give the same lines, however they were cut.
    pub fn add(&mut self, batch: &RecordBatch) {
        for row in batch.rows() {
            let mut content = String::new();
            for (column, cell) in batch.schema().columns().iter().zip(row.cells()) {
                let _ = write!(content, "{}={} ", column.name, shown(batch, *cell));
            }
            self.rows.push(Line { locator: place(batch, row.meta()), content });
        }
        for reject in batch.rejects() {
            let mut content = String::new();
            for error in &reject.errors {
                let _ = write!(content, "[{error}] ");
            }
            let _ = write!(content, "{}", batch.bytes(reject.meta.raw).escape_ascii());
            self.rejects.push(Line { locator: place(batch, &reject.meta), content });
        }
    }

    /// What the rows hold, without where they stood.
    pub fn contents(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.content.as_str()).collect()
    }
}

fn place(batch: &RecordBatch, meta: &RowMeta) -> String {
    let unit = batch.unit_of(meta.unit);
    let identity = match meta.identity {
        Identity::Ordinal(number) => number.to_string(),
        Identity::Bytes(span) => batch.bytes(span).escape_ascii().to_string(),
    };
    format!("{}#{identity} {:?} {} {}", unit.id, meta.op, unit.name, meta.place)
}

fn shown(batch: &RecordBatch, cell: Cell) -> String {
    match cell {
        Cell::Text(span) | Cell::Number(span) => format!("{:?}", batch.text(span)),
        Cell::Bytes(span) => batch.bytes(span).escape_ascii().to_string(),
        Cell::List(span) | Cell::Group(span) => {
            let inner: Vec<_> = batch.cells(span).iter().map(|&cell| shown(batch, cell)).collect();
            format!("({})", inner.join(" "))
        }
        other => format!("{other:?}"),
    }
}

/// What the engine knows of one pipeline: what is committed, and nothing else. Survives every restart.
#[derive(Debug, Default)]
pub struct Engine {
    /// The committed keyed state.
    pub state: Arc<MemoryState>,
    /// The committed position of the one split.
    pub position: Option<Position>,
    /// Every position that was ever committed.
    pub positions: Vec<Position>,
    /// The committed rows and rejects.
    pub dump: Dump,
    /// The board of the present life.
    pub board: Arc<Board>,
}

/// How one life of a source went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Everything there is was read.
    Ended,
    /// It was stopped in between.
    Stopped,
}

impl Engine {
    /// What a source of this engine is opened with.
    pub fn context(&self, limits: BatchLimits) -> OpenContext {
        OpenContext {
            preview: false,
            pipeline: "testkit".into(),
            projection: Projection::All,
            state: Arc::clone(&self.state) as _,
            board: Arc::clone(&self.board),
            limits,
            once: true,
            precheck: None,
            cancel: CancellationToken::new(),
            life: None,
        }
    }

    /// Commits a batch as the engine does. What is not finished is held by the caller.
    pub fn commit(&mut self, batches: &[RecordBatch], position: &Position) {
        for batch in batches {
            self.dump.add(batch);
            self.state.apply(batch.state());
        }
        self.position = Some(position.clone());
        self.positions.push(position.clone());
    }

    /// Opens, reads and commits until everything is read, or `stop_after` batches have been fetched. Then drops
    /// everything that is not committed.
    ///
    /// # Panics
    /// When the source fails or breaks the contract.
    pub async fn live<C: Connector>(
        &mut self,
        connector: &C,
        prepared: &mut Prepared,
        limits: BatchLimits,
        stop_after: Option<u64>,
        commits: &mut dyn FnMut() -> bool,
    ) -> Life {
        let cx = self.context(limits);
        let cancel = cx.cancel.clone();
        let life = TaskTracker::new();
        let cx = OpenContext { life: Some(life.token()), ..cx };
        let config = prepared.config.clone();
        let mut source = AnyConnector::open(connector, config, cx).await.expect("opens");
        let splits = source.splits().await.expect("has splits");
        assert_eq!(splits.len(), 1, "the suite reads sources with one split");
        let ended =
            self.drain(source.as_mut(), &splits[0], prepared, limits, stop_after, commits).await;
        cancel.cancel();
        drop(source);
        life.close();
        life.wait().await;
        ended
    }

    async fn drain(
        &mut self,
        source: &mut dyn Source,
        split: &Split,
        prepared: &mut Prepared,
        limits: BatchLimits,
        stop_after: Option<u64>,
        commits: &mut dyn FnMut() -> bool,
    ) -> Life {
        let mut reader = source.reader(split, self.position.as_ref()).await.expect("reads");
        let mut pending: Vec<RecordBatch> = Vec::new();
        let mut idle = 0;
        let mut fetched = 0;
        loop {
            if stop_after == Some(fetched) {
                return Life::Stopped;
            }
            let mut batch = RecordBatch::new(limits);
            let ended = match reader.fetch(&mut batch).await.expect("fetches") {
                Fetched::Batch => {
                    (idle, fetched) = (0, fetched + 1);
                    pending.push(batch);
                    false
                }
                Fetched::Idle { .. } => {
                    assert!(batch.is_empty() && batch.resume().is_none(), "idle touches no batch");
                    idle += 1;
                    assert!(idle < 10_000, "the source stays idle for ever");
                    (prepared.pass_time)();
                    continue;
                }
                Fetched::End => true,
            };
            match pending.last().map(|last| last.resume().cloned()) {
                Some(Some(position)) if ended || commits() => {
                    self.commit(&pending, &position);
                    pending.clear();
                    source.committed(split, &position).await.expect("is told of the commit");
                }
                Some(None) if ended => panic!("the last batch before the end has no position"),
                _ => {}
            }
            if ended {
                return Life::Ended;
            }
        }
    }
}

/// The suite for one connector.
pub struct Suite<C, P> {
    connector: fn() -> C,
    prepare: P,
}

impl<C, P> std::fmt::Debug for Suite<C, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite").finish_non_exhaustive()
    }
}

impl<C: Connector, P: Fn(&C, Scenario) -> Prepared> Suite<C, P> {
    /// `connector` makes one; `prepare` makes a fresh system for it.
    pub fn new(connector: fn() -> C, prepare: P) -> Self {
        Self { connector, prepare }
    }

    fn fresh(&self, scenario: Scenario) -> (C, Prepared) {
        let connector = (self.connector)();
        let prepared = (self.prepare)(&connector, scenario);
        (connector, prepared)
    }

    /// Everything of the suite. `fixtures` are stored positions of every version that was ever written.
    ///
    /// # Panics
    /// When the contract is broken; so do all the others.
    pub async fn all(&self, fixtures: &[&str]) {
        self.unknown_keys_are_refused();
        self.an_empty_source_ends().await;
        self.positions_stay_readable(fixtures).await;
        self.a_bad_record_leaves_its_neighbours_alone().await;
        self.a_dropped_fetch_loses_nothing().await;
        self.any_cut_and_any_stop_give_the_same_rows(40).await;
    }

    /// A configuration with a key that does not exist is an error, one without is not.
    pub fn unknown_keys_are_refused(&self) {
        let (connector, mut prepared) = self.fresh(Scenario::Empty);
        let faults = AnyConnector::validate(&connector, &prepared.config);
        assert_eq!(faults, Ok(Vec::new()), "the prepared configuration is valid");
        prepared.config["no_such_key"] = serde_json::json!(1);
        assert!(
            AnyConnector::validate(&connector, &prepared.config).is_err(),
            "unknown key accepted"
        );
    }

    /// Nothing there is the end when draining, not an error.
    pub async fn an_empty_source_ends(&self) {
        let engine = self.undisturbed(Scenario::Empty, BatchLimits::default()).await;
        assert_eq!(engine.dump, Dump::default());
    }

    /// One life from the start to the end.
    pub async fn undisturbed(&self, scenario: Scenario, limits: BatchLimits) -> Engine {
        let (connector, mut prepared) = self.fresh(scenario);
        let mut engine = Engine::default();
        let life = engine.live(&connector, &mut prepared, limits, None, &mut || true).await;
        assert_eq!(life, Life::Ended);
        engine
    }

    /// Positions survive being stored, and those of earlier versions are still taken.
    pub async fn positions_stay_readable(&self, fixtures: &[&str]) {
        let limits = BatchLimits { max_rows: 2, ..BatchLimits::default() };
        let engine = self.undisturbed(Scenario::Plain, limits).await;
        assert!(engine.positions.len() > 3, "a run in small batches has several positions");
        let written = engine.positions.iter().map(|p| serde_json::to_string(p).expect("writes"));
        for stored in written.chain(fixtures.iter().map(|&fixture| fixture.to_owned())) {
            let position: Position = serde_json::from_str(&stored).expect("reads");
            let again = serde_json::to_value(&position).expect("writes");
            let before: serde_json::Value = serde_json::from_str(&stored).expect("reads");
            assert_eq!(again, before, "a position is not changed by being stored");
            let (connector, prepared) = self.fresh(Scenario::Plain);
            let cx = Engine::default().context(limits);
            let mut source =
                AnyConnector::open(&connector, prepared.config, cx).await.expect("opens");
            let splits = source.splits().await.expect("has splits");
            let taken = source.reader(&splits[0], Some(&position)).await;
            if let Err(error) = taken {
                assert_ne!(error.code(), "position.unreadable", "{stored}");
            }
        }
    }

    /// One bad record is one reject, and the others are what they would be without it.
    pub async fn a_bad_record_leaves_its_neighbours_alone(&self) {
        let plain = self.undisturbed(Scenario::Plain, BatchLimits::default()).await;
        let bad = self.undisturbed(Scenario::OneBadRecord, BatchLimits::default()).await;
        assert!(plain.dump.rows.len() >= 20 && plain.dump.rejects.is_empty());
        assert_eq!(bad.dump.rejects.len(), 1, "{:#?}", bad.dump.rejects);
        assert_eq!(plain.dump.contents(), bad.dump.contents());
    }

    /// A fetch that is dropped half way costs a life of the reader, not a row.
    pub async fn a_dropped_fetch_loses_nothing(&self) {
        let expected = self.undisturbed(Scenario::Plain, BatchLimits::default()).await;
        let (connector, mut prepared) = self.fresh(Scenario::Plain);
        let limits = BatchLimits { max_rows: 3, ..BatchLimits::default() };
        let mut engine = Engine::default();
        for _ in 0..3 {
            let cx = engine.context(limits);
            let cancel = cx.cancel.clone();
            let config = prepared.config.clone();
            let mut source = AnyConnector::open(&connector, config, cx).await.expect("opens");
            let split = source.splits().await.expect("has splits").remove(0);
            let mut reader = source.reader(&split, engine.position.as_ref()).await.expect("reads");
            let mut batch = RecordBatch::new(limits);
            tokio::select! {
                biased;
                _ = reader.fetch(&mut batch) => {}
                () = tokio::task::yield_now() => {}
            }
            drop(reader);
            cancel.cancel();
            engine.live(&connector, &mut prepared, limits, Some(2), &mut || true).await;
        }
        engine.live(&connector, &mut prepared, limits, None, &mut || true).await;
        assert_eq!(engine.dump, expected.dump);
    }

    /// Random sizes of batches, random commits, random stops: the committed rows, rejects and their locators are
    /// those of one undisturbed run.
    pub async fn any_cut_and_any_stop_give_the_same_rows(&self, rounds: u64) {
        let expected = self.undisturbed(Scenario::OneBadRecord, BatchLimits::default()).await;
        for seed in 0..rounds {
            let mut dice = Dice::new(seed);
            let (connector, mut prepared) = self.fresh(Scenario::OneBadRecord);
            let mut engine = Engine::default();
            let mut lives = 0;
            loop {
                let max_rows = 1 + usize::try_from(dice.below(12)).expect("is small");
                let limits = BatchLimits { max_rows, ..BatchLimits::default() };
                lives += 1;
                let stop = (lives < 12).then(|| dice.below(8));
                let mut coin = dice.clone();
                let mut commits = || coin.below(3) > 0;
                let life = engine.live(&connector, &mut prepared, limits, stop, &mut commits).await;
                if life == Life::Ended {
                    break;
                }
            }
            assert_eq!(engine.dump, expected.dump, "seed {seed}");
        }
    }
}
