//! Buffers that nobody sets hold what a path carries, and no more for one whose data is not read.

use periplus_ring::fault::FaultOptions;
use periplus_ring::memory::LinkOptions;
use periplus_stack::{ConnectionId, Read, ShardOptions, Sysctls, TcpInfo, Write};
use periplus_tests::{Pair, Stream, content, options};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(600);
/// Longer than any slow start here.
const WARM: u64 = 10_000_000;
const MEASURED: u64 = 10_000_000;

/// So many bits a second, and so long there and back. The queue before it is never full.
fn path(rate: u64, round_trip: Duration) -> FaultOptions {
    FaultOptions {
        rate: Some(rate),
        delay: round_trip / 2,
        limit: usize::MAX,
        ..FaultOptions::default()
    }
}

fn pair(faults: FaultOptions, tcp: Sysctls) -> Pair {
    let both = [(); 2].map(|()| ShardOptions { tcp, ..options() });
    let link = LinkOptions {
        offloads: false,
        ..LinkOptions::default()
    };
    Pair::faulty(both, faults, link)
}

fn server_info(pair: &Pair, id: ConnectionId) -> TcpInfo {
    pair.server
        .shard
        .tcp_info(pair.now, id)
        .expect("it is there")
}

/// A download: what the link carried of what it could, in percent, after slow start; whether the window always had room for another
/// segment; and what the sender says at its end.
fn download(faults: FaultOptions, tcp: Sysctls) -> (u64, bool, TcpInfo) {
    let rate = faults.rate.expect("a rate");
    let mut pair = pair(faults, tcp);
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, Vec::new());
    let mut sender = Stream::new(server, content(0..WARM + MEASURED));
    let mut roomy = true;
    let mut times = [WARM, WARM + MEASURED].map(|until| {
        pair.run_until(LIMIT, |pair| {
            let now = pair.now;
            client.pump(&mut pair.client, now).expect("it holds");
            sender.pump(&mut pair.server, now).expect("it holds");
            let info = server_info(pair, server);
            roomy &=
                info.rwnd_limited.is_zero() && (info.unacked + 1) * info.snd_mss <= info.snd_wnd;
            client.received.len() as u64 >= until
        });
        pair.now
    });
    times.sort();
    assert!(client.received == content(0..WARM + MEASURED));
    let took = times[1].since(times[0]);
    let could = rate as u128 * took.as_nanos() / 8 / 1_000_000_000;
    let share = u128::from(MEASURED) * 100 / could;
    (share as u64, roomy, server_info(&pair, server))
}

#[track_caller]
fn check_full(rate: u64, round_trip: Duration) {
    let (share, roomy, info) = download(path(rate, round_trip), Sysctls::default());
    assert!(share >= 90, "{share} %");
    assert!(roomy, "the receiver's window held the sender up");
    assert_eq!(info.total_retrans, 0);
}

/// 1.25 MB are on their way.
#[test]
fn a_long_path_is_filled() {
    check_full(100_000_000, Duration::from_millis(100));
}

/// 2.5 MB are on their way.
#[test]
fn a_fast_path_is_filled() {
    check_full(1_000_000_000, Duration::from_millis(20));
}

/// Without a rate a flight comes all at once, and a few ACKs answer all of it: slow start doubles the next, and is given room for that.
#[test]
fn slow_start_is_not_held_up_where_flights_come_at_once() {
    let faults = FaultOptions {
        rate: None,
        ..path(1, Duration::from_millis(100))
    };
    let tcp = Sysctls {
        tcp_pacing: false,
        ..Sysctls::default()
    };
    let mut pair = pair(faults, tcp);
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, Vec::new());
    let mut sender = Stream::new(server, content(0..MEASURED));
    pair.run_until(LIMIT, |pair| {
        let now = pair.now;
        client.pump(&mut pair.client, now).expect("it holds");
        sender.pump(&mut pair.server, now).expect("it holds");
        client.ended
    });
    let info = server_info(&pair, server);
    assert_eq!(info.rwnd_limited, Duration::ZERO, "{info:?}");
}

/// What it was before there was any growing: the same path with buffers that stay as they are carries a part of it.
#[test]
fn without_growing_a_long_path_is_mostly_empty() {
    let tcp = Sysctls {
        tcp_moderate_rcvbuf: false,
        ..Sysctls::default()
    };
    let (share, roomy, _) = download(path(100_000_000, Duration::from_millis(100)), tcp);
    assert!(share < 15 && !roomy, "{share} %");
}

