//! One connection between a whole stack and a peer, brought from state to state.

use super::segments;
use periplus_stack::{
    ClosedPortPolicy, ConnectionId, ListenerId, ShardOptions, SocketCursor, SocketOptions, State,
    Sysctls,
};
use periplus_tests::{PEER, PEER_ETHERNET, STACK, STACK_ETHERNET, Script, Segment, options};
use periplus_wire::SeqNum;
use periplus_wire::tcp::{TcpFlags, TcpOptions};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// Few enough to be filled by a handful of SYNs.
pub(super) const BACKLOG: usize = 4;
/// The peer's port; of the next ones come the SYNs that fill the queue.
pub(super) const PEER_PORT: u16 = 40_001;
const STACK_PORT: u16 = 80;
/// Long enough for a delayed ACK, too short for a time-out.
const MOMENT: Duration = Duration::from_millis(60);

/// A stack and its peer, by RFC 9293's names for the stack's numbers.
pub(super) struct Stage {
    pub(super) script: Script,
    socket_options: SocketOptions,
    pub(super) listener: Option<ListenerId>,
    /// The backend's handle.
    pub(super) handle: Option<ConnectionId>,
    /// The backend had a handle, and has closed it.
    closed: bool,
    /// The backend has closed its direction.
    shut: bool,
    pub(super) iss: SeqNum,
    pub(super) una: SeqNum,
    pub(super) nxt: SeqNum,
    pub(super) irs: SeqNum,
    pub(super) rcv_nxt: SeqNum,
    /// RCV.NXT+RCV.WND.
    pub(super) edge: SeqNum,
    sent: BTreeSet<&'static str>,
}

impl Stage {
    /// A stack with these knobs, whose sockets have `socket_options`.
    pub(super) fn new(sysctls: Sysctls, socket_options: SocketOptions) -> Self {
        let script = Script::new(ShardOptions {
            tcp: sysctls,
            on_closed_port: ClosedPortPolicy::Rst,
            recording: false,
            ..options()
        });
        let irs = script.segment(PEER_PORT, ". 0:0(0)").sequence;
        Self {
            script,
            socket_options,
            listener: None,
            handle: None,
            closed: false,
            shut: false,
            iss: SeqNum(0),
            una: SeqNum(0),
            nxt: SeqNum(0),
            irs,
            rcv_nxt: irs,
            edge: irs,
            sent: BTreeSet::new(),
        }
    }

    /// The state by its name in the table.
    pub(super) fn state(&self) -> String {
        let shard = &self.script.stack.shard;
        let mut page = Vec::new();
        let mut cursor = Some(SocketCursor::all());
        while let Some(from) = cursor {
            cursor = shard.connection_sockets(self.script.now, from, &mut page);
        }
        page.retain(|socket| socket.peer.port() == PEER_PORT && socket.state != State::Closed);
        assert!(page.len() <= 1, "one connection, not {page:?}");
        let Some(socket) = page.first() else {
            let is_mere_listener = self.listener.is_some() && !self.has_handle() && !self.closed;
            let listens = is_mere_listener && self.queued() == 0;
            return if listens { "LISTEN" } else { "CLOSED" }.to_owned();
        };
        let name = match socket.state {
            State::SynSent => return "SYN-SENT".to_owned(),
            State::SynReceived => "SYN-RECEIVED",
            State::Established => "ESTABLISHED",
            other => other.name(),
        };
        let holder = match socket.state {
            State::SynReceived if shard.connection_counts().1 > 0 => "record",
            State::SynReceived if self.shut && !self.closed => "shut",
            _ if self.closed => "orphan",
            _ if self.queued() > 0 => "queued",
            _ => "held",
        };
        format!("{name}/{holder}")
    }

    fn has_handle(&self) -> bool {
        self.handle.is_some()
    }

    fn queued(&self) -> usize {
        let shard = &self.script.stack.shard;
        let listener = self.listener.and_then(|listener| shard.listener(listener));
        listener.map_or(0, |listener| listener.accept_queue.len())
    }

