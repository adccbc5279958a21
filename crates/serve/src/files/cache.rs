//! What is kept of files that were asked for: their bytes where they are small, the open file where not, and ready header
//! lines in any case.
//!
//! What is kept is good for [`FRESH`] after it was looked at, unless a change is told of before; then the file is looked at
//! anew, and what is kept is kept on if it is the same file still. Of what lies behind a link, or has several names, or in a
//! folder that cannot be watched, nobody tells: it is looked at for every request, and only not read.

mod entry;
mod watch;

use super::coding::Accepted;
use super::locate::Located;
use super::memory::Memory;
use super::negotiation::Choice;
use super::offer::Offer;
use super::representation::{Content, Representation};
use entry::{Entry, Seen, ancestors};
use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use watch::{Change, Watcher};

/// How long what was looked at is taken for what is there, where a change would be told of.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Bytes of the whole for each file that is kept, however small: what is kept besides its bytes costs as well.
const LEAST_SHARE: usize = 4096;

/// The files that are kept.
#[derive(Debug)]
pub(super) struct Cache {
    roots: Vec<Option<Root>>,
    entries: Vec<Option<Entry>>,
    free: Vec<usize>,
    /// Where the search for what was not used lately goes on.
    hand: usize,
    /// Which entries are of the file at a path under a root.
    by_path: BTreeMap<(usize, Box<[u8]>), Vec<usize>>,
    /// Grows with every change that is told.
    changes: u64,
    watcher: Option<Watcher>,
    kept: Memory,
    open: usize,
    most_open: usize,
    most: usize,
}

#[derive(Debug)]
struct Root {
    /// Entries by the path that was asked for, as it was written.
    by_target: HashMap<Box<str>, usize>,
    index: Vec<Box<[u8]>>,
}

/// Where something is kept: something else, it may be, a moment later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

/// When a request began to look for what is there: what was told of until then was heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    now: Duration,
    changes: u64,
}

impl Cache {
    /// At most the bytes of `kept` and so many open files.
    pub(super) fn new(kept: Memory, most_open: usize) -> Self {
        let most = kept.limit() / LEAST_SHARE;
        Self {
            roots: Vec::new(),
            entries: Vec::new(),
            free: Vec::new(),
            hand: 0,
            by_path: BTreeMap::new(),
            changes: 0,
            watcher: (most > 0).then(Watcher::new).flatten(),
            kept,
            open: 0,
            most_open,
            most,
        }
    }

    /// A new root, whose folders are answered with these names in them.
    pub(super) fn add_root(&mut self, index: &[String]) -> usize {
        let root = Root {
            by_target: HashMap::new(),
            index: index.iter().map(|name| name.as_bytes().into()).collect(),
        };
        match self.roots.iter().position(Option::is_none) {
            Some(place) => {
                self.roots[place] = Some(root);
                place
            }
            None => {
                self.roots.push(Some(root));
                self.roots.len() - 1
            }
        }
    }

    /// Forgets a root and what is kept of it.
    pub(super) fn remove_root(&mut self, root: usize) {
        let Some(removed) = self.roots[root].take() else {
            return;
        };
        for place in removed.by_target.into_values() {
            self.remove(place);
        }
    }

    /// What is kept for a request, and good. Where there is nothing, what is to be handed on once the file was looked at.
    ///
    /// This is all that a request for a small file that is kept takes: no allocation, nothing formatted, nothing waited for.
    pub(super) fn find(
        &mut self,
        root: usize,
        target: &str,
        accepted: &Accepted,
        is_part: bool,
        now: Duration,
    ) -> Result<Arc<Representation>, Look> {
        let look = self.look(now);
        let place = self.roots[root]
            .as_ref()
            .and_then(|root| root.by_target.get(target));
        let entry = place
            .and_then(|&place| self.entries[place].as_mut())
            .ok_or(look)?;
        if !entry.is_good(now) {
            return Err(look);
        }
        let choice = entry.offer.choose(accepted, is_part).ok_or(look)?;
        entry.is_used = true;
        entry.representation(choice).cloned().ok_or(look)
    }

    /// Where what is kept for a target is.
    pub(super) fn place(&self, root: usize, target: &str) -> Option<Place> {
        let place = self.roots[root].as_ref()?.by_target.get(target)?;
        Some(Place(*place))
    }

