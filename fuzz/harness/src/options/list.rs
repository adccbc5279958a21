//! A list of TCP options.

use etherparse::{TcpOptionElement, TcpOptionsIterator};
use periplus_wire::SeqNum;
use periplus_wire::tcp::{
    MAX_OPTIONS_LENGTH, MAX_WINDOW_SCALE, OptionOrder, SackBlocks, TcpOptions, Timestamps,
};

pub(super) fn check(bytes: &[u8]) {
    let read = TcpOptions::parse(bytes);
    if let Some(other) = by_another(bytes) {
        assert_eq!(read, other, "read otherwise by another: {bytes:02x?}");
    }
    for order in [OptionOrder::Linux, OptionOrder::FreeBsd] {
        written_is_read(TcpOptions { order, ..read });
    }
}

/// What is written is of whole words, within the bound, and read again; of SACK blocks as many as find room.
fn written_is_read(options: TcpOptions) {
    let mut out = [0xee; MAX_OPTIONS_LENGTH];
    let length = options.write(&mut out);
    assert_eq!(length, options.encoded_length());
    assert!(length.is_multiple_of(4), "{length} bytes");
    assert!(
        out[length..].iter().all(|&byte| byte == 0xee),
        "beyond its end"
    );
    let again = TcpOptions::parse(&out[..length]);
    let room = again.sack.len();
    assert_eq!(again.sack.as_slice(), &options.sack.as_slice()[..room]);
    assert!(
        room == options.sack.len() || length + 8 > MAX_OPTIONS_LENGTH,
        "room was left"
    );
    let TcpOptions { sack, order, .. } = options;
    assert_eq!(
        TcpOptions {
            sack,
            order,
            ..again
        },
        options
    );
    if let Some(other) = by_another(&out[..length]) {
        assert_eq!(again, other, "written in a way that another does not read");
    } else {
        panic!("another cannot read {:02x?}", &out[..length]);
    }
}

/// What etherparse makes of a list in which it finds no fault.
fn by_another(bytes: &[u8]) -> Option<TcpOptions> {
    let mut options = TcpOptions::default();
    for element in TcpOptionsIterator::from_slice(bytes) {
        match element.ok()? {
            TcpOptionElement::Noop | TcpOptionElement::MaximumSegmentSize(0) => {}
            TcpOptionElement::MaximumSegmentSize(mss) => options.mss = Some(mss),
            TcpOptionElement::WindowScale(shift) => {
                options.window_scale = Some(shift.min(MAX_WINDOW_SCALE));
            }
            TcpOptionElement::SelectiveAcknowledgementPermitted => options.sack_permitted = true,
            TcpOptionElement::SelectiveAcknowledgement(first, rest) => {
                options.sack = SackBlocks::new();
                for (left, right) in std::iter::once(first).chain(rest.into_iter().flatten()) {
                    options.sack.push(SeqNum(left), SeqNum(right));
                }
            }
            TcpOptionElement::Timestamp(value, echo_reply) => {
                options.timestamps = Some(Timestamps { value, echo_reply });
            }
        }
    }
    Some(options)
}
