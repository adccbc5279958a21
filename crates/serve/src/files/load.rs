//! What a request needs of a file, in one job: open, stat, and the first bytes.

use super::beneath::open_beneath;
use super::memory::Memory;
use super::patience::{Patience, WOULD_WAIT};
use super::target::Target;
use super::validators::{Condition, last_modified};
use bytes::Bytes;
use http::HeaderValue;
use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a folder is answered with.
const INDEX: &str = "index.html";

/// What was found at a target.
#[derive(Debug)]
pub(super) enum Found {
    /// A file to serve.
    File(Loaded),
    /// A folder that was named without its slash.
    Folder,
    /// A folder that has no index.
    NoIndex,
    /// Nothing that is served.
    Nothing,
}

/// A file, and the beginning of its bytes.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) file: Arc<OwnedFd>,
    pub(super) path: PathBuf,
    pub(super) length: u64,
    pub(super) last_modified: Option<HeaderValue>,
    /// The client's copy is good: nothing was read.
    pub(super) is_fresh: bool,
    /// The first chunk, or nothing if no content was wanted.
    pub(super) first: Bytes,
    /// It was read without waiting.
    pub(super) at_hand: bool,
}

/// Looks for a target under `root` and reads the first chunk of the file, if its content is `wanted`.
pub(super) fn load(
    root: &OwnedFd,
    target: &Target,
    condition: &Condition,
    wanted: bool,
    memory: &Memory,
    patience: Patience,
) -> io::Result<Found> {
    let Some((mut file, mut status)) = open_and_stat(root, target.path(), patience)? else {
        return Ok(Found::Nothing);
    };
    let mut path = target.path().to_path_buf();
    let mut file_type = FileType::from_raw_mode(status.st_mode);
    if file_type == FileType::Directory {
        if !target.is_folder {
            return Ok(Found::Folder);
        }
        path.push(INDEX);
        let Some(index) = open_and_stat(root, &path, patience)? else {
            return Ok(Found::NoIndex);
        };
        (file, status) = index;
        file_type = FileType::from_raw_mode(status.st_mode);
    } else if target.is_folder {
        return Ok(Found::Nothing);
    }
    if file_type != FileType::RegularFile {
        return Ok(Found::Nothing);
    }
    let mut length = u64::try_from(status.st_size).unwrap_or(0);
    let last_modified = last_modified(status.st_mtime);
    let is_fresh = condition.is_fresh(last_modified.as_ref());
    let mut first = Bytes::new();
    if wanted && !is_fresh {
        let chunk = read(&file, 0, length, memory, patience)?;
        first = chunk.bytes;
        if chunk.is_last {
            // Nothing was promised yet: if the file has shrunk since, this is what it is now.
            length = first.len() as u64;
        }
    }
    Ok(Found::File(Loaded {
        file: Arc::new(file),
        path,
        length,
        last_modified,
        is_fresh,
        first,
        at_hand: patience == Patience::None,
    }))
}

/// A piece of a file.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    /// Nothing follows: these are all the bytes that were left, or the file has shrunk.
    pub(super) is_last: bool,
}

/// Reads the next chunk of the `left` bytes from `offset`.
pub(super) fn read(
    file: impl AsFd,
    offset: u64,
    left: u64,
    memory: &Memory,
    patience: Patience,
) -> io::Result<Chunk> {
    let length = usize::try_from(left)
        .unwrap_or(usize::MAX)
        .min(memory.chunk());
    if length == 0 {
        return Ok(Chunk {
            is_last: true,
            ..Chunk::default()
        });
    }
    let mut chunk = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let at = offset + filled as u64;
        match read_at(&file, &mut chunk[filled..], at, patience) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    chunk.truncate(filled);
    Ok(Chunk {
        bytes: memory.keep(chunk),
        is_last: filled as u64 == left || filled < length,
    })
}

/// Reads what there is at `offset`, at most as much as `buffer` holds.
fn read_at(
    file: impl AsFd,
    buffer: &mut [u8],
    offset: u64,
    patience: Patience,
) -> rustix::io::Result<usize> {
    if patience == Patience::Any {
        return pread(file, buffer, offset);
    }
    let mut buffer = [IoSliceMut::new(buffer)];
    match preadv2(file, &mut buffer, offset, ReadWriteFlags::NOWAIT) {
        // A kernel before 4.14, a file system without it, or a sandbox: whoever may wait finds out.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => Err(WOULD_WAIT),
        read => read,
    }
}

/// Opens a path beneath the root; `None` if there is nothing that is ours to serve.
fn open_and_stat(
    root: &OwnedFd,
    path: &Path,
    patience: Patience,
) -> io::Result<Option<(OwnedFd, rustix::fs::Stat)>> {
    let file = match open_beneath(root.as_fd(), path, patience) {
        Ok(file) => file,
        // Not there, no folder on the way, too long a name, a loop of links or one that leads out, a socket.
        Err(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::NAMETOOLONG
            | Errno::LOOP
            | Errno::XDEV
            | Errno::NXIO
            | Errno::INVAL,
        ) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let status = fstat(&file)?;
    Ok(Some((file, status)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_read_without_waiting_is_what_is_read() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..100_000).map(|n| n as u8).collect();
        fs::write(&path, &content).expect("it is new");
        let memory = Memory::new(1 << 30);
        let file = fs::File::open(&path).expect("it is there");
        let read = |offset, left, patience| {
            let chunk = read(&file, offset, left, &memory, patience)?;
            Ok::<_, io::Error>((chunk.bytes, chunk.is_last))
        };
        for (offset, left) in [
            (0, 100_000),
            (1000, 99_000),
            (0, 1),
            (99_999, 1),
            (5, 200_000),
        ] {
            let patient = read(offset, left, Patience::Any).expect("it can be read");
            match read(offset, left, Patience::None) {
                Ok(at_once) => assert!(at_once == patient, "{left} bytes at {offset}"),
                // a file system that does not do so
                Err(error) => assert_eq!(Errno::from_io_error(&error), Some(WOULD_WAIT)),
            }
        }
    }
}
