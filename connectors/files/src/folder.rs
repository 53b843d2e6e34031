//! One directory, by descriptor: everything that touches the disk goes through names inside it, so that no name
//! can lead anywhere else.
//!
//! A drop directory is written by strangers. A name in it may be a link to `/etc/shadow`, a FIFO that never
//! answers, a device, or bytes that move the cursor of a terminal. So: nothing is opened through a link, nothing
//! but a regular file is read, no open blocks, no rename replaces anything, and a name is escaped before people
//! see it.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags},
    io::Errno,
};

/// An open directory.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    fd: OwnedFd,
}

/// What the connector looks at of a file's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStatus {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) modified: (i64, u64),
    /// When anything of it changed, its content or its status; unlike `modified` nobody can set it.
    pub(crate) changed: (i64, u64),
    pub(crate) links: u64,
    pub(crate) mode: u32,
    pub(crate) owner: u32,
}

impl FileStatus {
    /// Whether both describe the same bytes, as far as a status can tell.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        (self.device, self.inode, self.size, self.modified)
            == (other.device, other.inode, other.size, other.modified)
    }

    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }
}

impl From<fs::Stat> for FileStatus {
    // The fields have other widths on other machines.
    #[allow(clippy::unnecessary_cast, clippy::cast_lossless, trivial_numeric_casts)]
    fn from(stat: fs::Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size.max(0) as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
            links: stat.st_nlink as u64,
            mode: stat.st_mode,
            owner: stat.st_uid,
        }
    }
}

/// Names beyond this many wait for the next look, so that memory is bounded whatever lies there.
const MOST_NAMES: usize = 1_000_000;

impl Folder {
    /// Opens a directory that a person has configured; links in its path are theirs and are followed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { path: path.to_owned(), fd: fs::open(path, flags, Mode::empty())? })
    }

    /// Opens it, made if it was not there.
    pub(crate) fn open_or_create(path: &Path) -> io::Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(path)?;
                Self::open(path)
            }
            other => other,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names that `keep` wants, in byte order.
    pub(crate) fn names(&self, keep: impl Fn(&OsStr) -> bool) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." && keep(name) {
                names.push(name.to_owned());
                if names.len() == 2 * MOST_NAMES {
                    names.sort_unstable();
                    names.truncate(MOST_NAMES);
                }
            }
        }
        names.sort_unstable();
        names.truncate(MOST_NAMES);
        Ok(names)
    }

    /// The status of a name itself, links not followed.
    pub(crate) fn status(&self, name: &OsStr) -> io::Result<FileStatus> {
        Ok(fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?.into())
    }

    pub(crate) fn has(&self, name: &OsStr) -> bool {
        self.status(name).is_ok()
    }

    /// Opens a name for reading without following a link, leaving the directory or waiting for a writer. What
    /// was opened may still be anything: look at its status.
    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<(File, FileStatus)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = match fs::openat2(&self.fd, name, flags, Mode::empty(), resolve) {
            // An old kernel, or a filter of system calls that does not know it. A name from a directory
            // listing is one component, so the flags alone protect as well.
            Err(Errno::NOSYS | Errno::PERM) => fs::openat(&self.fd, name, flags, Mode::empty()),
            other => other,
        }?;
        let file = File::from(opened);
        let status = fs::fstat(&file)?.into();
        Ok((file, status))
    }

    /// Renames without ever replacing; `AlreadyExists` when the new name is taken.
    pub(crate) fn rename(&self, name: &OsStr, to: &Folder, new: &OsStr) -> io::Result<()> {
        match fs::renameat_with(&self.fd, name, &to.fd, new, RenameFlags::NOREPLACE) {
            // Network file systems do not know the flag. A hard link refuses to replace as well.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(&self.fd, name, &to.fd, new, AtFlags::empty())?;
                Ok(fs::unlinkat(&self.fd, name, AtFlags::empty())?)
            }
            other => Ok(other?),
        }
    }

    /// Moves a file, across file systems by copy. The source goes only when the copy is safe.
    pub(crate) fn transfer(&self, name: &OsStr, to: &Folder, new: &OsStr) -> io::Result<()> {
        match self.rename(name, to, new) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            other => return other,
        }
        if to.has(new) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (mut file, status) = self.open_file(name)?;
        let part = OsString::from(format!(".{}.part", status.inode));
        let written = to.write_part(&part, |copy| {
            if io::copy(&mut file, copy)? == status.size {
                return Ok(());
            }
            Err(io::Error::other("the file changed while it was copied"))
        });
        written.and_then(|()| to.rename(&part, to, new)).inspect_err(|_| {
            let _ = to.remove(&part);
        })?;
        self.remove(name)
    }

    /// Writes a small file whole or not at all, replacing an earlier one.
    pub(crate) fn write(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        let mut part = OsString::from(".");
        part.push(short_hash(name));
        part.push(".part");
        self.write_part(&part, |file| file.write_all(bytes))?;
        Ok(fs::renameat(&self.fd, &part, &self.fd, name)?)
    }

    fn write_part(
        &self,
        part: &OsStr,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        // What an interrupted attempt left is ours to replace.
        let _ = self.remove(part);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(fs::openat(&self.fd, part, flags, Mode::from_raw_mode(0o640))?);
        fill(&mut file)?;
        file.sync_all()?;
        Ok(fs::fsync(&self.fd)?)
    }

    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// The status of the directory itself.
    pub(crate) fn own_status(&self) -> io::Result<FileStatus> {
        Ok(fs::fstat(&self.fd)?.into())
    }

    /// Whether this process may write in it.
    pub(crate) fn is_writable(&self) -> bool {
        fs::accessat(&self.fd, ".", fs::Access::WRITE_OK | fs::Access::EXEC_OK, AtFlags::EACCESS)
            .is_ok()
    }
}

