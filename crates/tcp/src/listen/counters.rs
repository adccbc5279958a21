//! What one listener counted.

/// A listener's own share of the stack's [counters](periplus_journey::Counters), by the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenCounters {
    /// SYNs that met a full SYN queue and were dropped (`TCPReqQFullDrop`).
    pub tcp_req_q_full_drop: u64,
    /// SYNs and ACKs that met a full accept queue (`ListenOverflows`).
    pub listen_overflows: u64,
    /// SYNs and ACKs dropped, for whatever reason (`ListenDrops`).
    pub listen_drops: u64,
}
