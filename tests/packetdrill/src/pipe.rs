//! Pipes, to splice from and to.

use crate::errno::Errno;
use crate::poll::{ERROR, HUNG_UP, READABLE, WRITABLE};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes a pipe holds.
const CAPACITY: usize = 65_536;

/// One end. The other is gone when nobody shares the bytes.
#[derive(Debug)]
pub(crate) struct PipeEnd {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    writes: bool,
    pub(crate) nonblocking: bool,
}

impl PipeEnd {
    /// Both ends: to read, and to write.
    pub(crate) fn pair() -> (Self, Self) {
        let bytes = Arc::default();
        let end = |writes| Self {
            bytes: Arc::clone(&bytes),
            writes,
            nonblocking: false,
        };
        (end(false), end(true))
    }

    fn is_alone(&self) -> bool {
        Arc::strong_count(&self.bytes) == 1
    }

    fn with<T>(&self, use_bytes: impl FnOnce(&mut VecDeque<u8>) -> T) -> T {
        use_bytes(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes in it.
    pub(crate) fn len(&self) -> usize {
        self.with(|bytes| bytes.len())
    }

    /// Bytes there is room for.
    pub(crate) fn room(&self) -> usize {
        CAPACITY - self.len()
    }

    /// Reads at most `room` bytes; `None`: nothing yet.
    ///
    /// # Errors
    /// `EBADF` at the end to write.
    pub(crate) fn read(&mut self, room: usize) -> Result<Option<Vec<u8>>, Errno> {
        if self.writes {
            return Err(Errno(libc::EBADF));
        }
        let count = self.len().min(room);
        if count == 0 && room > 0 && !self.is_alone() {
            return Ok(None);
        }
        Ok(Some(self.with(|bytes| bytes.drain(..count).collect())))
    }

    /// Writes what there is room for; `None`: nothing yet.
    ///
    /// # Errors
    /// `EBADF` at the end to read, `EPIPE` when that is gone.
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<Option<usize>, Errno> {
        if !self.writes {
            return Err(Errno(libc::EBADF));
        }
        if self.is_alone() {
            return Err(Errno(libc::EPIPE));
        }
        let count = self.room().min(data.len());
        self.with(|bytes| bytes.extend(&data[..count]));
        Ok((count > 0 || data.is_empty()).then_some(count))
    }

    /// What a look at this end gives.
    pub(crate) fn poll(&self) -> u32 {
        match (self.writes, self.is_alone()) {
            (true, true) => WRITABLE | ERROR,
            (true, false) if self.room() > 0 => WRITABLE,
            (false, alone) => {
                let readable = if self.len() > 0 { READABLE } else { 0 };
                readable | if alone { HUNG_UP } else { 0 }
            }
            _ => 0,
        }
    }
}
