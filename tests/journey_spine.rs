//! The journeys that whole stacks record: the spine sums, stations come in order, and the stamps are those of what
//! happened on the wire.

use periplus_journey::{Instant, Kind, Outcome, Record, Station};
use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::ShardOptions;
use periplus_tests::{
    ANSWER, Cable, Host, Pair, REQUEST, Responder, Segment, Stream, content, options,
};
use periplus_wire::tcp::TcpFlags;
use std::time::Duration;

/// A client pipelines `requests` requests and ends; runs until all records are written.
fn serve(requests: u64, mut pair: Pair) -> Pair {
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..requests * REQUEST));
    let mut backend = Responder::new(server);
    pair.run_until(Duration::from_secs(3600), |pair| {
        client.pump(&mut pair.client, pair.now).unwrap();
        backend.pump(&mut pair.server, pair.now);
        if let Some(until) = backend.thinking_until {
            pair.wake_at(until);
        }
        client.is_done() && backend.ended
    });
    assert_eq!(client.received.len() as u64, requests * ANSWER);
    pair.server.shard.close(pair.now, server);
    pair.client.shard.close(pair.now, client.id);
    while pair.step() {}
    pair
}

fn requests(pair: &Pair) -> Vec<&Record> {
    let records = pair.server.records.iter();
    records
        .filter(|record| record.kind == Kind::Request)
        .collect()
}

/// What holds for every record, whatever happened.
fn check(record: &Record) {
    let spine = record.spine();
    let intervals = spine.intervals();
    let sum: Duration = intervals.iter().map(|interval| interval.duration()).sum();
    assert_eq!(sum, record.total(), "{record:?}");
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].end, pair[1].start, "a gap: {record:?}");
        assert!(
            pair[0].station < pair[1].station,
            "out of order: {record:?}"
        );
    }
    assert!(
        intervals
            .first()
            .is_none_or(|first| first.start == record.at())
    );
    assert!(
        record
            .server()
            .is_none_or(|server| server <= record.total()),
        "{record:?}"
    );
    for overlay in record.overlays.entries() {
        assert!(
            overlay.start <= overlay.end && overlay.max <= overlay.busy,
            "{overlay:?}"
        );
    }
}

#[test]
fn every_request_of_a_connection_has_a_journey_that_sums() {
    let pair = serve(5, Pair::perfect());
    let records = requests(&pair);
    assert_eq!(records.len(), 5);
    for (n, record) in (0..).zip(&records) {
        check(record);
        assert_eq!(record.outcome, Outcome::Answered);
        assert_eq!(
            (record.bytes_in, record.bytes_out, record.acked),
            (REQUEST, ANSWER, ANSWER)
        );
        let label = format!("request at {}", n * REQUEST);
        assert_eq!(record.request.as_deref(), Some(label.as_str()));
        assert_eq!(
            record.handshake.is_some(),
            n == 0,
            "only the first request has a handshake"
        );
        assert_eq!(record.connect().is_some(), n == 0);
    }
    assert!(records.is_sorted_by_key(|record| record.id));
}

#[test]
fn the_first_request_passes_the_stations_in_order() {
    let pair = serve(1, Pair::perfect());
    let spine = requests(&pair)[0].spine();
    let stations: Vec<Station> = spine.intervals().iter().map(|i| i.station).collect();
    let all = [
        Station::SynQueue,
        Station::AcceptQueue,
        Station::Idle,
        Station::RxRing,
        Station::ReceiveQueue,
        Station::Parse,
        Station::Process,
        Station::SendQueue,
        Station::RetransmitQueue,
    ];
    assert_eq!(stations, all);
    let process = spine
        .intervals()
        .iter()
        .find(|i| i.station == Station::Process)
        .unwrap();
    assert_eq!(process.duration().as_millis(), 1, "the backend's thinking");
}

/// When the first segment of which `condition` is true was sent.
fn first(host: &Host<Cable>, condition: impl Fn(&Segment) -> bool) -> Option<Instant> {
    let mut segments = host.device.segments();
    segments
        .find(|(_, segment)| condition(segment))
        .map(|(at, _)| at)
}

#[test]
fn the_stamps_are_those_of_the_frames_on_the_wire() {
    let pair = serve(1, Pair::perfect());
    let events = requests(&pair)[0].events;
    let (client, server) = (&pair.client, &pair.server);
    let syn = first(client, |segment| segment.is(TcpFlags::SYN));
    let ack = first(client, |segment| segment.is(TcpFlags::ACK));
    let request = first(client, Segment::has_data);
    assert_eq!((events.syn_arrived, events.established), (syn, ack));
    assert_eq!(events.arrived, request);

    let answer = server
        .device
        .segments()
        .filter(|(_, segment)| segment.has_data());
    let (sent_last, last) = answer.last().expect("an answer");
    let end = last.sequence + last.data.len() as u32;
    let acknowledged = first(client, |segment| {
        segment.flags.contains(TcpFlags::ACK) && segment.acknowledgment.at_or_after(end)
    });
    assert_eq!(events.transmitted, Some(sent_last));
    assert_eq!(events.acknowledged, acknowledged);
}

#[test]
fn pipelined_requests_wait_in_the_receive_queue_for_those_before_them() {
    let pair = serve(3, Pair::perfect());
    for record in &requests(&pair)[1..] {
        let spine = record.spine();
        let mut intervals = spine.intervals().iter();
        let waited = intervals.find(|interval| interval.station == Station::ReceiveQueue);
        assert!(
            waited.unwrap().duration() >= Duration::from_millis(1),
            "{record:?}"
        );
    }
}

#[test]
fn journeys_sum_whatever_the_link_does() {
    for seed in 0..20 {
        let faults = FaultOptions {
            seed,
            loss: 0.2,
            reorder: 0.2,
            duplicate: 0.1,
            jitter: Duration::from_millis(2),
            ..FaultOptions::default()
        };
        let pair = Pair::faulty([options(), options()], faults, LinkOptions::default());
        let pair = serve(10, pair);
        assert_eq!(requests(&pair).len(), 10, "seed {seed}");
        pair.records().for_each(check);
        pair.check_conservation();
    }
}

#[test]
fn a_connection_without_a_request_has_a_record_of_its_own() {
    let pair = serve(0, Pair::perfect());
    let [record] = &pair.server.records[..] else {
        panic!("one record: {:?}", pair.server.records);
    };
    check(record);
    assert_eq!(
        (record.kind, record.outcome),
        (Kind::Connection, Outcome::Closed)
    );
}

#[test]
fn a_request_cut_off_by_a_reset_ends_in_the_station_it_was_in() {
    let mut pair = Pair::perfect();
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let _ = pair
        .client
        .shard
        .write(pair.now, client, &content(0..REQUEST));
    pair.settle();
    let mut backend = Responder::new(server);
    backend.pump(&mut pair.server, pair.now);
    pair.client.shard.abort(pair.now, client);
    pair.settle();
    let records = requests(&pair);
    check(records[0]);
    assert_eq!(records[0].outcome, Outcome::Reset);
    let spine = records[0].spine();
    assert_eq!(
        spine.intervals().last().map(|i| i.station),
        Some(Station::Process)
    );
    assert_eq!(records[0].acked, 0);
}

#[test]
fn without_recording_nothing_is_recorded() {
    let silent = ShardOptions {
        recording: false,
        ..options()
    };
    let mut pair = Pair::joined(silent.clone(), silent, LinkOptions::default());
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    pair.client.shard.close(pair.now, client);
    pair.server.shard.close(pair.now, server);
    while pair.step() {}
    assert_eq!(pair.records().count(), 0);
}
