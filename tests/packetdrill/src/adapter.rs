//! One instance of the stack behind packetdrill's interface.

use crate::flags::Flags;
use crate::sysctl_file::SysctlFile;
use crate::world::World;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// The world, locked.
pub(crate) type Guard<'a> = MutexGuard<'a, World>;

/// What [`Interface::userdata`](crate::Interface::userdata) points to.
#[derive(Debug)]
pub(crate) struct Adapter {
    world: Mutex<World>,
    /// Something has changed that a waiting thread may want to look at.
    pub(crate) changed: Condvar,
}

/// Those of this process, for calls that name a descriptor and no adapter.
static ALL: Mutex<Vec<Weak<Adapter>>> = Mutex::new(Vec::new());

impl Adapter {
    /// An adapter whose clock is moved by the calling thread.
    pub(crate) fn new(flags: Flags) -> Arc<Self> {
        let adapter = Arc::new(Self {
            world: Mutex::new(World::new(flags, SysctlFile::of_this_process())),
            changed: Condvar::new(),
        });
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|adapter| adapter.strong_count() > 0);
        all.push(Arc::downgrade(&adapter));
        adapter
    }

    /// The adapter that has the descriptor.
    pub(crate) fn of(descriptor: libc::c_int) -> Option<Arc<Self>> {
        let all: Vec<_> = {
            let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        all.into_iter()
            .find(|adapter| adapter.lock().descriptors.contains(descriptor))
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        self.world.lock().expect("no call has panicked")
    }
}
