//! A shard on a thread, and the handle by which any thread reaches it.

mod cell;
pub(crate) mod registry;
mod shutdown;
mod snapshot;
pub(crate) mod waiters;

pub(crate) use cell::{ShardCell, Sleeper, State};
pub use snapshot::Snapshot;

use crate::driver::{Driver, Timer};
use crate::error;
use crate::mailbox::{Call, Inbox};
use periplus_journey::Record;
use periplus_ring::Device;
use periplus_stack::{Shard, ShardOptions};
use registry::ShardId;
use rustix::rand::{GetRandomFlags, getrandom};
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

/// Takes the records of a shard's journeys, on the shard's thread, between two bursts.
pub type Recorder = Box<dyn FnMut(Record)>;

/// A shard, from any thread. Cloning it is cheap; dropping it does not end the shard.
#[derive(Clone)]
pub struct ShardHandle {
    shard: ShardId,
    inbox: Arc<Inbox>,
}

impl ShardHandle {
    /// Makes a shard on this thread, joined to `device`, and spawns its driver on the current tokio runtime. That must be a
    /// current-thread runtime with I/O enabled: a shard never changes its thread. Several shards may share one.
    ///
    /// The shard ends with [`shutdown`](Self::shutdown), or with the runtime.
    pub fn spawn(
        options: ShardOptions,
        device: impl Device + 'static,
        recorder: Option<Recorder>,
    ) -> io::Result<ShardHandle> {
        let runtime = Handle::try_current().map_err(|_| error::wrong_runtime())?;
        if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return Err(error::wrong_runtime());
        }
        let mut secret = [0; 32];
        getrandom(&mut secret, GetRandomFlags::empty())?;
        let inbox = Inbox::new(ShardId::new());
        let driver = Driver::new(Arc::clone(&inbox), Timer::new()?);
        let shard = Shard::new(options, secret, device.capabilities());
        let cell = ShardCell::new(Arc::clone(&inbox), shard, Box::new(device), recorder);
        registry::insert(Rc::new(cell));
        runtime.spawn(driver);
        Ok(ShardHandle {
            shard: inbox.shard(),
            inbox,
        })
    }

    /// The shard that has this inbox.
    pub(crate) fn of(inbox: &Arc<Inbox>) -> Self {
        Self {
            shard: inbox.shard(),
            inbox: Arc::clone(inbox),
        }
    }

    /// What the shard has counted so far.
    pub async fn snapshot(&self) -> io::Result<Snapshot> {
        self.run(|cell| cell.call(|state, _| Snapshot::of(state, cell.inbox())))
            .await
    }

    /// Ends the shard. Listeners and the connections that the backend still holds are reset; those it has closed get up to
    /// `grace` to deliver what was written, and are reset then. The last records are given to the recorder, the driver
    /// ends, and every call that still waits fails. Gives the shard's last counts.
    pub async fn shutdown(&self, grace: Duration) -> io::Result<Snapshot> {
        let (reply, ended) = oneshot::channel();
        self.send_or_run(move |cell| {
            cell.call(|state, now| state.request_shutdown(now + grace, reply))
        })?;
        ended.await.map_err(|_| error::shard_gone())
    }

    /// Runs `call` now, if this is the shard's thread and the shard has not ended.
    pub(crate) fn on_own_thread<R>(&self, call: impl FnOnce(&ShardCell) -> R) -> Option<R> {
        registry::find(self.shard).map(|cell| call(&cell))
    }

    /// Has the driver run `call` on the shard's thread.
    pub(crate) fn send(&self, call: impl FnOnce(&ShardCell) + Send + 'static) -> io::Result<()> {
        self.inbox
            .send(Call::Run(Box::new(call)))
            .map_err(|_| error::shard_gone())
    }

    /// Runs `call` on the shard's thread, wherever this is.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        call: impl FnOnce(&ShardCell) -> R + Send + 'static,
    ) -> io::Result<R> {
        let (reply, result) = oneshot::channel();
        self.send_or_run(move |cell| drop(reply.send(call(cell))))?;
        result.await.map_err(|_| error::shard_gone())
    }

    fn send_or_run(&self, call: impl FnOnce(&ShardCell) + Send + 'static) -> io::Result<()> {
        match registry::find(self.shard) {
            Some(cell) => {
                call(&cell);
                Ok(())
            }
            None => self.send(call),
        }
    }
}

impl fmt::Debug for ShardHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ShardHandle").field(&self.shard).finish()
    }
}
