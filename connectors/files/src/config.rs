//! What a person writes beside `connector: files`.

use std::{path::PathBuf, time::Duration};

use acequia_api::{ConfigFault, Period};
use acequia_formats::Format;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// A drop directory: files appear in it, are read in order, and are archived after their records are in Kafka.
///
/// Names that begin with a dot are never looked at. Symbolic links are never followed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// The directory. What lies in directories below it is not read.
    pub directory: PathBuf,
    /// Which names are data: one glob or several (`LIC_*.csv`).
    #[serde(rename = "match")]
    pub matching: Globs,
    /// How the bytes become records.
    pub format: Format,
    /// The name of this directory in event ids and checkpoints. Change it and everything counts as new; the
    /// path of the directory may change freely.
    #[serde(default = "default_split")]
    pub split: String,
    /// When the writer of a file has finished. Everything named here must hold. Default: settled for 5 s.
    #[serde(default)]
    pub complete: Complete,
    /// How a file becomes ours before it is read.
    #[serde(default)]
    pub claim: Claim,
    /// Which of several files comes first.
    #[serde(default)]
    pub order: Order,
    /// Files are numbered, and a missing number holds back the later ones.
    #[serde(default)]
    pub sequence: Option<Sequence>,
    /// When files are expected; an alarm is raised when none came.
    #[serde(default)]
    pub arrival: Option<Arrival>,
    /// How many records a file has. One with fewer or more is refused before anything of it is published.
    #[serde(default)]
    pub records: Option<RecordRange>,
    /// What a bad record does to its file.
    #[serde(default)]
    pub on_bad_record: OnBadRecord,
    /// What a file without records is.
    #[serde(default)]
    pub empty: Empty,
    /// Where files go after their records are committed: a directory (relative to `directory`), `delete`, or
    /// `keep`. Default: `archive`, and `keep` with `claim: none`.
    #[serde(default)]
    pub archive: Option<Archive>,
    /// Where refused files go, with a report beside each; relative to `directory`.
    #[serde(default = "default_quarantine")]
    pub quarantine: PathBuf,
    /// Write `NAME.receipt.json` into the directory for the sender: what was accepted and what was refused, and
    /// why, without values.
    #[serde(default)]
    pub receipt: bool,
    /// Whether gzip, zstd and zip are recognised by their first bytes and unpacked while reading.
    #[serde(default)]
    pub decompress: Decompress,
    /// What a packed file may become.
    #[serde(default)]
    pub unpacked: Unpacked,
    /// How often to look. Notices of the operating system shorten the wait where there are any.
    #[serde(default = "default_poll")]
    pub poll_interval: Period,
    /// After this time an alarm is raised for a file that is still incomplete, or a marker without its file.
    #[serde(default = "default_alarm")]
    pub alarm_after: Period,
    /// After this time without a change a file whose end is missing is refused.
    #[serde(default = "default_give_up")]
    pub give_up_after: Period,
}

fn default_split() -> String {
    "files".to_owned()
}

fn default_quarantine() -> PathBuf {
    PathBuf::from("quarantine")
}

fn default_poll() -> Period {
    Period(Duration::from_secs(2))
}

fn default_alarm() -> Period {
    Period(Duration::from_hours(1))
}

fn default_give_up() -> Period {
    Period(Duration::from_mins(15))
}

/// One glob or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Globs {
    /// One.
    One(String),
    /// Several; a name that one of them matches is meant.
    Many(Vec<String>),
}

impl Globs {
    pub(crate) fn patterns(&self) -> &[String] {
        match self {
            Globs::One(one) => std::slice::from_ref(one),
            Globs::Many(many) => many,
        }
    }

    /// Compiles them; `*` does not cross a `/`.
    ///
    /// # Errors
    /// What is wrong with the first that is wrong.
    pub(crate) fn compile(&self) -> Result<GlobSet, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in self.patterns() {
            set.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
        }
        set.build()
    }
}

