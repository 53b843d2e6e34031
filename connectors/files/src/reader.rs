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

mod take;

use std::{ffi::OsStr, fs::File, io, sync::Arc, time::Duration};

use acequia_api::{
    Board, CancellationToken, Fetched, OpenContext, RecordBatch, RecordError, RowMeta, SourceError,
    Unit, UnitState, blocking::BlockingReader,
};
use acequia_formats::{DecodeFailure, Decoded, Decoder, DecoderState};

use crate::{
    clock::Clock,
    custody::Custody,
    folder::{FileStatus, shown, status_of},
    hint::Hint,
    inspect::{Inspector, REASONS},
    intake::{Candidate, Intake},
    ledger::{Entry, FilePosition, Inside, LAYOUT, Ledger, Outcome, Reason},
    unpack::{self, Packing, Stream},
};

/// A file that may change while it is read this often is refused.
const MOST_CHANGES: u32 = 3;
/// A reader that has said that nothing is there says it again only after so many looks: each time costs the engine a
/// turn. It must say it now and then, or it would not notice that nobody listens any more.
const LOOKS_IN_SILENCE: u32 = 5;

/// The file being read.
struct Current {
    candidate: Candidate,
    file: File,
    status: FileStatus,
    hash: String,
    again: u32,
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
    /// Looks that the engine was not told of; `None` while it believes that there is work.
    silent: Option<u32>,
    /// Cancelled when this reader is gone.
    gone: tokio_util::sync::DropGuard,
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
            silent: None,
            gone: CancellationToken::new().drop_guard(),
            custody: Arc::clone(custody),
            clock: Arc::clone(clock),
            _life: cx.life.clone().map(|life| Box::new(life) as _),
        })
    }

    /// Ends a wait of this reader when its source must let go, so that nobody waits for it. Ends with the reader.
    pub(crate) fn wake_when_cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let (cancel, wake) = (self.cancel.clone(), self.hint.wake.clone());
        let gone = self.gone.token().clone();
        async move {
            if gone.run_until_cancelled(cancel.cancelled()).await.is_some() {
                // A full channel wakes it as well.
                let _ = wake.try_send(());
            }
        }
    }

    fn start(&mut self, candidate: Candidate, file: File, hash: String, packing: Packing) {
        let again = self.custody.begin(&hash, candidate.whereabouts());
        self.board.set(&shown(&candidate.name), UnitState::Reading, 0, None);
        let unit = unit(&hash, &candidate.name, &packing, 0);
        self.current = Some(Current {
            status: candidate.status,
            candidate,
            file,
            hash,
            again,
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

    fn unreadable(&self, name: &OsStr, cause: io::Error) -> SourceError {
        let directory = self.custody.config.directory.display();
        let message = format!("`{}` in `{directory}` could not be read", shown(name));
        SourceError::transient("files.io", message).because(cause)
    }

    /// Fills the batch from the current file. Gives `false` when the file is to be looked at again.
    fn read(&mut self, mut current: Current, batch: &mut RecordBatch) -> Result<bool, SourceError> {
        loop {
            let step = self.decode(&mut current, batch);
            match status_of(&current.file) {
                Ok(now) if now.same_content(&current.status) => current.status = now,
                _ => {
                    batch.clear();
                    return self.changed(current, batch);
                }
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
        // What is left of a packed file is not known before its end.
        let left = (current.packing == Packing::Plain)
            .then(|| current.status.size.saturating_sub(state.byte));
        let inside = Inside {
            file: current.hash.clone(),
            again: current.again,
            name: current.candidate.name.to_string_lossy().into_owned(),
            size: current.status.size,
            stamp: Some(current.status.into()),
            part: current.part,
            before: current.before,
            rejected: current.rejected,
            state,
        };
        batch.finish(FilePosition::Inside(inside).encode()?);
        let name = shown(&current.candidate.name);
        self.board.set(&name, UnitState::Reading, records, None);
        if let Some(left) = left {
            self.board.left(&name, left);
        }
        self.current = Some(current);
        Ok(())
    }

    /// What was read is not what was inspected.
    fn changed(&mut self, current: Current, batch: &mut RecordBatch) -> Result<bool, SourceError> {
        let times = self.intake.changed(&current.candidate.name);
        if !current.published && times < MOST_CHANGES {
            self.custody.withdraw();
            self.intake.look_again();
            return Ok(false);
        }
        let error =
            RecordError::decode("files.changed_while_read").detail(format!("{times} times"));
        let outcome = if current.published { Outcome::Partial } else { Outcome::Quarantined };
        let handed_over = if current.published { self.decoder.state().record } else { 0 };
        let (records, rejected) = (current.before + handed_over, current.rejected);
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
        let place = errors.first().and_then(|error| error.place).unwrap_or_default();
        let reasons: Vec<Reason> = errors.iter().map(Reason::from).collect();
        batch.row().reject(errors, RowMeta::ordinal(unit, 0, place), b"").map_err(|_| {
            SourceError::bug("files.bug", "a reject without bytes did not fit into the batch")
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
        let Current { hash, again, candidate, status, .. } = current;
        let entry = Entry {
            layout: LAYOUT,
            name: candidate.name.to_string_lossy().into_owned(),
            size: status.size,
            outcome,
            stamp: (outcome == Outcome::Quarantined).then(|| status.into()),
            records,
            rejected,
            reasons: reasons.to_vec(),
        };
        batch.put_state(self.custody.ledger.put(&hash, &entry)?);
        if let Some(number) = self.intake.taken(&candidate) {
            batch.put_state(Ledger::put_sequence(number)?);
        }
        if let Some(at) = self.intake.arrived() {
            batch.put_state(Ledger::put_arrival(at)?);
        }
        batch.finish(FilePosition::After { file: hash, again }.encode()?);
        self.board.set(&shown(&candidate.name), UnitState::Reading, records, None);
        self.board.left(&shown(&candidate.name), 0);
        self.custody.end(entry);
        self.worked = true;
        Ok(())
    }

    /// Nothing is ready: waits for the next look. Gives what the engine is to be told, if anything.
    fn rest(&mut self) -> Option<Fetched> {
        self.intake.watch_arrivals();
        let now = self.clock.elapsed();
        let due = self.scanned.unwrap_or(now) + self.custody.config.poll_interval.0;
        if self.once && !self.intake.settling() {
            return Some(Fetched::End);
        }
        let wait = due.saturating_sub(now).min(Duration::from_secs(2));
        if self.clock.pause(&self.hint.receiver, wait) && !self.cancel.is_cancelled() {
            // Files that come one by one are looked at together.
            self.clock.pause(&self.hint.silent, Duration::from_millis(100));
            self.scanned = None;
        }
        let looks = self.silent.map_or(LOOKS_IN_SILENCE, |looks| looks + 1);
        let tell = looks >= LOOKS_IN_SILENCE;
        self.silent = Some(if tell { 0 } else { looks });
        tell.then_some(Fetched::Idle { retry_in: Duration::from_millis(10) })
    }

    fn look(&mut self) -> Result<bool, SourceError> {
        let now = self.clock.elapsed();
        let poll = self.custody.config.poll_interval.0;
        let due = self.worked || self.scanned.is_none_or(|last| now >= last + poll);
        if due {
            (self.scanned, self.worked) = (Some(now), false);
            self.custody.put_away();
            self.intake.scan()?;
        }
        Ok(due)
    }
}

impl BlockingReader for FileReader {
    fn fetch(&mut self, batch: &mut RecordBatch) -> Result<Fetched, SourceError> {
        if let Some(inside) = self.resume.take() {
            self.take_up(inside)?;
        }
        loop {
            if self.cancel.is_cancelled() {
                return Ok(Fetched::Idle { retry_in: Duration::from_millis(100) });
            }
            if let Some(current) = self.current.take() {
                self.silent = None;
                if self.read(current, batch)? {
                    return Ok(Fetched::Batch);
                }
                continue;
            }
            match self.intake.next()? {
                Some(candidate) => {
                    self.silent = None;
                    if self.consider(candidate, batch)? {
                        return Ok(Fetched::Batch);
                    }
                }
                None if self.look()? => {}
                None => {
                    if let Some(answer) = self.rest() {
                        return Ok(answer);
                    }
                }
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
