//! Waits that the spine alone would not show, and answers that broke off.

use periplus_journey::{Instant, Mark, Outcome, OverlayEntry, Record, RequestEnd, Station};
use periplus_stack::ConnectionId;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const MILLISECOND: Duration = Duration::from_millis(1);

fn mark(script: &mut Script, id: ConnectionId, mark: Mark) {
    let at = script.now;
    script.stack.shard.mark(
        id,
        periplus_journey::StampedMark {
            at,
            stream: 0,
            mark,
        },
    );
}

/// The backend looks at the request, says that it begins, and then reads its 8 bytes: as the turnstile does.
fn read_request(script: &mut Script, id: ConnectionId) {
    let mut buffer = [0; 8];
    script.stack.shard.peek(id, &mut buffer).unwrap();
    mark(script, id, Mark::Request { start: 0 });
    script.stack.shard.consume(script.now, id, 8);
    let how = RequestEnd::Complete;
    mark(script, id, Mark::RequestEnd { end: 8, how });
}

fn only_record(script: &Script) -> &Record {
    let [record] = &script.stack.records[..] else {
        panic!("one record: {:?}", script.stack.records);
    };
    record
}

#[test]
fn bytes_that_arrive_before_accept_have_their_whole_wait_beside_the_spine() {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    script.inject(A, "P. 1:9(8) ack 1");
    let arrived: Instant = script.now;
    script.expect(A, ". 1:1(0) ack 9");
    script.advance(3 * MILLISECOND);
    let id = script.accept(web).id;
    script.advance(2 * MILLISECOND);
    read_request(&mut script, id);
    let read = script.now;
    mark(&mut script, id, Mark::Response { start: 0 });
    script.stack.shard.write(script.now, id, &[0; 6]).unwrap();
    mark(&mut script, id, Mark::ResponseEnd { end: 6 });
    script.run();
    script.expect(A, "P. 1:7(6) ack 9");
    script.inject(A, ". 9:9(0) ack 7");

    let record = only_record(&script);
    let stations: Vec<_> = record
        .spine()
        .intervals()
        .iter()
        .map(|interval| interval.station)
        .collect();
    assert!(!stations.contains(&Station::Idle) && !stations.contains(&Station::RxRing));
    let queue: &OverlayEntry = record.overlay(Station::ReceiveQueue).expect("an overlay");
    assert_eq!((queue.start, queue.end), (arrived, read));
    assert!(queue.busy >= 5 * MILLISECOND, "{queue:?}");
    assert!(record.overlay(Station::RxRing).is_some());
}

#[test]
fn of_a_request_that_broke_off_the_record_has_what_came_of_it() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 1:9(8) ack 1");
    mark(&mut script, id, Mark::Request { start: 3 });
    script.stack.shard.consume(script.now, id, 8);
    script.inject(A, "P. 9:13(4) ack 1");
    script.inject(A, "R 13:13(0)");

    let record = only_record(&script);
    assert_eq!(record.outcome, Outcome::Reset);
    assert_eq!(record.bytes_in, 9);
}

#[test]
fn of_an_answer_that_broke_off_the_record_has_what_was_sent() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 1:9(8) ack 1");
    read_request(&mut script, id);
    mark(&mut script, id, Mark::Response { start: 0 });
    script
        .stack
        .shard
        .write(script.now, id, &[0; 1000])
        .unwrap();
    script.run();
    script.drain();
    script.inject(A, ". 9:9(0) ack 601");
    script.inject(A, "R 9:9(0)");

    let record = only_record(&script);
    assert_eq!(record.outcome, Outcome::Reset);
    assert_eq!((record.bytes_out, record.acked), (1000, 600));
}

/// Three requests, the later two while the connection is under way, with the same times, told by `ask` and `answer`.
fn three_requests(
    ask: fn(&mut Script, ConnectionId, u64),
    answer: fn(&mut Script, ConnectionId, u64),
) -> Vec<Record> {
    let (mut script, id) = Script::established(A);
    for n in 0..3 {
        let (seq, ack) = (1 + 8 * n, 1 + 6 * n);
        script.inject(A, &format!("P. {seq}:{}(8) ack {ack}", seq + 8));
        let mut buffer = [0; 8];
        script
            .stack
            .shard
            .read(script.now, id, &mut buffer)
            .unwrap();
        script.advance(MILLISECOND);
        ask(&mut script, id, 8 * n);
        script.stack.shard.write(script.now, id, &[0; 6]).unwrap();
        answer(&mut script, id, 6 * n);
        script.run();
        script.drain();
        script.advance(MILLISECOND);
    }
    script.inject(A, ". 25:25(0) ack 19");
    assert_eq!(script.stack.records.len(), 3);
    script.stack.records.clone()
}

#[test]
fn a_request_told_by_one_mark_and_answered_by_one_has_the_record_of_all_five() {
    let by_five = three_requests(
        |script, id, start| {
            let how = RequestEnd::Complete;
            mark(script, id, Mark::Request { start });
            mark(
                script,
                id,
                Mark::RequestEnd {
                    end: start + 8,
                    how,
                },
            );
            mark(script, id, Mark::HandlerCalled);
        },
        |script, id, start| {
            mark(script, id, Mark::Response { start });
            mark(script, id, Mark::ResponseEnd { end: start + 6 });
        },
    );
    let by_two = three_requests(
        |script, id, start| {
            let end = start + 8;
            mark(script, id, Mark::WholeRequest { start, end });
        },
        |script, id, start| {
            let end = start + 6;
            mark(script, id, Mark::WholeResponse { start, end });
        },
    );
    assert_eq!(by_five, by_two);
    let waits = by_two.iter().map(|record| record.overlay(Station::Peer));
    assert!(waits.flatten().all(|wait| wait.busy >= MILLISECOND));
}

#[test]
fn an_answer_that_is_told_of_after_it_was_acknowledged_has_its_own_times() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "P. 1:9(8) ack 1");
    read_request(&mut script, id);
    mark(&mut script, id, Mark::Response { start: 0 });
    script.stack.shard.write(script.now, id, &[0; 6]).unwrap();
    script.run();
    script.drain();
    let transmitted = script.now;
    script.advance(2 * MILLISECOND);
    script.inject(A, ". 9:9(0) ack 7");
    let acknowledged = script.now;
    script.advance(MILLISECOND);
    mark(&mut script, id, Mark::ResponseEnd { end: 6 });
    script.run();

    let events = only_record(&script).events;
    assert_eq!(events.transmitted, Some(transmitted));
    assert_eq!(events.acknowledged, Some(acknowledged));
    assert!(!only_record(&script).coarse);
}
