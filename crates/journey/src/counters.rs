//! Counters, spelt as `nstat` spells them.

/// A struct of counters, each with the name by which it is shown.
#[macro_export]
macro_rules! counters {
    (
        $(#[$meta:meta])* pub struct $counters:ident: $number:ty;
        $($(#[$doc:meta])* $field:ident = $name:literal,)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $counters { $($(#[$doc])* pub $field: $number,)* }

        impl $counters {
            /// Every counter's name and value, in the order of the journey.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$(($name, u64::from(self.$field)),)*].into_iter()
            }
        }
    };
}

counters! {
    /// What happened in a stack, counted. The [names](Counters::iter) are those that `nstat` prints on Linux.
    pub struct Counters: u64;

    /// IP packets that came in.
    ip_in_receives = "IpInReceives",
    /// IP packets that came in without a mark of ECN (RFC 3168).
    ip_in_no_ect_pkts = "IpExtInNoECTPkts",
    /// IP packets that came in marked ECT(1).
    ip_in_ect1_pkts = "IpExtInECT1Pkts",
    /// IP packets that came in marked ECT(0).
    ip_in_ect0_pkts = "IpExtInECT0Pkts",
    /// IP packets that came in marked by a congested router.
    ip_in_ce_pkts = "IpExtInCEPkts",
    /// IP packets sent.
    ip_out_requests = "IpOutRequests",
    /// IP packets that were ready to go and were lost here: the next hop did not answer, or too many waited for it or for the
    /// ring.
    ip_out_discards = "IpOutDiscards",
    /// ICMP messages that came in.
    icmp_in_msgs = "IcmpInMsgs",
    /// ICMP messages that were malformed, had a wrong checksum, or quote what we know nothing of.
    icmp_in_errors = "IcmpInErrors",
    /// ICMP messages with a wrong checksum.
    icmp_in_csum_errors = "IcmpInCsumErrors",
    /// Destination Unreachable that came in.
    icmp_in_dest_unreachs = "IcmpInDestUnreachs",
    /// Time Exceeded that came in.
    icmp_in_time_excds = "IcmpInTimeExcds",
    /// Parameter Problem that came in.
    icmp_in_parm_probs = "IcmpInParmProbs",
    /// Source Quench that came in, and was ignored.
    icmp_in_src_quenchs = "IcmpInSrcQuenchs",
    /// ICMP errors that quote a sequence number which is not in flight.
    out_of_window_icmps = "TcpExtOutOfWindowIcmps",
    /// Echo requests that came in.
    icmp_in_echos = "IcmpInEchos",
    /// Echo replies sent.
    icmp_out_echo_reps = "IcmpOutEchoReps",
    /// Destination Unreachable sent.
    icmp_out_dest_unreachs = "IcmpOutDestUnreachs",
    /// ICMP errors not sent because a limit was reached.
    icmp_out_rate_limited = "IcmpOutRateLimitGlobal",
    /// UDP datagrams that a backend was given.
    udp_in_datagrams = "UdpInDatagrams",
    /// UDP datagrams to a port without a socket.
    udp_no_ports = "UdpNoPorts",
    /// UDP datagrams for a socket that did not get them, for whatever reason.
    udp_in_errors = "UdpInErrors",
    /// UDP datagrams sent.
    udp_out_datagrams = "UdpOutDatagrams",
    /// UDP datagrams that met a full receive queue.
    udp_rcvbuf_errors = "UdpRcvbufErrors",
    /// UDP datagrams with a wrong checksum.
    udp_in_csum_errors = "UdpInCsumErrors",
    /// TCP segments that came in.
    tcp_in_segs = "TcpInSegs",
    /// TCP segments sent, retransmissions excluded.
    tcp_out_segs = "TcpOutSegs",
    /// TCP segments sent again.
    tcp_retrans_segs = "TcpRetransSegs",
    /// TCP segments that were malformed or had a wrong checksum.
    tcp_in_errs = "TcpInErrs",
    /// RSTs sent.
    tcp_out_rsts = "TcpOutRsts",
    /// RSTs not sent because a limit was reached.
    tcp_out_rsts_limited = "TcpOutRstsLimited",
    /// Connections opened by us.
    tcp_active_opens = "TcpActiveOpens",
    /// Connections opened by a peer.
    tcp_passive_opens = "TcpPassiveOpens",
    /// Connections that died before they were established.
    tcp_attempt_fails = "TcpAttemptFails",
    /// Established connections that were reset.
    tcp_estab_resets = "TcpEstabResets",
    /// SYNs that met a full SYN queue, or `tcp_syncookies` 2, and were answered by a cookie if nothing else stood against it.
    tcp_req_q_full_do_cookies = "TcpExtTCPReqQFullDoCookies",
    /// SYNs that met a full SYN queue and were dropped.
    tcp_req_q_full_drop = "TcpExtTCPReqQFullDrop",
    /// Handshakes that met a full accept queue.
    listen_overflows = "TcpExtListenOverflows",
    /// SYNs and ACKs a listener dropped, for whatever reason.
    listen_drops = "TcpExtListenDrops",
    /// SYNs answered by a cookie.
    syncookies_sent = "TcpExtSyncookiesSent",
    /// ACKs that brought a cookie back.
    syncookies_recv = "TcpExtSyncookiesRecv",
    /// ACKs that should have, and did not.
    syncookies_failed = "TcpExtSyncookiesFailed",
    /// SYNs and SYN/ACKs sent again.
    tcp_syn_retrans = "TcpExtTCPSynRetrans",
    /// Answers not sent because a repeated SYN, or a segment out of window for a half-open connection, came too soon after
    /// another (`tcp_invalid_ratelimit`).
    tcp_ack_skipped_syn_recv = "TcpExtTCPACKSkippedSynRecv",
    /// Data that arrived out of order.
    tcp_ofo_queue = "TcpExtTCPOFOQueue",
    /// Out-of-order data thrown away at the limit.
    tcp_ofo_drop = "TcpExtTCPOFODrop",
    /// Reports of data that came again after it was acknowledged (RFC 2883).
    tcp_dsack_old_sent = "TcpExtTCPDSACKOldSent",
    /// Reports of data that came again while it waited out of order (RFC 2883).
    tcp_dsack_ofo_sent = "TcpExtTCPDSACKOfoSent",
    /// Challenge ACKs sent (RFC 5961).
    tcp_challenge_ack = "TcpExtTCPChallengeACK",
    /// SYNs on a connection, answered by a challenge ACK or not (RFC 5961 4).
    tcp_syn_challenge = "TcpExtTCPSYNChallenge",
    /// Challenge ACKs not sent because of `tcp_invalid_ratelimit`.
    tcp_ack_skipped_challenge = "TcpExtTCPACKSkippedChallenge",
    /// Segments out of window not answered because of `tcp_invalid_ratelimit`.
    tcp_ack_skipped_seq = "TcpExtTCPACKSkippedSeq",
    /// Segments refused by PAWS and not answered because of `tcp_invalid_ratelimit`.
    tcp_ack_skipped_paws = "TcpExtTCPACKSkippedPAWS",
    /// Segments for a connection in TIME-WAIT not answered because of `tcp_invalid_ratelimit`.
    tcp_ack_skipped_time_wait = "TcpExtTCPACKSkippedTimeWait",
    /// Segments refused by PAWS (RFC 7323).
    paws_estab_rejected = "TcpExtPAWSEstab",
    /// Answers to our SYN that echo a timestamp we never sent.
    paws_active_rejected = "TcpExtPAWSActive",
    /// Answers to our SYN/ACK that echo a timestamp we never sent.
    ts_ecr_rejected = "TcpExtTSEcrRejected",
    /// ACKs of handshakes that were left at that, because data is waited for (`TCP_DEFER_ACCEPT`).
    tcp_defer_accept_drop = "TcpExtTCPDeferAcceptDrop",
    /// RSTs that ended half-open connections, from the peer or from us.
    embryonic_rsts = "TcpExtEmbryonicRsts",
    /// Fast retransmissions (RFC 6582).
    tcp_fast_retrans = "TcpExtTCPFastRetrans",
    /// Recoveries without SACK (RFC 6582).
    tcp_reno_recovery = "TcpExtTCPRenoRecovery",
    /// Recoveries with SACK (RFC 6675, RFC 8985).
    tcp_sack_recovery = "TcpExtTCPSackRecovery",
    /// Peers that threw away what they had SACKed (RFC 2018 8).
    tcp_sack_reneging = "TcpExtTCPSACKReneging",
    /// SACK blocks that cannot be true.
    tcp_sack_discard = "TcpExtTCPSACKDiscard",
    /// SACK blocks left out, because what is out was divided too finely already.
    tcp_wqueue_too_big = "TcpExtTCPWqueueTooBig",
    /// Reports that data came again after it was acknowledged (RFC 2883).
    tcp_dsack_recv = "TcpExtTCPDSACKRecv",
    /// Reports that data came again while it waited out of order (RFC 2883).
    tcp_dsack_ofo_recv = "TcpExtTCPDSACKOfoRecv",
    /// Segments sent again in slow start, after a timeout.
    tcp_slow_start_retrans = "TcpExtTCPSlowStartRetrans",
    /// Timeouts in a recovery with SACK.
    tcp_sack_recovery_fail = "TcpExtTCPSackRecoveryFail",
    /// Timeouts in a recovery without SACK.
    tcp_reno_recovery_fail = "TcpExtTCPRenoRecoveryFail",
    /// Timeouts while the losses of an earlier one were repaired.
    tcp_loss_failures = "TcpExtTCPLossFailures",
    /// Timeouts of connections with SACK to which duplicate ACKs had come, too few to be a loss.
    tcp_sack_failures = "TcpExtTCPSackFailures",
    /// The same without SACK.
    tcp_reno_failures = "TcpExtTCPRenoFailures",
    /// Retransmission timeouts, those of half-open connections included.
    tcp_timeouts = "TcpExtTCPTimeouts",
    /// Zero-window probes sent.
    tcp_win_probe = "TcpExtTCPWinProbe",
    /// Windows that were told to be closed.
    tcp_to_zero_window_adv = "TcpExtTCPToZeroWindowAdv",
    /// Windows that were told to be open again.
    tcp_from_zero_window_adv = "TcpExtTCPFromZeroWindowAdv",
    /// Segments that came while the window was closed, and whose text was not taken.
    tcp_zero_window_drop = "TcpExtTCPZeroWindowDrop",
    /// Segments with text that had come before: an ACK of ours was lost, or late.
    delayed_ack_lost = "TcpExtDelayedACKLost",
    /// Delayed ACKs sent by their timer.
    delayed_acks = "TcpExtDelayedACKs",
    /// Copies that were lost themselves (RFC 8985 6).
    tcp_lost_retransmit = "TcpExtTCPLostRetransmit",
    /// Segments that arrived late without having been lost.
    tcp_sack_reorder = "TcpExtTCPSACKReorder",
    /// Holes filled in a recovery by what was only late, as timestamps show.
    tcp_ts_reorder = "TcpExtTCPTSReorder",
    /// Probes of a flight's tail sent (RFC 8985 7).
    tcp_loss_probes = "TcpExtTCPLossProbes",
    /// Of them, those that repaired a loss.
    tcp_loss_probe_recovery = "TcpExtTCPLossProbeRecovery",
    /// Time-outs that were for nothing lost: the windows are as before (RFC 4015).
    tcp_loss_undo = "TcpExtTCPLossUndo",
    /// Of them, those that new data found out (RFC 5682).
    tcp_spurious_rtos = "TcpExtTCPSpuriousRTOs",
    /// Reductions that were for nothing lost, because every copy was reported to have arrived twice (RFC 3708).
    tcp_dsack_undo = "TcpExtTCPDSACKUndo",
    /// Recoveries that were for nothing lost, by timestamps.
    tcp_full_undo = "TcpExtTCPFullUndo",
    /// The same, before the recovery was over.
    tcp_partial_undo = "TcpExtTCPPartialUndo",
    /// Probes of a silent peer sent.
    tcp_keep_alive = "TcpExtTCPKeepAlive",
    /// Connections given up after too many retransmissions or probes.
    tcp_abort_on_timeout = "TcpExtTCPAbortOnTimeout",
    /// Connections reset because data came after the backend had closed, or closed without lingering.
    tcp_abort_on_data = "TcpExtTCPAbortOnData",
    /// Connections reset because the backend closed them with data unread.
    tcp_abort_on_close = "TcpExtTCPAbortOnClose",
    /// Orphans ended because there were too many.
    tcp_abort_on_memory = "TcpExtTCPAbortOnMemory",
    /// Orphans that were not to wait for the peer's FIN.
    tcp_abort_on_linger = "TcpExtTCPAbortOnLinger",
    /// Connections that entered TIME-WAIT.
    time_wait = "TcpExtTW",
    /// TIME-WAIT records given up early, at the table's limit.
    time_wait_overflow = "TcpExtTCPTimeWaitOverflow",
    /// TIME-WAIT records taken over by a new connection (RFC 6191).
    time_wait_recycled = "TcpExtTWRecycled",
    /// Segments taken together with the one before them, which they continue.
    tcp_rcv_coalesce = "TcpExtTCPRcvCoalesce",
    /// Bytes moved from ring frames to the heap to give the frames back.
    rcv_collapsed = "TcpExtTCPRcvCollapsed",
    /// How often the shard's connections together came near `tcp_mem`.
    tcp_memory_pressures = "TcpExtTCPMemoryPressures",
    /// Records of arrivals not written because of their rate limit.
    arrival_records_limited = "PeriplusArrivalRecordsLimited",
    /// Records thrown away because nobody took them.
    records_dropped = "PeriplusRecordsDropped",
    /// Requests without a journey: the connection had too many open.
    journeys_shed = "PeriplusJourneysShed",
}
