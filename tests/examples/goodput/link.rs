//! The link: carries frames between two TAPs, as bad a wire as the path says.

use crate::alarm::Alarm;
use crate::end::Side;
use crate::namespace;
use crate::path::Path;
use periplus_net::clock;
use periplus_nic::{TapDevice, TapOptions};
use periplus_ring::fault::{FaultCounters, FaultDevice};
use periplus_ring::pcap::PcapDevice;
use periplus_ring::{Device, RxBurst, TxDescriptor};
use std::fs::File;
use std::future::poll_fn;
use std::io::BufWriter;
use std::path::Path as FilePath;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Enough for all that is on the way: a frame keeps its buffers for as long as the link takes.
const FRAMES: usize = 1 << 14;

type End = FaultDevice<Box<dyn Device>>;

/// What the link did in one direction.
pub(crate) struct Carried {
    pub(crate) counters: FaultCounters,
    /// Frames that the TAP's queue had no room for: the harness was too slow, and they count as loss that was not ordered.
    pub(crate) dropped: u64,
}

/// Carries until `stop`.
pub(crate) fn carry(
    namespaces: &str,
    path: &Path,
    capture: Option<&FilePath>,
    ready: mpsc::Sender<()>,
    stop: oneshot::Receiver<()>,
) -> [Carried; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let tap = |side: Side| {
            namespace::enter(&format!("{namespaces}-{}", side.name()));
            let name = Some("link".to_owned());
            TapDevice::open(&TapOptions {
                name,
                frames: FRAMES,
                ..TapOptions::default()
            })
            .unwrap_or_else(|error| panic!("{error}"))
        };
        let near: Box<dyn Device> = match capture {
            Some(file) => Box::new(captured(tap(Side::A), file)),
            None => Box::new(tap(Side::A)),
        };
        let far: Box<dyn Device> = Box::new(tap(Side::B));
        let mut ends = [
            FaultDevice::new(near, path.direction(0)),
            FaultDevice::new(far, path.direction(1)),
        ];
        ready.send(()).expect("the transfer waits for the link");
        tokio::select! {
            () = carry_on(&mut ends) => unreachable!("a link has no end"),
            _ = stop => {}
        }
        ends.map(|end| Carried {
            counters: end.counters(),
            dropped: end.inner().statistics().rx_ring_full,
        })
    })
}

fn captured(tap: TapDevice, file: &FilePath) -> impl Device + 'static {
    let output = File::create(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let start = clock::unix_nanos(periplus_journey::Instant::ZERO);
    PcapDevice::new(tap, BufWriter::new(output), start)
}

async fn carry_on([a, b]: &mut [End; 2]) {
    let mut alarm = Alarm::new();
    let mut burst = RxBurst::new();
    loop {
        let there = pass(a, b, &mut burst);
        let back = pass(b, a, &mut burst);
        if there || back {
            // one turn of the runtime: it may have been told to stop
            tokio::task::yield_now().await;
            continue;
        }
        let due = a.next_timeout().into_iter().chain(b.next_timeout()).min();
        tokio::select! {
            () = poll_fn(|context| a.poll_arrivals(context)) => {}
            () = poll_fn(|context| b.poll_arrivals(context)) => {}
            () = alarm.ring_at(due) => {}
        }
    }
}

/// Gives `to` what has come through the link from `from`. Whether there was anything.
fn pass(from: &mut End, to: &mut End, burst: &mut RxBurst) -> bool {
    let now = clock::now();
    from.receive(now, burst);
    let any = !burst.is_empty();
    for arrival in burst.drain() {
        let length = arrival.frame.len();
        let room = to.reserve(length).expect("a TAP takes every frame at once");
        room.copy_from_slice(&arrival.frame);
        to.commit(now, TxDescriptor::complete(length));
    }
    any
}
