//! One table of cases for both splitters, and both against each other and against the `csv` crate.

use proptest::prelude::*;

use super::*;
use crate::csv::CsvDecoder;

/// A dialect, what stands in a file after nothing, and its records.
struct Case {
    config: &'static str,
    bytes: &'static str,
    rows: &'static [&'static [&'static str]],
}

const fn case(
    config: &'static str,
    bytes: &'static str,
    rows: &'static [&'static [&'static str]],
) -> Case {
    Case { config, bytes, rows }
}

const TABLE: &[Case] = &[
    case("", "1,2\n3,4\n", &[&["1", "2"], &["3", "4"]]),
    case("", "1,2\r\n3,4\n", &[&["1", "2"], &["3", "4"]]),
    case("", ",\n\"\",\"\"\n", &[&["", ""], &["", ""]]),
    case("", "\"a,b\",\"c\"\"d\"\n", &[&["a,b", "c\"d"]]),
    case("", "\"two\nlines\",\"cr\r\nlf\"\n", &[&["two\nlines", "cr\r\nlf"]]),
    case("", "\"\"\"\",\"\"\"\"\"\"\n", &[&["\"", "\"\""]]),
    case("", " 1 , 2\t\n", &[&[" 1 ", " 2\t"]]),
    case("", "ñ,\"€,😀\"\n", &[&["ñ", "€,😀"]]),
    case(r#""delimiter": ";""#, "1,5;2\n", &[&["1,5", "2"]]),
    case(r#""delimiter": "\t""#, "1\t2\n\t\n", &[&["1", "2"], &["", ""]]),
    case(r#""delimiter": "\u0001""#, "1\u{1}2\n", &[&["1", "2"]]),
    case(r#""quote": "none""#, "\"1,2\"\n", &[&["\"1", "2\""]]),
    case(r#""quote": "'""#, "'a,b','c''d'\n", &[&["a,b", "c'd"]]),
    case(r#""escape": "\\""#, "\"a\\\"b\",\"c\\\\\"\n", &[&["a\"b", "c\\"]]),
    case(r#""escape": "\\""#, "\"a\\\n,b\",\\\n", &[&["a\n,b", "\\"]]),
    case(r#""terminator": "lf""#, "1,2\n", &[&["1", "2"]]),
    case(r#""terminator": "crlf""#, "1,2\r\n\"3\n\",4\r\n", &[&["1", "2"], &["3\n", "4"]]),
    case(r#""terminator": "cr""#, "1,2\r\"3\r\",4\r", &[&["1", "2"], &["3\r", "4"]]),
    case(r#""terminator": "\u001e""#, "1,a\nb\u{1e}3,4\u{1e}", &[&["1", "a\nb"], &["3", "4"]]),
    case(r#""terminator": "~""#, "1,\"a~b\"~3,4~", &[&["1", "a~b"], &["3", "4"]]),
    case(
        r#""lenient": true"#,
        "\"x\"y,x\"y\n\"a\"\"b\"c\",\"d\"\n",
        &[&["xy", "x\"y"], &["a\"bc\"", "d"]],
    ),
    case(r#""delimiter": "+|""#, "1+|2\n+||+|+\n", &[&["1", "2"], &["", "|", "+"]]),
    case(r#""delimiter": "+|""#, "\"a+|b\"+|\"c\"\"+|\"\n", &[&["a+|b", "c\"+|"]]),
    case(r#""delimiter": "~~""#, "a~~~b~~\n~~~~\n", &[&["a", "~b", ""], &["", "", ""]]),
    case(
        r#""delimiter": "~~", "lenient": true"#,
        "x~~~\"y\"\n~~\"z\"\n",
        &[&["x", "~\"y\""], &["", "z"]],
    ),
    case(
        r#""delimiter": "&|", "terminator": "&|\n""#,
        "1&|2&|\n&|\n3&|&|\n",
        &[&["1", "2"], &["3", ""]],
    ),
    case(r#""delimiter": "&|", "terminator": "&|\n""#, "\"1&|\n\"&|2&|\n", &[&["1&|\n", "2"]]),
    case(
        r#""delimiter": "|", "terminator": "|\n""#,
        "1|2|\n\"3|\n\"||\n",
        &[&["1", "2"], &["3|\n", ""]],
    ),
    case(r#""terminator": "~~""#, "1,2~~\"3~~\",~4~~", &[&["1", "2"], &["3~~", "~4"]]),
    case(r#""delimiter": "§", "encoding": "utf-8""#, "1§2\n", &[&["1", "2"]]),
    case(r#""delimiter": "||", "quote": "none""#, "1||\"2\n", &[&["1", "\"2"]]),
];

/// After how many good records, where, and with which code.
type Fault = (u64, Place, String);

/// Reads without a header, whatever the number of fields, and with the splitter that is asked for.
fn fields(text: &str, bytes: &[u8], own: bool) -> (Vec<Vec<String>>, Vec<Fault>) {
    let base = r#""header": false, "columns": ["c0"], "comment": "\u0007#""#;
    let comma = if text.is_empty() { "" } else { ", " };
    let config = config(&format!("{{{base}{comma}{text}}}"));
    let mut found = (Vec::new(), Vec::new());
    let mut decoder = CsvDecoder::new(&config, &Projection::All).unwrap();
    if own {
        decoder.shaper.use_own();
    }
    let mut input = BufReader::with_capacity(7, bytes);
    if let Err(failure) = decoder.head(&mut input) {
        found.1.push((0, Place::default(), unit_failure(failure)));
        return found;
    }
    loop {
        match decoder.tape.next(&mut input, 0) {
            Ok(crate::csv::Item::Record(extent)) => {
                let record = crate::csv::Record { at: 0, found: extent };
                if let Err(faults) = decoder.shaper.split(&decoder.tape, record) {
                    let place = faults[0].place.unwrap();
                    found.1.push((found.0.len() as u64, place, faults[0].code.to_owned()));
                } else {
                    let all = (0..).map_while(|index| {
                        decoder.shaper.fields.get(record.content(&decoder.tape), index)
                    });
                    found.0.push(all.map(|field| String::from_utf8_lossy(field).into()).collect());
                }
                decoder.tape.advance(extent.total, extent.quotes);
            }
            Ok(crate::csv::Item::Blank { total }) => decoder.tape.pass_blank(total),
            Ok(crate::csv::Item::End) => return found,
            Ok(other) => panic!("{other:?}"),
            Err(failure) => {
                found.1.push((0, Place::default(), unit_failure(failure)));
                return found;
            }
        }
    }
}

#[test]
fn every_case_reads_the_same_through_either_splitter() {
    for case in TABLE {
        for own in [false, true] {
            let (rows, faults) = fields(case.config, case.bytes.as_bytes(), own);
            assert_eq!(rows, case.rows, "{} {:?} own: {own}", case.config, case.bytes);
            assert_eq!(faults, [], "{} {:?}", case.config, case.bytes);
        }
    }
}

#[test]
fn a_byte_order_mark_inside_a_file_is_text_also_after_resuming() {
    let bytes = "a\n\u{FEFF}x\n\u{FEFF}y\n".as_bytes();
    for rows in [1, 9] {
        let found = read_cut(&config("{}"), &Projection::All, bytes, 64, rows);
        assert_eq!(found.values(), [["\u{FEFF}x"], ["\u{FEFF}y"]]);
    }
}

/// Pieces that dialects are made of, so that random bytes hit what matters.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"a".to_vec()), 4 => Just(b",".to_vec()), 4 => Just(b"\"".to_vec()),
        3 => Just(b"\n".to_vec()), 1 => Just(b"\r\n".to_vec()), 1 => Just(b"\r".to_vec()),
        2 => Just(b"\\".to_vec()), 2 => Just(b"~".to_vec()), 2 => Just(b"+|".to_vec()),
        1 => Just(b"+".to_vec()), 1 => Just(b"&|\n".to_vec()), 1 => Just("ñ".into()),
        1 => Just(b"\0".to_vec()), 1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_splitters_agree_on_any_bytes(
        bytes in pieces(),
        dialect in proptest::sample::select(vec![
            "", r#""lenient": true"#, r#""quote": "none""#, r#""escape": "\\""#,
            r#""escape": "\\", "lenient": true"#, r#""terminator": "cr""#,
            r#""terminator": "crlf", "lenient": true"#, r#""terminator": "~", "lenient": true"#,
        ]),
    ) {
        prop_assert_eq!(fields(dialect, &bytes, false), fields(dialect, &bytes, true));
    }

    #[test]
    fn what_is_read_strictly_is_what_the_csv_crate_reads(bytes in pieces()) {
        let (rows, faults) = fields("", &bytes, false);
        if faults.is_empty() && bytes.last() == Some(&b'\n') && !bytes.starts_with(b"\xEF\xBB\xBF") {
            let mut reader = ::csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(&bytes[..]);
            let expected: Vec<Vec<String>> = reader
                .byte_records()
                .map(|row| row.unwrap().iter().map(|f| String::from_utf8_lossy(f).into()).collect())
                .collect();
            prop_assert_eq!(rows, expected);
        }
    }
}
