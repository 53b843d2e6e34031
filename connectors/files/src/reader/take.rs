//! How a file becomes the one that is read: found again after a restart, or looked at for the first time and
//! claimed.

use std::{ffi::OsStr, fs::File, io, path::PathBuf};

use acequia_api::{RecordBatch, SourceError};
use acequia_formats::DecoderState;
use rustix::{fs::FileType, io::Errno};

use super::FileReader;
use crate::{
    config::{Archive, Claim},
    custody::Lies,
    folder::{Folder, shown},
    inspect::Found,
    intake::{Candidate, companion_of},
    ledger::{Entry, FilePosition, Inside, Ledger, Outcome},
    source::directory_error,
    unpack::{Packing, UnpackFailure},
};

impl FileReader {
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
    pub(super) fn take_up(&mut self, inside: Inside) -> Result<(), SourceError> {
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
                let untouched = inside.stamp == Some(status.into());
                if untouched || self.inspector.identify(&file).map_err(failed)?.hash == inside.file
                {
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
                    "files.bug",
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

    /// Looks at one file. Gives whether a batch is to be handed over.
    pub(super) fn consider(
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
            self.intake.look_again();
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
            return self.known(candidate, identified.hash, entry, batch);
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
            self.intake.look_again();
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
        match cause.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT) => {}
            Some(Errno::LOOP) => {
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

    /// A file that was refused as a whole and is dropped again may be read: what was wrong may be put right,
    /// and nothing of it has been published. One in `.inflight` is either that, claimed by a life that died, or
    /// still the one that was refused and not put away.
    fn reads_again(&self, candidate: &Candidate, entry: &Entry) -> bool {
        let again = match candidate.lies {
            Lies::Dropped => true,
            Lies::Claimed => entry.stamp.is_some_and(|stamp| stamp != candidate.status.into()),
            Lies::Archived => false,
        };
        again && entry.outcome == Outcome::Quarantined && self.custody.config.claim == Claim::Rename
    }

    /// Content that the ledger knows: finish an interrupted putting away, or report a duplicate. One whose
    /// number is the next of a sequence goes only when that number is durable, as a file that is read does. Gives
    /// whether a batch is to be handed over.
    fn known(
        &mut self,
        mut candidate: Candidate,
        hash: String,
        entry: Entry,
        batch: &mut RecordBatch,
    ) -> Result<bool, SourceError> {
        let duplicate = self.custody.is_duplicate(candidate.whereabouts(), &entry);
        // Its content took time to identify, and meanwhile its name may have got another file.
        if !self.claim(&mut candidate)? {
            self.intake.look_again();
            return Ok(false);
        }
        if !self.intake.advances(&candidate.name) {
            if self.custody.dispose(&hash, candidate.whereabouts(), &entry, duplicate) {
                self.intake.taken(&candidate);
                self.worked = true;
            }
            return Ok(false);
        }
        let again = self.custody.begin(&hash, candidate.whereabouts());
        if let Some(number) = self.intake.taken(&candidate) {
            batch.put_state(Ledger::put_sequence(number)?);
        }
        batch.finish(FilePosition::After { file: hash, again }.encode()?);
        self.custody.end_known(entry, duplicate);
        self.worked = true;
        Ok(true)
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
        match inflight.status(&candidate.name) {
            Ok(now) if now.same_content(&candidate.status) => candidate.status = now,
            _ => {
                // Another file took the name between the look and the rename; it goes back to be looked at.
                let _ = inflight.rename(&candidate.name, &dropped, &candidate.name);
                return Ok(false);
            }
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
}
