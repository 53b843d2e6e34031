//! What a person writes under `format: { csv: … }`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Delimited text: the dialect, the columns, and what makes a file complete.
///
/// Every value is text; whether an empty field was quoted is not told apart. Text becomes numbers and dates in
/// the mapping, so `007`, `1E5` and twenty digits arrive as they stand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CsvConfig {
    /// What stands between two fields, one character or several: `;`, `"\t"`, `+|`.
    pub delimiter: String,
    /// What ends a record. `auto` takes a line feed, with a carriage return before it or not; otherwise `lf`,
    /// `crlf`, `cr` (old Macintosh), or the text itself: `"&|\n"`, `~~`.
    pub terminator: String,
    /// The character around fields that hold delimiters or line ends, or `none` where quotes mean nothing.
    pub quote: String,
    /// How a quote is written inside a quoted field: `double` (`""`), or the character that stands before it.
    pub escape: String,
    /// Forgive, and count, text beside quotes (`"x"y` is read as `xy`, `x"y` as it stands) and superfluous empty
    /// fields at the end of a record. Never fills up a record that is too short.
    pub lenient: bool,
    /// Lines to pass over before the header, or before the first record.
    pub skip_lines: u64,
    /// Whether the first line names the columns. By default it does, unless `columns` does.
    pub header: Option<bool>,
    /// The names of the columns in their order, for files without a header or instead of it.
    pub columns: Option<Vec<String>>,
    /// A line that begins with this text is passed over and counted. Unset, there are no comments.
    pub comment: Option<String>,
    /// The encoding of the file: `utf-8`, `utf-16` (by its byte order mark), `utf-16le`, `utf-16be`, `us-ascii`,
    /// `windows-1250` to `windows-1258`, `iso-8859-1` to `iso-8859-16`, `cp437`, `cp850` and the other OEM code
    /// pages, `koi8-r`, `koi8-u`, `macintosh`. A mapping may say otherwise for one column.
    pub encoding: String,
    /// What becomes of a record with control characters (NUL, escape, U+0085, bidirectional overrides).
    pub control: Control,
    /// The longest record in bytes; also the most that one header with all its details may take, and so the
    /// bound of this decoder's memory.
    pub max_record_bytes: usize,
    /// The most fields a record may have.
    pub max_fields: usize,
    /// What a file without any record is.
    pub empty: Empty,
    /// Whether the last record must end like every other. By default it must, because a file cut short shows
    /// in nothing else, unless a trailer proves that the file is complete.
    pub final_newline: Option<FinalNewline>,
    /// Several kinds of record in one file. Replaces header and `columns`.
    pub records: Option<Records>,
    /// The last record of a plain file, which says how many there were.
    pub trailer: Option<LineTrailer>,
}

impl Default for CsvConfig {
    fn default() -> Self {
        Self {
            delimiter: ",".to_owned(),
            terminator: "auto".to_owned(),
            quote: "\"".to_owned(),
            escape: "double".to_owned(),
            lenient: false,
            skip_lines: 0,
            header: None,
            columns: None,
            comment: None,
            encoding: "utf-8".to_owned(),
            control: Control::Reject,
            max_record_bytes: 1 << 20,
            max_fields: 4096,
            empty: Empty::Ok,
            final_newline: None,
            records: None,
            trailer: None,
        }
    }
}

/// What becomes of control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The record is rejected.
    Reject,
    /// The characters are taken out and counted.
    Strip,
}

/// What a file without any record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// A file like any other, noted as empty.
    Ok,
    /// A file to refuse.
    Error,
}

/// Whether the last record must end like every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalNewline {
    /// Without it the file is incomplete.
    Required,
    /// With or without.
    Optional,
}

/// Several kinds of record in one file, told apart by one column.
///
/// A record that stands by itself and all that follow it up to the next such record are one group and become
/// one row. A faulty or unknown record in a group refuses the whole group: a bill without one of its lines is a
/// wrong bill.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// The column that tells the kind, from 1.
    pub by: usize,
    /// The kinds by what stands in that column. Exactly one stands by itself; the others are `under` it,
    /// a trailer, or skipped.
    pub kinds: BTreeMap<String, Kind>,
}

/// One kind of record. Either `fields`, or `trailer`, or `skip`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kind {
    /// The names of all its fields in their order, the one that tells the kind too.
    pub fields: Option<Vec<String>>,
    /// The kind whose record it belongs to: the last one of that kind before it.
    pub under: Option<String>,
    /// The name of the list that these records become in the record they belong to.
    #[serde(rename = "as")]
    pub list: Option<String>,
    /// It is the last record, and says how many there were.
    pub trailer: Option<KindTrailer>,
    /// Known and of no interest; counted.
    pub skip: bool,
}

/// Control totals in a record of its own kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KindTrailer {
    /// The kind that is counted and summed; without it, every data record.
    pub count_of: Option<String>,
    /// The field of the trailer that holds the number of records, from 1.
    pub count: Option<usize>,
    /// The field of the counted kind that is summed.
    pub sum_of: Option<String>,
    /// The field of the trailer that holds the sum, from 1.
    pub sum: Option<usize>,
    /// The decimal mark of the amounts: `.` by default.
    pub decimal: Option<char>,
    /// The mark between groups of digits, if there may be one.
    pub group: Option<char>,
}

/// Control totals in the last line of a plain file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineTrailer {
    /// What the trailer begins with and no record does; best with its delimiter: `"T;"`.
    pub starts_with: String,
    /// The field of the trailer that holds the number of records, from 1.
    pub count: Option<usize>,
    /// The column that is summed.
    pub sum_of: Option<String>,
    /// The field of the trailer that holds the sum, from 1.
    pub sum: Option<usize>,
    /// The decimal mark of the amounts: `.` by default.
    pub decimal: Option<char>,
    /// The mark between groups of digits, if there may be one.
    pub group: Option<char>,
}
