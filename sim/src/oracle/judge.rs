//! The judge of one host.

use super::conversation::Conversation;
use super::frame::{self, Packet};
use super::rules::form;
use super::watching::{Call, Complaint, Connection};
use periplus_journey::Instant;
use std::collections::HashMap;
use std::time::Duration;

/// RFC 9293 3.4.1: a segment lives for two minutes at the most. After twice that, and a reserve, nothing of a connection
/// that has ended comes back.
const FORGOTTEN: Duration = Duration::from_secs(2 * 120 + 60);

/// More complaints than this are not kept: the first ones are what counts.
const COMPLAINTS: usize = 200;

/// Watches one host.
#[derive(Debug, Default)]
pub struct Oracle {
    complaints: Vec<Complaint>,
    conversations: HashMap<Connection, Conversation>,
    /// The host's Ethernet address, as its own frames have it.
    host: Option<[u8; 6]>,
    /// Whether calls are told.
    calls: bool,
    last_sweep: Instant,
}

impl Oracle {
    /// One that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host's user made a call, and it came back. Until the first of them the oracle takes it that calls are not told,
    /// and leaves out what cannot be judged without.
    pub fn call(&mut self, now: Instant, call: Call<'_>) {
        self.calls = true;
        let Some(connection) = call.connection() else {
            return;
        };
        let mut wrong = Vec::new();
        let conversation = (self.conversations)
            .entry(connection)
            .or_insert_with(Conversation::new);
        conversation.look(now, &mut wrong);
        conversation.call(&call, now, &mut wrong);
        self.complain(now, Some(connection), wrong);
    }

    /// An Ethernet frame was handed to the host, damaged or not.
    pub fn received(&mut self, now: Instant, frame: &[u8]) {
        let Some(packet) = frame::packet(frame) else {
            return;
        };
        // RFC 1122 3.2.1.2, RFC 9293 3.1 (MUST-3): what is damaged is dropped in silence.
        if !packet.header_is_whole() {
            return;
        }
        if let Some(undeliverable) = packet.undeliverable() {
            let connection = Connection {
                local: undeliverable.source,
                remote: undeliverable.destination,
            };
            if let Some(conversation) = self.conversations.get_mut(&connection) {
                conversation.undeliverable(undeliverable.too_long, now);
            }
        }
        if !packet.is_tcp() {
            return;
        }
        let Some(tcp) = packet.tcp().filter(|tcp| packet.tcp_is_whole(tcp)) else {
            return;
        };
        // Of a frame for another address the host's own device makes nothing.
        if self.host.is_some_and(|host| host != packet.to) {
            return;
        }
        let (segment, _) = packet.segment(&tcp);
        let connection = Connection {
            local: segment.destination,
            remote: segment.source,
        };
        let mut wrong = Vec::new();
        let conversation = (self.conversations)
            .entry(connection)
            .or_insert_with(Conversation::new);
        conversation.look(now, &mut wrong);
        conversation.received(&segment, now);
        self.complain(now, Some(connection), wrong);
        self.sweep(now);
    }

    /// An Ethernet frame left the host.
    pub fn sent(&mut self, now: Instant, frame: &[u8]) {
        let Some(packet) = frame::packet(frame) else {
            return;
        };
        self.host = Some(packet.from);
        let mut wrong = Vec::new();
        form::internet(&packet, &mut wrong);
        let connection = if packet.is_tcp() {
            self.sent_tcp(now, &packet, &mut wrong)
        } else {
            None
        };
        self.complain(now, connection, wrong);
        self.sweep(now);
    }

    /// What was wrong so far.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Nothing more will happen: what was owed by now is asked for.
    pub fn finish(&mut self, now: Instant) {
        let mut connections: Vec<Connection> = self.conversations.keys().copied().collect();
        connections.sort();
        for connection in connections {
            let mut wrong = Vec::new();
            if let Some(conversation) = self.conversations.get_mut(&connection) {
                conversation.look(now, &mut wrong);
            }
            self.complain(now, Some(connection), wrong);
        }
    }

    fn sent_tcp(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        wrong: &mut Vec<String>,
    ) -> Option<Connection> {
        let Some(tcp) = packet.tcp() else {
            wrong.push("RFC 9293 3.1: the TCP header does not fit its packet".into());
            return None;
        };
        let (segment, faults) = packet.segment(&tcp);
        wrong.extend(faults);
        form::transport(packet, &tcp, &segment, wrong);
        let connection = Connection {
            local: segment.source,
            remote: segment.destination,
        };
        let calls = self.calls;
        let conversation = (self.conversations)
            .entry(connection)
            .or_insert_with(Conversation::new);
        conversation.look(now, wrong);
        conversation.sent(&segment, now, calls, wrong);
        Some(connection)
    }

    fn complain(&mut self, at: Instant, connection: Option<Connection>, wrong: Vec<String>) {
        for what in wrong {
            if self.complaints.len() < COMPLAINTS {
                self.complaints.push(Complaint {
                    at,
                    connection,
                    what,
                });
            }
        }
    }

    /// Forgets what has been quiet for long after it ended.
    fn sweep(&mut self, now: Instant) {
        if now.since(self.last_sweep) > Duration::from_secs(30) {
            self.last_sweep = now;
            self.conversations
                .retain(|_, it| now.since(it.last_seen) < FORGOTTEN || it.is_alive());
        }
    }
}
