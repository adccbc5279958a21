//! Reading a file that must be what it was when it was opened.

use super::locate::Opened;
use super::patience::{Patience, WOULD_WAIT};
use super::status::Status;
use rustix::fs::fstat;
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};
use std::error::Error;
use std::fmt;
use std::io::{self, IoSliceMut};
use std::os::fd::AsFd;

/// The file is not what it was when it was opened.
#[derive(Debug)]
struct Changed;

impl fmt::Display for Changed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the file has changed while it was read")
    }
}

impl Error for Changed {}

/// That the file is not what it was when it was opened.
pub(super) fn changed() -> io::Error {
    io::Error::other(Changed)
}

/// Whether a read failed because the file is not what it was.
pub(super) fn is_changed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<Changed>())
}

/// Reads `length` bytes from `offset`, all of which the file had when it was opened.
pub(super) fn read(
    opened: &Opened,
    offset: u64,
    length: usize,
    patience: Patience,
) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let at = offset + filled as u64;
        match read_at(&opened.file, &mut bytes[filled..], at, patience) {
            Ok(0) => return Err(changed()),
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    check(opened)?;
    Ok(bytes)
}

/// Whether what was read until now is of what was opened. It is looked at after the read: who writes is noted before the
/// first byte changes.
pub(super) fn check(opened: &Opened) -> io::Result<()> {
    let now = Status::of_file(&fstat(&opened.file)?);
    if now.is_some_and(|now| opened.status.has_bytes_of(&now)) {
        Ok(())
    } else {
        Err(changed())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::Arc;

    #[test]
    fn what_is_read_without_waiting_is_what_is_read() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..100_000).map(|n| n as u8).collect();
        fs::write(&path, &content).expect("it is new");
        let file = fs::File::open(&path).expect("it is there");
        let status = Status::of_file(&fstat(&file).expect("it is open")).expect("it is a file");
        let opened = Opened {
            file: Arc::new(file.into()),
            status,
        };
        for (offset, length) in [(0, 100_000), (1000, 99_000), (0, 1), (99_999, 1), (5, 0)] {
            let patient = read(&opened, offset, length, Patience::Any).expect("it can be read");
            assert!(patient == content[offset as usize..][..length]);
            match read(&opened, offset, length, Patience::None) {
                Ok(at_once) => assert!(at_once == patient, "{length} bytes at {offset}"),
                // a file system that does not do so
                Err(error) => assert_eq!(Errno::from_io_error(&error), Some(WOULD_WAIT)),
            }
        }
        let beyond = read(&opened, 99_999, 2, Patience::Any).expect_err("there is less");
        assert!(is_changed(&beyond));
    }
}
