use super::*;
use crate::checkpoint::{Delta, mirror::Mirror};

fn at() -> StoredAt {
    StoredAt { topic: "town.acequia.checkpoints".into(), partition: 3, offset: 17 }
}

fn round_trip<T: DeserializeOwned + Serialize>(fixture: &str) -> T {
    let record: T = parse("record", fixture.as_bytes(), &at()).unwrap();
    assert_eq!(String::from_utf8(to_bytes(&record)).unwrap(), fixture.trim_end());
    record
}

#[test]
fn every_fixture_of_version_1_loads_and_is_written_the_same() {
    let split: SplitRecord = round_trip(include_str!("../fixtures/split.v1.json"));
    let head: HeadRecord = round_trip(include_str!("../fixtures/head.v1.json"));
    let claim: ClaimRecord = round_trip(include_str!("../fixtures/claim.v1.json"));
    let state: StateRecord = round_trip(include_str!("../fixtures/state.v1.json"));
    let mirror: Mirror = round_trip(include_str!("../fixtures/mirror.v1.json"));
    assert_eq!(split.counts.rows_in, 40);
    assert!(Chain::parse(&head.chain).is_some());
    assert_eq!(claim.host.as_deref(), Some("town-hall-1"));
    let key = StoredKey::State { pipeline: "permits".into(), key: "file/1".into() };
    assert_eq!(state.open(&key, None, &at()).unwrap(), br#"{"seen":true}"#);
    assert_eq!(mirror, Mirror::of(&head));
}

#[test]
fn a_sealed_fixture_opens_with_its_key_and_key_name() {
    let key = StoredKey::Split { pipeline: "permits".into(), split: "drop".into() };
    let seal = SealKey::new("state-1", &[7; 32]);
    let record: SplitRecord = round_trip(include_str!("../fixtures/split-sealed.v1.json"));
    let progress = record.open(&key, Some(&seal), &at()).unwrap();
    assert_eq!(progress.position, Position::encode(1, &"NIF;12345678Z").unwrap());
    for wrong in [None, Some(SealKey::new("state-1", &[8; 32]))] {
        let error = record.open(&key, wrong.as_ref(), &at()).unwrap_err();
        assert_eq!(error.code, "checkpoint.sealed");
        assert!(error.message.contains("partition 3 offset 17") && !error.message.contains("NIF"));
    }
}

#[test]
fn a_sealed_position_shows_nothing_of_the_position() {
    let key = StoredKey::Split { pipeline: "permits".into(), split: "drop".into() };
    let seal = SealKey::new("state-1", &[7; 32]);
    let delta = Delta {
        split: "drop".into(),
        from: None,
        to: Position::encode(1, &"NIF;12345678Z").unwrap(),
        lineage: Lineage { mappings: vec!["m@1".into()], schema: [1; 8] },
        counts: Counts::default(),
    };
    let progress =
        Progress { position: delta.to, lineage: delta.lineage, counts: Counts::default() };
    let stored = to_bytes(&SplitRecord::new(&progress, &key, Some(&seal)).unwrap());
    assert!(!String::from_utf8_lossy(&stored).contains("12345678Z"));
    let back: SplitRecord = parse("split record", &stored, &at()).unwrap();
    assert_eq!(back.open(&key, Some(&seal), &at()).unwrap(), progress);
}

#[test]
fn bad_input_72_a_newer_format_is_called_newer_and_names_the_place() {
    let newer = include_str!("../fixtures/head.v1.json").replace("\"format\":1", "\"format\":2");
    let error = parse::<HeadRecord>("head record", newer.as_bytes(), &at()).unwrap_err();
    assert_eq!(error.code, "checkpoint.newer_format");
    assert!(error.message.contains("`town.acequia.checkpoints` partition 3 offset 17"));
}

#[test]
fn whatever_is_not_ours_is_corrupt() {
    let good = include_str!("../fixtures/claim.v1.json");
    for bad in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        good.replace("\"format\":1", "\"format\":0"),
        good.replace("\"owner\"", "\"owned\""),
        good.replace("\"host\"", "\"more\""),
        good.replace("67e55044-10b1", "not-a-uuid"),
    ] {
        let error = parse::<ClaimRecord>("claim", bad.as_bytes(), &at()).unwrap_err();
        assert_eq!(error.code, "checkpoint.corrupt", "{bad}");
    }
}

#[test]
fn keys_come_back_whatever_the_names_hold() {
    for name in ["drop", "a/b", "a\",\"b", "ñ\u{0}"] {
        let key = StoredKey::Split { pipeline: "p".into(), split: name.into() };
        assert_eq!(StoredKey::parse(Some(&key.to_bytes()), &at()).unwrap(), key);
    }
    for bad in [None, Some(&b"x"[..]), Some(br#"["split","p"]"#), Some(br#"["other","p","q"]"#)] {
        assert_eq!(StoredKey::parse(bad, &at()).unwrap_err().code, "checkpoint.corrupt");
    }
}

#[test]
fn a_chain_depends_on_every_id_and_on_their_order() {
    let chain = |ids: &[&str]| {
        let mut link = Chain::default().link();
        for id in ids {
            link.add(id.as_bytes());
        }
        link.close()
    };
    let base = chain(&["a1", "b2"]);
    assert_eq!(base, chain(&["a1", "b2"]));
    assert_ne!(base, chain(&["b2", "a1"]));
    assert_ne!(base, chain(&["a1"]));
    assert_ne!(base.link().close(), base);
    assert_eq!(Chain::parse(&base.to_string()), Some(base));
}
