//! TCP's options, read from the bytes: what they say, and what is wrong with how they are laid out.

/// What a segment's options say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Maximum Segment Size (RFC 9293 3.2).
    pub(super) maximum_segment_size: Option<u16>,
    /// Window Scale's shift count (RFC 7323 2.2).
    pub(super) window_scale: Option<u8>,
    /// SACK-permitted (RFC 2018 2).
    pub(super) sack_permitted: bool,
    /// TSval and TSecr (RFC 7323 3.2).
    pub(super) timestamps: Option<(u32, u32)>,
    /// SACK's blocks, left and right edge (RFC 2018 3).
    pub(super) sack: Vec<(u32, u32)>,
    /// The bytes that all of them take, padding included.
    pub(super) length: usize,
}

const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

impl Options {
    /// Reads options as far as they can be read, and says what was wrong with them. `syn`: whether they stand in a SYN.
    pub(super) fn read(bytes: &[u8], syn: bool) -> (Self, Vec<String>) {
        let mut options = Self {
            length: bytes.len(),
            ..Self::default()
        };
        let mut faults = Vec::new();
        let mut seen = [false; 256];
        let mut rest = bytes;
        while let [kind, after @ ..] = rest {
            match *kind {
                END => {
                    if after.iter().any(|&byte| byte != 0) {
                        faults.push(
                            "RFC 9293 3.1: padding after the end of the options is not zero".into(),
                        );
                    }
                    break;
                }
                NO_OPERATION => rest = after,
                kind => {
                    let length = after.first().map_or(0, |&length| usize::from(length));
                    if length < 2 || length > rest.len() {
                        faults.push(format!(
                            "RFC 9293 3.2: option {kind} says that it is {length} bytes long, {} are left",
                            rest.len()
                        ));
                        break;
                    }
                    let (option, next) = rest.split_at(length);
                    if std::mem::replace(&mut seen[usize::from(kind)], true) {
                        faults.push(format!("RFC 9293 3.2: option {kind} stands there twice"));
                    }
                    if let Some(fault) = options.take(kind, &option[2..], syn) {
                        faults.push(fault);
                    }
                    rest = next;
                }
            }
        }
        (options, faults)
    }

    /// Takes in one option; returns what is wrong with it.
    fn take(&mut self, kind: u8, value: &[u8], syn: bool) -> Option<String> {
        let number = |at: usize| {
            u32::from_be_bytes([value[at], value[at + 1], value[at + 2], value[at + 3]])
        };
        match (kind, value.len()) {
            (MAXIMUM_SEGMENT_SIZE, 2) => {
                self.maximum_segment_size = Some(u16::from_be_bytes([value[0], value[1]]));
                (!syn).then(|| "RFC 9293 3.2: the MSS option outside a SYN".into())
            }
            (WINDOW_SCALE, 1) => {
                self.window_scale = Some(value[0]);
                if !syn {
                    Some("RFC 7323 2.2: the window scale option outside a SYN".into())
                } else {
                    (value[0] > 14).then(|| format!("RFC 7323 2.3: a window scale of {}", value[0]))
                }
            }
            (SACK_PERMITTED, 0) => {
                self.sack_permitted = true;
                (!syn).then(|| "RFC 2018 2: SACK-permitted outside a SYN".into())
            }
            (SACK, length) if length > 0 && length % 8 == 0 => {
                self.sack = (0..length / 8)
                    .map(|block| (number(8 * block), number(8 * block + 4)))
                    .collect();
                syn.then(|| "RFC 2018 3: a SACK option in a SYN".into())
            }
            (TIMESTAMPS, 8) => {
                self.timestamps = Some((number(0), number(4)));
                None
            }
            (MAXIMUM_SEGMENT_SIZE | WINDOW_SCALE | SACK_PERMITTED | SACK | TIMESTAMPS, length) => {
                Some(format!(
                    "RFC 9293 3.2: option {kind} with a value of {length} bytes"
                ))
            }
            _ => None,
        }
    }
}
