//! The three numbers of `tcp_rmem` and `tcp_wmem`.

use std::fmt;

/// How many bytes a queue may hold. Written as `sysctl` writes it: three numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BufferSizes {
    /// However little memory is free.
    pub least: usize,
    /// At a connection's beginning.
    pub usual: usize,
    /// When it has grown.
    pub most: usize,
}

impl BufferSizes {
    /// A queue that has `bytes` from its beginning on, unless memory runs short.
    pub const fn fixed(bytes: usize) -> Self {
        Self {
            least: 4096,
            usual: bytes,
            most: bytes,
        }
    }
}

impl fmt::Debug for BufferSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.least, self.usual, self.most)
    }
}
