//! Packed files: recognised by their first bytes, unpacked as a stream, never to disk.
//!
//! A packed file is read to its end once before anything of it is published. That pass checks what only the end
//! can tell (checksums, sizes, junk behind the last member) and the caps; the pass that reads the records then
//! cannot meet a surprise, unless the file changes under it, which its status shows.
//!
//! Of a zip file only the directory is believed, and only after it agrees with what stands before each member.
//! Members have names, but a name is never a path here: it is matched, shown and made part of an identity.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    os::unix::{ffi::OsStrExt, fs::FileExt},
};

use acequia_api::RecordError;
use flate2::{
    Crc,
    bufread::{DeflateDecoder, MultiGzDecoder},
};
use globset::GlobSet;
use zip::{CompressionMethod, read::Config, unstable::read::ZipIterable};

use crate::config::Unpacked;

/// How the bytes of a file are packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
    Zip(Vec<Member>),
}

impl Packing {
    /// How many streams of records there are.
    pub(crate) fn parts(&self) -> usize {
        match self {
            Packing::Zip(members) => members.len(),
            _ => 1,
        }
    }
}

/// A member of a zip file that is data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    start: u64,
    packed: u64,
    size: u64,
    crc: u32,
    stored: bool,
}

/// Why a file cannot be unpacked.
#[derive(Debug)]
pub(crate) enum UnpackFailure {
    Io(io::Error),
    /// It ends too early; it may still grow.
    Cut(RecordError),
    /// It is not what it says, or too much.
    Refused(RecordError),
}

impl From<io::Error> for UnpackFailure {
    fn from(error: io::Error) -> Self {
        UnpackFailure::Io(error)
    }
}

fn broken(detail: impl Into<String>) -> UnpackFailure {
    UnpackFailure::Refused(RecordError::decode("files.packed_broken").detail(detail))
}

fn unsafe_zip(detail: impl Into<String>) -> UnpackFailure {
    UnpackFailure::Refused(RecordError::decode("files.zip_unsafe").detail(detail))
}

/// What a file is by its first bytes; its name must not promise another packing.
pub(crate) fn recognise(
    file: &File,
    name: &OsStr,
    matching: &GlobSet,
    caps: &Unpacked,
) -> Result<Packing, UnpackFailure> {
    let mut magic = [0; 4];
    let mut read = 0;
    while read < 4 {
        match file.read_at(&mut magic[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    let packing = match magic {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd,
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Packing::Zip(members(file, matching, caps)?),
        _ => Packing::Plain,
    };
    let ending = name.as_bytes().rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    let packed_name = [&b"gz"[..], b"zst", b"zip"].iter().any(|e| ending.eq_ignore_ascii_case(e));
    if packed_name && packing == Packing::Plain && read > 0 {
        return Err(broken("the name promises a packed file, the first bytes do not"));
    }
    Ok(packing)
}

/// The members of a zip file that match, in the order of its directory.
fn members(file: &File, matching: &GlobSet, caps: &Unpacked) -> Result<Vec<Member>, UnpackFailure> {
    // A zip file ends with its directory: without one it is cut short, or still being written.
    let cut = |_| {
        UnpackFailure::Cut(
            RecordError::decode("files.packed_broken")
                .detail("the zip file has no readable directory"),
        )
    };
    let mut archive = ZipIterable::try_new(BufReader::new(file), Config::default())
        .map_err(cut)?
        .enforce_header_consistency(true);
    if archive.len() > caps.max_members {
        return Err(unsafe_zip(format!(
            "{} members, at most {} are allowed",
            archive.len(),
            caps.max_members
        )));
    }
    let mut names = HashSet::new();
    let mut spans = Vec::new();
    let mut data = Vec::new();
    for entry in archive.files().map_err(cut)? {
        let entry = entry.map_err(|_| unsafe_zip("the directory and a member disagree"))?;
        let name =
            entry.name().map_err(|_| unsafe_zip("a member has no readable name"))?.into_owned();
        check_name(&name)?;
        if !names.insert(name.clone()) {
            return Err(unsafe_zip("two members have the same name"));
        }
        if entry.encrypted() {
            return Err(unsafe_zip("a member is encrypted"));
        }
        if entry.is_symlink() {
            return Err(unsafe_zip("a member is a symbolic link"));
        }
        let start = content_start(file, entry.header_start())?;
        let end = start.checked_add(entry.compressed_size());
        let end = end.ok_or_else(|| unsafe_zip("a size is impossible"))?;
        spans.push((entry.header_start(), end));
        let base = name.rsplit('/').next().unwrap_or_default();
        if entry.is_dir() || !matching.is_match(base) {
            continue;
        }
        let stored = match entry.compression() {
            CompressionMethod::Stored => true,
            CompressionMethod::Deflated => false,
            _ => return Err(unsafe_zip("a member is packed in a way other than deflate")),
        };
        let (packed, size, crc) = (entry.compressed_size(), entry.size(), entry.crc32());
        data.push(Member { name, start, packed, size, crc, stored });
    }
    spans.sort_unstable();
    if spans.windows(2).any(|pair| pair[1].0 < pair[0].1) {
        return Err(unsafe_zip("members overlap"));
    }
    if spans.last().is_some_and(|last| file.metadata().is_ok_and(|meta| last.1 > meta.len())) {
        return Err(unsafe_zip("a member reaches beyond the end of the file"));
    }
    if data.is_empty() {
        let none = RecordError::decode("files.zip_no_member");
        return Err(UnpackFailure::Refused(
            none.detail(format!("none of {} members matches `match`", names.len())),
        ));
    }
    Ok(data)
}

fn check_name(name: &str) -> Result<(), UnpackFailure> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with(['/', '\\']) || drive {
        return Err(unsafe_zip("a member has an absolute name"));
    }
    if name.split(['/', '\\']).any(|part| part == "..") {
        return Err(unsafe_zip("the name of a member leads upwards"));
    }
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(unsafe_zip("the name of a member holds control characters"));
    }
    Ok(())
}

/// Where the content of a member begins: behind its own header, whose length stands in it.
fn content_start(file: &File, header: u64) -> Result<u64, UnpackFailure> {
    let mut local = [0; 30];
    file.read_exact_at(&mut local, header)
        .map_err(|_| unsafe_zip("a member is not in the file"))?;
    let length = |at: usize| u64::from(u16::from_le_bytes([local[at], local[at + 1]]));
    header
        .checked_add(30 + length(26) + length(28))
        .ok_or_else(|| unsafe_zip("a size is impossible"))
}

/// A stream of the records of one part of a file.
pub(crate) type Stream = Box<dyn BufRead + Send>;

/// The largest window of a zstd frame, as a power of two: its memory. Every level but `--ultra` stays below.
const ZSTD_WINDOW: u32 = 25;

const BUFFER: usize = 64 << 10;

/// Opens part `part` of a file at byte `at` of what is unpacked.
pub(crate) fn open(file: &File, packing: &Packing, part: usize, at: u64) -> io::Result<Stream> {
    let mut file = file.try_clone()?;
    let mut stream: Stream = match packing {
        Packing::Plain => {
            file.seek(SeekFrom::Start(at))?;
            return Ok(Box::new(BufReader::with_capacity(BUFFER, file)));
        }
        Packing::Gzip => {
            file.rewind()?;
            let packed = BufReader::with_capacity(BUFFER, file);
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(packed)))
        }
        Packing::Zstd => {
            file.rewind()?;
            let packed = BufReader::with_capacity(BUFFER, file);
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        }
        Packing::Zip(members) => {
            let member = &members[part];
            file.seek(SeekFrom::Start(member.start))?;
            let packed = BufReader::with_capacity(BUFFER, file.take(member.packed));
            if member.stored {
                Box::new(packed)
            } else {
                Box::new(BufReader::with_capacity(BUFFER, DeflateDecoder::new(packed)))
            }
        }
    };
    if io::copy(&mut (&mut stream).take(at), &mut io::sink())? < at {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(stream)
}

