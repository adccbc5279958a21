use super::Trace;
use crate::{CaState, TcpInfo};
use std::time::Duration;

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(super) fn info(trace: &mut Trace) -> TcpInfo {
    trace.with(|connection, context| connection.info(context.now, context.sysctls))
}

#[test]
fn segments_and_bytes_of_both_directions_are_counted() {
    let mut trace = Trace::established();
    trace.run("write 500\n > P. 1:501 ack 1\n write 500\n > nothing");
    let sent = info(&mut trace);
    assert_eq!(
        (sent.segs_out, sent.segs_in),
        (3, 1),
        "SYN, ACK, data; SYN/ACK"
    );
    assert_eq!((sent.data_segs_out, sent.unacked), (1, 1));
    assert_eq!((sent.bytes_sent, sent.notsent_bytes), (500, 500));
    trace.run("< . 1:1 ack 501\n > P. 501:1001 ack 1\n < . 1:301 ack 1001");
    let answered = info(&mut trace);
    assert_eq!((answered.segs_in, answered.data_segs_in), (3, 1));
    assert_eq!((answered.bytes_acked, answered.bytes_received), (1000, 300));
    assert_eq!((answered.bytes_sent, answered.bytes_retrans), (1000, 0));
    assert_eq!((answered.unacked, answered.notsent_bytes), (0, 0));
    assert_eq!(answered.ca_state, CaState::Open);
    assert_eq!(answered.snd_ssthresh, None);
    trace.run("wait 40ms\n > . 1001:1001 ack 301");
}

#[test]
fn times_count_from_the_last_of_each_kind() {
    let mut trace = Trace::established();
    trace.run("wait 5ms\n write 100\n > P. 1:101 ack 1\n wait 7ms\n < . 1:1 ack 101\n wait 11ms");
    let quiet = info(&mut trace);
    assert_eq!(quiet.last_data_sent, milliseconds(18));
    assert_eq!(quiet.last_ack_recv, milliseconds(11));
    assert_eq!(
        quiet.last_data_recv,
        milliseconds(23),
        "none came: since the beginning"
    );
    assert_eq!(
        (quiet.rtt, quiet.min_rtt),
        (Some(Duration::from_micros(875)), Some(Duration::ZERO))
    );
    assert_eq!(quiet.busy_time, milliseconds(7));
}

#[test]
fn a_time_out_is_loss_until_what_was_out_is_acknowledged() {
    let mut trace = Trace::established();
    trace.run(
        "write 2000\n > . 1:1001 ack 1\n > P. 1001:2001 ack 1\n wait 200ms\n > . 1:1001 ack 1",
    );
    let lost = info(&mut trace);
    assert_eq!(
        (lost.ca_state, lost.retransmits, lost.backoff),
        (CaState::Loss, 1, 1)
    );
    assert_eq!(
        (lost.total_rto, lost.total_retrans, lost.bytes_retrans),
        (1, 1, 1000)
    );
    assert_eq!((lost.bytes_sent, lost.bytes_acked), (3000, 0));
    assert_eq!((lost.snd_cwnd, lost.snd_ssthresh), (1, Some(5)));
    assert_eq!(lost.rto, milliseconds(400));
    trace.run("< . 1:1 ack 1001\n > P. 1001:2001 ack 1");
    assert_eq!(info(&mut trace).ca_state, CaState::Loss);
    trace.run("< . 1:1 ack 2001");
    let repaired = info(&mut trace);
    // Everything was sent twice, so nothing was measured, and the back-off stays (Karn's algorithm).
    assert_eq!(
        (repaired.ca_state, repaired.retransmits, repaired.backoff),
        (CaState::Loss, 0, 1)
    );
    assert_eq!((repaired.bytes_acked, repaired.bytes_retrans), (2000, 2000));
    // Without SACK it lasts until more is acknowledged: the copies may still be answered (RFC 6582 4, as on Linux).
    trace.run("write 100\n > P. 2001:2101 ack 1\n < . 1:1 ack 2101");
    assert_eq!(info(&mut trace).ca_state, CaState::Open);
}

