//! How files are read.

/// How files are read.
#[derive(Clone, Debug)]
pub struct FilesOptions {
    /// On which thread.
    pub read: ReadMode,
    /// Reads in flight at a time with [`ReadMode::Async`]; more wait their turn.
    pub reads_in_flight: usize,
    /// Bytes of files that answers under way may hold together, from the disk to the last acknowledgement. As they grow
    /// short, files are read in smaller pieces and not ahead; an answer has up to three of 16 KiB in any case.
    pub memory: usize,
}

impl Default for FilesOptions {
    fn default() -> Self {
        Self {
            read: ReadMode::default(),
            reads_in_flight: 64,
            memory: 256 << 20,
        }
    }
}

/// On which thread files are opened and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// What the kernel has at hand at once, the rest on a thread of the pool, while the shard goes on.
    #[default]
    Async,
    /// On the shard's own. It stands still as long as the disk takes: what arrives meanwhile waits in `rx_ring`, what
    /// was received before in `receive_queue`, and the shard's histogram of gaps (`shard_gap`) shows for how long. This
    /// is what a server looks like that reads files as if that took no time.
    Blocking,
}
