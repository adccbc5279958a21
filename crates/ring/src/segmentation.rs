//! What an offloading device does to a frame on its way to the wire: completing its checksum and cutting it
//! into segments. In here it is done in software, for whoever needs the frames as the wire would have them.

use crate::layout::Layout;
use crate::{Arrival, RxChecksum, TxChecksum, TxDescriptor};
use periplus_wire::checksum::Sum;
use periplus_wire::tcp::{self, TcpFlags};
use periplus_wire::{SeqNum, ipv4, udp};
use std::net::SocketAddr;

#[cfg(test)]
mod tests;

/// Completes the checksum of `frame`, whose field holds the folded sum of the pseudo-header: adds all from
/// `start` on, and puts the complement `offset` bytes from there (Linux's `skb_checksum_help`).
///
/// # Panics
/// If the field is outside the frame.
pub fn complete_checksum(frame: &mut [u8], start: usize, offset: usize) {
    let transport = &mut frame[start..];
    let mut sum = Sum::new();
    sum.add(transport);
    // UDP takes 0 for "no checksum"; TCP takes either spelling (RFC 768)
    let checksum = match sum.finish() {
        0 => 0xffff,
        checksum => checksum,
    };
    transport[offset..offset + 2].copy_from_slice(&checksum.to_be_bytes());
}

/// How many frames on the wire `frame` is, cut at every `size` bytes of its data. Its headers have to be there, its data not.
/// What is neither TCP nor UDP over IPv4 is not cut.
pub fn segments(frame: &[u8], size: u16) -> u16 {
    Layout::of(frame).map_or(1, |layout| layout.segments(size) as u16)
}

/// Completes the checksum of `frame`, one whole frame that arrived, if the device left it partial.
pub(crate) fn complete_arrival(frame: &mut [u8], checksum: RxChecksum) {
    if checksum == RxChecksum::Partial
        && let Some(layout) = Layout::of(frame)
    {
        complete_checksum(frame, layout.transport, layout.checksum_offset());
    }
}

/// The first frame on the wire that `arrival` stands for, or the only one, its checksum complete: what an ICMP error quotes.
pub fn first_on_the_wire(arrival: &Arrival) -> Vec<u8> {
    of_arrival(arrival).next().unwrap_or_default()
}

/// The frames on the wire that `arrival` stands for, checksums complete.
pub fn of_arrival(arrival: &Arrival) -> WireFrames {
    let mut frame = arrival.to_vec();
    if let Some(cut) = Cut::of(&frame, arrival.segmentation) {
        return WireFrames(Pieces::Cut(frame, cut));
    }
    complete_arrival(&mut frame, arrival.checksum);
    WireFrames(Pieces::Whole(Some(frame)))
}

/// The frames on the wire that the frame handed over with `descriptor` is sent as, checksums complete.
pub fn of_transmission(frame: &[u8], descriptor: TxDescriptor) -> WireFrames {
    let mut frame = frame.to_vec();
    if let Some(cut) = Cut::of(&frame, descriptor.segmentation) {
        return WireFrames(Pieces::Cut(frame, cut));
    }
    if let TxChecksum::Partial { start, offset } = descriptor.checksum {
        complete_checksum(&mut frame, start.into(), offset.into());
    }
    WireFrames(Pieces::Whole(Some(frame)))
}

/// One frame as the wire would have it, after the other.
pub struct WireFrames(Pieces);

enum Pieces {
    Whole(Option<Vec<u8>>),
    Cut(Vec<u8>, Cut),
}

impl Iterator for WireFrames {
    type Item = Vec<u8>;
    fn next(&mut self) -> Option<Vec<u8>> {
        match &mut self.0 {
            Pieces::Whole(frame) => frame.take(),
            Pieces::Cut(frame, cut) => cut.next_segment(frame),
        }
    }
}

/// Segmentation of TCP, or of UDP (Linux's `UDP_SEGMENT`: each piece is a datagram), at the place it has come to.
struct Cut {
    layout: Layout,
    size: usize,
    /// Pieces made so far.
    made: u16,
}

impl Cut {
    /// None if `frame` does not have to be cut.
    fn of(frame: &[u8], segmentation: Option<u16>) -> Option<Self> {
        let size = segmentation?;
        let layout = Layout::of(frame)?;
        (layout.segments(size) > 1 && layout.end <= frame.len()).then_some(Self {
            layout,
            size: size.into(),
            made: 0,
        })
    }

    fn next_segment(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let Layout {
            network,
            transport,
            data,
            end,
            ..
        } = self.layout;
        let before = usize::from(self.made) * self.size;
        let start = data + before;
        if start >= end {
            return None;
        }
        let stop = end.min(start + self.size);
        let mut segment = Vec::with_capacity(data + stop - start);
        segment.extend_from_slice(&frame[..data]);
        segment.extend_from_slice(&frame[start..stop]);

        self.rewrite_network(&mut segment[network..]);
        if self.layout.is_tcp {
            let (header, _, _) = tcp::TcpHeader::parse(&frame[transport..]).ok()?;
            let sequence = header.sequence() + before as u32;
            let flags = self.flags(header.flags(), stop == end);
            self.rewrite_segment(&mut segment[transport..], sequence, flags);
        } else {
            self.rewrite_datagram(&mut segment[transport..]);
        }
        self.made += 1;
        Some(segment)
    }

    /// Every segment is a packet of its own, with the identification the next packet would have had (Linux
    /// counts on as well; RFC 6864 4.1 does not mind).
    fn rewrite_network(&self, packet: &mut [u8]) {
        let total_length = packet.len() as u16;
        packet[2..4].copy_from_slice(&total_length.to_be_bytes());
        let identification = u16::from_be_bytes([packet[4], packet[5]]).wrapping_add(self.made);
        packet[4..6].copy_from_slice(&identification.to_be_bytes());
        ipv4::write_checksum(packet);
    }

    fn rewrite_segment(&self, segment: &mut [u8], sequence: SeqNum, flags: TcpFlags) {
        segment[4..8].copy_from_slice(&sequence.0.to_be_bytes());
        segment[13] = flags.0;
        tcp::write_checksum(self.layout.source, self.layout.destination, segment);
    }

    fn rewrite_datagram(&self, datagram: &mut [u8]) {
        let port = |at: usize| u16::from_be_bytes([datagram[at], datagram[at + 1]]);
        let source = SocketAddr::new(self.layout.source, port(0));
        let destination = SocketAddr::new(self.layout.destination, port(2));
        udp::write(datagram, source, destination);
    }

    /// FIN and PSH belong to the last byte, and so to the last segment; CWR tells once, and so in the first
    /// (RFC 3168 6.1.2).
    fn flags(&self, flags: TcpFlags, last: bool) -> TcpFlags {
        let mut cleared = TcpFlags::NONE;
        if !last {
            cleared |= TcpFlags::FIN | TcpFlags::PSH;
        }
        if self.made > 0 {
            cleared |= TcpFlags::CWR;
        }
        flags.without(cleared)
    }
}