    /// What the stack has sent since the last call, by its control bits; some time passes, so that delayed ACKs are among it.
    pub(super) fn sent(&mut self) -> BTreeSet<&'static str> {
        self.collect();
        self.script.advance(MOMENT);
        self.collect();
        std::mem::take(&mut self.sent)
    }

    /// Takes in what the stack has sent by now.
    pub(super) fn collect(&mut self) {
        for segment in self.script.all_segments_now() {
            if segment.destination.port() == PEER_PORT {
                self.note(&segment);
            }
        }
    }

    fn note(&mut self, segment: &Segment) {
        let has = |flag| segment.flags.contains(flag);
        self.sent.insert(segments::name(segment));
        if has(TcpFlags::RST) {
            return;
        }
        if has(TcpFlags::SYN) && self.iss != segment.sequence {
            self.iss = segment.sequence;
            (self.una, self.nxt) = (self.iss, self.iss + 1);
        }
        let end = segment.sequence + segments::length(segment);
        self.nxt = self.nxt.max(end);
        if has(TcpFlags::ACK) {
            self.rcv_nxt = segment.acknowledgment;
            self.edge = self.rcv_nxt + u32::from(segment.window);
        }
    }

    /// Listens on the stack's port, if nobody does.
    pub(super) fn listen(&mut self) {
        let local = SocketAddr::from(([0, 0, 0, 0], STACK_PORT));
        let shard = &mut self.script.stack.shard;
        if let Ok(listener) = shard.listen(local, BACKLOG) {
            shard.set_listener_options(self.script.now, listener, self.socket_options);
            self.listener = Some(listener);
        }
    }

    /// Connects from the stack's port to the peer, if that may be.
    pub(super) fn connect(&mut self) {
        let (local, peer) = ((STACK, STACK_PORT).into(), (PEER, PEER_PORT).into());
        let shard = &mut self.script.stack.shard;
        let connected = shard.connect_with(self.script.now, Some(local), peer, self.socket_options);
        if let Ok(handle) = connected {
            self.handle = Some(handle);
            (self.closed, self.shut) = (false, false);
        }
    }

    /// Takes the connection off the accept queue, if one is there.
    pub(super) fn accept(&mut self) {
        let now = self.script.now;
        let accepted = self.listener.and_then(|listener| {
            let shard = &mut self.script.stack.shard;
            shard.accept(now, listener)
        });
        if let Some(accepted) = accepted {
            self.handle = Some(accepted.id);
        }
    }

    /// Writes a little, if there is anything to write to that takes it.
    pub(super) fn send(&mut self) {
        if let Some(handle) = self.handle {
            let shard = &mut self.script.stack.shard;
            let _ = shard.write(self.script.now, handle, &[b'x'; 100]);
        }
    }

    /// Reads all there is.
    pub(super) fn receive(&mut self) {
        if let Some(handle) = self.handle {
            let _ = self.script.read(handle);
        }
    }

    /// Closes the sending direction; the handle stays.
    pub(super) fn shutdown(&mut self) {
        if let Some(handle) = self.handle {
            let shard = &mut self.script.stack.shard;
            let _ = shard.shutdown_write(self.script.now, handle);
            self.shut = true;
        }
    }

    /// Lets go of the connection; where the backend has none, of the listener.
    pub(super) fn close(&mut self) {
        let now = self.script.now;
        if let Some(handle) = self.handle.take() {
            self.script.stack.shard.close(now, handle);
            self.closed = true;
        } else if !self.closed
            && let Some(listener) = self.listener.take()
        {
            self.script.stack.shard.close_listener(now, listener);
        }
    }

    /// Resets the connection; where the backend has none, closes the listener.
    pub(super) fn abort(&mut self) {
        let now = self.script.now;
        match self.handle {
            Some(handle) => self.script.stack.shard.abort(now, handle),
            None => self.close(),
        }
    }

    /// Changes the stack's knobs.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut Sysctls)) {
        let shard = &mut self.script.stack.shard;
        let mut sysctls = shard.options().tcp;
        change(&mut sysctls);
        shard.set_sysctls(sysctls);
    }

    /// The peer's next segment: these control bits at `seq`, acknowledging `ack`.
    pub(super) fn inject(&mut self, flags: TcpFlags, seq: SeqNum, ack: SeqNum, length: usize) {
        let segment = self.segment(PEER_PORT, flags, seq, ack, length);
        self.put(&segment);
        if flags.contains(TcpFlags::ACK) && ack.after(self.una) && ack.at_or_before(self.nxt) {
            self.una = ack;
        }
    }

    /// A segment of the peer's, or of another port of its host.
    pub(super) fn segment(
        &self,
        port: u16,
        flags: TcpFlags,
        seq: SeqNum,
        ack: SeqNum,
        length: usize,
    ) -> Segment {
        Segment {
            sequence: seq,
            acknowledgment: ack,
            flags,
            options: TcpOptions {
                mss: flags.contains(TcpFlags::SYN).then_some(1460),
                ..TcpOptions::default()
            },
            data: vec![b'x'; length],
            ..self.script.segment(port, ". 0:0(0) win 65535")
        }
    }

    /// The segment arrives.
    pub(super) fn put(&mut self, segment: &Segment) {
        let frame = segment.to_frame(PEER_ETHERNET, STACK_ETHERNET);
        self.script.inject_frame(&frame);
        self.collect();
    }

    /// Nothing comes from the peer for a while.
    pub(super) fn silence(&mut self, duration: Duration) {
        self.script.advance(duration);
        self.collect();
    }
}
