//! What one listener counted.

periplus_journey::counters! {
    /// A listener's own share of the stack's [counters](periplus_journey::Counters), by the same names.
    pub struct ListenCounters: u64;

    /// SYNs that met a full SYN queue, or `tcp_syncookies` 2, and were answered by a cookie if nothing else stood against it.
    tcp_req_q_full_do_cookies = "TcpExtTCPReqQFullDoCookies",
    /// SYNs that met a full SYN queue and were dropped.
    tcp_req_q_full_drop = "TcpExtTCPReqQFullDrop",
    /// SYNs and ACKs that met a full accept queue.
    listen_overflows = "TcpExtListenOverflows",
    /// SYNs and ACKs dropped, for whatever reason.
    listen_drops = "TcpExtListenDrops",
    /// SYNs answered by a cookie.
    syncookies_sent = "TcpExtSyncookiesSent",
    /// ACKs that brought a cookie back.
    syncookies_recv = "TcpExtSyncookiesRecv",
    /// ACKs that should have, and did not.
    syncookies_failed = "TcpExtSyncookiesFailed",
}
