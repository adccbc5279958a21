//! What is seen of a request, each once.

use crate::Instant;

/// The events of one request with bytes [a, b) in and [c, d) out, or of a connection without a request. An event that
/// was not seen is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// r0: the first dropped copy of the connection's SYN.
    pub first_syn_dropped: Option<Instant>,
    /// e0: the accepted SYN arrived. `None` with a SYN cookie, because nothing was kept.
    pub syn_arrived: Option<Instant>,
    /// e1: the ACK that completes the handshake arrived.
    pub established: Option<Instant>,
    /// e2: `accept()` returned the connection.
    pub accepted: Option<Instant>,
    /// The ClientHello's first byte arrived, where TLS is spoken.
    pub tls_began: Option<Instant>,
    /// The TLS handshake was finished.
    pub tls_ended: Option<Instant>,
    /// e3: byte a arrived in the ring, with the first copy that was accepted.
    pub arrived: Option<Instant>,
    /// e4: byte a was taken off the ring. `None` where the device gives no arrival stamp: then e3 is when it was taken.
    pub taken: Option<Instant>,
    /// e5: byte a was read by the backend.
    pub read: Option<Instant>,
    /// e6: the codec's last word on the request: complete, rejected or abandoned.
    pub parsed: Option<Instant>,
    /// e7: byte c was written.
    pub answered: Option<Instant>,
    /// e8: byte d−1 was first transmitted.
    pub transmitted: Option<Instant>,
    /// e9: byte d−1 was acknowledged.
    pub acknowledged: Option<Instant>,
    /// The connection was reset, timed out, shed or closed before e9.
    pub ended: Option<Instant>,
}
