//! The configuration, checked and made ready: names become numbers, texts become bytes of the encoding.

use std::sync::Arc;

use acequia_api::ConfigFault;

use super::{
    Control, CsvConfig, Empty, FinalNewline,
    kinds::{self, Kinds},
    scan::{LOOK, Syntax, Terminator},
    tape::Limits,
    trailer::{Marks, Trailer},
};
use crate::encoding::{Encoding, KNOWN};

/// A configuration that can be read with.
#[derive(Debug, Clone)]
pub(super) struct Dialect {
    pub(super) syntax: Syntax,
    pub(super) encoding: Encoding,
    pub(super) limits: Limits,
    pub(super) lenient: bool,
    pub(super) control: Control,
    pub(super) max_fields: usize,
    pub(super) skip_lines: u64,
    pub(super) header: bool,
    pub(super) columns: Option<Vec<Arc<str>>>,
    pub(super) refuse_empty: bool,
    pub(super) kinds: Option<Kinds>,
    pub(super) trailer: Option<Trailer>,
}

/// The most that a record may be allowed to take.
const MOST_BYTES: usize = 64 << 20;

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<ConfigFault>);

impl Faults {
    /// Adds a fault at `csv.` and these keys.
    pub(super) fn add(&mut self, keys: &[&str], code: &'static str, message: String, hint: &str) {
        let path = std::iter::once("csv").chain(keys.iter().copied()).map(str::to_owned).collect();
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.0.push(ConfigFault { path, code, message, hint });
    }
}

impl Dialect {
    /// Makes it ready, or says everything that is wrong.
    pub(super) fn of(config: &CsvConfig) -> Result<Self, Vec<ConfigFault>> {
        let mut faults = Faults::default();
        let encoding = encoding(config, &mut faults);
        let syntax = syntax(config, &encoding, &mut faults);
        let columns = columns(config, &mut faults);
        limits(config, &mut faults);
        let kinds = config.records.as_ref().map(|records| {
            if config.header.is_some() || config.columns.is_some() || config.trailer.is_some() {
                let message = "`records` replaces `header`, `columns` and `trailer`".to_owned();
                faults.add(&["records"], "config.csv.conflict", message, "");
            }
            kinds::compile(records, &encoding, &mut faults)
        });
        let trailer = trailer(config, &encoding, columns.as_deref(), &mut faults)
            .or_else(|| kinds.as_ref().and_then(|kinds| kinds.trailer().cloned()));
        let comment =
            config.comment.as_ref().map(|text| bytes(&["comment"], text, &encoding, &mut faults));
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        let final_newline = match config.final_newline {
            Some(said) => said == FinalNewline::Required,
            None => trailer.is_none(),
        };
        Ok(Self {
            limits: Limits {
                comment,
                max_record_bytes: config.max_record_bytes,
                final_newline,
                one_byte: matches!(encoding, Encoding::Single(_)),
            },
            syntax,
            encoding,
            lenient: config.lenient,
            control: config.control,
            max_fields: config.max_fields,
            skip_lines: config.skip_lines,
            header: kinds.is_none() && config.header.unwrap_or(config.columns.is_none()),
            columns,
            refuse_empty: config.empty == Empty::Error,
            kinds,
            trailer,
        })
    }
}

fn encoding(config: &CsvConfig, faults: &mut Faults) -> Encoding {
    Encoding::of(&config.encoding).unwrap_or_else(|| {
        let message = format!("`{}` is no encoding known here", config.encoding.escape_debug());
        faults.add(&["encoding"], "config.csv.encoding", message, &format!("known are {KNOWN}"));
        Encoding::Utf8
    })
}

/// The bytes of a short, non-empty text in the encoding of the file.
fn bytes(keys: &[&str], text: &str, encoding: &Encoding, faults: &mut Faults) -> Vec<u8> {
    match encoding.encode(text) {
        _ if text.is_empty() => {
            faults.add(keys, "config.csv.character", "an empty text means nothing here".into(), "");
        }
        None => {
            let message = format!("`{text}` cannot be written in {}", encoding.name());
            faults.add(keys, "config.csv.character", message, "");
        }
        Some(bytes) if bytes.len() >= LOOK / 2 => {
            let message = format!("longer than {} bytes", LOOK / 2 - 1);
            faults.add(keys, "config.csv.character", message, "");
        }
        Some(bytes) => return bytes,
    }
    vec![0]
}

fn one_byte(key: &str, text: &str, encoding: &Encoding, faults: &mut Faults) -> Option<u8> {
    match bytes(&[key], text, encoding, faults).as_slice() {
        [byte] => Some(*byte),
        _ => {
            let message = format!("`{text}` is not one byte in {}", encoding.name());
            faults.add(&[key], "config.csv.character", message, "give one character");
            None
        }
    }
}

fn syntax(config: &CsvConfig, encoding: &Encoding, faults: &mut Faults) -> Syntax {
    let delimiter = bytes(&["delimiter"], &config.delimiter, encoding, faults);
    for (key, text) in [("delimiter", &config.delimiter), ("terminator", &config.terminator)] {
        spelled_out(key, text, faults);
    }
    let terminator = match config.terminator.as_str() {
        "auto" => Terminator::Auto,
        "lf" => Terminator::Bytes(b"\n".to_vec()),
        "crlf" => Terminator::Bytes(b"\r\n".to_vec()),
        "cr" => Terminator::Bytes(b"\r".to_vec()),
        text => Terminator::Bytes(bytes(&["terminator"], text, encoding, faults)),
    };
    let quote = match config.quote.as_str() {
        "none" => None,
        text => one_byte("quote", text, encoding, faults),
    };
    let escape = match config.escape.as_str() {
        "double" => None,
        text => one_byte("escape", text, encoding, faults).filter(|escape| Some(*escape) != quote),
    };
    let syntax = Syntax { delimiter, terminator, quote, escape };
    distinct(&syntax, faults);
    syntax
}

