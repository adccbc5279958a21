use super::*;
use crate::memory::{LinkOptions, MemoryDevice, link};
use crate::testing::{CLIENT, PARTIAL, SERVER, datagram, receive_all, segment, send, send_with};
use periplus_wire::{ipv4, tcp};

const FRAMES: u32 = 500;
const END: Instant = Instant::FAR_FUTURE;

fn faulty(options: FaultOptions) -> (MemoryDevice, FaultDevice<MemoryDevice>) {
    let (here, there) = link(LinkOptions::default());
    (here, FaultDevice::new(there, options))
}

fn numbered(n: u32) -> Vec<u8> {
    datagram(&n.to_be_bytes())
}

/// Sends numbered frames, one a millisecond, and returns what comes out, and when.
fn run(options: FaultOptions) -> (Vec<(Instant, Vec<u8>)>, FaultCounters) {
    let (mut here, mut there) = faulty(options);
    let mut received = Vec::new();
    for n in 0..FRAMES {
        let now = Instant::from_millis(n.into());
        assert!(send(&mut here, now, &numbered(n)));
        received.append(&mut receive_all(&mut there, now));
        assert!(there.statistics().is_balanced());
    }
    received.append(&mut receive_all(&mut there, END));
    let statistics = there.statistics();
    assert!(statistics.is_balanced());
    assert_eq!(
        (statistics.held, statistics.taken),
        (0, received.len() as u64)
    );
    let frames = received
        .iter()
        .map(|arrival| (arrival.arrived.unwrap(), arrival.to_vec()))
        .collect();
    (frames, there.counters())
}

fn everything(seed: u64) -> FaultOptions {
    FaultOptions {
        seed,
        loss: 0.2,
        duplicate: 0.1,
        reorder: 0.1,
        corrupt: 0.1,
        delay: Duration::from_millis(3),
        jitter: Duration::from_millis(5),
        rate: Some(1_000_000),
        ..FaultOptions::default()
    }
}

#[test]
fn a_perfect_link_changes_nothing() {
    let (frames, counters) = run(FaultOptions::default());
    for (n, (arrived, frame)) in (0..).zip(&frames) {
        assert_eq!(
            (*arrived, frame),
            (Instant::from_millis(n.into()), &numbered(n))
        );
    }
    let frames = FRAMES.into();
    assert_eq!(
        counters,
        FaultCounters {
            frames,
            ..FaultCounters::default()
        }
    );
}

#[test]
fn the_same_seed_gives_the_same_faults_and_another_gives_others() {
    assert_eq!(run(everything(7)), run(everything(7)));
    assert_ne!(run(everything(7)).0, run(everything(8)).0);
}

#[test]
fn what_is_done_to_a_frame_does_not_depend_on_when_it_is_asked_for() {
    let (mut here, mut there) = faulty(everything(7));
    for n in 0..FRAMES {
        assert!(send(
            &mut here,
            Instant::from_millis(n.into()),
            &numbered(n)
        ));
    }
    let late: Vec<_> = receive_all(&mut there, END)
        .iter()
        .map(|arrival| (arrival.arrived.unwrap(), arrival.to_vec()))
        .collect();
    assert_eq!(late, run(everything(7)).0);
}

#[test]
fn lost_frames_are_missing_and_counted() {
    let (frames, counters) = run(FaultOptions {
        loss: 0.3,
        ..FaultOptions::default()
    });
    assert_eq!(frames.len() as u64 + counters.lost, FRAMES.into());
    assert!((100..200).contains(&counters.lost));
    assert!(frames.is_sorted());
}

#[test]
fn duplicated_frames_come_twice_in_a_row() {
    let (frames, counters) = run(FaultOptions {
        duplicate: 0.3,
        ..FaultOptions::default()
    });
    let twice = frames.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    assert_eq!(twice, counters.duplicated);
    assert_eq!(frames.len() as u64, u64::from(FRAMES) + twice);
    assert!((100..200).contains(&twice));
}

#[test]
fn reordered_frames_are_overtaken() {
    let (frames, counters) = run(FaultOptions {
        reorder: 0.3,
        reorder_delay: Duration::from_millis(10),
        ..FaultOptions::default()
    });
    assert_eq!(frames.len(), FRAMES as usize);
    assert!((100..200).contains(&counters.reordered));
    let overtaken = frames
        .windows(2)
        .filter(|pair| pair[0].1 > pair[1].1)
        .count();
    assert!(overtaken > 50, "{overtaken}");
    assert!(frames.is_sorted_by_key(|(arrived, _)| *arrived));
}

