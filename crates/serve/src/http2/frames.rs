//! Frames, read off the bytes as they pass (RFC 9113 section 4.1).

/// What stands before every frame's payload, in bytes.
pub(super) const HEADER: usize = 9;

/// The kinds of frames that matter here (RFC 9113 section 6).
pub(super) mod kind {
    pub(in crate::http2) const DATA: u8 = 0x0;
    pub(in crate::http2) const HEADERS: u8 = 0x1;
    pub(in crate::http2) const RST_STREAM: u8 = 0x3;
    pub(in crate::http2) const SETTINGS: u8 = 0x4;
    pub(in crate::http2) const WINDOW_UPDATE: u8 = 0x8;
    pub(in crate::http2) const CONTINUATION: u8 = 0x9;
}

/// In DATA and HEADERS: nothing more follows on the stream, but for what belongs to this.
const END_STREAM: u8 = 0x1;

/// In HEADERS and CONTINUATION: the field section is whole.
const END_HEADERS: u8 = 0x4;

/// A frame, as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    flags: u8,
    pub(super) stream: u32,
    /// Of the payload, in bytes.
    pub(super) length: u32,
    /// Where in the connection its header begins.
    pub(super) start: u64,
}

impl Frame {
    /// Its header and its payload, in bytes.
    pub(super) fn size(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }
}

/// What has just passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// The last byte of a frame's header.
    Began(Frame),
    /// The last byte of a frame. `closes` where the stream's direction ends with it.
    Ended { frame: Frame, closes: bool },
}

/// A walk over one direction of a connection, that keeps nothing but where it is.
#[derive(Debug)]
pub(super) struct Walk {
    /// How many bytes have passed.
    passed: u64,
    /// What is left of the client's preface (RFC 9113 section 3.4).
    preface: usize,
    header: [u8; HEADER],
    /// How much of the header has passed.
    filled: usize,
    /// The frame that is passing, and how much of its payload is to come.
    frame: Option<(Frame, u32)>,
    /// What the payload of the last RST_STREAM says.
    code: [u8; 4],
    /// The stream whose field section goes on in the next frame, and whether its direction ends with that.
    section: Option<bool>,
}

impl Walk {
    /// Of a direction that begins with `preface` bytes that are no frame.
    pub(super) fn behind(preface: usize) -> Self {
        Self {
            passed: 0,
            preface,
            header: [0; HEADER],
            filled: 0,
            frame: None,
            code: [0; 4],
            section: None,
        }
    }

    /// How many bytes have passed.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// The frame whose payload is passing.
    pub(super) fn passing(&self) -> Option<Frame> {
        self.frame.map(|(frame, _)| frame)
    }

    /// Why the last stream was reset that was (RFC 9113 section 6.4).
    pub(super) fn code(&self) -> u32 {
        u32::from_be_bytes(self.code)
    }

    /// Where the frame begins whose header has passed in part.
    pub(super) fn begun(&self) -> Option<u64> {
        (self.filled > 0).then(|| self.passed - self.filled as u64)
    }

    /// Whether what comes next goes on with a preface, a frame's header or a field section that has begun.
    pub(super) fn is_in_head(&self) -> bool {
        let is_in_frame = self
            .frame
            .is_some_and(|(frame, _)| frame.kind != kind::DATA);
        let is_in_preface = self.preface > 0 && self.passed > 0;
        is_in_preface || self.filled > 0 || is_in_frame || self.section.is_some()
    }

    /// Takes bytes off the front up to where something has passed that is worth telling.
    pub(super) fn walk(&mut self, bytes: &mut &[u8]) -> Option<Passed> {
        let skipped = self.preface.min(bytes.len());
        self.preface -= skipped;
        self.take(bytes, skipped);
        let Some((frame, left)) = &mut self.frame else {
            let taken = self.take_header(bytes);
            return taken.then(|| self.begin());
        };
        let (frame, before) = (*frame, *left);
        let length = bytes.len().min(before as usize);
        *left -= length as u32;
        let taken = self.take(bytes, length);
        if frame.kind == kind::RST_STREAM {
            let rest = self.code.iter_mut().skip((frame.length - before) as usize);
            rest.zip(taken).for_each(|(place, byte)| *place = *byte);
        }
        if before as usize > length {
            return None;
        }
        self.frame = None;
        let closes = self.closes(&frame);
        Some(Passed::Ended { frame, closes })
    }

