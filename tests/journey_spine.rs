//! The journeys that whole stacks record: the spine sums, stations come in order, and the stamps are those of what
//! happened on the wire.

use periplus_journey::{
    Instant, Kind, Label, Mark, Outcome, Record, RequestEnd, StampedMark, Station,
};
use periplus_ring::fault::FaultOptions;
use periplus_stack::{ConnectionId, Read, Write};
use periplus_tests::{Cable, Host, Pair, Stream, content, options};
use std::time::Duration;

const REQUEST: u64 = 100;
const ANSWER: u64 = 20_000;

/// A backend for requests of [`REQUEST`] bytes, each answered by [`ANSWER`] bytes, which thinks for a millisecond.
struct Backend {
    id: ConnectionId,
    read: u64,
    thinking_until: Option<Instant>,
    unwritten: u64,
    ended: bool,
}

fn written(host: &Host<Cable>, id: ConnectionId) -> u64 {
    host.shard.offsets(id).map_or(0, |(_, written)| written)
}

impl Backend {
    fn new(id: ConnectionId) -> Self {
        Self {
            id,
            read: 0,
            thinking_until: None,
            unwritten: 0,
            ended: false,
        }
    }

    fn mark(&self, host: &mut Host<Cable>, at: Instant, mark: Mark) {
        host.shard.mark(self.id, StampedMark { at, mark });
    }

    fn pump(&mut self, host: &mut Host<Cable>, now: Instant) {
        if self.thinking_until.is_some_and(|until| until <= now) {
            self.thinking_until = None;
            let start = written(host, self.id);
            self.mark(host, now, Mark::Response { start });
            self.unwritten = ANSWER;
        }
        self.write(host, now);
        self.read(host, now);
    }

    /// Reads one request, and no further.
    fn read(&mut self, host: &mut Host<Cable>, now: Instant) {
        while self.thinking_until.is_none() && self.unwritten == 0 && !self.ended {
            let start = self.read - self.read % REQUEST;
            let mut buffer = [0; REQUEST as usize];
            let rest = &mut buffer[(self.read - start) as usize..];
            match host.shard.read(now, self.id, rest) {
                Ok(Read::Data(length)) if self.read == start => {
                    self.mark(host, now, Mark::Request { start });
                    self.read += length as u64;
                }
                Ok(Read::Data(length)) => self.read += length as u64,
                Ok(Read::Wait) | Err(_) => break,
                Ok(Read::End) => {
                    self.ended = true;
                    let _ = host.shard.shutdown_write(now, self.id);
                }
            }
            if self.read == start + REQUEST {
                let (end, how) = (self.read, RequestEnd::Complete);
                self.mark(host, now, Mark::RequestEnd { end, how });
                self.mark(host, now, Mark::HandlerCalled);
                let label = Label::Request(format!("request at {start}").into());
                self.mark(host, now, Mark::Label(label));
                self.thinking_until = Some(now + Duration::from_millis(1));
            }
        }
    }

    fn write(&mut self, host: &mut Host<Cable>, now: Instant) {
        while self.unwritten > 0 {
            let data = vec![b'x'; self.unwritten as usize];
            match host.shard.write(now, self.id, &data) {
                Ok(Write::Accepted(length)) => self.unwritten -= length as u64,
                Ok(Write::Wait) | Err(_) => return,
            }
            if self.unwritten == 0 {
                let end = written(host, self.id);
                self.mark(host, now, Mark::ResponseEnd { end });
            }
        }
    }
}

/// A client pipelines `requests` requests and ends; runs until all records are written.
fn serve(requests: u64, faults: FaultOptions) -> Pair {
    let mut pair = Pair::new(options(), options(), faults);
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..requests * REQUEST));
    let mut backend = Backend::new(server);
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
    let pair = serve(5, FaultOptions::default());
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
    let pair = serve(1, FaultOptions::default());
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

#[test]
fn pipelined_requests_wait_in_the_receive_queue_for_those_before_them() {
    let pair = serve(3, FaultOptions::default());
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
        let pair = serve(10, faults);
        assert_eq!(requests(&pair).len(), 10, "seed {seed}");
        pair.records().for_each(check);
        pair.check_conservation();
    }
}

#[test]
fn a_connection_without_a_request_has_a_record_of_its_own() {
    let pair = serve(0, FaultOptions::default());
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
    let mut backend = Backend::new(server);
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
    let silent = periplus_stack::ShardOptions {
        recording: false,
        ..options()
    };
    let mut pair = Pair::new(silent.clone(), silent, FaultOptions::default());
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    pair.client.shard.close(pair.now, client);
    pair.server.shard.close(pair.now, server);
    while pair.step() {}
    assert_eq!(pair.records().count(), 0);
}
