//! How files are read, and how they are answered with.

/// How files are read.
#[derive(Clone, Debug)]
pub struct FilesOptions {
    /// On which thread.
    pub read: ReadMode,
    /// Reads in flight at a time with [`ReadMode::Async`]; more wait their turn.
    pub reads_in_flight: usize,
    /// Bytes of files that answers under way may hold together, from the disk to the last acknowledgement. As they grow
    /// short, files are read in smaller pieces and not ahead, and an answer waits until its peer has taken one; up to three of
    /// 16 KiB it has in any case.
    pub memory: usize,
    /// Bytes of small files that are kept, with their header lines, to be sent again without being read: at most. A file of
    /// more than a 64th of it, or 1 MiB, is not kept.
    pub cache: usize,
    /// Files that are kept open at most.
    pub open_files: usize,
}

impl Default for FilesOptions {
    fn default() -> Self {
        Self {
            read: ReadMode::default(),
            reads_in_flight: 64,
            memory: 24 << 20,
            cache: 64 << 20,
            open_files: 1024,
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

/// How a folder's files are answered with.
#[derive(Clone, Debug)]
pub struct FolderOptions {
    /// What a folder is answered with: the first of these names that is in it.
    pub index: Vec<String>,
    /// List folders that have none of these, as HTML, or as JSON for whoever prefers that.
    pub listing: bool,
    /// Serve names that begin with a dot. (`.well-known` at the root is served in any case.)
    pub hidden: bool,
    /// What an entity tag is made of.
    pub entity_tags: EntityTags,
    /// Answer with `NAME.br`, `NAME.zst` or `NAME.gz` beside a file, where the client accepts that.
    pub precompressed: bool,
    /// Compress texts on the way, where the client accepts that and none of those is there.
    pub compress: bool,
    /// The least length, in bytes, that is worth being compressed.
    pub compress_from: u64,
}

/// What an entity tag is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntityTags {
    /// The file's number, length and times, to the nanosecond.
    #[default]
    Status,
    /// Its content: for files whose times say nothing, as where every one is of 1970.
    Content,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self {
            index: vec!["index.html".into()],
            listing: false,
            hidden: false,
            entity_tags: EntityTags::default(),
            precompressed: true,
            compress: true,
            compress_from: 1024,
        }
    }
}
