//! What must be known of a file before anything of it is published: who it is, that it can be unpacked, and,
//! where a file stands or falls as a whole, that every record of it is good.

use std::{
    fs::File,
    io::{self, Read, Seek},
    sync::Arc,
};

use acequia_api::{
    BatchLimits, CancellationToken, OpenContext, Precheck, RecordBatch, RecordError, Reject,
    SourceError, Unit,
};
use acequia_formats::{DecodeFailure, Decoded, Decoder, Format, csv::FinalNewline};
use globset::GlobSet;
use sha2::{Digest, Sha256};

use crate::{
    config::{Decompress, Empty, FilesConfig, OnBadRecord},
    intake::Candidate,
    unpack::{self, Packing, UnpackFailure},
};

/// What an inspection found.
pub(crate) enum Found {
    Good(Packing),
    /// The end is missing; it may still come.
    Unfinished(RecordError),
    /// Nothing of it may be published.
    Refused {
        errors: Vec<RecordError>,
        records: u64,
        rejected: u64,
    },
}

impl Found {
    pub(crate) fn refused(error: RecordError) -> Self {
        Found::Refused { errors: vec![error], records: 0, rejected: 0 }
    }
}

/// Reasons that are kept of a refused file; more are only counted.
pub(crate) const REASONS: usize = 20;

/// Looks through files. Has a decoder of its own, so that it never disturbs the one that publishes.
pub(crate) struct Inspector {
    config: Arc<FilesConfig>,
    matching: GlobSet,
    decoder: Box<dyn Decoder>,
    scratch: RecordBatch,
    precheck: Option<Arc<dyn Precheck>>,
    cancel: CancellationToken,
}

/// Who a file is, and how it ends.
pub(crate) struct Identified {
    pub(crate) hash: String,
    tail: Vec<u8>,
}

impl Inspector {
    pub(crate) fn new(config: &Arc<FilesConfig>, cx: &OpenContext) -> Result<Self, SourceError> {
        Ok(Self {
            matching: config.matching.compile().map_err(|cause| {
                SourceError::operator("files.config", "`match` is not valid").because(cause)
            })?,
            decoder: config.format.decoder(&cx.projection)?,
            scratch: RecordBatch::new(BatchLimits::default()),
            precheck: cx.precheck.clone(),
            cancel: cx.cancel.clone(),
            config: Arc::clone(config),
        })
    }

