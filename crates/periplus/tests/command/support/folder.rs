//! A folder to serve.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    /// With a file in it.
    pub(crate) fn with(self, name: &str, content: &[u8]) -> Folder {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder"))
            .expect("a folder for the file");
        std::fs::write(path, content).expect("a file");
        self
    }

    /// For every user to read; a temporary folder may be its maker's alone.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn open_to_all(self) -> Folder {
        self.allow(0o755)
    }

    /// For nobody else to read.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn closed_to_others(self) -> Folder {
        self.allow(0o700)
    }

    fn allow(self, mode: u32) -> Folder {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(self.path(), PermissionsExt::from_mode(mode)).expect("it is ours");
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// `length` bytes in which no stretch is like another, so that a byte in the wrong place is seen.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64 (Marsaglia)
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
