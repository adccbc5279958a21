//! How a message is built and taken apart: a header, a fixed part, attributes. All numbers are in the host's order.

/// Bytes of `struct nlmsghdr`.
pub(super) const HEADER_LENGTH: usize = 16;
/// Bytes of `struct nlattr`.
const ATTRIBUTE_HEADER: usize = 4;
/// The two highest bits of an attribute's type are flags (`NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`).
const ATTRIBUTE_TYPE: u16 = 0x3fff;
const NESTED: u16 = 0x8000;

/// Messages and attributes begin at multiples of four bytes.
const fn aligned(length: usize) -> usize {
    (length + 3) & !3
}

/// Adds zeroes up to where the next attribute may begin.
pub(super) fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(aligned(bytes.len()), 0);
}

/// Adds an attribute.
pub(super) fn put(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    pad(bytes);
    let length = (ATTRIBUTE_HEADER + value.len()) as u16;
    bytes.extend_from_slice(&length.to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(value);
    pad(bytes);
}

/// Adds an attribute with a number.
pub(super) fn put_u32(bytes: &mut Vec<u8>, kind: u16, value: u32) {
    put(bytes, kind, &value.to_ne_bytes());
}

/// Adds an attribute with a text, ended by a zero.
pub(super) fn put_text(bytes: &mut Vec<u8>, kind: u16, text: &str) {
    put(bytes, kind, &[text.as_bytes(), &[0]].concat());
}

/// Adds an attribute that holds what `fill` adds.
pub(super) fn put_nested(bytes: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    put(bytes, kind | NESTED, &inner);
}

/// The attributes in `bytes`, as (type, value). Ends before the first that is cut short.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(read_u16(bytes, 0)?);
        let kind = read_u16(bytes, 2)? & ATTRIBUTE_TYPE;
        let value = bytes.get(ATTRIBUTE_HEADER..length)?;
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// One message that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) body: &'a [u8],
}

/// The messages of a datagram. Ends before the first that is cut short.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = read_u32(bytes, 0)? as usize;
        let message = Message {
            kind: read_u16(bytes, 4)?,
            flags: read_u16(bytes, 6)?,
            sequence: read_u32(bytes, 8)?,
            body: bytes.get(HEADER_LENGTH..length)?,
        };
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some(message)
    })
}

pub(super) fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_ne_bytes([bytes[0], bytes[1]]))
}

pub(super) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

pub(super) fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

/// A text that may end with a zero.
pub(super) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&value[..end.unwrap_or(value.len())]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_were_put() {
        let mut bytes = Vec::new();
        put_text(&mut bytes, 3, "tap0");
        put_u32(&mut bytes, 4, 1500);
        put_nested(&mut bytes, 18, |inner| put(inner, 1, b"veth"));
        let found: Vec<_> = attributes(&bytes).collect();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].0, text(found[0].1)), (3, "tap0".to_owned()));
        assert_eq!((found[1].0, read_u32(found[1].1, 0)), (4, Some(1500)));
        let inner: Vec<_> = attributes(found[2].1).collect();
        assert_eq!((found[2].0, inner), (18, vec![(1, &b"veth"[..])]));
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let mut bytes = Vec::new();
        put_u32(&mut bytes, 4, 1500);
        for length in 0..bytes.len() {
            assert_eq!(attributes(&bytes[..length]).count(), 0, "{length}");
        }
        // a length below that of its own header would never come to an end
        assert_eq!(attributes(&[0, 0, 1, 0]).count(), 0);
        assert_eq!(messages(&[0; 16]).count(), 0);
        assert_eq!(messages(&[255; 16]).count(), 0);
    }
}
