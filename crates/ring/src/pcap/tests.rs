use super::*;
use crate::memory::{LinkOptions, link};
use crate::testing::{CLIENT, PARTIAL, SERVER, datagram, receive_all, segment, send, send_with};
use periplus_wire::{ipv4, tcp};

const NOVEMBER_2023: u64 = 1_700_000_000 * 1_000_000_000;

/// The frames of a capture, with nanoseconds since 1970.
fn read(capture: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let (header, mut rest) = capture.split_at(24);
    assert_eq!(number(&header[..4]), 0xa1b2_3c4d);
    assert_eq!(header[4..8], [2, 0, 4, 0]);
    assert_eq!(number(&header[20..]), 1);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (record, after) = rest.split_at(16);
        let seconds = u64::from(number(&record[..4]));
        let nanoseconds = u64::from(number(&record[4..8]));
        let length = number(&record[8..12]);
        assert_eq!(number(&record[12..]), length, "not cut short");
        let (frame, after) = after.split_at(length as usize);
        frames.push((seconds * 1_000_000_000 + nanoseconds, frame.to_vec()));
        rest = after;
    }
    frames
}

#[test]
fn both_directions_are_captured_with_their_times() {
    let (mut here, there) = link(LinkOptions::default());
    let mut there = PcapDevice::new(there, Vec::new(), NOVEMBER_2023);
    assert!(send(
        &mut here,
        Instant::from_nanos(5),
        &datagram(b"question")
    ));
    let arrivals = receive_all(&mut there, Instant::from_nanos(1_000_000_007));
    assert_eq!(arrivals[0].to_vec(), datagram(b"question"));
    assert!(send(
        &mut there,
        Instant::from_nanos(1_000_000_009),
        &datagram(b"answer")
    ));
    assert_eq!(
        receive_all(&mut here, Instant::ZERO)[0].to_vec(),
        datagram(b"answer")
    );

    assert!(there.error().is_none());
    let (_, capture) = there.into_parts();
    let question = (NOVEMBER_2023 + 5, datagram(b"question"));
    let answer = (NOVEMBER_2023 + 1_000_000_009, datagram(b"answer"));
    assert_eq!(read(&capture.unwrap()), [question, answer]);
}

#[test]
fn offloaded_frames_are_captured_as_the_wire_would_have_them_and_pass_as_they_are() {
    let (here, there) = link(LinkOptions::default());
    let mut here = PcapDevice::new(here, Vec::new(), 0);
    let mut there = PcapDevice::new(there, Vec::new(), 0);
    let frame = segment(&[b'x'; 10_000]);
    let descriptor = TxDescriptor {
        length: frame.len(),
        checksum: PARTIAL,
        segmentation: Some(1448),
    };
    assert!(send_with(&mut here, Instant::ZERO, &frame, descriptor));
    let short = segment(b"short");
    let descriptor = TxDescriptor {
        checksum: PARTIAL,
        ..TxDescriptor::complete(short.len())
    };
    assert!(send_with(&mut here, Instant::ZERO, &short, descriptor));
    let arrivals = receive_all(&mut there, Instant::ZERO);
    assert_eq!((arrivals[0].to_vec(), arrivals[1].to_vec()), (frame, short));

    let sent = read(&here.into_parts().1.unwrap());
    let received = read(&there.into_parts().1.unwrap());
    assert_eq!(sent, received);
    assert_eq!(sent.len(), 8);
    for (_, frame) in &sent {
        assert!(ipv4::verify_checksum(&frame[14..]));
        assert!(tcp::verify_checksum(
            CLIENT.into(),
            SERVER.into(),
            &frame[34..]
        ));
    }
}

/// Takes `room` bytes, then fails.
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room = self
            .room
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_capture_and_not_the_traffic() {
    let (here, mut there) = link(LinkOptions::default());
    let mut here = PcapDevice::new(here, Full { room: 100 }, 0);
    for _ in 0..3 {
        assert!(send(&mut here, Instant::ZERO, &datagram(b"hello")));
    }
    let error = here.error().map(io::Error::kind);
    assert_eq!(error, Some(io::ErrorKind::StorageFull));
    assert_eq!(receive_all(&mut there, Instant::ZERO).len(), 3);
    assert!(here.into_parts().1.is_err());
}

#[test]
fn a_full_ring_has_no_room_behind_a_capture_either() {
    let options = LinkOptions {
        ring_size: 2,
        ..LinkOptions::default()
    };
    let (here, _there) = link(options);
    let mut here = PcapDevice::new(here, Vec::new(), 0);
    let sent = (0..5)
        .filter(|_| send(&mut here, Instant::ZERO, &datagram(b"hello")))
        .count();
    assert_eq!(sent, 2);
    assert_eq!(read(&here.into_parts().1.unwrap()).len(), 2);
}
