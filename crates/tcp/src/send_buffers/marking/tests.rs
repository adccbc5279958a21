use super::super::{SendBuffers, Tags};
use crate::loss::{AckReport, Rack};
use periplus_journey::Instant;
use proptest::prelude::*;
use std::time::Duration;

const SIZE: u32 = 1000;

fn at(milliseconds: u64) -> Instant {
    Instant::from_millis(milliseconds)
}

/// So many segments are out, let out in one go, the FIN with the last of them if `fin`.
fn out(segments: u32, fin: bool) -> SendBuffers {
    let mut buffers = SendBuffers::default();
    buffers.push(SIZE * segments, at(0));
    if fin {
        buffers.push_fin();
    }
    buffers.release(SIZE * segments + u32::from(fin), segments, SIZE, at(0));
    buffers
}

/// Where each run ends, in how many segments, and with which tags.
fn runs(buffers: &SendBuffers) -> Vec<(u64, u16, Tags)> {
    let all = buffers.first.iter().chain(&buffers.rest);
    all.map(|run| (run.end, run.segments, run.tags)).collect()
}

fn check(buffers: &SendBuffers) {
    buffers.check(true);
}

fn sack(buffers: &mut SendBuffers, start: u64, end: u64) -> AckReport {
    let mut report = AckReport {
        arrived: at(20),
        ..AckReport::default()
    };
    buffers.sack(start, end, &mut report);
    check(buffers);
    report
}

/// RACK after something arrived that was sent at `sent` and ends at `end`, 20 ms later.
fn rack(sent: Instant, end: u64) -> Rack {
    let mut rack = Rack::default();
    rack.update(&AckReport {
        newest: Some((sent, end)),
        rtt: Duration::from_millis(20),
        ..AckReport::default()
    });
    rack
}

#[test]
fn a_block_tags_whole_segments_and_runs_that_arrived_become_one() {
    let none = Tags::default();
    let mut buffers = out(10, false);
    assert!(!sack(&mut buffers, 2500, 2900).sacked);
    assert_eq!(runs(&buffers), [(10_000, 10, none)]);
    let report = sack(&mut buffers, 2500, 4500);
    assert_eq!((report.delivered, report.bytes), (1, 1000));
    let expected = [(3000, 3, none), (4000, 1, Tags::SACKED), (10_000, 6, none)];
    assert_eq!(runs(&buffers), expected);
    sack(&mut buffers, 5000, 6000);
    assert_eq!(runs(&buffers).len(), 5);
    let report = sack(&mut buffers, 3000, 6000);
    assert_eq!((report.delivered, report.bytes), (1, 1000));
    let expected = [(3000, 3, none), (6000, 3, Tags::SACKED), (10_000, 4, none)];
    assert_eq!(runs(&buffers), expected);
    assert_eq!(buffers.highest_sacked(), 6000);
    assert_eq!(buffers.packets_in_flight(), 7);
}

/// A receiver tells of the text only if it has thrown the FIN away: the last segment is not here.
#[test]
fn the_last_segment_arrived_if_its_fin_did() {
    let mut buffers = out(2, true);
    sack(&mut buffers, 0, 2000);
    assert_eq!(buffers.sacked_out, 1);
    sack(&mut buffers, 1000, 2001);
    assert_eq!(buffers.sacked_out, 2);
    let mut report = AckReport::default();
    buffers.acknowledge(1000, &mut report);
    assert_eq!((buffers.packets_out, buffers.sacked_out), (1, 1));
    buffers.acknowledge(2001, &mut report);
    check(&buffers);
    assert!(buffers.is_fin_released());
}

#[test]
fn what_was_sent_before_what_arrived_is_lost_and_its_copy_may_be_as_well() {
    let mut buffers = out(10, false);
    sack(&mut buffers, 3000, 4000);
    let newest = rack(at(0), 4000);
    let lost = buffers.detect_lost(&newest, Duration::ZERO, at(20), 10_000);
    assert_eq!((lost.segments, lost.copies, lost.wait), (3, 0, None));
    check(&buffers);
    // sent again in a burst: the copies are one run
    let mut sent = Vec::new();
    while let Some(start) = buffers.next_lost() {
        let again = buffers.segment_again(start, SIZE, 10_000).unwrap();
        buffers.sent_again(again, false, at(21));
        check(&buffers);
        sent.push((again.start, again.length));
    }
    assert_eq!(sent, [(0, 1000), (1000, 1000), (2000, 1000)]);
    assert_eq!(buffers.retrans_out, 3);
    let copy = Tags::LOST
        .with(Tags::RETRANSMITTED)
        .with(Tags::EVER_RETRANSMITTED);
    assert_eq!(runs(&buffers)[0], (3000, 3, copy));
    // the copy of the third has arrived: the others, sent before it, have not
    sack(&mut buffers, 2000, 3000);
    let newest = rack(at(21), 3000);
    let wait = Duration::from_millis(5);
    let lost = buffers.detect_lost(&newest, wait, at(41), 10_000);
    assert_eq!(
        (lost.segments, lost.wait),
        (6, Some(wait)),
        "and those never sent again"
    );
    let lost = buffers.detect_lost(&newest, wait, at(46), 10_000);
    assert_eq!((lost.segments, lost.copies, lost.wait), (2, 2, None));
    check(&buffers);
    assert_eq!(buffers.next_lost(), Some(0));
}

