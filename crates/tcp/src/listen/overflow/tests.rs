use super::*;
use crate::listen::ListenCounters;

const NOW: Instant = Instant::from_millis(1_000);

fn with_cookies(tcp_syncookies: u8) -> Sysctls {
    Sysctls {
        tcp_syncookies,
        ..Sysctls::default()
    }
}

/// As many SYNs as are not answered by anything else than a record, at most 100.
fn fill(listener: &mut Listener<u64>, sysctls: &Sysctls, counters: &mut Counters) -> u32 {
    for admitted in 0..100 {
        let verdict = listener.syn_arrives(false, true, NOW, sysctls, counters);
        if verdict != SynVerdict::Queue {
            return admitted;
        }
        listener.syn_queue.enter();
    }
    100
}

fn fill_accept_queue(listener: &mut Listener<u64>) {
    while !listener.accept_queue.is_full() {
        listener.accept_queue.push(0);
    }
}

#[test]
fn one_more_than_the_backlog_is_admitted_and_then_the_ack_is_dropped() {
    let (sysctls, mut counters) = (Sysctls::default(), Counters::default());
    let mut listener = Listener::new(2, &sysctls);
    for connection in 0..3 {
        assert_eq!(
            listener.ack_arrives(&sysctls, &mut counters),
            AckVerdict::Establish
        );
        listener.accept_queue.push(connection);
    }
    assert_eq!(
        listener.ack_arrives(&sysctls, &mut counters),
        AckVerdict::Drop
    );
    assert_eq!(
        listener.syn_arrives(false, true, NOW, &sysctls, &mut counters),
        SynVerdict::Drop(DropReason::TcpListenOverflow)
    );
    assert_eq!((counters.listen_overflows, counters.listen_drops), (2, 2));
    let own = ListenCounters {
        listen_overflows: 2,
        listen_drops: 2,
        ..ListenCounters::default()
    };
    assert_eq!(listener.counters, own);
    listener.accept_queue.pop();
    assert_eq!(
        listener.ack_arrives(&sysctls, &mut counters),
        AckVerdict::Establish
    );
}

#[test]
fn without_cookies_a_quarter_of_max_syn_backlog_stays_free_and_is_a_listen_drop_only() {
    for (tcp_syncookies, admitted) in [(0, 7), (1, 100)] {
        let sysctls = Sysctls {
            tcp_max_syn_backlog: 8,
            ..with_cookies(tcp_syncookies)
        };
        let mut counters = Counters::default();
        let mut listener = Listener::new(100, &sysctls);
        assert_eq!(fill(&mut listener, &sysctls, &mut counters), admitted);
        let limit = if tcp_syncookies == 0 { 6 } else { 100 };
        assert_eq!(listener.syn_queue.limit(), limit);
        assert_eq!(counters.tcp_req_q_full_drop, 0);
        let drops = u64::from(tcp_syncookies == 0);
        assert_eq!(
            (counters.listen_drops, listener.counters.listen_drops),
            (drops, drops)
        );
    }
}

#[test]
fn a_full_syn_queue_asks_for_a_cookie_or_drops() {
    for tcp_syncookies in [0, 1, 2] {
        let sysctls = with_cookies(tcp_syncookies);
        let mut counters = Counters::default();
        let mut listener = Listener::new(8, &sysctls);
        // Seen on Linux 6.18 with a backlog of 8: nine records, or with `tcp_syncookies` 2 none.
        let admitted = fill(&mut listener, &sysctls, &mut counters);
        assert_eq!(admitted, if tcp_syncookies == 2 { 0 } else { 9 });
        let dropped = u64::from(tcp_syncookies == 0);
        assert_eq!(counters.tcp_req_q_full_drop, dropped);
        assert_eq!(counters.listen_drops, dropped);
        assert_eq!(counters.tcp_req_q_full_do_cookies, 1 - dropped);
        assert_eq!(counters.syncookies_sent, 1 - dropped);
        assert_eq!(listener.expects_cookies(NOW, &sysctls), dropped == 0);
    }
}

#[test]
fn a_full_accept_queue_comes_before_the_cookie_and_after_its_counter() {
    for tcp_syncookies in [1, 2] {
        let sysctls = with_cookies(tcp_syncookies);
        let mut counters = Counters::default();
        let mut listener = Listener::new(1, &sysctls);
        fill_accept_queue(&mut listener);
        for _ in 0..2 {
            listener.syn_queue.enter();
        }
        let verdict = listener.syn_arrives(false, true, NOW, &sysctls, &mut counters);
        assert_eq!(verdict, SynVerdict::Drop(DropReason::TcpListenOverflow));
        assert_eq!(counters.tcp_req_q_full_do_cookies, 1);
        assert_eq!((counters.listen_overflows, counters.listen_drops), (1, 1));
        assert_eq!(counters.syncookies_sent, 0);
        assert!(!listener.expects_cookies(NOW, &sysctls));
    }
}

#[test]
fn a_peer_from_time_wait_needs_no_place_in_the_syn_queue_and_no_cookie() {
    for tcp_syncookies in [0, 1, 2] {
        let sysctls = with_cookies(tcp_syncookies);
        let mut counters = Counters::default();
        let mut listener: Listener<u64> = Listener::new(0, &sysctls);
        listener.syn_queue.enter();
        assert!(listener.syn_queue.is_full());
        let verdict = listener.syn_arrives(true, true, NOW, &sysctls, &mut counters);
        assert_eq!(verdict, SynVerdict::Queue);
        fill_accept_queue(&mut listener);
        let verdict = listener.syn_arrives(true, true, NOW, &sysctls, &mut counters);
        assert_eq!(verdict, SynVerdict::Drop(DropReason::TcpListenOverflow));
    }
}

#[test]
fn cookies_are_expected_for_two_minutes_after_the_last() {
    let (sysctls, mut counters) = (with_cookies(2), Counters::default());
    let mut listener: Listener<u64> = Listener::new(1, &sysctls);
    assert!(!listener.expects_cookies(NOW, &sysctls), "a quiet listener");
    listener.syn_arrives(false, true, NOW, &sysctls, &mut counters);
    let late = NOW + COOKIE_LIFETIME;
    assert!(listener.expects_cookies(late, &sysctls));
    assert!(!listener.expects_cookies(late, &with_cookies(0)));
    assert!(!listener.expects_cookies(late + std::time::Duration::from_nanos(1), &sysctls));
}

#[test]
fn a_cookie_that_finds_the_accept_queue_full_is_dropped_and_never_reset() {
    let (sysctls, mut counters) = (with_cookies(1), Counters::default());
    let mut listener = Listener::new(0, &sysctls);
    assert_eq!(
        listener.cookie_arrives(&mut counters),
        AckVerdict::Establish
    );
    fill_accept_queue(&mut listener);
    assert_eq!(listener.cookie_arrives(&mut counters), AckVerdict::Drop);
    assert_eq!(counters.syncookies_recv, 2);
    assert_eq!((counters.listen_overflows, counters.listen_drops), (1, 1));
}