/// Refuses names of characters (`tab`, `\t` without YAML's double quotes) where the characters are meant.
fn spelled_out(key: &str, text: &str, faults: &mut Faults) {
    let named = key == "delimiter" && text.chars().any(char::is_alphanumeric);
    if named || text.starts_with('\\') && text.len() > 1 {
        let message = format!("`{text}` is taken as the text itself");
        faults.add(&[key], "config.csv.character", message, r#"in double quotes: "\t", "\u0001""#);
    }
}

/// Refuses what cannot be told apart in a file.
fn distinct(syntax: &Syntax, faults: &mut Faults) {
    let code = "config.csv.ambiguous";
    let ends: &[u8] = match &syntax.terminator {
        Terminator::Auto => b"\r\n",
        Terminator::Bytes(bytes) => bytes,
    };
    let delimiter = &syntax.delimiter;
    let overlaps = match &syntax.terminator {
        Terminator::Auto => delimiter.iter().any(|byte| ends.contains(byte)),
        Terminator::Bytes(_) => delimiter.starts_with(ends),
    };
    if overlaps {
        let message = "the delimiter begins like the end of a record".to_owned();
        faults.add(&["delimiter"], code, message, "declare the `terminator` of the file");
    }
    for (key, byte) in [("quote", syntax.quote), ("escape", syntax.escape)] {
        let taken = |byte: u8| delimiter.contains(&byte) || ends.contains(&byte);
        if byte.is_some_and(taken) {
            let message = format!("the {key} also stands in the delimiter or terminator");
            faults.add(&[key], code, message, "`quote: none` where quotes mean nothing");
        }
    }
}

fn columns(config: &CsvConfig, faults: &mut Faults) -> Option<Vec<Arc<str>>> {
    let code = "config.csv.columns";
    let Some(columns) = &config.columns else {
        if config.header == Some(false) && config.records.is_none() {
            let message = "a file without a header needs `columns`".to_owned();
            faults.add(&["header"], code, message, "list the names: `columns: [ID, NAME]`");
        }
        return None;
    };
    if columns.is_empty() {
        faults.add(&["columns"], code, "there is no column".to_owned(), "");
    }
    for (index, name) in columns.iter().enumerate() {
        if columns[..index].contains(name) {
            let message = format!("`{name}` stands here twice");
            faults.add(&["columns", &index.to_string()], code, message, "");
        }
    }
    Some(columns.iter().map(|name| Arc::from(name.as_str())).collect())
}

fn limits(config: &CsvConfig, faults: &mut Faults) {
    let code = "config.csv.limit";
    if !(LOOK..=MOST_BYTES).contains(&config.max_record_bytes) {
        let message = format!("must be from {LOOK} to {MOST_BYTES}");
        faults.add(&["max_record_bytes"], code, message, "");
    }
    if !(1..=1 << 20).contains(&config.max_fields) {
        let message = format!("must be from 1 to {}", 1 << 20);
        faults.add(&["max_fields"], code, message, "");
    }
    let columns = config.columns.as_ref().map_or(0, Vec::len);
    if columns > config.max_fields {
        let message = format!("{columns} columns are more than `max_fields`");
        faults.add(&["columns"], code, message, "");
    }
}

fn trailer(
    config: &CsvConfig,
    encoding: &Encoding,
    columns: Option<&[Arc<str>]>,
    faults: &mut Faults,
) -> Option<Trailer> {
    let said = config.trailer.as_ref()?;
    let prefix = bytes(&["trailer", "starts_with"], &said.starts_with, encoding, faults);
    let trailer = Trailer {
        prefix: Some(prefix),
        kind: None,
        count: field(&["trailer", "count"], said.count, faults),
        sum: field(&["trailer", "sum"], said.sum, faults),
        sum_of: said.sum_of.clone(),
        summed: None,
        marks: Marks { decimal: said.decimal.unwrap_or('.'), group: said.group },
    };
    check_trailer(&["trailer"], &trailer, faults);
    if let (Some(name), Some(columns)) = (&said.sum_of, columns)
        && !columns.iter().any(|column| **column == **name)
    {
        let message = format!("there is no column `{name}`");
        faults.add(&["trailer", "sum_of"], "config.csv.trailer", message, "");
    }
    Some(trailer)
}

/// A number of a field from 1, as one from 0.
pub(super) fn field(keys: &[&str], number: Option<usize>, faults: &mut Faults) -> Option<usize> {
    let number = number?;
    if number == 0 {
        faults.add(keys, "config.csv.trailer", "fields are numbered from 1".to_owned(), "");
    }
    Some(number.saturating_sub(1))
}

/// What holds for both forms of a trailer.
pub(super) fn check_trailer(keys: &[&str], trailer: &Trailer, faults: &mut Faults) {
    let code = "config.csv.trailer";
    if trailer.sum.is_some() != trailer.sum_of.is_some() {
        let message = "`sum` and `sum_of` belong together".to_owned();
        faults.add(keys, code, message, "`sum` is the trailer's field, `sum_of` what is summed");
    }
    if Some(trailer.marks.decimal) == trailer.marks.group {
        faults.add(keys, code, "`decimal` and `group` are the same mark".to_owned(), "");
    }
}
