//! Random files, limits, commits and deaths: what comes out is what one undisturbed run gives.

use std::{fmt::Write as _, sync::Arc};

use acequia_api::{
    BatchLimits,
    testkit::{Dump, Life},
};
use acequia_files::Files;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::Drop;

/// How one life goes: rows in a batch, batches until it dies, and which of its commits fail.
type Fate = (usize, u64, Vec<bool>);

/// Few different contents, so that some are dropped twice; some records are bad, and some files as a whole.
fn content() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        8 => "[a-c]{1,2},[a-z ]{0,3}\n",
        1 => Just("ragged\n".to_owned()),
        1 => Just("\"a\nb\",x\n".to_owned()),
        1 => Just("\n".to_owned()),
    ];
    let rows =
        prop::collection::vec(line, 0..8).prop_map(|lines| format!("ID,N\n{}", lines.concat()));
    prop_oneof![
        6 => rows,
        2 => Just("ID,N\n1,the same\n".to_owned()),
        1 => Just("ID,ID\n1,2\n".to_owned()),
        1 => Just("ID,N\n1,a\n2,\"never closed\n".to_owned()),
    ]
}

fn pack(text: &str, how: u8) -> Vec<u8> {
    match how {
        0 => zstd::encode_all(text.as_bytes(), 1).unwrap(),
        _ => text.as_bytes().to_vec(),
    }
}

fn filled(config: &Value, files: &[(String, u8)]) -> Drop {
    let drop = Drop::new(config.clone());
    for (n, (text, how)) in files.iter().enumerate() {
        drop.put(&format!("L{}.csv", n + 1), pack(text, *how));
    }
    drop
}

async fn disturbed(mut drop: Drop, fates: &[Fate]) -> Drop {
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    for (max_rows, stop, commits) in fates {
        let mut prepared = drop.prepared();
        let limits = BatchLimits { max_rows: *max_rows, ..BatchLimits::default() };
        let mut commits = commits.iter().copied().cycle();
        let mut commit = || commits.next().unwrap_or(true);
        let life =
            drop.engine.live(&connector, &mut prepared, limits, Some(*stop), &mut commit).await;
        if life == Life::Ended {
            break;
        }
    }
    drop.drain().await;
    drop
}

/// What came out, and where the files are now.
fn outcome(drop: &Drop) -> (Dump, String) {
    let mut where_files_are = String::new();
    for folder in ["", ".inflight", "archive", "quarantine"] {
        let Ok(entries) = std::fs::read_dir(drop.path(folder)) else { continue };
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.retain(|name| name.to_string_lossy().contains(".csv"));
        names.sort();
        let _ = writeln!(where_files_are, "{folder}: {names:?}");
    }
    (drop.engine.dump.clone(), where_files_are)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn every_record_comes_once_and_every_file_is_put_away_whatever_happens(
        files in prop::collection::vec((content(), 0..4_u8), 1..6),
        claim in prop::sample::select(vec!["rename", "none"]),
        numbered in any::<bool>(),
        fates in prop::collection::vec(
            (1..5_usize, 0..7_u64, prop::collection::vec(any::<bool>(), 1..5)),
            0..8,
        ),
    ) {
        let mut config = json!({ "claim": claim, "receipt": claim == "rename" });
        if numbered {
            config["sequence"] = json!({ "pattern": r"L(\d+)\.csv" });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let calm = disturbed(filled(&config, &files), &[]).await;
            let wild = disturbed(filled(&config, &files), &fates).await;
            assert_eq!(outcome(&wild), outcome(&calm));
            assert!(wild.alarms().is_empty(), "{:?}", wild.alarms());
            assert_eq!(wild.engine.board.units().iter().filter(|unit| {
                unit.state == acequia_api::UnitState::Reading
            }).count(), 0);
        });
    }
}
