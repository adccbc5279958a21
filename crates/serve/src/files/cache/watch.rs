//! Folders that are watched for changes (inotify(7)).

use super::super::beneath::find_beneath;
use super::super::patience::Patience;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Folders that are watched at most. What lies in others is looked at on every request.
const MOST: usize = 4096;

/// Whatever may make another file of a name, or other bytes of a file.
const CHANGES: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// The number of a root, and a folder's path under it: no bytes for the root itself.
pub(super) type Folder = (usize, Box<[u8]>);

/// What changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// This name in a folder.
    Name(Folder, Box<[u8]>),
    /// The folder itself, which is watched still.
    Folder(Folder),
    /// The folder is gone, or has another name: the one that comes by this name is not watched.
    Gone(Folder),
    /// Nobody knows what: there was more than the kernel keeps.
    Anything,
}

/// Watches folders, each as long as somebody uses it.
#[derive(Debug)]
pub(super) struct Watcher {
    inotify: OwnedFd,
    folders: HashMap<Folder, Watch>,
    /// The folders of a descriptor: more than one where roots overlap.
    by_descriptor: HashMap<i32, Vec<Folder>>,
}

#[derive(Debug)]
struct Watch {
    descriptor: i32,
    uses: usize,
}

impl Watcher {
    /// `None` where the host does not allow it.
    pub(super) fn new() -> Option<Self> {
        Some(Self {
            inotify: inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?,
            folders: HashMap::new(),
            by_descriptor: HashMap::new(),
        })
    }

    /// Watches a folder, if it is not watched already. Says whether it was; `None` if it cannot be.
    pub(super) fn watch(&mut self, root: &OwnedFd, folder: &Folder) -> Option<bool> {
        if let Some(watch) = self.folders.get_mut(folder) {
            watch.uses += 1;
            return Some(true);
        }
        if self.folders.len() >= MOST {
            return None;
        }
        let path = match &*folder.1 {
            b"" => Path::new("."),
            path => Path::new(OsStr::from_bytes(path)),
        };
        // It was on the way to a file a moment ago: nothing has to be waited for.
        let named = find_beneath(root.as_fd(), path, Patience::None).ok()?;
        if named.by_link {
            return None;
        }
        let by_number = format!("/proc/self/fd/{}", named.fd.as_raw_fd());
        let descriptor = inotify::add_watch(&self.inotify, by_number, CHANGES).ok()?;
        let watch = Watch {
            descriptor,
            uses: 1,
        };
        self.folders.insert(folder.clone(), watch);
        let folders = self.by_descriptor.entry(descriptor).or_default();
        folders.push(folder.clone());
        Some(false)
    }

    /// Watches a folder no longer, if nobody else uses it.
    pub(super) fn release(&mut self, folder: &Folder) {
        let Some(watch) = self.folders.get_mut(folder) else {
            return;
        };
        watch.uses -= 1;
        if watch.uses > 0 {
            return;
        }
        let descriptor = watch.descriptor;
        self.folders.remove(folder);
        if let Some(folders) = self.by_descriptor.get_mut(&descriptor) {
            folders.retain(|other| other != folder);
            if folders.is_empty() {
                self.by_descriptor.remove(&descriptor);
                // It may be gone by itself.
                let _ = inotify::remove_watch(&self.inotify, descriptor);
            }
        }
    }

    /// What has changed since this was last asked.
    pub(super) fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut buffer = [const { MaybeUninit::uninit() }; 4096];
        let mut events = inotify::Reader::new(self.inotify.as_fd(), &mut buffer);
        loop {
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => return changes,
            };
            let kind = event.events();
            if kind.contains(ReadFlags::QUEUE_OVERFLOW) {
                changes.push(Change::Anything);
            }
            let descriptor = event.wd();
            let Some(folders) = self.by_descriptor.get(&descriptor) else {
                continue;
            };
            for folder in folders {
                // A root is held, whatever it is called.
                let moved = kind.contains(ReadFlags::MOVE_SELF) && !folder.1.is_empty();
                changes.push(match event.file_name() {
                    _ if moved || kind.contains(ReadFlags::IGNORED) => Change::Gone(folder.clone()),
                    Some(name) => Change::Name(folder.clone(), name.to_bytes().into()),
                    None => Change::Folder(folder.clone()),
                });
            }
            if kind.contains(ReadFlags::IGNORED) {
                for folder in self.by_descriptor.remove(&descriptor).unwrap_or_default() {
                    self.folders.remove(&folder);
                }
            }
        }
    }
}
