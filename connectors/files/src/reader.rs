//! Reads the files of one directory, one after another, on a thread of its own.
//!
//! ```text
//! scan ─► candidate ─► open ─► hash ─► ledger ─► examine ─► claim ─► decode … decode ─► end
//!            ▲                           │known     │unfinished           │each batch: Inside{hash, state}
//!            └──────── later ◄───────────┴──────────┘                     └─last batch: ledger, After{hash}
//! ```
//!
//! A file is claimed only when it is known to be whole, so that an upload which was interrupted finds its file
//! where it left it. From then on its inode is pinned by the open descriptor, and its status is compared before
//! every batch is handed over: what changes while it is read is not published, or, if some of it already was,
//! not published any further.

use std::{ffi::OsStr, fs::File, io, path::PathBuf, sync::Arc, time::Duration};

use acequia_api::{
    Board, CancellationToken, Fetched, OpenContext, Place, RecordBatch, RecordError, RowMeta,
    SourceError, Unit, UnitState, blocking::BlockingReader,
};
use acequia_formats::{DecodeFailure, Decoded, Decoder, DecoderState};
use rustix::fs::FileType;

use crate::{
    clock::Clock,
    config::{Archive, Claim},
    custody::{Custody, Lies},
    folder::{FileStatus, Folder, shown, status_of},
    inspect::{Found, Inspector, REASONS},
    intake::{Candidate, Intake, companion_of},
    ledger::{Entry, FilePosition, Inside, Ledger, Outcome, Reason},
    source::{Hint, directory_error},
    unpack::{self, Packing, Stream, UnpackFailure},
};

/// A file that may change while it is read this often is refused.
const MOST_CHANGES: u32 = 3;

/// The file being read.
struct Current {
    candidate: Candidate,
    file: File,
    status: FileStatus,
    hash: String,
    packing: Packing,
    unit: Arc<Unit>,
    stream: Option<Stream>,
    part: usize,
    before: u64,
    rejected: u64,
    resume: Option<DecoderState>,
    /// A batch with records of it has been handed over.
    published: bool,
}

/// The reader of the one split.
pub(crate) struct FileReader {
    custody: Arc<Custody>,
    clock: Arc<dyn Clock>,
    intake: Intake,
    inspector: Inspector,
    decoder: Box<dyn Decoder>,
    board: Arc<Board>,
    cancel: CancellationToken,
    once: bool,
    hint: Hint,
    resume: Option<Inside>,
    current: Option<Current>,
    scanned: Option<Duration>,
    worked: bool,
    /// Tells the engine that this thread still works.
    _life: Option<Box<dyn std::any::Any + Send>>,
}

impl FileReader {
    pub(crate) fn new(
        custody: &Arc<Custody>,
        clock: &Arc<dyn Clock>,
        cx: &OpenContext,
        resume: Option<Inside>,
    ) -> Result<Self, SourceError> {
        custody.take_over();
        Ok(Self {
            intake: Intake::new(Arc::clone(custody), Arc::clone(clock))?,
            inspector: Inspector::new(&custody.config, cx)?,
            decoder: custody.config.format.decoder(&cx.projection)?,
            board: Arc::clone(&cx.board),
            cancel: cx.cancel.clone(),
            once: cx.once,
            hint: Hint::watch(&custody.config.directory),
            resume,
            current: None,
            scanned: None,
            worked: false,
            custody: Arc::clone(custody),
            clock: Arc::clone(clock),
            _life: cx.life.clone().map(|life| Box::new(life) as _),
        })
    }

    fn folder(&self, lies: Lies) -> Result<Folder, SourceError> {
        let path = match lies {
            Lies::Dropped => self.custody.config.directory.clone(),
            Lies::Claimed => self.custody.inflight(),
            Lies::Archived => self.archive().unwrap_or_default(),
        };
        Folder::open(&path).map_err(|cause| directory_error(&path, cause))
    }

    fn archive(&self) -> Option<PathBuf> {
        match self.custody.config.archive() {
            Archive::To(path) => Some(self.custody.config.directory.join(path)),
            Archive::Delete | Archive::Keep => None,
        }
    }