#[test]
fn a_time_out_takes_everything_for_lost_but_what_arrived_or_was_sent_just_now() {
    let mut buffers = out(3, false);
    buffers.push(2 * SIZE, at(190));
    buffers.release(2 * SIZE, 2, SIZE, at(190));
    sack(&mut buffers, 1000, 2000);
    let lost = buffers.time_out(&rack(at(0), 2000), at(200), 5000);
    assert_eq!(lost.segments, 2);
    check(&buffers);
    assert_eq!(buffers.packets_in_flight(), 2);
    // a peer that throws away what it had SACKed gets all of it again
    buffers.acknowledge(1000, &mut AckReport::default());
    assert!(buffers.is_first_sacked());
    buffers.time_out(&rack(at(0), 2000), at(400), 5000);
    check(&buffers);
    assert_eq!((buffers.sacked_out, buffers.lost_out), (0, 4));
    buffers.nothing_is_lost();
    assert_eq!(buffers.packets_in_flight(), 4);
}

/// What waits for the ring was not lost, nor is it sent again.
#[test]
fn what_has_not_gone_out_is_not_lost() {
    let mut buffers = out(4, false);
    buffers.time_out(&Rack::default(), at(200), 2000);
    assert_eq!((buffers.lost_out, buffers.packets_out), (2, 4));
    check(&buffers);
}

#[test]
fn small_segments_are_joined_and_long_ones_cut_when_they_are_sent_again() {
    let mut buffers = SendBuffers::default();
    for _ in 0..3 {
        buffers.push(400, at(0));
        buffers.release(400, 1, SIZE, at(0));
    }
    buffers.time_out(&Rack::default(), at(200), 1200);
    let again = buffers.segment_again(0, SIZE, 1200).unwrap();
    assert_eq!(again.length, 800);
    check(&buffers);
    assert_eq!((buffers.packets_out, buffers.lost_out), (2, 2));
    // the peer's window has room for less
    let again = buffers.segment_again(0, 300, 1200).unwrap();
    buffers.sent_again(again, false, at(200));
    check(&buffers);
    assert_eq!((again.length, buffers.next_lost()), (300, Some(300)));
}

#[test]
fn segments_that_do_not_pass_are_lost_and_shorter_from_then_on() {
    let mut buffers = out(3, true);
    let lost = buffers.too_long(600, 3001);
    assert_eq!((lost.segments, buffers.packets_out), (5, 5));
    check(&buffers);
    let again = buffers.segment_again(0, 600, 3001).unwrap();
    assert_eq!((again.length, again.fin), (600, false));
    let last = buffers.last_segment(3001).unwrap();
    let again = buffers.segment_again(last, 600, 3001).unwrap();
    assert_eq!((again.start, again.length, again.fin), (2400, 600, true));
    check(&buffers);
}

/// After an undoing copies are out of what is not lost. They stand for no repair of what is.
#[test]
fn a_copy_of_what_was_not_lost_hides_no_loss() {
    let mut buffers = out(10, false);
    buffers.time_out(&Rack::default(), at(200), 10_000);
    for start in [0, 1000] {
        let again = buffers.segment_again(start, SIZE, 10_000).unwrap();
        buffers.sent_again(again, false, at(200));
    }
    buffers.nothing_is_lost();
    check(&buffers);
    sack(&mut buffers, 3000, 10_000);
    let newest = rack(at(0), 10_000);
    let lost = buffers.detect_lost(&newest, Duration::ZERO, at(300), 10_000);
    assert_eq!((lost.segments, buffers.retrans_out), (1, 2));
    assert_eq!(buffers.next_lost(), Some(2000));
}

/// Without SACK RACK does not look at the copies.
#[test]
fn what_is_known_of_copies_does_not_outlive_them() {
    let mut buffers = out(60, false);
    for segment in 0..59 {
        buffers.first_is_lost();
        let start = segment * u64::from(SIZE);
        let again = buffers.segment_again(start, SIZE, 60_000).unwrap();
        buffers.sent_again(again, false, at(segment));
        buffers.acknowledge(start + u64::from(SIZE), &mut AckReport::default());
        check(&buffers);
        assert!(buffers.marks().repetitions.len() <= 1);
    }
}