#[test]
fn corrupted_frames_differ_in_one_bit_anywhere() {
    let (frames, counters) = run(FaultOptions {
        corrupt: 1.0,
        ..FaultOptions::default()
    });
    assert_eq!(counters.corrupted, FRAMES.into());
    let mut bytes_hit = std::collections::BTreeSet::new();
    for (n, (_, frame)) in (0..).zip(&frames) {
        let differences: Vec<_> = frame.iter().zip(numbered(n)).map(|(a, b)| a ^ b).collect();
        let bits: u32 = differences
            .iter()
            .map(|difference| difference.count_ones())
            .sum();
        assert_eq!(bits, 1);
        bytes_hit.extend(differences.iter().position(|&difference| difference != 0));
    }
    assert_eq!(bytes_hit.len(), numbered(0).len());
}

#[test]
fn delayed_frames_are_announced_and_come_when_due() {
    let delay = Duration::from_millis(30);
    let (mut here, mut there) = faulty(FaultOptions {
        delay,
        ..FaultOptions::default()
    });
    let now = Instant::from_millis(1);
    assert!(send(&mut here, now, &numbered(0)));
    assert_eq!(there.next_timeout(), None);
    assert!(receive_all(&mut there, now).is_empty());
    assert_eq!(there.next_timeout(), Some(now + delay));
    assert_eq!(there.statistics().held, 1);
    assert!(receive_all(&mut there, Instant::from_millis(30)).is_empty());
    let arrivals = receive_all(&mut there, Instant::from_millis(40));
    assert_eq!(arrivals[0].arrived, Some(now + delay));
    assert_eq!(there.next_timeout(), None);
}

#[test]
fn jitter_spreads_arrivals_up_to_its_bound() {
    let jitter = Duration::from_micros(900);
    let (frames, _) = run(FaultOptions {
        jitter,
        ..FaultOptions::default()
    });
    let late: Vec<_> = (0..)
        .zip(&frames)
        .map(|(n, (arrived, _))| arrived.since(Instant::from_millis(n)))
        .collect();
    assert!(late.iter().all(|late| *late <= jitter));
    assert!(late.iter().max() > Some(&(jitter * 9 / 10)));
    assert!(late.iter().min() < Some(&(jitter / 10)));
}

#[test]
fn a_rate_spaces_frames_and_its_queue_is_bounded() {
    let (mut here, mut there) = faulty(FaultOptions {
        rate: Some(46 * 8 * 1000), // one of these frames a millisecond
        limit: 10,
        ..FaultOptions::default()
    });
    for n in 0..15 {
        assert!(send(&mut here, Instant::ZERO, &numbered(n)));
    }
    assert!(receive_all(&mut there, Instant::ZERO).is_empty());
    let arrivals = receive_all(&mut there, END);
    let arrived: Vec<_> = arrivals
        .iter()
        .map(|arrival| arrival.arrived.unwrap())
        .collect();
    assert_eq!(
        arrived,
        (1..=10).map(Instant::from_millis).collect::<Vec<_>>()
    );
    assert_eq!(there.counters().overflowed, 5);
    assert_eq!(there.statistics().lost, 5);
    assert!(there.statistics().is_balanced());
}

#[test]
fn an_uncut_packet_meets_its_fate_segment_by_segment() {
    let (mut here, mut there) = faulty(FaultOptions {
        loss: 0.5,
        ..FaultOptions::default()
    });
    let frame = segment(&[b'x'; 20_000]);
    let descriptor = TxDescriptor {
        length: frame.len(),
        checksum: PARTIAL,
        segmentation: Some(1000),
    };
    assert!(send_with(&mut here, Instant::ZERO, &frame, descriptor));
    let arrivals = receive_all(&mut there, Instant::ZERO);
    let statistics = there.statistics();
    assert_eq!(
        (statistics.received, statistics.taken),
        (20, arrivals.len() as u64)
    );
    assert!(statistics.lost > 0 && statistics.taken > 0 && statistics.is_balanced());
    for arrival in arrivals {
        assert_eq!(
            (arrival.segments, arrival.checksum),
            (1, RxChecksum::Unverified)
        );
        assert_eq!(arrival.frame.len(), 1054);
        assert!(ipv4::verify_checksum(&arrival.frame[14..]));
        let (source, destination) = (CLIENT.into(), SERVER.into());
        assert!(tcp::verify_checksum(
            source,
            destination,
            &arrival.frame[34..]
        ));
    }
}

