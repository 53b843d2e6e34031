//! Which file is next: looks into the directory, and judges from the outside whether a file is finished and its
//! turn has come.
//!
//! Looking is the truth; notices of the operating system only make it look sooner, so network file systems that
//! send none are served as well. Only names and a few numbers for each file are kept. Ages are measured by our
//! own clock from when a file was first seen in its present state, never against the file server's.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    ffi::{OsStr, OsString},
    io::{self, Read},
    os::unix::ffi::{OsStrExt, OsStringExt},
    sync::Arc,
    time::Duration,
};

use acequia_api::{RecordError, SourceError, UnitState};
use globset::GlobSet;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use regex::Regex;
use rustix::fs::FileType;

use crate::{
    clock::Clock,
    config::{Arrival, Claim, FilesConfig, Order},
    custody::{Custody, Lies},
    folder::{FileStatus, Folder, shown},
    ledger::Reason,
    source::directory_error,
};

/// A file whose turn it is.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) name: OsString,
    pub(crate) lies: Lies,
    pub(crate) status: FileStatus,
    /// What its manifest says of it.
    pub(crate) promise: Option<Promise>,
    /// It has not changed for so long that an end that is missing will not come any more.
    pub(crate) give_up: bool,
}

/// What a manifest says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    pub(crate) records: Option<u64>,
}

/// A file that is watched until it is finished.
#[derive(Debug)]
struct Watch {
    status: FileStatus,
    /// Since when it has been as it is.
    since: Duration,
    /// Since when it has been there.
    first: Duration,
    /// It was looked into as it is, and its end was missing.
    unfinished: bool,
    note: String,
}

struct Numbering {
    regex: Regex,
    hold_for: Option<Duration>,
    last: Option<u64>,
    /// The missing number that holds, and since when.
    gap: Option<(u64, Duration)>,
}

/// Finds the next file.
pub(crate) struct Intake {
    custody: Arc<Custody>,
    clock: Arc<dyn Clock>,
    matching: GlobSet,
    temporary: GlobSet,
    numbering: Option<Numbering>,
    listed: VecDeque<(OsString, Lies)>,
    watched: HashMap<OsString, Watch>,
    /// Files that stay where they are and have been dealt with in this state.
    dealt: HashMap<OsString, FileStatus>,
    /// How often a file changed while it was read.
    changes: HashMap<OsString, u32>,
    /// Names under an alarm, with its code.
    alarmed: HashMap<OsString, &'static str>,
    markers: HashMap<OsString, Duration>,
    settling: bool,
    last_arrival: Option<Timestamp>,
    opened: Timestamp,
}

fn config_error(cause: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    SourceError::operator("files.config", "a pattern of the configuration is not valid")
        .because(cause)
}

impl Intake {
    pub(crate) fn new(custody: Arc<Custody>, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        let config = &custody.config;
        let numbering = match &config.sequence {
            None => None,
            Some(sequence) => Some(Numbering {
                regex: Regex::new(&format!("^(?:{})$", sequence.pattern)).map_err(config_error)?,
                hold_for: sequence.hold_for.map(|period| period.0),
                last: custody.ledger.sequence()?,
                gap: None,
            }),
        };
        let temporary = match &config.complete.rename {
            Some(globs) => globs.compile().map_err(config_error)?,
            None => GlobSet::empty(),
        };
        Ok(Self {
            matching: config.matching.compile().map_err(config_error)?,
            temporary,
            numbering,
            listed: VecDeque::new(),
            watched: HashMap::new(),
            dealt: HashMap::new(),
            changes: HashMap::new(),
            alarmed: HashMap::new(),
            markers: HashMap::new(),
            settling: false,
            last_arrival: custody.ledger.arrival()?,
            opened: clock.now(),
            custody,
            clock,
        })
    }

    /// Whether a file waits for nothing but time.
    pub(crate) fn settling(&self) -> bool {
        self.settling
    }

