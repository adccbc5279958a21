//! No clock, no randomness: the same inputs give the same frames.

use periplus_journey::{Instant, Record};
use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_tests::{Pair, Stream, content, options};
use std::time::Duration;

/// Every frame of both directions with its time, and every record.
type Run = ([Vec<(Instant, Vec<u8>)>; 2], Vec<Record>);

fn run(seed: u64) -> Run {
    let faults = FaultOptions {
        seed,
        loss: 0.1,
        reorder: 0.1,
        duplicate: 0.1,
        jitter: Duration::from_millis(3),
        ..FaultOptions::default()
    };
    let mut pair = Pair::faulty([options(), options()], faults, LinkOptions::default());
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, content(0..100_000));
    let mut server = Stream::new(server, content(0..50_000));
    pair.run_until(Duration::from_secs(3600), |pair| {
        client.pump(&mut pair.client, pair.now).unwrap();
        server.pump(&mut pair.server, pair.now).unwrap();
        client.is_done() && server.is_done()
    });
    let records = pair.records().cloned().collect();
    ([pair.server.device.sent, pair.client.device.sent], records)
}

#[test]
fn two_runs_with_the_same_inputs_send_the_same_frames_byte_for_byte() {
    assert!(run(7) == run(7));
}

#[test]
fn another_seed_makes_another_run() {
    assert!(run(7) != run(8));
}