    /// Whether `representation` is what is kept at `place`, and good.
    pub(super) fn is_good(
        &mut self,
        Place(place): Place,
        representation: &Arc<Representation>,
        now: Duration,
    ) -> bool {
        self.hear();
        let entry = self.entries.get_mut(place).and_then(Option::as_mut);
        let Some(entry) = entry.filter(|entry| entry.is_good(now)) else {
            return false;
        };
        entry.is_used = true;
        entry.holds(representation)
    }

    /// Begins a look at what is there.
    pub(super) fn look(&mut self, now: Duration) -> Look {
        self.hear();
        Look {
            now,
            changes: self.changes,
        }
    }

    /// What is kept of a file that was looked at: good again, if the file is what it was. Otherwise it is let go of.
    pub(super) fn find_again(
        &mut self,
        root: usize,
        target: &str,
        located: &Located,
        choice: Choice,
        look: Look,
    ) -> Option<Arc<Representation>> {
        let place = *self.roots[root].as_ref()?.by_target.get(target)?;
        let entry = self.entries[place].as_mut()?;
        if !entry.is_settled || entry.seen != Seen::of(located) {
            // Its folders are watched on, for what comes in its place.
            self.open -= entry.empty();
            return None;
        }
        entry.checked = (look.changes == self.changes).then_some(look.now);
        entry.representation(choice).cloned()
    }

    /// Keeps what a request was answered with. `is_settled`: whoever changes the file from now on changes its times.
    pub(super) fn keep(
        &mut self,
        (root, root_folder): (usize, &OwnedFd),
        target: &str,
        located: &Located,
        offer: &Offer,
        (choice, representation): (Choice, &Arc<Representation>),
        (look, is_settled): (Look, bool),
    ) {
        if matches!(representation.content, Content::Made(..)) || self.most == 0 {
            return;
        }
        let opens = usize::from(matches!(representation.content, Content::File(_)));
        if opens > self.most_open || self.roots[root].is_none() {
            return;
        }
        let kept = self.roots[root]
            .as_ref()
            .and_then(|root| root.by_target.get(target));
        let kept = kept.copied();
        let kept = kept.filter(|&place| self.renew(place, located, offer, look, is_settled));
        let place = kept.unwrap_or_else(|| {
            let entry = Entry::new((root, target), located, offer.clone(), is_settled);
            self.insert(entry, root_folder, look)
        });
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        self.open += opens;
        self.open -= entry.put(choice, representation.clone());
        self.make_room(0);
    }

    /// Makes an entry one of the file as it was looked at now. Says whether it is; where it can not be, it is forgotten.
    fn renew(
        &mut self,
        place: usize,
        located: &Located,
        offer: &Offer,
        look: Look,
        is_settled: bool,
    ) -> bool {
        let Some(entry) = self.entries[place].as_mut() else {
            return false;
        };
        let seen = Seen::of(located);
        if entry.seen == seen && !entry.is_empty() {
            return true;
        }
        if !entry.is_at(located) || entry.seen.is_told_of != seen.is_told_of {
            self.forget(place);
            return false;
        }
        self.open -= entry.empty();
        entry.seen = seen;
        entry.offer = offer.clone();
        entry.is_settled = is_settled;
        entry.checked = (look.changes == self.changes).then_some(look.now);
        true
    }

