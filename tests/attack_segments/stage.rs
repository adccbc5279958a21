//! A stack brought into a state, and what its peer knows of it.

use periplus_journey::Counters;
use periplus_stack::{
    BufferSizes, ClosedPortPolicy, ListenerId, QueueLengths, ShardOptions, SocketCursor,
    SocketOptions, State, Sysctls,
};
use periplus_tests::{PEER_ETHERNET, STACK_ETHERNET, Script, Segment, options};
use periplus_wire::SeqNum;
use periplus_wire::tcp::{TcpFlags, TcpOptions, Timestamps};

/// The peer's TSval in all that brings the stack into its state: TS.Recent.
pub(super) const TS_RECENT: u32 = 1000;
/// What the peer offers, always: MAX.SND.WND.
pub(super) const MAX_SND_WND: u32 = 65_535;
const ACK: TcpFlags = TcpFlags::ACK;
const FIN_ACK: TcpFlags = TcpFlags::FIN.union(ACK);

/// A stack that is brought into one state after the other, each with another peer. No time passes between.
pub(super) struct Stack {
    script: Script,
    listener: ListenerId,
    port: u16,
}

impl Stack {
    /// A stack for the state that the table calls `name`.
    pub(super) fn new(name: &str) -> Self {
        let mut tcp = Sysctls::default();
        if name == "ESTABLISHED/closed" {
            tcp.tcp_rmem = BufferSizes::fixed(4096);
        }
        let options = ShardOptions {
            tcp,
            on_closed_port: ClosedPortPolicy::Rst,
            recording: false,
            ..options()
        };
        let (script, listener) = Script::listening(options, 1000);
        Self {
            script,
            listener,
            port: 40_000,
        }
    }
}

/// A stack in a state, by its own names for the numbers.
pub(super) struct Stage<'a> {
    pub(super) script: &'a mut Script,
    port: u16,
    /// The stack's port.
    stack_port: u16,
    pub(super) iss: SeqNum,
    pub(super) una: SeqNum,
    pub(super) nxt: SeqNum,
    pub(super) rcv_nxt: SeqNum,
    /// RCV.NXT+RCV.WND.
    pub(super) edge: SeqNum,
    /// The stack's last TSval.
    pub(super) tsval: u32,
    /// Both SYNs had timestamps.
    pub(super) timestamps: bool,
}

/// What can be seen of the connection from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) state: Option<State>,
    pub(super) queues: QueueLengths,
}

impl<'a> Stage<'a> {
    /// The stack in the state that the table calls `name`, towards a peer of its own.
    pub(super) fn new(stack: &'a mut Stack, name: &str, timestamps: bool) -> Self {
        stack.port += 1;
        let (port, listener) = (stack.port, stack.listener);
        let script = &mut stack.script;
        let peer_iss = script.segment(port, ". 0:0(0)").sequence;
        let zero = SeqNum(0);
        let mut stage = Self {
            script,
            port,
            stack_port: if name == "CLOSED" { 81 } else { 80 },
            iss: zero,
            una: zero,
            nxt: zero,
            rcv_nxt: peer_iss,
            edge: peer_iss,
            tsval: 0,
            timestamps,
        };
        if matches!(name, "CLOSED" | "LISTEN") {
            return stage;
        }
        if name.ends_with("/active") || name == "SYN-SENT" {
            stage.script.connect(port);
            stage.stack_port = stage.sent()[0].source.port();
            (stage.una, stage.nxt) = (stage.iss, stage.iss + 1);
            if name != "SYN-SENT" {
                stage.say(TcpFlags::SYN, 0);
                stage.sent();
                stage.rcv_nxt += 1;
            }
            return stage;
        }
        stage.say(TcpFlags::SYN, 0);
        stage.sent();
        stage.rcv_nxt += 1;
        (stage.una, stage.nxt) = (stage.iss, stage.iss + 1);
        if name.ends_with("/passive") {
            return stage;
        }
        stage.acknowledge(0);
        let id = stage.script.accept(listener).id;
        stage.script.write(id, 0..1000);
        stage.acknowledge(1000);
        if name == "ESTABLISHED/closed" {
            let quick = SocketOptions {
                quick_ack: Some(true),
                ..SocketOptions::default()
            };
            let (now, shard) = (stage.script.now, &mut stage.script.stack.shard);
            shard.set_socket_options(now, id, quick);
            stage.close_window();
        }
        if matches!(name, "CLOSE-WAIT" | "LAST-ACK") {
            stage.finish();
        }
        if matches!(name, "ESTABLISHED" | "ESTABLISHED/closed" | "CLOSE-WAIT") {
            stage.script.write(id, 1000..1100);
            stage.sent();
            stage.nxt += 100;
            return stage;
        }
        let now = stage.script.now;
        if name == "TIME-WAIT" {
            stage.script.stack.shard.close(now, id);
        } else {
            stage.script.stack.shard.shutdown_write(now, id).unwrap();
        }
        stage.sent();
        stage.nxt += 1;
        match name {
            "CLOSING" => stage.finish(),
            "FIN-WAIT-2" => stage.acknowledge(0),
            "TIME-WAIT" | "TIME-WAIT/held" => {
                stage.acknowledge(0);
                stage.finish();
                stage.edge = stage.rcv_nxt;
            }
            "FIN-WAIT-1" | "LAST-ACK" => {}
            other => panic!("no such state: {other}"),
        }
        stage
    }

