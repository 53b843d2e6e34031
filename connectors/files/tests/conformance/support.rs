//! A drop directory, a clock that tests move, and an engine that commits.

use std::{
    cell::RefCell,
    path::PathBuf,
    sync::{Arc, Mutex, mpsc::Receiver},
    time::Duration,
};

use acequia_api::{
    Alarm, BatchLimits, Precheck, RecordBatch, Reject, UnitState,
    testkit::{Dump, Engine, Life, Prepared},
};
use acequia_files::{Clock, Files};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A clock that stands still until it is moved. Waiting takes no time.
#[derive(Debug)]
pub struct TestClock(Mutex<(Timestamp, Duration)>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(("2026-03-02T05:00:00Z".parse().unwrap(), Duration::ZERO)))
    }
}

impl TestClock {
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock().unwrap();
        time.0 = time.0.checked_add(by).unwrap();
        time.1 += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().1
    }

    fn pause(&self, hint: &Receiver<()>, _: Duration) -> bool {
        hint.try_recv().is_ok()
    }
}

/// What happens while the source is idle.
pub type Steps = Arc<Mutex<Vec<Box<dyn FnOnce() + Send>>>>;

/// A drop directory with an engine that reads it.
pub struct Drop {
    pub dir: TempDir,
    pub clock: Arc<TestClock>,
    pub engine: Engine,
    pub config: Value,
    pub limits: BatchLimits,
    /// Called each time the source is idle, before the clock moves.
    pub on_idle: Steps,
}

impl Drop {
    pub fn new(config: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut all = json!({
            "directory": dir.path(), "match": "*.csv", "format": {"csv": {}},
        });
        for (key, value) in config.as_object().unwrap() {
            all[key] = value.clone();
        }
        Self {
            dir,
            clock: Arc::default(),
            engine: Engine::default(),
            config: all,
            limits: BatchLimits::default(),
            on_idle: Arc::default(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn prepared(&self) -> Prepared {
        let (clock, on_idle) = (Arc::clone(&self.clock), Arc::clone(&self.on_idle));
        Prepared {
            config: self.config.clone(),
            pass_time: Box::new(move || {
                for step in on_idle.lock().unwrap().drain(..) {
                    step();
                }
                clock.advance(Duration::from_secs(3));
            }),
            keep: Box::new(()),
        }
    }

    /// Reads what is complete now, and gives the rows of this run as text.
    pub async fn drain(&mut self) -> Vec<String> {
        let before = self.engine.dump.rows.len();
        assert_eq!(self.live(None).await, Life::Ended);
        self.rows()[before..].to_vec()
    }

    pub async fn live(&mut self, stop_after: Option<u64>) -> Life {
        let connector = Files::with_clock(Arc::clone(&self.clock) as _);
        let mut prepared = self.prepared();
        self.engine.live(&connector, &mut prepared, self.limits, stop_after, &mut || true).await
    }

    /// The contents of all committed rows.
    pub fn rows(&self) -> Vec<String> {
        self.engine.dump.contents().into_iter().map(|row| row.trim_end().to_owned()).collect()
    }

    pub fn dump(&self) -> &Dump {
        &self.engine.dump
    }

    pub fn reject(&self) -> &str {
        let rejects = &self.engine.dump.rejects;
        assert_eq!(rejects.len(), 1, "{rejects:#?}");
        &rejects[0].content
    }

    pub fn alarms(&self) -> Vec<String> {
        self.engine.board.alarms().into_iter().map(|Alarm { code, .. }| code).collect()
    }

    /// The state of a file on the board, and why.
    pub fn state(&self, name: &str) -> (UnitState, String) {
        let units = self.engine.board.units();
        let unit =
            units.iter().find(|unit| unit.name == name).unwrap_or_else(|| panic!("{units:#?}"));
        (unit.state, unit.note.clone().unwrap_or_default())
    }
}

/// Refuses every row whose first cell is this text.
pub struct Refuses(pub &'static str);

impl Precheck for Refuses {
    fn refused(&self, batch: &RecordBatch, into: &mut Vec<Reject>) {
        for row in batch.rows() {
            if let acequia_api::Cell::Text(span) = row.cells()[0]
                && batch.text(span) == self.0
            {
                let errors =
                    vec![acequia_api::RecordError::map("map.required_missing").field("ID")];
                into.push(Reject { errors, meta: *row.meta() });
            }
        }
    }
}

thread_local! {
    /// The clock of the suite's present system.
    pub static CLOCK: RefCell<Arc<TestClock>> = RefCell::default();
}