/// Reads a packed file to its end: checksums, sizes, junk, caps.
pub(crate) fn verify(
    file: &File,
    packing: &Packing,
    caps: &Unpacked,
    stop: &dyn Fn() -> io::Result<()>,
) -> Result<(), UnpackFailure> {
    let packed = file.metadata()?.len();
    let mut total = 0;
    for part in 0..packing.parts() {
        let stream = open(file, packing, part, 0).map_err(|error| unreadable(packing, error))?;
        let (size, crc) = drain(stream, packing, total, packed, caps, stop)?;
        total += size;
        if let Packing::Zip(members) = packing
            && (members[part].size, members[part].crc) != (size, crc)
        {
            return Err(broken("a member differs from its size or checksum"));
        }
    }
    Ok(())
}

/// The bytes that a stream holds and their checksum, which only a zip file needs from us.
fn drain(
    mut stream: Stream,
    packing: &Packing,
    before: u64,
    packed: u64,
    caps: &Unpacked,
    stop: &dyn Fn() -> io::Result<()>,
) -> Result<(u64, u32), UnpackFailure> {
    let checked = matches!(packing, Packing::Zip(_));
    let mut crc = Crc::new();
    let mut size = 0;
    loop {
        stop()?;
        let chunk = stream.fill_buf().map_err(|error| unreadable(packing, error))?;
        if chunk.is_empty() {
            return Ok((size, crc.sum()));
        }
        if size == 0
            && (chunk.starts_with(&[0x1f, 0x8b])
                || chunk.starts_with(b"PK\x03\x04")
                || chunk.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]))
        {
            let nested = RecordError::decode("files.packed_nested");
            return Err(UnpackFailure::Refused(nested));
        }
        if checked {
            crc.update(chunk);
        }
        let read = chunk.len();
        size += read as u64;
        stream.consume(read);
        let total = before + size;
        if total > caps.max_bytes || total > (1 << 20) + packed.saturating_mul(caps.max_ratio) {
            let bomb = RecordError::decode("files.bomb");
            return Err(UnpackFailure::Refused(bomb.detail(format!(
                "more than {total} bytes out of {packed}; allowed are {} for each and {} in all",
                caps.max_ratio, caps.max_bytes
            ))));
        }
    }
}

/// A failure of the stream is one of the file's content, unless the system itself failed.
fn unreadable(packing: &Packing, error: io::Error) -> UnpackFailure {
    if error.raw_os_error().is_some() {
        return UnpackFailure::Io(error);
    }
    match error.kind() {
        io::ErrorKind::Interrupted => UnpackFailure::Io(error),
        // The members of a zip file are bounded by its directory: there is nothing that could still come.
        io::ErrorKind::UnexpectedEof if !matches!(packing, Packing::Zip(_)) => UnpackFailure::Cut(
            RecordError::decode("files.packed_broken").detail("the packed file ends too early"),
        ),
        _ => broken("the packed bytes are damaged, or something else follows them"),
    }
}

#[cfg(test)]
mod tests;