/// A peer that SACKs every other segment of many small ones is heard as far as it costs little.
#[test]
fn blocks_divide_what_is_out_into_so_many_runs_and_no_more() {
    let mut buffers = SendBuffers::default();
    for _ in 0..20 {
        buffers.push(36_000, at(0));
        buffers.release(36_000, 1000, 36, at(0));
    }
    let mut report = AckReport::default();
    let heard = (0..10_000).filter(|n| buffers.sack(72 * n + 36, 72 * n + 72, &mut report));
    assert!(heard.count() > 4000);
    assert!(buffers.len() <= super::MOST_RUNS + 1);
    check(&buffers);
    // What needs no division is heard.
    assert!(buffers.sack(36, 720_000, &mut report));
    assert_eq!((buffers.sacked_out, buffers.len()), (19_999, 2));
}

/// Something that happens to what is out; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Event {
    Release(u32, u32),
    Sack(u64, u64),
    Acknowledge(u64),
    Detect(u64, u64),
    TimeOut,
    Repeat(u32),
    Probe,
    Undo,
    FirstLost,
    TooLong(u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (1u32..9000, 1u32..1500).prop_map(|(length, size)| Event::Release(length, size)),
        6 => (any::<u64>(), 0u64..4000).prop_map(|(start, length)| Event::Sack(start, length)),
        2 => any::<u64>().prop_map(Event::Acknowledge),
        3 => (any::<u64>(), 0u64..100).prop_map(|(end, sent)| Event::Detect(end, sent)),
        1 => Just(Event::TimeOut),
        6 => (1u32..2000).prop_map(Event::Repeat),
        1 => Just(Event::Probe),
        1 => Just(Event::Undo),
        1 => Just(Event::FirstLost),
        1 => (50u32..1500).prop_map(Event::TooLong),
    ];
    proptest::collection::vec(event, 1..60)
}

proptest! {
    /// Whatever happens in whatever order: the counters are those of the runs, of which there is at most one a segment, and what
    /// is sent again lies within what is out.
    #[test]
    fn the_counters_are_those_of_the_runs(events in events(), fin: bool) {
        let mut buffers = SendBuffers::default();
        let mut now = 0;
        for event in events {
            now += 1;
            let (start, sent) = (buffers.start(), buffers.released);
            let within = |n: u64| start + n % (sent - start + 1);
            let mut report = AckReport { arrived: at(now), ..AckReport::default() };
            match event {
                Event::Release(length, size) if !buffers.fin => {
                    buffers.push(length, at(now));
                    buffers.release(length, length.div_ceil(size), size, at(now));
                }
                Event::Release(..) => {}
                Event::Sack(from, length) => {
                    let from = within(from).max(start + 1);
                    buffers.sack(from, (from + length).min(sent), &mut report);
                }
                Event::Acknowledge(una) => buffers.acknowledge(within(una), &mut report),
                Event::Detect(end, sent_at) => {
                    let newest = rack(at(sent_at), within(end));
                    buffers.detect_lost(&newest, Duration::from_millis(5), at(now), sent);
                }
                Event::TimeOut => drop(buffers.time_out(&Rack::default(), at(now), sent)),
                Event::Repeat(most) => {
                    if let Some(first) = buffers.next_lost() {
                        let again = buffers.segment_again(first, most, sent).unwrap();
                        let end = first + u64::from(again.length) + u64::from(again.fin);
                        prop_assert!(again.length <= most && end > first && end <= sent);
                        buffers.sent_again(again, false, at(now));
                    }
                }
                Event::Probe => {
                    if let Some(last) = buffers.last_segment(sent) {
                        let again = buffers.segment_again(last, 1500, sent).unwrap();
                        buffers.sent_again(again, true, at(now));
                    }
                }
                Event::Undo => buffers.nothing_is_lost(),
                Event::FirstLost => drop(buffers.first_is_lost()),
                Event::TooLong(size) => drop(buffers.too_long(size, sent)),
            }
            check(&buffers);
            let runs = runs(&buffers);
            prop_assert!(runs.windows(2).all(|two| two[0].0 < two[1].0));
            prop_assert!(runs.iter().all(|run| run.1 > 0 && run.0 > buffers.start()));
            prop_assert!(runs.len() <= buffers.packets_out as usize);
            for place in 0..buffers.len() {
                let run = buffers.at(place).unwrap();
                let text = buffers.text_end(place) - buffers.start_of(place);
                let segments = text.div_ceil(run.size.into()).max(1);
                prop_assert!(run.tags.has(Tags::SACKED) || segments == run.segments.into());
            }
            if fin && !buffers.fin && now == 30 {
                buffers.push_fin();
                buffers.release(1, 1, SIZE, at(now));
            }
        }
        let everything = buffers.released;
        buffers.acknowledge(everything, &mut AckReport::default());
        prop_assert_eq!((buffers.packets_in_flight(), buffers.len()), (0, 0));
    }
}