/// One frame in 5,000 is lost: what is behind a hole waits, a round trip's worth of it, and nothing is dropped for that.
#[test]
fn what_is_behind_a_loss_is_kept_whole() {
    let faults = FaultOptions {
        seed: 7,
        loss: 0.0002,
        ..path(1_000_000_000, Duration::from_millis(40))
    };
    let mut pair = pair(faults, Sysctls::default());
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut client = Stream::new(client, Vec::new());
    let mut sender = Stream::new(server, content(0..20_000_000));
    pair.run_until(LIMIT, |pair| {
        let now = pair.now;
        client.pump(&mut pair.client, now).expect("it holds");
        sender.pump(&mut pair.server, now).expect("it holds");
        client.ended
    });
    assert!(client.received == content(0..20_000_000));
    let counters = pair.client.shard.counters();
    assert_eq!(counters.tcp_ofo_drop, 0);
    assert!(
        counters.tcp_ofo_queue > 1024,
        "more than ever waited: {}",
        counters.tcp_ofo_queue
    );
}

/// A reader that takes little is promised little, however much its peer would send.
#[test]
fn a_slow_reader_keeps_its_window_small() {
    let mut pair = pair(
        path(100_000_000, Duration::from_millis(20)),
        Sysctls::default(),
    );
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let mut upload = Stream::new(client, content(0..5_000_000));
    let mut wake = pair.now;
    let (mut read, mut buffer) = (0, [0; 2000]);
    let usual = Sysctls::default().tcp_rmem.usual;
    pair.run_until(LIMIT, |pair| {
        let now = pair.now;
        upload.pump(&mut pair.client, now).expect("it holds");
        if now >= wake {
            if let Read::Data(count) = pair
                .server
                .shard
                .read(now, server, &mut buffer)
                .expect("it holds")
            {
                read += count;
            }
            wake = now + Duration::from_millis(10);
        }
        pair.wake_at(wake);
        assert!(server_info(pair, server).rcv_wnd as usize <= usual);
        assert!(pair.server.shard.tcp_memory().receive <= 2 * usual);
        read >= 1_000_000
    });
}

/// What was grown to for a fast reader is given back by one that has become slow, as data comes that uses the promise up.
#[test]
fn what_was_grown_is_given_back() {
    let mut pair = pair(
        path(100_000_000, Duration::from_millis(100)),
        Sysctls::default(),
    );
    let web = pair.server.listen(80, 10);
    let (client, server) = pair.connect(web, 80);
    let now = pair.now;
    let length: usize = 22_000_000;
    let (data, mut written, mut read) = (content(0..length as u64), 0, 0);
    let pump = |pair: &mut Pair, written: &mut usize, until: usize| {
        while *written < until {
            let rest = &data[*written..until];
            match pair
                .client
                .shard
                .write(pair.now, client, rest)
                .expect("it holds")
            {
                Write::Accepted(count) => *written += count,
                Write::Wait => break,
            }
        }
    };
    pair.run_until(LIMIT, |pair| {
        pump(pair, &mut written, 15_000_000);
        read += read_all(pair, server);
        read == 15_000_000
    });
    let grown = server_info(&pair, server).rcv_wnd;
    assert!(grown > 2_000_000, "{grown}");
    assert!(pair.now.since(now) < Duration::from_secs(5));
    // Now a little each half second, until what was promised has come.
    let mut next = pair.now;
    pair.run_until(LIMIT, |pair| {
        if pair.now >= next {
            next = pair.now + Duration::from_millis(500);
            let until = length.min(written + 20_000);
            pump(pair, &mut written, until);
        }
        pair.wake_at(next);
        read += read_all(pair, server);
        read == length
    });
    let info = server_info(&pair, server);
    assert!(info.rcv_wnd <= 131_072, "{info:?}");
    assert!(info.rcv_space.is_none_or(|bytes| bytes <= 20_000));
    assert!(pair.server.shard.tcp_memory().receive <= 131_072);
}

fn read_all(pair: &mut Pair, id: ConnectionId) -> usize {
    let (mut buffer, mut read) = ([0; 16 * 1024], 0);
    let shard = &mut pair.server.shard;
    while let Read::Data(count) = shard.read(pair.now, id, &mut buffer).expect("it holds") {
        read += count;
    }
    read
}