    /// The stack has sent `length` more; the peer acknowledges all.
    fn acknowledge(&mut self, length: u32) {
        self.sent();
        self.nxt += length;
        self.una = self.nxt;
        self.say(ACK, 0);
        self.sent();
    }

    /// The peer sends its FIN, which is acknowledged.
    fn finish(&mut self) {
        self.say(FIN_ACK, 0);
        self.rcv_nxt += 1;
        self.sent();
    }

    /// The peer sends until the window is closed.
    fn close_window(&mut self) {
        while self.rcv_wnd() > 0 {
            let length = self.rcv_wnd().min(1000);
            self.say(ACK, length as usize);
            self.rcv_nxt += length;
            self.sent();
        }
    }

    /// The peer sends what is next.
    fn say(&mut self, flags: TcpFlags, length: usize) {
        let segment = self.segment(flags, self.rcv_nxt, self.una, length, TS_RECENT);
        self.inject(&segment);
    }

    /// A segment of the peer's.
    pub(super) fn segment(
        &self,
        flags: TcpFlags,
        seq: SeqNum,
        ack: SeqNum,
        length: usize,
        tsval: u32,
    ) -> Segment {
        let echo_reply = if flags.contains(ACK) { self.tsval } else { 0 };
        let timestamps = Timestamps {
            value: tsval,
            echo_reply,
        };
        let is_syn = flags.contains(TcpFlags::SYN);
        let mut destination = self.script.segment(self.port, ". 0:0(0)").destination;
        destination.set_port(self.stack_port);
        Segment {
            destination,
            sequence: seq,
            acknowledgment: ack,
            flags,
            options: TcpOptions {
                mss: is_syn.then_some(1460),
                timestamps: self.timestamps.then_some(timestamps),
                ..TcpOptions::default()
            },
            data: vec![b'x'; length],
            ..self.script.segment(self.port, ". 0:0(0) win 65535")
        }
    }

    /// The peer sends this segment.
    pub(super) fn inject(&mut self, segment: &Segment) {
        let frame = segment.to_frame(PEER_ETHERNET, STACK_ETHERNET);
        self.script.inject_frame(&frame);
    }

    /// What the stack has sent, from which the peer learns.
    pub(super) fn sent(&mut self) -> Vec<Segment> {
        let sent = self.script.all_segments_now();
        for segment in &sent {
            if segment.flags.contains(TcpFlags::SYN) {
                self.iss = segment.sequence;
            }
            if segment.flags.contains(ACK) && !segment.flags.contains(TcpFlags::RST) {
                let edge = segment.acknowledgment + u32::from(segment.window);
                self.edge = self.edge.max(edge);
            }
            if let Some(timestamps) = segment.options.timestamps {
                self.tsval = timestamps.value;
            }
        }
        sent
    }

    /// RCV.WND.
    pub(super) fn rcv_wnd(&self) -> u32 {
        self.edge - self.rcv_nxt
    }

    /// The connection, or that there is none.
    pub(super) fn seen(&self) -> Seen {
        let mut page = Vec::new();
        let mut cursor = Some(SocketCursor::all());
        while let Some(from) = cursor {
            let shard = &self.script.stack.shard;
            cursor = shard.connection_sockets(self.script.now, from, &mut page);
        }
        page.retain(|socket| socket.peer.port() == self.port);
        let queues = page.iter().map(|socket| socket.queues);
        let queues = queues.max_by_key(|queues| queues.receive_queue);
        page.retain(|socket| socket.state != State::Closed);
        assert!(page.len() <= 1, "one connection, not {page:?}");
        Seen {
            state: page.first().map(|socket| socket.state),
            queues: queues.unwrap_or_default(),
        }
    }

    /// The shard's counters.
    pub(super) fn counters(&self) -> Counters {
        self.script.stack.shard.counters()
    }
}
