//! What goes with a frame that is handed over for transmission.

/// How a frame's transport checksum stands when it is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TxChecksum {
    /// It is in place.
    Complete,
    /// The field holds the folded sum of the pseudo-header; the device is to add the rest (virtio's
    /// `csum_start` and `csum_offset`).
    Partial {
        /// Where in the frame the transport header starts, and with it the bytes to sum.
        start: u16,
        /// Where from there the checksum field is: 16 for TCP, 6 for UDP.
        offset: u16,
    },
}

/// How a frame in a reserved buffer is to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TxDescriptor {
    /// Bytes of the frame, at most as many as were reserved.
    pub length: usize,
    /// How its transport checksum stands.
    pub checksum: TxChecksum,
    /// For a frame that the device is to cut: bytes of data in each segment on the wire (virtio's `gso_size`).
    /// Where its headers end is read from them.
    pub segmentation: Option<u16>,
}

impl TxDescriptor {
    /// A frame that is ready for the wire as it is.
    pub const fn complete(length: usize) -> Self {
        Self {
            length,
            checksum: TxChecksum::Complete,
            segmentation: None,
        }
    }
}
