//! A SYN that comes again finds its record: it is answered again, and never gets a second one.

use periplus_stack::ShardOptions;
use periplus_tcp::Sysctls;
use periplus_tests::{Script, options};
use std::time::Duration;

const A: u16 = 40_001;

const SYN: &str = "S 0:0(0) win 65535 <mss 1460>";
const SYN_ACK: &str = "S. 0:0(0) ack 1";

fn half_open(script: &Script) -> usize {
    script.stack.shard.connection_counts().1
}

#[test]
fn a_repeated_syn_is_answered_and_has_no_second_record() {
    let (mut script, web) = Script::listening(options(), 1);
    script.inject(A, SYN);
    script.expect(A, SYN_ACK);
    // Data on a SYN comes again (there is no fast open), and changes nothing.
    script.inject(A, "SP 0:10(10) win 65535 <mss 1460>");
    script.expect(A, SYN_ACK);
    assert_eq!(half_open(&script), 1);
    let counters = script.stack.shard.counters();
    assert_eq!((counters.tcp_syn_retrans, counters.listen_drops), (1, 0));
    script.inject(A, ". 1:1(0) ack 1");
    assert_eq!(script.accept(web).peer.port(), A);
}

#[test]
fn syns_that_come_too_fast_are_answered_once_in_tcp_invalid_ratelimit() {
    for (tcp_invalid_ratelimit, answers) in [(500, 2), (100, 10), (0, 20)] {
        let tcp = Sysctls {
            tcp_invalid_ratelimit: Duration::from_millis(tcp_invalid_ratelimit),
            tcp_synack_retries: 0,
            ..Sysctls::default()
        };
        let (mut script, _) = Script::listening(ShardOptions { tcp, ..options() }, 10);
        script.inject(A, SYN);
        script.expect(A, SYN_ACK);
        for _ in 0..20 {
            script.inject(A, SYN);
            script.advance(Duration::from_millis(50));
        }
        for _ in 0..answers {
            script.expect(A, SYN_ACK);
        }
        script.expect_nothing();
        let counters = script.stack.shard.counters();
        assert_eq!(counters.tcp_syn_retrans, answers);
        assert_eq!(counters.tcp_ack_skipped_syn_recv, 20 - answers);
    }
}

#[test]
fn a_newer_timestamp_is_answered_by_the_first_one_and_an_older_by_an_ack() {
    let (mut script, _) = Script::listening(options(), 10);
    script.inject(
        A,
        "S 0:0(0) win 65535 <mss 1460,TS val 1000 ecr 0,wscale 7>",
    );
    let first = script.next_segment(A);
    // The SYN lies before the window: RFC 7323 5.3, R2 and R3.
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,TS val 1100 ecr 0>");
    let again = script.next_segment(A);
    let echoed = [&first, &again].map(|segment| segment.options.timestamps.unwrap().echo_reply);
    assert_eq!(echoed, [1000, 1000]);
    // Half a second later, or it would get no answer at all.
    script.advance(Duration::from_millis(500));
    script.inject(A, "S 0:0(0) win 65535 <mss 1460,TS val 900 ecr 0>");
    // 65,160 bytes by our window scale: only the window of a SYN is not scaled (RFC 7323 2.2).
    script.expect(A, ". 1:1(0) ack 1 win 509");
    assert_eq!(script.stack.shard.counters().paws_estab_rejected, 1);
}
