//! A UDP socket.

use super::receive_queue::ReceiveQueue;
use std::net::SocketAddr;

/// A UDP socket: an address, datagrams that arrived, and how much of it is on its way out.
#[derive(Debug)]
pub struct UdpSocket {
    pub(super) local: SocketAddr,
    pub(super) receive_queue: ReceiveQueue,
    /// Bytes of memory that its datagrams hold which wait for the ring.
    pub(super) sending: usize,
    /// The backend was told to wait for a datagram.
    pub(super) wants_receive: bool,
    /// The backend was told to wait for room.
    pub(super) wants_send: bool,
}

impl UdpSocket {
    pub(super) fn new(local: SocketAddr, rmem_default: usize) -> Self {
        Self {
            local,
            receive_queue: ReceiveQueue::new(rmem_default),
            sending: 0,
            wants_receive: false,
            wants_send: false,
        }
    }

    /// The address and port it is bound to.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// What arrived and was not taken.
    pub fn receive_queue(&self) -> &ReceiveQueue {
        &self.receive_queue
    }

    /// Bytes of memory that its datagrams hold which wait for the ring.
    pub fn sending(&self) -> usize {
        self.sending
    }
}
