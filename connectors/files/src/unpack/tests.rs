//! What no packed file can do, however it was made: be read as something else than it was, grow beyond the caps, or
//! stop the program.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use globset::{Glob, GlobSetBuilder};
use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

const ROWS: &[u8] = b"ID,N\n1,the first\n2,the second\n3,the first\n4,the second\n";

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zipped(options: SimpleFileOptions, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

/// The same content in every packing there is, cut in two where a packing has members.
fn packings() -> Vec<Vec<u8>> {
    let (first, second) = ROWS.split_at(17);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut checked = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    checked.include_checksum(true).unwrap();
    checked.write_all(ROWS).unwrap();
    let halves = [("1.csv", first), ("2.csv", second)];
    vec![
        gz(ROWS),
        [gz(first), gz(second)].concat(),
        checked.finish().unwrap(),
        zipped(deflated(), &halves),
        zipped(stored, &halves),
        zipped(deflated().large_file(true), &halves),
    ]
}

const CAPS: Unpacked = Unpacked { max_ratio: 50, max_bytes: 1 << 22, max_members: 100 };

/// All that a file holds, as the reader does it: verified, then read.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, UnpackFailure> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let csv = GlobSetBuilder::new().add(Glob::new("*.csv").unwrap()).build().unwrap();
    let packing = recognise(&file, OsStr::new("data"), &csv, &CAPS)?;
    verify(&file, &packing, &CAPS, &|| Ok(()))?;
    let mut all = Vec::new();
    for part in 0..packing.parts() {
        open(&file, &packing, part, 0).unwrap().read_to_end(&mut all).unwrap();
    }
    Ok(all)
}

fn code(bytes: &[u8]) -> &'static str {
    match unpacked(bytes) {
        Err(UnpackFailure::Cut(error) | UnpackFailure::Refused(error)) => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_packing_gives_the_same_content_zip64_as_well() {
    for bytes in packings() {
        assert_eq!(unpacked(&bytes).unwrap(), ROWS);
    }
}

#[test]
fn every_packing_can_be_opened_at_every_byte() {
    for bytes in packings() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let csv = GlobSetBuilder::new().add(Glob::new("*.csv").unwrap()).build().unwrap();
        let packing = recognise(&file, OsStr::new("data"), &csv, &CAPS).unwrap();
        for at in 0..=17 {
            let mut rest = Vec::new();
            open(&file, &packing, 0, at).unwrap().read_to_end(&mut rest).unwrap();
            assert!(!rest.is_empty() || at == 17 && packing.parts() > 1);
            assert!(ROWS[at as usize..].starts_with(&rest), "{packing:?} at {at}");
        }
        assert!(open(&file, &packing, 0, 1000).is_err());
    }
}

#[test]
fn bad_input_35_a_bomb_is_refused_long_before_its_end() {
    let zeros = vec![b'0'; 64 << 20];
    for bomb in [gz(&zeros), zstd::encode_all(&zeros[..], 3).unwrap()] {
        assert_eq!(code(&bomb), "files.bomb");
    }
    assert_eq!(code(&zipped(deflated(), &[("1.csv", &zeros)])), "files.bomb");
    // Each is harmless by itself.
    let many: Vec<String> = (0..90).map(|n| format!("{n}.csv")).collect();
    let many: Vec<(&str, &[u8])> =
        many.iter().map(|name| (name.as_str(), &zeros[..1 << 17])).collect();
    assert_eq!(code(&zipped(deflated(), &many)), "files.bomb");
}

#[test]
fn bad_input_36_a_zip64_size_that_lies_is_refused() {
    let honest = zipped(deflated().large_file(true), &[("1.csv", ROWS)]);
    // The zip64 field of the local header: what was said to be inside becomes sixteen exabytes.
    let mut lying = honest.clone();
    let at = lying.windows(4).position(|four| four == [1, 0, 16, 0]).unwrap() + 4;
    lying[at..at + 16].fill(0xff);
    let _ = unpacked(&lying).map(|content| assert_eq!(content, ROWS));
    // The directory: more members, and more bytes, than there are.
    for (signature, offset) in [(&b"PK\x01\x02"[..], 20), (b"PK\x01\x02", 24), (b"PK\x05\x06", 16)]
    {
        let mut lying = honest.clone();
        let at = lying.windows(4).rposition(|four| four == signature).unwrap() + offset;
        lying[at..at + 4].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f]);
        assert!(unpacked(&lying).is_err(), "{signature:?}+{offset}");
    }
}

#[test]
fn a_packed_file_that_is_cut_is_never_taken_for_whole() {
    for bytes in packings() {
        for end in 4..bytes.len() {
            match unpacked(&bytes[..end]) {
                Err(UnpackFailure::Cut(_) | UnpackFailure::Refused(_)) => {}
                // Between two members nothing shows that there was a second one.
                Ok(content) => {
                    assert!(
                        bytes[..end] == gz(&content),
                        "a cut at {end} of {} passed",
                        bytes.len()
                    );
                }
                Err(UnpackFailure::Io(error)) => panic!("{error}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_damaged_file_is_refused_or_gives_what_it_gave(
        which in 0..6_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = packings().swap_remove(which);
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        match unpacked(&bytes) {
            Err(UnpackFailure::Io(error)) => prop_assert!(false, "{}", error),
            Err(_) => {}
            // What is no longer recognised is read as it stands, and then is no text. Of a zip file a member whose
            // name no longer matches is not read.
            Ok(content) => {
                let part = which > 2 && (ROWS.starts_with(&content) || ROWS.ends_with(&content));
                prop_assert!(content == ROWS || content == bytes || part, "{:?}", content);
            }
        }
    }

    #[test]
    fn no_bytes_behind_a_signature_make_it_panic(
        signature in proptest::sample::select(vec![
            &[0x1f, 0x8b, 8, 0][..], &[0x28, 0xb5, 0x2f, 0xfd], b"PK\x03\x04", b"PK\x05\x06",
        ]),
        tail in proptest::collection::vec(any::<u8>(), 0..300),
        end in any::<bool>(),
    ) {
        let mut bytes = [signature, &tail].concat();
        if end {
            bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
            bytes.extend_from_slice(&tail[..tail.len().min(10)]);
        }
        let _ = unpacked(&bytes);
    }
}
