//! Files between being taken and being put away.
//!
//! The reader runs ahead of the engine, so a file that has been read to its end may not be committed for a
//! while. Until then it must stay where a restart finds it. This queue knows, in reading order, every file that
//! was begun; a commit tells how far the order is durable, and what lies before is put away: archived, deleted,
//! or moved to quarantine with a report. Putting away is done again after a restart (a claimed file that the
//! ledger calls done), and again after a failure, until it succeeds.

use std::{
    collections::{HashSet, VecDeque},
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use acequia_api::{Board, UnitState};

use crate::{
    config::{Archive, FilesConfig},
    folder::{FileStatus, Folder, safe_name, shown},
    intake::companion_of,
    ledger::{Entry, FilePosition, LAYOUT, Ledger, Outcome, Reason},
};

/// Where a file lies while it is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    /// In the drop directory: not claimed.
    Dropped,
    /// In `.inflight/`.
    Claimed,
    /// Put away already, and read again because a person set the position back.
    Archived,
}

/// A file as it was found. Whoever renames another file over a name in the drop directory leaves the name and takes
/// the file away; only the status tells the two apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whereabouts<'a> {
    pub(crate) name: &'a OsStr,
    pub(crate) lies: Lies,
    pub(crate) status: FileStatus,
}

/// A file that was begun.
#[derive(Debug, Clone)]
struct Held {
    hash: String,
    /// Tells files of the same content apart: one that was refused may be dropped again while its first copy is
    /// still in hand, and a commit of the one says nothing of what lies between them.
    again: u32,
    name: OsString,
    lies: Lies,
    status: FileStatus,
    end: Option<Entry>,
    /// It is a second copy of what was read before, under this name or another: nothing of it is published.
    duplicate: bool,
    committed: bool,
}

impl Held {
    fn whereabouts(&self) -> Whereabouts<'_> {
        Whereabouts { name: &self.name, lies: self.lies, status: self.status }
    }
}

/// What is to become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    Archive,
    Quarantine,
}

/// How putting a file away ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carried {
    Away,
    /// Its name belongs to another file by now, which is left for the next look: there is nothing to put away.
    Replaced,
    /// It is to be tried again; an alarm says why.
    Failed,
}

/// The directories of a source, and the files in its hands.
pub(crate) struct Custody {
    pub(crate) config: Arc<FilesConfig>,
    pub(crate) board: Arc<Board>,
    pub(crate) ledger: Ledger,
    held: Mutex<VecDeque<Held>>,
    /// Held while files are put away: the reader and a commit may want to at the same time, and by the time the
    /// second one acts, the name may belong to another file.
    at_work: Mutex<()>,
}

impl Custody {
    pub(crate) fn new(config: Arc<FilesConfig>, board: Arc<Board>, ledger: Ledger) -> Self {
        Self { config, board, ledger, held: Mutex::default(), at_work: Mutex::default() }
    }

