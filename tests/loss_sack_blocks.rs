//! What came out of order, or twice, is told to a peer that understands SACK (RFC 2018, RFC 2883).

use periplus_stack::{ConnectionId, ShardOptions};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, Segment, options};
use periplus_wire::tcp::OptionOrder;

const A: u16 = 40_001;

/// A peer that understands SACK and has no timestamps has connected.
fn connected(tcp: Sysctls) -> (Script, ConnectionId) {
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,sackOK>");
    let answer = script.next_segment(A);
    assert_eq!(answer.options.sack_permitted, tcp.tcp_sack);
    script.inject(A, ". 1:1(0) ack 1");
    let id = script.accept(web).id;
    (script, id)
}

#[test]
fn the_block_that_changed_last_stands_first() {
    let (mut script, _) = connected(Sysctls::default());
    script.inject(A, ". 101:201(100) ack 1");
    script.expect(A, ". 1:1(0) ack 1 <sack 101:201>");
    script.inject(A, ". 301:401(100) ack 1");
    script.expect(A, ". 1:1(0) ack 1 <sack 301:401 101:201>");
    script.inject(A, ". 201:251(50) ack 1");
    script.expect(A, ". 1:1(0) ack 1 <sack 101:251 301:401>");
    script.inject(A, ". 1:101(100) ack 1");
    script.expect(A, ". 1:1(0) ack 251 <sack 301:401>");
    script.inject(A, ". 251:301(50) ack 1");
    let last = script.next_segment(A);
    assert!(last.options.sack.is_empty(), "{last:?}");
}

#[test]
fn four_blocks_fit_and_beside_timestamps_three() {
    let (mut script, _) = connected(Sysctls::default());
    for start in [101, 301, 501, 701] {
        script.inject(A, &format!(". {start}:{}(100) ack 1", start + 100));
    }
    let blocks: Vec<_> = (0..4)
        .map(|_| script.next_segment(A).options.sack.len())
        .collect();
    assert_eq!(blocks, [1, 2, 3, 4]);

    let (mut script, _) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0>");
    script.drain();
    script.inject(A, ". 1:1(0) ack 1 <TS val 1 ecr 0>");
    for start in [101, 301, 501, 701] {
        let segment = format!(". {start}:{}(100) ack 1 <TS val 1 ecr 0>", start + 100);
        script.inject(A, &segment);
    }
    let blocks: Vec<_> = (0..4)
        .map(|_| script.next_segment(A).options.sack.len())
        .collect();
    assert_eq!(blocks, [1, 2, 3, 3]);
}

/// RFC 6691 2: what the option takes, the text leaves.
#[test]
fn a_full_segment_with_blocks_has_less_text() {
    let (mut script, id) = connected(Sysctls::default());
    script.inject(A, ". 101:201(100) ack 1");
    script.drain();
    script.write(id, 0..2920);
    script.expect(A, ". 1:1449(1448) ack 1 <sack 101:201>");
    script.expect(A, ". 1449:2897(1448) ack 1 <sack 101:201>");
}

#[test]
fn the_knob_and_the_peer_decide_whether_it_is_used() {
    let off = Sysctls {
        tcp_sack: false,
        ..Sysctls::default()
    };
    let (mut script, _) = connected(off);
    script.inject(A, ". 101:201(100) ack 1");
    assert!(script.next_segment(A).options.sack.is_empty());

    let (mut script, _) = Script::established(A);
    script.inject(A, ". 101:201(100) ack 1");
    assert!(script.next_segment(A).options.sack.is_empty());

    let mut script = Script::new(options());
    script.connect(A);
    assert!(script.next_segment(A).options.sack_permitted);
}

#[test]
fn what_came_twice_is_told_once_before_the_blocks() {
    let (mut script, _) = connected(Sysctls::default());
    script.inject(A, ". 1:101(100) ack 1");
    script.expect(A, ". 1:1(0) ack 101");
    script.inject(A, ". 201:301(100) ack 1");
    script.expect(A, ". 1:1(0) ack 101 <sack 201:301>");
    // below RCV.NXT
    script.inject(A, ". 51:101(50) ack 1");
    script.expect(A, ". 1:1(0) ack 101 <sack 51:101 201:301>");
    // in the reassembly queue: the run around it follows (RFC 2883 4.2.1)
    script.inject(A, ". 221:241(20) ack 1");
    script.expect(A, ". 1:1(0) ack 101 <sack 221:241 201:301>");
    // in part
    script.inject(A, ". 251:351(100) ack 1");
    script.expect(A, ". 1:1(0) ack 101 <sack 251:301 201:351>");
    script.inject(A, ". 401:411(10) ack 1");
    script.expect(A, ". 1:1(0) ack 101 <sack 401:411 201:351>");
    // the segment that fills the hole covers more
    script.inject(A, ". 101:211(110) ack 1");
    script.expect(A, ". 1:1(0) ack 351 <sack 201:211 401:411>");
    let counters = script.stack.shard.counters();
    assert_eq!(counters.tcp_dsack_old_sent, 1);
    assert_eq!(counters.tcp_dsack_ofo_sent, 3);
}