    /// Finds the file that the committed position is in, wherever it lies now.
    fn take_up(&mut self, inside: Inside) -> Result<(), SourceError> {
        for lies in [Lies::Claimed, Lies::Dropped, Lies::Archived] {
            if lies == Lies::Archived && self.archive().is_none() {
                continue;
            }
            let Ok(folder) = self.folder(lies) else { continue };
            let failed = |cause| directory_error(folder.path(), cause);
            let name = OsStr::new(&inside.name);
            let mut names = folder.names(|other| other != name).map_err(failed)?;
            names.insert(0, name.to_owned());
            for name in names {
                let Ok(status) = folder.status(&name) else { continue };
                if status.size != inside.size || status.kind() != FileType::RegularFile {
                    continue;
                }
                let Ok((file, status)) = folder.open_file(&name) else { continue };
                let identified = self.inspector.identify(&file).map_err(failed)?;
                if identified.hash == inside.file {
                    let candidate = Candidate { name, lies, status, promise: None, give_up: false };
                    return self.continue_in(candidate, file, inside);
                }
            }
        }
        let name = shown(OsStr::new(&inside.name));
        Err(SourceError::lost(
            "files.position_lost",
            format!(
                "`{name}` (sha256 {}) is in neither the directory, `.inflight` nor the archive, and reading stopped \
                 inside it after {} records",
                inside.file,
                inside.before + inside.state.record
            ),
        )
        .hint("put the file back, or decide with `acequia position set` what becomes of the rest of it"))
    }

    fn continue_in(
        &mut self,
        mut candidate: Candidate,
        file: File,
        inside: Inside,
    ) -> Result<(), SourceError> {
        let packing =
            self.inspector.packing(&file, &candidate).map_err(|failure| match failure {
                UnpackFailure::Io(cause) => self.unreadable(&candidate.name, cause),
                _ => SourceError::bug(
                    "files.packing",
                    "a file that was unpacked before no longer is packed",
                ),
            })?;
        if !self.claim(&mut candidate)? {
            let message = "the file to read on in was taken away while it was claimed";
            return Err(SourceError::transient("files.io", message));
        }
        let started = inside.state != DecoderState::default();
        self.start(candidate, file, inside.file, packing);
        if let Some(current) = &mut self.current {
            current.part = inside.part;
            current.before = inside.before;
            current.rejected = inside.rejected;
            current.resume = started.then_some(inside.state);
            current.published = true;
        }
        Ok(())
    }

    fn start(&mut self, candidate: Candidate, file: File, hash: String, packing: Packing) {
        self.custody.begin(&hash, &candidate.name, candidate.lies);
        self.board.set(&shown(&candidate.name), UnitState::Reading, 0, None);
        let unit = unit(&hash, &candidate.name, &packing, 0);
        self.current = Some(Current {
            status: candidate.status,
            candidate,
            file,
            hash,
            packing,
            unit,
            stream: None,
            part: 0,
            before: 0,
            rejected: 0,
            resume: None,
            published: false,
        });
    }

