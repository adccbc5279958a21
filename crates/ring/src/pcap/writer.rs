//! The pcap file format (draft-ietf-opsawg-pcap), little-endian, nanoseconds.

use periplus_journey::Instant;
use std::io::{self, Write};

/// Says that times have nanoseconds; its byte order is the file's.
const MAGIC: u32 = 0xa1b2_3c4d;
const VERSION: [u16; 2] = [2, 4];
/// No frame is longer: none is cut short.
const SNAP_LENGTH: u32 = 262_144;
/// `LINKTYPE_ETHERNET`.
const ETHERNET: u32 = 1;

/// Writes frames to `W`, as they passed some place. A failing write ends it: see [`error`](Self::error).
#[derive(Debug)]
pub struct Writer<W> {
    output: W,
    /// Nanoseconds from 1970 to the clock's start.
    clock_start: u64,
    error: Option<io::Error>,
}

impl<W: Write> Writer<W> {
    /// A file without frames yet. `clock_start` is the time at [`Instant::ZERO`], in nanoseconds since 1970.
    pub fn new(output: W, clock_start: u64) -> Self {
        let mut writer = Self {
            output,
            clock_start,
            error: None,
        };
        let mut header = [0; 24];
        header[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        header[4..6].copy_from_slice(&VERSION[0].to_le_bytes());
        header[6..8].copy_from_slice(&VERSION[1].to_le_bytes());
        header[16..20].copy_from_slice(&SNAP_LENGTH.to_le_bytes());
        header[20..24].copy_from_slice(&ETHERNET.to_le_bytes());
        writer.attempt(|output| output.write_all(&header));
        writer
    }

    /// Adds a frame, as the wire had it.
    pub fn write(&mut self, at: Instant, frame: &[u8]) {
        let unix = self.clock_start.saturating_add(at.as_nanos());
        let length = frame.len() as u32;
        let mut header = [0; 16];
        header[0..4].copy_from_slice(&((unix / 1_000_000_000) as u32).to_le_bytes());
        header[4..8].copy_from_slice(&((unix % 1_000_000_000) as u32).to_le_bytes());
        header[8..12].copy_from_slice(&length.to_le_bytes());
        header[12..16].copy_from_slice(&length.to_le_bytes());
        self.attempt(|output| {
            output.write_all(&header)?;
            output.write_all(frame)
        });
    }

    /// Passes on what the output has buffered.
    pub fn flush(&mut self) {
        self.attempt(W::flush);
    }

    /// What ended it, if something did.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// The output, all of it written, or what went wrong with it.
    pub fn into_output(mut self) -> io::Result<W> {
        self.flush();
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.output),
        }
    }

    /// After an error the file may end in half a record: nothing more is written.
    fn attempt(&mut self, write: impl FnOnce(&mut W) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = write(&mut self.output).err();
        }
    }
}