    /// Reads all of it for its hash.
    pub(crate) fn identify(&self, file: &File) -> io::Result<Identified> {
        let mut file = file.try_clone()?;
        file.rewind()?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 << 10];
        let mut tail = Vec::new();
        loop {
            stop(&self.cancel)?;
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(Identified {
                    hash: data_encoding::HEXLOWER.encode(&hash.finalize()),
                    tail,
                });
            }
            hash.update(&buffer[..read]);
            tail.extend_from_slice(&buffer[read.saturating_sub(8)..read]);
            tail.drain(..tail.len().saturating_sub(8));
        }
    }

    /// How a file is packed that was inspected in an earlier life.
    pub(crate) fn packing(
        &self,
        file: &File,
        candidate: &Candidate,
    ) -> Result<Packing, UnpackFailure> {
        match self.config.decompress {
            Decompress::Auto => {
                unpack::recognise(file, &candidate.name, &self.matching, &self.config.unpacked)
            }
            Decompress::None => Ok(Packing::Plain),
        }
    }

    /// Everything that can be wrong with the file as a whole.
    pub(crate) fn examine(
        &mut self,
        file: &File,
        candidate: &Candidate,
        identified: &Identified,
    ) -> io::Result<Found> {
        let promise = candidate.promise.as_ref();
        if promise.and_then(|p| p.sha256.as_ref()).is_some_and(|hash| *hash != identified.hash) {
            let error = RecordError::decode("files.manifest_mismatch");
            return Ok(Found::Unfinished(
                error.detail("its content is not the one in the manifest"),
            ));
        }
        if candidate.status.size == 0 && self.config.empty == Empty::Error {
            return Ok(Found::refused(RecordError::decode("files.empty").detail("zero bytes")));
        }
        let cancel = self.cancel.clone();
        let packing = self.packing(file, candidate).and_then(|packing| {
            if packing != Packing::Plain {
                unpack::verify(file, &packing, &self.config.unpacked, &|| stop(&cancel))?;
            }
            Ok(packing)
        });
        let packing = match packing {
            Ok(packing) => packing,
            Err(UnpackFailure::Io(error)) => return Err(error),
            Err(UnpackFailure::Cut(error)) => return Ok(Found::Unfinished(error)),
            Err(UnpackFailure::Refused(error)) => return Ok(Found::refused(error)),
        };
        let range = self.config.records;
        let promised = promise.and_then(|promise| promise.records);
        let whole = self.config.on_bad_record == OnBadRecord::RejectFile
            || self.config.complete.trailer
            || self.config.empty == Empty::Error
            || range.is_some()
            || promised.is_some();
        if whole {
            return self.read_through(file, packing, promised);
        }
        if packing == Packing::Plain && !ends_well(&self.config.format, &identified.tail) {
            let error = RecordError::decode("decode.csv.incomplete");
            return Ok(Found::Unfinished(error.detail("the last record does not end")));
        }
        Ok(Found::Good(packing))
    }

    /// Decodes all of it, and maps it if a bad record condemns the file.
    fn read_through(
        &mut self,
        file: &File,
        packing: Packing,
        promised: Option<u64>,
    ) -> io::Result<Found> {
        let condemned = self.config.on_bad_record == OnBadRecord::RejectFile;
        let unit = Arc::new(Unit { id: "".into(), name: "".into() });
        let (mut records, mut rejected) = (0, 0);
        let mut errors = Vec::new();
        let mut refused: Vec<Reject> = Vec::new();
        for part in 0..packing.parts() {
            let mut stream = unpack::open(file, &packing, part, 0)?;
            let mut step = self.decoder.head(&mut stream).map(|()| Decoded::Full);
            while matches!(step, Ok(Decoded::Full)) {
                stop(&self.cancel)?;
                self.scratch.clear();
                step = self.decoder.decode(&mut stream, &unit, &mut self.scratch);
                if condemned && let Some(precheck) = &self.precheck {
                    precheck.refused(&self.scratch, &mut refused);
                }
                for reject in self.scratch.rejects().iter().chain(&refused) {
                    rejected += 1;
                    let place = reject.meta.place;
                    let placed = reject.errors.iter().cloned().map(|mut error| {
                        error.place = error.place.or(Some(place));
                        error
                    });
                    errors.extend(placed.take(REASONS.saturating_sub(errors.len())));
                }
                refused.clear();
            }
            records += self.decoder.state().record;
            match step {
                Ok(_) => {}
                Err(failure) if failure.incomplete() => {
                    let DecodeFailure::Unit(error) = failure else { continue };
                    return Ok(Found::Unfinished(*error));
                }
                Err(DecodeFailure::Io(error)) => return Err(error),
                Err(DecodeFailure::Unit(error)) => {
                    errors.insert(0, *error);
                    return Ok(Found::Refused { errors, records, rejected });
                }
            }
        }
        let mut refuse =
            |code, detail: String| errors.insert(0, RecordError::decode(code).detail(detail));
        if condemned && rejected > 0 {
            refuse("files.rejected", format!("{rejected} of {records} records would be refused"));
        } else if records == 0 && self.config.empty == Empty::Error {
            refuse("files.empty", "no records".to_owned());
        } else if let Some(promised) = promised.filter(|promised| *promised != records) {
            let detail = format!("{records} records, the manifest says {promised}");
            refuse("files.manifest_mismatch", detail);
        } else if let Some(range) = self.config.records
            && (records < range.min || range.max.is_some_and(|max| records > max))
        {
            let max = range.max.map_or_else(|| "any number".to_owned(), |max| max.to_string());
            refuse(
                "files.record_count",
                format!("{records} records, expected {} to {max}", range.min),
            );
        } else {
            return Ok(Found::Good(packing));
        }
        Ok(Found::Refused { errors, records, rejected })
    }
}

fn stop(cancel: &CancellationToken) -> io::Result<()> {
    if cancel.is_cancelled() { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
}

/// Whether the last bytes can end a complete file: spares a second reading of files in which only the records
/// matter, and still publishes nothing of one that was cut short.
fn ends_well(format: &Format, tail: &[u8]) -> bool {
    let Format::Csv(csv) = format;
    let trailer = csv.trailer.is_some()
        || csv
            .records
            .as_ref()
            .is_some_and(|r| r.kinds.values().any(|kind| kind.trailer.is_some()));
    if tail.is_empty() || trailer || csv.final_newline == Some(FinalNewline::Optional) {
        return true;
    }
    // In UTF-16 every other byte of a line end is zero.
    let mut tail: Vec<u8> = tail.iter().copied().filter(|&byte| byte != 0).collect();
    if tail.last() == Some(&0x1a) {
        tail.pop();
    }
    match csv.terminator.as_str() {
        "auto" | "lf" | "crlf" => tail.ends_with(b"\n"),
        "cr" => tail.ends_with(b"\r"),
        other => tail.ends_with(&other.as_bytes()[other.len().saturating_sub(4)..]),
    }
}