#[test]
fn time_behind_a_closed_window_is_the_peers() {
    let mut trace = Trace::established();
    trace.run(
        "write 30000
         > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > . 2001:3001 ack 1\n > . 3001:4001 ack 1\n > P. 4001:5001 ack 1
         > . 5001:6001 ack 1\n > . 6001:7001 ack 1\n > . 7001:8001 ack 1\n > . 8001:9001 ack 1\n > P. 9001:10001 ack 1
         wait 10ms
         < . 1:1 ack 10001 win 0
         wait 150ms",
    );
    let blocked = info(&mut trace);
    assert_eq!((blocked.snd_wnd, blocked.notsent_bytes), (0, 20_000));
    assert_eq!(
        (blocked.rwnd_limited, blocked.busy_time),
        (milliseconds(150), milliseconds(160))
    );
    trace.run("wait 60ms\n > . 10000:10000 ack 1");
    let probed = info(&mut trace);
    assert_eq!(
        (probed.probes, probed.retransmits, probed.total_rto),
        (1, 0, 0)
    );
    trace.run("< . 1:1 ack 10001 win 20000");
    while trace.sent_any() {}
    assert_eq!(info(&mut trace).rwnd_limited, milliseconds(210));
}

#[test]
fn what_came_out_of_order_is_counted() {
    let mut trace = Trace::established();
    trace.run("< . 1001:2001 ack 1\n > . 1:1 ack 1\n < . 1:1001 ack 1\n > . 1:1 ack 2001");
    let whole = info(&mut trace);
    assert_eq!(
        (whole.rcv_ooopack, whole.data_segs_in, whole.bytes_received),
        (1, 2, 2000)
    );
}

#[test]
fn what_makes_a_connection_slow_is_counted_for_it_and_for_the_stack() {
    let mut trace = Trace::established();
    trace.run(
        "write 5000
         > . 1:1001 ack 1\n > . 1001:2001 ack 1\n > . 2001:3001 ack 1\n > . 3001:4001 ack 1\n > P. 4001:5001 ack 1
         < . 1:1 ack 1001
         < . 1:1 ack 1001\n < . 1:1 ack 1001\n < . 1:1 ack 1001
         > . 1001:2001 ack 1
         < . 1:1 ack 5001
         < . 9000:9001 ack 9001
         > . 5001:5001 ack 1",
    );
    let counters = trace.connection.counters();
    assert_eq!((counters.dup_acks_in, counters.tcp_fast_retrans), (3, 1));
    let (mut ours, stacks) = (counters.iter(), trace.counters);
    assert!(ours.all(|(name, count)| {
        let mut of_stack = stacks.iter();
        name == "DupAcksIn" || of_stack.any(|stacks| stacks == (name, count))
    }));
}

#[test]
fn a_closed_window_and_what_is_sent_all_the_same_are_counted() {
    let mut trace = Trace::opening_with(1000, 1 << 20);
    trace.run("> S 0:0\n < S. 0:0 ack 1\n > . 1:1 ack 1");
    trace.run("< P. 1:4063 ack 1\n > . 1:1 ack 4063 win 0");
    trace.run(
        "< . 4063:4064 ack 1\n > . 1:1 ack 4063 win 0\n < . 1:1001 ack 1\n > . 1:1 ack 4063 win 0",
    );
    let counters = trace.connection.counters();
    assert_eq!(
        (
            counters.tcp_to_zero_window_adv,
            counters.tcp_from_zero_window_adv
        ),
        (1, 0)
    );
    assert_eq!(
        (counters.tcp_zero_window_drop, counters.delayed_ack_lost),
        (1, 1)
    );
    trace.free = usize::MAX;
    trace.run("read 4062\n > . 1:1 ack 4063");
    assert_eq!(trace.connection.counters().tcp_from_zero_window_adv, 1);
}

#[test]
fn what_the_peers_data_says_of_it_is_unknown_before_there_is_any() {
    let mut trace = Trace::established();
    let before = info(&mut trace);
    assert_eq!((before.ato, before.rcv_mss), (None, None));
    trace.run("< . 1:1001 ack 1");
    let after = info(&mut trace);
    assert!(after.ato >= Some(milliseconds(1)) && after.rcv_mss.is_some());
    while trace.sent_any() {}
}

#[test]
fn small_segments_are_counted_as_segments_out_and_as_delivered() {
    let mut trace = Trace::established();
    let before = info(&mut trace).delivered;
    trace.run("nodelay\n write 10\n > P. 1:11 ack 1\n write 10\n > P. 11:21 ack 1");
    assert_eq!(info(&mut trace).unacked, 2);
    trace.run("< . 1:1 ack 11");
    let one = info(&mut trace);
    assert_eq!((one.unacked, one.delivered), (1, before + 1));
    trace.run("< . 1:1 ack 21");
    let all = info(&mut trace);
    assert_eq!((all.unacked, all.delivered), (0, before + 2));
}
