//! What a drop directory promises: order, resumption, claims, archives, receipts, alarms.

use std::{
    io::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use acequia_api::{
    AnyConnector, ErrorClass, MemoryState, OpenContext, RecordBatch, SourceError, StateView,
    UnitState, testkit::Life,
};
use acequia_files::{Clock, Files};
use serde_json::json;

use crate::support::{Drop, Refuses, TestClock};

#[tokio::test]
async fn files_are_read_in_order_and_archived_after_the_commit_only() {
    let mut drop = Drop::new(json!({}));
    drop.put("b.csv", "ID\n2\n");
    drop.put("a.csv", "ID\n1\n");
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let mut prepared = drop.prepared();
    let limits = drop.limits;
    drop.engine.live(&connector, &mut prepared, limits, Some(2), &mut || false).await;
    assert!(drop.rows().is_empty() && !drop.has("archive"));
    assert!(drop.has(".inflight/a.csv"));
    assert_eq!(drop.drain().await, [r#"ID="1""#, r#"ID="2""#]);
    assert!(drop.has("archive/a.csv") && drop.has("archive/b.csv"));
    assert_eq!(std::fs::read_dir(drop.path(".inflight")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_archive_that_was_interrupted_is_finished_after_the_restart() {
    let mut drop = Drop::new(json!({}));
    drop.put("a.csv", "ID\n1\n");
    drop.drain().await;
    std::fs::rename(drop.path("archive/a.csv"), drop.path(".inflight/a.csv")).unwrap();
    assert!(drop.drain().await.is_empty());
    assert!(drop.has("archive/a.csv") && !drop.has(".inflight/a.csv"));
    assert_eq!(drop.state("a.csv").0, UnitState::Archived);
}

#[tokio::test]
async fn settling_takes_the_whole_time_without_a_change() {
    let mut drop = Drop::new(json!({"complete": {"settle": {"for": "10s"}}}));
    drop.put("a.csv", "ID\n1\n");
    let path = drop.path("a.csv");
    drop.on_idle
        .lock()
        .unwrap()
        .push(Box::new(move || std::fs::write(path, "ID\n1\n2\n").unwrap()));
    assert_eq!(drop.drain().await.len(), 2, "what was read is what was there when it had settled");
}

/// A clock of a system that never says that something happened.
struct Deaf(Arc<TestClock>);

impl Clock for Deaf {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn pause(&self, _: &std::sync::mpsc::Receiver<()>, _: Duration) -> bool {
        false
    }
}

#[tokio::test]
async fn files_are_found_by_looking_where_no_notice_ever_comes() {
    let mut drop = Drop::new(json!({}));
    drop.put("a.csv", "ID\n1\n");
    let path = drop.path("b.csv");
    drop.on_idle.lock().unwrap().push(Box::new(move || std::fs::write(path, "ID\n2\n").unwrap()));
    let connector = Files::with_clock(Arc::new(Deaf(Arc::clone(&drop.clock))));
    let mut prepared = drop.prepared();
    let limits = drop.limits;
    drop.engine.live(&connector, &mut prepared, limits, None, &mut || true).await;
    assert_eq!(drop.rows(), [r#"ID="1""#, r#"ID="2""#]);
}

#[tokio::test]
async fn the_board_shows_every_state_of_a_file_on_its_way() {
    let mut drop = Drop::new(json!({"archive": "blocked/archive"}));
    drop.put("blocked", "in the way");
    drop.put("a.csv", "ID\n1\n");
    drop.put("bad.csv", "ID,ID\n1,2\n");
    let board = Arc::clone(&drop.engine.board);
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = {
        let (board, seen) = (Arc::clone(&board), Arc::clone(&seen));
        move || {
            let units = board.units();
            seen.lock()
                .unwrap()
                .extend(units.iter().filter(|unit| unit.name == "a.csv").map(|unit| unit.state));
        }
    };
    drop.on_idle.lock().unwrap().push(Box::new(note.clone()));
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let mut prepared = drop.prepared();
    let limits = drop.limits;
    let mut commits = || {
        note();
        true
    };
    drop.engine.live(&connector, &mut prepared, limits, None, &mut commits).await;
    note();
    assert_eq!(drop.state("bad.csv").0, UnitState::Quarantined);
    std::fs::remove_file(drop.path("blocked")).unwrap();
    drop.drain().await;
    note();
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.dedup();
    let way = [UnitState::Waiting, UnitState::Reading, UnitState::Committed, UnitState::Archived];
    assert_eq!(seen, way);
    // Each at least once: the second life looks at what the first could not put away.
    assert!(board.counts()[&UnitState::Seen] >= 2);
}

#[tokio::test]
async fn a_temporary_name_is_not_data_until_it_is_renamed() {
    let mut drop = Drop::new(json!({"match": "*", "complete": {"rename": ["*.tmp", "*.part"]}}));
    drop.put("a.csv.tmp", "ID\n1\n");
    drop.put(".hidden.csv", "ID\n1\n");
    assert!(drop.drain().await.is_empty());
    std::fs::rename(drop.path("a.csv.tmp"), drop.path("a.csv")).unwrap();
    assert_eq!(drop.drain().await.len(), 1);
}

#[tokio::test]
async fn a_manifest_promises_size_hash_and_records() {
    let mut drop =
        Drop::new(json!({"complete": {"manifest": "{stem}.manifest"}, "give_up_after": "1h"}));
    drop.put("a.csv", "ID\n1\n");
    drop.put("b.csv", "ID\n2\n");
    drop.put("c.csv", "ID\n3\n");
    drop.put("d.csv", "ID\n4\n");
    drop.put("a.manifest", "a.csv,5,,1\n");
    drop.put("b.manifest", "b.csv,6,,\n");
    drop.put("c.manifest", format!("{}  c.csv\n", "0".repeat(64)));
    drop.put("d.manifest", "d.csv,5,,7\n");
    drop.put("e.csv", "ID\n5\n");
    drop.put("e.manifest", vec![b'\n'; (16 << 20) + 1]);
    assert_eq!(drop.drain().await, [r#"ID="1""#]);
    assert_eq!(drop.state("b.csv").0, UnitState::Waiting);
    assert_eq!(drop.state("c.csv").0, UnitState::Waiting);
    assert!(drop.state("e.csv").1.contains("too large for a manifest"));
    assert!(drop.reject().contains("files.manifest_mismatch"), "{}", drop.reject());
    assert!(drop.has("archive/a.manifest"));
}

#[tokio::test]
async fn a_directory_that_may_only_be_read_is_left_as_it_is() {
    let mut drop = Drop::new(json!({"claim": "none"}));
    drop.put("a.csv", "ID\n1\n");
    drop.put("bad.csv", "ID,ID\n1,2\n");
    assert_eq!(drop.drain().await.len(), 1);
    let rejects = drop.dump().rejects.len();
    assert!(drop.drain().await.is_empty(), "a restart reads nothing again");
    assert_eq!(drop.dump().rejects.len(), rejects);
    let mut names: Vec<_> =
        std::fs::read_dir(drop.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.csv", "bad.csv"]);
    drop.put("a.csv", "ID\n2\n");
    assert_eq!(drop.drain().await, [r#"ID="2""#]);
}

#[tokio::test]
async fn one_bad_record_condemns_its_file_when_configured() {
    let mut drop = Drop::new(json!({"on_bad_record": "reject_file", "receipt": true}));
    drop.put("a.csv", "ID,N\n1,a\nsecret-value\n3,c\n");
    drop.put("b.csv", "ID,N\n4,d\n");
    assert_eq!(drop.drain().await, [r#"ID="4" N="d""#]);
    let reject = drop.reject().to_owned();
    assert!(reject.contains("files.rejected") && reject.contains("decode.csv.ragged"), "{reject}");
    let report = drop.read("quarantine/a.csv.report.json");
    assert!(!report.contains("secret-value") && report.contains("\"line\": 3"), "{report}");
    let receipt = drop.json("a.csv.receipt.json");
    assert_eq!(
        (receipt["outcome"].as_str(), receipt["accepted"].as_u64()),
        (Some("refused"), Some(0))
    );
    drop.put("a.csv", "ID,N\n1,a\nsecret-value\n3,c\n");
    drop.config["on_bad_record"] = json!("reject_record");
    assert_eq!(drop.drain().await.len(), 2, "dropped again under another rule it is read");
}

#[tokio::test]
async fn a_record_that_the_mapping_would_refuse_condemns_its_file_too() {
    let drop = Drop::new(json!({"on_bad_record": "reject_file"}));
    drop.put("a.csv", "ID\n1\n2\n");
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let cx =
        OpenContext { precheck: Some(Arc::new(Refuses("2"))), ..drop.engine.context(drop.limits) };
    let mut source = AnyConnector::open(&connector, drop.config.clone(), cx).await.unwrap();
    let split = source.splits().await.unwrap().remove(0);
    let mut reader = source.reader(&split, None).await.unwrap();
    let mut batch = RecordBatch::new(drop.limits);
    while reader.fetch(&mut batch).await.unwrap() != acequia_api::Fetched::Batch {
        drop.clock.advance(Duration::from_secs(3));
    }
    assert_eq!((batch.len(), batch.rejects().len()), (0, 1));
    assert_eq!(batch.rejects()[0].errors[1].code, "map.required_missing");
}

/// Appends to a file the first time it is asked.
struct Writes(std::sync::Mutex<Option<std::path::PathBuf>>);

impl acequia_api::Precheck for Writes {
    fn refused(&self, _: &RecordBatch, _: &mut Vec<acequia_api::Reject>) {
        if let Some(path) = self.0.lock().unwrap().take() {
            std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"2\n").unwrap();
        }
    }
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_inspected_is_inspected_again() {
    let drop = Drop::new(json!({"on_bad_record": "reject_file"}));
    drop.put("a.csv", "ID\n1\n");
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let writes = Writes(std::sync::Mutex::new(Some(drop.path("a.csv"))));
    let cx = OpenContext { precheck: Some(Arc::new(writes)), ..drop.engine.context(drop.limits) };
    let mut source = AnyConnector::open(&connector, drop.config.clone(), cx).await.unwrap();
    let split = source.splits().await.unwrap().remove(0);
    let mut reader = source.reader(&split, None).await.unwrap();
    let mut batch = RecordBatch::new(drop.limits);
    while reader.fetch(&mut batch).await.unwrap() != acequia_api::Fetched::Batch {
        drop.clock.advance(Duration::from_secs(3));
    }
    assert_eq!((batch.len(), batch.rejects().len()), (2, 0));
}

#[tokio::test]
async fn a_name_that_is_replaced_while_its_file_is_read_gives_both_files_whole() {
    let mut drop = Drop::new(json!({"claim": "none"}));
    drop.limits.max_rows = 1;
    drop.put("a.csv", format!("ID\n{}", "old\n".repeat(20)));
    drop.put("new.tmp", "ID\nnew\n");
    let (new, old) = (drop.path("new.tmp"), drop.path("a.csv"));
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let mut prepared = drop.prepared();
    let limits = drop.limits;
    let mut commits = || {
        let _ = std::fs::rename(&new, &old);
        true
    };
    drop.engine.live(&connector, &mut prepared, limits, None, &mut commits).await;
    drop.drain().await;
    let rows = drop.rows();
    assert_eq!(rows.iter().filter(|row| *row == r#"ID="old""#).count(), 20);
    assert_eq!(rows.iter().filter(|row| *row == r#"ID="new""#).count(), 1);
}

#[tokio::test]
async fn a_file_that_takes_the_name_of_one_that_was_read_is_read_as_well() {
    for (archive, kept) in [("done", true), ("delete", false)] {
        let mut drop = Drop::new(json!({"claim": "none", "archive": archive}));
        drop.put("a.csv", "ID\nold\n");
        drop.put("new.tmp", "ID\nnew\n");
        let (new, old) = (drop.path("new.tmp"), drop.path("a.csv"));
        let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
        let mut prepared = drop.prepared();
        let limits = drop.limits;
        // The one batch has the whole file: it is put away right after this.
        let mut commits = || {
            let _ = std::fs::rename(&new, &old);
            true
        };
        drop.engine.live(&connector, &mut prepared, limits, None, &mut commits).await;
        drop.drain().await;
        assert_eq!(drop.rows(), [r#"ID="old""#, r#"ID="new""#], "{archive}");
        assert!(!drop.has("a.csv") && drop.has("done/a.csv") == kept, "{archive}");
    }
}

/// A ledger that renames one file over another while it is asked.
struct Renames(Arc<MemoryState>, PathBuf, PathBuf);

impl StateView for Renames {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let known = self.0.get(key)?;
        if known.is_some() {
            let _ = std::fs::rename(&self.1, &self.2);
        }
        Ok(known)
    }

    fn scan(
        &self,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), SourceError> {
        self.0.scan(prefix, visit)
    }
}

#[tokio::test]
async fn a_file_that_takes_the_name_of_a_duplicate_is_not_put_away_for_it() {
    for (claim, archive) in
        [("rename", "done"), ("rename", "delete"), ("none", "done"), ("none", "delete")]
    {
        let mut drop = Drop::new(json!({"claim": claim, "archive": archive}));
        drop.put("a.csv", "ID\nold\n");
        drop.drain().await;
        drop.put("b.csv", "ID\nold\n");
        drop.put("new.tmp", "ID\nnew\n");
        let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
        let state =
            Renames(Arc::clone(&drop.engine.state), drop.path("new.tmp"), drop.path("b.csv"));
        let cx = OpenContext { state: Arc::new(state), ..drop.engine.context(drop.limits) };
        let mut source = AnyConnector::open(&connector, drop.config.clone(), cx).await.unwrap();
        let split = source.splits().await.unwrap().remove(0);
        let mut reader = source.reader(&split, None).await.unwrap();
        let mut batch = RecordBatch::new(drop.limits);
        while reader.fetch(&mut batch).await.unwrap() != acequia_api::Fetched::Batch {
            drop.clock.advance(Duration::from_secs(3));
        }
        assert!(!drop.has("new.tmp"), "{claim} {archive}");
        std::mem::drop((reader, source));
        assert_eq!(drop.drain().await, [r#"ID="new""#], "{claim} {archive}");
    }
}

/// A clock whose waits are too long for any test. It tells when one begins, and whether one went on to its end.
#[derive(Debug)]
struct Patient {
    begins: mpsc::SyncSender<()>,
    expired: AtomicBool,
}

impl Clock for Patient {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn pause(&self, hint: &mpsc::Receiver<()>, _: Duration) -> bool {
        let _ = self.begins.try_send(());
        let woken = hint.recv_timeout(Duration::from_secs(60)).is_ok();
        self.expired.fetch_or(!woken, Ordering::SeqCst);
        woken
    }
}

#[tokio::test]
async fn a_reader_that_waits_lets_go_at_once_when_cancelled() {
    let drop = Drop::new(json!({"poll_interval": "1h"}));
    let (begins, begun) = mpsc::sync_channel(1);
    let clock = Arc::new(Patient { begins, expired: AtomicBool::new(false) });
    let life = acequia_api::testkit::TaskTracker::new();
    let cx = drop.engine.context(drop.limits);
    let cx = OpenContext { once: false, life: Some(life.token()), ..cx };
    let cancel = cx.cancel.clone();
    let connector = Files::with_clock(Arc::clone(&clock) as _);
    let mut source = AnyConnector::open(&connector, drop.config.clone(), cx).await.unwrap();
    let split = source.splits().await.unwrap().remove(0);
    let reader = source.reader(&split, None).await.unwrap();
    begun.recv().unwrap();
    cancel.cancel();
    std::mem::drop((reader, source));
    life.close();
    life.wait().await;
    assert!(!clock.expired.load(Ordering::SeqCst), "it waited to the end");
}

#[tokio::test]
async fn a_file_that_goes_bad_half_way_is_refused_from_there_and_says_so() {
    let mut drop = Drop::new(json!({"receipt": true}));
    drop.put("a.csv", "ID,N\n1,a\n2,\"never closed\n3,c\n4,d\n");
    drop.put("b.csv", "ID,N\n5,e\n");
    assert_eq!(drop.drain().await, [r#"ID="1" N="a""#, r#"ID="5" N="e""#]);
    assert!(drop.has("quarantine/a.csv"));
    assert_eq!(drop.json("a.csv.receipt.json")["outcome"], "accepted_in_part");
}

#[tokio::test]
async fn reading_resumes_inside_packed_files() {
    let rows: String = (0..500).map(|n| format!("{n},x\n")).collect();
    for pack in [&(|bytes: &[u8]| bytes.to_vec()) as &dyn Fn(&[u8]) -> Vec<u8>, &|bytes| {
        zstd::encode_all(bytes, 1).unwrap()
    }] {
        let mut drop = Drop::new(json!({}));
        drop.limits.max_rows = 7;
        drop.put("a.csv", pack(format!("ID,N\n{rows}").as_bytes()));
        for stop in [1, 2, 3, 5, 8, 13] {
            assert_eq!(drop.live(Some(stop)).await, Life::Stopped);
        }
        drop.drain().await;
        let ids: Vec<_> = drop
            .rows()
            .iter()
            .map(|row| row.split('"').nth(1).unwrap().parse::<u32>().unwrap())
            .collect();
        assert_eq!(ids, (0..500).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_receipt_counts_what_was_refused_before_a_restart_too() {
    let mut drop = Drop::new(json!({"receipt": true}));
    drop.limits.max_rows = 1;
    drop.put("a.csv", "ID,N\nbad\n1,a\nbad\n2,b\nbad\n3,c\n");
    for stop in [1, 2] {
        drop.live(Some(stop)).await;
    }
    drop.drain().await;
    let receipt = drop.json("a.csv.receipt.json");
    assert_eq!((receipt["accepted"].as_u64(), receipt["refused"].as_u64()), (Some(3), Some(3)));
}

#[tokio::test]
async fn a_file_in_progress_is_found_wherever_it_was_put_and_by_its_content() {
    let mut drop = Drop::new(json!({}));
    drop.limits.max_rows = 1;
    drop.put("a.csv", "ID\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    drop.live(Some(1)).await;
    std::fs::rename(drop.path(".inflight/a.csv"), drop.path("renamed.csv")).unwrap();
    drop.live(Some(1)).await;
    assert!(drop.has(".inflight/renamed.csv"));
    std::fs::create_dir(drop.path("archive")).unwrap();
    std::fs::rename(drop.path(".inflight/renamed.csv"), drop.path("archive/a.csv")).unwrap();
    drop.drain().await;
    assert_eq!(drop.rows().len(), 9);
}

#[tokio::test]
async fn a_file_that_nobody_touched_is_taken_up_without_being_hashed_again() {
    use std::os::unix::fs::PermissionsExt;
    // A position with another hash shows it: a file that is hashed cannot be the one it names.
    let after_a_restart = async |touch: bool| {
        let mut drop = Drop::new(json!({}));
        drop.limits.max_rows = 1;
        drop.put("a.csv", "ID\n1\n2\n3\n");
        drop.live(Some(1)).await;
        let position = serde_json::to_string(drop.engine.position.as_ref().unwrap()).unwrap();
        let hash = drop.dump().rows[0].locator.split('#').next().unwrap().to_owned();
        let other = position.replace(&hash, &"0".repeat(64));
        assert_ne!(position, other);
        drop.engine.position = Some(serde_json::from_str(&other).unwrap());
        if touch {
            // Neither its size nor its time of change says so.
            let rights = std::fs::Permissions::from_mode(0o640);
            std::fs::set_permissions(drop.path(".inflight/a.csv"), rights).unwrap();
        }
        let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
        let cx = drop.engine.context(drop.limits);
        let mut source = AnyConnector::open(&connector, drop.config.clone(), cx).await.unwrap();
        let split = source.splits().await.unwrap().remove(0);
        let mut reader = source.reader(&split, drop.engine.position.as_ref()).await.unwrap();
        let mut batch = RecordBatch::new(drop.limits);
        reader.fetch(&mut batch).await.map_err(|error| error.code().to_owned())
    };
    assert_eq!(after_a_restart(false).await, Ok(acequia_api::Fetched::Batch));
    assert_eq!(after_a_restart(true).await, Err("files.position_lost".to_owned()));
}

#[tokio::test]
async fn a_refused_file_that_is_dropped_again_is_read_through_a_death_as_well() {
    for name in ["a.csv", "b.csv"] {
        let mut drop = Drop::new(json!({"on_bad_record": "reject_file"}));
        drop.put("a.csv", "ID,N\n1,a\nbad\n");
        assert!(drop.drain().await.is_empty());
        drop.config["on_bad_record"] = json!("reject_record");
        // A person moves it back, or the sender sends it again.
        match name {
            "a.csv" => std::fs::rename(drop.path("quarantine/a.csv"), drop.path(name)).unwrap(),
            _ => drop.put(name, "ID,N\n1,a\nbad\n"),
        }
        let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
        let mut prepared = drop.prepared();
        let limits = drop.limits;
        drop.engine.live(&connector, &mut prepared, limits, Some(1), &mut || false).await;
        assert!(drop.has(&format!(".inflight/{name}")) && drop.rows().is_empty());
        assert_eq!(drop.drain().await.len(), 1, "{name}");
        assert!(drop.has(&format!("archive/{name}")));
    }
}

#[tokio::test]
async fn a_refusal_that_was_committed_is_not_repeated_because_its_file_was_not_put_away() {
    let mut drop = Drop::new(json!({"quarantine": "other/quarantine"}));
    drop.put("other", "in the way");
    drop.put("a.csv", "ID,ID\n1,2\n");
    drop.drain().await;
    assert!(drop.has(".inflight/a.csv") && drop.alarms() == ["files.archive_failed"]);
    std::fs::remove_file(drop.path("other")).unwrap();
    drop.drain().await;
    assert_eq!(drop.dump().rejects.len(), 1);
    assert!(drop.has("other/quarantine/a.csv") && drop.alarms().is_empty());
}

#[tokio::test]
async fn a_feed_that_is_overdue_raises_an_alarm_until_a_file_comes() {
    let mut drop = Drop::new(json!({"arrival": {"by": "06:30", "zone": "Europe/Madrid"}}));
    drop.drain().await;
    assert!(drop.alarms().is_empty());
    drop.put("a.csv", "ID\n1\n");
    drop.drain().await;
    drop.clock.advance(Duration::from_hours(1));
    drop.drain().await;
    assert!(drop.alarms().is_empty(), "it came before the deadline");
    drop.clock.advance(Duration::from_hours(24));
    drop.drain().await;
    assert_eq!(drop.alarms(), ["files.overdue"]);
    drop.put("again.csv", "ID\n1\n");
    drop.drain().await;
    assert_eq!(drop.alarms(), ["files.overdue"], "old content is no arrival");
    drop.put("b.csv", "ID\n2\n");
    drop.drain().await;
    assert!(drop.alarms().is_empty(), "{:?}", drop.alarms());
}

#[tokio::test]
async fn files_that_stay_are_no_arrivals_after_a_restart() {
    let mut drop = Drop::new(json!({"arrival": {"every": "24h"}, "claim": "none"}));
    drop.put("a.csv", "ID\n1\n");
    drop.drain().await;
    drop.clock.advance(Duration::from_hours(25));
    drop.drain().await;
    assert_eq!(drop.alarms(), ["files.overdue"]);
}

#[tokio::test]
async fn a_duplicate_keeps_its_place_in_a_sequence_through_a_restart() {
    for claim in ["rename", "none"] {
        let mut drop = Drop::new(json!({"sequence": {"pattern": r"L(\d+)\.csv"}, "claim": claim}));
        drop.put("L1.csv", "ID\n1\n");
        drop.drain().await;
        drop.put("L2.csv", "ID\n1\n");
        assert!(drop.drain().await.is_empty());
        assert_eq!(drop.state("L2.csv").0, UnitState::Duplicate, "{claim}");
        drop.put("L3.csv", "ID\n3\n");
        assert_eq!(drop.drain().await, [r#"ID="3""#], "{claim}");
        assert!(drop.alarms().is_empty(), "{claim}: {:?}", drop.alarms());
    }
}

#[tokio::test]
async fn a_duplicate_whose_number_is_not_committed_is_still_there_after_a_restart() {
    let mut drop = Drop::new(json!({"sequence": {"pattern": r"L(\d+)\.csv"}}));
    drop.put("L1.csv", "ID\n1\n");
    drop.drain().await;
    drop.put("L2.csv", "ID\n1\n");
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let mut prepared = drop.prepared();
    let limits = drop.limits;
    drop.engine.live(&connector, &mut prepared, limits, Some(1), &mut || false).await;
    assert!(drop.has(".inflight/L2.csv"), "it goes only when its number is durable");
    drop.put("L3.csv", "ID\n3\n");
    assert_eq!(drop.drain().await, [r#"ID="3""#]);
    assert!(drop.has("archive/L2.csv") && drop.alarms().is_empty());
}

#[tokio::test]
async fn ten_thousand_tiny_files_are_read_in_order() {
    let mut drop = Drop::new(json!({}));
    for n in 0..10_000 {
        drop.put(&format!("{n:05}.csv"), format!("ID\n{n}\n"));
    }
    let rows = drop.drain().await;
    assert_eq!(rows.len(), 10_000);
    assert_eq!(rows[9_999], r#"ID="9999""#);
    assert_eq!(std::fs::read_dir(drop.path("archive")).unwrap().count(), 10_000);
}

#[tokio::test]
async fn a_missing_directory_names_itself_and_what_to_do() {
    let mut drop = Drop::new(json!({}));
    drop.config["directory"] = json!("/nowhere/at/all");
    let cx = drop.engine.context(drop.limits);
    let error = AnyConnector::open(&Files::new(), drop.config.clone(), cx).await.err().unwrap();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "files.directory"));
    assert!(error.to_string().contains("/nowhere/at/all") && error.advice().is_some());
}

#[tokio::test]
async fn a_check_finds_what_would_go_wrong() {
    use std::os::unix::fs::PermissionsExt;
    let drop = Drop::new(json!({}));
    std::fs::set_permissions(drop.dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let cx = drop.engine.context(drop.limits);
    let mut source = AnyConnector::open(&Files::new(), drop.config.clone(), cx).await.unwrap();
    let codes: Vec<_> = source.check().await.unwrap().into_iter().map(|f| f.code).collect();
    assert_eq!(codes, ["files.world_writable"]);
}
