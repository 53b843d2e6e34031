//! The rows of the table of bad inputs that concern files.

use std::{
    ffi::OsStr,
    io::Write,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::CommandExt},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use acequia_api::{AnyConnector, ErrorClass, UnitState};
use acequia_files::Files;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::support::Drop;

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(
            *name,
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated),
        )
        .unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn packed() -> Drop {
    Drop::new(json!({"match": ["*.csv", "*.gz", "*.zst", "*.zip"]}))
}

const ROWS: [&str; 2] = [r#"ID="1" N="a""#, r#"ID="2" N="b""#];

#[tokio::test]
async fn bad_input_03_a_file_cut_short_is_not_published_and_refused_in_the_end() {
    let mut drop = Drop::new(json!({"give_up_after": "1h"}));
    drop.put("a.csv", "ID,N\n1,a\n2,b");
    assert!(drop.drain().await.is_empty());
    assert_eq!(drop.state("a.csv").0, UnitState::Waiting);
    assert!(drop.has("a.csv"), "an unfinished file is not claimed");
    drop.put("a.csv", "ID,N\n1,a\n2,b\n");
    assert_eq!(drop.drain().await, ROWS, "what comes later completes it");
    drop.config["give_up_after"] = json!("8s");
    drop.put("b.csv", "ID,N\n1,a\n2,x");
    let later = drop.path("later.csv");
    drop.on_idle.lock().unwrap().push(Box::new(move || std::fs::write(later, "ID\n9\n").unwrap()));
    assert_eq!(drop.drain().await, [r#"ID="9""#]);
    assert!(drop.reject().contains("decode.csv.incomplete"), "{}", drop.reject());
    assert!(drop.has("quarantine/b.csv") && drop.has("quarantine/b.csv.report.json"));
}

#[tokio::test]
async fn bad_input_15_an_empty_file_is_visible_or_refused_as_configured() {
    for (content, empty) in [("", "ok"), ("ID,N\n", "ok"), ("", "error"), ("ID,N\n", "error")] {
        let mut drop = Drop::new(json!({"empty": empty}));
        drop.put("a.csv", content);
        assert!(drop.drain().await.is_empty());
        if empty == "ok" {
            assert_eq!(
                drop.state("a.csv"),
                (UnitState::Archived, "no records".to_owned()),
                "{content:?}"
            );
            assert!(drop.dump().rejects.is_empty());
        } else {
            assert_eq!(drop.state("a.csv").0, UnitState::Quarantined, "{content:?}");
            assert!(drop.reject().contains("files.empty"));
        }
    }
}

#[tokio::test]
async fn bad_input_16_a_trailer_that_disagrees_condemns_the_file_before_anything_is_published() {
    let format = json!({"csv": {"delimiter": ";", "trailer": {"starts_with": "T;", "count": 2}}});
    let mut drop = Drop::new(json!({"format": format, "complete": {"trailer": true}}));
    drop.put("a.csv", "ID;N\n1;a\n2;b\nT;3\n");
    drop.put("b.csv", "ID;N\n1;a\n\n2;b\nT;2\n");
    drop.put("c.csv", "ID;N\n1;a\n");
    assert_eq!(drop.drain().await, ROWS);
    assert_eq!(drop.dump().rejects.len(), 1, "{:#?}", drop.dump().rejects);
    assert!(drop.has("quarantine/a.csv") && drop.has("archive/b.csv"));
    assert_eq!(drop.state("c.csv").0, UnitState::Waiting, "without its trailer it is not complete");
}

#[tokio::test]
async fn bad_input_26_the_same_content_again_is_reported_and_not_published() {
    let mut drop = Drop::new(json!({"receipt": true}));
    drop.put("a.csv", "ID,N\n1,a\n2,b\n");
    assert_eq!(drop.drain().await, ROWS);
    for name in ["a.csv", "b.csv"] {
        drop.put(name, "ID,N\n1,a\n2,b\n");
        assert!(drop.drain().await.is_empty());
        assert_eq!(drop.state(name), (UnitState::Duplicate, "duplicate of `a.csv`".to_owned()));
        assert_eq!(drop.json(&format!("{name}.receipt.json"))["duplicate_of"], "a.csv");
        assert!(!drop.has(name));
    }
    drop.put("c.csv", "ID,N\n3,c\n");
    drop.put("d.csv", "ID,N\n3,c\n");
    assert_eq!(drop.drain().await.len(), 1, "two copies at once are one file as well");
}

#[tokio::test]
async fn bad_input_27_the_same_name_with_new_content_is_a_new_file() {
    let mut drop = Drop::new(json!({}));
    drop.put("a.csv", "ID,N\n1,a\n");
    assert_eq!(drop.drain().await, [ROWS[0]]);
    drop.put("a.csv", "ID,N\n2,b\n");
    assert_eq!(drop.drain().await, [ROWS[1]]);
    let archived = std::fs::read_dir(drop.path("archive")).unwrap().count();
    assert_eq!(archived, 2, "the archive keeps both");
}

#[tokio::test]
async fn bad_input_28_a_file_that_grows_while_read_is_read_again_or_refused_never_torn() {
    let mut drop = Drop::new(json!({}));
    drop.limits.max_rows = 2;
    let rows: String = (0..100).map(|n| format!("{n},x\n")).collect();
    drop.put("a.csv", format!("ID,N\n{rows}"));
    drop.live(Some(3)).await;
    let claimed = drop.path(".inflight/a.csv");
    assert!(claimed.exists());
    let mut file = std::fs::OpenOptions::new().append(true).open(&claimed).unwrap();
    writeln!(file, "100,late").unwrap();
    // What was read is no longer there: a person decides, nothing is read on silently.
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let cx = drop.engine.context(drop.limits);
    let mut source = AnyConnector::open(&connector, drop.config.clone(), cx).await.unwrap();
    let split = source.splits().await.unwrap().remove(0);
    let mut reader = source.reader(&split, drop.engine.position.as_ref()).await.unwrap();
    let error = reader.fetch(&mut acequia_api::RecordBatch::new(drop.limits)).await.unwrap_err();
    assert_eq!((error.class(), error.code()), (ErrorClass::Lost, "files.position_lost"));
    assert!(error.to_string().contains("a.csv"));
}

#[tokio::test]
async fn bad_input_28_a_file_that_changes_after_its_first_records_is_refused_from_there() {
    let mut drop = Drop::new(json!({}));
    drop.limits.max_rows = 1;
    let rows: String = (0..10_000).map(|n| format!("{n},x\n")).collect();
    drop.put("a.csv", format!("ID,N\n{rows}"));
    let connector = Files::with_clock(Arc::clone(&drop.clock) as _);
    let claimed = drop.path(".inflight/a.csv");
    let fetched = AtomicU32::new(0);
    let mut prepared = drop.prepared();
    let limits = drop.limits;
    let mut commits = || {
        if fetched.fetch_add(1, Ordering::SeqCst) == 5 {
            let mut file = std::fs::OpenOptions::new().append(true).open(&claimed).unwrap();
            writeln!(file, "1,late").unwrap();
        }
        true
    };
    drop.engine.live(&connector, &mut prepared, limits, None, &mut commits).await;
    assert!(drop.reject().contains("files.changed_while_read"), "{}", drop.reject());
    let read = drop.rows().len();
    assert!((6..20).contains(&read), "{read} rows");
    assert!(drop.has("quarantine/a.csv"));
    assert_eq!(drop.json("quarantine/a.csv.report.json")["outcome"], "accepted_in_part");
}

#[tokio::test]
async fn bad_input_29_marker_and_data_wait_for_each_other() {
    let mut drop = Drop::new(json!({"complete": {"marker": "{name}.ok"}, "alarm_after": "0s"}));
    drop.put("a.csv", "ID,N\n1,a\n");
    drop.put("b.csv.ok", "");
    assert!(drop.drain().await.is_empty());
    assert_eq!(drop.state("a.csv").0, UnitState::Waiting);
    let alarms = drop.alarms();
    assert!(alarms.contains(&"files.incomplete".to_owned()), "{alarms:?}");
    assert!(alarms.contains(&"files.marker_alone".to_owned()), "{alarms:?}");
    drop.put("a.csv.ok", "");
    drop.put("b.csv", "ID,N\n2,b\n");
    assert_eq!(drop.drain().await, ROWS);
    assert!(drop.alarms().is_empty(), "{:?}", drop.alarms());
    assert!(drop.has("archive/a.csv.ok") && !drop.has("a.csv.ok"));
}

#[tokio::test]
async fn bad_input_30_a_gap_in_numbered_files_holds_the_later_ones() {
    let mut drop = Drop::new(json!({"sequence": {"pattern": r"L(\d+)\.csv"}}));
    for n in [1, 2, 4, 10] {
        drop.put(&format!("L{n}.csv"), format!("ID,N\n{n},x\n"));
    }
    assert_eq!(drop.drain().await, [r#"ID="1" N="x""#, r#"ID="2" N="x""#]);
    assert_eq!(drop.alarms(), ["files.sequence_gap"]);
    drop.put("L3.csv", "ID,N\n3,x\n");
    assert_eq!(drop.drain().await, [r#"ID="3" N="x""#, r#"ID="4" N="x""#]);
    drop.config["sequence"]["hold_for"] = json!("0s");
    assert_eq!(drop.drain().await, [r#"ID="10" N="x""#]);
    assert!(drop.alarms().contains(&"files.sequence_skipped".to_owned()));
}

#[tokio::test]
async fn bad_input_31_what_is_no_regular_file_is_never_read() {
    let mut drop = Drop::new(json!({}));
    std::fs::create_dir(drop.path("dir.csv")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        drop.path("fifo.csv"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(drop.path("socket.csv")).unwrap();
    let sparse = std::fs::File::create(drop.path("sparse.csv")).unwrap();
    sparse.set_len(1 << 16).unwrap();
    drop.put("good.csv", "ID,N\n1,a\n");
    assert_eq!(drop.drain().await, [ROWS[0]]);
    assert_eq!(drop.alarms(), ["files.not_regular"; 3]);
    for name in ["dir.csv", "fifo.csv", "socket.csv"] {
        assert!(drop.has(name), "{name} is left alone");
    }
    std::fs::remove_dir(drop.path("dir.csv")).unwrap();
    drop.drain().await;
    assert_eq!(drop.alarms().len(), 2, "an alarm goes with its cause");
}

#[tokio::test]
async fn bad_input_32_links_out_of_the_directory_are_refused() {
    let mut drop = Drop::new(json!({}));
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "ID,N\nsecret,x\n").unwrap();
    std::os::unix::fs::symlink(&secret, drop.path("soft.csv")).unwrap();
    std::fs::hard_link(&secret, drop.path("hard.csv")).unwrap();
    assert!(drop.drain().await.is_empty());
    assert!(drop.alarms().contains(&"files.not_regular".to_owned()));
    assert!(!drop.has("hard.csv") && drop.has("quarantine/hard.csv.report.json"));
}

#[tokio::test]
async fn bad_input_33_odd_names_are_read_and_archived_under_a_safe_name() {
    let mut drop = Drop::new(json!({"receipt": true}));
    let long = format!("{}.csv", "x".repeat(251));
    let names: [&[u8]; 5] =
        [b"a\nb.csv", b"\x1b[31m.csv", b"caf\xe9.csv", b"-rf.csv", long.as_bytes()];
    for (n, name) in names.iter().enumerate() {
        let path = drop.dir.path().join(OsStr::from_bytes(name));
        std::fs::write(path, format!("ID,N\n{n},x\n")).unwrap();
    }
    assert_eq!(drop.drain().await.len(), 5);
    for entry in std::fs::read_dir(drop.path("archive")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
    for unit in drop.engine.board.units() {
        assert!(!unit.name.contains(char::is_control), "{:?}", unit.name);
    }
}

#[tokio::test]
async fn bad_input_34_an_unreadable_file_is_named_and_does_not_stop_the_others() {
    // Root may read everything, so the test is run again by somebody else.
    if rustix::process::geteuid().is_root() {
        let name = "bad_input_34_an_unreadable_file_is_named_and_does_not_stop_the_others";
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("test");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let output = std::process::Command::new(program)
            .args([&format!("bad_inputs::{name}"), "--exact"])
            .env("TMPDIR", dir.path())
            .uid(65534)
            .current_dir("/")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let mut drop = Drop::new(json!({}));
    drop.put("a.csv", "ID\n1\n");
    std::fs::set_permissions(drop.path("a.csv"), std::fs::Permissions::from_mode(0o000)).unwrap();
    drop.put("b.csv", "ID\n2\n");
    assert_eq!(drop.drain().await, [r#"ID="2""#]);
    let alarm = drop.engine.board.alarms().remove(0);
    assert_eq!((alarm.code.as_str(), alarm.subject.as_str()), ("files.unreadable", "a.csv"));
    let owner = rustix::process::geteuid().as_raw();
    for part in [format!("owner {owner}"), "mode 0".to_owned(), format!("user {owner}")] {
        assert!(alarm.message.contains(&part), "{}", alarm.message);
    }
    assert!(drop.has("a.csv"), "it is not claimed");
    std::fs::set_permissions(drop.dir.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    let cx = drop.engine.context(drop.limits);
    let error = AnyConnector::open(&Files::new(), drop.config.clone(), cx).await.err().unwrap();
    std::fs::set_permissions(drop.dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((error.class(), error.code()), (ErrorClass::Operator, "files.directory"));
    assert!(error.advice().unwrap().contains(&format!("user {owner}")), "{error:?}");
}

#[tokio::test]
async fn bad_input_35_packed_files_are_read_or_refused_before_anything_is_published() {
    let good = b"ID,N\n1,a\n2,b\n";
    let mut two = gz(b"ID,N\n1,a\n");
    two.extend(gz(b"2,b\n"));
    for (name, content) in [
        ("a.csv.gz", gz(good)),
        ("a.gz", two),
        ("a.csv.zst", zstd::encode_all(&good[..], 3).unwrap()),
    ] {
        let mut drop = packed();
        drop.put(name, content);
        assert_eq!(drop.drain().await, ROWS, "{name}");
    }
    let mut crc = gz(good);
    let at = crc.len() - 6;
    crc[at] ^= 1;
    let mut junk = gz(good);
    junk.extend(b"junk behind it");
    let bomb = gz(&vec![b'a'; 8 << 20]);
    let cut = gz(good)[..20].to_vec();
    for (name, content, code) in [
        ("crc.gz", crc, "files.packed_broken"),
        ("junk.gz", junk, "files.packed_broken"),
        ("bomb.gz", bomb, "files.bomb"),
        ("nested.gz", gz(&gz(good)), "files.packed_nested"),
        ("no.gz", good.to_vec(), "files.packed_broken"),
        ("no.zst", zstd::encode_all(&good[..], 3).unwrap()[..12].to_vec(), "files.packed_broken"),
        ("cut.gz", cut, "files.packed_broken"),
    ] {
        let mut drop = packed();
        drop.config["give_up_after"] = json!("0s");
        drop.put(name, content);
        assert!(drop.drain().await.is_empty());
        if drop.state(name).0 == UnitState::Waiting {
            drop.put("other.csv", "ID,N\n1,a\n");
            drop.drain().await;
        }
        assert!(drop.reject().contains(code), "{name}: {}", drop.reject());
        assert!(drop.has(&format!("quarantine/{name}")), "{name}");
    }
}

#[tokio::test]
async fn bad_input_36_members_of_a_zip_file_are_streamed_and_never_trusted() {
    let mut drop = packed();
    drop.limits.max_rows = 1;
    drop.put(
        "a.zip",
        zipped(&[("x/1.csv", b"ID,N\n1,a\n"), ("README", b"no"), ("2.csv", b"ID,N\n2,b\n")]),
    );
    drop.live(Some(1)).await;
    drop.drain().await;
    assert_eq!(drop.rows(), ROWS);
    let locators: Vec<_> = drop.dump().rows.iter().map(|row| &row.locator).collect();
    assert!(
        locators[0].contains(":x/1.csv#1 ") && locators[1].contains(":2.csv#1 "),
        "{locators:?}"
    );

    let row = &b"ID,N\n1,a\n"[..];
    let mut lying = zipped(&[("1.csv", row)]);
    let crc = lying.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap() + 16;
    lying[crc] ^= 1;
    let mut encrypted = zipped(&[("1.csv", row)]);
    let central = encrypted.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    encrypted[6] |= 1;
    encrypted[central + 8] |= 1;
    let mut twice = zipped(&[("1.csv", row), ("2.csv", row)]);
    while let Some(at) = twice.windows(5).position(|w| w == b"2.csv") {
        twice[at] = b'1';
    }
    let many: Vec<(String, &[u8])> = (0..20).map(|n| (format!("{n}.csv"), row)).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, row)| (name.as_str(), *row)).collect();
    for (name, content) in [
        ("up.zip", zipped(&[("../../etc/1.csv", row)])),
        ("absolute.zip", zipped(&[("/etc/1.csv", row)])),
        ("windows.zip", zipped(&[("C:\\1.csv", row)])),
        ("lying.zip", lying),
        ("encrypted.zip", encrypted),
        ("twice.zip", twice),
        ("many.zip", zipped(&many)),
        ("none.zip", zipped(&[("1.txt", row)])),
        ("bomb.zip", zipped(&[("1.csv", &vec![b'a'; 8 << 20])])),
    ] {
        let mut drop = packed();
        drop.config["unpacked"] = json!({"max_members": 10});
        drop.put(name, content);
        assert!(drop.drain().await.is_empty(), "{name}");
        assert_eq!(drop.state(name).0, UnitState::Quarantined, "{name}");
        assert!(drop.reject().contains("files."), "{name}");
    }
}
