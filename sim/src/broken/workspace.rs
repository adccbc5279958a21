//! A copy of the sources, with a fault in it.

use super::fault::{Fault, FaultError};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the simulation is made of.
const MEMBERS: [&str; 6] = [
    "crates/wire",
    "crates/journey",
    "crates/ring",
    "crates/tcp",
    "crates/stack",
    "sim",
];

/// The root of the sources that this was built from.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Makes the copy at `to` what `from` is with `fault`. What is there already and right is not written again, so that little is built
/// anew.
pub(super) fn copy(from: &Path, to: &Path, fault: &Fault) -> Result<(), CopyError> {
    let mut files = Vec::new();
    for member in MEMBERS {
        collect(from, Path::new(member), &mut files)?;
    }
    let mut kept: BTreeSet<PathBuf> = files.iter().cloned().collect();
    let changed = fault.changed(from)?;
    for file in files {
        let change = changed.iter().find(|(path, _)| *path == file);
        match change {
            Some((_, text)) => write(&to.join(&file), text.as_bytes())?,
            None => write(&to.join(&file), &read(&from.join(&file))?)?,
        }
    }
    let manifest = manifest(from)?;
    write(&to.join("Cargo.toml"), manifest.as_bytes())?;
    let lock = PathBuf::from("Cargo.lock");
    if !to.join(&lock).exists() {
        write(&to.join(&lock), &read(&from.join(&lock))?)?;
    }
    kept.extend([lock, "Cargo.toml".into()]);
    remove_others(to, &kept)
}

/// Why no copy was made.
#[derive(Debug)]
pub(super) enum CopyError {
    Fault(FaultError),
    Io(PathBuf, io::Error),
}

impl From<FaultError> for CopyError {
    fn from(error: FaultError) -> Self {
        Self::Fault(error)
    }
}

impl std::fmt::Display for CopyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(error) => error.fmt(f),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

/// The files below `folder` of `root`, by their paths from there.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CopyError> {
    let path = root.join(folder);
    let named = |error| CopyError::Io(path.clone(), error);
    for entry in fs::read_dir(&path).map_err(named)? {
        let entry = entry.map_err(named)?;
        let inner = folder.join(entry.file_name());
        if entry.file_type().map_err(named)?.is_dir() {
            collect(root, &inner, files)?;
        } else {
            files.push(inner);
        }
    }
    Ok(())
}

/// The workspace's manifest with the members that are there.
fn manifest(root: &Path) -> Result<String, CopyError> {
    let path = root.join("Cargo.toml");
    let text = String::from_utf8_lossy(&read(&path)?).into_owned();
    let members = format!("members = {MEMBERS:?}");
    let lines = text.lines().filter_map(|line| match line {
        line if line.starts_with("members =") => Some(members.as_str()),
        line if line.starts_with("default-members =") => None,
        line => Some(line),
    });
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

fn read(path: &Path) -> Result<Vec<u8>, CopyError> {
    fs::read(path).map_err(|error| CopyError::Io(path.to_owned(), error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CopyError> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let named = |error| CopyError::Io(path.to_owned(), error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    fs::write(path, bytes).map_err(named)
}

/// What was copied once and is no longer there.
fn remove_others(to: &Path, kept: &BTreeSet<PathBuf>) -> Result<(), CopyError> {
    let mut files = Vec::new();
    collect(to, Path::new(""), &mut files)?;
    for file in files.iter().filter(|file| !kept.contains(*file)) {
        let path = to.join(file);
        fs::remove_file(&path).map_err(|error| CopyError::Io(path, error))?;
    }
    Ok(())
}
