//! What passed of each connection: what somebody on the path would know of it.

use super::witness::Way;
use crate::oracle::Connection;
use crate::packet::Packet;
use periplus_wire::SeqNum;
use periplus_wire::tcp::{SackBlocks, TcpFlags};
use std::collections::{BTreeMap, VecDeque};

/// Frames that came last, to be played again.
const KEPT: usize = 32;

/// A connection as the path has seen it, from its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talk {
    /// The peer's initial sequence number, once its SYN has come.
    pub irs: Option<SeqNum>,
    /// The end of what the host has sent, and where the newest segment of it begins.
    pub sent: Option<(SeqNum, SeqNum)>,
    /// The acknowledgment that the host sent last, and its window field.
    pub told: Option<(SeqNum, u16)>,
    /// By how much the host's window fields are shifted, as its SYN says.
    pub scale: u8,
    /// The blocks that it told of last.
    pub blocks: SackBlocks,
    /// When it sent a SYN without ACK, that it opened.
    pub opened: bool,
}

/// All of a host's.
#[derive(Clone, Debug, Default)]
pub struct Talks {
    /// By their ends.
    pub by_connection: BTreeMap<Connection, Talk>,
    /// The segments that came last.
    pub last: VecDeque<Vec<u8>>,
}

impl Talks {
    pub(super) fn passes(&mut self, way: Way, frame: &[u8]) {
        let Some(packet) = Packet::parse(frame) else {
            return;
        };
        let (local, remote) = match way {
            Way::Out => (packet.source, packet.destination),
            Way::In => (packet.destination, packet.source),
        };
        let talk = self.by_connection.entry(Connection { local, remote });
        let talk = talk.or_default();
        match way {
            Way::Out => talk.says(&packet),
            Way::In => {
                if packet.has(TcpFlags::SYN) {
                    // a later one may be a stranger's
                    talk.irs.get_or_insert(packet.seq);
                }
                self.last.push_back(frame.to_vec());
                if self.last.len() > KEPT {
                    self.last.pop_front();
                }
            }
        }
    }
}

impl Talk {
    fn says(&mut self, packet: &Packet) {
        if packet.has(TcpFlags::RST) {
            return;
        }
        let end = packet.end();
        if self
            .sent
            .is_none_or(|(highest, _)| end.at_or_after(highest))
        {
            self.sent = Some((end, packet.seq));
        }
        if packet.has(TcpFlags::SYN) {
            self.scale = packet.options.window_scale.unwrap_or(0);
            self.opened |= !packet.has(TcpFlags::ACK);
        }
        if packet.has(TcpFlags::ACK) {
            self.told = Some((packet.ack, packet.window));
            self.blocks = packet.options.sack;
        }
    }
}