    /// Looks into the directory anew.
    pub(crate) fn scan(&mut self) -> Result<(), SourceError> {
        let custody = Arc::clone(&self.custody);
        let config = &custody.config;
        let failed = |cause| directory_error(&config.directory, cause);
        let folder = Folder::open(&config.directory).map_err(failed)?;
        let mut listed = VecDeque::new();
        if config.claim == Claim::Rename
            && let Ok(inflight) = Folder::open(&custody.inflight())
        {
            for name in inflight.names(|name| self.is_data(config, name)).map_err(failed)? {
                if !custody.holds(&name, Lies::Claimed) {
                    listed.push_back((name, Lies::Claimed));
                }
            }
        }
        let mut dropped = folder.names(|name| self.is_data(config, name)).map_err(failed)?;
        self.forget_absent(&dropped, &listed);
        self.look_for_lone_markers(&folder, &dropped).map_err(failed)?;
        if config.order == Order::Modified {
            dropped.sort_by_cached_key(|name| folder.status(name).map(|s| s.modified).ok());
        }
        if let Some(numbering) = &self.numbering {
            dropped.sort_by_cached_key(|name| numbering.number(name));
        }
        listed.extend(dropped.into_iter().map(|name| (name, Lies::Dropped)));
        self.listed = listed;
        self.settling = false;
        self.watch_the_gap();
        Ok(())
    }

    fn is_data(&self, config: &FilesConfig, name: &OsStr) -> bool {
        !name.as_bytes().starts_with(b".")
            && self.matching.is_match(name)
            && !self.temporary.is_match(name)
            && !name.as_bytes().ends_with(b".receipt.json")
            && !is_companion(&config.complete.marker, name)
            && !is_companion(&config.complete.manifest, name)
    }

    fn forget_absent(&mut self, dropped: &[OsString], claimed: &VecDeque<(OsString, Lies)>) {
        let claimed: HashSet<&OsString> = claimed.iter().map(|(name, _)| name).collect();
        let there = |name: &OsString| dropped.binary_search(name).is_ok() || claimed.contains(name);
        let board = &self.custody.board;
        self.watched.retain(|name, _| {
            let kept = there(name);
            if !kept {
                board.forget(&shown(name));
                board.clear("files.incomplete", &shown(name));
            }
            kept
        });
        self.dealt.retain(|name, _| there(name));
        self.changes.retain(|name, _| there(name));
        self.alarmed.retain(|name, code| {
            let kept = there(name);
            if !kept {
                board.clear(code, &shown(name));
            }
            kept
        });
    }

    fn look_for_lone_markers(&mut self, folder: &Folder, dropped: &[OsString]) -> io::Result<()> {
        let pattern = &self.custody.config.complete.marker;
        if pattern.is_none() {
            return Ok(());
        }
        let known: HashSet<OsString> =
            dropped.iter().filter_map(|name| companion_of(pattern, name)).collect();
        let lone = folder.names(|name| is_companion(pattern, name) && !known.contains(name))?;
        let now = self.clock.elapsed();
        let board = &self.custody.board;
        self.markers.retain(|name, _| {
            let kept = lone.binary_search(name).is_ok();
            if !kept {
                board.clear("files.marker_alone", &shown(name));
            }
            kept
        });
        for name in lone {
            let subject = shown(&name);
            let since = *self.markers.entry(name).or_insert(now);
            if now.saturating_sub(since) >= self.custody.config.alarm_after.0 {
                let message = format!("`{subject}` has been there for long without its file");
                board.raise("files.marker_alone", &subject, message);
            }
        }
        Ok(())
    }

