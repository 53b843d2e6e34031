use super::*;
use crate::checkpoint::Counts;

const ME: uuid::Uuid = uuid::Uuid::from_u128(1);
const OTHER: uuid::Uuid = uuid::Uuid::from_u128(2);

fn head(seq: u64, owner: uuid::Uuid) -> HeadRecord {
    HeadRecord {
        format: 1,
        seq,
        owner,
        cluster: "c".into(),
        chain: String::new(),
        counts: Counts::default(),
        total: Counts::default(),
        source_clock: None,
    }
}

fn task(pipeline: &str) -> Task {
    Task {
        deployment: "town".into(),
        pipeline: pipeline.into(),
        task: "0".into(),
        owner: ME,
        host: None,
    }
}

#[test]
fn bad_input_72_another_cluster_and_a_step_back_are_a_regression() {
    use RegressionReason::{Absent, Behind, Diverged, OtherCluster};
    let mirror = Mirror::of(&head(5, ME));
    let cases = [
        (None, None, Kinship::FirstRun),
        (None, Some(head(5, ME)), Kinship::TakenOver),
        (Some(&mirror), Some(head(5, ME)), Kinship::Fine),
        (Some(&mirror), Some(head(6, ME)), Kinship::Fine),
        (Some(&mirror), Some(head(6, OTHER)), Kinship::TakenOver),
        (Some(&mirror), None, Kinship::Regression(Absent)),
        (Some(&mirror), Some(head(4, ME)), Kinship::Regression(Behind)),
        (Some(&mirror), Some(head(4, OTHER)), Kinship::Regression(Behind)),
        (Some(&mirror), Some(head(5, OTHER)), Kinship::Regression(Diverged)),
    ];
    for (mirror, head, expected) in cases {
        assert_eq!(compare(mirror, head.as_ref(), "c"), expected, "{mirror:?} {head:?}");
    }
    let elsewhere = compare(Some(&mirror), Some(&head(9, ME)), "another");
    assert_eq!(elsewhere, Kinship::Regression(OtherCluster));
}

#[test]
fn a_mirror_comes_back_and_a_new_one_replaces_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = MirrorFile::new(directory.path(), &task("permits"));
    assert_eq!(file.load().unwrap(), None);
    for seq in [1, 2] {
        let mirror = Mirror::of(&head(seq, ME));
        file.store(&mirror).unwrap();
        assert_eq!(file.load().unwrap(), Some(mirror));
    }
    let left: Vec<_> = fs::read_dir(file.path().parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[test]
fn a_damaged_mirror_is_an_error_and_never_a_first_run() {
    let directory = tempfile::tempdir().unwrap();
    let file = MirrorFile::new(directory.path(), &task("permits"));
    file.store(&Mirror::of(&head(1, ME))).unwrap();
    for damage in ["", "{", "{\"format\":1}"] {
        fs::write(file.path(), damage).unwrap();
        assert_eq!(file.load().unwrap_err().code, "checkpoint.mirror");
    }
    fs::write(file.path(), "{\"format\":9}").unwrap();
    assert_eq!(file.load().unwrap_err().code, "checkpoint.newer_format");
}

#[test]
fn a_mirror_that_cannot_be_written_leaves_the_old_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = MirrorFile::new(directory.path(), &task("permits"));
    let first = Mirror::of(&head(1, ME));
    file.store(&first).unwrap();
    fs::create_dir(file.path().with_extension("next")).unwrap();
    assert_eq!(file.store(&Mirror::of(&head(2, ME))).unwrap_err().code, "checkpoint.mirror");
    assert_eq!(file.load().unwrap(), Some(first));
}

#[test]
fn no_two_tasks_share_a_file() {
    let names: std::collections::BTreeSet<_> = ["a/b", "a%2fb", "a_b", "../a"]
        .iter()
        .map(|pipeline| file_name(&task(pipeline), "json"))
        .collect();
    assert_eq!(names.len(), 4);
    assert!(names.iter().all(|name| !name.contains('/')));
}
