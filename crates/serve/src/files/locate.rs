//! What a target leads to: a file, and what lies beside it.

use super::beneath::{Named, find_beneath, open_named};
use super::coding::Coding;
use super::negotiation::Choice;
use super::options::FolderOptions;
use super::patience::{Patience, WOULD_WAIT};
use super::status::Status;
use super::target::Target;
use rustix::fs::{FileType, Stat, fstat};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was found at a target.
#[derive(Debug)]
pub(super) enum Found {
    /// A file to serve.
    File(Located),
    /// A folder that was named without its slash.
    Folder,
    /// A folder that has no index.
    NoIndex,
    /// Nothing that is served.
    Nothing,
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct Located {
    /// Relative to the root; a folder's index has its own name.
    pub(super) path: PathBuf,
    pub(super) opened: Opened,
    /// The same in a coding, each in a file of its own.
    pub(super) beside: Vec<(Coding, Opened)>,
    /// A link was on the way: where it leads, nobody tells us of a change.
    pub(super) by_link: bool,
}

/// A file as it was when it was opened.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) file: Arc<OwnedFd>,
    pub(super) status: Status,
}

/// Looks for a target under `root`.
pub(super) fn locate(
    root: &OwnedFd,
    target: &Target,
    options: &FolderOptions,
    patience: Patience,
) -> io::Result<Found> {
    let Some((named, stat)) = find(root, target.path(), patience)? else {
        return Ok(Found::Nothing);
    };
    let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    if !is_folder {
        if target.is_folder {
            return Ok(Found::Nothing);
        }
        let file = with_beside(root, target.path().to_path_buf(), named, options, patience)?;
        return Ok(file.map_or(Found::Nothing, Found::File));
    }
    if !target.is_folder {
        return Ok(Found::Folder);
    }
    for index in &options.index {
        let path = target.path().join(index);
        if let Some((named, _)) = find(root, &path, patience)?
            && let Some(located) = with_beside(root, path, named, options, patience)?
        {
            return Ok(Found::File(located));
        }
    }
    Ok(Found::NoIndex)
}

/// Opens the file at `path` and what lies beside it; `None` if it is no file.
fn with_beside(
    root: &OwnedFd,
    path: PathBuf,
    named: Named,
    options: &FolderOptions,
    patience: Patience,
) -> io::Result<Option<Located>> {
    let Some(opened) = open(root, &path, &named)? else {
        return Ok(None);
    };
    let mut located = Located {
        path,
        opened,
        beside: Vec::new(),
        by_link: named.by_link,
    };
    if options.precompressed {
        for coding in Coding::ALL {
            located.look_beside(root, coding, patience)?;
        }
    }
    Ok(Some(located))
}

impl Located {
    /// The file with the bytes of what was chosen, or those that it is made of.
    pub(super) fn chosen(&self, choice: Choice) -> &Opened {
        let wanted = match choice {
            Choice::There(coding) => coding,
            Choice::Made(_) => Coding::Identity,
        };
        let mut beside = self.beside.iter();
        let found = beside.find(|(coding, _)| *coding == wanted);
        found.map_or(&self.opened, |(_, opened)| opened)
    }

    /// Looks for this file in a coding beside it. What is older than the file is of another version of it, and what is not
    /// smaller is of no use.
    fn look_beside(
        &mut self,
        root: &OwnedFd,
        coding: Coding,
        patience: Patience,
    ) -> io::Result<()> {
        let Some(extension) = coding.extension() else {
            return Ok(());
        };
        let mut path = self.path.clone().into_os_string();
        path.push(extension);
        let path = Path::new(&path);
        let would_wait = |error: &io::Error| Errno::from_io_error(error) == Some(WOULD_WAIT);
        let opened = match find(root, path, patience) {
            Ok(Some((named, _))) => {
                self.by_link |= named.by_link;
                open(root, path, &named).ok().flatten()
            }
            Err(error) if would_wait(&error) => return Err(error),
            // The file itself can be had.
            Ok(None) | Err(_) => None,
        };
        if let Some(opened) = opened
            && opened.status.modified >= self.opened.status.modified
            && opened.status.length < self.opened.status.length
        {
            self.beside.push((coding, opened));
        }
        Ok(())
    }
}

/// Finds what is at a path beneath the root; `None` if there is nothing that is ours to serve.
pub(super) fn find(
    root: &OwnedFd,
    path: &Path,
    patience: Patience,
) -> io::Result<Option<(Named, Stat)>> {
    let named = match find_beneath(root.as_fd(), path, patience) {
        Ok(named) => named,
        // Not there, no folder on the way, too long a name, a loop of links or one that leads out.
        Err(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::NAMETOOLONG
            | Errno::LOOP
            | Errno::XDEV
            | Errno::INVAL,
        ) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let stat = fstat(&named.fd)?;
    Ok(Some((named, stat)))
}

/// Opens what was found, if it is a regular file. Nothing else is ever opened.
fn open(root: &OwnedFd, path: &Path, named: &Named) -> io::Result<Option<Opened>> {
    if Status::of_file(&fstat(&named.fd)?).is_none() {
        return Ok(None);
    }
    let file = match open_named(root.as_fd(), path, named) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let opened = Status::of_file(&fstat(&file)?).map(|status| Opened {
        file: Arc::new(file),
        status,
    });
    Ok(opened)
}