    pub(crate) fn inflight(&self) -> PathBuf {
        self.config.directory.join(".inflight")
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what an earlier reader had begun.
    pub(crate) fn take_over(&self) {
        self.held().retain(|file| file.committed);
    }

    /// The names in `.inflight/` that are begun and not yet put away.
    pub(crate) fn claimed(&self) -> HashSet<OsString> {
        let held = self.held();
        held.iter()
            .filter(|file| file.lies == Lies::Claimed)
            .map(|file| file.name.clone())
            .collect()
    }

    /// A file is going to be read. Gives what tells its positions from those of files with the same content.
    pub(crate) fn begin(&self, hash: &str, file: Whereabouts<'_>) -> u32 {
        let mut held = self.held();
        let same = held.iter().rfind(|file| file.hash == hash);
        let again = same.map_or(0, |file| file.again + 1);
        let Whereabouts { name, lies, status } = file;
        let (hash, name) = (hash.to_owned(), name.to_owned());
        let (end, duplicate, committed) = (None, false, false);
        held.push_back(Held { hash, again, name, lies, status, end, duplicate, committed });
        again
    }

    /// The file begun last has been read, or refused.
    pub(crate) fn end(&self, entry: Entry) {
        if let Some(last) = self.held().back_mut() {
            last.end = Some(entry);
        }
    }

    /// The file begun last is one that the ledger knows by this line.
    pub(crate) fn end_known(&self, entry: Entry, duplicate: bool) {
        if let Some(last) = self.held().back_mut() {
            (last.end, last.duplicate) = (Some(entry), duplicate);
        }
    }

    /// The file begun last is not going to be read after all.
    pub(crate) fn withdraw(&self) {
        self.held().pop_back();
    }

    /// Everything up to `position` is durable. Gives whether something is to be put away.
    pub(crate) fn committed(&self, position: &FilePosition) -> bool {
        let mut held = self.held();
        let (hash, again, inclusive) = match position {
            FilePosition::After { file, again } => (file, *again, true),
            FilePosition::Inside(inside) => (&inside.file, inside.again, false),
        };
        let at = held.iter().position(|file| file.hash == *hash && file.again == again);
        let Some(at) = at else { return false };
        let upto = at + usize::from(inclusive);
        for file in held.iter_mut().take(upto).filter(|file| !file.committed && file.end.is_some())
        {
            file.committed = true;
            self.ledger.release(&file.hash);
            let records = file.end.as_ref().map_or(0, |entry| entry.records);
            self.board.set(&shown(&file.name), UnitState::Committed, records, None);
        }
        upto > 0
    }

    /// Puts away what is committed. What fails stays, with an alarm, for the next time.
    pub(crate) fn put_away(&self) {
        let _at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<Held> = self.held().iter().filter(|file| file.committed).cloned().collect();
        for file in due {
            let Some(entry) = &file.end else { continue };
            if self.dispose(&file.hash, file.whereabouts(), entry, file.duplicate) {
                self.held().retain(|held| (&held.hash, held.again) != (&file.hash, file.again));
            }
        }
    }

    /// Whether a file whose content the ledger knows is a second copy of it, and not the one whose putting away was
    /// interrupted. To be asked before it is claimed.
    pub(crate) fn is_duplicate(&self, file: Whereabouts<'_>, entry: &Entry) -> bool {
        let same = file.name.to_string_lossy() == entry.name;
        let stays = file.lies == Lies::Claimed || self.config.archive() == Archive::Keep;
        let empty = entry.outcome == Outcome::Done && entry.records == 0;
        !(empty || (same && stays))
    }

    /// Puts one file away: as its line in the ledger says, or as a second copy of the content of that line, which is
    /// reported and not read. Gives whether nothing is left to do.
    pub(crate) fn dispose(
        &self,
        hash: &str,
        file: Whereabouts<'_>,
        entry: &Entry,
        duplicate: bool,
    ) -> bool {
        if duplicate {
            self.dispose_copy(hash, file, entry)
        } else {
            self.dispose_own(hash, file, entry)
        }
    }

    fn dispose_own(&self, hash: &str, file: Whereabouts<'_>, entry: &Entry) -> bool {
        let away = match entry.outcome {
            Outcome::Done => Away::Archive,
            Outcome::Partial | Outcome::Quarantined => Away::Quarantine,
        };
        let carried = self.carry(hash, file, away, Some(entry));
        if carried == Carried::Away {
            let (state, note) = match entry.outcome {
                Outcome::Done if entry.records == 0 => {
                    (UnitState::Archived, Some("no records".to_owned()))
                }
                Outcome::Done => (UnitState::Archived, None),
                _ => (UnitState::Quarantined, entry.reasons.first().map(|why| why.code.clone())),
            };
            self.board.set(&shown(file.name), state, entry.records, note);
        }
        carried != Carried::Failed
    }

    fn dispose_copy(&self, hash: &str, file: Whereabouts<'_>, first: &Entry) -> bool {
        let note = format!("duplicate of `{}`", first.name);
        let carried = self.carry(hash, file, Away::Archive, None);
        if carried == Carried::Away {
            self.receipt(file.name, hash, first, Some(&first.name));
            self.board.set(&shown(file.name), UnitState::Duplicate, first.records, Some(note));
        }
        carried != Carried::Failed
    }

    /// Moves a file to quarantine that could not even be identified, with a report.
    pub(crate) fn turn_away(&self, file: Whereabouts<'_>, reason: Reason) {
        let code = reason.code.clone();
        let entry = Entry {
            layout: LAYOUT,
            name: file.name.to_string_lossy().into_owned(),
            size: 0,
            outcome: Outcome::Quarantined,
            stamp: None,
            records: 0,
            rejected: 0,
            reasons: vec![reason],
        };
        let stand_in = crate::folder::short_hash(file.name);
        if self.carry(&stand_in, file, Away::Quarantine, Some(&entry)) == Carried::Away {
            self.board.set(&shown(file.name), UnitState::Quarantined, 0, Some(code));
        }
    }

    fn carry(
        &self,
        hash: &str,
        file: Whereabouts<'_>,
        away: Away,
        entry: Option<&Entry>,
    ) -> Carried {
        let result = self.try_carry(hash, file, away, entry);
        let subject = shown(file.name);
        result.inspect(|_| self.board.clear("files.archive_failed", &subject)).unwrap_or_else(
            |(path, cause)| {
                let message =
                    format!("`{subject}` could not be put away in `{}`: {cause}", path.display());
                self.board.raise("files.archive_failed", &subject, message);
                Carried::Failed
            },
        )
    }

    fn try_carry(
        &self,
        hash: &str,
        file: Whereabouts<'_>,
        away: Away,
        entry: Option<&Entry>,
    ) -> Result<Carried, (PathBuf, io::Error)> {
        let config = &self.config;
        let Whereabouts { name, lies, status } = file;
        let from = match lies {
            Lies::Dropped => config.directory.clone(),
            Lies::Claimed => self.inflight(),
            Lies::Archived => return Ok(Carried::Away),
        };
        let from = Folder::open(&from).map_err(|cause| (from, cause))?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |cause| (path, cause)
        };
        // Nothing but its inode protects a file that was not claimed.
        let replaced = || {
            lies == Lies::Dropped && from.status(name).is_ok_and(|now| !now.same_content(&status))
        };
        let archive = config.archive();
        if let (Some(entry), true) = (entry, config.receipt) {
            self.receipt(name, hash, entry, None);
        }
        let target = match (away, &archive) {
            (_, Archive::Keep) => return Ok(Carried::Away),
            (Away::Archive, Archive::Delete) if replaced() => return Ok(Carried::Replaced),
            (Away::Archive, Archive::Delete) => {
                for name in [Some(name.to_owned()), companion_of(&config.complete.marker, name)] {
                    let Some(name) = name else { continue };
                    gone_is_fine(from.remove(&name)).map_err(failed(from.path()))?;
                }
                return Ok(Carried::Away);
            }
            (Away::Archive, Archive::To(path)) => config.directory.join(path),
            (Away::Quarantine, _) => config.directory.join(&config.quarantine),
        };
        let to = Folder::open_or_create(&target).map_err(failed(&target))?;
        if let (Away::Quarantine, Some(entry)) = (away, entry) {
            let mut report = safe_name(name, hash);
            report.push(".report.json");
            to.write(&report, &summary(hash, entry, None)).map_err(failed(&target))?;
        }
        if replaced() {
            return Ok(Carried::Replaced);
        }
        gone_is_fine(put(&from, name, &to, hash)).map_err(failed(&target))?;
        for pattern in [&config.complete.marker, &config.complete.manifest] {
            if let Some(companion) = companion_of(pattern, name) {
                gone_is_fine(put(&from, &companion, &to, hash)).map_err(failed(&target))?;
            }
        }
        Ok(Carried::Away)
    }

