//! The opened directory: checks, the one split, and what happens after a commit.

use std::{io, path::Path, sync::Arc};

use acequia_api::{
    BoxFuture, Finding, OpenContext, Position, Reader, Replay, Severity, Source, SourceError,
    Split, blocking,
};

use crate::{
    clock::Clock,
    config::{Archive, Claim, FilesConfig},
    custody::Custody,
    folder::Folder,
    ledger::{FilePosition, Ledger},
    reader::FileReader,
};

/// A drop directory.
pub struct FilesSource {
    /// As it is written; the custody has what a preview makes of it.
    configured: FilesConfig,
    custody: Arc<Custody>,
    clock: Arc<dyn Clock>,
    cx: OpenContext,
}

impl std::fmt::Debug for FilesSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilesSource")
            .field("directory", &self.custody.config.directory)
            .finish_non_exhaustive()
    }
}

/// What a failure of a directory means: what a person must put right, or what may pass.
pub(crate) fn directory_error(path: &Path, cause: io::Error) -> SourceError {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    let shown = path.display();
    if cause.kind() == io::ErrorKind::Interrupted {
        return SourceError::transient("files.io", format!("reading in `{shown}` was interrupted"));
    }
    let user = rustix::process::geteuid().as_raw();
    let hint = match cause.kind() {
        NotFound => "create the directory, or correct `directory`".to_owned(),
        NotADirectory => "`directory` must name a directory".to_owned(),
        PermissionDenied => format!(
            "user {user} needs the rights to list and enter it, and to write with `claim: rename`"
        ),
        ReadOnlyFilesystem => "use `claim: none` for a directory that may only be read".to_owned(),
        _ => {
            let message = format!("`{shown}` could not be read");
            return SourceError::transient("files.io", message).because(cause);
        }
    };
    SourceError::operator("files.directory", format!("`{shown}` cannot be used: {cause}"))
        .hint(hint)
        .because(cause)
}

impl FilesSource {
    pub(crate) fn open(
        mut config: FilesConfig,
        clock: Arc<dyn Clock>,
        cx: OpenContext,
    ) -> Result<Self, SourceError> {
        if let Some(fault) = config.faults().into_iter().next() {
            return Err(SourceError::operator(fault.code, fault.message));
        }
        let configured = config.clone();
        if cx.preview {
            config.claim = Claim::None;
            config.archive = Some(Archive::Keep);
            config.receipt = false;
        }
        Folder::open(&config.directory)
            .map_err(|cause| directory_error(&config.directory, cause))?;
        let config = Arc::new(config);
        let ledger = Ledger::new(Arc::clone(&cx.state));
        let custody = Arc::new(Custody::new(config, Arc::clone(&cx.board), ledger));
        Ok(Self { configured, custody, clock, cx })
    }

    fn findings(&self) -> Vec<Finding> {
        let config = &self.configured;
        let mut findings = Vec::new();
        let mut find = |severity, code: &str, message: String, hint: Option<&str>| {
            findings.push(Finding {
                severity,
                code: code.to_owned(),
                message,
                hint: hint.map(str::to_owned),
            });
        };
        let shown = config.directory.display();
        let folder = match Folder::open(&config.directory) {
            Ok(folder) => folder,
            Err(cause) => {
                let error = directory_error(&config.directory, cause);
                find(Severity::Error, error.code(), error.to_string(), error.advice());
                return findings;
            }
        };
        if folder.names(|_| false).is_err() {
            find(Severity::Error, "files.directory", format!("`{shown}` cannot be listed"), None);
        }
        let writes = config.claim == Claim::Rename || config.receipt;
        if writes && !folder.is_writable() {
            let message = format!("`{shown}` cannot be written to");
            let hint = "`claim: rename` and `receipt` need that; use `claim: none` otherwise";
            find(Severity::Error, "files.claim", message, Some(hint));
        }
        let own = folder.own_status().ok();
        if own.is_some_and(|own| own.mode & 0o002 != 0) {
            let message = format!("everybody on this machine may write to `{shown}`");
            let hint = "whoever drops a file makes events of it; let one group write";
            find(Severity::Warning, "files.world_writable", message, Some(hint));
        }
        let archive = match config.archive() {
            Archive::To(path) => Some(config.directory.join(path)),
            Archive::Delete | Archive::Keep => None,
        };
        let quarantine = (config.claim == Claim::Rename || archive.is_some())
            .then(|| config.directory.join(&config.quarantine));
        for path in archive.into_iter().chain(quarantine) {
            match Folder::open(&path) {
                Ok(folder) => {
                    if !folder.is_writable() {
                        let message = format!("`{}` cannot be written to", path.display());
                        find(Severity::Error, "files.archive_failed", message, None);
                    }
                    if folder.own_status().ok().map(|s| s.device) != own.map(|s| s.device) {
                        let message = format!(
                            "`{}` is on another file system than `{shown}`",
                            path.display()
                        );
                        let hint = "files are copied instead of renamed";
                        find(Severity::Note, "files.other_file_system", message, Some(hint));
                    }
                }
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => {
                    let message = format!("`{}` cannot be opened: {cause}", path.display());
                    find(Severity::Error, "files.archive_failed", message, None);
                }
            }
        }
        findings
    }
}

impl Source for FilesSource {
    fn replay(&self) -> Replay {
        Replay::FromPosition
    }

    fn check(&mut self) -> BoxFuture<'_, Result<Vec<Finding>, SourceError>> {
        Box::pin(async move { Ok(self.findings()) })
    }

    fn splits(&mut self) -> BoxFuture<'_, Result<Vec<Split>, SourceError>> {
        Box::pin(async move {
            Ok(vec![Split { id: self.custody.config.split.as_str().into(), schema: None }])
        })
    }

    fn reader<'a>(
        &'a mut self,
        _split: &'a Split,
        resume: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, SourceError>> {
        Box::pin(async move {
            let resume = match resume.map(FilePosition::decode).transpose()? {
                Some(FilePosition::Inside(inside)) => Some(inside),
                Some(FilePosition::After { .. }) | None => None,
            };
            let reader = FileReader::new(&self.custody, &self.clock, &self.cx, resume)?;
            tokio::spawn(reader.wake_when_cancelled());
            blocking::reader(&format!("files {}", self.cx.pipeline), self.cx.limits, reader)
        })
    }

    fn committed<'a>(
        &'a mut self,
        _split: &'a Split,
        position: &'a Position,
    ) -> BoxFuture<'a, Result<(), SourceError>> {
        Box::pin(async move {
            if self.custody.committed(&FilePosition::decode(position)?) {
                let custody = Arc::clone(&self.custody);
                // An archive on another file system means copying: not on the engine's thread.
                tokio::task::spawn_blocking(move || custody.put_away()).await.map_err(|cause| {
                    SourceError::bug("files.bug", "putting files away ended early").because(cause)
                })?;
            }
            Ok(())
        })
    }
}
