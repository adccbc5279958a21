//! How CUBIC and HyStart++ do on the paths that they are made for.

use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{CongestionAlgorithm, ShardOptions};
use periplus_tcp::{BufferSizes, Sysctls};
use periplus_tests::{Pair, Stream, content, options};
use std::time::Duration;

/// What a transfer came to.
struct Transfer {
    took: Duration,
    sent_again: u64,
}

/// The server sends so many bytes, and neither end's buffers limit it.
fn transfer(length: u64, faults: FaultOptions, tcp: Sysctls) -> Transfer {
    let tcp = Sysctls {
        tcp_rmem: BufferSizes::fixed(8 << 20),
        tcp_wmem: BufferSizes::fixed(8 << 20),
        ..tcp
    };
    let link = LinkOptions {
        offloads: false,
        ..LinkOptions::default()
    };
    let both = [(); 2].map(|()| ShardOptions { tcp, ..options() });
    let mut pair = Pair::faulty(both, faults, link);
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let began = pair.now;
    let mut client = Stream::new(client, Vec::new());
    let mut server = Stream::new(server, content(0..length));
    pair.run_until(Duration::from_secs(600), |pair| {
        let now = pair.now;
        client.pump(&mut pair.client, now).expect("it holds");
        server.pump(&mut pair.server, now).expect("it holds");
        client.received.len() as u64 == length
    });
    Transfer {
        took: pair.now.since(began),
        sent_again: pair.server.shard.counters().tcp_retrans_segs,
    }
}

/// 50 ms and 20 Mbit/s hold 85 segments, and the queue before them 200 more.
#[test]
fn a_deep_queue_ends_slow_start_before_much_of_it_is_lost() {
    let with = |hystart_detect| {
        let faults = FaultOptions {
            rate: Some(20_000_000),
            delay: Duration::from_millis(25),
            limit: 42 + 200,
            ..FaultOptions::default()
        };
        let tcp = Sysctls {
            hystart_detect,
            tcp_pacing: false, // the pace keeps half of what would be lost here off the queue, whatever ends slow start
            ..Sysctls::default()
        };
        transfer(3_000_000, faults, tcp)
    };
    let (unwatched, plus_plus) = (with(0), with(4));
    assert!(plus_plus.sent_again * 2 < unwatched.sent_again);
    assert!(plus_plus.took <= unwatched.took);
}

/// 100 ms, and one frame in a thousand is lost.
#[test]
fn a_long_path_that_loses_little_is_faster_with_cubic() {
    let with = |tcp_congestion_control| {
        let transfers = (1..=3).map(|seed| {
            let faults = FaultOptions {
                seed,
                loss: 0.001,
                delay: Duration::from_millis(50),
                limit: usize::MAX,
                ..FaultOptions::default()
            };
            let tcp = Sysctls {
                tcp_congestion_control,
                ..Sysctls::default()
            };
            transfer(10_000_000, faults, tcp).took
        });
        transfers.sum::<Duration>()
    };
    let (cubic, reno) = (
        with(CongestionAlgorithm::Cubic),
        with(CongestionAlgorithm::Reno),
    );
    assert!(cubic * 5 < reno * 4, "{cubic:?}, {reno:?}");
}
