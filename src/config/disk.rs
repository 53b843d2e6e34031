//! Reads the files of a deployment, within limits. With the `files` connector, the only place that does.

use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::diagnostic::{Diagnostic, SourceFile};

/// A file that people write by hand is never longer.
const MAX_FILE: u64 = 1 << 20;
/// Code tables may be exports of a register.
const MAX_TABLE: u64 = 16 << 20;
/// A deployment with more files is a mistake, such as a link to the root.
const MAX_FILES: usize = 10_000;

/// The folder of a deployment.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    read: usize,
    /// What could not be read.
    pub(super) faults: Vec<Diagnostic>,
}

impl Disk {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), read: 0, faults: Vec::new() }
    }

    /// The text of a file, called by its path from the root, or a fault.
    pub(super) fn file(&mut self, name: &str) -> Option<Arc<SourceFile>> {
        let limit = if name.ends_with(".csv") { MAX_TABLE } else { MAX_FILE };
        match read(&self.root.join(name), limit) {
            Ok(text) => Some(SourceFile::new(name, text)),
            Err((code, message)) => {
                let file = SourceFile::new(name, "");
                self.faults.push(Diagnostic::error(code, &file, 0..0, message));
                None
            }
        }
    }

    /// As [`file`](Self::file), but a missing file is nothing and no fault.
    pub(super) fn optional(&mut self, name: &str) -> Option<Arc<SourceFile>> {
        self.root.join(name).symlink_metadata().is_ok().then(|| self.file(name)).flatten()
    }

    /// The files of a folder with this ending, by name. A missing folder is empty. Hidden files and those that
    /// editors leave behind are passed over; `.yml` is pointed out, since it would silently not count.
    pub(super) fn folder(&mut self, folder: &str, ending: &str) -> Vec<Arc<SourceFile>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with(['.', '#']) {
                continue;
            }
            if name.ends_with(ending) {
                names.push(format!("{folder}/{name}"));
            } else if ending == ".yaml" && name.ends_with(".yml") {
                let file = SourceFile::new(format!("{folder}/{name}"), "");
                let message = "this file is not read, because its name does not end in `.yaml`";
                let found = Diagnostic::warning("config.file_ignored", &file, 0..0, message);
                self.faults.push(found.help("rename it"));
            }
        }
        names.sort_unstable();
        let room = MAX_FILES.saturating_sub(self.read);
        if names.len() > room {
            let file = SourceFile::new(folder, "");
            let message = format!("there are more than {MAX_FILES} files");
            self.faults.push(Diagnostic::error("config.too_many_files", &file, 0..0, message));
            names.truncate(room);
        }
        self.read += names.len();
        names.iter().filter_map(|name| self.file(name)).collect()
    }
}

type Refused = (&'static str, String);

fn read(path: &Path, limit: u64) -> Result<String, Refused> {
    let unreadable = |cause: std::io::Error| {
        ("config.file_unreadable", format!("cannot be read: {}", cause.kind()))
    };
    // Looked at before it is opened: opening a FIFO would wait for its writer.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(("config.file_unreadable", "is not a plain file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(("config.file_too_large", format!("is longer than {} MiB", limit >> 20)));
    }
    String::from_utf8(bytes).map_err(|cause| {
        let at = cause.utf8_error().valid_up_to();
        ("config.not_utf8", format!("is not UTF-8: byte {at} does not belong to a character"))
    })
}