#[test]
fn without_tcp_dsack_nothing_is_told_twice() {
    let off = Sysctls {
        tcp_dsack: false,
        ..Sysctls::default()
    };
    let (mut script, _) = connected(off);
    script.inject(A, ". 1:101(100) ack 1");
    script.inject(A, ". 1:101(100) ack 1");
    assert!(script.next_segment(A).options.sack.is_empty());
    assert_eq!(script.stack.shard.counters().tcp_dsack_old_sent, 0);
}

/// The options of a SYN as bytes: on the wire the order is seen.
#[test]
fn the_options_of_a_syn_stand_in_the_order_that_was_chosen() {
    for (syn_option_order, kinds) in [
        (OptionOrder::Linux, [2, 4, 8, 1, 3]),
        (OptionOrder::FreeBsd, [2, 1, 3, 4, 8]),
    ] {
        let tcp = Sysctls {
            syn_option_order,
            ..Sysctls::default()
        };
        let mut script = Script::new(ShardOptions { tcp, ..options() });
        script.connect(A);
        let options = script.next_segment(A).option_bytes;
        let mut found = Vec::new();
        let mut rest = &options[..];
        while let [kind, after @ ..] = rest {
            found.push(*kind);
            rest = if *kind == 1 {
                after
            } else {
                &rest[rest[1].into()..]
            };
        }
        assert_eq!(found, kinds, "{syn_option_order:?}");
    }
}

#[test]
fn a_fin_beyond_a_hole_belongs_to_the_block_before_it() {
    let (mut script, _) = connected(Sysctls::default());
    script.inject(A, "F. 101:201(100) ack 1");
    script.expect(A, ". 1:1(0) ack 1 <sack 101:202>");
    script.inject(A, ". 301:401(100) ack 1");
    script.drain();
    script.inject(A, ". 1:101(100) ack 1");
    script.expect(A, ". 1:1(0) ack 202");
}

/// Segments that come in one burst, before the stack looks at its ring.
fn inject_burst(script: &mut Script, segments: &[&str]) {
    for segment in segments {
        script.put_segment(A, segment);
    }
    script.run();
}

#[test]
fn what_comes_in_order_before_a_hole_is_acknowledged_by_itself() {
    let (mut script, _) = connected(Sysctls::default());
    inject_burst(
        &mut script,
        &[
            ". 1:1461(1460) ack 1",
            ". 1461:2921(1460) ack 1",
            ". 4381:5841(1460) ack 1",
            ". 5841:7301(1460) ack 1",
        ],
    );
    script.expect(A, ". 1:1(0) ack 2921 win");
    script.expect(A, ". 1:1(0) ack 2921 <sack 4381:7301>");
    assert_eq!(script.segments_now(A), []);
    // The second hole of one burst has nothing before it that would not be told with the first.
    inject_burst(
        &mut script,
        &[
            ". 2921:4381(1460) ack 1",
            ". 7301:8761(1460) ack 1",
            ". 10221:11681(1460) ack 1",
            ". 8761:10221(1460) ack 1",
            ". 13141:14601(1460) ack 1",
        ],
    );
    script.expect(A, ". 1:1(0) ack 8761");
    script.expect(A, ". 1:1(0) ack 11681 <sack 13141:14601>");
    assert_eq!(script.segments_now(A), []);
}

/// To a peer without SACK the ACK behind it is a duplicate only if its window is the same (RFC 5681 2).
#[test]
fn the_ack_behind_it_has_the_same_window() {
    let (mut script, web) = Script::listening(options(), 10);
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,wscale 7>");
    script.drain();
    script.inject(A, ". 1:1(0) ack 1");
    script.accept(web);
    inject_burst(
        &mut script,
        &[
            ". 1:1461(1460) ack 1",
            ". 1461:2921(1460) ack 1",
            ". 4381:5841(1460) ack 1",
        ],
    );
    let both = script.segments_now(A);
    let told = |segment: &Segment| (segment.acknowledgment, segment.window);
    assert_eq!(both.len(), 2, "{both:?}");
    assert_eq!(told(&both[0]), told(&both[1]));
}

#[test]
fn a_hole_that_nothing_owed_comes_before_is_told_once() {
    let (mut script, id) = connected(Sysctls::default());
    inject_burst(
        &mut script,
        &[". 1461:2921(1460) ack 1", ". 2921:4381(1460) ack 1"],
    );
    script.expect(A, ". 1:1(0) ack 1 <sack 1461:4381>");
    script.inject(A, ". 1:1461(1460) ack 1");
    script.expect(A, ". 1:1(0) ack 4381");
    // An answer: from now on the ACK for a segment waits for data to travel with.
    assert_eq!(script.read(id).map(|read| read.len()), Ok(4380));
    script.write(id, 0..100);
    script.expect(A, "P. 1:101(100) ack 4381");
    inject_burst(
        &mut script,
        &[". 4381:5841(1460) ack 101", ". 7301:8761(1460) ack 101"],
    );
    script.expect(A, ". 101:101(0) ack 5841 <sack 7301:8761>");
    assert_eq!(script.segments_now(A), []);
}