    /// The next file whose turn it is, until the last look is used up.
    pub(crate) fn next(&mut self) -> Result<Option<Candidate>, SourceError> {
        if self.listed.is_empty() {
            return Ok(None);
        }
        let custody = Arc::clone(&self.custody);
        let open = |path: &std::path::Path| {
            Folder::open(path).map_err(|cause| directory_error(path, cause))
        };
        let folder = open(&custody.config.directory)?;
        while let Some((name, lies)) = self.listed.pop_front() {
            let judged = match lies {
                Lies::Claimed => self.judge_claimed(&open(&custody.inflight())?, &name),
                _ => self.judge(&folder, &name),
            };
            match judged {
                Ok(Some((status, promise))) => {
                    let watch = self.watched.get(&name).filter(|watch| watch.unfinished);
                    let age = watch.map(|watch| self.clock.elapsed().saturating_sub(watch.since));
                    let give_up = age.is_some_and(|age| age >= custody.config.give_up_after.0);
                    if age.is_some() && !give_up {
                        continue;
                    }
                    return Ok(Some(Candidate { name, lies, status, promise, give_up }));
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.alarm(&name, "files.unreadable", &error.to_string()),
            }
        }
        Ok(None)
    }

    /// A file that was claimed in an earlier life, or changed after it was claimed, is finished by that.
    fn judge_claimed(
        &mut self,
        folder: &Folder,
        name: &OsStr,
    ) -> io::Result<Option<(FileStatus, Option<Promise>)>> {
        let status = folder.status(name)?;
        let settled = self.watch(name, status);
        if self.changes.contains_key(name) && settled < Duration::from_secs(5) {
            self.settling = true;
            return Ok(None);
        }
        Ok(Some((status, None)))
    }

    fn judge(
        &mut self,
        folder: &Folder,
        name: &OsStr,
    ) -> io::Result<Option<(FileStatus, Option<Promise>)>> {
        let custody = Arc::clone(&self.custody);
        let config = &custody.config;
        let status = folder.status(name)?;
        if self.dealt.get(name).is_some_and(|dealt| dealt.same_content(&status)) {
            return Ok(None);
        }
        if status.kind() != FileType::RegularFile {
            self.alarm(name, "files.not_regular", kind_name(status.kind()));
            return Ok(None);
        }
        if status.links > 1 {
            self.alarm(name, "files.hard_link", "it has another name as well");
            if config.claim == Claim::Rename {
                custody.turn_away(
                    name,
                    Lies::Dropped,
                    Reason::from(&RecordError::decode("files.hard_link")),
                );
            }
            return Ok(None);
        }
        let settled = self.watch(name, status);
        if let Some(missing) = self.held_by_gap(name) {
            self.wait(name, format!("held until number {missing} has come"), false);
            return Ok(None);
        }
        if let Some(marker) = companion_of(&config.complete.marker, name)
            && !folder.has(&marker)
        {
            self.wait(name, format!("`{}` is not there yet", shown(&marker)), true);
            return Ok(None);
        }
        let promise = match self.promise(folder, name, status)? {
            Ok(promise) => promise,
            Err(note) => {
                self.wait(name, note, true);
                return Ok(None);
            }
        };
        if config.complete.settle_for().is_some_and(|period| settled < period) {
            self.settling = true;
            self.wait(name, "its size or time of change has not settled".to_owned(), false);
            return Ok(None);
        }
        let claimed = config.claim == Claim::Rename
            && Folder::open(&custody.inflight()).is_ok_and(|inflight| inflight.has(name));
        if claimed {
            self.settling = true;
            self.wait(name, "an earlier file of this name is not committed yet".to_owned(), false);
            return Ok(None);
        }
        Ok(Some((status, promise)))
    }

    /// What the manifest says, or why it does not say enough.
    fn promise(
        &self,
        folder: &Folder,
        name: &OsStr,
        status: FileStatus,
    ) -> io::Result<Result<Option<Promise>, String>> {
        let Some(pattern) = &self.custody.config.complete.manifest else { return Ok(Ok(None)) };
        let manifest = companion_of(&Some(pattern.clone()), name).unwrap_or_else(|| pattern.into());
        let (file, kind) = match folder.open_file(&manifest) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Err(format!("`{}` is not there yet", shown(&manifest))));
            }
            other => other?,
        };
        if kind.kind() != FileType::RegularFile {
            return Ok(Err(format!("`{}` is not a regular file", shown(&manifest))));
        }
        let mut text = Vec::new();
        file.take(1 << 20).read_to_end(&mut text)?;
        Ok(match promise_in(&text, name) {
            None => Err(format!("`{}` does not list it", shown(&manifest))),
            Some(promise) if promise.size.is_some_and(|size| size != status.size) => {
                Err(format!("its size is not the one in `{}`", shown(&manifest)))
            }
            Some(promise) => Ok(Some(promise)),
        })
    }

    /// Notes the present state of a file, and gives for how long it has been in it.
    fn watch(&mut self, name: &OsStr, status: FileStatus) -> Duration {
        let now = self.clock.elapsed();
        if let Some(watch) = self.watched.get_mut(name) {
            if !watch.status.same_content(&status) {
                (watch.status, watch.since, watch.unfinished) = (status, now, false);
            }
            return now.saturating_sub(watch.since);
        }
        let watch =
            Watch { status, since: now, first: now, unfinished: false, note: String::new() };
        self.watched.insert(name.to_owned(), watch);
        self.custody.board.set(&shown(name), UnitState::Seen, 0, None);
        Duration::ZERO
    }

    /// Shows why a file waits, and raises an alarm when that takes too long.
    fn wait(&mut self, name: &OsStr, note: String, alarming: bool) {
        let Some(watch) = self.watched.get_mut(name) else { return };
        let board = &self.custody.board;
        let age = self.clock.elapsed().saturating_sub(watch.first);
        if alarming && age >= self.custody.config.alarm_after.0 {
            let message = format!("`{}` has been incomplete for long: {note}", shown(name));
            board.raise("files.incomplete", &shown(name), message);
        }
        if watch.note != note {
            board.set(&shown(name), UnitState::Waiting, 0, Some(note.clone()));
            watch.note = note;
        }
    }

    /// The file was looked into, and its end is missing.
    pub(crate) fn unfinished(&mut self, name: &OsStr, why: &RecordError) {
        if let Some(watch) = self.watched.get_mut(name) {
            watch.unfinished = true;
        }
        self.wait(name, format!("incomplete: {why}"), true);
    }

    /// The file changed while it was read; gives how often that has happened.
    pub(crate) fn changed(&mut self, name: &OsStr) -> u32 {
        let changes = self.changes.entry(name.to_owned()).or_default();
        *changes += 1;
        *changes
    }

    /// The file cannot be read as it is; the others go on.
    pub(crate) fn alarm(&mut self, name: &OsStr, code: &'static str, why: &str) {
        self.alarmed.insert(name.to_owned(), code);
        let message = format!("`{}` is not read: {why}", shown(name));
        self.custody.board.raise(code, &shown(name), message);
    }

    /// The file has been taken to be read, or dealt with otherwise. Gives its number in a sequence.
    pub(crate) fn taken(&mut self, candidate: &Candidate) -> Option<u64> {
        self.watched.remove(&candidate.name);
        self.changes.remove(&candidate.name);
        let board = &self.custody.board;
        board.clear("files.incomplete", &shown(&candidate.name));
        if let Some(code) = self.alarmed.remove(&candidate.name) {
            board.clear(code, &shown(&candidate.name));
        }
        if self.custody.config.claim == Claim::None && candidate.lies == Lies::Dropped {
            self.dealt.insert(candidate.name.clone(), candidate.status);
        }
        self.last_arrival = Some(self.clock.now());
        let numbering = self.numbering.as_mut()?;
        let number = numbering.number(&candidate.name)?;
        numbering.last = numbering.last.max(Some(number));
        numbering.last
    }

    /// The missing number that holds this file back.
    fn held_by_gap(&self, name: &OsStr) -> Option<u64> {
        let numbering = self.numbering.as_ref()?;
        let (number, last) = (numbering.number(name)?, numbering.last?);
        (number > last.saturating_add(1)).then_some(last.saturating_add(1))
    }

    /// Puts the alarm up while a number is missing, and passes over it if that is allowed.
    fn watch_the_gap(&mut self) {
        let now = self.clock.elapsed();
        let Some(numbering) = &mut self.numbering else { return };
        let board = &self.custody.board;
        let Some(expected) = numbering.last.map(|last| last.saturating_add(1)) else {
            let numbers = self.listed.iter().filter_map(|(name, _)| numbering.number(name));
            numbering.last = numbers.min().and_then(|first| first.checked_sub(1));
            return;
        };
        let mut ahead = self.listed.iter().filter_map(|(name, _)| numbering.number(name));
        let missing = {
            let mut numbers: Vec<u64> = ahead.by_ref().filter(|n| *n >= expected).collect();
            numbers.sort_unstable();
            numbers.first().copied().filter(|first| *first > expected)
        };
        if let Some((number, _)) = numbering.gap
            && (missing.is_none() || number != expected)
        {
            board.clear("files.sequence_gap", &number.to_string());
            numbering.gap = None;
        }
        let Some(next) = missing else { return };
        let since = numbering.gap.get_or_insert((expected, now)).1;
        if numbering.hold_for.is_some_and(|hold| now.saturating_sub(since) >= hold) {
            let message = format!("number {expected} to {} were passed over", next - 1);
            board.raise("files.sequence_skipped", &expected.to_string(), message);
            board.clear("files.sequence_gap", &expected.to_string());
            (numbering.last, numbering.gap) = (Some(next - 1), None);
        } else {
            let message = format!("number {expected} is missing; {next} and later are held");
            board.raise("files.sequence_gap", &expected.to_string(), message);
        }
    }

    /// Raises or clears the alarm of a feed that is overdue.
    pub(crate) fn watch_arrivals(&self) {
        let Some(arrival) = &self.custody.config.arrival else { return };
        let now = self.clock.now();
        let board = &self.custody.board;
        match overdue(arrival, now, self.last_arrival, self.opened) {
            Some(message) => board.raise("files.overdue", &self.custody.config.split, message),
            None => board.clear("files.overdue", &self.custody.config.split),
        }
    }
}