    fn insert(&mut self, mut entry: Entry, root_folder: &OwnedFd, look: Look) -> usize {
        let watched_before = self.watch(&mut entry, root_folder);
        if watched_before && look.changes == self.changes {
            entry.checked = Some(look.now);
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let path = (entry.root, entry.path.clone());
        self.by_path.entry(path).or_default().push(place);
        if let Some(root) = self.roots[entry.root].as_mut() {
            root.by_target.insert(entry.target.clone(), place);
        }
        self.entries[place] = Some(entry);
        place
    }

    /// Watches the folders that a file lies in, up to the root. Says whether all of them were watched before, so that nothing
    /// can have been missed.
    fn watch(&mut self, entry: &mut Entry, root_folder: &OwnedFd) -> bool {
        let (Some(watcher), true) = (&mut self.watcher, entry.seen.is_told_of) else {
            return false;
        };
        let mut watched_before = true;
        for folder in ancestors(&entry.path) {
            let folder = (entry.root, folder.into());
            match watcher.watch(root_folder, &folder) {
                Some(before) => watched_before &= before,
                None => {
                    for folder in entry.watches.drain(..) {
                        watcher.release(&folder);
                    }
                    return false;
                }
            }
            entry.watches.push(folder);
        }
        watched_before
    }

    /// Lets go of what was not used lately, until there is room for `length` bytes more. Says whether there is.
    pub(super) fn make_room(&mut self, length: usize) -> bool {
        let is_full = |cache: &Self| {
            let entries = cache.entries.len() - cache.free.len();
            cache.open > cache.most_open || entries > cache.most || !cache.kept.has_room_for(length)
        };
        // Every one is come by twice, and has no excuse the second time. What is new has none the first time: it must be asked
        // for again to be worth more than what was.
        for _ in 0..2 * self.entries.len() {
            if !is_full(self) {
                return true;
            }
            self.hand = (self.hand + 1) % self.entries.len();
            if let Some(entry) = &mut self.entries[self.hand]
                && !std::mem::take(&mut entry.is_used)
            {
                self.forget(self.hand);
            }
        }
        !is_full(self)
    }

    /// Removes an entry, and its name.
    fn forget(&mut self, place: usize) {
        if let Some(entry) = &self.entries[place]
            && let Some(root) = &mut self.roots[entry.root]
        {
            root.by_target.remove(&entry.target);
        }
        self.remove(place);
    }

    fn remove(&mut self, place: usize) {
        let Some(entry) = self.entries[place].take() else {
            return;
        };
        self.free.push(place);
        self.open -= entry.opens();
        let path = (entry.root, entry.path);
        if let Some(places) = self.by_path.get_mut(&path) {
            places.retain(|&other| other != place);
            if places.is_empty() {
                self.by_path.remove(&path);
            }
        }
        if let Some(watcher) = &mut self.watcher {
            for folder in &entry.watches {
                watcher.release(folder);
            }
        }
    }

    /// Hears of what has changed: one look at a descriptor where there is nothing.
    fn hear(&mut self) {
        let changes = match &mut self.watcher {
            Some(watcher) => watcher.changes(),
            None => return,
        };
        for change in changes {
            self.changes += 1;
            match change {
                Change::Name((root, folder), name) => self.name_changed(root, &folder, &name),
                Change::Folder((root, folder)) => self.path_changed(root, &folder),
                // What comes by these names is watched from the folders on, which are others.
                Change::Gone((root, folder)) => {
                    let gone = self.beneath(root, &folder);
                    gone.into_iter().for_each(|place| self.forget(place));
                }
                Change::Anything => self.entries.iter_mut().flatten().for_each(Entry::doubt),
            }
        }
    }

    /// A name of a folder is another file's now, or the file is another: that of a file, of one beside it, of a folder on the
    /// way, or one that a folder is answered with.
    fn name_changed(&mut self, root: usize, folder: &[u8], name: &[u8]) {
        let path = |name: &[u8]| match folder {
            b"" => name.to_vec(),
            folder => [folder, b"/", name].concat(),
        };
        self.path_changed(root, &path(name));
        for extension in [&b".br"[..], b".zst", b".gz"] {
            if let Some(stem) = name.strip_suffix(extension) {
                self.path_changed(root, &path(stem));
            }
        }
        let index = self.roots[root].as_ref().map(|root| root.index.clone());
        let index = index.unwrap_or_default();
        if index.iter().any(|index| name.starts_with(index)) {
            for index in index {
                self.path_changed(root, &path(&index));
            }
        }
    }

    fn path_changed(&mut self, root: usize, path: &[u8]) {
        for place in self.beneath(root, path) {
            if let Some(entry) = &mut self.entries[place] {
                entry.doubt();
            }
        }
    }

    /// The entries of a path and of what lies in it.
    fn beneath(&self, root: usize, path: &[u8]) -> Vec<usize> {
        let from = (root, Box::from(path));
        let entries = self.by_path.range(from..);
        entries
            .take_while(|((of, key), _)| *of == root && key.starts_with(path))
            .filter(|((_, key), _)| {
                path.is_empty() || matches!(key.get(path.len()), None | Some(b'/'))
            })
            .flat_map(|(_, places)| places.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests;
