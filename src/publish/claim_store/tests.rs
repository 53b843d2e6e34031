use sha2::{Digest as _, Sha256};

use super::*;

fn task(pipeline: &str, owner: u128) -> Task {
    Task {
        deployment: "town".into(),
        pipeline: pipeline.into(),
        task: "0".into(),
        owner: uuid::Uuid::from_u128(owner),
        host: None,
    }
}

fn data(bytes: &[u8]) -> ClaimedData<'_> {
    ClaimedData { bytes, digest: Sha256::digest(bytes).into() }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_same_data_is_one_file_named_by_its_content_and_a_damaged_one_is_healed() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("a/claims");
    let mut store = ClaimStore::open(&directory, &task("permits", 1)).unwrap();
    store.keep(&data(b"{\"n\":1}")).unwrap();
    let name = format!("{}.json", data_encoding::HEXLOWER.encode(&Sha256::digest(b"{\"n\":1}")));
    assert_eq!(names(&directory), std::slice::from_ref(&name));
    fs::write(directory.join(&name), b"{\"n\"").unwrap();
    store.keep(&data(b"{\"n\":1}")).unwrap();
    store.sync().unwrap();
    assert_eq!(fs::read(directory.join(&name)).unwrap(), b"{\"n\":1}");
    assert_eq!(names(&directory), [name]);
}

#[test]
fn a_new_directory_is_the_owners_and_a_shared_one_shares_with_the_group_alone() {
    let scratch = tempfile::tempdir().unwrap();
    for (given, kept) in [(None, 0o600), (Some(0o2750), 0o640), (Some(0o700), 0o600)] {
        let directory = scratch.path().join(format!("{given:?}"));
        if let Some(mode) = given {
            fs::create_dir(&directory).unwrap();
            fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut store = ClaimStore::open(&directory, &task("permits", 1)).unwrap();
        store.keep(&data(b"{}")).unwrap();
        assert_eq!(mode(&directory.join(&names(&directory)[0])), kept, "{given:?}");
        assert_eq!(mode(&directory) & 0o777, given.unwrap_or(0o700) & 0o777);
    }
}

#[test]
fn a_directory_that_everybody_may_enter_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    for open in [0o755, 0o701] {
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(open)).unwrap();
        let error = ClaimStore::open(scratch.path(), &task("permits", 1)).unwrap_err();
        assert_eq!(error.code(), "publish.claim_store");
        assert!(error.advice().unwrap().contains("chmod o="));
    }
}

#[test]
fn the_unfinished_files_of_earlier_lives_of_the_same_task_go_and_no_others() {
    let scratch = tempfile::tempdir().unwrap();
    let left = |task: &Task| {
        ClaimStore::open(scratch.path(), task).unwrap();
        let name = format!(".{}.{}.part", task.transactional_id(), task.owner);
        fs::write(scratch.path().join(&name), b"{").unwrap();
        name
    };
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let (mine, longer, other) =
        (task("permits", 1), Task { task: "0.1".into(), ..task("permits", 1) }, task("taxes", 1));
    left(&mine);
    let kept = [left(&longer), left(&other)];
    ClaimStore::open(scratch.path(), &task("permits", 2)).unwrap();
    assert_eq!(names(scratch.path()), kept);
}

#[test]
fn what_cannot_be_written_stops_with_the_place_and_the_reason() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = ClaimStore::open(&file, &task("permits", 1)).unwrap_err();
    assert_eq!(
        (error.class(), error.code()),
        (acequia_api::ErrorClass::Operator, "publish.claim_store")
    );
    assert!(error.to_string().contains("file") && std::error::Error::source(&error).is_some());
}

#[test]
fn every_directory_that_gets_a_new_one_is_made_durable_and_no_other() {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("a/b");
    assert_eq!(parents_of_missing(&directory), [&scratch.path().join("a"), scratch.path()]);
    prepare(&directory).unwrap();
    assert!(parents_of_missing(&directory).is_empty());
}
