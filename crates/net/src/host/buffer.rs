//! What was read of a stream and not taken yet.

use std::cell::RefCell;
use std::mem::take;
use tokio::io::ReadBuf;

/// How much is read at once. What more there is stays with the kernel.
const SIZE: usize = 16 * 1024;

/// How many buffers a thread keeps for the next stream that has something to read.
const SPARE: usize = 64;

thread_local! {
    static SPARES: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes between the kernel and the backend. An empty one has no memory: it is borrowed for as long as there is something.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
}

impl Buffer {
    /// What lies in it.
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.from..self.to]
    }

    /// Fills an empty one by `read`, which says whether it has read.
    pub(super) fn fill<R>(&mut self, read: impl FnOnce(&mut ReadBuf<'_>) -> R) -> R {
        if self.bytes.is_empty() {
            let spare = SPARES.with_borrow_mut(Vec::pop);
            self.bytes = spare.unwrap_or_else(|| vec![0; SIZE].into());
        }
        let mut buffer = ReadBuf::new(&mut self.bytes);
        let result = read(&mut buffer);
        (self.from, self.to) = (0, buffer.filled().len());
        self.rest();
        result
    }

    /// Takes `length` bytes off its front.
    pub(super) fn consume(&mut self, length: usize) {
        self.from = self.to.min(self.from + length);
        self.rest();
    }

    /// Gives the memory back if nothing is in it.
    fn rest(&mut self) {
        if self.from == self.to && !self.bytes.is_empty() {
            (self.from, self.to) = (0, 0);
            let bytes = take(&mut self.bytes);
            SPARES.with_borrow_mut(|spares| {
                if spares.len() < SPARE {
                    spares.push(bytes);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_there_until_it_is_taken_and_then_no_memory_is_held() {
        let mut buffer = Buffer::default();
        buffer.fill(|read| read.put_slice(b"abcdef"));
        assert_eq!(buffer.unread(), b"abcdef");
        buffer.consume(2);
        assert_eq!(buffer.unread(), b"cdef");
        assert!(!buffer.bytes.is_empty());
        buffer.consume(4);
        assert!(buffer.unread().is_empty() && buffer.bytes.is_empty());
        buffer.fill(|_| ());
        assert!(buffer.bytes.is_empty(), "nothing was read");
    }
}
