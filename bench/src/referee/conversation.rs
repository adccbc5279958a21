//! One connection in the referee's eyes.

use super::parse::{has_timestamps, offer};
use crate::client::WINDOW_SHIFT;
use etherparse::TcpSlice;
use std::collections::VecDeque;

/// Where a connection stands when the referee comes to it late.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The next number of the client and of the server.
    pub(crate) client: u32,
    pub(crate) server: u32,
    /// Bytes of the server that are written and have not left.
    pub(crate) unsent: u64,
}

/// What a server's SYN/ACK must say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) mss: u16,
    /// It may be a cookie, which without timestamps has no place for a window's scale.
    pub(crate) cookies: bool,
    /// The right edge of its window may move left by what the field cannot express (RFC 7323 section 2.4).
    pub(crate) rounds_windows: bool,
}

/// What is known of a connection.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The next number of either side, as far as it has sent.
    client: u32,
    server: u32,
    /// How far either has acknowledged the other, and may be sent to.
    server_ack: u32,
    client_edge: Option<u32>,
    server_edge: Option<u32>,
    /// How the server's windows are shifted, from its SYN/ACK on: without having seen that, windows cannot be judged.
    shift: Option<u8>,
    is_unscaled: bool,
    rounds_windows: bool,
    timestamps: bool,
    /// The server has answered the SYN.
    is_answered: bool,
    /// What the client sent and the backend has not read.
    pub(super) unread: VecDeque<u8>,
    /// What the backend wrote and has not left.
    unsent: VecDeque<u8>,
    /// Bytes of the server that leave before those: written when nobody looked.
    unseen: u64,
    /// What left and is not acknowledged, and the number of its first byte.
    in_flight: VecDeque<u8>,
    in_flight_start: u32,
}

impl Conversation {
    /// The one that a SYN begins.
    pub(super) fn begin(syn: &TcpSlice<'_>) -> Self {
        let client = syn.sequence_number().wrapping_add(1);
        Self {
            client,
            server_ack: client,
            client_edge: Some(syn.window_size().into()),
            timestamps: has_timestamps(syn),
            ..Self::default()
        }
    }

    /// Looks again, from here.
    pub(super) fn resume(&mut self, known: Known) {
        (self.client, self.server) = (known.client, known.server);
        self.server_ack = known.client;
        (self.client_edge, self.server_edge) = (None, None);
        self.is_answered = true;
        self.unseen = known.unsent;
        self.unread.clear();
        self.unsent.clear();
        self.in_flight.clear();
        self.in_flight_start = known.server;
    }

    /// The client sends something else than a SYN.
    pub(super) fn came(&mut self, segment: &TcpSlice<'_>) {
        let length = segment.payload().len() as u32;
        assert_eq!(
            segment.sequence_number(),
            self.client,
            "the client's next number"
        );
        self.client = self.client.wrapping_add(length + u32::from(segment.fin()));
        if let Some(edge) = self.server_edge {
            assert!(is_within(self.client, edge), "the client minds the window");
        }
        let ack = segment.acknowledgment_number();
        assert!(
            is_within(ack, self.server),
            "acknowledged by the client, not sent"
        );
        let settled = ack.wrapping_sub(self.in_flight_start);
        if settled as i32 > 0 {
            let settled = (settled as usize).min(self.in_flight.len());
            self.in_flight.drain(..settled);
            self.in_flight_start = ack;
        }
        let shift = if self.is_unscaled { 0 } else { WINDOW_SHIFT };
        let window = u32::from(segment.window_size()) << shift;
        self.client_edge = Some(ack.wrapping_add(window));
        self.unread.extend(segment.payload());
    }

    /// The server answers the SYN. It answers every option that it understands.
    pub(super) fn agreed(&mut self, segment: &TcpSlice<'_>, rules: Rules) {
        let server = segment.sequence_number().wrapping_add(1);
        if self.is_answered {
            assert_eq!(self.server, server, "another SYN/ACK of the same number");
            return;
        }
        let (offered, scale) = offer(segment);
        assert_eq!(offered, Some(rules.mss), "the server's MSS");
        assert!(
            scale.is_some() || rules.cookies && !self.timestamps,
            "window scale was offered"
        );
        self.shift = Some(scale.unwrap_or(0));
        self.is_unscaled = scale.is_none();
        self.rounds_windows = rules.rounds_windows;
        self.is_answered = true;
        (self.server, self.in_flight_start) = (server, server);
        assert_eq!(
            segment.acknowledgment_number(),
            self.client,
            "the client's SYN"
        );
        self.server_edge = Some(self.client.wrapping_add(segment.window_size().into()));
    }

