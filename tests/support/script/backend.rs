//! What the backend of a script's stack does.

use super::{PEER, Script};
use crate::content;
use periplus_stack::{
    Accepted, CongestionAlgorithm, ConnectionId, ListenerId, Read, ReceiveFrom, SendTo,
    SocketOptions, StreamError, UdpId, Write,
};
use std::net::SocketAddr;
use std::ops::Range;

impl Script {
    /// The backend accepts a connection, which must be there.
    #[track_caller]
    pub fn accept(&mut self, listener: ListenerId) -> Accepted {
        let accepted = self.stack.shard.accept(self.now, listener);
        accepted.expect("a connection in the accept queue")
    }

    /// The backend connects to the peer on `port`.
    pub fn connect(&mut self, port: u16) -> ConnectionId {
        self.connect_with(port, SocketOptions::default())
    }

    /// The backend connects to the peer on `port` by a socket with `options`.
    pub fn connect_with(&mut self, port: u16, options: SocketOptions) -> ConnectionId {
        let remote = SocketAddr::from((PEER, port));
        let shard = &mut self.stack.shard;
        let id = shard.connect_with(self.now, None, remote, options);
        id.expect("an ephemeral port")
    }

    /// The backend chooses a connection's congestion control.
    pub fn choose(&mut self, id: ConnectionId, algorithm: CongestionAlgorithm) {
        let shard = &mut self.stack.shard;
        shard.change_socket_options(self.now, id, |options| {
            options.congestion = Some(algorithm);
        });
    }

    /// The backend reads all there is.
    pub fn read(&mut self, id: ConnectionId) -> Result<Vec<u8>, StreamError> {
        let mut data = Vec::new();
        let mut buffer = [0; 4096];
        while let Read::Data(length) = self.stack.shard.read(self.now, id, &mut buffer)? {
            data.extend_from_slice(&buffer[..length]);
        }
        Ok(data)
    }

    /// The backend binds a UDP socket to `port` of every address.
    #[track_caller]
    pub fn bind_udp(&mut self, port: u16) -> UdpId {
        let local = SocketAddr::from(([0, 0, 0, 0], port));
        self.stack.shard.bind_udp(local).expect("a free port")
    }

    /// The backend takes all datagrams there are: whence, and their data.
    pub fn receive_all(&mut self, id: UdpId) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut datagrams = Vec::new();
        while let Ok(ReceiveFrom::Datagram { source, data }) = self.stack.shard.receive_from(id) {
            datagrams.push((source, data.into()));
        }
        datagrams
    }

    /// The backend sends `data` to the peer on `port`, for which there must be room.
    #[track_caller]
    pub fn send_to(&mut self, id: UdpId, data: &[u8], port: u16) {
        let sent = self.stack.shard.send_to(id, data, (PEER, port).into());
        assert_eq!(sent, Ok(SendTo::Accepted));
    }

    /// The backend writes the [`content`] at `offsets`, for which there must be room.
    #[track_caller]
    pub fn write(&mut self, id: ConnectionId, offsets: Range<u64>) {
        let data = content(offsets);
        let written = self.stack.shard.write(self.now, id, &data);
        let Ok(Write::Accepted(length)) = written else {
            panic!("the stack did not take the data: {written:?}");
        };
        assert_eq!(length, data.len());
    }
}