/// When the writer of a file has finished.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Complete {
    /// Size and time of change have stayed the same.
    pub settle: Option<Settle>,
    /// Another file says so: `{name}.ok`, `{stem}.done`. It is archived together with the data.
    pub marker: Option<String>,
    /// The writer renames it at the end; names that match these globs (`*.tmp`) are not finished.
    pub rename: Option<Globs>,
    /// The last record says how many there are; the format knows it and verifies it before anything is published.
    pub trailer: bool,
    /// Another file lists it with its size: `{stem}.manifest`, or one name for all. A line is
    /// `name,size,sha256,records` (what is not known is left empty), or what `sha256sum` writes.
    pub manifest: Option<String>,
}

impl Complete {
    pub(crate) fn settle_for(&self) -> Option<Duration> {
        let none = self.marker.is_none()
            && self.rename.is_none()
            && self.manifest.is_none()
            && !self.trailer;
        self.settle.map(|settle| settle.period.0).or(none.then_some(Duration::from_secs(5)))
    }
}

/// Size and time of change have stayed the same.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// For so long.
    #[serde(rename = "for")]
    pub period: Period,
}

/// How a file becomes ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// It is renamed into `.inflight/` in the same directory.
    #[default]
    Rename,
    /// It stays: for directories that may only be read.
    None,
}

/// Which of several files comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By name, byte for byte.
    #[default]
    Name,
    /// By time of change, then by name.
    Modified,
}

/// Numbered files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// A regular expression over the whole name; its first group is the number: `LIC_(\d+)\.csv`.
    pub pattern: String,
    /// Pass over a missing number after this time. Without it, a gap holds until the file comes.
    #[serde(default)]
    pub hold_for: Option<Period>,
}

/// When files are expected: either `every` or `by`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// At least one in this time.
    #[serde(default)]
    pub every: Option<Period>,
    /// At least one before this time of day: `06:30`.
    #[serde(default)]
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$"))]
    pub by: Option<Time>,
    /// The time zone of `by`; UTC unless given.
    #[serde(default)]
    #[schemars(extend("format" = "time-zone"))]
    pub zone: Option<String>,
    /// The days on which `by` holds; every day unless given.
    #[serde(default)]
    pub days: Option<Vec<Day>>,
    /// Days on which no file is expected, `YYYY-MM-DD`.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("items" = {"type": "string", "format": "date"}))]
    pub holidays: Vec<Date>,
    /// How long before `by` an arrival counts for it.
    #[serde(default = "default_window")]
    pub window: Period,
}

fn default_window() -> Period {
    Period(Duration::from_hours(12))
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    pub(crate) fn is(self, day: jiff::civil::Weekday) -> bool {
        day.to_monday_zero_offset() as isize == self as isize
    }
}

/// How many records a file has.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRange {
    /// At least.
    #[serde(default)]
    pub min: u64,
    /// At most.
    #[serde(default)]
    pub max: Option<u64>,
}

/// What a bad record does to its file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadRecord {
    /// The record goes to quarantine, the others are published.
    #[default]
    RejectRecord,
    /// The whole file is decoded and mapped first; one bad record, and nothing of it is published.
    RejectFile,
}

/// What a file without records is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// A file like any other, noted as empty.
    #[default]
    Ok,
    /// A file to refuse.
    Error,
}

/// Where files go after their records are committed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(with = "String")]
pub enum Archive {
    /// Into this directory.
    To(PathBuf),
    /// Nowhere.
    Delete,
    /// They stay where they were dropped; only with `claim: none`.
    Keep,
}

impl From<String> for Archive {
    fn from(text: String) -> Self {
        match text.as_str() {
            "delete" => Archive::Delete,
            "keep" => Archive::Keep,
            _ => Archive::To(text.into()),
        }
    }
}

/// Whether packed files are unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decompress {
    /// What begins like gzip, zstd or zip is unpacked.
    #[default]
    Auto,
    /// Bytes are taken as they are.
    None,
}

/// What a packed file may become; more is refused as a bomb.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Unpacked {
    /// Bytes out for each byte in, after the first mebibyte.
    pub max_ratio: u64,
    /// Bytes out of one file.
    pub max_bytes: u64,
    /// Members of a zip file.
    pub max_members: usize,
}

