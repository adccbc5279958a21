use super::*;
use crate::testing::{PARTIAL, datagram, receive_all, segment, send, send_with};
use crate::{Arrival, BURST};
use periplus_wire::ipv4::Ipv4Header;
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;

const NOW: Instant = Instant::from_millis(7);

fn small() -> LinkOptions {
    LinkOptions {
        ring_size: 8,
        frames: 16,
        ..LinkOptions::default()
    }
}

fn uncut(frame: &[u8], segmentation: u16) -> TxDescriptor {
    TxDescriptor {
        length: frame.len(),
        checksum: PARTIAL,
        segmentation: Some(segmentation),
    }
}

#[derive(Default)]
struct Bell(AtomicUsize);

impl Bell {
    fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_frame_arrives_stamped_at_the_other_end_and_only_there() {
    let (mut here, mut there) = link(LinkOptions::default());
    assert!(send(&mut here, NOW, &datagram(b"hello")));
    assert!(receive_all(&mut here, NOW).is_empty());
    let later = Instant::from_millis(9);
    let mut burst = RxBurst::new();
    there.receive(later, &mut burst);
    assert_eq!((burst.len(), burst.taken), (1, later));
    let arrival = &burst.as_slice()[0];
    assert_eq!(arrival.to_vec(), datagram(b"hello"));
    assert_eq!(arrival.arrived, Some(NOW));
    assert_eq!(arrival.checksum, RxChecksum::Unverified);
    assert_eq!((arrival.segments, arrival.buffers()), (1, 1));
}

#[test]
fn a_partial_checksum_stays_so_or_is_completed_where_nothing_is_offloaded() {
    let frame = segment(b"data");
    let descriptor = TxDescriptor {
        checksum: PARTIAL,
        ..TxDescriptor::complete(frame.len())
    };
    let (mut here, mut there) = link(LinkOptions::default());
    assert!(send_with(&mut here, NOW, &frame, descriptor));
    let arrival = receive_all(&mut there, NOW).pop().unwrap();
    assert_eq!(arrival.checksum, RxChecksum::Partial);
    assert_eq!(arrival.to_vec(), frame);

    let offloads = false;
    let (mut here, mut there) = link(LinkOptions {
        offloads,
        ..LinkOptions::default()
    });
    assert!(send_with(&mut here, NOW, &frame, descriptor));
    let arrival = receive_all(&mut there, NOW).pop().unwrap();
    assert_eq!(arrival.checksum, RxChecksum::Unverified);
    let mut completed = frame;
    complete_checksum(&mut completed, 34, 16);
    assert_eq!(arrival.to_vec(), completed);
}

#[test]
fn the_longest_packet_passes_uncut_as_a_chain_with_its_headers_in_front() {
    let (mut here, mut there) = link(LinkOptions::default());
    let frame = segment(&vec![b'x'; 65_495]);
    assert_eq!(frame.len(), here.capabilities().max_frame());
    assert!(send_with(&mut here, NOW, &frame, uncut(&frame, 1460)));
    let arrival = receive_all(&mut there, NOW).pop().unwrap();
    assert_eq!(arrival.buffers(), 65_549_usize.div_ceil(2048));
    assert_eq!((arrival.segments, arrival.segmentation), (45, Some(1460)));
    assert!(Ipv4Header::parse_quoted(&arrival.frame[14..]).is_ok());
    assert_eq!(arrival.to_vec(), frame);
    assert_eq!(there.statistics().received, 45);
    assert_eq!(here.statistics().transmitted, 45);
}

#[test]
fn a_full_ring_has_no_room_until_a_burst_is_taken() {
    let (mut here, mut there) = link(small());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    for _ in 0..8 {
        assert!(here.poll_room(&mut context).is_ready());
        assert!(send(&mut here, NOW, &datagram(b"x")));
    }
    assert!(!send(&mut here, NOW, &datagram(b"x")));
    assert!(here.poll_room(&mut context).is_pending());
    assert_eq!((there.statistics().held, bell.rung()), (8, 0));
    assert_eq!(receive_all(&mut there, NOW).len(), 8);
    assert_eq!(bell.rung(), 1);
    assert!(here.poll_room(&mut context).is_ready());
    assert!(there.statistics().is_balanced());
}

#[test]
fn an_empty_pool_has_no_room_until_a_frame_is_dropped() {
    let (mut here, mut there) = link(small());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let mut kept = Vec::new();
    while send(&mut here, NOW, &datagram(b"x")) {
        kept.append(&mut receive_all(&mut there, NOW));
    }
    assert_eq!((kept.len(), there.level()), (16, PoolLevel::Scarce));
    assert!(here.poll_room(&mut context).is_pending());
    kept.pop();
    assert_eq!(bell.rung(), 1);
    assert!(here.poll_room(&mut context).is_ready());
    assert!(send(&mut here, NOW, &datagram(b"x")));
    kept.clear();
    assert_eq!(there.level(), PoolLevel::Ample);
}

#[test]
fn room_is_room_for_the_length_that_was_refused() {
    let (mut here, mut there) = link(small());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let long = segment(&[b'x'; 7 * 2048]);
    assert!(send(&mut here, NOW, &datagram(b"x")));
    assert!(!send_with(&mut here, NOW, &long, uncut(&long, 1460)));
    assert!(here.poll_room(&mut context).is_pending());
    receive_all(&mut there, NOW);
    assert!(here.poll_room(&mut context).is_ready());
    assert!(send_with(&mut here, NOW, &long, uncut(&long, 1460)));
}

#[test]
fn like_a_nic_a_full_ring_may_drop_and_count() {
    let (mut here, mut there) = link(LinkOptions {
        drop_when_full: true,
        ..small()
    });
    for _ in 0..10 {
        assert!(send(&mut here, NOW, &datagram(b"x")));
    }
    let long = segment(&[b'x'; 2920]);
    assert!(send_with(&mut here, NOW, &long, uncut(&long, 1460)));
    let statistics = there.statistics();
    assert_eq!((statistics.received, statistics.rx_ring_full), (12, 4));
    assert_eq!(statistics.held, 8);
    assert_eq!(receive_all(&mut there, NOW).len(), 8);
    assert!(there.statistics().is_balanced());
}

#[test]
fn what_a_burst_has_no_room_for_stays_in_the_ring() {
    let (mut here, mut there) = link(LinkOptions::default());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    assert!(there.poll_arrivals(&mut context).is_pending());
    for n in 0..100u8 {
        assert!(send(&mut here, NOW, &datagram(&[n])));
    }
    assert_eq!(bell.rung(), 1, "one call for as many as come");
    let mut burst = RxBurst::new();
    there.receive(NOW, &mut burst);
    assert!(burst.is_full());
    assert_eq!(burst.drain().len(), BURST);
    assert!(there.poll_arrivals(&mut context).is_ready());
    let statistics = there.statistics();
    assert_eq!((statistics.taken, statistics.held), (64, 36));
    assert!(statistics.is_balanced());
    let last = receive_all(&mut there, NOW).pop().unwrap();
    assert_eq!(last.to_vec(), datagram(&[99]));
    assert!(there.poll_arrivals(&mut context).is_pending());
}

#[test]
fn when_one_end_is_gone_the_other_sends_into_nothing() {
    let (mut here, there) = link(small());
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    while send(&mut here, NOW, &datagram(b"x")) {}
    assert!(
        here.poll_room(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(there);
    assert_eq!(bell.rung(), 1);
    for _ in 0..100 {
        assert!(send(&mut here, NOW, &datagram(b"x")));
    }
}

#[test]
#[should_panic = "a frame of 1515 bytes on a link that carries 1514"]
fn nothing_longer_than_the_wire_carries_is_taken() {
    let (mut here, _there) = link(LinkOptions {
        offloads: false,
        ..LinkOptions::default()
    });
    here.reserve(1515);
}

/// Wakes a thread that is parked.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait_for(mut poll: impl FnMut(&mut Context<'_>) -> Poll<()>) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    while poll(&mut Context::from_waker(&waker)).is_pending() {
        thread::park();
    }
}

/// Sender, receiver and the one who drops the frames, each on a thread; the pool is small enough to run dry.
#[test]
fn two_threads_pass_every_frame_in_order_and_none_waits_for_ever() {
    const FRAMES: u32 = 20_000;
    let (mut here, mut there) = link(small());
    let sender = thread::spawn(move || {
        for n in 0..FRAMES {
            let frame = datagram(&n.to_be_bytes());
            while !send(&mut here, NOW, &frame) {
                wait_for(|context| here.poll_room(context));
            }
        }
        here
    });
    let (dropped, to_drop) = std::sync::mpsc::channel::<Vec<Arrival>>();
    let dropper = thread::spawn(move || to_drop.iter().for_each(drop));
    let mut next = 0;
    while next < FRAMES {
        wait_for(|context| there.poll_arrivals(context));
        let arrivals = receive_all(&mut there, NOW);
        for arrival in &arrivals {
            assert_eq!(arrival.frame[42..], next.to_be_bytes());
            next += 1;
        }
        // a third of the frames is dropped by another thread
        if next % 3 == 0 {
            dropped.send(arrivals).unwrap();
        }
    }
    drop(dropped);
    dropper.join().unwrap();
    assert_eq!(
        sender.join().unwrap().statistics().transmitted,
        FRAMES.into()
    );
    let statistics = there.statistics();
    assert_eq!((statistics.taken, statistics.held), (FRAMES.into(), 0));
    assert!(statistics.is_balanced());
    assert_eq!(there.level(), PoolLevel::Ample);
}

proptest! {
    #[test]
    fn frames_of_any_length_pass_byte_for_byte(
        lengths in proptest::collection::vec(0usize..9000, 1..20),
        frame_size in MAX_HEADERS..3000,
    ) {
        let (mut here, mut there) = link(LinkOptions { frame_size, ..LinkOptions::default() });
        let mut sent = Vec::new();
        for length in lengths {
            let data: Vec<u8> = (0..length).map(|n| (n * 7) as u8).collect();
            let frame = segment(&data);
            prop_assert!(send_with(&mut here, NOW, &frame, uncut(&frame, 1000)));
            sent.push(frame);
        }
        let received: Vec<_> = receive_all(&mut there, NOW).iter().map(Arrival::to_vec).collect();
        prop_assert_eq!(received, sent);
    }
}
