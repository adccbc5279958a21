//! The places where a request can wait.

use std::fmt;

/// A place where a request can wait, in the order of the journey. Its [name](Station::name) is the same word
/// everywhere: table, JSON key, picture, manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Station {
    /// From the first dropped copy of the SYN to the copy that was accepted.
    SynRetry,
    /// From the accepted SYN to the ACK that completes the handshake.
    SynQueue,
    /// From the completed handshake to the backend's `accept()`.
    AcceptQueue,
    /// From the ClientHello to the end of the TLS handshake.
    TlsHandshake,
    /// Accepted, nothing asked yet.
    Idle,
    /// In a DMA buffer of the receive ring, not yet taken by the shard.
    RxRing,
    /// Out of order: waiting for the bytes before it.
    ReassemblyQueue,
    /// In order, not yet read by the backend.
    ReceiveQueue,
    /// Waiting for TLS to decrypt it.
    Decrypt,
    /// From the first byte read to the codec's last word on the request.
    Parse,
    /// From the request's end to the first byte of the answer.
    Process,
    /// A read of a file is in flight.
    FileRead,
    /// Calls and bytes on their way between a foreign thread and the shard.
    Mailbox,
    /// From the first byte of the answer written to its last byte first transmitted.
    SendQueue,
    /// In a DMA buffer of the transmit ring.
    TxRing,
    /// From the last byte first transmitted to its acknowledgement.
    RetransmitQueue,
    /// Time in which nothing was held here that could move on: it was the peer's turn.
    Peer,
}

impl Station {
    /// Every station, in the order of the journey.
    pub const ALL: [Station; 17] = [
        Station::SynRetry,
        Station::SynQueue,
        Station::AcceptQueue,
        Station::TlsHandshake,
        Station::Idle,
        Station::RxRing,
        Station::ReassemblyQueue,
        Station::ReceiveQueue,
        Station::Decrypt,
        Station::Parse,
        Station::Process,
        Station::FileRead,
        Station::Mailbox,
        Station::SendQueue,
        Station::TxRing,
        Station::RetransmitQueue,
        Station::Peer,
    ];

    /// The station's one name.
    pub const fn name(self) -> &'static str {
        match self {
            Station::SynRetry => "syn_retry",
            Station::SynQueue => "syn_queue",
            Station::AcceptQueue => "accept_queue",
            Station::TlsHandshake => "tls_handshake",
            Station::Idle => "idle",
            Station::RxRing => "rx_ring",
            Station::ReassemblyQueue => "reassembly_queue",
            Station::ReceiveQueue => "receive_queue",
            Station::Decrypt => "decrypt",
            Station::Parse => "parse",
            Station::Process => "process",
            Station::FileRead => "file_read",
            Station::Mailbox => "mailbox",
            Station::SendQueue => "send_queue",
            Station::TxRing => "tx_ring",
            Station::RetransmitQueue => "retransmit_queue",
            Station::Peer => "peer",
        }
    }

    /// The station of that name.
    pub fn from_name(name: &str) -> Option<Station> {
        Station::ALL
            .into_iter()
            .find(|station| station.name() == name)
    }
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
