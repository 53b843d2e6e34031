//! What holds for all records, all cuts and all bytes.

use proptest::prelude::*;

use super::*;

/// A dialect as one configures it, and as one writes it.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    config: &'static str,
    delimiter: &'static str,
    end: &'static str,
    quote: Option<(&'static str, &'static str)>,
    encoding: &'static str,
}

const DIALECTS: &[Dialect] = &[
    dialect("{}", ",", "\n", Some(("\"", "\"\"")), "utf-8"),
    dialect("{}", ",", "\r\n", Some(("\"", "\"\"")), "utf-8"),
    dialect(r#"{"delimiter": ";", "quote": "'"}"#, ";", "\n", Some(("'", "''")), "utf-8"),
    dialect(r#"{"escape": "\\"}"#, ",", "\n", Some(("\"", "\\\"")), "utf-8"),
    dialect(r#"{"terminator": "cr"}"#, ",", "\r", Some(("\"", "\"\"")), "utf-8"),
    dialect(r#"{"delimiter": "+|"}"#, "+|", "\n", Some(("\"", "\"\"")), "utf-8"),
    dialect(
        r#"{"delimiter": "&|", "terminator": "&|\n"}"#,
        "&|",
        "&|\n",
        Some(("\"", "\"\"")),
        "utf-8",
    ),
    dialect(
        r#"{"delimiter": "~~", "terminator": "~\n"}"#,
        "~~",
        "~\n",
        Some(("\"", "\"\"")),
        "utf-8",
    ),
    dialect(r#"{"encoding": "utf-16le"}"#, ",", "\n", Some(("\"", "\"\"")), "utf-16le"),
    dialect(r#"{"encoding": "windows-1252"}"#, ",", "\n", Some(("\"", "\"\"")), "windows-1252"),
    dialect(
        r#"{"encoding": "windows-1252", "delimiter": "¬"}"#,
        "¬",
        "\n",
        Some(("\"", "\"\"")),
        "windows-1252",
    ),
];

const fn dialect(
    config: &'static str,
    delimiter: &'static str,
    end: &'static str,
    quote: Option<(&'static str, &'static str)>,
    encoding: &'static str,
) -> Dialect {
    Dialect { config, delimiter, end, quote, encoding }
}

impl Dialect {
    fn render(&self, rows: &[Vec<String>]) -> Vec<u8> {
        let mut text = String::new();
        for row in rows {
            let fields: Vec<String> = row.iter().map(|field| self.field(field)).collect();
            text += &fields.join(self.delimiter);
            text += self.end;
        }
        match self.encoding {
            "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "windows-1252" => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
            _ => text.into_bytes(),
        }
    }

    fn field(&self, field: &str) -> String {
        let plain = |c: char| c.is_alphanumeric() || c == ' ';
        match self.quote {
            Some((quote, escaped)) if field.is_empty() || !field.chars().all(plain) => {
                let doubled = if escaped.starts_with('\\') {
                    field.replace('\\', "\\\\")
                } else {
                    field.to_owned()
                };
                format!("{quote}{}{quote}", doubled.replace(quote, escaped))
            }
            _ => field.to_owned(),
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let field = proptest::string::string_regex("[ab0-9 ñ€\"',;+|&~\\\\\n\r\t¬]{0,6}").unwrap();
    proptest::collection::vec(proptest::collection::vec(field, 3), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rendered_records_are_read_back_in_every_dialect(
        rows in rows(),
        dialect in proptest::sample::select(DIALECTS),
        step in 1_usize..40,
    ) {
        let mut all = vec![vec!["x".to_owned(), "y".to_owned(), "z".to_owned()]];
        all.extend(rows.iter().cloned());
        let bytes = dialect.render(&all);
        let read = read_cut(&config(dialect.config), &Projection::All, &bytes, step, usize::MAX);
        prop_assert_eq!(&read.failure, &None);
        prop_assert_eq!(&read.rejects, &[]);
        let values: Vec<_> = read.rows.iter().map(|row| row.values.clone()).collect();
        prop_assert_eq!(values, rows);
        prop_assert_eq!(read.state.byte, bytes.len() as u64);
    }

    #[test]
    fn no_cut_of_input_or_batch_and_no_resumption_shows(
        bytes in dirty(),
        which in 0..CONFIGS.len(),
        step in 1_usize..200,
        rows in 1_usize..5,
    ) {
        let config = config(CONFIGS[which]);
        let whole = read_as(&config, &Projection::All, &bytes);
        let cut = read_cut(&config, &Projection::All, &bytes, step, rows);
        prop_assert_eq!(&whole.failure, &cut.failure);
        prop_assert_eq!(&whole.state, &cut.state);
        prop_assert_eq!(&whole, &cut);
        prop_assert!(whole.rows.iter().all(|row| !row.raw.is_empty()));
    }

    #[test]
    fn a_place_points_at_the_raw_bytes(bytes in dirty(), which in 0..CONFIGS.len()) {
        let read = read_as(&config(CONFIGS[which]), &Projection::All, &bytes);
        for (place, raw) in read.rows.iter().map(|row| (row.place, &row.raw))
            .chain(read.rejects.iter().map(|reject| (reject.1, &reject.2)))
        {
            let at = usize::try_from(place.byte).unwrap();
            prop_assert_eq!(&bytes[at..at + raw.len()], &raw[..]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_none_take_more_memory_than_allowed(
        bytes in proptest::collection::vec(any::<u8>(), 0..20_000),
        which in 0..CONFIGS.len(),
    ) {
        let config = config(CONFIGS[which]);
        let mut decoder = crate::csv::CsvDecoder::new(&config, &Projection::All).unwrap();
        let mut batch = RecordBatch::new(BatchLimits::default());
        let unit = Arc::new(Unit { id: "u".into(), name: "u".into() });
        let mut input = BufReader::with_capacity(64, &bytes[..]);
        if decoder.head(&mut input).is_ok() {
            while let Ok(Decoded::Full) = decoder.decode(&mut input, &unit, &mut batch) {
                batch.clear();
            }
        }
        let most = 4096;
        prop_assert!(decoder.tape.held() <= most, "{} of {most}", decoder.tape.held());
    }
}

/// Configurations with small bounds, so that small inputs reach them.
const CONFIGS: &[&str] = &[
    r#"{"max_record_bytes": 64, "columns": ["a", "b"]}"#,
    r##"{"max_record_bytes": 64, "max_fields": 3, "comment": "#", "final_newline": "optional"}"##,
    r#"{"max_record_bytes": 64, "columns": ["a", "b"], "lenient": true, "control": "strip"}"#,
    r#"{"max_record_bytes": 64, "columns": ["a", "b"], "delimiter": "+|", "terminator": "~\n"}"#,
    r#"{"max_record_bytes": 64, "columns": ["a", "b"], "escape": "\\", "terminator": "crlf"}"#,
    r#"{"max_record_bytes": 64, "columns": ["a", "b"], "encoding": "utf-16be", "final_newline": "optional"}"#,
    r#"{"max_record_bytes": 64, "columns": ["a", "b"], "encoding": "iso-8859-1", "quote": "none"}"#,
    r#"{"max_record_bytes": 64, "columns": ["a", "b"], "terminator": "cr",
        "trailer": {"starts_with": "T", "count": 2, "sum_of": "b", "sum": 3}}"#,
    r#"{"max_record_bytes": 64, "records": {"by": 1, "kinds": {
        "C": {"fields": ["k", "n"]},
        "D": {"under": "C", "as": "lines", "fields": ["k", "amount"]},
        "S": {"skip": true},
        "T": {"trailer": {"count_of": "D", "count": 2, "sum_of": "amount", "sum": 3}}}}}"#,
];

fn dirty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => Just("1,2\n"), 2 => Just("C,1\n"), 4 => Just("D,2\n"), 1 => Just("T,1,2\n"),
        1 => Just("S,x\n"), 2 => Just("\"q\nq\",\"\"\n"), 1 => Just("x,\"open\n"), 2 => Just(","),
        2 => Just("\""), 2 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r"), 1 => Just("# c\"\n"),
        1 => Just("1+|2~\n"), 1 => Just("~"), 1 => Just("ñ€"), 1 => Just("\0"), 1 => Just("\u{1A}"),
        1 => Just("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    ];
    let wide = any::<bool>();
    (proptest::collection::vec(piece, 0..40), wide, any::<u8>()).prop_map(|(pieces, wide, byte)| {
        let mut bytes: Vec<u8> = pieces.concat().into_bytes();
        if wide {
            bytes = pieces.concat().encode_utf16().flat_map(u16::to_be_bytes).collect();
        }
        if byte >= 0x80 {
            let at = usize::from(byte) % (bytes.len() + 1);
            bytes.insert(at, byte);
        }
        bytes
    })
}