#[test]
fn a_partial_checksum_is_completed_before_a_bit_is_inverted() {
    let (mut here, mut there) = faulty(FaultOptions {
        corrupt: 1.0,
        ..FaultOptions::default()
    });
    let frame = segment(b"data");
    let descriptor = TxDescriptor {
        checksum: PARTIAL,
        ..TxDescriptor::complete(frame.len())
    };
    assert!(send_with(&mut here, Instant::ZERO, &frame, descriptor));
    let arrival = receive_all(&mut there, Instant::ZERO).pop().unwrap();
    assert_eq!(arrival.checksum, RxChecksum::Unverified);
    let mut completed = frame;
    crate::complete_checksum(&mut completed, 34, 16);
    let bits: u32 = completed
        .iter()
        .zip(&arrival.frame[..])
        .map(|(a, b)| (a ^ b).count_ones())
        .sum();
    assert_eq!(bits, 1);
}

#[test]
fn due_frames_that_a_burst_had_no_room_for_are_ready_at_once() {
    let (mut here, mut there) = faulty(FaultOptions::default());
    let mut context = Context::from_waker(std::task::Waker::noop());
    for n in 0..100 {
        assert!(send(&mut here, Instant::ZERO, &numbered(n)));
    }
    let mut burst = RxBurst::new();
    there.receive(Instant::ZERO, &mut burst);
    assert!(burst.is_full());
    assert_eq!(there.next_timeout(), Some(Instant::ZERO));
    assert!(there.poll_arrivals(&mut context).is_ready());
    drop(burst.drain());
    assert_eq!(receive_all(&mut there, Instant::ZERO).len(), 36);
    assert!(there.poll_arrivals(&mut context).is_pending());
}

#[test]
#[should_panic = "loss is 20: a probability lies between 0 and 1"]
fn a_percentage_is_not_a_probability() {
    faulty(FaultOptions {
        loss: 20.0,
        ..FaultOptions::default()
    });
}

#[test]
fn losses_in_bursts_are_counted_and_change_nothing_for_the_rest() {
    let bursts = LossBursts {
        begin: 0.05,
        end: 0.2,
        loss: 1.0,
    };
    // With a rate, what is lost would no longer be waited for.
    let without = FaultOptions {
        rate: None,
        ..everything(7)
    };
    let with = FaultOptions {
        bursts: Some(bursts),
        ..without.clone()
    };
    let ((calm, before), (frames, after)) = (run(without), run(with));
    assert!(after.lost > before.lost + 20);
    assert!(frames.len() < calm.len());
    assert!(frames.iter().all(|frame| calm.contains(frame)));
}

#[test]
fn a_link_that_heals_loses_nothing_any_more() {
    let (mut here, mut there) = faulty(FaultOptions {
        loss: 1.0,
        delay: Duration::from_millis(5),
        ..FaultOptions::default()
    });
    assert!(send(&mut here, Instant::ZERO, &numbered(0)));
    assert!(receive_all(&mut there, Instant::ZERO).is_empty());
    there.set_options(FaultOptions::default());
    assert!(send(&mut here, Instant::ZERO, &numbered(1)));
    let arrivals = receive_all(&mut there, Instant::ZERO);
    assert_eq!(arrivals[0].to_vec(), numbered(1));
    assert!(there.statistics().is_balanced());
}

#[test]
fn a_queue_in_time_loses_what_would_wait_for_longer() {
    let (mut here, mut there) = faulty(FaultOptions {
        rate: Some(46 * 8 * 1000), // one of these frames a millisecond
        longest_wait: Some(Duration::from_millis(3)),
        ..FaultOptions::default()
    });
    for n in 0..10 {
        assert!(send(&mut here, Instant::ZERO, &numbered(n)));
    }
    assert!(receive_all(&mut there, Instant::ZERO).is_empty());
    let waiting = there.waiting_time(Instant::from_millis(1));
    assert_eq!(waiting, Duration::from_millis(3));
    assert_eq!(receive_all(&mut there, END).len(), 4);
    assert_eq!(there.counters().overflowed, 6);
}
