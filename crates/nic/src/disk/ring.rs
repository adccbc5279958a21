//! The ring, and the reads that the kernel has.

use io_uring::{IoUring, Probe, opcode, types};
use std::fmt;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::task::Waker;

/// A ring with a place for each read.
pub(super) struct Ring {
    ring: IoUring,
    reads: Vec<Option<Read>>,
    free: Vec<usize>,
    /// The kernel did not take all that was handed to it.
    is_submitted: bool,
}

/// What the kernel has of ours: it writes to the buffer's bytes, which stay where they are as long as this is not dropped.
struct Read {
    file: Arc<OwnedFd>,
    offset: u64,
    buffer: Vec<u8>,
    filled: usize,
    state: State,
}

enum State {
    /// The kernel has it, and somebody may wait.
    UnderWay(Option<Waker>),
    /// The kernel has it, and nobody will ask.
    Abandoned,
    Done(io::Result<()>),
}

/// How far a read is.
pub(super) enum Outcome {
    Read(io::Result<Vec<u8>>),
    UnderWay { is_submitted: bool },
}

impl Ring {
    pub(super) fn open(reads: u32, completed: &OwnedFd) -> io::Result<Self> {
        let ring = IoUring::builder().setup_clamp().build(reads.max(1))?;
        let mut probe = Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        if !probe.is_supported(opcode::Read::CODE) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        ring.submitter().register_eventfd(completed.as_raw_fd())?;
        // Each has one entry in a queue at a time: none can overflow.
        let places = ring.params().sq_entries().min(reads.max(1)) as usize;
        Ok(Self {
            ring,
            reads: (0..places).map(|_| None).collect(),
            free: (0..places).collect(),
            is_submitted: true,
        })
    }

    /// Begins a read, if there is a place for it.
    pub(super) fn begin(
        &mut self,
        file: Arc<OwnedFd>,
        offset: u64,
        length: usize,
    ) -> Option<usize> {
        let place = self.free.pop()?;
        self.reads[place] = Some(Read {
            file,
            offset,
            buffer: vec![0; length],
            filled: 0,
            state: State::UnderWay(None),
        });
        self.push(place);
        self.submit();
        Some(place)
    }

    /// Hands the kernel what is left of a read.
    fn push(&mut self, place: usize) {
        let Some(read) = &mut self.reads[place] else {
            return;
        };
        let rest = &mut read.buffer[read.filled..];
        let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let fd = types::Fd(read.file.as_raw_fd());
        let entry = opcode::Read::new(fd, rest.as_mut_ptr(), length)
            .offset(read.offset + read.filled as u64)
            .build()
            .user_data(place as u64);
        // SAFETY: the descriptor is open and the buffer is neither moved, nor touched, nor freed until the completion of
        // this entry was taken off the ring: both belong to `reads[place]`, which is given up by `reap` and `outcome` only
        // when it is done, and leaked by `drop` otherwise. The queue has an entry for each place, and each place one read.
        let pushed = unsafe { self.ring.submission().push(&entry) };
        if pushed.is_err() {
            read.state = State::Done(Err(io::ErrorKind::ResourceBusy.into()));
        }
        self.is_submitted = false;
    }

    fn submit(&mut self) {
        while !self.is_submitted {
            match self.ring.submit() {
                Ok(_) => self.is_submitted = self.ring.submission().is_empty(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => {}
            }
            // Whoever waits has it tried again.
            return;
        }
    }

    /// Takes what was completed. Says who waits for it.
    pub(super) fn reap(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        loop {
            let completed = self.ring.completion().next();
            let Some(completed) = completed else {
                break;
            };
            let place = completed.user_data() as usize;
            wakers.extend(self.complete(place, completed.result()));
        }
        self.submit();
        wakers
    }

    fn complete(&mut self, place: usize, result: i32) -> Option<Waker> {
        let read = self.reads.get_mut(place)?.as_mut()?;
        let done = match usize::try_from(result) {
            Ok(0) => Some(Ok(())),
            Ok(count) => {
                read.filled += count;
                (read.filled == read.buffer.len()).then_some(Ok(()))
            }
            Err(_) => {
                let error = io::Error::from_raw_os_error(-result);
                let again = matches!(
                    error.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                );
                (!again).then_some(Err(error))
            }
        };
        match (done, &mut read.state) {
            (_, State::Abandoned) => {
                self.reads[place] = None;
                self.free.push(place);
                None
            }
            (Some(done), state) => match std::mem::replace(state, State::Done(done)) {
                State::UnderWay(waker) => waker,
                State::Abandoned | State::Done(_) => None,
            },
            (None, _) => {
                self.push(place);
                None
            }
        }
    }

    /// What has come of a read; `waker` is woken when there is something new.
    pub(super) fn outcome(&mut self, place: usize, waker: &Waker) -> Outcome {
        let is_submitted = self.is_submitted;
        let under_way = Outcome::UnderWay { is_submitted };
        let Some(read) = &mut self.reads[place] else {
            return Outcome::Read(Err(io::ErrorKind::NotFound.into()));
        };
        match &mut read.state {
            State::UnderWay(waiting) => {
                *waiting = Some(waker.clone());
                return under_way;
            }
            State::Abandoned => return under_way,
            State::Done(_) => {}
        }
        let Some(mut read) = self.reads[place].take() else {
            return under_way;
        };
        self.free.push(place);
        read.buffer.truncate(read.filled);
        Outcome::Read(match read.state {
            State::Done(Err(error)) => Err(error),
            _ => Ok(read.buffer),
        })
    }

    /// Nobody will ask for this read.
    pub(super) fn abandon(&mut self, place: usize) {
        let Some(read) = &mut self.reads[place] else {
            return;
        };
        if let State::Done(_) = read.state {
            self.reads[place] = None;
            self.free.push(place);
        } else {
            read.state = State::Abandoned;
        }
    }

    pub(super) fn under_way(&self) -> usize {
        self.reads.len() - self.free.len()
    }

    /// Everybody who waits.
    pub(super) fn all_wakers(&mut self) -> Vec<Waker> {
        let waker = |read: &mut Read| match &mut read.state {
            State::UnderWay(waker) => waker.take(),
            State::Abandoned | State::Done(_) => None,
        };
        self.reads.iter_mut().flatten().filter_map(waker).collect()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.reap();
        // What the kernel still has it may write to at any time: that is given up to it. Each is one buffer, there are no more
        // than places, and a ring goes with its process.
        for read in self.reads.drain(..).flatten() {
            if !matches!(read.state, State::Done(_)) {
                let _ = ManuallyDrop::new(read);
            }
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Ring");
        debug.field("under_way", &self.under_way());
        debug.finish_non_exhaustive()
    }
}
