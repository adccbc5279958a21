//! Journeys over TLS: the handshake on the spine of the first, and two requests in one record.

use periplus_journey::{Kind, Mark, Outcome, Record, RequestEnd, StampedMark, Station};
use periplus_stack::ConnectionId;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;
const MILLISECOND: Duration = Duration::from_millis(1);

fn mark(script: &mut Script, id: ConnectionId, mark: Mark) {
    let at = script.now;
    script.stack.shard.mark(
        id,
        StampedMark {
            at,
            stream: 0,
            mark,
        },
    );
}

/// The peer has sent 8 bytes of a handshake, 1 ms after it connected, and the backend has read them.
fn began() -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(options(), 2);
    script.handshake(A);
    let id = script.accept(web).id;
    script.advance(MILLISECOND);
    script.inject(A, "P. 1:9(8) ack 1");
    script.advance(MILLISECOND);
    mark(&mut script, id, Mark::TlsBegan { start: 0 });
    script.stack.shard.consume(script.now, id, 8);
    script.advance(2 * MILLISECOND);
    (script, id)
}

fn spine(record: &Record) -> Vec<(Station, u128)> {
    let spine = record.spine();
    let times = spine.intervals().iter();
    times
        .map(|interval| (interval.station, interval.duration().as_millis()))
        .collect()
}

#[test]
fn the_handshake_stands_on_the_spine_of_the_first_request() {
    let (mut script, id) = began();
    mark(&mut script, id, Mark::TlsEnded { end: 8 });
    script.advance(3 * MILLISECOND);
    script.inject(A, "P. 9:17(8) ack 1");
    script.drain();
    mark(&mut script, id, Mark::WholeRequest { start: 8, end: 16 });
    script.stack.shard.consume(script.now, id, 8);
    script.stack.shard.write(script.now, id, &[0; 6]).unwrap();
    mark(&mut script, id, Mark::WholeResponse { start: 0, end: 6 });
    script.run();
    script.drain();
    script.inject(A, ". 17:17(0) ack 7");
    let [record] = &script.stack.records[..] else {
        panic!("one record: {:?}", script.stack.records);
    };
    let handshake = [
        (Station::Idle, 1),
        (Station::TlsHandshake, 3),
        (Station::Idle, 3),
    ];
    let spine = spine(record);
    assert_eq!(spine[2..5], handshake, "{spine:?}");
    assert_eq!((record.bytes_in, record.bytes_out), (8, 6));
    assert!(!record.coarse);
}

#[test]
fn a_handshake_that_was_refused_is_a_connection_that_says_why() {
    let (mut script, id) = began();
    mark(
        &mut script,
        id,
        Mark::Refused {
            reason: "tls_no_shared_version",
        },
    );
    script.inject(A, "R 9:9(0)");
    let [record] = &script.stack.records[..] else {
        panic!("one record: {:?}", script.stack.records);
    };
    assert_eq!(
        (record.kind, record.outcome),
        (Kind::Connection, Outcome::Rejected)
    );
    assert_eq!(record.reason.as_deref(), Some("tls_no_shared_version"));
    let last = spine(record).pop();
    assert_eq!(last, Some((Station::TlsHandshake, 3)));
}

/// The second begins with the record that the first ends with, whose bytes' stamps nobody keeps any longer.
#[test]
fn two_requests_in_one_record_arrived_with_it() {
    let (mut script, id) = Script::established(A);
    let now = script.now;
    script
        .stack
        .shard
        .change_socket_options(now, id, |options| options.no_delay = true);
    script.inject(A, "P. 1:9(8) ack 1");
    let arrived = script.now;
    let how = RequestEnd::Complete;
    for answer in [0, 6] {
        script.advance(MILLISECOND);
        mark(&mut script, id, Mark::Request { start: 0 });
        if answer == 0 {
            script.stack.shard.consume(script.now, id, 8);
        }
        mark(&mut script, id, Mark::RequestEnd { end: 8, how });
        mark(&mut script, id, Mark::Response { start: answer });
        script.stack.shard.write(script.now, id, &[0; 6]).unwrap();
        mark(&mut script, id, Mark::ResponseEnd { end: answer + 6 });
        script.run();
        script.drain();
        // Later bytes have stamps of their own, which are not this request's.
        if answer == 0 {
            script.inject(A, "P. 9:17(8) ack 1");
            script.drain();
        }
    }
    script.inject(A, ". 17:17(0) ack 13");
    let [first, second] = &script.stack.records[..] else {
        panic!("two records: {:?}", script.stack.records);
    };
    for record in [first, second] {
        assert_eq!(record.events.arrived, Some(arrived));
        assert_eq!(record.bytes_in, 8);
        assert!(!record.coarse);
    }
}
