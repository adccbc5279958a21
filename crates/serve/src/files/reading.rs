//! Reads that have to wait for a disk: by io_uring where the host has it, on a thread of the pool otherwise.

use super::locate::Opened;
use super::options::ReadMode;
use super::patience::Patience;
use super::pool::{FileRead, Pool};
use super::read::{changed, check, read};
use crate::marks::Marks;
use periplus_nic::disk::{Disk, Reading};
use std::io;
use std::pin::Pin;

/// Bytes of a file, and how long they took.
pub(super) type Read = (io::Result<Vec<u8>>, FileRead);

/// The host's io_uring for so many reads, or why there is none.
pub(super) fn open_disk(mode: ReadMode, reads: usize) -> Result<Disk, Option<String>> {
    if mode == ReadMode::Blocking {
        return Err(None);
    }
    let reads = u32::try_from(reads).unwrap_or(u32::MAX);
    Disk::open(reads).map_err(|error| {
        let why = format!(
            "Files are read by a pool of threads, because this host has no io_uring for us ({error}): \
             kernel.io_uring_disabled or a filter of system calls may be why"
        );
        Some(why)
    })
}

impl Pool {
    /// Reads `length` bytes from `offset`, all of which the file had when it was opened.
    pub(super) async fn read<M: Marks>(&self, opened: Opened, offset: u64, length: usize) -> Read {
        let start = M::now();
        if let Some(reading) = self.begin(&opened, offset, length) {
            let bytes = finish(reading.await, &opened, length);
            return (bytes, FileRead::since::<M>(start));
        }
        let job = move || read(&opened, offset, length, Patience::Any);
        self.run::<M, _, _>(job).await
    }

    /// Begins a read that is not asked for yet, if there is a place for it at once.
    pub(super) fn read_ahead<M: Marks>(
        &self,
        opened: Opened,
        offset: u64,
        length: usize,
    ) -> Option<Pin<Box<dyn Future<Output = Read>>>> {
        let start = M::now();
        if let Some(reading) = self.begin(&opened, offset, length) {
            return Some(Box::pin(async move {
                let bytes = finish(reading.await, &opened, length);
                (bytes, FileRead::since::<M>(start))
            }));
        }
        let job = move || read(&opened, offset, length, Patience::Any);
        let reading = self.run_ahead::<M, _, _>(job)?;
        Some(Box::pin(reading))
    }

    fn begin(&self, opened: &Opened, offset: u64, length: usize) -> Option<Reading> {
        let disk = self.disk.as_ref().ok()?;
        disk.read(opened.file.clone(), offset, length)
    }
}

/// What was read, if it is of what was opened.
fn finish(bytes: io::Result<Vec<u8>>, opened: &Opened, length: usize) -> io::Result<Vec<u8>> {
    let bytes = bytes?;
    if bytes.len() < length {
        return Err(changed());
    }
    check(opened)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::options::FilesOptions;
    use crate::files::read::is_changed;
    use crate::files::status::Status;
    use crate::testing::ListJournal;
    use std::sync::Arc;

    #[tokio::test]
    async fn what_the_ring_reads_is_what_the_file_has_or_the_file_has_changed() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        std::fs::write(&path, &content).expect("it is new");
        let file = std::fs::File::open(&path).expect("it is there");
        let stat = rustix::fs::fstat(&file).expect("it is open");
        let opened = Opened {
            file: Arc::new(file.into()),
            status: Status::of_file(&stat).expect("it is a file"),
        };
        let pool = Pool::new(&FilesOptions::default());
        assert_ne!(pool.disk.is_ok(), pool.refused().is_some());
        let read = async |offset, length| {
            let read = pool.read::<ListJournal>(opened.clone(), offset, length);
            read.await.0
        };
        assert!(read(0, 300_000).await.expect("it is there") == content);
        assert!(read(1000, 10).await.expect("it is there") == content[1000..1010]);
        let ahead = pool.read_ahead::<ListJournal>(opened.clone(), 5, 10);
        let ahead = ahead.expect("there is a place").await.0;
        assert!(ahead.expect("it is there") == content[5..15]);
        std::fs::write(&path, "short").expect("it is ours");
        assert!(is_changed(&read(1000, 10).await.expect_err("it is not")));
        assert!(is_changed(&read(0, 5).await.expect_err("it is not")));
    }
}