    /// Looks at one file. Gives whether a batch is to be handed over.
    fn consider(
        &mut self,
        mut candidate: Candidate,
        batch: &mut RecordBatch,
    ) -> Result<bool, SourceError> {
        let name = candidate.name.clone();
        let opened = self.folder(candidate.lies)?.open_file(&name);
        let (file, status) = match opened {
            Ok(opened) => opened,
            Err(cause) => {
                self.cannot_open(&candidate, &cause);
                return Ok(false);
            }
        };
        if status.kind() != FileType::RegularFile || !status.same_content(&candidate.status) {
            return Ok(false);
        }
        let failed = |this: &Self, cause| this.unreadable(&name, cause);
        let identified = match self.inspector.identify(&file) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Ok(false),
            other => other.map_err(|cause| failed(self, cause))?,
        };
        if let Some(entry) = self.custody.ledger.get(&identified.hash)?
            && !self.reads_again(&candidate, &entry)
        {
            self.known(&candidate, &identified.hash, &entry);
            return Ok(false);
        }
        let found = match self.inspector.examine(&file, &candidate, &identified) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Ok(false),
            other => other.map_err(|cause| failed(self, cause))?,
        };
        let found = match found {
            Found::Unfinished(error) if !candidate.give_up => {
                self.intake.unfinished(&name, &error);
                return Ok(false);
            }
            Found::Unfinished(error) => Found::refused(error),
            found => found,
        };
        if !self.claim(&mut candidate)? {
            return Ok(false);
        }
        match found {
            Found::Good(packing) => self.start(candidate, file, identified.hash, packing),
            Found::Unfinished(_) => return Ok(false),
            Found::Refused { errors, records, rejected } => {
                self.start(candidate, file, identified.hash, Packing::Plain);
                if let Some(current) = self.current.take() {
                    self.refuse(current, Outcome::Quarantined, records, rejected, errors, batch)?;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn cannot_open(&mut self, candidate: &Candidate, cause: &io::Error) {
        match cause.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::NOENT) => {}
            Some(rustix::io::Errno::LOOP) => {
                self.intake.alarm(&candidate.name, "files.not_regular", "it is a symbolic link");
            }
            _ => {
                let why = format!(
                    "{cause} (owner {}, mode {:o}, read by user {})",
                    candidate.status.owner,
                    candidate.status.mode & 0o7777,
                    rustix::process::geteuid().as_raw()
                );
                self.intake.alarm(&candidate.name, "files.unreadable", &why);
            }
        }
    }

    fn unreadable(&self, name: &OsStr, cause: io::Error) -> SourceError {
        let directory = self.custody.config.directory.display();
        let message = format!("`{}` in `{directory}` could not be read", shown(name));
        SourceError::transient("files.io", message).because(cause)
    }

    /// A file that was refused as a whole and is dropped again may be read: what was wrong may be put right,
    /// and nothing of it has been published.
    fn reads_again(&self, candidate: &Candidate, entry: &Entry) -> bool {
        entry.outcome == Outcome::Quarantined
            && candidate.lies == Lies::Dropped
            && self.custody.config.claim == Claim::Rename
    }

    /// Content that the ledger knows: finish an interrupted putting away, or report a duplicate.
    fn known(&mut self, candidate: &Candidate, hash: &str, entry: &Entry) {
        let stays = self.custody.config.archive() == Archive::Keep;
        let same = candidate.name.to_string_lossy() == entry.name;
        let empty = entry.outcome == Outcome::Done && entry.records == 0;
        if candidate.lies == Lies::Claimed || empty || (stays && same) {
            self.custody.dispose(hash, &candidate.name, candidate.lies, entry);
        } else {
            self.custody.dispose_duplicate(hash, &candidate.name, candidate.lies, entry);
        }
        self.intake.taken(candidate);
        self.worked = true;
    }

    /// Makes the file ours. Gives `false` when it is no longer the file that was looked at.
    fn claim(&mut self, candidate: &mut Candidate) -> Result<bool, SourceError> {
        let rename = self.custody.config.claim == Claim::Rename;
        if !rename || candidate.lies != Lies::Dropped {
            return Ok(true);
        }
        let dropped = self.folder(Lies::Dropped)?;
        let path = self.custody.inflight();
        let inflight =
            Folder::open_or_create(&path).map_err(|cause| directory_error(&path, cause))?;
        match dropped.rename(&candidate.name, &inflight, &candidate.name) {
            Ok(()) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
                ) =>
            {
                return Ok(false);
            }
            Err(cause) => {
                let message = format!(
                    "`{}` could not be moved to `{}`",
                    shown(&candidate.name),
                    path.display()
                );
                return Err(SourceError::operator("files.claim", message)
                    .hint("the directory must be writable, or use `claim: none`")
                    .because(cause));
            }
        }
        let same =
            inflight.status(&candidate.name).is_ok_and(|now| now.same_content(&candidate.status));
        if !same {
            // Another file took the name between the look and the rename; it goes back to be looked at.
            let _ = inflight.rename(&candidate.name, &dropped, &candidate.name);
            return Ok(false);
        }
        for pattern in
            [&self.custody.config.complete.marker, &self.custody.config.complete.manifest]
        {
            let Some(companion) = companion_of(pattern, &candidate.name) else { continue };
            if inflight.has(&companion) {
                let _ = inflight.remove(&companion);
            }
            let _ = dropped.rename(&companion, &inflight, &companion);
        }
        candidate.lies = Lies::Claimed;
        Ok(true)
    }

    /// Fills the batch from the current file. Gives `false` when the file is to be looked at again.
    fn read(&mut self, mut current: Current, batch: &mut RecordBatch) -> Result<bool, SourceError> {
        loop {
            let step = self.decode(&mut current, batch);
            if !status_of(&current.file).is_ok_and(|now| now.same_content(&current.status)) {
                batch.clear();
                return self.changed(current, batch);
            }
            current.rejected += batch.rejects().len() as u64;
            let records = current.before + self.decoder.state().record;
            match step {
                Ok(Decoded::Full) => {
                    let state = self.decoder.state();
                    self.hand_over(current, state, records, batch)?;
                    return Ok(true);
                }
                Ok(Decoded::End) if current.part + 1 < current.packing.parts() => {
                    current.part += 1;
                    current.before = records;
                    current.unit = unit(
                        &current.hash,
                        &current.candidate.name,
                        &current.packing,
                        current.part,
                    );
                    (current.stream, current.resume) = (None, None);
                    if !batch.is_empty() {
                        self.hand_over(current, DecoderState::default(), records, batch)?;
                        return Ok(true);
                    }
                }
                Ok(Decoded::End) => {
                    let rejected = current.rejected;
                    self.finish(current, Outcome::Done, records, rejected, &[], batch)?;
                    return Ok(true);
                }
                Err(DecodeFailure::Io(error)) if error.raw_os_error().is_none() => {
                    batch.clear();
                    return self.changed(current, batch);
                }
                Err(DecodeFailure::Io(error)) => {
                    return Err(self.unreadable(&current.candidate.name, error));
                }
                Err(failure)
                    if failure.incomplete() && !current.published && !current.candidate.give_up =>
                {
                    batch.clear();
                    self.custody.withdraw();
                    if let DecodeFailure::Unit(error) = failure {
                        self.intake.unfinished(&current.candidate.name, &error);
                    }
                    return Ok(false);
                }
                Err(DecodeFailure::Unit(error)) => {
                    let published = current.published || !batch.is_empty();
                    let outcome = if published { Outcome::Partial } else { Outcome::Quarantined };
                    let rejected = current.rejected;
                    self.refuse(current, outcome, records, rejected, vec![*error], batch)?;
                    return Ok(true);
                }
            }
        }
    }

    fn decode(
        &mut self,
        current: &mut Current,
        batch: &mut RecordBatch,
    ) -> Result<Decoded, DecodeFailure> {
        let stream = match &mut current.stream {
            Some(stream) => stream,
            None => {
                let mut stream = unpack::open(&current.file, &current.packing, current.part, 0)?;
                self.decoder.head(&mut stream)?;
                if let Some(state) = &current.resume {
                    self.decoder.resume(state);
                    stream =
                        unpack::open(&current.file, &current.packing, current.part, state.byte)?;
                }
                current.stream.insert(stream)
            }
        };
        self.decoder.decode(stream, &current.unit, batch)
    }

    fn hand_over(
        &mut self,
        mut current: Current,
        state: DecoderState,
        records: u64,
        batch: &mut RecordBatch,
    ) -> Result<(), SourceError> {
        current.published = true;
        let inside = Inside {
            file: current.hash.clone(),
            name: current.candidate.name.to_string_lossy().into_owned(),
            size: current.status.size,
            part: current.part,
            before: current.before,
            rejected: current.rejected,
            state,
        };
        batch.finish(FilePosition::Inside(inside).encode()?);
        self.board.set(&shown(&current.candidate.name), UnitState::Reading, records, None);
        self.current = Some(current);
        Ok(())
    }

    /// What was read is not what was inspected.
    fn changed(&mut self, current: Current, batch: &mut RecordBatch) -> Result<bool, SourceError> {
        let times = self.intake.changed(&current.candidate.name);
        if !current.published && times < MOST_CHANGES {
            self.custody.withdraw();
            return Ok(false);
        }
        let error =
            RecordError::decode("files.changed_while_read").detail(format!("{times} times"));
        let outcome = if current.published { Outcome::Partial } else { Outcome::Quarantined };
        let (records, rejected) = (current.before, current.rejected);
        self.refuse(current, outcome, records, rejected, vec![error], batch)?;
        Ok(true)
    }

    /// Puts a reject for the whole file into the batch, and ends it.
    fn refuse(
        &mut self,
        current: Current,
        outcome: Outcome,
        records: u64,
        rejected: u64,
        mut errors: Vec<RecordError>,
        batch: &mut RecordBatch,
    ) -> Result<(), SourceError> {
        errors.truncate(REASONS);
        let unit = batch.unit(&current.unit);
        let place = errors.first().and_then(|error| error.place).unwrap_or(Place::default());
        let reasons: Vec<Reason> = errors.iter().map(Reason::from).collect();
        batch.row().reject(errors, RowMeta::ordinal(unit, 0, place), b"").map_err(|_| {
            SourceError::bug("files.batch", "a reject without bytes did not fit into the batch")
        })?;
        self.finish(current, outcome, records, rejected, &reasons, batch)
    }

    /// The last batch of a file: its line in the ledger, and the position behind it.
    fn finish(
        &mut self,
        current: Current,
        outcome: Outcome,
        records: u64,
        rejected: u64,
        reasons: &[Reason],
        batch: &mut RecordBatch,
    ) -> Result<(), SourceError> {
        let Current { hash, candidate, status, .. } = current;
        let entry = Entry {
            layout: 1,
            name: candidate.name.to_string_lossy().into_owned(),
            size: status.size,
            outcome,
            records,
            rejected,
            reasons: reasons.to_vec(),
        };
        batch.put_state(self.custody.ledger.put(&hash, &entry)?);
        if let Some(number) = self.intake.taken(&candidate) {
            batch.put_state(Ledger::put_sequence(number)?);
        }
        if self.custody.config.arrival.is_some() {
            batch.put_state(Ledger::put_arrival(self.clock.now())?);
        }
        batch.finish(FilePosition::After { file: hash }.encode()?);
        self.board.set(&shown(&candidate.name), UnitState::Reading, records, None);
        self.custody.end(entry);
        self.worked = true;
        Ok(())
    }

    /// Nothing is ready: look again soon, or end.
    fn rest(&mut self) -> Fetched {
        self.intake.watch_arrivals();
        let now = self.clock.elapsed();
        let due = self.scanned.unwrap_or(now) + self.custody.config.poll_interval.0;
        if self.once && !self.intake.settling() {
            return Fetched::End;
        }
        let wait = due.saturating_sub(now).min(Duration::from_secs(1));
        if self.clock.pause(&self.hint.receiver, wait) {
            // Files that come one by one are looked at together.
            self.clock.pause(&self.hint.silent, Duration::from_millis(100));
            self.scanned = None;
        }
        Fetched::Idle { retry_in: Duration::from_millis(10) }
    }

    fn look(&mut self) -> Result<bool, SourceError> {
        let now = self.clock.elapsed();
        let poll = self.custody.config.poll_interval.0;
        let due = self.worked || self.scanned.is_none_or(|last| now >= last + poll);
        if due {
            (self.scanned, self.worked) = (Some(now), false);
            self.intake.scan()?;
        }
        Ok(due)
    }
}

impl BlockingReader for FileReader {
    fn fetch(&mut self, batch: &mut RecordBatch) -> Result<Fetched, SourceError> {
        self.custody.put_away();
        if let Some(inside) = self.resume.take() {
            self.take_up(inside)?;
        }
        loop {
            if self.cancel.is_cancelled() {
                return Ok(Fetched::Idle { retry_in: Duration::from_millis(100) });
            }
            if let Some(current) = self.current.take() {
                if self.read(current, batch)? {
                    return Ok(Fetched::Batch);
                }
                continue;
            }
            match self.intake.next()? {
                Some(candidate) => {
                    if self.consider(candidate, batch)? {
                        return Ok(Fetched::Batch);
                    }
                }
                None if self.look()? => {}
                None => return Ok(self.rest()),
            }
        }
    }
}

fn unit(hash: &str, name: &OsStr, packing: &Packing, part: usize) -> Arc<Unit> {
    let name = name.to_string_lossy();
    Arc::new(match packing {
        Packing::Zip(members) => Unit {
            id: format!("{hash}:{}", members[part].name).into(),
            name: format!("{name}/{}", members[part].name).into(),
        },
        _ => Unit { id: hash.into(), name: name.into() },
    })
}
