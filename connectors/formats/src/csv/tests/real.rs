//! Files that nobody here wrote, from the folder that `ACEQUIA_TEST_DATA` names.

use std::{fs, path::PathBuf};

use super::*;

/// The bytes of a file, or nothing when real files are not to be read.
fn file(path: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("ACEQUIA_TEST_DATA").map(PathBuf::from) else {
        println!("ACEQUIA_TEST_DATA is not set: real files are not read");
        return None;
    };
    Some(fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// Reads a file with its header, however it ends.
fn rows(path: &str, text: &str) -> Option<(Vec<String>, Read)> {
    let bytes = file(path)?;
    let config =
        CsvConfig { final_newline: Some(crate::csv::FinalNewline::Optional), ..config(text) };
    let mut decoder = decoder(&config, &Projection::All);
    let head = decoder.head(&mut &bytes[..]);
    let columns = decoder.schema().unwrap().columns().iter();
    let names = columns.map(|column| column.name.to_string()).collect();
    let read = read_as(&config, &Projection::All, &bytes);
    assert_eq!(head.is_err(), read.failure.is_some());
    Some((names, read))
}

#[test]
fn csv_spectrum_reads_as_it_says() {
    for name in [
        "comma_in_quotes",
        "empty",
        "empty_crlf",
        "escaped_quotes",
        "json",
        "newlines",
        "newlines_crlf",
        "quotes_and_newlines",
        "simple",
        "simple_crlf",
        "utf8",
    ] {
        let path = format!("csv/csv-spectrum/csvs/{name}.csv");
        let Some((names, read)) = rows(&path, "{}") else { return };
        assert_eq!((read.failure.as_ref(), read.rejects.len()), (None, 0), "{name}");
        let found: Vec<serde_json::Value> = read
            .rows
            .iter()
            .map(|row| {
                names
                    .iter()
                    .cloned()
                    .zip(row.values.iter().cloned().map(Into::into))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            })
            .collect();
        let Some(expected) = file(&format!("csv/csv-spectrum/json/{name}.json")) else { return };
        let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        let expected = if expected.is_array() { expected } else { vec![expected].into() };
        assert_same(&serde_json::Value::from(found), &expected, name);
    }
}

#[test]
fn csv_spectrum_has_one_file_with_quotes_inside_unquoted_fields() {
    let path = "csv/csv-spectrum/csvs/location_coordinates.csv";
    let Some((_, strict)) = rows(path, "{}") else { return };
    assert!(strict.reject().starts_with("decode.csv.stray_quote at line 2, column 22, byte 81"));
    let Some((_, lenient)) = rows(path, r#"{"lenient": true}"#) else { return };
    assert_eq!(lenient.values()[0][1], "37\u{FFFD}36'37.8\"N 121\u{FFFD}2'17.9\"W");
    assert_eq!(lenient.notes().replacement_characters, 1);
}

/// Line ends of git checkouts may have been changed, in the file or in what is expected of it.
fn assert_same(found: &serde_json::Value, expected: &serde_json::Value, name: &str) {
    let plain = |value: &serde_json::Value| value.to_string().replace("\\r\\n", "\\n");
    assert_eq!(plain(found), plain(expected), "{name}");
}

#[test]
fn frictionless_files_read_or_are_refused_for_what_is_wrong_with_them() {
    let read = |name: &str, text: &str| rows(&format!("csv/frictionless/{name}.csv"), text);
    let Some((names, accent)) = read("accent", r#"{"delimiter": ";", "encoding": "utf-8"}"#) else {
        return;
    };
    assert_eq!(
        (names[0].as_str(), accent.rows.len() + accent.rejects.len()),
        ("n_amenageur", 2),
        "{accent:?}"
    );
    let Some((names, bom)) = read("bom", "{}") else { return };
    assert_eq!((names[0].as_str(), bom.values()[1][1]), ("id", "中国人"));
    assert!(bom.notes().byte_order_mark);
    let Some((_, blank)) = read("blank-rows", "{}") else { return };
    assert_eq!(blank.values()[2], ["", "", ""]);
    let Some((_, ragged)) = read("defective-rows", "{}") else { return };
    assert_eq!(ragged.rejects.len(), 2);
    let Some((_, twice)) = read("duplicate-headers", "{}") else { return };
    assert!(twice.failure().contains("decode.csv.column_twice in `id`"));
    let Some((_, zeros)) = read("leading-zeros", "{}") else { return };
    assert_eq!(zeros.values(), [["01"], ["002"], ["00003"]]);
    let Some((_, wrong)) = read("latin1", "{}") else { return };
    assert_eq!((wrong.rows.len(), wrong.rejects.len()), (1, 1));
    let Some((_, latin)) = read("latin1", r#"{"encoding": "iso-8859-1"}"#) else { return };
    assert_eq!((latin.rows.len(), latin.rejects.len()), (2, 0));
    let Some((_, quoted)) = read("doublequote", "{}") else { return };
    assert_eq!((quoted.rejects.len(), quoted.rows[0].values.len()), (0, 17), "{quoted:?}");
    let Some((_, beside)) = read("escaping", "{}") else { return };
    assert!(beside.rejects.iter().all(|reject| reject.3[0].contains("stray_quote")));
    assert_eq!(beside.rejects.len(), 3);
    let Some((_, zone)) = read("issue-1105-timezone", "{}") else { return };
    assert!(zone.failure().contains("seems `;`-separated"));
    let Some((_, long)) = read("encoding-issue-274", "{}") else { return };
    assert!(long.rows.len() > 50, "{}", long.rows.len());
}

#[test]
fn csvkit_files_read_or_are_refused_for_what_is_wrong_with_them() {
    let read = |name: &str, text: &str| rows(&format!("csv/csvkit/{name}.csv"), text);
    let Some((_, mac)) = read("mac_newlines", r#"{"terminator": "cr"}"#) else { return };
    assert_eq!(mac.values(), [["1", "2", "3"], ["Once upon\ra time", "5", "6"]]);
    let Some((_, nul)) = read("null_byte", "{}") else { return };
    assert!(nul.reject().contains("line 2, column 1, byte 6: a NUL"));
    let Some((_, header)) = read("test_header_newline", "{}") else { return };
    assert!(header.failure().starts_with("decode.csv.control"));
    for name in ["test_utf16_big", "test_utf16_little"] {
        let Some((_, wide)) = read(name, r#"{"encoding": "utf-16"}"#) else { return };
        assert_eq!(wide.values(), [["1", "2", "3"], ["4", "5", "ʤ"]]);
        let Some((_, refused)) = read(name, "{}") else { return };
        assert!(refused.failure().starts_with("decode.csv.encoding_mismatch"));
    }
    let Some((_, latin)) = read("test_latin1", r#"{"encoding": "latin1"}"#) else { return };
    assert_eq!(latin.values()[1][2], "©");
    let Some((_, locale)) = read("test_locale", "{}") else { return };
    assert_eq!(locale.values(), [["1,7", "200.000.000", ""]]);
}

#[test]
fn french_social_security_extracts_read_whole() {
    for (name, delimiter) in [("debit", ';'), ("delai", ';'), ("procol", ';'), ("sirene", ',')] {
        let path = format!("gov-csv/fr-urssaf-sirene/{name}TestData.csv");
        let Some(bytes) = file(&path) else { return };
        let header = bytes.split(|byte| *byte == b'\n').next().unwrap();
        let columns = header.iter().filter(|byte| **byte == delimiter as u8).count() + 1;
        let text = format!(r#"{{"delimiter": "{delimiter}"}}"#);
        let Some((names, read)) = rows(&path, &text) else { return };
        assert_eq!((read.failure.as_ref(), read.rejects.len()), (None, 0), "{name}: {read:?}");
        assert!(read.rows.len() >= 3 && names.len() == columns, "{name}: {names:?}");
    }
}
