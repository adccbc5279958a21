//! What is kept of one file.

use super::super::coding::Coding;
use super::super::locate::Located;
use super::super::negotiation::Choice;
use super::super::offer::Offer;
use super::super::representation::{Content, Representation};
use super::super::status::Status;
use super::FRESH;
use super::watch::Folder;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

/// A file that was asked for by one target.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) root: usize,
    /// The path that was asked for.
    pub(super) target: Box<str>,
    /// The path of the file.
    pub(super) path: Box<[u8]>,
    pub(super) seen: Seen,
    pub(super) offer: Offer,
    representations: [Option<Arc<Representation>>; 5],
    /// When the file was last looked at; `None` if it may have changed since.
    pub(super) checked: Option<Duration>,
    /// The folders that are watched for it; none if nobody tells of its changes.
    pub(super) watches: Vec<Folder>,
    /// Whoever changes the file after this was read changes its times: they are not of the moment in which it was read.
    pub(super) is_settled: bool,
    pub(super) is_used: bool,
}

/// What the files were when they were looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    file: Status,
    beside: Vec<(Coding, Status)>,
    /// Whoever watches the folders on the way is told of every change: there is no link on the way, and no other name by
    /// which the file could be changed.
    pub(super) is_told_of: bool,
}

impl Seen {
    pub(super) fn of(located: &Located) -> Self {
        let beside = located.beside.iter();
        let beside: Vec<_> = beside
            .map(|(coding, opened)| (*coding, opened.status))
            .collect();
        let mut files = beside.iter().map(|(_, status)| status);
        let has_one_name = |status: &Status| status.attributes.links == 1;
        let is_told_of =
            !located.by_link && has_one_name(&located.opened.status) && files.all(has_one_name);
        Self {
            file: located.opened.status,
            is_told_of,
            beside,
        }
    }
}

impl Entry {
    pub(super) fn new(
        (root, target): (usize, &str),
        located: &Located,
        offer: Offer,
        is_settled: bool,
    ) -> Self {
        Self {
            root,
            target: target.into(),
            path: located.path.as_os_str().as_bytes().into(),
            seen: Seen::of(located),
            offer,
            representations: Default::default(),
            checked: None,
            watches: Vec::new(),
            is_settled,
            is_used: false,
        }
    }

    /// Whether the file need not be looked at.
    pub(super) fn is_good(&self, now: Duration) -> bool {
        let is_fresh = |checked| now.saturating_sub(checked) < FRESH;
        !self.watches.is_empty() && self.checked.is_some_and(is_fresh)
    }

    /// The file may have changed.
    pub(super) fn doubt(&mut self) {
        self.checked = None;
    }

    pub(super) fn representation(&self, choice: Choice) -> Option<&Arc<Representation>> {
        self.representations[place(choice)].as_ref()
    }

    /// Whether it keeps this very one.
    pub(super) fn holds(&self, representation: &Arc<Representation>) -> bool {
        let mut kept = self.representations.iter().flatten();
        kept.any(|kept| Arc::ptr_eq(kept, representation))
    }

    /// Keeps a representation. Says how many open files it takes the place of.
    pub(super) fn put(&mut self, choice: Choice, representation: Arc<Representation>) -> usize {
        let before = self.representations[place(choice)].replace(representation);
        before.as_ref().map_or(0, opens)
    }

    /// Whether it is of the file at this path.
    pub(super) fn is_at(&self, located: &Located) -> bool {
        *self.path == *located.path.as_os_str().as_bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.representations.iter().all(Option::is_none)
    }

    /// Lets go of what it keeps. Says how many open files that were.
    pub(super) fn empty(&mut self) -> usize {
        let opens = self.opens();
        self.representations = Default::default();
        opens
    }

    /// How many open files it keeps.
    pub(super) fn opens(&self) -> usize {
        self.representations.iter().flatten().map(opens).sum()
    }
}

/// What lies beside a file in a coding is sent in place of what could be made: never both.
fn place(choice: Choice) -> usize {
    let (Choice::There(coding) | Choice::Made(coding)) = choice;
    coding as usize
}

fn opens(representation: &Arc<Representation>) -> usize {
    usize::from(matches!(representation.content, Content::File(_)))
}

/// The folders that a path lies in, from the root on.
pub(super) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
    std::iter::once(&b""[..]).chain(slashes.map(|(end, _)| &path[..end]))
}