pub(crate) fn short_hash(name: &OsStr) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(name.as_bytes())[..8])
}

/// The status of an open file now.
pub(crate) fn status_of(file: &File) -> io::Result<FileStatus> {
    Ok(fs::fstat(file)?.into())
}

/// A name as people may see it: on one line, without control characters, bytes that are no text as `\xNN`.
pub(crate) fn shown(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            {
                let _ = write!(out, "{}", c.escape_unicode());
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The name to archive a file under: its own if it is harmless, otherwise the hash of its content.
pub(crate) fn safe_name(name: &OsStr, hash: &str) -> OsString {
    let harmless = name.to_str().is_some_and(|text| {
        text.len() <= 200 && !text.starts_with(['-', '.']) && shown(name) == text
    });
    if harmless { name.to_owned() } else { OsString::from(hash) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_33_odd_names_are_escaped_and_archived_under_the_hash() {
        for (name, escaped) in [
            (&b"a\nb.csv"[..], "a\\u{a}b.csv"),
            (b"\x1b[31mred.csv", "\\u{1b}[31mred.csv"),
            (b"caf\xe9.csv", "caf\\xe9.csv"),
            ("r\u{202e}vsc.csv".as_bytes(), "r\\u{202e}vsc.csv"),
            (b"-rf.csv", "-rf.csv"),
        ] {
            let name = OsStr::from_bytes(name);
            assert_eq!(shown(name), escaped);
            assert_eq!(safe_name(name, "00ff"), "00ff");
        }
        assert_eq!(safe_name(OsStr::new(&"x".repeat(255)), "00ff"), "00ff");
        assert_eq!(safe_name(OsStr::new("añejo 1.csv"), "00ff"), "añejo 1.csv");
    }

    #[test]
    fn a_rename_never_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        folder.write(OsStr::new("a"), b"1").unwrap();
        folder.write(OsStr::new("b"), b"2").unwrap();
        let error = folder.rename(OsStr::new("a"), &folder, OsStr::new("b")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(dir.path().join("b")).unwrap(), b"2");
    }

    #[test]
    fn bad_input_32_a_link_is_not_followed_and_a_fifo_does_not_block() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        assert!(folder.open_file(OsStr::new("link")).is_err());
        assert!(folder.open_file(OsStr::new("../../etc/passwd")).is_err());
        fs::mknodat(fs::CWD, dir.path().join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let (_, status) = folder.open_file(OsStr::new("fifo")).unwrap();
        assert_eq!(status.kind(), FileType::Fifo);
    }

    #[test]
    fn a_file_moves_across_file_systems() {
        let other = Path::new("/dev/shm");
        let dir = tempfile::tempdir().unwrap();
        let Ok(far) = tempfile::tempdir_in(other) else { return };
        let (from, to) = (Folder::open(dir.path()).unwrap(), Folder::open(far.path()).unwrap());
        if from.own_status().unwrap().device == to.own_status().unwrap().device {
            return;
        }
        from.write(OsStr::new("a"), b"content").unwrap();
        from.transfer(OsStr::new("a"), &to, OsStr::new("b")).unwrap();
        assert!(!from.has(OsStr::new("a")));
        assert_eq!(std::fs::read(far.path().join("b")).unwrap(), b"content");
        assert_eq!(to.names(|_| true).unwrap(), [OsString::from("b")]);
    }
}
