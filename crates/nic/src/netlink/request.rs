//! A message to the kernel.

use super::message;

const REQUEST: u16 = 0x01;
const ACKNOWLEDGE: u16 = 0x04;
/// `NLM_F_ROOT | NLM_F_MATCH`: all there are.
const DUMP: u16 = 0x300;
/// `NLM_F_CREATE | NLM_F_EXCL`: make it, and fail if it is there.
const CREATE: u16 = 0x600;
/// `NLM_F_CREATE | NLM_F_APPEND`: make it behind those that are there, and fail if the very same is.
const APPEND: u16 = 0xc00;
/// `NLM_F_CREATE | NLM_F_REPLACE`: make it in the place of the one that is there, if one is.
const REPLACE: u16 = 0x500;

/// A change that the kernel is asked for, ready to be written to a `NETLINK_ROUTE` socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request(Vec<u8>);

impl Request {
    /// Asks for a change of what exists, or for one thing by its number.
    pub(super) fn change(kind: u16, body: &[u8]) -> Self {
        Self::new(kind, REQUEST | ACKNOWLEDGE, body)
    }

    /// Asks for something new.
    pub(super) fn create(kind: u16, body: &[u8]) -> Self {
        Self::new(kind, REQUEST | ACKNOWLEDGE | CREATE, body)
    }

    /// Asks for something new beside what is there.
    pub(super) fn append(kind: u16, body: &[u8]) -> Self {
        Self::new(kind, REQUEST | ACKNOWLEDGE | APPEND, body)
    }

    /// Asks for something in the place of what is there, if anything is.
    pub(super) fn replace(kind: u16, body: &[u8]) -> Self {
        Self::new(kind, REQUEST | ACKNOWLEDGE | REPLACE, body)
    }

    /// Asks for all there are.
    pub(super) fn dump(kind: u16, body: &[u8]) -> Self {
        Self::new(kind, REQUEST | DUMP, body)
    }

    fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let length = message::HEADER_LENGTH + body.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&(length as u32).to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        // the sequence number, and the sender's port, which the kernel knows by itself
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(body);
        Self(bytes)
    }

    /// The message, one datagram. The kernel acknowledges it with the number it holds: 0, if it is sent as it is.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The message with the sequence number that its answer is to have.
    pub(super) fn numbered(&self, sequence: u32) -> Vec<u8> {
        let mut bytes = self.0.clone();
        bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        bytes
    }
}
