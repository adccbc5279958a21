//! One transfer.

use crate::end::{End, Receiving, Sending, Side};
use crate::path::Path;
use crate::record::Record;
use crate::{kernel, link, namespace, ours};
use periplus_tests::content;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use tokio::sync::oneshot;

/// Bytes that a receiver asks for at a time.
pub(crate) const CHUNK: usize = 1 << 18;

pub(crate) struct Transfer {
    /// What the names of the two namespaces begin with.
    pub(crate) namespaces: String,
    pub(crate) sender: End,
    pub(crate) receiver: End,
    pub(crate) bytes: u64,
    pub(crate) path: Path,
    /// A file for what passes the sender's end of the link.
    pub(crate) capture: Option<PathBuf>,
}

impl Transfer {
    /// Makes it: a thread for each end, and one for the link between. Its time is from when the sender's connection is there until the
    /// receiver has read the last byte.
    ///
    /// # Panics
    /// If anything goes wrong, and if a byte is not what was sent.
    pub(crate) fn run(&self) -> Record {
        let content = &content(0..self.bytes)[..];
        let (ready, is_ready) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (listening, address) = mpsc::channel();
        let (taken, all_taken) = oneshot::channel();
        thread::scope(|scope| {
            let capture = self.capture.as_deref();
            let link = scope
                .spawn(move || link::carry(&self.namespaces, &self.path, capture, ready, stopped));
            is_ready.recv().expect("the link has come up");
            let receiver = scope.spawn(|| {
                self.enter(Side::B);
                let receiving = Receiving {
                    content,
                    listening,
                    taken,
                };
                match self.receiver {
                    End::Linux => kernel::receive(receiving),
                    End::Periplus => ours::receive(receiving),
                }
            });
            let to = address.recv().expect("the receiver listens");
            let sender = scope.spawn(move || {
                self.enter(Side::A);
                let sending = Sending {
                    content,
                    to,
                    taken: all_taken,
                };
                match self.sender {
                    End::Linux => kernel::send(sending),
                    End::Periplus => ours::send(sending),
                }
            });
            let sent = sender.join().expect("the sender did its part");
            let end = receiver.join().expect("the receiver did its part");
            stop.send(()).expect("the link has no end of its own");
            let [there, back] = link.join().expect("the link did its part");
            let seconds = end.since(sent.begun).as_secs_f64();
            Record {
                loss: self.path.loss,
                round_trip: self.path.round_trip,
                reordering: self.path.reordering,
                seed: self.path.seed,
                sender: self.sender,
                receiver: self.receiver,
                rate: self.bytes as f64 / seconds,
                retransmitted: sent.retransmitted,
                frames: [there.counters.frames, back.counters.frames],
                lost: [there.counters.lost, back.counters.lost],
                dropped: there.dropped + back.dropped,
            }
        })
    }

    fn enter(&self, side: Side) {
        namespace::enter(&format!("{}-{}", self.namespaces, side.name()));
    }
}