impl Default for Unpacked {
    fn default() -> Self {
        Self { max_ratio: 200, max_bytes: 64 << 30, max_members: 10_000 }
    }
}

impl FilesConfig {
    /// Where committed files go.
    pub(crate) fn archive(&self) -> Archive {
        match (&self.archive, self.claim) {
            (Some(archive), _) => archive.clone(),
            (None, Claim::Rename) => Archive::To("archive".into()),
            (None, Claim::None) => Archive::Keep,
        }
    }

    /// Everything wrong with it that can be seen without the disk.
    pub(crate) fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |path: &[&str], code, message: String, hint: Option<&str>| {
            faults.push(ConfigFault {
                path: path.iter().map(|&key| key.to_owned()).collect(),
                code,
                message,
                hint: hint.map(str::to_owned),
            });
        };
        if self.split.is_empty() {
            fault(&["split"], "config.empty", "`split` is empty".into(), None);
        }
        for (path, globs) in [
            (&["match"][..], Some(&self.matching)),
            (&["complete", "rename"][..], self.complete.rename.as_ref()),
        ] {
            let Some(globs) = globs else { continue };
            if globs.patterns().is_empty() {
                fault(path, "config.empty", "no pattern is given".into(), None);
            }
            if let Err(cause) = globs.compile() {
                fault(path, "config.glob", cause.kind().to_string(), None);
            }
            if globs.patterns().iter().any(|glob| glob.contains('/')) {
                let hint = Some("a drop directory is one directory; use one pipeline for each");
                fault(path, "config.glob", "a pattern is for names, without `/`".into(), hint);
            }
        }
        for (key, pattern) in
            [("marker", &self.complete.marker), ("manifest", &self.complete.manifest)]
        {
            let Some(pattern) = pattern else { continue };
            let named = pattern.contains("{name}") || pattern.contains("{stem}");
            if pattern == "{name}" || pattern.contains('/') || (key == "marker" && !named) {
                let message = format!("`{pattern}` does not name another file for each file");
                fault(&["complete", key], "config.pattern", message, Some("such as `{name}.ok`"));
            }
        }
        if let Some(sequence) = &self.sequence {
            match regex::Regex::new(&sequence.pattern) {
                Ok(regex) if regex.captures_len() < 2 => {
                    let message = "the pattern has no group for the number".into();
                    let hint = Some(r"such as `LIC_(\d+)\.csv`");
                    fault(&["sequence", "pattern"], "config.pattern", message, hint);
                }
                Ok(_) => {}
                Err(cause) => {
                    fault(&["sequence", "pattern"], "config.pattern", cause.to_string(), None);
                }
            }
        }
        if let Some(arrival) = &self.arrival {
            if arrival.every.is_some() == arrival.by.is_some() {
                let message =
                    "an arrival is expected either `every` some time or `by` a time of day";
                fault(&["arrival"], "config.arrival", message.into(), None);
            }
            let days = arrival.days.is_some() || !arrival.holidays.is_empty();
            if arrival.by.is_none() && days {
                let message = "`days` and `holidays` are for an arrival `by` a time of day";
                fault(&["arrival"], "config.arrival", message.into(), None);
            }
            if let Some(zone) = &arrival.zone
                && jiff::tz::TimeZone::get(zone).is_err()
            {
                let message = format!("`{zone}` is not a time zone");
                fault(
                    &["arrival", "zone"],
                    "config.unknown_zone",
                    message,
                    Some("such as `Europe/Madrid`"),
                );
            }
        }
        if self.claim == Claim::Rename && self.archive() == Archive::Keep {
            let message = "a claimed file cannot stay where it was dropped".into();
            let hint = Some("use `claim: none`, or name a directory");
            fault(&["archive"], "config.archive", message, hint);
        }
        if self.poll_interval.0.is_zero() {
            fault(&["poll_interval"], "config.range", "it must be more than nothing".into(), None);
        }
        faults.extend(self.format.validate().into_iter().map(|mut fault| {
            fault.path.insert(0, "format".to_owned());
            fault
        }));
        faults
    }
}