    fn receipt(&self, name: &OsStr, hash: &str, entry: &Entry, duplicate_of: Option<&str>) {
        if !self.config.receipt {
            return;
        }
        let mut receipt = safe_name(name, hash);
        receipt.push(".receipt.json");
        let written = Folder::open(&self.config.directory)
            .and_then(|folder| folder.write(&receipt, &summary(hash, entry, duplicate_of)));
        let subject = shown(name);
        match written {
            Ok(()) => self.board.clear("files.receipt_failed", &subject),
            Err(cause) => {
                let message = format!("the receipt for `{subject}` could not be written: {cause}");
                self.board.raise("files.receipt_failed", &subject, message);
            }
        }
    }
}

/// What was put away already is away: a restart does it again.
fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Moves a file under its safe name, or beside a namesake under a name with its hash and a number.
fn put(from: &Folder, name: &OsStr, to: &Folder, hash: &str) -> io::Result<()> {
    let safe = safe_name(name, hash);
    for attempt in 0..10_000_u32 {
        let mut new = safe.clone();
        if attempt > 0 {
            new.push(format!(".{}", &hash[..hash.len().min(12)]));
        }
        if attempt > 1 {
            new.push(format!(".{attempt}"));
        }
        match from.transfer(name, to, &new) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other,
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// What the sender and the operator are told: counts and reasons, no values.
fn summary(hash: &str, entry: &Entry, duplicate_of: Option<&str>) -> Vec<u8> {
    let outcome = match (duplicate_of, entry.outcome) {
        (Some(_), _) => "duplicate",
        (_, Outcome::Done) => "accepted",
        (_, Outcome::Partial) => "accepted_in_part",
        (_, Outcome::Quarantined) => "refused",
    };
    let advice = match outcome {
        "accepted_in_part" => Some(
            "its first records have been published; those of a corrected file are other events, with ids of their \
                 own, so tell consumers to go by the key",
        ),
        "refused" => Some("nothing was published; correct what is wrong and drop the file again"),
        _ => None,
    };
    let accepted = entry.records - entry.rejected.min(entry.records);
    let refused = matches!(entry.outcome, Outcome::Quarantined);
    let mut json = serde_json::json!({
        "file": entry.name, "sha256": hash, "size": entry.size, "outcome": outcome,
        "accepted": if duplicate_of.is_some() || refused { 0 } else { accepted },
        "refused": entry.rejected, "duplicate_of": duplicate_of, "reasons": entry.reasons,
        "advice": advice,
    });
    if let Some(map) = json.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    let mut bytes = serde_json::to_vec_pretty(&json).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use acequia_api::MemoryState;
    use acequia_formats::DecoderState;

    use super::*;
    use crate::ledger::Inside;

    fn entry(name: &str) -> Entry {
        Entry {
            layout: LAYOUT,
            name: name.to_owned(),
            size: 1,
            outcome: Outcome::Done,
            stamp: None,
            records: 1,
            rejected: 0,
            reasons: Vec::new(),
        }
    }

    fn inside(file: &str) -> FilePosition {
        let (file, name, state) = (file.to_owned(), String::new(), DecoderState::default());
        let (size, again, part, before, rejected) = (1, 0, 0, 0, 0);
        let stamp = None;
        FilePosition::Inside(Inside {
            file,
            again,
            name,
            size,
            stamp,
            part,
            before,
            rejected,
            state,
        })
    }

    fn after(file: &str, again: u32) -> FilePosition {
        FilePosition::After { file: file.to_owned(), again }
    }

    fn custody(dir: &Path) -> Custody {
        let config = serde_json::json!({
            "directory": dir, "match": "*", "format": {"csv": {}}, "archive": "delete",
        });
        let config = Arc::new(serde_json::from_value(config).unwrap());
        let custody =
            Custody::new(config, Arc::default(), Ledger::new(Arc::new(MemoryState::default())));
        std::fs::create_dir(custody.inflight()).unwrap();
        custody
    }

    fn begin(custody: &Custody, hash: &str, name: &str) -> u32 {
        let name = OsStr::new(name);
        let status = Folder::open(&custody.inflight()).unwrap().status(name).unwrap();
        custody.begin(hash, Whereabouts { name, lies: Lies::Claimed, status })
    }

    #[test]
    fn a_commit_says_nothing_of_a_later_file_with_the_same_content() {
        let dir = tempfile::tempdir().unwrap();
        let custody = custody(dir.path());
        for (name, hash, again) in [("a", "x", 0), ("b", "y", 0), ("c", "x", 1)] {
            std::fs::write(custody.inflight().join(name), name).unwrap();
            assert_eq!(begin(&custody, hash, name), again);
            custody.end(entry(name));
        }
        for (position, left) in
            [(after("x", 0), &["b", "c"][..]), (after("y", 0), &["c"]), (after("x", 1), &[])]
        {
            custody.committed(&position);
            custody.put_away();
            let inflight = Folder::open(&custody.inflight()).unwrap();
            assert_eq!(inflight.names(|_| true).unwrap(), left, "{position:?}");
        }
    }

    #[test]
    fn a_file_goes_when_its_end_is_committed_however_far_the_reader_is_ahead() {
        let dir = tempfile::tempdir().unwrap();
        let custody = custody(dir.path());
        let left = || std::fs::read_dir(custody.inflight()).unwrap().count();
        for name in ["a", "b", "c"] {
            std::fs::write(custody.inflight().join(name), name).unwrap();
            begin(&custody, name, name);
            custody.end(entry(name));
        }
        for (position, expected) in [
            (inside("a"), 3),
            (inside("b"), 2),
            (inside("a"), 2),
            (after("unknown", 0), 2),
            (after("b", 0), 1),
            (after("b", 0), 1),
            (after("c", 0), 0),
        ] {
            custody.committed(&position);
            custody.put_away();
            assert_eq!(left(), expected, "{position:?}");
        }
    }
}
