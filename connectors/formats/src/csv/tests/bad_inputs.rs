//! What bad input gets, one test per row of the table of bad inputs: `bad_input_NN_…`.

use super::*;

const SEMI: &str = r#"{"delimiter": ";"}"#;

#[test]
fn bad_input_01_a_quote_that_is_never_closed_refuses_the_file_at_its_opening() {
    let bytes = b"a,b\n1,x\n2,\"open\n3,y\n4,z\n";
    let found = read("{}", bytes);
    assert_eq!(found.values(), [["1", "x"]]);
    assert!(
        found.failure().starts_with("decode.csv.unclosed_quote at line 3, column 3, byte 10"),
        "{found:?}"
    );
    let mut long = b"a,b\n1,x\n2,\"open\n".to_vec();
    long.resize(5 << 20, b'\n');
    let capped = read("{}", &long);
    assert!(capped.failure().contains("at line 3, column 3, byte 10"), "{:?}", capped.failure);
    assert!(capped.rejects.is_empty());
}

#[test]
fn bad_input_02_text_beside_quotes_is_refused_and_forgiven_only_when_asked() {
    let bytes = b"a,b\n\"x\"y,1\nx\"y,2\n3,\"ok\"\n";
    let strict = read("{}", bytes);
    assert_eq!(strict.values(), [["3", "ok"]]);
    let rejects: Vec<_> = strict.rejects.iter().map(|reject| reject.3[0].as_str()).collect();
    let detail = "text stands beside the quotes of a field";
    assert_eq!(
        rejects,
        [
            format!("decode.csv.stray_quote at line 2, column 4, byte 7: {detail}"),
            format!("decode.csv.stray_quote at line 3, column 2, byte 12: {detail}"),
        ]
    );
    assert_eq!(strict.rejects[0].2, b"\"x\"y,1");
    let lenient = read(r#"{"lenient": true}"#, bytes);
    assert_eq!(lenient.values(), [["xy", "1"], ["x\"y", "2"], ["3", "ok"]]);
    assert_eq!((lenient.forgiven, lenient.notes().forgiven_quotes), (2, 2));
}

#[test]
fn bad_input_03_a_file_cut_inside_its_last_record_is_incomplete() {
    let cut = read("{}", b"a,b\n1,x\n2,y");
    assert_eq!(cut.values(), [["1", "x"]]);
    assert!(cut.failure().starts_with("decode.csv.incomplete at line 3, column 4, byte 11"));
    let failure = DecodeFailure::from(acequia_api::RecordError::decode(crate::csv::INCOMPLETE));
    assert!(failure.incomplete());
    let allowed = read(r#"{"final_newline": "optional"}"#, b"a,b\n1,x\n2,y");
    assert_eq!(allowed.values(), [["1", "x"], ["2", "y"]]);
    assert!(allowed.notes().no_final_newline);
    let between = read("{}", b"a,b\r\n1,x\r");
    assert!(between.failure().starts_with("decode.csv.incomplete"));
    let trailer = read(r#"{"trailer": {"starts_with": "T,", "count": 2}}"#, b"a,b\n1,x\nT,1");
    assert_eq!((trailer.values(), trailer.failure.as_ref()), (vec![vec!["1", "x"]], None));
}

#[test]
fn bad_input_04_a_ragged_record_is_refused_with_both_counts() {
    let bytes = b"a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,,\n";
    let found = read("{}", bytes);
    assert_eq!(found.values(), [["1", "2", "3"]]);
    let details: Vec<_> = found.rejects.iter().map(|reject| reject.3[0].as_str()).collect();
    assert_eq!(details[0], "decode.csv.ragged at line 2, column 1, byte 6: 2 fields, expected 3");
    assert!(details[1].ends_with("4 fields, expected 3"));
    let numbers: Vec<_> = found.rejects.iter().map(|reject| reject.0).collect();
    assert_eq!((numbers, found.rows[0].record), (vec![1, 3, 4], 2));
    let lenient = read(r#"{"lenient": true}"#, bytes);
    assert_eq!(lenient.rejects.len(), 2, "too short is never filled up, a value never dropped");
    assert_eq!(lenient.notes().forgiven_fields, 1);
}

#[test]
fn bad_input_05_columns_are_found_by_exact_name_in_any_order_and_once() {
    let want = only(&["ID", "NOMBRE"]);
    let good = read_as(&config("{}"), &want, b"\xEF\xBB\xBFNOMBRE,X,ID\nana,,1\n");
    assert_eq!(good.values(), [["1", "ana"]]);
    assert!(good.notes().byte_order_mark);
    for (header, says) in [
        (
            &b"NOMBRE,id\n"[..],
            "decode.csv.column_missing in `ID` at line 1, column 1, byte 0: there is no such column; did you mean `id`?",
        ),
        (b"ID,NOMBRE \n", "did you mean `NOMBRE `?"),
        (b"ID,X\n", "decode.csv.column_missing in `NOMBRE`"),
        (
            b"ID,NOMBRE,ID\n",
            "decode.csv.column_twice in `ID` at line 1, column 1, byte 0: columns 1 and 3 have the same name",
        ),
    ] {
        let found = read_as(&config("{}"), &want, header);
        assert!(found.failure().contains(says), "{}", found.failure());
    }
    let unwanted_twice = read_as(&config("{}"), &want, b"ID,Z,NOMBRE,Z\n1,,ana,\n");
    assert_eq!(unwanted_twice.values(), [["1", "ana"]]);
    let named = config(r#"{"header": true, "columns": ["ID", "OTHER", "NOMBRE"]}"#);
    assert_eq!(read_as(&named, &want, b"ID,ID,ID\n1,2,3\n").values(), [["1", "3"]]);
}

#[test]
fn bad_input_06_another_unicode_encoding_than_declared_refuses_the_file() {
    let wide = |mark: &[u8], unit: fn(u16) -> [u8; 2]| {
        let mut bytes = mark.to_vec();
        bytes.extend("a,b\n1,x\n".encode_utf16().flat_map(unit));
        bytes
    };
    let little = wide(b"\xFF\xFE", u16::to_le_bytes);
    let bare_little = wide(b"", u16::to_le_bytes);
    let big = wide(b"\xFE\xFF", u16::to_be_bytes);
    let long: Vec<u8> = "a,b\n".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    for (bytes, says) in [
        (&little, "looks like UTF-16LE; configured is utf-8"),
        (&bare_little, "looks like UTF-16LE; configured is utf-8"),
        (&big, "looks like UTF-16BE; configured is utf-8"),
        (&long, "looks like UTF-32; configured is utf-8"),
    ] {
        let found = read("{}", bytes);
        assert!(found.failure().starts_with("decode.csv.encoding_mismatch at line 1"));
        assert!(found.failure().contains(says), "{}", found.failure());
    }
    for (declared, bytes) in
        [("utf-16", &little), ("utf-16", &big), ("utf-16le", &little), ("utf-16le", &bare_little)]
    {
        let found = read(&format!(r#"{{"encoding": "{declared}"}}"#), bytes);
        assert_eq!((found.values(), found.failure.as_ref()), (vec![vec!["1", "x"]], None));
        let after_header = if bytes.len() == 18 { 10 } else { 8 };
        assert_eq!(found.rows[0].place, Place::line(2, after_header));
    }
    for (declared, bytes, says) in [
        ("utf-16", &b"a,b\n1,x\n"[..], "one of a byte per character; configured is utf-16"),
        ("utf-16be", &little, "looks like UTF-16LE, and no byte order mark says so"),
        ("utf-16", &bare_little, "no byte order mark"),
        ("windows-1252", b"\xEF\xBB\xBFa,b\n", "looks like UTF-8; configured is windows-1252"),
    ] {
        let found = read(&format!(r#"{{"encoding": "{declared}"}}"#), bytes);
        assert!(found.failure().contains(says), "{declared}: {}", found.failure());
    }
}

#[test]
fn bad_input_07_bytes_that_are_not_of_the_encoding_reject_the_record_at_the_byte() {
    let found = read("{}", "a,b\n1,ñ\n2,\"x\"\"\n\u{1}\n".replace('\u{1}', "y\"").as_bytes());
    assert_eq!(found.rows.len(), 2, "{found:?}");
    let found = read("{}", b"a,b\n1,Espa\xF1a\n2,\"q\"\"\xE1\"\n3,bien\n");
    assert_eq!(found.values(), [["3", "bien"]]);
    let errors: Vec<_> = found.rejects.iter().map(|reject| reject.3[0].as_str()).collect();
    assert_eq!(
        errors,
        [
            "decode.csv.encoding in `b` at line 2, column 7, byte 10: a byte that is not utf-8",
            "decode.csv.encoding in `b` at line 3, column 7, byte 19: a byte that is not utf-8",
        ]
    );
    assert_eq!(found.rejects[0].2, b"1,Espa\xF1a");
    let undefined = read(r#"{"encoding": "windows-1252"}"#, b"a,b\n1,\x81\n");
    assert!(undefined.reject().starts_with("decode.csv.encoding in `b` at line 2, column 3"));
    let mixed = Projection::Only(vec![
        WantedColumn { name: "a".into(), encoding: None },
        WantedColumn { name: "b".into(), encoding: Some("cp850".into()) },
    ]);
    let found = read_as(&config("{}"), &mixed, b"a,b\n\xC3\xB1,\xA4\n");
    assert_eq!(found.values(), [["ñ", "ñ"]]);
    let halves = read("{}", b"a,b\n\"\xC3\",\"\xB1\"\n");
    assert_eq!((halves.rows.len(), halves.rejects[0].3.len()), (0, 2), "halves make no whole");
    let all_bad = read("{}", b"a,b\n\xFF,\xFF\n");
    assert_eq!(all_bad.rejects[0].3.len(), 2, "every bad field is told");
}

#[test]
fn bad_input_08_text_encoded_twice_passes_unchanged_and_is_counted() {
    let found = read("{}", "a,b\nMÃ¤rz,1\nMärz,2\n".as_bytes());
    assert_eq!(found.values(), [["MÃ¤rz", "1"], ["März", "2"]]);
    assert_eq!((found.notes().double_encoded, found.rejects.len()), (1, 0));
    let undeclared = read(r#"{"encoding": "windows-1252"}"#, "a\nNúñez\n".as_bytes());
    assert_eq!((undeclared.values()[0][0], undeclared.notes().double_encoded), ("NÃºÃ±ez", 1));
    let scar = read("{}", "a\ncaf\u{FFFD}\n".as_bytes());
    assert_eq!((scar.values()[0][0], scar.notes().replacement_characters), ("caf\u{FFFD}", 1));
}

#[test]
fn bad_input_09_control_characters_reject_the_record_or_are_stripped_when_declared() {
    for (bytes, place) in [
        (&b"a,b\n1,x\0y\n"[..], "column 4, byte 7: a NUL"),
        (b"a,b\n1,\x1B[31m\n", "column 3, byte 6"),
        (b"a,b\n1,\"\n\x07\"\n", "column 1, byte 8"),
        ("a,b\n1,ñ\u{85}\n".as_bytes(), "column 4, byte 8"),
        ("a,b\n1,x\u{202E}y\n".as_bytes(), "column 4, byte 7"),
        (b"a,b\n1,x\x7F\n", "column 4, byte 7"),
    ] {
        let found = read("{}", bytes);
        let reject = found.reject();
        assert!(reject.starts_with("decode.csv.control") && reject.contains(place), "{reject}");
        assert!(!reject.contains('\u{1B}') && !reject.contains('\u{202E}'));
    }
    let stripped = read(r#"{"control": "strip"}"#, "a,b\n\0x\u{1B}y,ñ\u{202E}\u{85}\n".as_bytes());
    assert_eq!(stripped.values(), [["xy", "ñ"]]);
    assert_eq!(stripped.notes().stripped_controls, 4);
    assert_eq!(read("{}", b"a\tc,b\n\"x\ty\",\"two\nlines\"\n").rows.len(), 1);
}

#[test]
fn bad_input_10_terminators_are_as_declared_and_lines_are_counted_right() {
    let mixed = read("{}", b"a,b\r\n1,x\n2,y\r\n3,\"\n\r\n\"\n4,z\n");
    assert_eq!(mixed.values().len(), 4);
    let lines: Vec<_> = mixed.rows.iter().map(|row| row.place.line).collect();
    assert_eq!(lines, [2, 3, 4, 7]);
    let cr = read(r#"{"terminator": "cr"}"#, b"a,b\r1,x\r2,\"p\rq\"\r3,y\r");
    assert_eq!(cr.values(), [["1", "x"], ["2", "p\rq"], ["3", "y"]]);
    assert_eq!(cr.rows.iter().map(|row| row.place.line).collect::<Vec<_>>(), [2, 3, 5]);
    let undeclared = read("{}", b"a,b\r1,x\r2,y\r");
    assert!(undeclared.failure.is_some() && undeclared.rows.is_empty(), "{undeclared:?}");
    let bare = read("{}", b"a,b\n1,x\ry\n2,z\n");
    assert!(bare.reject().contains("line 2, column 4, byte 7: a carriage return outside quotes"));
    let crlf = read(r#"{"terminator": "crlf"}"#, b"a,b\r\n1,x\ny\r\n2,z\r\n");
    assert!(crlf.reject().contains("a line feed outside quotes"));
    assert_eq!((crlf.values(), crlf.rows[0].place.line), (vec![vec!["2", "z"]], 4));
}

#[test]
fn bad_input_11_ctrl_z_ends_a_file_and_nothing_else() {
    let end = read("{}", b"a,b\n1,x\n\x1A");
    assert_eq!((end.values().len(), end.failure.is_none(), end.notes().ctrl_z), (1, true, true));
    let marked = read("{}", b"a,b\n1,x\x1A");
    assert_eq!((marked.values(), marked.failure.as_ref()), (vec![vec!["1", "x"]], None));
    let inside = read("{}", b"a,b\n1,x\x1A\n2,y\n");
    assert!(inside.reject().starts_with("decode.csv.control"));
    assert_eq!(inside.values(), [["2", "y"]]);
}

#[test]
fn bad_input_12_another_delimiter_than_declared_refuses_the_file_and_names_it() {
    let says = |found: &Read, what: &str| {
        assert!(found.failure().starts_with("decode.csv.delimiter at line 1, column 1, byte 0"));
        assert!(found.failure().contains(what), "{}", found.failure());
        assert_eq!((found.rows.len(), found.rejects.len()), (0, 0));
    };
    says(&read("{}", b"a;b;c\n1;2;3\n"), "1 column found, the file seems `;`-separated");
    says(&read(SEMI, b"a\tb\n1\t2\n"), "seems tab-separated");
    says(&read_as(&config(SEMI), &only(&["a"]), b"a,b\n1,2\n"), "seems `,`-separated");
    says(&read(r#"{"columns": ["a", "b"]}"#, b"1|2\n"), "seems `|`-separated");
    let one = read_as(&config("{}"), &only(&["a;b"]), b"a;b\n1;2\n");
    assert_eq!(one.values(), [["1;2"]], "a column of exactly this name is meant");
    assert_eq!(read("{}", b"id\n1\n").values(), [["1"]]);
}

#[test]
fn bad_input_14_a_line_of_50_mb_is_refused_in_bounded_memory_and_reading_goes_on() {
    let mut bytes = b"a,b\n1,x\n".to_vec();
    bytes.resize(50 << 20, b',');
    bytes.extend(b"\n2,y\n");
    let found = read("{}", &bytes);
    assert_eq!(found.values(), [["1", "x"], ["2", "y"]]);
    assert_eq!((found.rows[1].record, found.rows[1].place.line), (3, 4));
    assert!(found.reject().starts_with("decode.csv.record_too_long at line 3, column 1, byte 8"));
    assert!(found.rejects[0].2.is_empty());
    let mut decoder = crate::csv::CsvDecoder::new(&config("{}"), &Projection::All).unwrap();
    let unit = Arc::new(Unit { id: "u".into(), name: "u".into() });
    let mut batch = RecordBatch::new(BatchLimits::default());
    crate::decode_slice(&mut decoder, &bytes, &unit, &mut batch, |_| {}).unwrap();
    assert!(decoder.tape.held() <= 3 << 20, "{} bytes held", decoder.tape.held());
    let wide = read("{}", format!("a,b\n{}\n1,2\n", ",".repeat(5000)).as_bytes());
    assert!(wide.reject().contains("decode.csv.too_many_fields"), "{}", wide.reject());
    assert_eq!(wide.values(), [["1", "2"]]);
    let quoted = [b"a,b\n".to_vec(), vec![b'x'; 2 << 20], b",\"q\n\"\n2,y\n".to_vec()].concat();
    let found = read("{}", &quoted);
    assert_eq!((found.values(), found.rows[0].place.line), (vec![vec!["2", "y"]], 4));
    let header = [vec![b'x'; 2 << 20], b"\n1\n".to_vec()].concat();
    assert!(read("{}", &header).failure().starts_with("decode.csv.record_too_long"));
}

#[test]
fn bad_input_15_a_file_without_records_is_noted_or_refused_as_configured() {
    let projection = only(&["a"]);
    for bytes in [&b""[..], b"a,b\n", b"a,b\n\n\n"] {
        let ok = read_as(&config("{}"), &projection, bytes);
        assert_eq!((ok.failure.as_ref(), ok.notes().empty), (None, true));
        let refused = read_as(&config(r#"{"empty": "error"}"#), &projection, bytes);
        assert!(refused.failure().starts_with("decode.csv.empty at line"), "{refused:?}");
    }
}

#[test]
fn bad_input_16_blank_lines_are_counted_and_a_trailer_that_disagrees_refuses_the_file() {
    let blank = read("{}", b"a,b\n\n1,x\n\r\n2,y\n\n");
    assert_eq!((blank.values().len(), blank.notes().blank_lines), (2, 3));
    assert_eq!(blank.rows[1].place.line, 5);
    let trailer = r#"{"delimiter": ";", "trailer":
        {"starts_with": "T;", "count": 2, "sum_of": "importe", "sum": 3, "decimal": ",", "group": "."}}"#;
    let good = b"id;importe\n1;1.000,10\n2;-0,1\n3;x;y\nT;3;1000\n";
    let sum = read(trailer, good);
    assert!(sum.failure().contains("records without a readable amount: 1"), "{:?}", sum.failure);
    let good = read(trailer, b"id;importe\n1;1.000,10\n2;-0,1\n3\nT;3;1000\n");
    assert!(good.failure().contains("without a readable amount"), "{good:?}");
    let good = read(trailer, b"id;importe\n1;1.000,10\n2;-0,1\n3;;\nT;3;1000\n");
    assert_eq!((good.values().len(), good.rejects.len(), good.failure), (2, 1, None));
    for (end, says) in [
        (
            &b"T;2;1000\n"[..],
            "trailer_mismatch at line 5, column 1, byte 33: it states 2 records, 3 were read",
        ),
        (b"T;3;999,99\n", "the sum it states is not that of the records"),
        (b"T;3\n", "its field 3 holds no amount"),
        (b"T;x;1\n", "its field 2 holds no number"),
        (b"", "decode.csv.trailer_missing at line 5"),
        (b"T;3;1000\n9;9\n", "decode.csv.after_trailer at line 6"),
    ] {
        let bytes = [&b"id;importe\n1;1.000,10\n2;-0,1\n3;0\n"[..], end].concat();
        let found = read(trailer, &bytes);
        assert!(found.failure().contains(says), "{}", found.failure());
    }
}

#[test]
fn bad_input_17_cells_that_look_like_formulas_pass_unchanged() {
    let found = read("{}", b"a,b\n=cmd|'/c calc'!A1,@SUM(1)\n+1,-2\n");
    assert_eq!(found.values(), [["=cmd|'/c calc'!A1", "@SUM(1)"], ["+1", "-2"]]);
}

#[test]
fn bad_input_19_identifiers_stay_the_text_they_are() {
    let found = read("{}", b"a,b,c\n007,12345678901234567890,1E5\n");
    assert_eq!(found.values(), [["007", "12345678901234567890", "1E5"]]);
    assert_eq!(read("{}", b"a,b\n -0 ,NaN\n").values(), [[" -0 ", "NaN"]]);
}

#[test]
fn bad_input_24_what_may_mean_null_is_kept_apart() {
    let found = read("{}", b"a,b,c,d\n,\"\",NULL,-\n");
    assert_eq!(found.values(), [["", "", "NULL", "-"]]);
}

#[test]
fn bad_input_74_text_that_attacks_logs_is_never_in_a_message() {
    let found = read("{}", b"a,b\n${jndi:ldap://x}\x1B[2J,1,2\n\x1B]0;t\x07,x\n");
    for reject in &found.rejects {
        let message = reject.3.join(" ");
        assert!(!message.contains("jndi") && !message.contains('\x1B'), "{message}");
    }
    assert_eq!(found.rejects.len(), 2);
    let header = read_as(&config("{}"), &only(&["name"]), b"name\x1B[2J,b\n");
    assert!(!header.failure().contains('\x1B'), "{}", header.failure());
}