    fn take<'a>(&mut self, bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(length);
        *bytes = rest;
        self.passed += length as u64;
        taken
    }

    /// Whether the header is whole now.
    fn take_header(&mut self, bytes: &mut &[u8]) -> bool {
        let length = bytes.len().min(HEADER - self.filled);
        let taken = self.take(bytes, length);
        self.header[self.filled..][..length].copy_from_slice(taken);
        self.filled += length;
        self.filled == HEADER
    }

    fn begin(&mut self) -> Passed {
        let [a, b, c, kind, flags, s, t, r, m] = self.header;
        let frame = Frame {
            kind,
            flags,
            // The bit above them is reserved.
            stream: u32::from_be_bytes([s & 0x7f, t, r, m]),
            length: u32::from_be_bytes([0, a, b, c]),
            start: self.passed - HEADER as u64,
        };
        self.filled = 0;
        self.frame = Some((frame, frame.length));
        Passed::Began(frame)
    }

    /// Whether the stream's direction ends with this frame. Nothing may come between the frames of one field section (RFC 9113
    /// section 6.10).
    fn closes(&mut self, frame: &Frame) -> bool {
        let ends = frame.flags & END_STREAM != 0;
        match frame.kind {
            kind::DATA => ends,
            kind::HEADERS | kind::CONTINUATION => {
                let ends = match frame.kind {
                    kind::HEADERS => ends,
                    _ => self.section.unwrap_or(false),
                };
                let is_whole = frame.flags & END_HEADERS != 0;
                self.section = (!is_whole).then_some(ends);
                is_whole && ends
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend((stream | 1 << 31).to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn walked<'a>(walk: &mut Walk, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Passed> {
        let mut passed = Vec::new();
        for mut piece in pieces {
            while let Some(what) = walk.walk(&mut piece) {
                passed.push(what);
            }
            assert!(piece.is_empty());
        }
        passed
    }

    fn ends(passed: &[Passed]) -> Vec<(u32, u64, bool)> {
        let ended = passed.iter().filter_map(|passed| match passed {
            Passed::Ended { frame, closes } => Some((frame.stream, frame.start, *closes)),
            Passed::Began(_) => None,
        });
        ended.collect()
    }

    #[test]
    fn a_direction_ends_with_the_last_frame_of_the_field_section_that_says_so() {
        let mut bytes = frame(kind::HEADERS, END_STREAM, 1, b"ab");
        bytes.extend(frame(kind::CONTINUATION, 0, 1, b""));
        bytes.extend(frame(kind::CONTINUATION, END_HEADERS, 1, b"c"));
        bytes.extend(frame(kind::HEADERS, END_HEADERS, 3, b""));
        bytes.extend(frame(kind::DATA, END_STREAM, 3, b"content"));
        let passed = walked(&mut Walk::behind(0), [&bytes[..]]);
        let expected = [
            (1, 0, false),
            (1, 11, false),
            (1, 20, true),
            (3, 30, false),
            (3, 39, true),
        ];
        assert_eq!(ends(&passed), expected);
    }

    #[test]
    fn what_has_begun_is_waited_for_and_what_is_between_frames_is_not() {
        let mut walk = Walk::behind(4);
        assert!(!walk.is_in_head());
        walked(&mut walk, [&b"PR"[..]]);
        assert!(walk.is_in_head());
        walked(&mut walk, [&b"I "[..]]);
        assert!(!walk.is_in_head());
        let headers = frame(kind::HEADERS, 0, 1, b"ab");
        walked(&mut walk, [&headers[..3]]);
        assert!(walk.is_in_head());
        assert_eq!(walk.begun(), Some(4));
        walked(&mut walk, [&headers[3..]]);
        assert!(walk.is_in_head(), "a CONTINUATION must follow");
        assert_eq!(walk.begun(), None);
        let last = frame(kind::CONTINUATION, END_HEADERS, 1, b"");
        walked(&mut walk, [&last[..]]);
        assert!(!walk.is_in_head());
        walked(&mut walk, [&frame(kind::DATA, 0, 1, b"ab")[..10]]);
        assert!(!walk.is_in_head(), "content has a limit of its own");
    }

    #[test]
    fn why_a_stream_is_reset_is_read_however_it_is_cut() {
        let mut walk = Walk::behind(0);
        let mut bytes = frame(kind::RST_STREAM, 0, 1, &[0, 0, 1, 2]);
        bytes.extend(frame(kind::DATA, 0, 3, &[9; 20]));
        for cut in 0..bytes.len() {
            let (first, second) = bytes.split_at(cut);
            walked(&mut walk, [first, second]);
            assert_eq!(walk.code(), 0x0102);
            walk.code = [9; 4];
        }
    }

    proptest! {
        #[test]
        fn it_is_all_the_same_how_the_bytes_are_cut(
            frames in proptest::collection::vec((0u8..12, any::<u8>(), 0u32..9, 0usize..40), 1..20),
            cuts in proptest::collection::vec(0usize..800, 0..20),
        ) {
            let mut bytes = b"preface".to_vec();
            for (kind, flags, stream, length) in &frames {
                bytes.extend(frame(*kind, *flags, *stream, &vec![7; *length]));
            }
            let whole = walked(&mut Walk::behind(7), [&bytes[..]]);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
            let mut walk = Walk::behind(7);
            prop_assert_eq!(&walked(&mut walk, pieces), &whole);
            prop_assert_eq!(walk.passed(), bytes.len() as u64);
            prop_assert_eq!(whole.len(), 2 * frames.len());
        }
    }
}