impl Numbering {
    fn number(&self, name: &OsStr) -> Option<u64> {
        self.regex.captures(name.to_str()?)?.get(1)?.as_str().parse().ok()
    }
}

/// Whether a feed is overdue, and what to tell. A deadline before the source was first opened does not count.
pub(crate) fn overdue(
    arrival: &Arrival,
    now: Timestamp,
    last: Option<Timestamp>,
    opened: Timestamp,
) -> Option<String> {
    if let Some(every) = arrival.every {
        let since = last.unwrap_or(opened);
        let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        return (age > every.0).then(|| format!("no file has come since {since}"));
    }
    let by = arrival.by?;
    let zone = arrival.zone.as_deref().map_or(Ok(TimeZone::UTC), TimeZone::get).ok()?;
    let today = zone.to_datetime(now).date();
    let deadline = (0..8)
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .filter(|day| {
            arrival.days.as_ref().is_none_or(|days| days.iter().any(|d| d.is(day.weekday())))
        })
        .filter_map(|day| zone.to_timestamp(day.to_datetime(by)).ok())
        .find(|deadline| *deadline <= now)?;
    let window = deadline.checked_sub(arrival.window.0).ok()?;
    let came = last.is_some_and(|last| last >= window);
    let counts = opened <= deadline || last.is_some();
    (counts && !came).then(|| format!("no file has come for the deadline of {deadline}"))
}

