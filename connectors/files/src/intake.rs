//! Which file is next: looks into the directory, and judges from the outside whether a file is finished and its
//! turn has come.
//!
//! Looking is the truth; notices of the operating system only make it look sooner, so network file systems that
//! send none are served as well. Only names and a few numbers for each file are kept. Ages are measured by our
//! own clock from when a file was first seen in its present state, never against the file server's.

mod companion;
mod expect;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    ffi::{OsStr, OsString},
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    sync::Arc,
    time::Duration,
};

use acequia_api::{RecordError, SourceError, UnitState};
use globset::GlobSet;
use jiff::Timestamp;
use rustix::fs::FileType;

use crate::{
    clock::Clock,
    config::{Claim, FilesConfig, Order},
    custody::{Custody, Lies, Whereabouts},
    folder::{FileStatus, Folder, shown},
    ledger::Reason,
    source::directory_error,
};

pub(crate) use companion::{Promise, companion_of};
use companion::{is_companion, promise_in};
use expect::{Numbering, overdue};

/// The most bytes that a manifest may have; one line for each of a hundred thousand files.
const LARGEST_MANIFEST: u64 = 16 << 20;

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

impl Candidate {
    pub(crate) fn whereabouts(&self) -> Whereabouts<'_> {
        Whereabouts { name: &self.name, lies: self.lies, status: self.status }
    }
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
        // What an earlier life complained of is looked at afresh.
        for alarm in custody.board.alarms() {
            if alarm.code.starts_with("files.") {
                custody.board.clear(&alarm.code, &alarm.subject);
            }
        }
        let numbering = match &config.sequence {
            None => None,
            Some(sequence) => {
                Some(Numbering::new(sequence, custody.ledger.sequence()?).map_err(config_error)?)
            }
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

    /// Something moved while it was looked at: it is worth another look.
    pub(crate) fn look_again(&mut self) {
        self.settling = true;
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
            let held = custody.claimed();
            let ours = |name: &OsStr| self.is_data(config, name) && !held.contains(name);
            let left = inflight.names(ours).map_err(failed)?;
            listed.extend(left.into_iter().map(|name| (name, Lies::Claimed)));
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
        let settle = self.custody.config.complete.settle_for().unwrap_or(Duration::from_secs(5));
        if self.changes.contains_key(name) && settled < settle {
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
                    Whereabouts { name, lies: Lies::Dropped, status },
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
        if kind.size > LARGEST_MANIFEST {
            return Ok(Err(format!("`{}` is too large for a manifest", shown(&manifest))));
        }
        let mut text = Vec::new();
        file.take(LARGEST_MANIFEST).read_to_end(&mut text)?;
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
        let board = &self.custody.board;
        if let Some(watch) = self.watched.get_mut(name) {
            if !watch.status.same_content(&status) {
                board.left(&shown(name), status.size);
                (watch.status, watch.since, watch.unfinished) = (status, now, false);
            }
            return now.saturating_sub(watch.since);
        }
        let watch =
            Watch { status, since: now, first: now, unfinished: false, note: String::new() };
        self.watched.insert(name.to_owned(), watch);
        board.set(&shown(name), UnitState::Seen, 0, None);
        board.left(&shown(name), status.size);
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
        self.numbering.as_mut()?.taken(&candidate.name)
    }

    /// A file with new content has arrived; gives the time to remember, where arrivals are expected.
    pub(crate) fn arrived(&mut self) -> Option<Timestamp> {
        self.custody.config.arrival.as_ref()?;
        self.last_arrival = Some(self.clock.now());
        self.last_arrival
    }

    /// Whether taking a file moves its sequence on.
    pub(crate) fn advances(&self, name: &OsStr) -> bool {
        self.numbering.as_ref().is_some_and(|numbering| numbering.advances(name))
    }

    /// The missing number that holds this file back.
    fn held_by_gap(&self, name: &OsStr) -> Option<u64> {
        self.numbering.as_ref()?.holds(name)
    }

    fn watch_the_gap(&mut self) {
        if let Some(numbering) = &mut self.numbering {
            let names = self.listed.iter().map(|(name, _)| name.as_os_str());
            numbering.watch(names, self.clock.elapsed(), &self.custody.board);
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
