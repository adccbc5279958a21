//! The receiver's half of SACK (RFC 2018 4) and of D-SACK (RFC 2883).

use crate::{Connection, Context};
use periplus_wire::SeqNum;
use periplus_wire::tcp::{SackBlocks, TcpOptions};

/// However much of a segment its options take, it carries this many bytes.
const LEAST_TEXT: u32 = 8;

impl Connection {
    /// `length` bytes at stream offset `offset` were put into the reassembly queue, or were there already.
    pub(crate) fn report_out_of_order(&mut self, offset: u64, length: u32) {
        if !self.sack_permitted {
            return;
        }
        let (nxt, nxt_offset) = (self.rcv.nxt, self.nxt_offset);
        let start = nxt + (offset - nxt_offset) as u32;
        let reassembly = &self.reassembly;
        let run = |start: SeqNum, end: SeqNum| {
            let offset = |at: SeqNum| nxt_offset + u64::from(at - nxt);
            let (start, end) = reassembly.run_around(offset(start), offset(end));
            (
                nxt + (start - nxt_offset) as u32,
                nxt + (end - nxt_offset) as u32,
            )
        };
        self.received_blocks
            .get_or_insert_default()
            .arrived(start, start + length, run);
    }

    /// RCV.NXT moved.
    pub(crate) fn report_in_order(&mut self) {
        if let Some(blocks) = &mut self.received_blocks {
            blocks.acknowledged(self.rcv.nxt);
            if blocks.is_empty() {
                self.received_blocks = None;
            }
        }
    }

    /// Bytes that lay in the window, `length` of them at `offset`, are about to be kept: some may be here already.
    pub(crate) fn report_overlap(&mut self, context: &mut Context<'_>, offset: u64, length: u32) {
        if self.reassembly.is_empty() {
            return;
        }
        let overlap = self
            .reassembly
            .first_overlap(offset, offset + u64::from(length));
        if let Some((start, end)) = overlap {
            let start_seq = self.rcv.nxt + (start - self.nxt_offset) as u32;
            self.report_duplicate(context, start_seq, start_seq + (end - start) as u32);
        }
    }

    /// `[start, end)` came though it was here before. What lies before RCV.NXT is reported as well (RFC 2883 4.1): the peer
    /// learns that it sent that again in vain.
    pub(crate) fn report_duplicate(
        &mut self,
        context: &mut Context<'_>,
        start: SeqNum,
        end: SeqNum,
    ) {
        if !self.sack_permitted || !context.sysctls.tcp_dsack {
            return;
        }
        if start.before(self.rcv.nxt) {
            context.counters.tcp_dsack_old_sent += 1;
        } else {
            context.counters.tcp_dsack_ofo_sent += 1;
        }
        self.received_blocks
            .get_or_insert_default()
            .came_twice(start, end);
    }

    /// The blocks that our next segment carries. The peer's FIN has a number as well, and belongs to the block before it.
    pub(crate) fn sack_option(&self) -> SackBlocks {
        let blocks = self.received_blocks.as_ref();
        let blocks = blocks.map_or_else(SackBlocks::new, |blocks| blocks.blocks());
        let Some(fin) = self.reassembly.fin().filter(|&fin| fin > self.nxt_offset) else {
            return blocks;
        };
        let fin = self.rcv.nxt + (fin - self.nxt_offset) as u32;
        let mut with_fin = SackBlocks::new();
        for (left, right) in blocks.iter() {
            with_fin.push(left, if right == fin { fin + 1 } else { right });
        }
        with_fin
    }

    /// A segment went out that carried them.
    pub(crate) fn sack_option_sent(&mut self) {
        if let Some(blocks) = &mut self.received_blocks {
            blocks.told();
            if blocks.is_empty() {
                self.received_blocks = None;
            }
        }
    }

    /// Payload bytes of a full segment sent now: blocks in it take their room from the text (RFC 6691 2; Linux's
    /// `tcp_current_mss`).
    pub(crate) fn current_segment_size(&self) -> u32 {
        if self.received_blocks.is_none() {
            return self.segment_size;
        }
        let options = TcpOptions {
            // its numbers are of no matter, its length is
            timestamps: self.timestamps.map(|_| Default::default()),
            sack: self.sack_option(),
            ..TcpOptions::default()
        };
        let left = self
            .segment_size
            .saturating_sub(options.sack_length() as u32);
        left.max(LEAST_TEXT)
    }
}