fn kind_name(kind: FileType) -> &'static str {
    match kind {
        FileType::Symlink => "it is a symbolic link",
        FileType::Directory => "it is a directory",
        FileType::Fifo => "it is a FIFO",
        FileType::Socket => "it is a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "it is a device",
        _ => "it is not a regular file",
    }
}

/// The file that goes with `name` by a pattern with `{name}` or `{stem}`.
pub(crate) fn companion_of(pattern: &Option<String>, name: &OsStr) -> Option<OsString> {
    let pattern = pattern.as_deref()?;
    let bytes = name.as_bytes();
    let stem = bytes.iter().rposition(|&byte| byte == b'.').map_or(bytes, |dot| &bytes[..dot]);
    let (before, after, middle) = match pattern.split_once("{name}") {
        Some((before, after)) => (before, after, bytes),
        None => pattern.split_once("{stem}").map(|(before, after)| (before, after, stem))?,
    };
    Some(OsString::from_vec([before.as_bytes(), middle, after.as_bytes()].concat()))
}

/// Whether a name can be a companion by this pattern, and so is not data.
fn is_companion(pattern: &Option<String>, name: &OsStr) -> bool {
    let Some(pattern) = pattern.as_deref() else { return false };
    let Some((before, after)) =
        pattern.split_once("{name}").or_else(|| pattern.split_once("{stem}"))
    else {
        return name == pattern;
    };
    let bytes = name.as_bytes();
    bytes.len() > before.len() + after.len()
        && bytes.starts_with(before.as_bytes())
        && bytes.ends_with(after.as_bytes())
}

/// The line of a manifest about `name`: `name,size,sha256,records`, or `HASH  name` as `sha256sum` writes it.
fn promise_in(text: &[u8], name: &OsStr) -> Option<Promise> {
    let is_hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > 66
            && (&line[64..66] == b"  " || &line[64..66] == b" *")
            && &line[66..] == name.as_bytes()
        {
            let hash = std::str::from_utf8(&line[..64]).ok().filter(|hash| is_hash(hash))?;
            return Some(Promise { sha256: Some(hash.to_ascii_lowercase()), ..Promise::default() });
        }
        let Some(rest) = line.strip_prefix(name.as_bytes()) else { continue };
        let Some(rest) = rest.strip_prefix(b",") else { continue };
        let mut fields = std::str::from_utf8(rest).ok()?.split(',').map(str::trim);
        let mut field = || fields.next().filter(|field| !field.is_empty());
        let size = field().map(str::parse).transpose().ok()?;
        let sha256 = field().map(str::to_ascii_lowercase);
        let records = field().map(str::parse).transpose().ok()?;
        return Some(Promise { size, sha256, records });
    }
    None
}

#[cfg(test)]
#[path = "intake/tests.rs"]
mod tests;
