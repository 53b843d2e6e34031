//! The connector `files`: drop directories.
//!
//! Somebody drops files into a directory; this connector reads each of them once, in order, and puts it away after
//! its records are in Kafka. The hard parts are not the reading:
//!
//! - **Is it finished?** A file that is being written looks like any other. `intake` watches names from the
//!   outside (settled, marker, manifest, final name), `inspect` looks inside (checksum, last line end, trailer).
//! - **Is it known?** A file is what it contains: its identity is the SHA-256 of its bytes. The `ledger` of
//!   contents is keyed state, committed in the same transaction as the last records of the file, so a crash
//!   anywhere repeats nothing and forgets nothing.
//! - **Is it safe?** Names and content come from strangers. `folder` opens regular files only, through no link;
//!   `unpack` believes nothing that a packed file says of itself.
//! - **When may it go?** Only after the commit. `custody` keeps the files between being read and being durable.
//!
//! One directory is one split, whatever lies in it. A position says behind which content reading stands, or inside
//! which content and at which record; it holds no path, so directories may be moved.

mod clock;
mod codes;
mod config;
mod custody;
mod folder;
mod hint;
mod inspect;
mod intake;
mod ledger;
mod reader;
mod source;
mod unpack;

use std::sync::Arc;

use acequia_api::{ConfigFault, Connector, OpenContext, SourceError};

pub use clock::{Clock, SystemClock};
pub use codes::CODES;
pub use config::{
    Archive, Arrival, Claim, Complete, Day, Decompress, Empty, FilesConfig, Globs, OnBadRecord,
    Order, RecordRange, Sequence, Settle, Unpacked,
};
pub use source::FilesSource;

/// The connector of kind `files`.
pub struct Files {
    /// `None` is the clock of the machine.
    clock: Option<Arc<dyn Clock>>,
}

impl Files {
    /// With the clock of the machine; `const`, so that a registry can hold it in a static.
    pub const fn new() -> Self {
        Self { clock: None }
    }

    /// With a clock of one's own, for tests.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock) }
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl Connector for Files {
    const KIND: &'static str = "files";
    type Config = FilesConfig;
    type Source = FilesSource;

    fn validate(&self, config: &FilesConfig) -> Vec<ConfigFault> {
        config.faults()
    }

    async fn open(&self, config: FilesConfig, cx: OpenContext) -> Result<FilesSource, SourceError> {
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock));
        FilesSource::open(config, clock, cx)
    }
}

/// What is in a file, unpacked if it is packed (gzip, zstd, a zip file with one member), for looking at it where there is
/// no source yet. Bounded in memory; nothing is verified but what unpacking itself notices.
///
/// # Errors
/// The file cannot be read; `InvalidData` with a word for people if it is packed in a way that cannot be unpacked.
pub fn content(path: &std::path::Path) -> std::io::Result<Box<dyn std::io::BufRead + Send>> {
    let invalid = |message: String| std::io::Error::new(std::io::ErrorKind::InvalidData, message);
    let file = std::fs::File::open(path)?;
    let any = globset::GlobSetBuilder::new()
        .add(globset::Glob::new("*").map_err(|cause| invalid(cause.to_string()))?)
        .build();
    let any = any.map_err(|cause| invalid(cause.to_string()))?;
    let name = path.file_name().unwrap_or_default();
    let packing = unpack::recognise(&file, name, &any, &Unpacked::default()).map_err(
        |failure| match failure {
            unpack::UnpackFailure::Io(error) => error,
            unpack::UnpackFailure::Cut(error) | unpack::UnpackFailure::Refused(error) => {
                invalid(error.to_string())
            }
        },
    )?;
    match packing.parts() {
        1 => unpack::open(&file, &packing, 0, 0),
        parts => Err(invalid(format!("it holds {parts} files: unpack the one that is meant"))),
    }
}
