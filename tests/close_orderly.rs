//! Closing in order, one side after the other (RFC 9293 3.6, figure 12).

use periplus_stack::{Read, ShardOptions, StreamError};
use periplus_tcp::Sysctls;
use periplus_tests::{Script, content, options};
use std::time::Duration;

const A: u16 = 40_001;

#[test]
fn we_close_first_and_end_in_time_wait() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1"); // FIN-WAIT-1
    script.inject(A, ". 1:1(0) ack 2"); // FIN-WAIT-2
    script.expect_nothing();
    script.inject(A, "F. 1:1(0) ack 2"); // TIME-WAIT
    script.expect(A, ". 2:2(0) ack 2");
    assert_eq!(script.stack.shard.counters().time_wait, 1);
}

#[test]
fn the_peer_closes_first_and_we_end_at_its_last_ack() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "F. 1:1(0) ack 1"); // CLOSE-WAIT
    script.expect(A, ". 1:1(0) ack 2");
    let end = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert!(matches!(end, Ok(Read::End)), "{end:?}");
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 2"); // LAST-ACK
    script.inject(A, ". 2:2(0) ack 2"); // CLOSED
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    assert_eq!(script.stack.shard.counters().time_wait, 0);
    script.inject(A, ". 2:2(0) ack 2");
    script.expect(A, "R 2:2(0)");
}

#[test]
fn a_fin_follows_the_data_queued_before_it() {
    let (mut script, id) = Script::established(A);
    script.write(id, 0..2000);
    script.stack.shard.close(script.now, id);
    script.expect(A, ". 1:1461(1460) ack 1");
    script.expect(A, "FP. 1461:2001(540) ack 1");
}

#[test]
fn a_fin_that_overtakes_data_waits_for_it() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "FP. 11:21(10) ack 1");
    script.expect(A, ". 1:1(0) ack 1");
    script.inject(A, "P. 1:11(10) ack 1");
    script.expect(A, ". 1:1(0) ack 22");
    assert_eq!(script.read(id), Ok(content(0..20)));
    let end = script.stack.shard.read(script.now, id, &mut [0; 10]);
    assert!(matches!(end, Ok(Read::End)), "{end:?}");
}

#[test]
fn a_lost_fin_is_sent_again() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    let again = script.wait_for_segment(A, Duration::from_secs(2));
    assert_eq!(again, "F. 1:1(0) ack 1");
}

#[test]
fn a_repeated_fin_in_close_wait_and_last_ack_is_acknowledged_again() {
    let (mut script, id) = Script::established(A);
    script.inject(A, "F. 1:1(0) ack 1");
    script.expect(A, ". 1:1(0) ack 2");
    script.inject(A, "F. 1:1(0) ack 1");
    script.expect(A, ". 1:1(0) ack 2");
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 2");
    script.inject(A, "F. 1:1(0) ack 1");
    script.expect(A, ". 2:2(0) ack 2");
}

#[test]
fn an_orphan_does_not_wait_in_fin_wait_2_for_ever() {
    let tcp = Sysctls {
        tcp_fin_timeout: Duration::from_secs(5),
        ..Sysctls::default()
    };
    let (mut script, web) = Script::listening(ShardOptions { tcp, ..options() }, 10);
    script.handshake(A);
    let id = script.accept(web).id;
    script.stack.shard.close(script.now, id);
    script.expect(A, "F. 1:1(0) ack 1");
    script.inject(A, ". 1:1(0) ack 2");
    script.advance(Duration::from_secs(6));
    script.expect_nothing();
    assert_eq!(script.stack.shard.connection_counts(), (0, 0, 0));
    script.inject(A, "F. 1:1(0) ack 2");
    script.expect(A, "R 2:2(0)");
}

#[test]
fn writing_after_shutdown_is_a_broken_pipe() {
    let (mut script, id) = Script::established(A);
    script.stack.shard.shutdown_write(script.now, id).unwrap();
    script.expect(A, "F. 1:1(0) ack 1");
    let write = script.stack.shard.write(script.now, id, b"late");
    assert_eq!(write.err(), Some(StreamError::BrokenPipe));
}
