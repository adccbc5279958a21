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