    /// The server sends something else than a SYN.
    pub(super) fn left(&mut self, segment: &TcpSlice<'_>) {
        assert_eq!(
            has_timestamps(segment),
            self.timestamps,
            "timestamps if both agreed on them, in every segment"
        );
        self.text_left(segment);
        let ack = segment.acknowledgment_number();
        assert!(
            is_within(ack, self.client),
            "acknowledged by the server, not sent"
        );
        assert!(
            is_within(self.server_ack, ack),
            "the acknowledgment went back"
        );
        self.server_ack = ack;
        if let Some(shift) = self.shift {
            let edge = ack.wrapping_add(u32::from(segment.window_size()) << shift);
            let inexpressible = if self.rounds_windows {
                (1 << shift) - 1
            } else {
                0
            };
            if let Some(before) = self.server_edge {
                assert!(
                    is_within(before, edge.wrapping_add(inexpressible)),
                    "the window's right edge moved left"
                );
            }
            self.server_edge = Some(edge);
        }
    }

    /// Bytes that leave are those that were written, for the first time as well as again.
    fn text_left(&mut self, segment: &TcpSlice<'_>) {
        let (seq, payload) = (segment.sequence_number(), segment.payload());
        let end = seq.wrapping_add(payload.len() as u32);
        assert!(
            is_within(seq, self.server),
            "not the server's next number, but a later one"
        );
        if let Some(edge) = self.client_edge {
            assert!(is_within(end, edge), "beyond the client's window");
        }
        // The last number may be that of a FIN, which is not in the text.
        let again = (self.server.wrapping_sub(seq) as usize).min(payload.len());
        let (again, fresh) = payload.split_at(again);
        if !again.is_empty() {
            let at = seq.wrapping_sub(self.in_flight_start);
            // What left before anybody looked, or is acknowledged, cannot be compared.
            if at as i32 >= 0 {
                let first = self.in_flight.iter().skip(at as usize);
                assert!(
                    first.take(again.len()).eq(again),
                    "sent again is not what was sent"
                );
            }
        }
        let unseen = fresh.len().min(self.unseen as usize);
        self.unseen -= unseen as u64;
        let written = self
            .unsent
            .drain(..(fresh.len() - unseen).min(self.unsent.len()));
        assert!(
            written.eq(fresh[unseen..].iter().copied()),
            "sent is not what was written"
        );
        self.in_flight.extend(fresh);
        let end = end.wrapping_add(u32::from(segment.fin()));
        if is_within(self.server, end) {
            self.server = end;
        }
    }

    /// The backend read `bytes`.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let sent = self.unread.drain(..bytes.len().min(self.unread.len()));
        assert!(sent.eq(bytes.iter().copied()), "read is not what was sent");
    }

    /// The backend wrote `bytes`.
    pub(super) fn wrote(&mut self, bytes: &[u8]) {
        self.unsent.extend(bytes);
    }

    /// Whether a RST with this acknowledgment refuses the SYN, rightly.
    pub(super) fn is_refused_by(&self, ack: u32) -> bool {
        !self.is_answered && ack == self.client
    }
}

/// Whether `number` is at or before `edge`, in sequence space.
fn is_within(number: u32, edge: u32) -> bool {
    (edge.wrapping_sub(number) as i32) >= 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::TcpHeader;

    /// A conversation in which the server has sent `abcdef` from number 100 on, of which nothing is acknowledged.
    fn conversation() -> Conversation {
        let mut conversation = Conversation::default();
        conversation.resume(Known {
            client: 1,
            server: 100,
            unsent: 0,
        });
        conversation.wrote(b"abcdef");
        left(&mut conversation, 100, b"abcdef");
        conversation
    }

    fn left(conversation: &mut Conversation, seq: u32, payload: &[u8]) {
        let mut header = TcpHeader::new(80, 1024, seq, 1000);
        (header.ack, header.acknowledgment_number) = (true, 1);
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(payload);
        let segment = TcpSlice::from_slice(&bytes).expect("a segment");
        conversation.left(&segment);
    }

    #[test]
    fn what_was_sent_may_be_sent_again_with_more_behind_it() {
        let mut conversation = conversation();
        conversation.wrote(b"gh");
        left(&mut conversation, 103, b"defgh");
        left(&mut conversation, 106, b"gh");
    }

    #[test]
    #[should_panic = "sent again is not what was sent"]
    fn something_else_under_the_same_numbers_is_noticed() {
        left(&mut conversation(), 103, b"dxf");
    }

    #[test]
    #[should_panic = "sent is not what was written"]
    fn what_nobody_wrote_is_noticed() {
        left(&mut conversation(), 106, b"g");
    }

    #[test]
    #[should_panic = "not the server's next number"]
    fn a_gap_is_noticed() {
        left(&mut conversation(), 107, b"");
    }
}
