//! The decoder from outside: what rows, rejects and refusals given bytes get.

mod bad_inputs;
mod configuration;
mod groups;
mod properties;
mod real;
mod splitting;

use std::{fmt::Write as _, io::BufReader, sync::Arc};

use acequia_api::{
    BatchLimits, Cell, Identity, Place, Projection, RecordBatch, RowRef, Span, Unit, WantedColumn,
};

use super::CsvConfig;
use crate::{DecodeFailure, Decoded, Decoder, DecoderState, Format, Notes};

/// Everything that reading a unit gave, in a form that can be compared.
#[derive(Debug, Clone, Default, PartialEq)]
struct Read {
    rows: Vec<Line>,
    rejects: Vec<(u64, Place, Vec<u8>, Vec<String>)>,
    forgiven: u64,
    state: DecoderState,
    failure: Option<String>,
}

/// One row: number, place, raw bytes, values.
#[derive(Debug, Clone, Default, PartialEq)]
struct Line {
    record: u64,
    place: Place,
    raw: Vec<u8>,
    values: Vec<String>,
}

impl Read {
    fn values(&self) -> Vec<Vec<&str>> {
        self.rows.iter().map(|row| row.values.iter().map(String::as_str).collect()).collect()
    }

    fn notes(&self) -> Notes {
        self.state.notes
    }

    /// The only reject, as text.
    fn reject(&self) -> &str {
        assert_eq!(self.rejects.len(), 1, "{self:?}");
        assert_eq!(self.rejects[0].3.len(), 1, "{self:?}");
        &self.rejects[0].3[0]
    }

    fn failure(&self) -> &str {
        self.failure.as_deref().unwrap_or_else(|| panic!("a failure: {self:?}"))
    }
}

fn config(text: &str) -> CsvConfig {
    let Format::Csv(config) = serde_json::from_str(&format!("{{\"csv\": {text}}}")).unwrap();
    assert_eq!(config.validate(), [], "{text}");
    config
}

fn only(names: &[&str]) -> Projection {
    let want = |name: &&str| WantedColumn { name: (*name).to_owned(), encoding: None };
    Projection::Only(names.iter().map(want).collect())
}

fn decoder(config: &CsvConfig, projection: &Projection) -> Box<dyn Decoder> {
    Format::Csv(config.clone()).decoder(projection).unwrap()
}

fn read(text: &str, bytes: &[u8]) -> Read {
    read_as(&config(text), &Projection::All, bytes)
}

fn read_as(config: &CsvConfig, projection: &Projection, bytes: &[u8]) -> Read {
    read_cut(config, projection, bytes, 8192, usize::MAX)
}

/// Reads with an input that gives at most `step` bytes at once and batches of at most `rows`, and goes on with
/// a new decoder from the state after each batch.
fn read_cut(
    config: &CsvConfig,
    projection: &Projection,
    bytes: &[u8],
    step: usize,
    rows: usize,
) -> Read {
    let limits = BatchLimits { max_rows: rows, max_bytes: usize::MAX };
    let unit = Arc::new(Unit { id: "id".into(), name: "name".into() });
    let mut read = Read::default();
    let mut state: Option<DecoderState> = None;
    loop {
        let mut decoder = decoder(config, projection);
        let mut input = BufReader::with_capacity(step, bytes);
        if let Err(failure) = decoder.head(&mut input) {
            read.failure = Some(unit_failure(failure));
            read.state = decoder.state();
            return read;
        }
        if let Some(state) = &state {
            decoder.resume(state);
            input = BufReader::with_capacity(step, &bytes[usize::try_from(state.byte).unwrap()..]);
        }
        let mut batch = RecordBatch::new(limits);
        let decoded = decoder.decode(&mut input, &unit, &mut batch);
        collect(&batch, &mut read);
        read.state = decoder.state();
        match decoded {
            Ok(Decoded::Full) => {}
            Ok(Decoded::End) => return read,
            Err(failure) => {
                read.failure = Some(unit_failure(failure));
                read.state = DecoderState { notes: read.state.notes, ..DecoderState::default() };
                return read;
            }
        }
        let stored = serde_json::to_value(decoder.state()).unwrap();
        state = Some(serde_json::from_value(stored).unwrap());
    }
}

fn unit_failure(failure: DecodeFailure) -> String {
    let DecodeFailure::Unit(error) = failure else { panic!("a refusal: {failure:?}") };
    assert!(error.place.is_some(), "a refusal has a place: {error}");
    error.to_string()
}

fn collect(batch: &RecordBatch, read: &mut Read) {
    let ordinal = |identity| match identity {
        Identity::Ordinal(number) => number,
        Identity::Bytes(_) => panic!("an ordinal"),
    };
    for row in batch.rows() {
        let meta = row.meta();
        read.rows.push(Line {
            record: ordinal(meta.identity),
            place: meta.place,
            raw: batch.bytes(meta.raw).to_vec(),
            values: values(row),
        });
    }
    for reject in batch.rejects() {
        let errors = reject.errors.iter().map(ToString::to_string).collect();
        let raw = batch.bytes(reject.meta.raw).to_vec();
        read.rejects.push((ordinal(reject.meta.identity), reject.meta.place, raw, errors));
    }
    read.forgiven += batch.forgiven();
}

fn values(row: RowRef<'_>) -> Vec<String> {
    row.cells().iter().map(|cell| value(row.batch(), *cell)).collect()
}

fn value(batch: &RecordBatch, cell: Cell) -> String {
    let join = |span: Span| {
        let parts: Vec<String> = batch.cells(span).iter().map(|cell| value(batch, *cell)).collect();
        parts.join(",")
    };
    let mut text = String::new();
    match cell {
        Cell::Text(span) => text.push_str(batch.text(span)),
        Cell::List(span) => write!(text, "[{}]", join(span)).unwrap(),
        Cell::Group(span) => write!(text, "({})", join(span)).unwrap(),
        other => panic!("{other:?}"),
    }
    text
}

#[test]
fn a_plain_file_becomes_rows_with_number_place_and_raw_bytes() {
    let read = read(r#"{"delimiter": ";"}"#, b"a;b\n1;x\r\n2;\"y;\n\"\"z\"\n");
    assert_eq!(read.values(), [["1", "x"], ["2", "y;\n\"z"]]);
    assert_eq!(read.rows[0].place, Place::line(2, 4));
    assert_eq!(read.rows[1].place, Place::line(3, 9));
    assert_eq!((read.rows[1].record, &read.rows[1].raw[..]), (2, &b"2;\"y;\n\"\"z\""[..]));
    assert_eq!((read.state.line, read.state.byte, read.state.record), (5, 20, 2));
    assert_eq!(read.failure, None);
}

#[test]
fn only_wanted_columns_are_read_in_the_wanted_order() {
    let projection = only(&["c", "a"]);
    let read = read_as(&config("{}"), &projection, b"a,b,c\n1,\xFF,3\n");
    assert_eq!(read.values(), [["3", "1"]]);
    assert_eq!(read.rows[0].raw, b"1,\xFF,3");
}
