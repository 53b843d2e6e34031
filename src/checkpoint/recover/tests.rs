use acequia_api::Position;
use proptest::prelude::*;

use super::*;
use crate::checkpoint::{Counts, Delta, Lineage, stored};

const LIFE: uuid::Uuid = uuid::Uuid::from_u128(77);

fn task(pipeline: &str) -> Task {
    Task {
        deployment: "town".into(),
        pipeline: pipeline.into(),
        task: "0".into(),
        owner: uuid::Uuid::from_u128(1),
        host: None,
    }
}

/// A partition as a list of records, with the writers that the tests need.
#[derive(Default, Clone)]
struct Log(Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Log {
    fn claim(&mut self, task: &Task, life: uuid::Uuid) {
        let claim = ClaimRecord {
            format: 1,
            owner: task.owner,
            life,
            started_at: "2026-11-24T08:00:00Z".parse().unwrap(),
            host: None,
        };
        self.0.push((StoredKey::claim(task).to_bytes(), Some(stored::to_bytes(&claim))));
    }

    fn commit(&mut self, task: &Task, checkpoint: &Checkpoint, splits: &[&str], seq: u64) {
        for split in splits {
            let key = StoredKey::split(task, split);
            let record = SplitRecord::new(checkpoint.progress(split).unwrap(), &key, None).unwrap();
            self.0.push((key.to_bytes(), Some(stored::to_bytes(&record))));
        }
        let head = HeadRecord {
            format: 1,
            seq,
            owner: task.owner,
            cluster: "c".into(),
            chain: Chain::default().to_string(),
            counts: Counts::default(),
            total: Counts::default(),
            source_clock: None,
        };
        self.0.push((StoredKey::head(task).to_bytes(), Some(stored::to_bytes(&head))));
    }

    fn recover(&self, task: &Task) -> Result<Recovered, StoredError> {
        let mut recovery = Recovery::new(task, LIFE, None);
        for (offset, (key, value)) in self.0.iter().enumerate() {
            let at = StoredAt { topic: "t".into(), partition: 0, offset: offset as i64 };
            if recovery.feed(Some(key), value.as_deref(), &at)? == Step::Done {
                return Ok(recovery.finish());
            }
        }
        panic!("the own claim is in every test log")
    }
}

fn step(checkpoint: &mut Checkpoint, split: &str, to: u64) {
    let delta = Delta {
        split: split.into(),
        from: checkpoint.position(split).cloned(),
        to: Position::encode(1, &to).unwrap(),
        lineage: Lineage::default(),
        counts: Counts { rows_in: 1, filtered: 1, ..Counts::default() },
    };
    checkpoint.apply(&delta).unwrap();
}

#[test]
fn an_empty_partition_is_a_first_run() {
    let mut log = Log::default();
    log.claim(&task("p"), LIFE);
    assert_eq!(log.recover(&task("p")).unwrap(), Recovered::default());
}

#[test]
fn recovery_ends_at_the_own_claim_and_knows_who_was_before() {
    let task = task("p");
    let (mut log, mut checkpoint) = (Log::default(), Checkpoint::default());
    let old = uuid::Uuid::from_u128(5);
    log.claim(&task, old);
    step(&mut checkpoint, "a", 10);
    log.commit(&task, &checkpoint, &["a"], 1);
    let at_claim = checkpoint.clone();
    log.claim(&task, LIFE);
    step(&mut checkpoint, "a", 20);
    log.commit(&task, &checkpoint, &["a"], 2);

    let found = log.recover(&task).unwrap();
    assert_eq!(found.checkpoint, at_claim);
    assert_eq!(found.head.unwrap().seq, 1);
    assert_eq!(found.previous.unwrap().life, old);
}

#[test]
fn a_forgotten_split_stays_forgotten() {
    let task = task("p");
    let (mut log, mut checkpoint) = (Log::default(), Checkpoint::default());
    step(&mut checkpoint, "a", 10);
    log.commit(&task, &checkpoint, &["a"], 1);
    log.0.push((StoredKey::split(&task, "a").to_bytes(), None));
    log.claim(&task, LIFE);
    assert!(log.recover(&task).unwrap().checkpoint.is_empty());
}

#[test]
fn a_sequence_that_goes_back_or_stands_still_is_refused() {
    let task = task("p");
    for second in [3, 2] {
        let mut log = Log::default();
        log.commit(&task, &Checkpoint::default(), &[], 3);
        log.commit(&task, &Checkpoint::default(), &[], second);
        log.claim(&task, LIFE);
        assert_eq!(log.recover(&task).unwrap_err().code, "checkpoint.sequence");
    }
}

#[test]
fn bad_input_72_a_corrupt_record_of_ours_stops_and_one_of_another_pipeline_does_not() {
    for (pipeline, code) in [("p", Some("checkpoint.corrupt")), ("q", None)] {
        let mut log = Log::default();
        log.0.push((StoredKey::split(&task(pipeline), "a").to_bytes(), Some(b"{}".to_vec())));
        log.claim(&task("p"), LIFE);
        assert_eq!(log.recover(&task("p")).err().map(|error| error.code), code);
    }
}

proptest! {
    /// Two tasks share a partition, and compaction may have removed any record that a later one of the same key
    /// replaces: what is recovered is exactly the last committed checkpoint of the task.
    #[test]
    fn recovery_gives_the_last_commit_of_the_task_compacted_or_not(
        commits in prop::collection::vec((any::<bool>(), prop::collection::vec(0u8..4, 1..3)), 0..30),
        compacted in prop::collection::vec(any::<bool>(), 200),
    ) {
        let tasks = [task("p"), task("q")];
        let mut checkpoints = [Checkpoint::default(), Checkpoint::default()];
        let mut seqs = [0u64, 0];
        let mut log = Log::default();
        for (which, splits) in commits {
            let n = usize::from(which);
            let names: Vec<String> = splits.iter().map(|split| format!("s{split}")).collect();
            for name in &names {
                step(&mut checkpoints[n], name, seqs[n] * 10 + 1);
            }
            seqs[n] += 1;
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            log.commit(&tasks[n], &checkpoints[n], &names, seqs[n]);
        }
        log.claim(&tasks[0], LIFE);

        let all = log.0.clone();
        let mut index = 0;
        log.0.retain(|(key, _)| {
            let replaced = all[index + 1..].iter().any(|(later, _)| later == key);
            index += 1;
            !(replaced && compacted[index % compacted.len()])
        });
        let found = log.recover(&tasks[0]).unwrap();
        prop_assert_eq!(&found.checkpoint, &checkpoints[0]);
        prop_assert_eq!(found.head.map(|head| head.seq), (seqs[0] > 0).then_some(seqs[0]));
    }
}
